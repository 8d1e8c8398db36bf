"""The tables of budgets: they print what they should, and are empty if they have nothing to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import pandas as pd
import pytest
from support.made_usage import data_of
from support.published import cells_of, text_of

from finops_nb.figures.crossings import budget_alerts
from finops_nb.figures.policies import breaches
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import BacktestError, cost_after
from finops_nb.figures.variance import TotalVariance, headline, total_of, variance_by
from finops_nb.findings.overview import overview
from finops_nb.params.budgets import Version, read_budgets
from finops_nb.params.model import Params
from finops_nb.report import budget_tables, prose
from finops_nb.report.table import Table
from finops_nb.usage.model import Usage

VERSIONS = [
    {
        "version": "original",
        "organization_budgets": {"a": 5, "b": 7, "gone": 1},
        "product_budgets": {"x": 3},
    },
    {"version": "revised 1", "date": "2025-12-15", "author": "Ana", "reason": "more for a"},
]


class Made(NamedTuple):
    """Report data, both variance tables and their totals."""

    data: ReportData
    organizations: pd.DataFrame
    products: pd.DataFrame
    totals: tuple[TotalVariance, TotalVariance]


def made_of(usage: Usage, params: Params) -> Made:
    data = data_of(usage=usage, budgets=read_budgets(params), params=params)
    organizations, products = (variance_by(data, by) for by in ("organization", "product"))
    totals = (total_of(data, organizations), total_of(data, products))
    return Made(data, organizations, products, totals)


def running(usage_of, last_day: int = 14) -> Usage:
    """10.00 a day for organization a and product x, up to a day of December."""
    calls = [("a", "x", "f", "c", "10", f"2025-12-{day:02}") for day in range(1, last_day + 1)]
    return usage_of(calls, complete=False)


def outlook_of(made: Made, errors: Sequence[BacktestError] = ()) -> str:
    return text_of(prose.outlook(made.data, headline(*made.totals), errors))


def alerts_of(usage: Usage, params: Params) -> Table:
    data = data_of(usage=usage, budgets=read_budgets(params), params=params)
    return budget_tables.budget_alerts(data, budget_alerts(data))


def policies_of(usage: Usage, params: Params) -> Table:
    data, organizations, products, _ = made_of(usage, params)
    return budget_tables.policies(data, breaches(data, organizations, products))


def test_a_running_period_has_its_budget_to_date_and_run_rate(usage_of, params):
    """10 a day is 140 in 14 days and 310 in 31, 10 over the budget of 300.

    Of that budget, 300 × 14 ÷ 31 = 135.48 is to date.
    """
    made = made_of(running(usage_of), params(organization_budgets={"a": 300}))
    table = budget_tables.running_period(*made)
    assert cells_of(table)["a"] == {
        "Name": "a",
        "Cost to Date": "$140.00",
        "Budget to Date": "$135.48",
        "Budget": "$300.00",
        "Run Rate": "$310.00",
        "Run Rate − Budget": "+$10.00",
        "Budget Used Up": "2025-12-30",  # 30 days of 10
        "Status": "AT RISK",
    }
    assert "Figures to date cover 14 of 31 days, through December 14." in text_of(table)
    assert cells_of(table)["x"]["Budget"] == "n/a"


def test_figures_to_date_end_with_as_of(usage_of, params):
    """The first 7 of 14 days: 70 to date, 300 × 7 ÷ 31 = 67.74 of budget, 310 at the end.

    The report says that the later days are in the cost.
    """
    usage = replace(running(usage_of), complete_through=date(2025, 12, 7))
    made = made_of(usage, params(organization_budgets={"a": 300}, as_of="2025-12-07"))
    table = budget_tables.running_period(*made)
    rows = cells_of(table)
    assert [rows["a"][head] for head in ("Cost to Date", "Budget to Date", "Run Rate")] == [
        "$70.00",
        "$67.74",
        "$310.00",
    ]
    assert rows["Total"]["Cost to Date"] == "$70.00"
    assert cost_after(usage) == Decimal(70)
    later = (
        "Total costs also include $70.00 dated December 8 to December 14; the run rate and the "
        "figures to date exclude it."
    )
    assert later in overview(made.data)["warnings"]
    assert table.caption == (
        "Cost and budget to date, and run rate through December 31; "
        "status is based on total cost, including cost after December 7"
    )


def test_a_last_day_counts_as_whole_without_as_of(usage_of, params):
    """The report says so, because that day may have more usage than is known."""
    tables = [
        budget_tables.running_period(*made_of(running(usage_of), params(as_of=as_of)))
        for as_of in ("2025-12-14", None)
    ]
    assert ["counts as a whole day" in text_of(table) for table in tables] == [False, True]


def test_below_a_week_there_is_no_run_rate(usage_of, params):
    """The table and the summary say so; the budget to date is 300 × 6 ÷ 31 = 58.06."""
    made = made_of(running(usage_of, 6), params(organization_budgets={"a": 300}))
    table = budget_tables.running_period(*made)
    row = cells_of(table)["a"]
    assert (row["Run Rate"], row["Budget to Date"]) == ("n/a", "$58.06")
    reason = "There is no run rate through December 31 yet because it needs 7 days of usage"
    assert f"{reason}." in text_of(table)
    assert outlook_of(made) == f"{reason} (6 days so far)."


def test_the_outlook_has_its_error_beside_it(usage_of, params):
    """It prints the smallest and the largest error of earlier months."""
    made = made_of(running(usage_of), params(organization_budgets={"a": 300}))
    errors = [
        BacktestError("2025-11", Decimal(97), Decimal(100), Decimal("-0.03")),
        BacktestError("2025-10", Decimal(105), Decimal(100), Decimal("0.05")),
    ]
    assert outlook_of(made, errors) == (
        "At the current run rate, cost will reach $310.00 by December 31, "
        "$10.00 over the $300.00 budget. "
        "The remaining 17 days are projected from the first 14, by day of the week. "
        "In the 2 earlier months, the run rate after 14 days was between 3.0% below and 5.0% above "
        "actual cost."
    )
    rows = cells_of(budget_tables.run_rate_misses(made.data, errors))
    assert rows["November 2025"] == {
        "Month": "November 2025",
        "Run Rate": "$97.00",
        "Actual": "$100.00",
        "Error": "-3.0%",
    }


def test_equal_errors_are_printed_once(usage_of, params):
    """Both are 0.0%."""
    made = made_of(running(usage_of), params(organization_budgets={"a": 300}))
    errors = [
        BacktestError(month, Decimal(100), Decimal(100), Decimal("0.0001"))
        for month in ("2025-11", "2025-10")
    ]
    assert outlook_of(made, errors).endswith(
        "In the 2 earlier months, the run rate after 14 days was within 0.1% of actual cost."
    )


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        (["-0.003"], "In the one earlier month, the run rate after 14 days was 0.3% below"),
        (["0.003", "0.003"], "was 0.3% above"),
        (["-0.003", "-0.001"], "was between 0.1% and 0.3% below"),
        (["0.003", "0.001"], "was between 0.1% and 0.3% above"),
        (["0.003", "0"], "was between 0.0% and 0.3% above"),
    ],
)
def test_errors_on_one_side_name_it_once(usage_of, params, errors, expected):
    """The smaller distance from the actual cost is named first."""
    made = made_of(running(usage_of), params(organization_budgets={"a": 300}))
    months = [
        BacktestError(f"2025-1{place}", Decimal(97), Decimal(100), Decimal(error))
        for place, error in enumerate(errors)
    ]
    assert outlook_of(made, months).endswith(f"{expected} actual cost.")


def test_one_remaining_day_is_in_the_singular(usage_of, params):
    """Thirty of 31 days are known."""
    made = made_of(running(usage_of, 30), params(organization_budgets={"a": 300}))
    text = "The remaining day is projected from the first 30, by day of the week. "
    assert text in outlook_of(made)


@pytest.mark.parametrize(
    ("period", "text"),
    [
        (
            "2025-12",
            "There is no error estimate yet because there is no earlier month to test against.",
        ),
        (
            "2025-Q4",
            "There is no error estimate because run rates are tested on calendar months only.",
        ),
    ],
)
def test_without_an_earlier_month_there_is_no_error(usage_of, params, period, text):
    """The outlook gives the reason."""
    calls = [("a", "x", "f", "c", "10", f"2025-12-{day:02}") for day in range(1, 15)]
    usage = usage_of(calls, period=period, complete=False)
    assert outlook_of(made_of(usage, params(period=period))).endswith(text)


def test_the_outlook_in_the_results_has_signed_figures(usage_of, params):
    """The distance to the budget is printed only; against a budget of 0, all of it is over."""
    made = made_of(running(usage_of), params(organization_budgets={"a": 0}))
    [line, _] = prose.outlook(made.data, headline(*made.totals), ()).records()
    assert "$310.00 over the $0.00 budget" in line.pop("text")
    assert line == {
        "last": "2025-12-31",
        "seen": 14,
        "run_rate": "310",
        "over": "310",
        "budget": "0",
    }


def test_a_period_that_is_over_has_no_run_rate(six, params):
    """Its tables are empty, and its prose is about the next month: 31 days at 10 ÷ 31."""
    made = made_of(six, params(organization_budgets={"org-a": 300}))
    assert text_of(budget_tables.running_period(*made)) == ""
    assert text_of(budget_tables.run_rate_misses(made.data, ())) == ""
    assert (
        outlook_of(made)
        == "January 2026 is expected to cost $10. This report does not have that month's budget."
    )


def test_alerts_have_a_column_for_each_threshold(usage_of, params):
    """140 of 200 is past half on December 10; the other thresholds were not crossed."""
    thresholds = ["0.5", "0.725", "1"]
    made = params(organization_budgets={"a": 200}, alert_thresholds=thresholds)
    table = alerts_of(running(usage_of), made)
    assert cells_of(table)["a"] == {
        "Name": "a",
        "Budget": "$200.00",
        "50%": "2025-12-10",
        "72.5%": "n/a",
        "100%": "n/a",
    }
    assert table.records() == [
        {
            "name": "a",
            "dimension": "organization",
            "budget": "200",
            "crossed_50%": "2025-12-10",
            "crossed_72.5%": None,
            "crossed_100%": None,
        }
    ]


def test_alerts_print_the_most_urgent_first(usage_of, params):
    """100% comes before 50%, then the earlier day; last, the largest budget that crossed none."""
    usage = usage_of(
        [
            ("late", "x", "f", "c", "9", "2025-12-20"),
            ("soon", "x", "f", "c", "9", "2025-12-10"),
            ("all", "x", "f", "c", "9", "2025-12-25"),
            ("little", "x", "f", "c", "1", "2025-12-01"),
            ("less", "x", "f", "c", "1", "2025-12-01"),
        ]
    )
    made = params(organization_budgets={"late": 12, "soon": 12, "all": 9, "little": 40, "less": 50})
    assert list(cells_of(alerts_of(usage, made))) == ["all", "soon", "late", "less", "little"]


def test_alerts_print_every_budget_that_was_used_up(usage_of, params):
    """All 30 of 40 that crossed 100% have a line; so has org-30, as the most efficient.

    The others are one line.
    """
    names = [f"org-{place:02}" for place in range(40)]
    usage = usage_of(
        [(name, "x", "f", "c", "9" if place < 30 else "1") for place, name in enumerate(names)]
    )
    table = alerts_of(usage, params(organization_budgets=dict.fromkeys(names, 9)))
    [block] = table.printed
    printed = [row.cells[0].text for row in table.rows(block)]
    assert printed == [*names[:31], "other (9)"]
    assert table.left_out.startswith("The largest of 40 lines are shown; the others are added up.")


def test_breaches_are_counted_by_policy(usage_of, params):
    """Each policy has its own heading, with the highest amount first."""
    usage = usage_of([("a", "x", "f", "c", "20"), ("a", "y", "f", "c", "30")])
    table = policies_of(usage, params(organization_budgets={"a": 90}, approval_limit=10))
    assert [(block.heading, [line["name"] for line in block.lines]) for block in table.blocks] == [
        ("Approval limit", ["y", "x"]),
        ("Budget without an owner", ["a"]),
    ]
    text = text_of(table)
    assert "Policy breaches: approval limit (2) and budget without an owner (1)." in text
    assert "Policy breaches; approval limit: $10.00 per product per calendar month" in text


def test_without_budgets_or_breaches_there_is_a_sentence(six, params):
    """The section of a table is not left empty."""
    made = params(approvals={"chat": "CFO", "search": "CFO"})
    assert text_of(alerts_of(six, made)) == "No budgets are set."
    without_thresholds = params(organization_budgets={"org-a": 9}, alert_thresholds=[])
    assert text_of(alerts_of(six, without_thresholds)) == "No alert thresholds are set."
    assert text_of(policies_of(six, made)).startswith(
        "No policy is breached. The policies require approval of"
    )


@pytest.mark.parametrize("budgets", [{}, {"org-a": "9", "org-b": "9"}])
def test_policies_on_budgets_are_checked_only_if_there_are_budgets(six, params, budgets):
    """Without a budget, the sentence says so and does not speak of owners."""
    made = params(organization_budgets=budgets, owners=dict.fromkeys(budgets, "Ada"))
    text = text_of(policies_of(six, made))
    assert ("an owner for each budget" in text) is bool(budgets)
    assert ("No budget is set." in text) is not bool(budgets)


def test_versions_print_the_budgets_that_differ(params):
    """a was 5 and is 8, and gone has no budget any more; b and x stayed and are left out."""
    made = params(
        organization_budgets={"a": 8, "b": "7.00"},
        product_budgets={"x": 3},
        budget_versions=VERSIONS,
    )
    table = budget_tables.budget_versions(data_of(budgets=read_budgets(made), params=made))
    assert cells_of(table)["a"] == {"Name": "a", "Original": "$5.00", "Revised 1": "$8.00"}
    assert cells_of(table)["gone"] == {"Name": "gone", "Original": "$1.00", "Revised 1": "n/a"}
    assert not {"b", "x"} & cells_of(table).keys()
    about = "revised 1 (by Ana; December 15, 2025; reason: more for a)."
    assert about in text_of(table)


@pytest.mark.parametrize(
    ("dates", "days"),
    [
        ("", ""),
        ("2025-12-15", "December 15, 2025; "),
        ("2025-12-15, 2025-12-01", "December 1, 2025 to December 15, 2025; "),
        ("2025-07-10, 2025-09-10, 2025-08-10", "July 10, 2025 to September 10, 2025; "),
    ],
)
def test_a_version_has_the_days_of_all_its_lines(dates, days):
    """Lines of one version in budgets.csv may have several dates: the first and the last."""
    version = Version("revised 1", {}, {}, "CFO", dates, "why")
    about = budget_tables.about(version)
    assert about.text.format(**about.values) == f"revised 1 (by CFO; {days}reason: why)."


def test_one_version_has_no_table(params):
    """There is nothing to compare."""
    made = params(organization_budgets={"a": 8})
    data = data_of(budgets=read_budgets(made), params=made)
    assert text_of(budget_tables.budget_versions(data)) == ""


def test_the_summary_names_the_version(six, params):
    """It is the last version, with its date, author and reason."""
    made = made_of(
        six,
        params(organization_budgets={"a": 8}, product_budgets={"x": 3}, budget_versions=VERSIONS),
    )
    text = text_of(prose.executive_summary(made.data, made.totals[0]))
    version = "revised 1 (by Ana; December 15, 2025; reason: more for a)."
    assert f"Budget version: {version}" in text
