"""The months before a month, as published."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from support.checkout import SUPPORT

from finops_nb.figures.budget_status import Status
from finops_nb.home import Home
from finops_nb.outputs.artifacts import read_results
from finops_nb.outputs.cells import Cell
from finops_nb.outputs.months import OVER, month_of, months_before, months_left_out, save_months
from finops_nb.params.model import make_params


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


def test_a_quarter_looks_back_on_its_own_months_and_on_twelve_before(home, params):
    """2025-10 is in the quarter, 2024-10 is the twelfth month before it."""
    for month in ("2025-10", "2025-09", "2024-10", "2024-09"):
        publish(home, month)
    months = months_before(params(period="2025-Q4"), home)
    assert [month.name for month in months] == ["2025-10", "2025-09", "2024-10"]


def test_a_report_looks_back_on_the_months_of_compare(home, params):
    """However far back they are."""
    publish(home, "2021-12")
    [month] = months_before(params(compare="2021-12"), home)
    assert month.name == "2021-12"


def test_an_interval_looks_back_on_nothing(home, params):
    """It does not start with a month."""
    publish(home, "2025-09")
    assert months_before(params(period="2025-10-18/2025-11-18"), home) == ()


def test_a_torn_file_is_no_month(home, params):
    publish(home, "2025-11")
    file = home.outputs / "2025-11" / "results.json"
    file.write_bytes(file.read_bytes()[:-20])
    assert months_before(params(), home) == ()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, None),
        ({"kind": "analysis"}, None),
        ({"period": {"complete": False}}, "PARTIAL"),
        ({"currency": "EUR"}, "in EUR"),
        ({"provenance": {"params": {"timezone": "Asia/Tokyo"}}}, "in the time zone Asia/Tokyo"),
        ({"tables": {}}, "of another version of finops-nb"),
    ],
)
def test_a_published_month_that_is_not_compared_has_a_reason(home, params, changed, reason):
    """So that nobody is told that it was not published."""
    publish(home, "2025-11", **changed)
    assert months_left_out(params(), home) == ({} if reason is None else {"2025-11": reason})


def test_the_month_before_has_its_cells_and_every_month_its_overruns(home, params):
    """Cells of two months are compared; a streak goes further back."""
    cell = {
        "organization": "org-a",
        "product": "chat",
        "provider": "p",
        "model": "gpt",
        "task_type": "ask",
        "cost": "3",
        "calls": 2,
        "input_tokens": "10",
        "cached_tokens": None,
        "output_tokens": "5",
    }
    costs = [
        {"organization": "org-a", "variance": "0.50", "status": "OVER"},
        {"organization": "org-b", "variance": "-1", "status": "UNDER"},
    ]
    days = [{"day": "2025-11-01", "cost": "3", "calls": 2}]
    tables = {"spend_by_day": days, "executive_summary": [{"budget": None}], "cells": [cell]}
    for month in ("2025-10", "2025-11"):
        publish(home, month, tables=tables | {"cost_by_organization": costs})
    november, october = months_before(params(), home)
    assert november.cells == (Cell("org-a", "chat", "p", "gpt", "ask", 2, 15, Decimal(3)),)
    assert october.cells is None
    assert november.excesses == october.excesses
    assert november.excesses["organization"] == {"org-a": Decimal("0.50")}


def test_a_name_that_was_over_has_the_status_of_that_name():
    """Without it, no earlier month would have an overrun."""
    assert OVER == Status.OVER


def test_a_run_gives_its_notebook_the_months_as_it_has_them(home, params, monkeypatch, tmp_path):
    """Read from the staging folder, they are equal, with cells and reasons."""
    publish(home, "2025-11")
    publish(home, "2025-10", currency="EUR")
    months = months_before(params(), home)
    save_months(months, months_left_out(params(), home), tmp_path)
    monkeypatch.setenv("FINOPS_NB_STAGING", str(tmp_path))
    assert months_before(params()) == months
    assert months_left_out(params()) == {"2025-10": "in EUR"}


@pytest.mark.parametrize(
    ("version", "cells"), [("without_cells", None), ("with_cells", 3)], ids=["before cells", "now"]
)
def test_the_results_of_every_version_are_read(version, cells):
    """6.25 of org-a, 1.25 over its 5; 3.75 of org-b under its 9; chat 8.75, code 1.25.

    A version that writes other tables adds a file to support/results, made of the same three calls.
    """
    file = SUPPORT / "results" / f"{version}.json"
    params = make_params({"period": "2025-12", "usage": "usage/calls.csv"})
    month = month_of(read_results(file.read_bytes()), params)
    assert (month.name, month.cost, month.rows, month.budget) == ("2025-11", 10, 3, 14)
    assert month.organizations == {"org-a": Decimal("6.25"), "org-b": Decimal("3.75")}
    assert month.products == {"chat": Decimal("8.75"), "code": Decimal("1.25")}
    assert month.excesses == {"organization": {"org-a": Decimal("1.25")}, "product": {}}
    assert month.budgets["product"] == {"chat": 20}
    assert month.pairs["org-b", "code"] == Decimal("1.25")
    assert (month.cells and len(month.cells)) == cells
