"""Streaks: consecutive months over budget, as published."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.made_usage import Call, data_of, usage_of

from finops_nb.figures.streaks import Streak, streaks
from finops_nb.figures.variance import variance_by
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.model import make_params

D = Decimal


def month(name: str, *, over: str | None) -> PublishedMonth:
    """A month in which org-a was over by that much, or not over."""
    excesses = {"organization": {} if over is None else {"org-a": D(over)}}
    return PublishedMonth(name, D(1), 1, {}, excesses=excesses)


def found(*months: PublishedMonth, cost: str = "15", budget: str = "10", **usage) -> dict:
    """The streaks of December, in which org-a has cost and budget."""
    made = usage_of([Call("org-a", "chat", "f", "c", cost)], **usage)
    params = make_params(
        {"period": "2025-12", "usage": "sample:", "organization_budgets": {"org-a": budget}}
    )
    data = data_of(usage=made, params=params, months=months)
    return streaks(data, variance_by(data, "organization"))


def test_a_streak_is_the_months_in_a_row_and_the_sum_of_their_excesses():
    """5 in December, 3 in November, 2 in October; under in September, over in August."""
    months = (
        month("2025-11", over="3"),
        month("2025-10", over="2"),
        month("2025-09", over=None),
        month("2025-08", over="9"),
    )
    assert found(*months) == {"org-a": Streak(3, "2025-10", "2025-12", D(10), at_least=False)}


@pytest.mark.parametrize("months", [(), (month("2025-10", over="2"),)])
def test_a_month_that_was_not_published_ends_it(months):
    """There may have been more before: at least one month."""
    assert found(*months) == {"org-a": Streak(1, "2025-12", "2025-12", D(5), at_least=True)}


def test_a_name_that_is_not_over_has_none():
    """At its budget it is UNDER."""
    assert found(month("2025-11", over="3"), cost="10") == {}


@pytest.mark.parametrize("cost", ["15", "4"])
def test_a_month_in_progress_has_the_streak_of_the_months_before(cost):
    """3 in November and 2 in October are known, whether it is over its 10 in December yet or not;
    December's own 5 may still change."""
    months = (month("2025-11", over="3"), month("2025-10", over="2"), month("2025-09", over=None))
    streak = Streak(2, "2025-10", "2025-11", D(5), at_least=False)
    assert found(*months, cost=cost, complete=False) == {"org-a": streak}


@pytest.mark.parametrize(
    "months", [(), (month("2025-11", over=None),), (month("2025-10", over="2"),)]
)
def test_a_month_in_progress_has_none_unless_the_month_before_was_over(months):
    """Not published, under, and over in October alone."""
    assert found(*months, complete=False) == {}


@pytest.mark.parametrize(
    ("day", "streak"),
    [
        ("2025-12-05", Streak(2, "2025-10", "2025-11", D(5), at_least=True)),
        ("2025-11-30", Streak(2, "2025-10", "2025-11", D(5), at_least=True)),
        ("2025-11-29", Streak(1, "2025-10", "2025-10", D(2), at_least=True)),
    ],
)
def test_a_quarter_in_progress_has_the_streak_up_to_its_last_complete_month(day, streak):
    """2 in October, 3 in November, which is complete once its last day is known."""
    usage = usage_of([Call("org-a", "chat", "f", "c", "5", day)], period="2025-Q4", complete=False)
    params = make_params(
        {"period": "2025-Q4", "usage": "sample:", "organization_budgets": {"org-a": "10"}}
    )
    months = (month("2025-11", over="3"), month("2025-10", over="2"))
    data = data_of(usage=usage, params=params, months=months)
    assert streaks(data, variance_by(data, "organization")) == {"org-a": streak}


def test_a_budget_of_zero_is_over_by_its_whole_cost():
    """15 against 0."""
    assert found(budget="0") == {"org-a": Streak(1, "2025-12", "2025-12", D(15), at_least=True)}


def quarter(*months: PublishedMonth, budget: str = "10") -> dict:
    """The streaks of the fourth quarter, in which org-a cost 15."""
    usage = usage_of([Call("org-a", "chat", "f", "c", "15")], period="2025-Q4")
    budgets = {"organization_budgets": {"org-a": budget}}
    params = make_params({"period": "2025-Q4", "usage": "sample:", **budgets})
    data = data_of(usage=usage, params=params, months=months)
    return streaks(data, variance_by(data, "organization"))


def test_a_quarter_has_the_streak_of_its_last_month():
    """3 in December, 2 in November, 4 in September of the quarter before; October was under."""
    months = (
        month("2025-12", over="3"),
        month("2025-11", over="2"),
        month("2025-10", over=None),
        month("2025-09", over="4"),
    )
    assert quarter(*months) == {"org-a": Streak(2, "2025-11", "2025-12", D(5), at_least=False)}


def test_a_streak_of_a_quarter_may_have_begun_before_it():
    """1 in each of September to December; August was not published."""
    months = [month(f"2025-{number:02}", over="1") for number in (12, 11, 10, 9)]
    assert quarter(*months) == {"org-a": Streak(4, "2025-09", "2025-12", D(4), at_least=True)}


@pytest.mark.parametrize("months", [(), (month("2025-12", over=None), month("2025-11", over="9"))])
def test_a_quarter_whose_last_month_was_not_over_has_none(months):
    """Over in the quarter as a whole is no streak of months."""
    assert quarter(*months) == {}
