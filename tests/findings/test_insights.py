"""Insights: what a reader should know first, and whether it is material."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pandas as pd
import pytest
from support.made_usage import data_of, findings_of

from finops_nb.figures.allocation import allocate
from finops_nb.figures.budget_status import Status
from finops_nb.figures.efficiency import rank_efficiency
from finops_nb.figures.variance import budget_variance
from finops_nb.findings import insights
from finops_nb.findings.insights import (
    Allocated,
    BudgetOverruns,
    BudgetsAtRisk,
    BudgetsDisagree,
    EfficiencyGap,
    HighestCost,
    SpendWithoutBudget,
    find_insights,
    materiality_rule,
)
from finops_nb.findings.materiality import is_material, lines_with_status
from finops_nb.report.format import Format, text_sentence
from finops_nb.report.prose import efficiency_summary
from finops_nb.schema import UNALLOCATED
from finops_nb.usage.model import CELLS

ALL = {"materiality": 0, "materiality_amount": 0}
"""Every difference is material."""


@pytest.fixture
def find(params):
    """The insights of a usage, under the params given."""

    def find(usage, **keys):
        made = params(**keys)
        organizations, products = (
            budget_variance(allocate(usage, by), budgets, made.at_risk, usage.complete, "USD")
            for by, budgets in (
                ("organization", made.organization_budgets),
                ("product", made.product_budgets),
            )
        )
        return find_insights(
            data_of(usage=usage, params=made),
            organizations=organizations,
            products=products,
            efficiency=rank_efficiency(organizations),
        )

    return find


def of(kind: type, insights) -> list:
    return [insight for insight in insights if isinstance(insight, kind)]


def calls(**costs: str) -> list[tuple]:
    """A call of each cost by organization, for a product of its own."""
    return [
        (name, f"{name}-product", "f", f"{name}-{n}", cost)
        for name, each in costs.items()
        for n, cost in enumerate(each.split())
    ]


def test_insights_come_by_money_and_facts_last(find, usage_of):
    """Budgets of 10 and 15 differ by 5; 6 − 5 = 1 is over and 1 has no budget, by each dimension.

    1 has no name. Nothing is at stake in a budget at risk without a run rate. The highest cost is a
    fact. A gap that is not material is none.
    """
    usage = usage_of(
        [*calls(over="6", near="4.5", new="1", free="0"), ("", "x", "f", "c", "1")], complete=False
    )
    budgets = {"over": 5, "near": 5}
    insights = find(
        usage,
        organization_budgets=budgets,
        product_budgets={"over-product": 5, "near-product": 5, "x": 5},
        materiality=1,
        materiality_amount=50,
    )

    assert [(type(each), getattr(each, "dimension", None)) for each in insights] == [
        (BudgetsDisagree, None),
        (BudgetOverruns, "organization"),
        (SpendWithoutBudget, "organization"),
        (BudgetOverruns, "product"),
        (SpendWithoutBudget, "product"),
        (Allocated, None),
        (BudgetsAtRisk, "organization"),
        (BudgetsAtRisk, "product"),
        (HighestCost, "product"),
    ]


def test_a_quiet_month_has_two_insights(find, usage_of):
    """Under budget everywhere, nobody more efficient: the highest cost and the allocated share."""
    insights = find(
        usage_of(calls(a="1", b="1")),
        organization_budgets={"a": 5, "b": 5},
        product_budgets={"a-product": 5, "b-product": 5},
    )

    assert insights == (
        HighestCost("product", "a-product", Decimal(1), Decimal("0.5")),
        Allocated(Decimal(1), Decimal(0)),
    )


@pytest.mark.parametrize(
    ("amount", "whole", "expected"),
    [
        ("50", "1000000", True),
        ("49.999999", "1000000", False),
        ("-50", "1000000", True),
        ("10", "1000", True),
        ("9.999999", "1000", False),
        ("-10", "1000", True),
        ("10", "-1000", True),
        ("9.999999", "-1000", False),
        ("0.000001", "0", True),
    ],
)
def test_it_is_material_from_one_limit_or_the_other(params, amount, whole, expected):
    """From exactly 50, or exactly 1% of the whole, on both sides of zero; below both it is not.

    Any difference to zero is material.
    """
    assert is_material(Decimal(amount), Decimal(whole), params()) is expected


def test_it_takes_the_limits_from_the_params(params):
    """At their highest, a difference has to reach one of them; at zero, everything is material."""
    high = params(materiality=1, materiality_amount=1000)

    assert not is_material(Decimal("999.99"), Decimal(1001), high)
    assert is_material(Decimal(1000), Decimal(1001), high)
    assert is_material(Decimal(5), Decimal(5), high)
    assert is_material(Decimal(0), Decimal(10), params(**ALL))


def test_it_lists_overruns_with_the_largest_first(find, usage_of):
    """Each has its cost, budget and overrun; 0.40 of 100 is below 1% and below 50: not material."""
    usage = usage_of(calls(small="100.40", large="160", b="3", a="3"))
    (overruns,) = of(
        BudgetOverruns,
        find(usage, organization_budgets={"small": 100, "large": 100, "a": 2, "b": 2}),
    )

    assert [(line.name, line.variance, line.material) for line in overruns.lines] == [
        ("large", Decimal(60), True),
        ("a", Decimal(1), True),
        ("b", Decimal(1), True),
        ("small", Decimal("0.40"), False),
    ]
    assert (overruns.lines[0].cost, overruns.lines[0].budget, overruns.lines[0].budget_used) == (
        160,
        100,
        Decimal("1.6"),
    )


def test_it_lists_a_zero_budget_with_spend_as_an_overrun(find, usage_of):
    """A budget of zero has no % used."""
    (overruns,) = of(BudgetOverruns, find(usage_of(calls(a="1")), organization_budgets={"a": 0}))

    assert (overruns.lines[0].variance, overruns.lines[0].budget_used) == (Decimal(1), None)


def test_it_is_no_overrun_at_budget(find, usage_of):
    """A cost exactly at budget gives no insight."""
    assert of(BudgetOverruns, find(usage_of(calls(a="5")), organization_budgets={"a": 5})) == []


@pytest.mark.parametrize("complete", [True, False])
def test_it_warns_of_budgets_at_risk_while_the_month_runs(find, usage_of, complete):
    """It warns at 80% of the budget of a running month, but not of a full one."""
    insights = of(
        BudgetsAtRisk,
        find(usage_of(calls(a="4"), complete=complete), organization_budgets={"a": 5}),
    )

    assert [[line.name for line in each.lines] for each in insights] == (
        [] if complete else [["a"]]
    )


def test_it_names_organizations_that_spent_without_a_budget(find, usage_of):
    """Others have one; cost without a name can't have one."""
    usage = usage_of([*calls(a="1", new="2", newer="3"), ("", "x", "f", "c", "9")])

    assert of(SpendWithoutBudget, find(usage, organization_budgets={"a": 5})) == [
        SpendWithoutBudget("organization", ("newer", "new"), Decimal(5))
    ]
    assert of(SpendWithoutBudget, find(usage)) == []


