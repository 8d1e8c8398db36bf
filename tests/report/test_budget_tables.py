"""The tables of budgets say what they should, and are not there where they have nothing to say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from support.made_usage import data_of
from support.published import page_of, sections_of

from finops_nb.figures.alerts import budget_alerts
from finops_nb.figures.policies import breaches
from finops_nb.figures.projection import project
from finops_nb.figures.run_rate import BacktestError, cost_after
from finops_nb.figures.scenario_effect import scenario_difference
from finops_nb.figures.variance import headline, total_variance, variance_by
from finops_nb.findings.overview import overview
from finops_nb.outputs.manifest import Kind, Manifest
from finops_nb.params.budgets import read_budgets
from finops_nb.report import budget_tables, prose
from finops_nb.report.data_tables import rows_account
from finops_nb.report.format import Format

SCENARIO = {"base": "2025-12", "author": "Ana", "date": "2025-12-15", "reason": "two more regions"}


def cells(table) -> dict[str, dict[str, str]]:
    """The printed lines by name; what stands beneath a status is left out."""
    if table.is_empty:
        return {}
    [rows] = sections_of(page_of(f"<h2>s</h2>{table._repr_html_()}"))["s"].rows.values()
    return {next(iter(row.cells.values())): row.cells for row in rows}


def text_of(shown) -> str:
    html = shown._repr_html_()
    return " ".join(page_of(html).text_content().split()) if html.strip() else ""


def made_of(usage, made):
    budgets = read_budgets(made)
    variances = [
        variance_by(data_of(usage=usage, budgets=budgets, params=made), by)
        for by in ("organization", "product")
    ]
    return (
        budgets,
        *variances,
        tuple(total_variance(each, made.at_risk, usage.complete) for each in variances),
    )


def running(usage_of, last_day: int = 14):
    calls = [("a", "x", "f", "c", "10", f"2025-12-{day:02}") for day in range(1, last_day + 1)]
    return usage_of(calls, complete=False)


def test_a_running_period_has_its_budget_to_date_and_run_rate(usage_of, params):
    """10 a day: 140 of 14 days, 310 in 31; the budget of 300 is 135.48 to date (300 × 14 ÷ 31), and 10 too little."""
    usage = running(usage_of)
    budgets, organizations, products, totals = made_of(
        usage, made := params(organization_budgets={"a": 300})
    )
    table = budget_tables.running_period(
        data_of(usage=usage, budgets=budgets, params=made), organizations, products, totals
    )
    assert cells(table)["a"] == {
        "Name": "a",
        "Cost to Date": "$140.00",
        "Budget to Date": "$135.48",
        "Budget": "$300.00",
        "Run-rate": "$310.00",
        "Run-rate − Budget": "+$10.00",
        "Status": "AT RISK",
    }
    assert "14 of 31 days seen, up to 14 December." in text_of(table)
    assert cells(table)["x"]["Budget"] == "n/a"


def test_what_is_known_ends_with_as_of(usage_of, params):
    """Seven of the fourteen days: 70 to date, 300 × 7 ÷ 31 = 67.74 of budget, 310 at the end; the rest is in the cost, and said."""
    usage = replace(running(usage_of), complete_through=date(2025, 12, 7))
    budgets, organizations, products, totals = made_of(
        usage, made := params(organization_budgets={"a": 300}, as_of="2025-12-07")
    )
    table = budget_tables.running_period(
        data_of(usage=usage, budgets=budgets, params=made), organizations, products, totals
    )
    found = cells(table)
    assert [found["a"][head] for head in ("Cost to Date", "Budget to Date", "Run-rate")] == [
        "$70.00",
        "$67.74",
        "$310.00",
    ]
    assert found["Total"]["Cost to Date"] == "$70.00"
    said = overview(data_of(usage=usage, params=made))["warnings"]
    late = "70 USD of days after as_of, up to 2025-12-14: in the cost, the statuses and the alerts, and neither in the run-rate nor"
    assert any(text.startswith(late) for text in said)
    assert cost_after(usage) == Decimal(70)
    assert "counts as a whole day" not in text_of(table)
    assert "counts as a whole day" in text_of(
        budget_tables.running_period(
            data_of(usage=usage, budgets=budgets, params=params()), organizations, products, totals
        )
    )


def test_below_a_week_there_is_no_run_rate(usage_of, params):
    """And that is said, on top too."""
    usage = running(usage_of, 6)
    budgets, organizations, products, totals = made_of(
        usage, made := params(organization_budgets={"a": 300})
    )
    table = budget_tables.running_period(
        data_of(usage=usage, budgets=budgets, params=made), organizations, products, totals
    )
    assert (cells(table)["a"]["Run-rate"], cells(table)["a"]["Budget to Date"]) == ("n/a", "$58.06")
    assert "No run-rate to 31 December" in text_of(table)
    said = text_of(prose.outlook(data_of(usage=usage, params=made), headline(*totals), ()))
    assert said == "No run-rate to 31 December: 6 days seen, and it takes a week."


def test_the_outlook_has_its_error_beside_it(usage_of, params):
    """The smallest and the largest miss; without a month before, that is said; of a period that is over, nothing."""
    usage = running(usage_of)
    *_, totals = made_of(usage, made := params(organization_budgets={"a": 300}))
    backtest = [
        BacktestError("2025-11", Decimal(97), Decimal(100), Decimal("-0.03")),
        BacktestError("2025-10", Decimal(105), Decimal(100), Decimal("0.05")),
    ]
    said = "Run-rate to 31 December, by weekday from the 14 days seen: $310.00, +$10.00 against the budget of $300.00. "
    assert text_of(
        prose.outlook(data_of(usage=usage, params=made), headline(*totals), backtest)
    ) == (
        said
        + "After as many days, it would have been off by -3.0% to +5.0% in the 2 months before."
    )
    exact = [
        BacktestError(month, Decimal(100), Decimal(100), Decimal("0.0001"))
        for month in ("2025-11", "2025-10")
    ]
    assert text_of(
        prose.outlook(data_of(usage=usage, params=made), headline(*totals), exact)
    ).endswith("have been off by 0.0% in the 2 months before.")
    assert text_of(prose.outlook(data_of(usage=usage, params=made), headline(*totals), ())) == (
        said
        + "How far off it may be is not known: no published month before it is long enough to try it on."
    )
    rows = cells(budget_tables.run_rate_misses(data_of(usage=usage, params=made), backtest))
    assert rows["November 2025"] == {
        "Month": "November 2025",
        "Run-rate": "$97.00",
        "Actual": "$100.00",
        "Error": "-3.0%",
    }


def test_of_a_period_that_is_over_nothing_is_foretold(six, params):
    budgets, organizations, products, totals = made_of(
        six, made := params(organization_budgets={"org-a": 300})
    )
    shown = [
        budget_tables.running_period(
            data_of(usage=six, budgets=budgets, params=made), organizations, products, totals
        ),
        budget_tables.run_rate_misses(data_of(usage=six, params=made), ()),
        prose.outlook(data_of(usage=six, params=made), headline(*totals), ()),
    ]
    assert [text_of(each) for each in shown] == ["", "", ""]


def test_alerts_have_a_column_for_each_threshold(usage_of, params):
    """140 of 200 is past half on 10 December; the rest was not reached."""
    made = params(organization_budgets={"a": 200}, alert_thresholds=["0.5", "0.725", "1"])
    table = budget_tables.budget_alerts(
        data_of(params=made),
        budget_alerts(data_of(usage=running(usage_of), budgets=read_budgets(made), params=made)),
    )
    assert cells(table)["a"] == {
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


def test_alerts_print_what_was_crossed_first(usage_of, params):
    """It has 100% before 50%, of these the earlier day first, then what crossed none, the largest first."""
    calls = [
        ("late", "x", "f", "c", "9", "2025-12-20"),
        ("soon", "x", "f", "c", "9", "2025-12-10"),
        ("all", "x", "f", "c", "9", "2025-12-25"),
    ]
    usage = usage_of(
        [
            *calls,
            ("little", "x", "f", "c", "1", "2025-12-01"),
            ("less", "x", "f", "c", "1", "2025-12-01"),
        ]
    )
    made = params(organization_budgets={"late": 12, "soon": 12, "all": 9, "little": 40, "less": 50})
    table = budget_tables.budget_alerts(
        data_of(params=made),
        budget_alerts(data_of(usage=usage, budgets=read_budgets(made), params=made)),
    )
    assert list(cells(table)) == ["all", "soon", "late", "less", "little"]


def test_alerts_print_whoever_used_a_whole_budget(usage_of, params):
    """It prints all 30 of 40 that crossed 100%, and the others as one."""
    calls = [(f"org-{place:02}", "x", "f", "c", "9" if place < 30 else "1") for place in range(40)]
    made = params(organization_budgets={f"org-{place:02}": 9 for place in range(40)})
    usage = usage_of(calls)
    table = budget_tables.budget_alerts(
        data_of(params=made),
        budget_alerts(data_of(usage=usage, budgets=read_budgets(made), params=made)),
    )
    [block] = table.printed
    assert [row.cells[0].text for row in table.rows(block)] == [
        *(f"org-{place:02}" for place in range(30)),
        "other (10)",
    ]
    assert table.left_out.startswith("The first lines of 40; the others are added up.")


def test_breaches_are_counted_by_policy(usage_of, params):
    """It prints each policy's under its own heading, the highest first, and says how many there are."""
    usage = usage_of([("a", "x", "f", "c", "20"), ("a", "y", "f", "c", "30")])
    made = params(organization_budgets={"a": 90}, approval_limit=10)
    budgets, organizations, products, _ = made_of(usage, made)
    table = budget_tables.policies(
        data_of(params=made),
        breaches(data_of(usage=usage, budgets=budgets, params=made), organizations, products),
    )
    assert [(block.heading, [line["name"] for line in block.lines]) for block in table.blocks] == [
        ("Approval limit", ["y", "x"]),
        ("Budget without an owner", ["a"]),
    ]
    assert "Not kept: Approval limit (2 lines) and Budget without an owner (1 line)." in text_of(
        table
    )


