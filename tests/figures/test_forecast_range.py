"""Forecast range: low and high, and the risk of an overrun."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.figures.forecast_range import probability_over, range_of, risk_of

D = Decimal
MISSES = st.lists(st.decimals(min_value=-1, max_value=3, places=3), min_size=1, max_size=20)


def test_a_range_is_the_usual_miss_times_t():
    """Three misses of 0.1, t 1.638: 163.8 of 1000; to three digits 836 and 1160."""
    assert range_of(D(1000), [D("0.1"), D("-0.1"), D("0.1")], 1) == (836, 1160)


def test_a_range_widens_with_the_root_of_the_months_ahead():
    """Four months ahead it is √4 = 2 times as wide: 327.6 of 1000."""
    assert range_of(D(1000), [D("0.1"), D("-0.1"), D("0.1")], 4) == (672, 1330)


def test_a_range_ends_at_zero():
    """1.638 × 1 × 10 = 16.38 below 10 is no cost."""
    assert range_of(D(10), [D(1)] * 3, 1) == (0, D("26.4"))


def test_expected_is_within_even_where_rounding_moves_the_ends():
    """1004 with a range of nothing rounds to 1000: high is 1004."""
    assert range_of(D(1004), [D(0)], 1) == (1000, 1004)


@given(st.decimals(min_value=0, max_value=10**6, places=2), MISSES, st.integers(1, 12))
def test_expected_is_always_within(expected, misses, ahead):
    """Low is not below zero."""
    low, high = range_of(expected, misses, ahead)
    assert 0 <= low <= expected <= high


@pytest.mark.parametrize(
    ("high", "budget", "risk"),
    [
        ("120", "99", "likely"),
        ("120", "100", "possible"),
        ("120", "120", "unlikely"),
        (None, "99", None),
        ("120", None, None),
    ],
)
def test_the_risk_of_100_expected(high, budget, risk):
    """At its budget nothing is overrun."""
    assert risk_of(D(100), high and D(high), budget and D(budget)) == risk


def test_the_probability_is_how_many_of_its_misses_would_pass_the_budget():
    """Of ten misses, three of +0.3 take 100 above 120: 0.3. Four months ahead, +0.6 and +0.2."""
    misses = [D("0.3")] * 3 + [D("0.1")] * 2 + [D(0)] * 5
    assert probability_over(D(100), misses, 1, D(120)) == D("0.3")
    assert probability_over(D(100), misses, 4, D("119")) == D("0.5")


@pytest.mark.parametrize(("count", "budget"), [(7, "120"), (8, None)])
def test_no_probability_from_seven_misses_or_without_a_budget(count, budget):
    """A tenth says too much about seven months."""
    assert probability_over(D(100), [D(0)] * count, 1, budget and D(budget)) is None