@pytest.mark.parametrize(
    ("organizations", "products", "expected"),
    [
        ({"a": 5, "b": 2}, {"x": 4}, [BudgetsDisagree(Decimal(7), Decimal(4), Decimal(3))]),
        ({"a": 1}, {"x": "1.01"}, [BudgetsDisagree(Decimal(1), Decimal("1.01"), Decimal("-0.01"))]),
        ({"a": "0.1", "b": "0.2"}, {"x": "0.3"}, []),
        ({"a": 5}, {}, []),
        ({}, {"x": 5}, []),
    ],
)
def test_it_sees_budgets_that_disagree(find, usage_of, organizations, products, expected):
    """Both levels budget the same money; a level without budgets does not disagree."""
    assert (
        of(
            BudgetsDisagree,
            find(
                usage_of(calls(a="1")), organization_budgets=organizations, product_budgets=products
            ),
        )
        == expected
    )


def test_it_names_the_product_that_cost_most(find, six, usage_of):
    """Chat: 6.50 of 10.00. Cost without a name is no product; a net credit has no shares."""
    assert of(HighestCost, find(six)) == [
        HighestCost("product", "chat", Decimal("6.50"), Decimal("0.65"))
    ]
    assert of(HighestCost, find(usage_of([("a", "", "f", "c", "5")]))) == []
    assert (
        of(HighestCost, find(usage_of([("a", "", "f", "c", "9"), ("a", "x", "f", "c", "1")])))[
            0
        ].name
        == "x"
    )
    assert of(HighestCost, find(usage_of(calls(a="1", b="-3"))))[0].share is None


def test_it_measures_the_gap_between_the_most_and_the_least_efficient(find, six):
    """org-b has 2 ÷ 2.00, org-a 3 ÷ 6.00: 0.5 fewer, which is half.

    At 1 call per dollar, org-a's 3 calls would cost 3.00 instead of 6.00.
    """
    (gap,) = of(EfficiencyGap, find(six))

    assert gap == EfficiencyGap(
        "org-b", "org-a", Decimal("0.5"), Decimal("0.5"), Decimal("3.00"), material=True
    )


