"""Phasing: a year's budget divided into twelve months that add up to it."""

from __future__ import annotations

import calendar
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from finops_nb.money import LIMIT, total
from finops_nb.params.monthly_budgets import phase

amounts = st.integers(0, 12).flatmap(lambda places: st.decimals(0, LIMIT - 1, places=places))
years = st.integers(1, 9998)
phasings = st.sampled_from(["even", "days"])


def test_even_is_a_twelfth_a_month():
    """Of 100, 8.33 is due by January, 16.67 by February and 25.00 by March, and so on."""
    assert phase(Decimal(100), 2025, "even", 2) == tuple(map(Decimal, ("8.33", "8.34", "8.33") * 4))


@pytest.mark.parametrize(("year", "february"), [(2025, 28), (2024, 29), (1900, 28), (2000, 29)])
def test_days_are_those_of_the_calendar(year, february):
    """With one unit per day of the year, each month has its number of days."""
    days = (31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

    assert phase(Decimal(sum(days)), year, "days", 0) == tuple(map(Decimal, days))


@pytest.mark.parametrize(
    ("amount", "decimals", "places"),
    [("1200", 2, 2), ("100", 0, 0), ("10.005", 2, 3), ("10.5000", 2, 2), ("1", 3, 3)],
)
def test_months_have_the_decimals_of_the_currency(amount, decimals, places):
    """An amount with more decimals is divided in its own unit; trailing zeros don't count."""
    assert {
        month.as_tuple().exponent for month in phase(Decimal(amount), 2025, "even", decimals)
    } == {-places}


@given(amounts, years, phasings, st.integers(0, 4))
@example(Decimal("999999999999999.999999999999"), 2024, "days", 2)
@example(Decimal("0.01"), 2025, "even", 2)
@example(Decimal("0.06"), 2025, "even", 2)
def test_months_add_up_to_the_year(amount, year, phasing, decimals):
    """The sum is exact for any decimals, and no month is below zero."""
    months = phase(amount, year, phasing, decimals)

    assert len(months) == 12
    assert sum(map(Fraction, months)) == Fraction(amount)
    assert min(months) >= 0


@given(amounts, years, phasings, st.integers(0, 4))
@example(Decimal("0.06"), 2025, "even", 2)
def test_no_month_is_a_unit_off(amount, year, phasing, decimals):
    """Each month is less than one unit off its exact share."""
    unit = Fraction(1, 10 ** max(decimals, -amount.normalize().as_tuple().exponent))
    days = [calendar.monthrange(year, month)[1] for month in range(1, 13)]
    weights = days if phasing == "days" else [1] * 12

    for month, weight in zip(phase(amount, year, phasing, decimals), weights, strict=True):
        assert abs(Fraction(month) - Fraction(amount) * weight / sum(weights)) < unit


@given(st.integers(10**26, 10**27 - 1), years, phasings)
def test_what_is_due_is_rounded_from_the_exact_share(units, year, phasing):
    """27 digits times days exceed 28 digits, so the rule is checked in whole numbers."""
    days = [calendar.monthrange(year, month)[1] for month in range(1, 13)]
    weights = days if phasing == "days" else [1] * 12
    months = phase(Decimal(units).scaleb(-12), year, phasing, 12)

    for month in range(1, 13):
        due, whole = units * sum(weights[:month]), sum(weights)
        assert total(months[:month]).scaleb(12) == (2 * due + whole) // (2 * whole)
