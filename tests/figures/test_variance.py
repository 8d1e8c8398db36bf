"""Variance: actual − budget, by name and in total; a positive variance is unfavorable."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.figures.budget_status import Status
from finops_nb.figures.variance import TotalVariance, budget_variance, headline, total_variance
from finops_nb.money import rounded, total
from finops_nb.schema import UNALLOCATED

AT_RISK = Decimal("0.8")
UNDER, OVER, NEAR, NONE = Status.UNDER, Status.OVER, Status.AT_RISK, Status.NO_BUDGET

amounts = st.decimals(-1000, 1000, places=6)
costs = st.dictionaries(st.sampled_from([*"abcdef", UNALLOCATED]), amounts, min_size=1)
budgets = st.dictionaries(st.sampled_from("abcdefgh"), st.decimals(0, 1000, places=6))


def compare(
    spent: Mapping[str, str | Decimal],
    budgets: Mapping[str, str | Decimal],
    complete: bool = True,
    currency: str = "USD",
) -> pd.DataFrame:
    """Costs by name, one call and one customer each, against budgets by name."""
    rows = [(name, Decimal(cost), None, 1, 1) for name, cost in spent.items()]
    frame = pd.DataFrame(
        rows, columns=["organization", "cost", "share", "calls", "customers"]
    ).astype({"cost": object})
    amounts = {name: Decimal(budget) for name, budget in budgets.items()}
    return budget_variance(frame, amounts, AT_RISK, complete, currency)


def line(cost: str, budget: str, complete: bool = True) -> dict:
    return compare({"a": cost}, {"a": budget}, complete).iloc[0].to_dict()


@pytest.mark.parametrize(
    ("cost", "budget", "variance", "variance_ratio", "budget_used", "status"),
    [
        ("4", "5", "-1", "-0.2", "0.8", UNDER),
        ("5", "5", "0", "0", "1", UNDER),
        ("5.000001", "5", "0.000001", "0.0000002", "1.0000002", UNDER),
        ("5.005", "5", "0.005", "0.001", "1.001", OVER),
        ("4.999999", "5", "-0.000001", "-0.0000002", "0.9999998", UNDER),
        ("6", "5", "1", "0.2", "1.2", OVER),
        ("0", "5", "-5", "-1", "0", UNDER),
        ("-1", "5", "-6", "-1.2", "-0.2", UNDER),
        ("0", "0", "0", None, None, UNDER),
        ("0.000001", "0", "0.000001", None, None, UNDER),
        ("0.01", "0", "0.01", None, None, OVER),
        ("-1", "0", "-1", None, None, UNDER),
        ("0.3", "0.3", "0", "0", "1", UNDER),
    ],
)
def test_it_compares_a_cost_with_its_budget(
    cost, budget, variance, variance_ratio, budget_used, status
):
    """At budget is UNDER, above it by a printed cent is OVER; a zero budget has no fractions."""
    texts = (variance, variance_ratio, budget_used)
    expected = [None if text is None else Decimal(text) for text in texts]
    row = line(cost, budget)

    assert [row["variance"], row["variance_ratio"], row["budget_used"]] == expected
    assert row["status"] == status


@pytest.mark.parametrize(
    ("cost", "budget", "complete", "status"),
    [
        ("4.000000", "5", False, NEAR),
        ("3.999999", "5", False, UNDER),
        ("5", "5", False, NEAR),
        ("5.01", "5", False, OVER),
        ("4.1", "5", True, UNDER),
        ("5", "5", True, UNDER),
        ("0", "0", False, UNDER),
        ("-1", "5", False, UNDER),
        ("0.266666666666", "0.333333333333", False, UNDER),
        ("0.266666666667", "0.333333333333", False, NEAR),
    ],
)
def test_it_is_at_risk_in_a_running_period_only(cost, budget, complete, status):
    """From exactly 80% up to the budget, while the period runs.

    0.333333333333 × 0.8 = 0.2666666666664.
    """
    assert line(cost, budget, complete)["status"] == status


def test_it_has_every_name_with_cost_or_budget():
    """Without a budget the variance is the whole cost; without cost it is −budget."""
    frame = compare({"a": "6", "new": "2", UNALLOCATED: "1"}, {"a": "5", "idle": "3"})

    assert frame.drop(columns=["variance_ratio", "budget_used", "run_rate"]).values.tolist() == [
        ["a", Decimal(6), Decimal(5), Decimal(1), OVER, 1, 1],
        ["new", Decimal(2), None, Decimal(2), NONE, 1, 1],
        ["idle", Decimal(0), Decimal(3), Decimal(-3), UNDER, 0, 0],
        [UNALLOCATED, Decimal(1), None, Decimal(1), NONE, 1, 1],
    ]
    assert [frame["variance_ratio"][1], frame["budget_used"][1]] == [None, None]


def test_it_has_no_variance_without_any_budget():
    """If no name has a budget, there is nothing to compare with."""
    frame = compare({"a": "6", "b": "2"}, {})

    assert frame[["budget", "variance", "variance_ratio", "budget_used"]].isna().all(axis=None)
    assert list(frame["status"]) == [NONE, NONE]
    assert total_variance(frame, AT_RISK, True, "USD") == TotalVariance(
        Decimal(8), None, None, None, None, NONE
    )


def test_it_adds_up_to_the_total():
    """The variances 1 + 2 − 3 add up to the total's: 8 spent of 8 budgeted."""
    totals = total_variance(
        compare({"a": "6", "new": "2"}, {"a": "5", "idle": "3"}), AT_RISK, True, "USD"
    )

    assert totals == TotalVariance(
        Decimal(8), Decimal(8), Decimal(0), Decimal(0), Decimal(1), UNDER
    )


