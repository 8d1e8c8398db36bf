"""The three things that matter most."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.made_usage import SIX, Call, data_of, findings_of, usage_of

from finops_nb.figures.variance import variance_by
from finops_nb.findings.main_findings import Urgency, main_findings
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.budgets import read_budgets
from finops_nb.params.model import make_params
from finops_nb.report.format import Format, text_sentence

D = Decimal
NAMED = [call for call in SIX if call.organization]
"""8.00 in all: org-a 6.00, org-b 2.00."""


@pytest.fixture
def find(params, usage_of):
    """The main findings of some calls under some params, as pairs of title and text."""

    def find(calls=SIX, months=(), complete=True, **keys):
        made = params(**{"materiality_amount": "0.10", "approval_limit": "1000"} | keys)
        usage = usage_of(calls, complete=complete)
        budgets = read_budgets(made)
        data = data_of(usage=usage, budgets=budgets, params=made, months=months)
        findings = findings_of(data)
        fmt = Format("USD")
        return [
            (finding.title, text_sentence(finding.sentence, fmt))
            for finding in main_findings(findings)
        ]

    return find


def november(**organizations: str) -> PublishedMonth:
    spent = {name.replace("_", "-"): D(cost) for name, cost in organizations.items()}
    cost = sum(spent.values(), D(0))
    return PublishedMonth("2025-11", cost, 1, {date(2025, 11, 1): cost}, None, spent, {})


def test_the_larger_amount_comes_first(find):
    """3.00 at b's rate, 2.00 without an organization, and 6 − 4.50 = 1.50 over budget."""
    findings = find(
        organization_budgets={"org-a": "4.50", "org-b": "2"},
        owners={"org-a": "Ada"},
        materiality="0.01",
    )
    assert findings[0][0] == "Efficiency Gap"
    assert findings[1:] == [
        (
            "Unallocated Cost",
            "$2.00 (20.0%) is not assigned to an organization, so it can't be charged",
        ),
        (
            "Over Budget",
            "org-a (owner: Ada) is $1.50 over its $4.50 budget (133.3% used). "
            "chat is its largest product, at $4.00 (66.7% of the organization's cost)",
        ),
    ]


def test_spend_without_a_budget_is_one_finding(find):
    """org-b spent 2.00 without a budget, while org-a has one; likewise search, 3.50, and chat."""
    assert find(NAMED, organization_budgets={"org-a": "6"})[1] == (
        "Spend without Budget",
        "organizations with no budget spent $2.00 (org-b)",
    )
    assert find(NAMED, product_budgets={"chat": "6"})[0] == (
        "Spend without Budget",
        "products with no budget cost $3.50 (search)",
    )


def test_a_running_month_is_about_what_is_expected_over_its_budget(find):
    """Five Mondays to Wednesdays and four other days, at 1 each, but 3 for a Sunday: 39."""
    calls = [Call("org-a", "chat", "ask", "c", "1", f"2025-12-{day:02}") for day in range(1, 7)]
    calls.append(Call("org-a", "chat", "ask", "c", "3", "2025-12-07"))
    assert find(calls, complete=False, organization_budgets={"org-a": "10"})[0] == (
        "Expected Overrun",
        "org-a is expected to cost $39.00 at its run rate, $29.00 over its $10.00 budget "
        "(90.0% used so far)",
    )


def test_a_name_that_is_expected_to_stay_within_its_budget_is_no_finding(find):
    """30 × 0.60 = 18 of 20 are AT RISK, but 31 × 0.60 = 18.60 are expected: nothing at stake."""
    days = (f"2025-12-{day:02}" for day in range(1, 31))
    calls = [Call("org-a", "chat", "ask", "c", "0.60", day) for day in days]
    assert find(calls, complete=False, organization_budgets={"org-a": "20"}) == []


