"""Policies: which spend needed an approval and has none, and who has no owner."""

from __future__ import annotations

from decimal import Decimal

import pytest

from finops_nb.policies import unapproved, without_owner
from finops_nb.schema import UNALLOCATED


def call(product: str, cost: str, day: str = "2025-12-31") -> tuple:
    return ("a", product, "f", "c", cost, day)


def found(usage, params) -> list[tuple]:
    frame = unapproved(usage, params)
    return [(row.month, row.product, row.cost) for row in frame.itertuples()]


@pytest.mark.parametrize(("cost", "asked"), [("1000.000001", True), ("1000", False), ("999.999999", False)])
def test_it_asks_for_approval_above_the_limit(usage_of, params, cost, asked):
    """Exactly at the limit needs none."""
    assert (found(usage_of([call("x", cost)]), params()) == [("2025-12", "x", Decimal(cost))]) is asked


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

    assert found(usage, params(approvals={"y": "CFO, 2025-11-20"})) == [("2025-12", "x", Decimal(2000))]
    assert found(usage, params(approvals={"x": "CFO", "y": "CFO"})) == []


def test_it_asks_for_every_spend_under_a_limit_of_zero(usage_of, params):
    """Also of a cent; a credit is no spend."""
    usage = usage_of([call("x", "0.01"), call("free", "0"), call("credit", "-5")])

    assert found(usage, params(approval_limit=0)) == [("2025-12", "x", Decimal("0.01"))]


def test_it_names_those_without_an_owner(params):
    """In the order given; what has no name needs none."""
    assert without_owner(["b", "a", UNALLOCATED, "c"], params(owners={"a": "Ada"})) == ("b", "c")
    assert without_owner([], params()) == ()