def test_the_gap_is_a_fraction_of_the_best(find, usage_of):
    """2 calls per dollar and 0.5: 1.5 fewer, or three quarters; 0.50 a call would save 1.50."""
    (gap,) = of(EfficiencyGap, find(usage_of(calls(a="0.50", b="2"))))

    assert (gap.gap, gap.share, gap.money) == (Decimal("1.5"), Decimal("0.75"), Decimal("1.50"))


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        ({"a": "99", "b": "100"}, True),
        ({"a": "99.01", "b": "100"}, False),
        ({"a": "9000", "b": "9050"}, True),
        ({"a": "9000", "b": "9049.99"}, False),
    ],
)
def test_a_gap_is_material_by_the_money_it_is_worth(find, usage_of, costs, expected):
    """One call each: b spent 1.00 of 100.00 more than a, or 0.99; 50.00 of 9,050.00, or 49.99."""
    assert bool(of(EfficiencyGap, find(usage_of(calls(**costs))))) is expected


def test_equals_have_no_gap(find, usage_of):
    """Even with limits of zero, a gap of zero is not material."""
    assert of(EfficiencyGap, find(usage_of(calls(a="1", b="1")), **ALL)) == []


@pytest.mark.parametrize("costs", [{"a": "1"}, {"a": "1", "free": "0"}, {"a": "1", "credit": "-1"}])
def test_a_gap_needs_two_organizations_with_a_score(find, usage_of, costs):
    """Free calls and credits have no score, so that one organization is left."""
    assert of(EfficiencyGap, find(usage_of(calls(**costs)))) == []


def test_the_gap_is_computed_once(params, six, monkeypatch):
    """The insights and the section on efficiency print the same one."""
    asked = []
    monkeypatch.setattr(insights, "costs_at_equal_mix", lambda *of: asked.append(of) or {})
    data = data_of(usage=six, params=params(**ALL))
    found = findings_of(data)
    assert efficiency_summary(data, found.efficiency).records() == [
        {"most_efficient": "org-b", "least_efficient": "org-a"}
    ]
    assert len(asked) == 1


def test_it_has_the_share_of_cost_with_an_organization(find, six, usage_of):
    """8.00 of 10.00 has one; a net credit has no share."""
    assert of(Allocated, find(six)) == [Allocated(Decimal("0.8"), Decimal("2.00"))]
    why = "; there is no share because credits exceed the cost of an organization"
    assert of(Allocated, find(usage_of(calls(a="-1")))) == [Allocated(None, Decimal(0), None, why)]


def test_it_lists_the_lines_of_one_status(params, six):
    """It lists names with a budget only, the largest difference first, of either sign."""
    budgets = {"org-a": Decimal(7), "org-b": Decimal(9), "idle": Decimal(1)}
    variance = budget_variance(allocate(six, "organization"), budgets, Decimal("0.8"), True, "USD")

    assert [
        (line.name, line.variance) for line in lines_with_status(Status.UNDER, variance, params())
    ] == [
        ("org-b", Decimal(-7)),
        ("idle", Decimal(-1)),
        ("org-a", Decimal(-1)),
    ]
    assert lines_with_status(Status.NO_BUDGET, variance, params()) == ()
    assert UNALLOCATED in set(variance["organization"])


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        ({"small": "100.40", "large": "160"}, True),
        ({"small": "101", "large": "160"}, False),
        ({"small": "9", "large": "9"}, False),
    ],
)
def test_the_rule_is_printed_where_an_insight_is_not_material(
    find, usage_of, params, costs, expected
):
    """An overrun of 0.40 of 100.00 is not material; where none is printed, there is no rule."""
    insights = find(usage_of(calls(**costs)), organization_budgets={"small": 100, "large": 100})
    rule = materiality_rule(insights, params())

    assert (rule is not None) is expected
    if rule:
        assert text_sentence(rule, Format("USD")) == (
            "A difference is not material when it is below 1% and below $50.00."
        )


def test_a_gap_that_comes_of_other_models_is_not_material(find, usage_of):
    """a makes 10 calls of a cheap model, b 10 of a dear one: at equal mix both pay the same.

    Without the models, b would pay 90.00 for what a pays 10.00 for.
    """
    usage = usage_of(calls(a="10", b="90"))
    assert len(of(EfficiencyGap, find(usage))) == 1
    kinds = [("a", "small", "10"), ("b", "large", "90")]
    columns = [*CELLS, "cost", "calls", "input_tokens", "output_tokens"]
    rows = [(name, "p", "x", model, "t", Decimal(cost), 1, 0, 0) for name, model, cost in kinds]
    cells = pd.DataFrame(rows, columns=columns, dtype=object)
    usage = replace(usage, groups={**usage.groups, CELLS: cells})
    assert of(EfficiencyGap, find(usage)) == []


def test_credits_need_no_budget(find, usage_of):
    """A refund of 2.00 is no spend; the 3.00 of new are."""
    usage = usage_of(calls(over="6", new="3", refund="-2"))
    found = of(SpendWithoutBudget, find(usage, organization_budgets={"over": 5}))
    assert [(each.names, each.cost) for each in found] == [(("new",), Decimal(3))]
