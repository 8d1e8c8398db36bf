"""Evidence: what the main findings and the recommendations are evaluated on, and its sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from finops_nb.figures.budget_status import Status
from finops_nb.figures.report_data import ReportData
from finops_nb.findings.insights import Insight, VarianceLine, lines_with_status
from finops_nb.findings.sentence import Sentence, sentence
from finops_nb.money import portion
from finops_nb.params.budgets import Budgets
from finops_nb.params.model import Params


@dataclass(frozen=True, slots=True)
class Findings:
    """The frames and insights of the report, as its notebook made them.

    Args:
        data: of the report.
        organizations: from `variance_by`.
        products: from `variance_by`.
        breakdown: `allocate_within(usage, "organization", "product")`.
        efficiency: organizations, from `rank_efficiency`.
        insights: from `find_insights`.
        alerts: from `budget_alerts`.
        book: the ledger, from `ledger_of`; None where there is none.
    """

    data: ReportData
    organizations: pd.DataFrame
    products: pd.DataFrame
    breakdown: pd.DataFrame
    efficiency: pd.DataFrame
    insights: tuple[Insight, ...]
    alerts: pd.DataFrame
    book: pd.DataFrame | None


def material_overruns(variance: pd.DataFrame, params: Params) -> tuple[VarianceLine, ...]:
    """The names of a variance table that are materially over budget, the largest overrun first."""
    return tuple(line for line in lines_with_status(Status.OVER, variance, params) if line.material)


def unspent_budgets(findings: Findings) -> tuple[VarianceLine, ...]:
    """The organizations that left a material part of their budget unspent, the largest first."""
    under = lines_with_status(Status.UNDER, findings.organizations, findings.data.params)
    return tuple(line for line in under if line.material and line.variance < 0)


def name_with_owner(name: str, budgets: Budgets) -> Sentence:
    """A name, with its owner where one is known.

    Example:
        "org-alpha (owner: Ada)"
    """
    owner = budgets.owners.get(name)
    if owner:
        return sentence("{name} (owner: {owner})", name=name, owner=owner)
    return sentence("{name}", name=name)


def overrun_sentences(
    findings: Findings, variance: pd.DataFrame
) -> Iterator[tuple[VarianceLine, Sentence]]:
    """Each material overrun, with what most of its cost was spent on, or by which organization.

    Args:
        findings: of the report.
        variance: its organizations or its products.

    Example:
        "org-alpha: $15.00 over its $75.00 budget, 120.0% used; mostly on chat ($60.00, 66.7%)"
    """
    outer = variance.columns[0]
    for line in material_overruns(variance, findings.data.params):
        parts = findings.breakdown[findings.breakdown[outer] == line.name]
        yield line, _overrun_sentence(line, parts, outer, findings.data.budgets)


def _overrun_sentence(
    line: VarianceLine, parts: pd.DataFrame, outer: str, budgets: Budgets
) -> Sentence:
    """One overrun, with the largest of its parts where it has several."""
    largest = max(parts.itertuples(), key=lambda part: part.cost)
    share = portion(largest.cost, line.cost)
    template = "{who}: {excess:money} over its {budget:money} budget"
    if line.budget_used is not None:
        template += ", {used:share} used"
    if len(parts) > 1:
        is_most = 2 * largest.cost > line.cost
        template += "; " + _largest_text(outer, is_most)
        template += " ({cost:money})" if share is None else " ({cost:money}, {share:share})"
    return sentence(
        template,
        who=name_with_owner(line.name, budgets),
        excess=line.variance,
        budget=line.budget,
        used=line.budget_used,
        largest=largest.product if outer == "organization" else largest.organization,
        cost=largest.cost,
        share=share,
    )


def _largest_text(outer: str, is_most: bool) -> str:
    """How a sentence calls the largest part; "mostly" only where it is over half of the cost."""
    if outer == "organization":
        return "mostly on {largest}" if is_most else "the largest share on {largest}"
    return "mostly {largest}" if is_most else "the largest share by {largest}"
