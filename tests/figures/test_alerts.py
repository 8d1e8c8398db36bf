"""Budget alerts: the first day on which each threshold was reached."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.made_usage import data_of

from finops_nb.figures.alerts import budget_alerts, highest_crossing
from finops_nb.params.budgets import read_budgets


def call(cost: str, day: int, organization: str = "a", product: str = "x") -> tuple:
    return (organization, product, "f", "c", cost, f"2025-12-{day:02}")


def crossed(usage, params, **keys) -> dict[tuple, int | None]:
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
    """Of a budget of 10: at exactly 5, 8 and 10 and not before; a credit later does not take the day back."""
    usage = usage_of([call(cost, day) for day, cost in enumerate(costs, 1)])
    found = crossed(usage, params, organization_budgets={"a": 10})
    assert list(found.values()) == days
    assert [threshold for *_, threshold in found] == [
        Decimal("0.5"),
        Decimal("0.8"),
        Decimal("1.0"),
    ]


def test_a_budget_of_nothing_is_crossed_by_the_first_cost(usage_of, params):
    """A free call crosses nothing; the first cent crosses all."""
    usage = usage_of([call("0", 1), call("0.01", 2)])
    assert set(crossed(usage, params, organization_budgets={"a": 0}).values()) == {2}


def test_organizations_and_products_are_told_apart(usage_of, params):
    """One name in both: the organization a spent 9, the product a 3."""
    usage = usage_of([call("6", 1, "a", "b"), call("3", 2, "a", "a")])
    found = crossed(
        usage,
        params,
        organization_budgets={"a": 9},
        product_budgets={"a": 3},
        alert_thresholds=["1"],
    )
    assert found == {("organization", "a", 1): 2, ("product", "a", 1): 2}


def test_a_budget_without_usage_crosses_nothing(usage_of, params):
    found = crossed(
        usage_of([call("1", 1)]), params, organization_budgets={"idle": 5}, alert_thresholds=["0.5"]
    )
    assert found == {("organization", "idle", Decimal("0.5")): None}


def test_the_highest_crossing_is_the_last_one(usage_of, params):
    """9 of 10 crossed 80% on the third; what crossed nothing is not there."""
    made = params(organization_budgets={"a": 10, "b": 99})
    alerts = budget_alerts(
        data_of(
            usage=usage_of([call("5", 1), call("4", 3), call("1", 1, "b")]),
            budgets=read_budgets(made),
            params=made,
        )
    )
    assert highest_crossing(alerts, "organization") == {"a": (Decimal("0.8"), date(2025, 12, 3))}
    assert highest_crossing(alerts, "product") == {}


@given(
    st.lists(
        st.tuples(st.decimals(0, 9, places=2).map(str), st.integers(1, 28)), min_size=1, max_size=9
    ),
    st.decimals(1, 30, places=2),
)
def test_a_crossed_threshold_is_what_is_used_at_the_end(usage_of, params, drawn, budget):
    """Without credits, a threshold is crossed if and only if that share is used in the end, and higher ones never earlier."""
    usage = usage_of([call(*each) for each in drawn])
    found = crossed(usage, params, organization_budgets={"a": str(budget)})
    for (*_, threshold), day in found.items():
        assert (day is not None) == (usage.cost >= threshold * budget)
    reached = [day for day in found.values() if day]
    assert reached == sorted(reached)
