"""The three things that matter most."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from support.made_usage import SIX, Call, data_of

from finops_nb.figures.alerts import budget_alerts
from finops_nb.figures.allocation import allocate_within
from finops_nb.figures.efficiency import rank_efficiency
from finops_nb.figures.variance import variance_by
from finops_nb.findings.evidence import Findings
from finops_nb.findings.insights import find_insights
from finops_nb.findings.main_findings import main_findings
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.budgets import read_budgets
from finops_nb.report.format import Format, text_sentence

D = Decimal
OWNED = {"org-a": "Ada", "org-b": "Bob", "chat": "Cy", "search": "Di"}


@pytest.fixture
def found(params, usage_of):
    """The findings of some calls under some params, as pairs of title and text, and as they are."""

    def find(calls=SIX, months=(), complete=True, **keys):
        made, usage = (
            params(**{"materiality_amount": "0.10", "approval_limit": "1000"} | keys),
            usage_of(calls, complete=complete),
        )
        budgets = read_budgets(made)
        data = data_of(usage=usage, budgets=budgets, params=made, months=months)
        organizations, products = (variance_by(data, by) for by in ("organization", "product"))
        efficiency = rank_efficiency(organizations)
        found = Findings(
            data,
            organizations,
            products,
            breakdown=allocate_within(usage, "organization", "product"),
            efficiency=efficiency,
            insights=find_insights(data, organizations, products, efficiency),
            alerts=budget_alerts(data),
            book=None,
        )
        every = main_findings(found)
        return [(each.title, text_sentence(each.said, Format("USD"))) for each in every]

    return find


def november(**organizations: str) -> PublishedMonth:
    spent = {name.replace("_", "-"): D(cost) for name, cost in organizations.items()}
    cost = sum(spent.values(), D(0))
    return PublishedMonth("2025-11", cost, 1, {date(2025, 11, 1): cost}, None, spent, {})


def test_money_out_of_plan_comes_first_the_larger_before(found):
    """It has 2.00 without an organization before 6 − 4.50 = 1.50 over budget, and no third where nothing more is."""
    said = found(
        organization_budgets={"org-a": "4.50", "org-b": "2"},
        owners={"org-a": "Ada"},
        materiality="0.01",
    )
    assert said[:2] == [
        ("Unallocated cost", "$2.00 (20.0%) name no organization and can be charged to none"),
        (
            "Over budget",
            "org-a (owner: Ada): $1.50 over its budget of $4.50, 133.3% used; the largest part of its cost on chat ($4.00, 66.7%)",
        ),
    ]


def test_spend_without_a_budget_is_one_finding(found):
    """It adds up 2.00 of org-b, where org-a has a budget."""
    said = found([call for call in SIX if call.organization], organization_budgets={"org-a": "6"})
    assert said[0] == (
        "Spend without a budget",
        "$2.00 spent by organization with no budget: org-b",
    )


def test_a_running_month_tells_where_it_heads(found):
    """It has 9 of 10 used; seven days at 9 a week come to 9 × 31 ÷ 7 = 39.86."""
    calls = [Call("org-a", "chat", "ask", "c", "1", f"2025-12-{day:02}") for day in range(1, 7)] + [
        Call("org-a", "chat", "ask", "c", "3", "2025-12-07")
    ]
    title, text = found(calls, complete=False, organization_budgets={"org-a": "10"})[0]
    assert title == "Budget at risk"
    assert text.startswith("org-a: 90.0% of $10.00 used; its run-rate is $")


def test_a_change_against_the_month_before_names_who_moved_it(found):
    """It is 8 − 5 = 3 more; org-a moved by 6 − 2 = 4, org-b by 2 − 2 = 0, org-gone by −1."""
    calls = [call for call in SIX if call.organization]
    said = found(calls, [november(org_a="2", org_b="2", org_gone="1")])
    assert said[0] == (
        "Cost rose",
        "+$3.00 (+60.0%) against the $5.00 of the month before; the largest rise: org-a (+$4.00)",
    )
    said = found(calls, [november(org_a="6", org_b="2", org_gone="4")])
    assert said[0] == (
        "Cost fell",
        "-$4.00 (-33.3%) against the $12.00 of the month before; the largest fall: org-gone (-$4.00)",
    )


def test_a_change_of_one_organization_names_nobody(found):
    """It is 6 − 5 = 1 more of org-a alone; the only one is no largest one."""
    said = found([call for call in SIX if call.organization == "org-a"], [november(org_a="5")])
    assert said[0] == ("Cost rose", "+$1.00 (+20.0%) against the $5.00 of the month before")


def test_a_month_of_a_few_rows_may_not_be_whole(found):
    """It is said first where six rows are less than a tenth of the month before: of 61, and not of 60, nor while the month runs."""

    def titles(rows, complete=True):
        return [
            title
            for title, _ in found(SIX, [replace(november(org_a="9"), rows=rows)], complete=complete)
        ]

    assert found(SIX, [replace(november(org_a="9"), rows=61)])[0] == (
        "Little usage",
        "6 rows against 61 of the month before, which cost $9.00; its files may not be complete",
    )
    assert "Little usage" not in [*titles(60), *titles(61, complete=False)]


def test_a_running_month_is_no_fall(found):
    """It compares no part of a month with a whole one."""
    titles = [
        title
        for title, _ in found(
            [call for call in SIX if call.organization], [november(org_a="900")], complete=False
        )
    ]
    assert "Cost fell" not in titles


def test_approvals_and_chances_come_last(found):
    """It names products above the limit, then what was left: 10 − 6 = 4 and 3 − 2 = 1."""
    calls = [call for call in SIX if call.organization]
    said = found(calls, organization_budgets={"org-a": "10", "org-b": "3"}, approval_limit="4")
    assert said[:2] == [
        (
            "Approval missing",
            "1 product spent $4.50 with no approval on record, each more than $4.00 in a month: chat",
        ),
        ("Budget unspent", "$5.00 of budget was not used: org-a $4.00 and org-b $1.00"),
    ]


def test_there_are_three_at_most(found):
    """It drops what matters less."""
    budgets = {
        "organization_budgets": {"org-a": "1", "org-b": "1"},
        "product_budgets": {"chat": "1", "search": "1"},
    }
    said = found(**budgets)
    assert len(said) == 3
    assert [text.split(":")[0] for _, text in said] == ["chat", "org-a", "search"]


def test_what_is_not_material_does_not_matter(found):
    """It passes over an overrun below both limits."""
    calls = [call for call in SIX if call.organization]
    said = found(
        calls,
        organization_budgets={"org-a": "5.99", "org-b": "2"},
        materiality="0.01",
        materiality_amount="0.05",
    )
    assert [title for title, _ in said if title == "Over budget"] == []
