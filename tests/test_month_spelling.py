"""A month that is written in another way is understood, and nothing else is taken for one."""

from __future__ import annotations

import calendar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.month_spelling import meant_month

SPELLINGS = (
    *("{year}_{month:02}", "{year}.{month:02}", "{year}/{month:02}", "{year}{month:02}"),
    *("{month:02}-{year}", "{month}/{year}", "{short}-{year}", "{short} {year}", "{full} {year}"),
    *("{full}, {year}", "{year}-{short}", "{year} {full}", "{short}{year}", "{FULL}_{year}"),
)


@given(st.integers(1, 9999), st.integers(1, 12), st.sampled_from(SPELLINGS))
def test_every_month_is_understood_in_each_spelling(year, month, spelling):
    """Separators, order, names, abbreviations and capitals do not matter."""
    full = calendar.month_name[month]
    words = {"full": full, "short": full[:3].lower(), "FULL": full.upper()}
    text = spelling.format(year=f"{year:04}", month=month, **words)
    assert meant_month(text) == f"{year:04}-{month:02}"


@given(st.integers(1, 9999), st.integers(1, 12))
def test_a_month_as_it_should_be_needs_no_suggestion(year, month):
    """There is nothing else to write."""
    assert meant_month(f"{year:04}-{month:02}") is None


@pytest.mark.parametrize(
    "text", ["2025", "2025-13", "2025-00", "2025-Q4", "de-2025", "decay-2025", "25-12", "x", ""]
)
def test_what_is_no_month_is_not_taken_for_one(text):
    """Years, quarters, short years and other words have no month."""
    assert meant_month(text) is None
