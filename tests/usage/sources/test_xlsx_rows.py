"""Spreadsheets: each cell as a person sees it in the formula bar, or refused at its address."""

from __future__ import annotations

import io
import os
import zipfile
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from support.properties import cases
from support.unpacked_files import refused_text, rows_of, unpack_file, unpack_text

from finops_nb.errors import Refusal
from finops_nb.usage.sources import xlsx_rows
from finops_nb.usage.sources.discovery import SourceFile
from finops_nb.usage.sources.xlsx_rows import unpack_xlsx

unpacked = partial(unpack_text, unpack_xlsx)
refused = partial(refused_text, unpack_xlsx)

characters = st.characters(codec="utf-8", exclude_categories=["Cc", "Cn", "Cs"])
texts = st.text(characters | st.sampled_from('"\n,;'), min_size=1, max_size=6)
amounts = st.decimals(-(10**9), 10**9, places=6, allow_nan=False)
counts = st.integers(-(10**15) + 1, 10**15 - 1)
times = st.datetimes(datetime(1990, 1, 1), datetime(2080, 1, 1)).map(
    lambda time: time.replace(microsecond=0)
)
cells = st.one_of(st.none(), texts, amounts, counts, st.booleans(), times)
tables = st.integers(1, 5).flatmap(
    lambda width: st.lists(
        st.lists(cells, min_size=width, max_size=width).filter(
            lambda row: any(cell is not None for cell in row)
        ),
        min_size=1,
        max_size=5,
    )
)


def book(
    *rows: list, top: int = 0, left: int = 0, options: dict | None = None, name: str = "Costs"
) -> bytes:
    """A workbook of one sheet; a decimal is written as the float it becomes in a spreadsheet."""
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"in_memory": True} | (options or {})) as workbook:
        sheet = workbook.add_worksheet(name)
        formats = {
            datetime: workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            date: workbook.add_format({"num_format": "dd.mm.yy"}),
            Decimal: workbook.add_format({"num_format": "[$€-407] #,##0.00;[Red]-#,##0.00"}),
        }
        for number, row in enumerate(rows, top):
            for column, value in enumerate(row, left):
                if isinstance(value, str):
                    sheet.write_string(number, column, value)
                elif value is not None:
                    sheet.write(number, column, value, formats.get(type(value)))
    return data.getvalue()


def changed(change, *rows: list, others: dict[str, list] | None = None) -> bytes:
    """A workbook as openpyxl writes it, after a change of its first sheet."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "Costs"
    for row in rows:
        sheet.append(row)
    change(sheet)
    for name, row in (others or {}).items():
        workbook.create_sheet(name).append(row)
    data = io.BytesIO()
    workbook.save(data)
    return data.getvalue()


def edited(data: bytes, part: str, old: str, new: str) -> bytes:
    """The workbook with a text of one of its parts replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(out, "w") as copy:
        for name in archive.namelist():
            text = archive.read(name)
            if name == part:
                assert old.encode() in text
                text = text.replace(old.encode(), new.encode())
            copy.writestr(name, text)
    return out.getvalue()


