"""Policies: spend that lacks an approval or a budget, and budgets that lack an owner."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest
from support.made_usage import data_of

from finops_nb.figures.policies import breaches, spend_without_approval
from finops_nb.figures.variance import variance_by
from finops_nb.params.budgets import read_budgets
from finops_nb.params.model import make_params


def call(product: str, cost: str, day: str = "2025-12-31") -> tuple:
    return ("a", product, "f", "c", cost, day)


def missing_approvals(usage, params) -> list[tuple]:
    frame = spend_without_approval(data_of(usage=usage, params=params))
    return [(row.month, row.product, row.cost) for row in frame.itertuples()]


def test_no_limit_is_set_until_the_params_set_one(usage_of):
    """A limit of 1,000 would mean something else in yen than in dollars."""
    made = make_params({"period": "2025-12", "usage": "sample:", "currency": "JPY"})
    usage = usage_of([("a", "x", "f", "c", "999999")])
    assert missing_approvals(usage, made) == []


@pytest.mark.parametrize(
    ("cost", "missing"),
    [("1000.005", True), ("1000.004999", False), ("1000", False), ("999.999999", False)],
)
def test_spend_above_the_limit_needs_an_approval(usage_of, params, cost, missing):
    """Spend at the limit needs none, nor does spend whose excess prints as $0.00."""
    rows = [("2025-12", "x", Decimal(cost))] if missing else []
    assert missing_approvals(usage_of([call("x", cost)]), params()) == rows


def test_the_limit_is_for_each_calendar_month(usage_of, params):
    """In a quarter, 700 + 700 in two months need no approval; in one month they do.

    Each month has a line, the highest cost first.
    """
    usage = usage_of(
        [
            *(call("spread", "700", day) for day in ("2025-10-31", "2025-11-01")),
            *(call("dense", "700", day) for day in ("2025-11-01", "2025-11-30")),
            *(call("twice", "1200", day) for day in ("2025-10-01", "2025-12-31")),
        ],
        period="2025-Q4",
    )

    assert missing_approvals(usage, params()) == [
        ("2025-11", "dense", Decimal(1400)),
        ("2025-10", "twice", Decimal(1200)),
        ("2025-12", "twice", Decimal(1200)),
    ]


def test_approved_spend_is_accepted(usage_of, params):
    """An approval on record is by name; cost without a product needs none."""
    usage = usage_of([call("x", "2000"), call("y", "3000"), call("", "9000")])

    assert missing_approvals(usage, params(approvals={"y": "CFO, 2025-11-20"})) == [
        ("2025-12", "x", Decimal(2000))
    ]
    assert missing_approvals(usage, params(approvals={"x": "CFO", "y": "CFO"})) == []


def test_a_limit_of_zero_is_for_every_spend(usage_of, params):
    """A cent needs an approval; a credit does not."""
    usage = usage_of([call("x", "0.01"), call("free", "0"), call("credit", "-5")])

    assert missing_approvals(usage, params(approval_limit=0)) == [("2025-12", "x", Decimal("0.01"))]


def test_an_approval_may_be_for_one_month_only(usage_of, params):
    """An approval for November does not cover December."""
    usage = usage_of(
        [call("x", "2000", "2025-11-30"), call("x", "3000", "2025-12-01")], period="2025-Q4"
    )

    assert missing_approvals(
        usage, params(period="2025-Q4", approvals={"x": {"2025-11": "CFO"}})
    ) == [("2025-12", "x", Decimal(3000))]


def all_breaches(usage, params, **keys) -> pd.DataFrame:
    made = params(**keys)
    data = data_of(usage=usage, budgets=read_budgets(made), params=made)
    return breaches(data, *(variance_by(data, by) for by in ("organization", "product")))


def listed(usage, params, **keys) -> list[tuple]:
    """Policy, name, month and amount of every breach."""
    frame = all_breaches(usage, params, **keys).drop(columns=["action", "owner"])
    return list(frame.itertuples(index=False, name=None))


def test_it_names_each_breach_with_its_money(usage_of, params):
    """1,205.00 of x without an approval, and a budget of 90 without an owner.

    y spent 3.00 without a budget, while x has one.
    """
    usage = usage_of([call("x", "1200"), call("y", "3"), ("", "x", "f", "c", "5")])

    assert listed(
        usage,
        params,
        organization_budgets={"a": 90},
        product_budgets={"x": 80},
        owners={"x": "Bob"},
    ) == [
        ("Approval limit", "x", "December 2025", Decimal(1205)),
        ("Budget without an owner", "a", "", Decimal(90)),
        ("Spend without a budget", "y", "", Decimal(3)),
    ]


def test_a_policy_that_is_met_has_no_breach(usage_of, params):
    """Spend is approved and budgeted, budgets have owners; cost without a name needs none.

    If no name has a budget, none is missing.
    """
    usage = usage_of([call("x", "1200"), ("", "x", "f", "c", "5")])
    kept = {
        "organization_budgets": {"a": 90},
        "product_budgets": {"x": 80},
        "owners": {"x": "Bob", "a": "Ada"},
        "approvals": {"x": "CFO"},
    }

    assert listed(usage, params, **kept) == []
    assert listed(usage, params, approvals={"x": "CFO"}) == []


def test_it_names_the_owner_of_a_breach(usage_of, params):
    """The owner is beside the name."""
    frame = all_breaches(usage_of([call("x", "1200")]), params, owners={"x": "Bob"})
    rows = frame[["policy", "name", "owner"]].itertuples(index=False, name=None)
    assert list(rows) == [("Approval limit", "x", "Bob")]


def test_a_zero_budget_without_spend_needs_an_owner(usage_of, params):
    """A budget of zero is a budget."""
    assert listed(
        usage_of([call("x", "1")]),
        params,
        organization_budgets={"a": 5, "z": 0},
        owners={"a": "Ada"},
    ) == [("Budget without an owner", "z", "", Decimal(0))]
