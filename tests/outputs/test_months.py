"""The months before a month, as published."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest

from finops_nb.home import Home
from finops_nb.outputs.months import months_before


def publish(home: Home, month: str, **changed) -> None:
    """Results of a month that cost 3 on its first and second day."""
    days = [
        {"day": f"{month}-01", "cost": "1.25", "calls": 1},
        {"day": f"{month}-02", "cost": "1.75", "calls": 1},
    ]
    results = {
        "name": month,
        "kind": "official",
        "currency": "USD",
        "total": "3",
        "organizations": {"org-a": "2", "(unallocated)": "1"},
        "products": {"chat": "3"},
        "rows": {"used": 2},
        "period": {"complete": True},
        "tables": {"spend_by_day": days, "executive_summary": [{"budget": "4"}]},
        "provenance": {"params": {"timezone": "UTC"}},
    }
    folder = home.outputs / month
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(results | changed))


def test_they_are_the_twelve_months_before_newest_first(home, params):
    """Only published months, without the month itself and anything further back."""
    for month in ("2024-11", "2024-12", "2025-11", "2025-12", "2026-01"):
        publish(home, month)
    months = months_before(params(), home)
    assert [month.name for month in months] == ["2025-11", "2024-12"]
    november = months[0]
    assert (november.cost, november.budget, november.rows) == (Decimal(3), Decimal(4), 2)
    assert november.of("organization") == {"org-a": Decimal(2), "(unallocated)": Decimal(1)}
    assert november.of("product") == {"chat": Decimal(3)}
    assert november.days == {date(2025, 11, 1): Decimal("1.25"), date(2025, 11, 2): Decimal("1.75")}


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "analysis"},
        {"currency": "EUR"},
        {"period": {"complete": False}},
        {"provenance": {"params": {"timezone": "Europe/Berlin"}}},
        {"tables": {}},
        {"tables": {"spend_by_day": []}},
        {"organizations": None},
        {"total": "many"},
        {"provenance": None},
        {"provenance": {}},
    ],
)
def test_only_like_is_compared_with_like(home, params, changed):
    """Another kind, currency or zone, an unfinished month and other contents are left out."""
    publish(home, "2025-11", **changed)
    assert months_before(params(), home) == ()


def test_only_a_month_has_months_before(home, params):
    publish(home, "2025-09")
    assert months_before(params(period="2025-Q4"), home) == ()


def test_a_torn_file_is_no_month(home, params):
    publish(home, "2025-11")
    file = home.outputs / "2025-11" / "results.json"
    file.write_bytes(file.read_bytes()[:-20])
    assert months_before(params(), home) == ()
