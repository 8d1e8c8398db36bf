"""The ledger is read by two readers of CSV, which must find the same fields."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.read_back.ledger_file import Unreadable, ledger_faults, split_csv

HEADER = "period_start,period_end,organization,product,amount,currency\n"
RESULTS = {
    "period": {"start": "2025-12-01", "end": "2026-01-01"},
    "currency": "USD",
    "total": "6",
    "organizations": {"a": "4", "=b": "2"},
    "products": {"chat": "6"},
    "ledger": "chargeback.csv",
    "tables": {},
}
GOOD = f"{HEADER}2025-12-01,2026-01-01,'=b,chat,2.00,USD\n2025-12-01,2026-01-01,a,chat,4.00,USD\n"


def faults(text: str) -> list[str]:
    return list(ledger_faults(text.encode(), RESULTS))


@given(st.lists(st.lists(st.text(max_size=9), min_size=2, max_size=2), max_size=4))
def test_it_reads_what_is_written_with_quotes(rows):
    """Whatever the fields hold: every field in quotes, lines that end with LF."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)

    assert split_csv(text.getvalue()) == rows


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a,b\nc\rd,e\n", "line 2 has a field that needs quotes"),
        ('a,b\nc"d,e\n', "line 2 has a field that needs quotes"),
        ('a,"b\n', "a quote is not closed"),
        ('a,"b"c\n', "line 1 goes on after a closing quote"),
        ("a,b\nc,d", "line 2 has no end"),
        ("a,b\nc,", "line 2 has no end"),
    ],
)
def test_what_is_no_csv_is_named_with_its_line(text, reason):
    """A lone CR, a stray quote and a cut line are refused; some readers would end a line there."""
    with pytest.raises(Unreadable, match=f"^{reason}$"):
        split_csv(text)


def test_a_ledger_that_foots_passes():
    """2.00 + 4.00 = 6.00; the apostrophe before "=b" is none of its name."""
    assert faults(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("4.00", "4.01", "its lines add up to 6.01, but the total is 6"),
        ("4.00", "4.0", 'line 3 has the amount "4.0"'),
        ("4.00", "4,00", "its lines differ in their number of fields"),
        ("2026-01-01,a", "2026-01-02,a", "line 3 is not of the report's period and currency"),
        (",a,", ",c,", 'its lines of "a" add up to None, but its cost is 4'),
        ("amount", "total", "its columns are not period_start, period_end, organization, product, "
         "amount, currency"),
        (",USD\n", ",DRAFT\n", "not every line says whether it is a DRAFT"),
    ],
)  # fmt: skip
def test_a_ledger_that_says_anything_else_is_found(old, new, fault):
    """The first sentence names the line, or the name whose lines do not add up."""
    assert faults(GOOD.replace(old, new, 1))[0] == fault
