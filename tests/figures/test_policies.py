"""Policies: which spend needed an approval or a budget and has none, and which budget has no owner."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.made_usage import data_of

from finops_nb.figures.policies import breaches, spend_without_approval
from finops_nb.figures.variance import variance_by
from finops_nb.params.budgets import read_budgets


def call(product: str, cost: str, day: str = "2025-12-31") -> tuple:
    return ("a", product, "f", "c", cost, day)


def found(usage, params) -> list[tuple]:
    frame = spend_without_approval(data_of(usage=usage, params=params))
    return [(row.month, row.product, row.cost) for row in frame.itertuples()]


@pytest.mark.parametrize(
    ("cost", "asked"), [("1000.000001", True), ("1000", False), ("999.999999", False)]
)
def test_it_asks_for_approval_above_the_limit(usage_of, params, cost, asked):
    """Exactly at the limit needs none."""
    assert (
        found(usage_of([call("x", cost)]), params()) == [("2025-12", "x", Decimal(cost))]
    ) is asked


def test_it_asks_by_calendar_month(usage_of, params):
    """Over a quarter, 700 + 700 in two months need none; 700 + 700 in one do; each month has its line, the dearest first."""
    usage = usage_of(
        [
            *(call("spread", "700", day) for day in ("2025-10-31", "2025-11-01")),
            *(call("dense", "700", day) for day in ("2025-11-01", "2025-11-30")),
            *(call("twice", "1200", day) for day in ("2025-10-01", "2025-12-31")),
        ],
        period="2025-Q4",
    )

    assert found(usage, params()) == [
        ("2025-11", "dense", Decimal(1400)),
        ("2025-10", "twice", Decimal(1200)),
        ("2025-12", "twice", Decimal(1200)),
    ]


def test_it_accepts_what_was_approved(usage_of, params):
    """An approval on record is by name; cost without a product has none to have."""
    usage = usage_of([call("x", "2000"), call("y", "3000"), call("", "9000")])

    assert found(usage, params(approvals={"y": "CFO, 2025-11-20"})) == [
        ("2025-12", "x", Decimal(2000))
    ]
    assert found(usage, params(approvals={"x": "CFO", "y": "CFO"})) == []


def test_it_asks_for_every_spend_under_a_limit_of_zero(usage_of, params):
    """Also of a cent; a credit is no spend."""
    usage = usage_of([call("x", "0.01"), call("free", "0"), call("credit", "-5")])

    assert found(usage, params(approval_limit=0)) == [("2025-12", "x", Decimal("0.01"))]


def test_it_accepts_an_approval_for_its_month_only(usage_of, params):
    """One of November says nothing of December."""
    usage = usage_of(
        [call("x", "2000", "2025-11-30"), call("x", "3000", "2025-12-01")], period="2025-Q4"
    )

    assert found(usage, params(period="2025-Q4", approvals={"x": {"2025-11": "CFO"}})) == [
        ("2025-12", "x", Decimal(3000))
    ]


def broken(usage, params, **keys) -> list[tuple]:
    made = params(**keys)
    budgets = read_budgets(made)
    variances = (
        variance_by(data_of(usage=usage, budgets=budgets, params=made), by)
        for by in ("organization", "product")
    )
    return list(
        breaches(data_of(usage=usage, budgets=budgets, params=made), *variances)
        .drop(columns=["action", "owner"])
        .itertuples(index=False, name=None)
    )


def test_it_names_each_breach_with_its_money(usage_of, params):
    """1,200.00 of x without approval; a budget of 90 without an owner; y spent 3.00 without a budget while x has one."""
    usage = usage_of([call("x", "1200"), call("y", "3"), ("", "x", "f", "c", "5")])

    assert broken(
        usage,
        params,
        organization_budgets={"a": 90},
        product_budgets={"x": 80},
        owners={"x": "Bob"},
    ) == [
        (
            "Approval limit",
            "x",
            "December 2025",
            Decimal(1205),
        ),
        ("Budget without an owner", "a", "", Decimal(90)),
        ("Spend without a budget", "y", "", Decimal(3)),
    ]


def test_a_kept_policy_is_no_breach(usage_of, params):
    """Approved, owned and budgeted; where nobody has a budget, none is missing; cost without a name has no owner to have."""
    usage = usage_of([call("x", "1200"), ("", "x", "f", "c", "5")])
    kept = {
        "organization_budgets": {"a": 90},
        "product_budgets": {"x": 80},
        "owners": {"x": "Bob", "a": "Ada"},
        "approvals": {"x": "CFO"},
    }

    assert broken(usage, params, **kept) == []
    assert broken(usage, params, approvals={"x": "CFO"}) == []


def test_it_names_the_owner_of_a_breach(usage_of, params):
    """Who answers for it stands beside the name."""
    usage, made = usage_of([call("x", "1200")]), params(owners={"x": "Bob"})
    budgets = read_budgets(made)
    data = data_of(usage=usage, budgets=budgets, params=made)
    found = breaches(data, *(variance_by(data, by) for by in ("organization", "product")))
    assert list(found[["policy", "name", "owner"]].itertuples(index=False, name=None)) == [
        ("Approval limit", "x", "Bob")
    ]


def test_a_budget_of_nothing_and_without_spend_still_needs_an_owner(usage_of, params):
    """It is a promise to somebody."""
    assert broken(
        usage_of([call("x", "1")]),
        params,
        organization_budgets={"a": 5, "z": 0},
        owners={"a": "Ada"},
    ) == [("Budget without an owner", "z", "", Decimal(0))]
