"""Forecast methods: weights of the known months."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.figures.forecast_methods import (
    GRID,
    Method,
    Month,
    best_smoothing,
    following,
    forecast,
    weights,
)
from finops_nb.period import parse_period

D = Decimal
AMOUNTS = st.decimals(min_value=0, max_value=10**6, places=2)


def months(*costs: str | Decimal, first: str = "2025-01") -> list[Month]:
    """Consecutive months, each with the same cost on each of its days."""
    made = []
    for ahead, cost in enumerate(costs):
        name = following(first, ahead)
        days = parse_period(name).days
        made.append(Month(name, D(cost), {day: D(cost) / len(days) for day in days}))
    return made


def expected(method: Method, known: list[Month], ahead: int = 1) -> Decimal | None:
    of = weights(method, known, ahead)
    return None if of is None else forecast(of, [month.cost for month in known])


def test_last_month_goes_on():
    """30 for every month after 10, 20, 30."""
    known = months("10", "20", "30")
    assert [expected(Method.LAST_MONTH, known, ahead) for ahead in (1, 5)] == [30, 30]


def test_drift_goes_on_as_from_the_first_month_to_the_last():
    """(40 − 10) ÷ 2 = 15 a month: 40 + 15, and 40 + 3 × 15 three months ahead."""
    known = months("10", "30", "40")
    assert [expected(Method.DRIFT, known, ahead) for ahead in (1, 3)] == [55, 85]


def test_run_rate_is_by_the_weekdays_of_the_last_four_weeks():
    """Only Mondays cost, 5.00 each. November 2025 has four; December five: 5 × 5.00."""
    days = {day: D(5) for day in parse_period("2025-11").days if day.weekday() == 0}
    assert expected(Method.RUN_RATE, [Month("2025-11", D(20), days)]) == 25


def test_run_rate_looks_back_from_the_last_known_day():
    """Known to the 14th of December: 2.00 a day there and in the two weeks before, 31 × 2.00."""
    november = Month("2025-11", D(60), {day: D(2) for day in parse_period("2025-11").days})
    first = parse_period("2025-12").start
    seen = [first + timedelta(days=each) for each in range(14)]
    december = Month("2025-12", D(62), {day: D(2) for day in seen}, through=seen[-1])
    assert expected(Method.RUN_RATE, [november, december]) == 62


@pytest.mark.parametrize("cost", ["0", "-5"])
def test_run_rate_needs_a_month_that_cost_something(cost):
    """A part of nothing, or of a credit, is no forecast."""
    assert weights(Method.RUN_RATE, months(cost), 1) is None


def test_run_rate_needs_four_known_weeks():
    """On the 14th of the first known month, two of them are not known."""
    seen = Month("2025-12", D(31), {}, through=parse_period("2025-12").days[13])
    assert weights(Method.RUN_RATE, [seen], 1) is None


@pytest.mark.parametrize("method", [Method.DRIFT, Method.DAMPED_TREND])
def test_a_trend_needs_two_months(method):
    """One month has no change."""
    assert weights(method, months("10"), 1) is None


def test_a_damped_trend_by_hand():
    """10, 20 and the smoothing level 0.3, trend 0.2, damping 0.98, the first that is closest.

    Before 20: level 10, trend 10; 10 + 0.98 × 10 = 19.8 is expected, 0.2 too low. The level
    becomes 19.8 + 0.3 × 0.2 = 19.86, the trend 9.8 + 0.2 × (19.86 − 10 − 9.8) = 9.812.
    Two months ahead: 19.86 + (0.98 + 0.98²) × 9.812 = 38.8992048.
    """
    known = months("10", "20")
    assert best_smoothing([D(10), D(20)]) == tuple(map(D, ("0.3", "0.2", "0.98")))
    assert expected(Method.DAMPED_TREND, known, 2) == D("38.8992048")


def test_a_straight_line_goes_on_with_little_damping():
    """10, 20, 30, 40: 50 is expected, less what damping takes."""
    amount = expected(Method.DAMPED_TREND, months("10", "20", "30", "40"))
    assert amount is not None and 48 < amount < 50


@given(st.lists(AMOUNTS, min_size=2, max_size=6), st.integers(1, 12))
def test_a_flat_series_stays_flat(amounts, ahead):
    """Every method expects of a constant cost that it stays, but for a month's number of days."""
    known = months(*[amounts[0]] * len(amounts))
    for method in (Method.LAST_MONTH, Method.DRIFT, Method.DAMPED_TREND):
        assert abs(expected(method, known, ahead) - amounts[0]) < D("1e-9")


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=2, max_size=6), st.integers(1, 6))
def test_names_add_up_to_the_total(pairs, ahead):
    """The weights found on the total serve its parts: forecasts of parts are parts of it."""
    total = months(*[a + b for a, b in pairs])
    for method in Method:
        of = weights(method, total, ahead)
        if of is not None:
            parts = (forecast(of, list(series)) for series in zip(*pairs, strict=True))
            whole = forecast(of, [a + b for a, b in pairs])
            assert abs(sum(parts) - whole) < D("1e-9")


@given(st.lists(AMOUNTS, min_size=2, max_size=8))
def test_the_best_smoothing_is_of_the_grid_and_is_found_again(amounts):
    """A fixed grid: no optimizer whose last digits depend on the machine."""
    assert best_smoothing(amounts) in GRID
    assert best_smoothing(amounts) == best_smoothing(list(amounts))


def test_following_months():
    """Also over a year's end, and backward."""
    assert [following("2025-11", ahead) for ahead in (0, 1, 2, 14, -11)] == [
        *("2025-11", "2025-12", "2026-01", "2027-01", "2024-12")
    ]