def test_a_change_names_the_organization_that_changed_most(find):
    """8 − 5 = 3 more: org-a changed by 6 − 2 = 4, org-b by 2 − 2 = 0, org-gone by −1."""
    findings = find(NAMED, [november(org_a="2", org_b="2", org_gone="1")])
    assert findings[0] == (
        "Cost Rose",
        "total cost rose $3.00 (60.0%) from $5.00 in November 2025, led by org-a (+$4.00)",
    )
    findings = find(NAMED, [november(org_a="6", org_b="2", org_gone="4")])
    assert findings[0] == (
        "Cost Fell",
        "total cost fell $4.00 (33.3%) from $12.00 in November 2025, led by org-gone (-$4.00)",
    )


def test_a_change_of_cost_without_a_name_is_called_so(find):
    """10 − 8 = 2 more, and all of it is cost without an organization."""
    findings = find(SIX, [november(org_a="6", org_b="2")], owners={}, materiality_amount="1.99")
    texts = dict(findings)
    assert texts["Cost Rose"] == (
        "total cost rose $2.00 (25.0%) from $8.00 in November 2025, "
        "led by unallocated cost (+$2.00)"
    )


def test_a_change_of_the_only_organization_does_not_name_it(find):
    """6 − 5 = 1 more for org-a; there is no other organization to compare it with."""
    calls = [call for call in SIX if call.organization == "org-a"]
    findings = find(calls, [november(org_a="5")])
    assert findings[0] == (
        "Cost Rose",
        "total cost rose $1.00 (20.0%) from $5.00 in November 2025",
    )


def test_a_month_with_few_rows_may_lack_files(find):
    """Six rows are less than a tenth of 61, but not of 60; a running month is not compared."""

    def titles(rows, complete=True):
        months = [replace(november(org_a="9"), rows=rows)]
        return [title for title, _ in find(SIX, months, complete=complete)]

    assert find(SIX, [replace(november(org_a="9"), rows=61)])[0] == (
        "Little Usage",
        "December 2025 has 6 rows, but November 2025 had 61 and cost $9.00; "
        "usage files may be missing",
    )
    assert "Little Usage" in titles(61)
    assert "Little Usage" not in [*titles(60), *titles(61, complete=False)]


def test_a_running_month_has_not_fallen(find):
    """Part of a month is not compared with a whole one."""
    findings = find(NAMED, [november(org_a="900")], complete=False)
    assert "Cost Fell" not in [title for title, _ in findings]


def test_a_missing_approval_comes_after_what_is_about_money(find):
    """What was left, 10 − 6 = 4 and 3 − 2 = 1, and 3 at org-b's rate; then 4.50 above the limit."""
    budgets = {"org-a": "10", "org-b": "3"}
    findings = find(NAMED, organization_budgets=budgets, approval_limit="4")
    assert [title for title, _ in findings] == [
        *("Budget Unspent", "Efficiency Gap", "Approval Missing")
    ]
    assert findings[0][1] == "$5.00 of budget was not spent (org-a $4.00 and org-b $1.00)"
    assert findings[2:] == [
        (
            "Approval Missing",
            "1 product cost $4.50 with no approval on record (chat). "
            "Spend above $4.00 per product per calendar month requires approval",
        ),
    ]


def test_an_efficiency_gap_is_worth_money(find):
    """org-a pays 2.00 a call, org-b 1.00: half as many calls per dollar, worth 3.00 of 6.00."""
    findings = find(NAMED)
    assert findings == [
        (
            "Efficiency Gap",
            "org-a gets 50.0% fewer calls per dollar than org-b; "
            "at org-b's rate, org-a would have cost $3.00 less",
        )
    ]


def test_there_are_three_at_most(find):
    """What matters less is left out: 6.50 − 1, 6 − 1, and 3 at org-b's rate before 3.50 − 1."""
    budgets = {
        "organization_budgets": {"org-a": "1", "org-b": "1"},
        "product_budgets": {"chat": "1", "search": "1"},
    }
    findings = find(**budgets)
    assert len(findings) == 3
    assert [text.split(" ")[0] for _, text in findings] == ["chat", "org-a", "org-a"]
    assert [title for title, _ in findings] == ["Over Budget", "Over Budget", "Efficiency Gap"]


