"""Period end: what a running period is expected to cost in all, name by name."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from support.made_usage import Call, usage_of
from support.months import december, month

from finops_nb.figures.full_year import full_year
from finops_nb.figures.period_end import AtEnd, period_end
from finops_nb.figures.report_data import ReportData

D = Decimal
BEFORE = [month(f"2025-{number:02}", cost) for number, cost in ((11, "30"), (10, "30"))]


def running(cost: str, days: int, *months, name: str = "org-a") -> ReportData:
    """December of so many days, each at this cost."""
    calls = [Call(name, "chat", "f", "c", cost, f"2025-12-{day:02}") for day in range(1, days + 1)]
    usage = usage_of(calls, complete=False)
    return replace(december(*months), usage=usage, measured=usage)


def test_it_is_the_run_rate():
    """2 a day for a week: 31 × 2 = 62, whatever the months before."""
    assert period_end(running("2", 7, *BEFORE), "organization") == {
        "org-a": AtEnd(D(62), None, None, is_rate=True)
    }


def test_before_a_week_it_is_the_forecast_or_what_is_spent_already():
    """3 × 2 = 6 spent: 31 days at 1 a day, as before; 3 × 12 = 36 spent: 36."""
    for cost, expected in (("2", 31), ("12", 36)):
        end = period_end(running(cost, 3, *BEFORE), "organization")["org-a"]
        assert (end.expected, end.is_rate) == (expected, False)


def test_a_forecast_has_its_range_which_is_not_below_what_is_spent():
    """Five months of 20, 30, 20, 30 and 20 have one; 3 × 9 = 27 are spent."""
    months = [
        month(f"2025-{number:02}", "20" if number % 2 else "30") for number in range(11, 6, -1)
    ]
    end = period_end(running("1", 3, *months), "organization")["org-a"]
    assert end.low < end.expected < end.high
    spent = period_end(running("9", 3, *months), "organization")["org-a"]
    assert (spent.low, spent.expected, spent.high) == (27, 27, max(end.high, 27))


def test_a_name_that_is_new_is_expected_to_cost_what_it_has():
    """org-new cost 6; org-a, not yet there, is expected at 31 × 1."""
    data = running("2", 3, *BEFORE, name="org-new")
    ends = period_end(data, "organization")
    assert {name: end.expected for name, end in ends.items()} == {"org-a": 31, "org-new": 6}


def test_the_fiscal_year_expects_the_same():
    """The year's last month: what it cost before, and what December is expected to."""
    for data in (running("2", 7, *BEFORE), running("2", 3, *BEFORE)):
        [line] = full_year(data, "organization").lines
        assert line.outlook == 60 + period_end(data, "organization")["org-a"].expected


def test_nothing_is_expected_of_a_period_that_is_over_or_of_which_nothing_is_known():
    """Three days without months before are no week."""
    assert period_end(december(*BEFORE), "organization") == {}
    assert period_end(running("2", 3), "organization") == {}