def test_without_budgets_or_breaches_it_says_so(six, params):
    made = params(approvals={"chat": "CFO", "search": "CFO"})
    budgets, organizations, products, _ = made_of(six, made)
    assert (
        text_of(
            budget_tables.budget_alerts(
                data_of(params=made),
                budget_alerts(data_of(usage=six, budgets=budgets, params=made)),
            )
        )
        == "No budgets are set, or no thresholds."
    )
    assert text_of(
        budget_tables.policies(
            data_of(params=made),
            breaches(data_of(usage=six, budgets=budgets, params=made), organizations, products),
        )
    ).startswith("Every policy is kept")


def test_a_policy_on_budgets_is_not_kept_by_having_none(six, params):
    """It speaks of owners and budgets only where there are budgets."""
    for budgets, said in (({}, False), ({"org-a": "9", "org-b": "9"}, True)):
        made = params(organization_budgets=budgets, owners=dict.fromkeys(budgets, "Ada"))
        found, organizations, products, _ = made_of(six, made)
        kept = text_of(
            budget_tables.policies(
                data_of(params=made),
                breaches(data_of(usage=six, budgets=found, params=made), organizations, products),
            )
        )
        assert ("an owner for each budget" in kept, "no budget is set" in kept) == (said, not said)


VERSIONS = [
    {
        "version": "original",
        "organization_budgets": {"a": 5, "b": 7, "gone": 1},
        "product_budgets": {"x": 3},
    },
    {"version": "revised 1", "date": "2025-12-15", "author": "Ana", "reason": "more for a"},
]