def test_an_overrun_that_is_not_material_is_no_finding(find):
    """0.01 over is below both limits."""
    findings = find(
        NAMED,
        organization_budgets={"org-a": "5.99", "org-b": "2"},
        materiality="0.01",
        materiality_amount="0.05",
    )
    assert "Over Budget" not in [title for title, _ in findings]


def test_the_largest_overrun_is_among_them(find):
    """8 more than in November and 7 without an organization are above 1; the approvals are last."""
    calls = [Call("org-a", "chat", "ask", "c1", "2"), Call("", "chat", "ask", "c1", "7")]
    budgets = {"organization_budgets": {"org-a": "1"}, "approval_limit": "1"}
    titles = [title for title, _ in find(calls, [november(org_a="1")], **budgets)]
    assert titles == ["Cost Rose", "Unallocated Cost", "Over Budget"]


def test_overruns_of_a_running_month_are_ranked_by_what_is_expected(find):
    """7 × 10 of 100, and 310 at the run rate: 210. 7 × 1 of 5 is 2 over, and 31 are expected: 26.

    7 × 1 of no budget, and 31 are expected: more than 26.
    """
    calls = [
        Call(name, name, "f", "c", f"{cost}", f"2025-12-{day:02}", calls=cost)
        for day in range(1, 8)
        for name, cost in (("heading", 10), ("over", 1), ("none", 1))
    ]
    budgets = {"heading": "100", "over": "5"}
    findings = find(calls, complete=False, organization_budgets=budgets)
    assert findings == [
        (
            "Expected Overrun",
            "heading is expected to cost $310.00 at its run rate, $210.00 over its $100.00 budget "
            "(70.0% used so far)",
        ),
        (
            "Spend without Budget",
            "organizations with no budget spent $7.00 so far, and $31.00 is expected in all (none)",
        ),
        (
            "Over Budget",
            "over is $2.00 over its $5.00 budget (140.0% used) and is expected to cost $31.00 at "
            "its run rate, $26.00 over",
        ),
    ]


calls_made = st.lists(
    st.tuples(
        st.sampled_from(["org-a", "org-b", "org-c", ""]),
        st.sampled_from(["x", "y"]),
        st.just("f"),
        st.just("c"),
        st.integers(-5, 90).map(str),
        st.integers(1, 10).map("2025-12-{:02}".format),
    ).map(lambda values: Call(*values)),
    min_size=1,
    max_size=12,
)
budgets_made = st.dictionaries(st.sampled_from(["org-a", "org-b", "org-c"]), st.integers(0, 200))


@given(calls_made, budgets_made, st.booleans())
def test_no_finding_has_more_money_than_one_before_it(calls, budgets, complete):
    """The first finding has the most money, and a missing approval is last.

    The largest overrun is there; in a running month, by its run rate.
    So a large overrun is not missed behind smaller ones, nor behind three matters of other kinds.
    """
    made = make_params(
        {
            "period": "2025-12",
            "usage": "sample:",
            "organization_budgets": budgets,
            "approval_limit": 20,
            "materiality": 0,
            "materiality_amount": 0,
        }
    )
    data = data_of(usage_of(calls, complete=complete), made, read_budgets(made))
    found = main_findings(findings_of(data))
    amounts = [finding.money for finding in found if finding.urgency is not Urgency.RULE]
    assert amounts == sorted(amounts, reverse=True)
    assert all(finding.urgency is not Urgency.RULE for finding in found[: len(amounts)])
    stakes = [
        max(line["variance"], (line["run_rate"] or D(0)) - line["budget"])
        for line in variance_lines(data)
        if line["budget"] is not None
    ]
    if max(stakes, default=D(0)) > 0:
        assert max(stakes) in amounts


def variance_lines(data) -> list[dict]:
    return [
        line
        for by in ("organization", "product")
        for line in variance_by(data, by).to_dict("records")
    ]
