"""Drivers in words: what made a name exceed a budget that states calls."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from support.made_usage import Call, data_of, findings_of, usage_of

from finops_nb.figures import budget_bridge
from finops_nb.findings.evidence import overrun_clauses, overrun_sentences
from finops_nb.params.budgets import Budgets, Version
from finops_nb.params.flexible_budget import FlexibleBudget
from finops_nb.report.format import Format, text_sentence

D, F = Decimal, Fraction


def overrun(calls: int, cost: str, budgeted: int | None, is_clause: bool = False) -> str:
    """The sentence on org-a, whose budget is 20.00 for so many calls."""
    flexible = {}
    if budgeted is not None:
        flexible["organization", "org-a"] = FlexibleBudget(F(budgeted), F(20, budgeted))
    budgets = Budgets({}, (Version("original", {"org-a": D(20)}, {}),), flexible=flexible)
    usage = usage_of([Call("org-a", "chat", "ask", "c", cost, calls=calls)])
    findings = findings_of(data_of(usage, budgets=budgets))
    sentences = overrun_clauses if is_clause else overrun_sentences
    [(_, found, *_)] = sentences(findings, findings.organizations)
    return text_sentence(found, Format("USD"))


@pytest.mark.parametrize(
    ("calls", "cost", "budgeted", "causes"),
    [
        (1500, "33", 1000, ", of which $10.00 is more calls and $3.00 a higher cost per call"),
        (
            800,
            "33",
            1000,
            ", as a higher cost per call added $17.00 and fewer calls saved $4.00",
        ),
        (
            2000,
            "33",
            1000,
            ", as more calls added $20.00 and a lower cost per call saved $7.00",
        ),
        (1000, "33", 1000, ", as a higher cost per call added $13.00"),
        (1650, "33", 1000, ", as more calls added $13.00"),
        (1500, "33", None, ""),
    ],
)
def test_an_overrun_says_what_is_volume_and_what_is_rate(calls, cost, budgeted, causes):
    """20.00 were for 1,000 calls at 0.02; without calls in the budget nothing is said."""
    assert overrun(calls, cost, budgeted) == (
        f"org-a is $13.00 over its $20.00 budget (165.0% used){causes}"
    )


def test_a_recommendation_leaves_it_to_the_finding():
    """Its sentence is long already."""
    assert overrun(1500, "33", 1000, is_clause=True) == (
        "org-a, which is $13.00 over its $20.00 budget (165.0% used)"
    )


def test_the_bridges_of_all_names_are_put_in_order_once(monkeypatch):
    """However many names are over budget, nothing is searched name by name."""
    asked = []
    bridges = budget_bridge.budget_bridges
    monkeypatch.setattr(
        budget_bridge, "budget_bridges", lambda data: asked.append(data) or bridges(data)
    )
    names = [f"org-{number}" for number in range(5)]
    budgets = Budgets({}, (Version("original", dict.fromkeys(names, D(1)), {}),))
    usage = usage_of([Call(name, "chat", "ask", "c", "2") for name in names])
    findings = findings_of(data_of(usage, budgets=budgets))
    assert len(list(overrun_sentences(findings, findings.organizations))) == 5
    assert len(asked) == 1
