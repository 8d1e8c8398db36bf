"""What is usual for a day: weekday and level from running medians, and how far a day is off."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.properties import cases

from finops_nb.figures.usual_days import LEAST_FOLD, UsualDay, fold, score_of, usual_days

D = Decimal
FIRST = date(2025, 12, 1)
"""A Monday."""

amounts = st.decimals(-9, 500, places=12)


def days_of(costs) -> dict[date, Decimal]:
    return {FIRST + timedelta(number): D(cost) for number, cost in enumerate(costs)}


def day(number: int) -> date:
    return date(2025, 12, number)


@settings(max_examples=cases(100))
@given(st.lists(amounts, min_size=0, max_size=40), st.integers(1, 1000))
def test_twice_the_money_is_twice_the_usual(costs, factor):
    """The fold, and so what is out of line, does not depend on the currency's unit."""
    usual = usual_days(days_of(costs))
    times = usual_days(days_of(cost * factor for cost in costs))
    assert times.keys() == usual.keys()
    for when, each in usual.items():
        # Each usual is rounded to 12 decimals.
        assert abs(times[when].usual - each.usual * factor) <= D(factor + 1) / 10**12


@settings(max_examples=cases(100))
@given(st.lists(amounts, min_size=1, max_size=40), st.data())
def test_a_usual_is_never_below_zero(costs, data):
    """Whatever there is of credits, zeros and missing days; those have none."""
    known = days_of(costs)
    missing = data.draw(st.sets(st.sampled_from(sorted(known))))
    for when, each in usual_days({d: c for d, c in known.items() if d not in missing}).items():
        assert when not in missing
        assert each.usual >= 0
        assert each.limit >= LEAST_FOLD


def test_a_week_that_repeats_is_its_own_usual():
    """10 on workdays, 2 at weekends, for four weeks."""
    week = [10] * 5 + [2] * 2
    usual = usual_days(days_of(week * 4))
    assert [each.usual for each in usual.values()] == week * 4


def test_one_day_has_no_part_in_its_usual():
    """30 in place of 10 on the second Tuesday: its usual stays 10, and so do those around it."""
    costs = [10] * 28
    costs[8] = 30
    usual = usual_days(days_of(costs))
    assert {each.usual for each in usual.values()} == {D(10)}
    assert usual[day(9)] == UsualDay(D(30), D(10), LEAST_FOLD)
    assert usual[day(9)].difference == 20
    assert usual[day(9)].is_out_of_line(D(20))
    assert not usual[day(9)].is_out_of_line(D("20.01"))


def test_growth_is_usual():
    """2% more each day, 85% in a month: no day is more than 15% off, at either end."""
    costs = [D("1.02") ** number for number in range(31)]
    assert max(each.fold for each in usual_days(days_of(costs)).values()) < D("1.15")


@pytest.mark.parametrize("first", [9, 15, 22])
def test_a_new_level_is_usual(first):
    """10 a day, then 30 a day, from a day on that has a week on both sides."""
    costs = [10] * (first - 1) + [30] * (32 - first)
    assert not any(each.is_out_of_line(D(0)) for each in usual_days(days_of(costs)).values())


def test_a_day_that_is_not_there_counts_for_nothing():
    """28 days of 10; without the second Monday all others keep their usual."""
    known = days_of([10] * 28)
    del known[day(8)]
    usual = usual_days(known)
    assert usual.keys() == known.keys()
    assert {each.usual for each in usual.values()} == {D(10)}


def test_two_weeks_have_no_usual():
    """Each weekday is there twice, so one other day at the most."""
    assert usual_days(days_of([10] * 14)) == {}
    assert usual_days({}) == {}


def test_where_most_days_are_zero_or_credits_nothing_is_usual():
    """The median of any week is not above zero."""
    assert usual_days(days_of([0, 0, 0, 0, 9, 9, 9] * 4)) == {}
    assert usual_days(days_of([-5] * 28)) == {}


def test_zero_is_usual_on_a_weekday_without_usage():
    """10 on workdays, nothing on Saturdays and Sundays: 8 on a Sunday are out of line."""
    costs = ([10] * 5 + [0] * 2) * 4
    costs[13] = 8
    usual = usual_days(days_of(costs))
    assert usual[day(14)] == UsualDay(D(8), D(0), LEAST_FOLD)
    assert [when for when, each in usual.items() if each.is_out_of_line(D(1))] == [day(14)]


def test_the_limit_is_a_modified_z_score_of_the_logarithms():
    """Noise of 10%: median fold ^ (3.5 ÷ 0.6745) is about e^(3.5 × 0.1) = 1.42, as near as
    91 days tell. Twice the score is the square of the limit."""
    rng = random.Random(1)
    noise = days_of(f"{10 * math.exp(rng.gauss(0, 0.1)):.4f}" for _ in range(91))
    limit, square = (usual_days(noise, D(score))[day(10)].limit for score in ("3.5", "7"))
    assert D("1.35") < limit < D("1.7")
    assert abs(square - limit**2) < D("1e-20")


def test_days_that_never_vary_are_in_line_within_a_quarter():
    """The median fold is 1; 12.50 instead of 10 is in line, 12.51 is not."""
    for cost, is_out in (("12.50", False), ("12.51", True), ("8.00", False), ("7.99", True)):
        costs = [D(10)] * 28
        costs[8] = D(cost)
        assert usual_days(days_of(costs))[day(9)].is_out_of_line(D(0)) == is_out


@pytest.mark.parametrize(
    ("cost", "usual", "expected"),
    [
        ("30", "10", "3"),
        ("10", "20", "2"),
        ("10", "10", "1"),
        ("0", "0", "1"),
        ("0", "10", "Infinity"),
        ("-5", "10", "Infinity"),
        ("5", "0", "Infinity"),
    ],
)
def test_a_fold_is_how_many_times_up_or_down(cost, usual, expected):
    """A day at zero or below is infinitely far from a usual above zero, and the other way."""
    assert fold(D(cost), D(usual)) == D(expected)


def test_many_lines_need_a_higher_score():
    """√(3.5² + 2 ln n), so that by chance as many days are out of line as of one line."""
    assert score_of(1) == D("3.5")
    assert score_of(20) == (D("12.25") + 2 * D(20).ln()).sqrt()
    assert score_of(20) < score_of(400) < 5
