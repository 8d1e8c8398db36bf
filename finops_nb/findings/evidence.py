"""Evidence: what the main findings and the recommendations are evaluated on, and its sentences."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter
from typing import Any

import pandas as pd

from finops_nb.figures.budget_status import Status
from finops_nb.figures.change_by_name import largest_part
from finops_nb.figures.compared import before_words
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.streaks import streaks
from finops_nb.findings.drivers import volume_and_rate
from finops_nb.findings.insights import Insight
from finops_nb.findings.materiality import VarianceLine, lines_with_status
from finops_nb.findings.sentence import Sentence, first_few, sentence
from finops_nb.findings.tense import Tense, tense_of
from finops_nb.money import portion
from finops_nb.params.budgets import Budgets
from finops_nb.params.model import Params
from finops_nb.schema import UNALLOCATED, Dimension


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


def owner_to_find(data: ReportData, names: Iterable[str], dimension: Dimension) -> Sentence | None:
    """Whose owner must be named so that somebody can decide; None if all have one.

    A scenario decides nothing.

    Args:
        data: for the owners, and the place where they are named.
        names: that a decision is about.
        dimension: of the names.

    Example:
        "org-a has no owner on record: name one in organizations.csv"
    """
    known = data.budgets.owners
    missing = [name for name in names if name not in known and name != UNALLOCATED]
    if not missing or data.params.scenario is not None:
        return None
    mapping = data.params.mapping if dimension == "organization" else ""
    place = "in {place}" if mapping else "under owners in the params file"
    has = "has" if len(missing) == 1 else "have"
    each = "one" if len(missing) == 1 else "one for each"
    text = f"{{names}} {has} no owner on record: name {each} {place}"
    return sentence(text, names=first_few(missing), place=mapping)


def overrun_sentences(
    findings: Findings, variance: pd.DataFrame, is_clause: bool = False
) -> Iterator[tuple[VarianceLine, Sentence]]:
    """Each material overrun, with its volume and rate variance, its streak and what drove it.

    The driver is the product that made most of an organization's rise from the period before, or
    the organization that made most of a product's. Where nothing is known of a rise, it is the
    largest.

    Args:
        findings: of the report.
        variance: its organizations or its products.
        is_clause: whether the text is to follow a verb, as in "Review spending with org-alpha,
            which is $15.00 over its $75.00 budget".

    Example:
        "org-alpha is $15.00 over its $75.00 budget (120.0% used); chat is its largest product, at
        $60.00 (66.7% of the organization's cost)"
    """
    outer: Dimension = variance.columns[0]
    parts_of: dict[str, list[dict[Hashable, Any]]] = {}
    for part in findings.breakdown.to_dict("records"):
        parts_of.setdefault(part[outer], []).append(part)
    runs = {} if is_clause else streaks(findings.data, variance)
    for line in material_overruns(variance, findings.data.params):
        template, values = _excess(findings.data, outer, line, is_clause)
        streak = runs.get(line.name)
        if streak and streak.months > 1:
            template += _streak_template(streak.at_least, tense_of(findings.data.params))
            values |= {"streak": streak.months, "in_all": streak.excess}
        text, largest = _largest(findings, outer, line, parts_of[line.name], is_clause)
        who = name_with_owner(line.name, findings.data.budgets)
        yield line, sentence(template + text, who=who, **values, **largest)


def _excess(
    data: ReportData, outer: Dimension, line: VarianceLine, is_clause: bool
) -> tuple[str, dict[str, Any]]:
    """How far a name is over its budget; where it is no clause, also its volume and rate."""
    template = _overrun_template(line, is_clause, tense_of(data.params))
    causes = None if is_clause else volume_and_rate(data, outer, line.name)
    if causes is not None:
        template += ", {causes}"
    values = {"excess": line.variance, "budget": line.budget, "used": line.budget_used}
    return template, {**values, "causes": causes}


def _largest(
    findings: Findings,
    outer: Dimension,
    line: VarianceLine,
    parts: Sequence[Mapping[Hashable, Any]],
    is_clause: bool,
) -> tuple[str, dict[str, Any]]:
    """The words for what made a name's cost rise, or for its largest part; none for its only."""
    driver = largest_part(findings.data, outer, line.name)
    if driver and driver.whole > 0:
        text = _driver_template(outer, driver.share, is_clause, before_words(findings.data))
        return text, {"largest": driver.name, "moved": driver.moved, "share": driver.share}
    inner = "product" if outer == "organization" else "organization"
    largest = max(parts, key=itemgetter("cost"))
    share = portion(largest["cost"], line.cost)
    values = {"largest": largest[inner], "cost": largest["cost"], "share": share}
    if len(parts) == 1:
        return "", values
    tense = tense_of(findings.data.params)
    return _largest_template(outer, share is not None, is_clause, tense), values


def _overrun_template(line: VarianceLine, is_clause: bool, tense: Tense) -> str:
    template = ("{who}, which " if is_clause else "{who} ") + tense.verb("is", "be")
    template += " {excess:money} over its {budget:money} budget"
    return template if line.budget_used is None else template + " ({used:share} used)"


def _streak_template(at_least: bool, tense: Tense) -> str:
    """Words for how long a name has been over budget; two months or more."""
    has = tense.verb("has", "have")
    least = "at least " if at_least else ""
    months = f"{has} been over budget for {least}{{streak:count straight month}}"
    return f"; it {months}, by {{in_all:money}} in total"


def _driver_template(outer: Dimension, share: Decimal, is_clause: bool, before: str) -> str:
    """The words for what made the cost rise from the period before; of more than all, no share."""
    use = "its use of {largest}" if outer == "organization" else "{largest}'s use of it"
    text = f", with {use} costing" if is_clause else f"; {use} cost"
    of_rise = f" ({{share:share}} of the {outer}'s rise)" if share <= 1 else ""
    return f"{text} {{moved:money}} more than {before}{of_rise}"


def _largest_template(outer: str, has_share: bool, is_clause: bool, tense: Tense) -> str:
    """The words for the largest part; its share is left out if credits exceed it."""
    largest = "largest product" if outer == "organization" else "largest user"
    template = (
        ", with {largest} as its " if is_clause else f"; {{largest}} {tense.verb('is', 'be')} its "
    )
    share = " ({share:share} of the " + outer + "'s cost)" if has_share else ""
    return template + largest + ", at {cost:money}" + share
