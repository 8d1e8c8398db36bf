"""Overruns: which names are over budget, or are expected to be once a running period ends."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from support.made_usage import Call, findings_of, usage_of
from support.months import december, month

from finops_nb.figures.report_data import ReportData
from finops_nb.figures.variance import variance_by
from finops_nb.findings.insights import BudgetsAtRisk, insight_sentence, money_of
from finops_nb.findings.main_findings import main_findings
from finops_nb.findings.overruns import at_risk, overruns
from finops_nb.findings.recommendations import recommend
from finops_nb.outputs.months import PublishedMonth
from finops_nb.report.format import Format, text_sentence

D = Decimal


def two(name: str, costs: str) -> PublishedMonth:
    """A published month of org-a: chat and code at these costs."""
    chat, code = map(D, costs.split())
    pairs = {("org-a", "chat"): chat, ("org-a", "code"): code}
    return replace(month(name, str(chat + code)), pairs=pairs)


def running(costs: str, days: int, *months: PublishedMonth, **budgets) -> ReportData:
    """December of so many days: chat and code of org-a, each day at these costs."""
    calls = [
        Call("org-a", product, "f", "c", cost, f"2025-12-{day:02}")
        for day in range(1, days + 1)
        for product, cost in zip(("chat", "code"), costs.split(), strict=True)
    ]
    data, usage = december(*months), usage_of(calls, complete=False)
    amounts = {by: {name: D(each) for name, each in of.items()} for by, of in budgets.items()}
    in_force = replace(data.budgets, versions=(replace(data.budgets.version, **amounts),))
    params = data.params.model_copy(update={"approval_limit": None})
    return replace(data, params=params, budgets=in_force, usage=usage, measured=usage)


def texts(data: ReportData) -> dict[str, str]:
    findings, fmt = findings_of(data), Format("USD")
    found = {each.title: each.sentence for each in main_findings(findings)}
    found |= {each.title: each.action for each in recommend(findings)}
    return {title: text_sentence(text, fmt) for title, text in found.items()}


def stakes(data: ReportData) -> dict[str, Decimal]:
    lines = overruns(data, variance_by(data, "organization"))
    return {line.name: line.at_stake for line in lines}


def test_at_stake_is_what_is_expected_above_the_budget():
    """3 a day for a week: 93 expected of 50 is 43; of 20, of which 1 is over, it is 73."""
    assert stakes(running("2 1", 7, organizations={"org-a": 50})) == {"org-a": 43}
    assert stakes(running("2 1", 7, organizations={"org-a": 20})) == {"org-a": 73}
    assert stakes(running("2 1", 7, organizations={"org-a": 93})) == {}


def test_without_a_run_rate_it_is_the_forecast_and_without_one_what_is_spent():
    """Three days at 3: 31 × 4 a day as before is 93 + 31 = 124, of 100; or 9 of 30, or of 5."""
    before = [two("2025-11", "90 30"), two("2025-10", "90 30")]
    assert stakes(running("2 1", 3, *before, organizations={"org-a": 100})) == {"org-a": 24}
    assert stakes(running("2 1", 3, organizations={"org-a": 30})) == {}
    assert stakes(running("2 1", 3, organizations={"org-a": 5})) == {"org-a": 4}


def test_what_is_not_material_is_no_overrun():
    """93.00 expected of 92.99, below 1% and without an amount that is material."""
    assert stakes(running("2 1", 7, organizations={"org-a": "92.99"})) == {}


def test_a_name_is_found_with_what_drives_its_expected_rise():
    """93 after 40: 53 more, of which chat makes 2 × 31 − 15 = 47, or 88.7%."""
    data = running("2 1", 7, two("2025-11", "15 25"), organizations={"org-a": 50})
    said = texts(data)
    expected = "expected to cost $93.00 at its run rate, $43.00 over its $50.00 budget"
    assert said["Expected Overrun"] == (
        f"org-a is {expected} (42.0% used so far). Its use of chat is expected to cost $47.00 more "
        "than the month before (88.7% of the organization's expected rise)"
    )
    assert said["Budget Review"].startswith(
        f"Review spending with org-a, which is {expected} (42.0% used so far). org-a's use of "
        "chat is expected to cost $47.00 more than the month before (88.7% of the organization's "
        "expected rise)"
    )


def test_a_name_that_is_over_already_has_both_figures():
    """21 of 20 is 1 over; 93 − 20 = 73. Without a month before, chat is 14 of 21."""
    assert texts(running("2 1", 7, organizations={"org-a": 20}))["Over Budget"] == (
        "org-a is $1.00 over its $20.00 budget (105.0% used) and is expected to cost $93.00 at its "
        "run rate, $73.00 over. chat is its largest product, at $14.00 so far (66.7% of the "
        "organization's cost)"
    )


def near(data: ReportData) -> list[tuple[str, Decimal | None]]:
    lines = at_risk(data, variance_by(data, "product"))
    return [(line.name, line.at_stake if line.expected else None) for line in lines]


def test_budgets_at_risk_are_listed_by_how_far_they_are_expected_to_be_over():
    """2 a day of 60 is 62, 2 over; 1 a day of 9 is 31, 22 over, and comes first."""
    budgets = {"chat": 60, "code": 9}
    assert near(running("2 1", 7, products=budgets)) == [("code", 22), ("chat", 2)]


def test_a_budget_at_risk_that_is_expected_to_be_kept_comes_last():
    """code: 28 of 31, 90.3%, and 31 expected of 31; chat: 56 of 61.99 is 62 expected, 0.01 over."""
    budgets = {"chat": "61.99", "code": 31}
    assert near(running("2 1", 28, products=budgets)) == [("chat", D("0.01")), ("code", None)]


def test_a_forecast_above_the_budget_puts_it_at_risk_before_there_is_a_run_rate():
    """Three days: chat is expected to cost 93 as before, of 80, 13 over; code, 31 of 31."""
    before = [two("2025-11", "90 30"), two("2025-10", "90 30")]
    data = running("2 1", 3, *before, organizations={}, products={"chat": 80, "code": 31})
    assert set(variance_by(data, "product")["status"]) == {"UNDER"}
    assert near(data) == [("chat", 13)]
    [insight] = [each for each in findings_of(data).insights if isinstance(each, BudgetsAtRisk)]
    assert money_of(insight) == 13
    title, text = insight_sentence(insight)
    assert (title, text_sentence(text, Format("USD"))) == (
        "Budgets at Risk",
        "1 product is at risk (chat, 7.5% used, forecast $13 over)",  # 6 of 80
    )


def test_nothing_is_at_risk_once_the_period_is_over():
    """Then a budget is exceeded, or not."""
    data = running("2 1", 28, products={"code": 31})
    over = replace(data.usage, complete=True)
    assert near(replace(data, usage=over, measured=over)) == []


def over_by(published: PublishedMonth, amount: str | None) -> PublishedMonth:
    """A month in which org-a was over by that much, or not over."""
    excesses = {} if amount is None else {"org-a": D(amount)}
    return replace(published, excesses={"organization": excesses})


@pytest.mark.parametrize(
    ("october", "words"),
    [
        ("2", "was over budget for at least 2 straight months through November 2025, by $5.00 in "),
        (None, "was also over budget in November 2025, by $3.00"),
    ],
)
def test_a_running_month_has_the_streak_of_the_months_before(october, words):
    """3 over in November and 2 in October are 5; December's 43 are expected only, and no part."""
    before = [over_by(two("2025-11", "15 25"), "3"), over_by(two("2025-10", "15 25"), october)]
    said = texts(running("2 1", 7, *before, organizations={"org-a": 50}))["Expected Overrun"]
    words += "total" if words.endswith("in ") else ""
    assert f"(42.0% used so far). It {words}. Its use of chat is expected to cost" in said