def test_versions_stand_side_by_side_where_they_differ(params):
    """a was 5 and is 8; gone is gone; b and x stayed, and are left out."""
    made = params(
        organization_budgets={"a": 8, "b": "7.00"},
        product_budgets={"x": 3},
        budget_versions=VERSIONS,
    )
    table = budget_tables.budget_versions(data_of(budgets=read_budgets(made), params=made))
    assert cells(table)["a"] == {"Name": "a", "Original": "$5.00", "Revised 1": "$8.00"}
    assert cells(table)["gone"] == {"Name": "gone", "Original": "$1.00", "Revised 1": "n/a"}
    assert not {"b", "x"} & cells(table).keys()
    assert "revised 1 (2025-12-15, Ana): more for a." in text_of(table)
    assert (
        text_of(
            budget_tables.budget_versions(
                data_of(budgets=read_budgets(params(organization_budgets={"a": 8})), params=made)
            )
        )
        == ""
    )


def test_the_summary_names_the_version(six, params):
    made = params(organization_budgets={"a": 8}, product_budgets={"x": 3}, budget_versions=VERSIONS)
    budgets, *_, totals = made_of(six, made)
    assert "Budgets: revised 1 (2025-12-15, Ana): more for a." in text_of(
        prose.executive_summary(data_of(usage=six, budgets=budgets, params=made), totals[0])
    )


def difference_of(usage, made):
    budgets = read_budgets(made)
    after = project(usage, made.growth, made.model_prices)
    frames = [
        scenario_difference(
            variance_by(data_of(usage=usage, budgets=budgets.before, params=made), by),
            variance_by(
                data_of(usage=after, budgets=budgets, params=made), by, budgets.before.of(by)
            ),
        )
        for by in ("organization", "product")
    ]
    return budget_tables.scenario_changes(data_of(budgets=budgets, params=made), *frames)