def expected(cell) -> str:
    """What a cell is read as."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        whole_day = not (cell.hour or cell.minute or cell.second)
        return cell.date().isoformat() if whole_day else cell.isoformat()
    return str(cell)


def same(text: str, cell) -> bool:
    """Whether a cell was read as what was written: numbers by value, all else by text."""
    if isinstance(cell, Decimal | int) and not isinstance(cell, bool):
        return Decimal(text) == cell
    return text == expected(cell)


@settings(max_examples=cases(200), deadline=None)
@given(tables, st.integers(0, 3), st.integers(0, 3), st.booleans())
def test_a_sheet_reads_back_cell_by_cell(table, top, left, is_1904):
    """Wherever the table begins, in both date systems; an amount to its last decimal."""
    header = [f"column {n}" for n in range(len(table[0]))]
    data = book(header, *table, top=top, left=left, options={"date_1904": is_1904})

    rows = unpacked(data, "u.xlsx")

    assert len(rows) == len(table)
    for read, row in zip(rows, table, strict=True):
        assert all(map(same, read.values(), row)), (read, row)


@settings(max_examples=cases(200), deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-999, max_value=999))
def test_an_amount_of_15_digits_is_read_exactly(amount):
    """999.123456789012 has 15 digits, and the shortest text of its float is itself."""
    (row,) = unpacked(book(["cost"], [amount]), "u.xlsx")

    assert Decimal(row["cost"]) == amount


def test_formats_do_not_change_a_number():
    """A percentage, a currency and thousands are the number that they show."""

    def formatted(sheet):
        for cell, form in (("A2", "0%"), ("B2", '"EUR" #,##0.00'), ("C2", "#,##0")):
            sheet[cell].number_format = form

    data = changed(formatted, ["a", "b", "c"], [0.195, 1234.5, 1234567])

    assert unpacked(data, "u.xlsx") == [{"a": "0.195", "b": "1234.5", "c": "1234567"}]


def test_columns_with_fractions_are_named(tmp_path):
    """What a spreadsheet stores is a float; the reader of usage says so."""
    path = tmp_path / "u.xlsx"
    path.write_bytes(book(["calls", "cost"], [2, Decimal("0.10")], [3, 4]))

    assert unpack_file(unpack_xlsx, path).float_columns == {"cost"}


def test_an_empty_row_is_a_line_and_none_at_the_end(tmp_path):
    """So the place of each row is the number that the spreadsheet shows."""
    path = tmp_path / "u.xlsx"
    path.write_bytes(book(["a"], ["x\ny"], [], ["z"], [], top=3))
    file = unpack_file(unpack_xlsx, path)

    assert file.path.read_text() == '"a"\n"x\ny"\n\nz\n'
    assert [str(file.place(line)) for line in range(1, 6)] == [
        f"row {number} of sheet Costs" for number in (4, 5, 5, 6, 7)
    ]


def test_hidden_rows_and_columns_are_read_and_told(tmp_path):
    """A filter hides rows; their money is in the bill all the same."""

    def hide(sheet):
        for row in (2, 4, 9):
            sheet.row_dimensions[row].hidden = True
        sheet.column_dimensions.group("B", "C", hidden=True)

    path = tmp_path / "u.xlsx"
    path.write_bytes(changed(hide, ["a", "b", "c", "d"], *[[n, n, n, n] for n in range(3)]))
    file = unpack_file(unpack_xlsx, path)

    assert len(rows_of(file)) == 3
    assert (file.hidden_rows, file.hidden_columns) == ((0, 2), ("b", "c"))


def test_errors_and_formulas_without_a_result_are_refused_at_their_address():
    """A reader of cells shows both as empty, and so as no money and no owner."""

    def break_cells(sheet):
        sheet["B2"], sheet["C2"], sheet["B3"], sheet["A3"] = "#N/A", "=B3*2", "#REF!", "=1/0"

    problems = refused(changed(break_cells, ["team", "cost", "price"], ["x"], []), "u.xlsx")

    assert [(problem.column, problem.rule, problem.value) for problem in problems] == [
        ("Costs!B2", "a cell with an error", "#N/A"),
        ("Costs!B3", "a cell with an error", "#REF!"),
        ("Costs!C2", "a formula without a stored result", None),
        ("Costs!A3", "a formula without a stored result", None),
    ]


def test_a_formula_with_a_result_is_its_result():
    """Also one whose result is an empty text."""
    data = io.BytesIO()
    with xlsxwriter.Workbook(data) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["a", "b"])
        sheet.write_formula("A2", "=1.1*3", None, 3.3000000000000003)
        sheet.write_formula("B2", '=IF(1,"","x")', None, "")
    calculated = edited(data.getvalue(), "xl/workbook.xml", ' fullCalcOnLoad="1"', "")
    # As Excel writes it.
    sheet1 = "xl/worksheets/sheet1.xml"
    calculated = edited(calculated, sheet1, '<c r="B2"><f>', '<c r="B2" t="str"><f>')

    assert unpacked(calculated, "u.xlsx") == [{"a": "3.3000000000000003", "b": ""}]


def test_formulas_that_wait_for_a_spreadsheet_program_are_refused():
    """A program that writes formulas stores 0 for each until a spreadsheet has opened the file."""
    data = io.BytesIO()
    with xlsxwriter.Workbook(data) as workbook:
        sheet = workbook.add_worksheet("Costs")
        sheet.write_row(0, 0, ["cost"])
        sheet.write_formula("A2", "=1.1*3")
    (problem,) = refused(data.getvalue(), "u.xlsx")

    assert str(problem).startswith("u.xlsx, sheet Costs: 1 formula is not calculated yet")


def test_merged_cells_are_refused():
    """Their value is in the first cell only, so the other rows would have no owner."""
    data = changed(lambda sheet: sheet.merge_cells("A2:A3"), ["team", "cost"], ["x", 1], [None, 2])
    (problem,) = refused(data, "u.xlsx")

    assert str(problem).startswith("u.xlsx, sheet Costs: merged cells: A2:A3. Unmerge them")


def test_a_number_that_was_rounded_is_refused():
    """An account of 19 digits is another account with 15."""
    (problem,) = refused(book(["account", "cost"], [1234567890123456789, 1]), "u.xlsx")

    assert problem.column == "Costs!A2"
    assert problem.rule.startswith("a number of more than 15 digits before the point")
    assert unpacked(book(["account"], ["1234567890123456789"]), "u.xlsx") == [
        {"account": "1234567890123456789"}
    ]


def test_of_several_sheets_one_is_named(tmp_path):
    """An empty sheet is none; a hidden one may hold rows."""

    def hide(sheet):
        sheet.sheet_state = "visible"

    two = changed(hide, ["a"], [1], others={"Seats": ["b"], "Notes": []})
    (problem,) = refused(two, "u.xlsx")
    path = tmp_path / "u.xlsx"
    path.write_bytes(two)
    source = SourceFile("u.xlsx", path, ".xlsx")

    assert problem.rule == "several sheets that are not empty: Costs and Seats"
    assert unpack_xlsx(source, tmp_path / "u.csv", "Costs").names == ("a",)
    with pytest.raises(Refusal, match=r'no such sheet: "Cost". Did you mean "Costs"?'):
        unpack_xlsx(source, tmp_path / "u.csv", "Cost")
    assert unpacked(changed(hide, ["a"], [1], others={"Notes": []}), "u.xlsx") == [{"a": "1"}]


def test_another_prefix_of_names_in_the_xml_changes_nothing():
    """Some programs write <x:c> where others write <c>."""
    data = changed(lambda sheet: None, ["a"], ["#N/A"])
    for old, new in (("<", "<x:"), ("<x:/", "</x:"), ("xmlns=", "xmlns:x="), ("<x:?", "<?")):
        data = edited(data, "xl/worksheets/sheet1.xml", old, new) if old != "<x:?" else data
    (problem,) = refused(data, "u.xlsx")

    assert problem.column == "Costs!A2"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"a,b\n1,2\n", "not a complete XLSX file"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
            "not XLSX but an old Excel file, or one",
        ),
        (book(["a"], [1])[:-40], "not a complete XLSX file"),
        (edited(book(["a"]), "xl/workbook.xml", "<sheets>", "<sheets"), "not a complete XLSX file"),
        (
            edited(book(["a"]), "xl/workbook.xml", "<workbook ", "<!DOCTYPE x><workbook "),
            "not a complete XLSX file: xl/workbook.xml has a document type",
        ),
        (book(), "the file is empty"),
    ],
)
def test_what_is_no_whole_workbook_is_refused(data, said):
    """Each as what it is."""
    (problem,) = refused(data, "u.xlsx")

    assert problem.rule.startswith(said)


@pytest.mark.parametrize("seed", range(cases(40)))
def test_damage_is_refused_or_changes_nothing(seed):
    """A bit may flip anywhere; every part has a checksum."""
    import random

    whole = book(["team", "cost"], ["org-a", Decimal("1.5")])
    rows = unpacked(whole, "u.xlsx")
    randomly = random.Random(seed)
    for _ in range(10):
        flipped = bytearray(whole)
        flipped[randomly.randrange(len(whole))] ^= 1 << randomly.randrange(8)
        try:
            assert unpacked(bytes(flipped), "u.xlsx") == rows
        except Refusal:
            continue


def test_a_zip_bomb_is_refused_before_it_is_unpacked(monkeypatch):
    """The archive says how large its parts are; a part that is larger fails its checksum."""
    monkeypatch.setattr(xlsx_rows, "LARGEST_UNPACKED", 3_000)
    (problem,) = refused(book(["a"], *[["x" * 50] for _ in range(500)]), "u.xlsx")

    assert problem.rule.startswith("too large, or a zip bomb: ")
    assert problem.fix == "Save the sheet as CSV"


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path, kind):
    """A pipe nobody writes to, and /dev/zero."""
    path: Path = tmp_path / "u.xlsx"
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")

    with pytest.raises(Refusal, match="cannot be read"):
        unpack_file(unpack_xlsx, path)