def test_a_streak_in_a_list_says_through_which_month_it_goes():
    """chat drives org-a: one finding, which has the streak of the organization in brackets."""
    budgets = {"organizations": {"org-a": 50}, "products": {"chat": 40, "code": 90}}
    november, october = (two(f"2025-{number}", "15 25") for number in (11, 10))
    data = running("2 1", 7, over_by(november, "3"), over_by(october, "2"), **budgets)
    said = texts(data)["Expected Overrun"]
    months = "over for at least 2 straight months through November 2025, by $5.00 in total"
    assert f"over its $50.00 budget ({months})" in said
    data = running("2 1", 7, over_by(november, "3"), over_by(october, None), **budgets)
    assert "(also over in November 2025, by $3.00)" in texts(data)["Expected Overrun"]


def test_one_finding_is_for_the_product_and_the_organization_that_it_drives():
    """chat: 62 − 40 = 22; org-a: 93 − 50 = 43, and chat makes 47 of its 53 more."""
    data = running(
        "2 1",
        7,
        two("2025-11", "15 25"),
        organizations={"org-a": 50},
        products={"chat": 40, "code": 90},
    )
    [finding] = [each for each in main_findings(findings_of(data)) if "Overrun" in each.title]
    assert finding.names == ("chat", "org-a")
    assert text_sentence(finding.sentence, Format("USD")) == (
        "chat is expected to cost $62.00 at its run rate, $22.00 over its $40.00 budget (35.0% "
        "used so far). The product is also expected to add the most to the rise in cost of org-a, "
        "which is expected to cost $93.00 at its run rate, $43.00 over its $50.00 budget"
    )


def test_a_forecast_is_an_estimate_with_its_range():
    """Before a week is seen: 40 in each of five months."""
    months = [two(f"2025-{number:02}", "30 10") for number in range(11, 6, -1)]
    text = texts(running("2 1", 3, *months, organizations={"org-a": 30}))["Expected Overrun"]
    assert text.startswith(
        "org-a is expected to cost $40 ($40 to $40 in four of five cases), $10 over its $30.00 "
        "budget (30.0% used so far). chat is its largest product, at $6.00 so far"
    )


@pytest.mark.parametrize("budget", ["0", "5"])
def test_a_budget_without_usage_yet_is_expected_by_its_months_before(budget):
    """org-b has cost nothing in three days; 31 days at 1 a day, as before, are 31."""
    pairs = {("org-a", "chat"): D(30), ("org-b", "chat"): D(30)}
    costs = {"org-a": D(30), "org-b": D(30)}
    months = [
        replace(month(name, "60"), pairs=pairs, organizations=costs)
        for name in ("2025-11", "2025-10")
    ]
    data = running("1 0", 3, *months, organizations={"org-a": 90, "org-b": budget})
    assert stakes(data) == {"org-b": 31 - D(budget)}
    assert "org-b is expected to cost $31, " in texts(data)["Expected Overrun"]
