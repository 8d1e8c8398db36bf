"""Every published report, as its results have it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.index_folders import publish, results_of

from finops_nb.outputs.manifest import Kind
from finops_nb.outputs.reports import published_reports


def test_the_newest_period_comes_first(tmp_path):
    """Reports are sorted by the end of their period, then its start; hidden folders are skipped."""
    for name, period in (
        ("2025-11", None),
        ("2025-12", None),
        ("analysis/2025-Q4", "2025-Q4"),
        ("2024-12", None),
    ):
        publish(tmp_path, name, period)
    publish(tmp_path, ".staging/2025-12/new", "2025-12")
    reports, unreadable = published_reports(tmp_path)
    assert [report.name for report in reports] == [
        "2025-12",
        "analysis/2025-Q4",
        "2025-11",
        "2024-12",
    ]
    assert unreadable == []


def test_a_report_has_its_published_figures(tmp_path):
    """A day without usage costs 0, and the days end with the last one with usage."""
    publish(tmp_path, "2025-12")
    [report] = published_reports(tmp_path)[0]
    assert (report.kind, report.cost, report.currency, report.complete) == (
        Kind.OFFICIAL,
        Decimal("3.005"),
        "USD",
        True,
    )
    assert report.days == (Decimal("1.005"), Decimal(0), Decimal(2))
    assert report.opened == {
        "budget": Decimal(4),
        "variance": Decimal("-0.995"),
        "variance_ratio": Decimal("-0.24875"),
        "status": "UNDER",
    }
    assert report.files == ("Report", "Results")


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "2025-11"},
        {"kind": "x"},
        {"total": "x"},
        {"total": None},
        {"tables": {}},
        {"provenance": {}},
        {"period": None},
        {"total": "NaN"},
    ],
)
def test_unreadable_reports_are_named(tmp_path, changed):
    """A copy, another version's results and torn ones are named, not left out silently."""
    publish(tmp_path, "2025-10")
    publish(tmp_path, "2025-12", text=results_of("2025-12", "2025-12", **changed))
    publish(tmp_path, "2025-09", text="{")
    reports, unreadable = published_reports(tmp_path)
    assert ([report.name for report in reports], unreadable) == (
        ["2025-10"],
        ["2025-09", "2025-12"],
    )


def test_an_empty_folder_holds_none(tmp_path):
    assert published_reports(tmp_path) == ([], [])
