"""The opening of a report: headline figures, and what matters most."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import lxml.html
import pytest
from support.made_usage import SIX, data_of

from finops_nb.figures.variance import total_variance, variance_by
from finops_nb.findings.main_findings import MainFinding, Urgency
from finops_nb.findings.sentence import sentence
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.budgets import read_budgets
from finops_nb.report.prose import findings_that_matter, headline_figures

D = Decimal


def printed(usage, params, months=()) -> dict[str, tuple[str, str, str]]:
    """The label, value and detail of each figure, by its key."""
    totals = total_variance(
        variance_by(
            data_of(usage=usage, budgets=read_budgets(params), params=params), "organization"
        ),
        params.at_risk,
        usage.complete,
        params.currency,
    )
    lines = headline_figures(data_of(months=months, usage=usage, params=params), totals).records()
    return {line["figure"]: (line["label"], line["value"], line["detail"]) for line in lines}


def published(name: str, cost: str, budget: str | None) -> PublishedMonth:
    return PublishedMonth(
        name,
        D(cost),
        1,
        {date.fromisoformat(f"{name}-01"): D(cost)},
        None if budget is None else D(budget),
    )


def test_it_prints_four_figures_of_a_month(six, params):
    """The month has 10 of 8 + 4 = 12, 6 more than November's 4; the year has 14 of 12 + 5 = 17."""
    figures = printed(
        six,
        params(organization_budgets={"org-a": "8", "org-b": "4"}),
        [published("2025-11", "4", "5")],
    )
    assert figures == {
        "spend": ("Spend Against Budget", "$10.00", "$2.00 under the $12.00 budget"),
        "prior_month": (
            "Change from November 2025",
            "+$6.00 (+150.0%)",
            "November, as published: $4.00",
        ),
        "year_to_date": (
            "Year to Date, 2025",
            "$14.00",
            "$3.00 under the $17.00 budget. "
            "Includes November and December only; "
            "no reports were published for January to October.",
        ),
        "allocated": ("Allocated Share", "80.0%", "$2.00 is not assigned to an organization"),
    }


def test_missing_budgets_and_months_are_named(six, params):
    """Without a month before, the details say so; without any budget, none speaks of one."""
    figures = printed(six, params())
    assert figures["spend"] == ("Total Spend", "$10.00", "")
    assert figures["prior_month"] == (
        "Change from November 2025",
        "n/a",
        "No November 2025 report was published",
    )
    assert figures["year_to_date"][2] == (
        "Includes December only; no reports were published for January to November"
    )


def test_gaps_in_the_year_are_named(six, params):
    """Single months are listed."""
    months = [published(f"2025-{number:02}", "1", "1") for number in (1, 3, 4, 6, 7, 8, 9, 10, 11)]
    figures = printed(six, params(organization_budgets={"org-a": "99"}), months)
    assert figures["year_to_date"][2].endswith(
        " budget. No reports were published for February and May."
    )


def test_a_quarter_has_the_quarter_before_and_no_year(usage_of, params):
    """10 − (1 + 2 + 3) = 4, and 4 ÷ 6 is 66.7%."""
    months = [published(f"2025-{number:02}", str(number - 6), None) for number in (7, 8, 9)]
    figures = printed(usage_of(SIX, period="2025-Q4"), params(period="2025-Q4"), months)
    assert list(figures) == ["spend", "prior_period", "allocated"]
    assert figures["prior_period"] == (
        "Change from Q3 2025",
        "+$4.00 (+66.7%)",
        "Q3 2025, as published: $6.00",
    )


def test_a_quarter_before_that_lacks_a_month_says_which(usage_of, params):
    """August and September are not published."""
    months = [published("2025-07", "1", None)]
    figures = printed(usage_of(SIX, period="2025-Q4"), params(period="2025-Q4"), months)
    assert figures["prior_period"][1:] == (
        "n/a",
        "No reports were published for August to September 2025",
    )


def test_an_interval_has_neither_period_before_nor_year(usage_of, params):
    """It has only spend and the allocated share."""
    period = "2025-11-18/2026-01-18"
    assert list(printed(usage_of(SIX, period=period), params(period=period))) == [
        "spend",
        "allocated",
    ]


def test_a_running_month_is_spend_to_date(usage_of, params):
    """It compares the first 20 days of both months: 10 − 4 = 6."""
    seen = [call._replace(day="2025-12-20") for call in SIX]
    figures = printed(usage_of(seen, complete=False), params(), [published("2025-11", "4", None)])
    assert figures["spend"][0] == "Spend to Date"
    assert figures["prior_month"][1:] == (
        "+$6.00 (+150.0%)",
        "First 20 days: $10.00, against $4.00 in the first 20 days of November "
        "(from its published daily costs)",
    )


