"""Budget alerts: the first day on which each threshold was reached."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.made_usage import data_of

from finops_nb.figures.crossings import budget_alerts, highest_crossing
from finops_nb.params.budgets import read_budgets


def call(cost: str, day: int, organization: str = "a", product: str = "x") -> tuple:
    return (organization, product, "f", "c", cost, f"2025-12-{day:02}")


def days_reached(usage, params, **keys) -> dict[tuple, int | None]:
    """The day of each threshold, by dimension, name and threshold."""
    made = params(**keys)
    frame = budget_alerts(data_of(usage=usage, budgets=read_budgets(made), params=made))
    return {
        (row.dimension, row.name, row.threshold): row.day and row.day.day
        for row in frame.itertuples(index=False)
    }


@pytest.mark.parametrize(
    ("costs", "days"),
    [
        (["4.999999", "3", "2"], [2, 3, None]),
        (["5", "3", "2"], [1, 2, 3]),
        (["5", "2.999999", "2"], [1, 3, None]),
        (["10", "0", "0"], [1, 1, 1]),
        (["5", "-4", "9"], [1, 3, 3]),
        (["8", "-8", "0"], [1, 1, None]),
        (["0", "0", "0"], [None, None, None]),
    ],
)
def test_a_threshold_is_crossed_on_the_day_that_reaches_it(usage_of, params, costs, days):
    """Of a budget of 10: at exactly 5, 8 and 10, not before; a later credit changes no day."""
    usage = usage_of([call(cost, day) for day, cost in enumerate(costs, 1)])
    reached = days_reached(usage, params, organization_budgets={"a": 10})
    assert list(reached.values()) == days
    thresholds = [Decimal("0.5"), Decimal("0.8"), Decimal("1.0")]
    assert [threshold for *_, threshold in reached] == thresholds


def test_the_first_cost_reaches_every_threshold_of_a_zero_budget(usage_of, params):
    """A free call reaches none of them; the first cent reaches all."""
    usage = usage_of([call("0", 1), call("0.01", 2)])
    assert set(days_reached(usage, params, organization_budgets={"a": 0}).values()) == {2}


def test_organizations_and_products_are_told_apart(usage_of, params):
    """The organization a spent 9, the product of the same name 3."""
    usage = usage_of([call("6", 1, "a", "b"), call("3", 2, "a", "a")])
    reached = days_reached(
        usage,
        params,
        organization_budgets={"a": 9},
        product_budgets={"a": 3},
        alert_thresholds=["1"],
    )
    assert reached == {("organization", "a", 1): 2, ("product", "a", 1): 2}


def test_a_budget_without_usage_reaches_no_threshold(usage_of, params):
    """Its row is there, without a day."""
    reached = days_reached(
        usage_of([call("1", 1)]), params, organization_budgets={"idle": 5}, alert_thresholds=["0.5"]
    )
    assert reached == {("organization", "idle", Decimal("0.5")): None}


def test_the_highest_crossing_is_the_last_one(usage_of, params):
    """9 of 10 reached 80% on the third; a name that reached no threshold is left out."""
    made = params(organization_budgets={"a": 10, "b": 99})
    usage = usage_of([call("5", 1), call("4", 3), call("1", 1, "b")])
    alerts = budget_alerts(data_of(usage=usage, budgets=read_budgets(made), params=made))
    assert highest_crossing(alerts, "organization") == {"a": (Decimal("0.8"), date(2025, 12, 3))}
    assert highest_crossing(alerts, "product") == {}


@given(
    st.lists(
        st.tuples(st.decimals(0, 9, places=2).map(str), st.integers(1, 28)), min_size=1, max_size=9
    ),
    st.decimals(1, 30, places=2),
)
def test_a_threshold_is_reached_if_that_share_is_used_at_the_end(usage_of, params, drawn, budget):
    """Without credits, that is so for each threshold, and higher ones are not reached earlier."""
    usage = usage_of([call(*each) for each in drawn])
    reached = days_reached(usage, params, organization_budgets={"a": str(budget)})
    for (*_, threshold), day in reached.items():
        assert (day is not None) == (usage.cost >= threshold * budget)
    days = [day for day in reached.values() if day]
    assert days == sorted(days)