def test_a_scenario_says_what_it_changes(six, params):
    """org-b's 2.00 go from over a budget of 1 to under one of 3; org-a, which it leaves alone, is not there."""
    said = SCENARIO | {"organization_budgets": {"org-b": 3}}
    table = difference_of(six, params(organization_budgets={"org-a": 9, "org-b": 1}, scenario=said))
    assert cells(table).keys() == {"org-b"}
    assert cells(table)["org-b"] == {
        "Name": "org-b",
        "Approved": "$1.00",
        "Budget": "$3.00",
        "Difference": "+$2.00",
        "Variance": "-$1.00",
        "Status": "UNDER",
    }
    assert "was OVER" in text_of(table)
    assert "Budgets by organization sum to $12.00, +$2.00 against what is approved." in text_of(
        table
    )


def test_a_budget_that_is_taken_away_or_added_is_a_change(six, params):
    """Also of a name that has spent nothing."""
    said = SCENARIO | {"organization_budgets": {"idle": "none", "org-b": 3}}
    table = difference_of(six, params(organization_budgets={"org-a": 9, "idle": 4}, scenario=said))
    assert (
        cells(table)["idle"]["Approved"],
        cells(table)["idle"]["Budget"],
        cells(table)["idle"]["Difference"],
    ) == (
        "$4.00",
        "n/a",
        "-$4.00",
    )
    assert cells(table)["org-b"]["Approved"] == "n/a"


def test_growth_changes_every_cost_and_is_said(six, params):
    """org-a 6.00 × 0.1 more; in the account of rows the money has a line of its own, so that it adds up to the files."""
    made = params(
        organization_budgets={"org-a": 9}, scenario=SCENARIO | {"growth": {"(all)": "0.1"}}
    )
    table = difference_of(six, made)
    assert cells(table)["org-a"]["Cost Difference"] == "+$0.60"
    assert "Usage of all organizations +10%." in text_of(table)
    grown = project(six, made.growth, {})
    rows = cells(rows_account(data_of(usage=grown, params=made)))
    assert [
        rows[name]["Total Cost"]
        for name in ("Rows used", "Growth and prices of the scenario", "Total")
    ] == [
        "$10.00",
        "$1.00",
        "$11.00",
    ]
    found = overview(
        data_of(
            usage=grown,
            budgets=read_budgets(made),
            params=made,
            manifest=Manifest(Kind.SCENARIO, "scenarios/x"),
        )
    )
    assert (
        "WHAT-IF: growth and prices of the scenario change the cost by 1 USD." in found["warnings"]
    )


def test_a_scenario_that_changes_nothing_says_so(six, params):
    made = params(organization_budgets={"org-a": 9}, scenario=SCENARIO)
    assert text_of(difference_of(six, made)) == "This scenario changes nothing."
    assert text_of(difference_of(six, params(organization_budgets={"org-a": 9}))) == ""


@pytest.mark.parametrize("kind", [Kind.SCENARIO, Kind.DRAFT])
def test_a_scenario_is_stamped_wherever_it_is_shown(six, params, kind):
    """In JupyterLab too, beside DRAFT; with its reason, who, when and on what."""
    made = params(scenario=SCENARIO)
    said = text_of(prose.heading(data_of(usage=six, params=made, manifest=Manifest(kind=kind))))
    assert (
        "WHAT-IF: two more regions By Ana, 2025-12-15, on the budgets of 2025-12; it has no ledger."
        in said
    )
    assert ("DRAFT" in said) is (kind is Kind.DRAFT)


@pytest.mark.parametrize(
    ("growth", "said"),
    [
        ({"(all)": "0.1"}, ["usage of all organizations +10%"]),
        ({"(all)": "0.1", "a": "0"}, ["usage of all other organizations +10%", "usage of a 0%"]),
        ({"a": "-0.0555"}, ["usage of a -5.55%"]),
        ({"(all)": "0"}, []),
    ],
)
def test_whom_a_rate_is_for(growth, said):
    assert (
        budget_tables.driven(
            {name: Decimal(rate) for name, rate in growth.items()}, {}, Format("USD")
        )
        == said
    )


def test_a_scenario_that_changes_nothing_any_more_still_says_what_it_was_made_on(six, params):
    """It prints the notice of a changed base above "changes nothing"."""
    said = {"base": "2025-12", "author": "Ana", "date": "2025-12-15", "reason": "more"}
    made = params(scenario=said)
    budgets = replace(
        read_budgets(params()),
        notices=("The base has changed since.",),
        approved=read_budgets(params()),
    )
    none = variance_by(data_of(usage=six, budgets=budgets, params=made), "organization")
    page = budget_tables.scenario_changes(
        data_of(budgets=budgets, params=made), scenario_difference(none, none), scenario_difference(none, none))._repr_html_()  # fmt: skip
    assert "The base has changed since." in page
    assert "This scenario changes nothing." in page
