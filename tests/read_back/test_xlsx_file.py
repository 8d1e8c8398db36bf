"""A workbook is read as another reader reads it, and only if it is whole and has no formula."""

from __future__ import annotations

import io
from datetime import datetime
from decimal import Decimal

import openpyxl
import pytest
from xlsxwriter import Workbook

from finops_nb.outputs.artifacts import WORKBOOK
from finops_nb.read_back.xlsx_file import Unreadable, read_xlsx


def book(*cells: object) -> bytes:
    """A workbook of one row."""
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True, "strings_to_formulas": False}) as made:
        sheet = made.add_worksheet("One")
        for column, cell in enumerate(cells):
            sheet.write(2, column, cell)
    return file.getvalue()


def test_cells_stand_in_their_places():
    """Two rows are empty; an underscore that looks like an escape is one; numbers are exact."""
    [rows] = read_xlsx(book("a_x0041_b", None, 1.25, Decimal("0.1"), "=1+1")).values()

    assert rows == [[], [], ["a_x0041_b", None, Decimal("1.25"), Decimal("0.1"), "=1+1"]]


@pytest.mark.slow
def test_it_reads_what_openpyxl_reads(made):
    """Every cell of a real workbook; a day is the number of days since 1899-12-30."""
    files, _ = made
    sheets = read_xlsx(files[WORKBOOK])
    other = openpyxl.load_workbook(io.BytesIO(files[WORKBOOK]), read_only=True)

    assert list(sheets) == other.sheetnames
    for sheet in other:
        read = [[_plain(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
        own = [[*row, *[None] * (len(read[0]) - len(row))] for row in sheets[sheet.title]]
        assert [[_plain(cell) for cell in row] for row in own] == read


def _plain(cell: object) -> object:
    """A cell as a number of a float's precision, or as text."""
    if isinstance(cell, datetime):
        return float((cell - datetime(1899, 12, 30)).days)
    return float(cell) if isinstance(cell, (int, float, Decimal)) else cell


def test_a_formula_is_refused():
    """It would compute in the reader's program."""
    file = io.BytesIO()
    with Workbook(file) as made:
        made.add_worksheet().write_formula(0, 0, "=1+1")

    with pytest.raises(Unreadable, match=r"^the cell A1 holds a formula$"):
        read_xlsx(file.getvalue())


@pytest.mark.parametrize("data", [b"", b"a workbook", book("a")[:-30]])
def test_half_a_file_is_refused(data):
    """Empty, no archive, or cut off."""
    with pytest.raises(Unreadable):
        read_xlsx(data)