@pytest.mark.parametrize(
    ("cost", "complete", "status"),
    [("8", True, UNDER), ("8.01", True, OVER), ("6.4", False, NEAR), ("6.39", False, UNDER)],
)
def test_it_gives_the_total_a_status_of_its_own(cost, complete, status):
    """Of 5 + 3 budgeted, 6.40 is 80%."""
    frame = compare({"a": cost}, {"a": "5", "b": "3"}, complete)

    assert total_variance(frame, AT_RISK, complete, "USD").status == status


@given(costs, budgets)
def test_its_columns_add_up(costs, budgets):
    """Cost, budget and variance of the lines add up to the total's, exactly."""
    frame = compare(costs, budgets)
    totals = total_variance(frame, AT_RISK, True, "USD")

    assert total(frame["cost"]) == totals.actual == total(costs.values())
    set_budgets = [budget for budget in frame["budget"] if budget is not None]
    assert total(set_budgets) == (totals.budget or 0) == total(budgets.values())
    if budgets:
        assert total(frame["variance"]) == totals.variance == totals.actual - totals.budget


@given(costs, budgets, st.booleans())
def test_it_has_one_line_a_name(costs, budgets, complete):
    """No name is dropped or doubled."""
    frame = compare(costs, budgets, complete)

    assert sorted(frame["organization"]) == sorted({*costs, *budgets})
    assert all(status != NEAR for status in frame["status"]) or not complete


@given(amounts, st.decimals(0, 1000, places=6), st.sampled_from(("USD", "JPY", "KWD")))
def test_a_status_follows_the_printed_variance(cost, budget, currency):
    """OVER where the variance prints above zero in the currency's decimals, and only there."""
    frame = compare({"a": cost}, {"a": budget}, currency=currency)
    printed = rounded(cost - budget, {"USD": 2, "JPY": 0, "KWD": 3}[currency])

    assert (frame["status"].iloc[0] == OVER) == (printed > 0)
    assert total_variance(frame, AT_RISK, True, currency).status == frame["status"].iloc[0]


def test_it_sorts_by_cost():
    """Highest cost first, equals by name, cost without a name last."""
    frame = compare({"b": "1", "c": "2", UNALLOCATED: "9"}, {"a": "1", "z": "1"})

    assert list(frame["organization"]) == ["c", "b", "a", "z", UNALLOCATED]


def test_the_headline_is_the_total_that_has_a_budget():
    """It is the organizations' total, or the products' if only they have budgets."""
    with_budget, without = (
        total_variance(compare({"a": "6"}, budgets), AT_RISK, True, "USD")
        for budgets in ({"a": "5"}, {})
    )
    other = with_budget._replace(actual=Decimal(7))

    assert headline(with_budget, other) is with_budget
    assert headline(without, with_budget) is with_budget
    assert headline(with_budget, without) is with_budget
    assert headline(without, without) is without


def test_a_variance_table_may_be_compared_with_other_budgets():
    """The result is that of the costs alone: earlier budgets leave no trace."""
    first = compare({"a": "6", "b": "2"}, {"a": "5"})
    again = budget_variance(first, {"b": Decimal(1)}, AT_RISK, True, "USD")

    assert again.equals(compare({"a": "6", "b": "2"}, {"b": "1"}))
