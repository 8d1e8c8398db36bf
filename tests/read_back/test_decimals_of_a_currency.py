"""Amounts have the decimals of their currency: two in dollars, none in yen, three in dinars."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import lxml.html
import openpyxl
import pytest
from support.homes import files_of
from support.usage_files import COLUMNS, call, write_calls

from finops_nb.home import Home
from finops_nb.outputs.artifacts import HTML, LEDGER, RESULTS, WORKBOOK
from finops_nb.run.run import run

PARAMS = """\
period: "2025-12"
usage: usage/
currency: {currency}
organization_budgets: {{org-a: 10, org-b: 2000}}
approval_limit: 5
"""
UNIT_COST = 2
"""Decimals that a cost per call has beyond those of money."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("currency", "sign", "decimals", "charge"),
    [
        # 1234.5678 rounded half away from zero.
        ("USD", "$", 2, "1234.57"),
        ("JPY", "¥", 0, "1235"),
        ("KWD", "KWD", 3, "1234.568"),
    ],
)
def test_page_sheets_and_ledger_have_its_decimals(tmp_path, currency, sign, decimals, charge):
    """Every printed amount, every cell's format and every line of the ledger."""
    home = Home(tmp_path.resolve())
    home.params.mkdir()
    home.params_file("2025-12").write_text(PARAMS.format(currency=currency))
    costs = (("org-a", "1234.5678"), ("org-b", "1.1"), ("org-c", "-0.0001"))
    write_calls(
        home.root / "usage" / "calls.csv",
        *(
            call(timestamp="2025-12-31", organization_id=name, product_id="p", cost_usd=cost)
            | {"currency": currency}
            for name, cost in costs
        ),
        columns=[*COLUMNS, "currency"],
    )
    files = files_of(Path(run("2025-12", home)).parent)

    # A cost per call has more of them; one that would print as zero has more still. A forecast,
    # which has three significant digits, is printed without decimals that it does not have.
    allowed = {decimals + extra for extra in (0, UNIT_COST, 2 * UNIT_COST)} | {0}
    for found in (
        _decimals_printed(files[HTML].decode(), sign),
        _decimals_in_text(files[RESULTS].decode(), sign),
        _decimals_in_sheets(files[WORKBOOK], sign),
    ):
        assert decimals in found
        assert found <= allowed
    [row] = (
        row
        for row in csv.DictReader(io.StringIO(files[LEDGER].decode("utf-8-sig")))
        if "org-a" in row.values()
    )
    assert charge in row.values()


def _decimals_printed(page: str, sign: str) -> set[int]:
    text = " ".join(lxml.html.fromstring(page).itertext())
    assert not re.search(rf"-{re.escape(sign)}\s?[0,.]*0(?![\d.,])", text), "minus zero"
    return _decimals_in_text(text, sign)


def _decimals_in_text(text: str, sign: str) -> set[int]:
    amounts = re.findall(rf"{re.escape(sign)}\s?[\d,]*\d(?:\.(\d+))?", text)
    assert amounts
    return {len(fraction) for fraction in amounts}


def _decimals_in_sheets(file: bytes, sign: str) -> set[int]:
    book = openpyxl.load_workbook(io.BytesIO(file))
    formats = {cell.number_format for sheet in book for row in sheet.iter_rows() for cell in row}
    return {
        len(part.partition(".")[2])
        for code in formats
        if f'"{sign}' in code
        for part in code.split(";")
    }