def test_a_running_month_counts_with_its_budget_to_date(usage_of, params):
    """The budget to date is 31 × 20 ÷ 31 + 5 of November = 25; 10 + 4 = 14 is 11 under it."""
    seen = [call._replace(day="2025-12-20") for call in SIX]
    made = params(organization_budgets={"org-a": "31"})
    detail = printed(usage_of(seen, complete=False), made, [published("2025-11", "4", "5")])[
        "year_to_date"
    ][2]
    assert detail == (
        "$11.00 under the $25.00 budget to date. "
        "Includes November and December only; no reports were published for January to October."
    )
    late = replace(
        usage_of([*seen, SIX[0]._replace(day="2025-12-21")], complete=False),
        complete_through=date(2025, 12, 20),
    )
    figures = printed(late, made, [published("2025-11", "4", "5")])
    year = figures["year_to_date"]
    assert (year[1], year[2].split(". Includes")[0]) == (
        "$14.00",
        "$11.00 under the $25.00 budget to date. Excludes $3.00 dated after December 20",
    )
    assert figures["spend"] == (
        "Spend Against Budget",
        "$13.00",
        "$18.00 under the $31.00 budget. Includes $3.00 dated after December 20.",
    )


def test_the_first_day_is_in_the_singular(usage_of, params):
    """On the first of the month, a day is compared with a day."""
    usage = usage_of([call._replace(day="2025-12-01") for call in SIX], complete=False)
    detail = printed(usage, params(), [published("2025-11", "4", None)])["prior_month"][2]
    assert detail == (
        "First day: $10.00, against $4.00 on the first day of November "
        "(from its published daily costs)"
    )


def test_the_status_is_a_word_with_its_bar(six, params):
    """10 of 8 is OVER, 125.0% used; the bar is 1.25 ÷ 1.5 = 83.3% of its place."""
    made = params(organization_budgets={"org-a": "8"})
    totals = total_variance(
        variance_by(data_of(usage=six, budgets=read_budgets(made), params=made), "organization"),
        made.at_risk,
        True,
        made.currency,
    )
    page = lxml.html.fromstring(
        headline_figures(data_of(months=(), usage=six, params=made), totals)._repr_html_()
    )
    [spend] = page.xpath("//div[@class='spend']")
    assert (
        " ".join(spend.text_content().split())
        == "Spend Against Budget $10.00 OVER 125.0% used $2.00 over the $8.00 budget"
    )
    assert spend.xpath(".//span[@class='bar']/span/@style") == ["width:83.3%"]


@pytest.mark.parametrize(
    ("calls", "texts"),
    [
        (
            [("a", "29987.50"), ("", "12.50")],
            (">99.9%", "$12.50 is not assigned to an organization"),
        ),
        ([("a", "1"), ("", "0")], ("100.0%", "$0.00 is not assigned to an organization")),
        ([("a", "0")], ("n/a", "All cost is assigned to an organization")),
        (
            [("a", "10"), ("", "-5")],
            (
                "n/a",
                "-$5.00 is not assigned to an organization; there is no share because credits "
                "exceed the cost without an organization",
            ),
        ),
        (
            [("a", "100"), ("a", "-50"), ("", "10")],
            ("83.3%", "$10.00 is not assigned to an organization"),
        ),
    ],
)
def test_the_allocated_share_and_its_detail_agree(usage_of, params, calls, texts):
    """The share is 100.0% only if all is allocated, and n/a where credits would make it absurd."""
    usage = usage_of([(organization, "x", "f", "c", cost) for organization, cost in calls])
    assert printed(usage, params())["allocated"][1:] == texts


@pytest.mark.parametrize(("target", "side"), [("0.8", "At or above"), ("0.81", "Below")])
def test_the_allocated_share_has_the_target_of_the_params(six, params, target, side):
    """8.00 of 10.00 is assigned; without `allocation_target` nothing is said of a target."""
    assert "target" not in printed(six, params())["allocated"][2]
    detail = printed(six, params(allocation_target=target))["allocated"][2]
    text = f"{side} the {Decimal(target) * 100:.0f}% target."
    assert detail == f"$2.00 is not assigned to an organization. {text}"


def test_a_finding_has_its_commentary(params):
    """Notes on its names are printed beneath, escaped, and are in results.json."""
    made = params(notes={"<org>": "Moved in <May>."})
    finding = MainFinding(
        Urgency.CHANGE,
        "Cost rose",
        sentence("{name} did it", name="<org>"),
        D(3),
        ("<org>", "other"),
    )
    prose = findings_that_matter(data_of(budgets=read_budgets(made), params=made), [finding])
    assert prose.records() == [
        {
            "title": "Cost rose",
            "text": "<org> did it",
            "money": "3",
            "note": "<org>: Moved in <May>.",
        }
    ]
    page = lxml.html.fromstring(prose._repr_html_())
    assert [" ".join(item.text_content().split()) for item in page.xpath("//li")] == [
        "Cost rose: <org> did it. <org>: Moved in <May>."
    ]


def test_without_findings_there_is_no_heading(params):
    """If nothing matters, nothing is printed."""
    assert (
        findings_that_matter(data_of(budgets=read_budgets(params()), params=params()), [])
        ._repr_html_()
        .strip()
        == ""
    )
