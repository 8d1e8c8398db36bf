"""Findings: all that recommendations are evaluated on, and how a line of them is named."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from finops_nb.figures.budget_status import Status
from finops_nb.figures.report_data import ReportData
from finops_nb.findings.insights import Insight, VarianceLine, lines_with
from finops_nb.findings.sentence import Sentence, sentence
from finops_nb.money import portion
from finops_nb.params.budgets import Budgets
from finops_nb.params.model import Params


@dataclass(frozen=True, slots=True)
class Findings:
    """The frames and facts of the report, as its notebook made them."""

    data: ReportData
    organizations: pd.DataFrame
    products: pd.DataFrame
    breakdown: pd.DataFrame
    efficiency: pd.DataFrame
    insights: tuple[Insight, ...]
    alerts: pd.DataFrame
    book: pd.DataFrame | None


def overruns(variance: pd.DataFrame, params: Params) -> tuple[VarianceLine, ...]:
    """The names of a variance table that are materially over budget, the largest first."""
    return tuple(line for line in lines_with(Status.OVER, variance, params) if line.material)


def owned(name: str, budgets: Budgets) -> Sentence:
    """A name, with who answers for it where that is known."""
    owner = budgets.owners.get(name)
    return (
        sentence("{name} (owner: {owner})", name=name, owner=owner)
        if owner
        else sentence("{name}", name=name)
    )


def overrun_facts(
    found: Findings, variance: pd.DataFrame
) -> tuple[tuple[VarianceLine, Sentence], ...]:
    """Each material overrun of a variance table, with what the largest part of its cost is for, or by whom; where it has parts."""
    outer, inner, part = {
        "organization": (
            "organization",
            "product",
            "; the largest part of its cost on {largest} ({cost:money}",
        ),
        "product": (
            "product",
            "organization",
            "; the largest part of its cost by {largest} ({cost:money}",
        ),
    }[variance.columns[0]]
    facts = []
    for line in overruns(variance, found.data.params):
        parts = found.breakdown[found.breakdown[outer] == line.name]
        largest = max(parts.itertuples(), key=lambda row: row.cost)
        used = "" if line.budget_used is None else ", {used:share} used"
        share = portion(largest.cost, line.cost)
        of_which = part + (")" if share is None else ", {share:share})")
        said = sentence(
            "{who}: {excess:money} over its budget of {budget:money}"
            + used
            + (of_which if len(parts) > 1 else ""),
            who=owned(line.name, found.data.budgets),
            excess=line.variance,
            budget=line.budget,
            used=line.budget_used,
            largest=getattr(largest, inner),
            cost=largest.cost,
            share=share,
        )
        facts.append((line, said))
    return tuple(facts)
