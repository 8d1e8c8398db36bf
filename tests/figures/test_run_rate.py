"""Run-rate: what a running period will cost, and how far off it would have been before."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.made_usage import data_of

from finops_nb.figures.budget_status import Status
from finops_nb.figures.run_rate import (
    backtest_errors,
    budget_to_date,
    days_seen,
    run_rates,
    with_run_rate,
)
from finops_nb.figures.variance import total_variance, variance_by
from finops_nb.money import rounded, total
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.budgets import read_budgets

WEEKDAYS = {0: 10, 1: 20, 2: 30, 3: 40, 4: 50, 5: 1, 6: 2}
"""Cost of a Monday, a Tuesday and so on."""


def days(count: int, name: str = "a", factor: int = 1) -> list[tuple]:
    """A call on each of the first days of December 2025, which begins on a Monday."""
    first = date(2025, 12, 1)
    return [
        (
            name,
            "x",
            "f",
            "c",
            str(WEEKDAYS[(first + timedelta(day)).weekday()] * factor),
            f"{first + timedelta(day)}",
        )
        for day in range(count)
    ]


def test_weekdays_go_on_as_they_were(usage_of):
    """December 2025 has five Mondays, Tuesdays and Wednesdays, and four of each other day.

    5 × (10 + 20 + 30) + 4 × (40 + 50 + 1 + 2) = 672.
    """
    for seen in (7, 12, 30):
        assert run_rates(usage_of(days(seen), complete=False), "organization") == {
            "a": Decimal(672)
        }


def test_below_a_week_there_is_no_run_rate(usage_of):
    """Five days cost 150: a plain average would make 150 ÷ 5 × 31 = 930, far above 672."""
    assert run_rates(usage_of(days(5), complete=False), "organization") == {}
    assert run_rates(usage_of(days(6), complete=False), "organization") == {}
    assert run_rates(usage_of(days(7), complete=False), "organization") != {}


def test_a_period_that_is_over_has_no_run_rate(usage_of):
    """Its cost is known."""
    assert run_rates(usage_of(days(31)), "organization") == {}


def test_a_day_seen_without_usage_counts_as_zero(usage_of):
    """a: two Mondays, one of them idle: 10 ÷ 2 × 5 = 25. b: two Sundays: 7 ÷ 2 × 4 = 14."""
    calls = [("a", "x", "f", "c", "10", "2025-12-01"), ("b", "x", "f", "c", "7", "2025-12-14")]
    assert run_rates(usage_of(calls, complete=False), "organization") == {
        "a": Decimal(25),
        "b": Decimal(14),
    }


@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"), st.decimals(-9, 99, places=6).map(str), st.integers(1, 20)
        ),
        min_size=1,
        max_size=9,
    )
)
def test_the_names_add_up_to_the_whole(usage_of, drawn):
    """By organization and by product the total is the same, up to the 12th decimal."""
    calls = [(name, "x" + name, "f", "c", cost, f"2025-12-{day:02}") for name, cost, day in drawn]
    usage = usage_of([*calls, ("a", "xa", "f", "c", "1", "2025-12-20")], complete=False)
    sums = [total(run_rates(usage, by).values()) for by in ("organization", "product")]
    assert abs(sums[0] - sums[1]) < Decimal("1e-11")


def test_budget_to_date_is_by_days(usage_of):
    """12 of 31 days of 310 are 120; without a budget there is none."""
    usage = usage_of(days(12), complete=False)
    assert len(days_seen(usage)) == 12
    assert (budget_to_date(Decimal(310), usage), budget_to_date(None, usage)) == (
        Decimal(120),
        None,
    )


def test_budget_to_date_follows_the_budgets_of_the_months(usage_of):
    """October 300 and November 300 are over; of December's 3,000 it is one day of 31: 696.77.

    Without the months it is 3,600 × 62 ÷ 92.
    """
    usage = usage_of([("a", "x", "f", "c", "1", "2025-12-01")], "2025-Q4", complete=False)
    months = {"2025-10": Decimal(300), "2025-11": Decimal(300), "2025-12": Decimal(3000)}
    assert rounded(budget_to_date(Decimal(3600), usage, months), 2) == Decimal("696.77")
    assert rounded(budget_to_date(Decimal(3600), usage), 2) == Decimal("2426.09")
    # A scenario that changes the quarter's budget says nothing about its months.
    assert rounded(budget_to_date(Decimal(9200), usage, months), 2) == Decimal("6200.00")


@pytest.mark.parametrize(
    ("budget", "status"),
    [(1000, Status.UNDER), (672, Status.UNDER), ("671.99", Status.AT_RISK), (100, Status.OVER)],
)
def test_a_run_rate_above_budget_is_at_risk(usage_of, params, budget, status):
    """A run-rate of 672 is at risk against 671.99, before 80% is used, but not against 672."""
    usage = usage_of(days(10), complete=False)  # 153 + 60 = 213 spent
    made = params(organization_budgets={"a": budget})
    data = data_of(usage=usage, budgets=read_budgets(made), params=made)
    variance = variance_by(data, "organization")
    assert list(variance["status"]) == [status]
    assert total_variance(variance, made.at_risk, False, "USD").run_rate == Decimal(672)
    line = with_run_rate(data, variance).iloc[0]
    assert line["run_rate_variance"] == Decimal(672) - Decimal(budget)


def test_a_budget_without_usage_has_a_run_rate_of_zero(usage_of, params):
    """Its status is UNDER."""
    made = params(organization_budgets={"a": 5000, "idle": 10})
    usage = usage_of(days(10), complete=False)
    data = data_of(usage=usage, budgets=read_budgets(made), params=made)
    idle = variance_by(data, "organization").set_index("organization").loc["idle"]
    assert (idle["run_rate"], idle["status"]) == (Decimal(0), Status.UNDER)


def month(name: str, cost_of_a_day: int, last_day: int) -> PublishedMonth:
    """A published month with the same cost on each of its days."""
    spent = {
        date.fromisoformat(f"{name}-{day:02}"): Decimal(cost_of_a_day)
        for day in range(1, last_day + 1)
    }
    return PublishedMonth(name, total(spent.values()), last_day, spent)


def errors_after(usage, *months: PublishedMonth) -> list[tuple]:
    errors = backtest_errors(data_of(usage=usage, months=months))
    return [(error.month, error.run_rate, error.actual, error.error) for error in errors]


def test_it_knows_how_far_off_it_would_have_been(usage_of):
    """November at 2 a day is predicted exactly.

    October spent 62 more on its last day: the run-rate is 62 of 124, 50% too low.
    """
    days_of_october = month("2025-10", 2, 31).days | {date(2025, 10, 31): Decimal(64)}
    october = PublishedMonth("2025-10", Decimal(124), 31, days_of_october)
    usage = usage_of(days(12), complete=False)
    assert errors_after(usage, month("2025-11", 2, 30), october) == [
        ("2025-11", Decimal(60), Decimal(60), Decimal(0)),
        ("2025-10", Decimal(62), Decimal(124), Decimal("-0.5")),
    ]


def test_it_is_tested_on_longer_months_only(usage_of):
    """After 28 days nothing of February 2025 is left to predict; a month without cost has no error.

    Below a week, and in a period that is over, there is nothing to test.
    """
    february, january = month("2025-02", 1, 28), month("2025-01", 0, 31)
    no_error = ("2025-01", Decimal(0), Decimal(0), None)
    assert errors_after(usage_of(days(28), complete=False), february, january) == [no_error]
    november = month("2025-11", 1, 30)
    assert errors_after(usage_of(days(6), complete=False), november) == []
    assert errors_after(usage_of(days(31)), november) == []
