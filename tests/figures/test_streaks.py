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
    assert found(*months) == {"org-a": Streak(3, "2025-10", D(10), at_least=False)}


@pytest.mark.parametrize("months", [(), (month("2025-10", over="2"),)])
def test_a_month_that_was_not_published_ends_it(months):
    """There may have been more before: at least one month."""
    assert found(*months) == {"org-a": Streak(1, "2025-12", D(5), at_least=True)}


def test_a_name_that_is_not_over_has_none():
    """At its budget it is UNDER."""
    assert found(month("2025-11", over="3"), cost="10") == {}


def test_a_month_in_progress_has_none():
    """It may still end within the budget, or not."""
    assert found(month("2025-11", over="3"), complete=False) == {}


def test_a_budget_of_zero_is_over_by_its_whole_cost():
    """15 against 0."""
    assert found(budget="0") == {"org-a": Streak(1, "2025-12", D(15), at_least=True)}
