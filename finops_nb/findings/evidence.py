"""Evidence: what the main findings and the recommendations are evaluated on, and its sentences."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter
from typing import Any

import pandas as pd

from finops_nb.figures.budget_status import Status
from finops_nb.figures.change_by_name import Part, largest_expected_part, largest_part
from finops_nb.figures.compared import before_words
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.streaks import Streak, streaks
from finops_nb.findings.drivers import volume_and_rate
from finops_nb.findings.insights import Insight
from finops_nb.findings.materiality import VarianceLine, lines_with_status
from finops_nb.findings.overruns import excess_template, overruns
from finops_nb.findings.sentence import Sentence, first_few, sentence
from finops_nb.findings.tense import Tense, tense_of
from finops_nb.money import portion
from finops_nb.params.budgets import Budgets
from finops_nb.period import parse_period
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


def driver_of(data: ReportData, by: Dimension, name: str) -> Part | None:
    """What made most of the rise of a name, or makes most of the one that is expected.

    Args:
        data: of the report; in a running period, the run rate is compared with the whole before.
        by: organization or product.
        name: of it.

    Returns:
        None where the cost does not rise, or nothing is known of the period before.
    """
    find = largest_part if data.usage.complete else largest_expected_part
    part = find(data, by, name)
    return part if part is not None and part.whole > 0 else None


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
    """Each overrun, or expected one, with its volume and rate, its streak and what drove it.

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
    for line in overruns(findings.data, variance):
        template, values = _excess(findings.data, outer, line, is_clause)
        streak = runs.get(line.name)
        if streak:
            template += _streak_template(streak, findings.data)
            values |= {"streak": streak.months, "in_all": streak.excess}
        text, largest = _largest(findings, outer, line, parts_of.get(line.name, ()), is_clause)
        who = name_with_owner(line.name, findings.data.budgets)
        yield line, sentence(template + text, who=who, **values, **largest)


def _excess(
    data: ReportData, outer: Dimension, line: VarianceLine, is_clause: bool
) -> tuple[str, dict[str, Any]]:
    """How far a name is over its budget; where it is no clause, also its volume and rate."""
    template, values = excess_template(line, data, is_clause)
    causes = None if is_clause else volume_and_rate(data, outer, line.name)
    if causes is not None:
        template += ", {causes}"
    return template, {**values, "causes": causes}


def _largest(
    findings: Findings,
    outer: Dimension,
    line: VarianceLine,
    parts: Sequence[Mapping[Hashable, Any]],
    is_clause: bool,
) -> tuple[str, dict[str, Any]]:
    """The words for what made a name's cost rise, or for its largest part; none for its only."""
    data = findings.data
    driver = driver_of(data, outer, line.name)
    if driver is not None:
        is_fact = data.usage.complete
        text = _driver_template(outer, driver.share, is_clause, is_fact, before_words(data))
        return text, {"largest": driver.name, "moved": driver.moved, "share": driver.share}
    if not parts:
        return "", {}
    inner = "product" if outer == "organization" else "organization"
    largest = max(parts, key=itemgetter("cost"))
    share = portion(largest["cost"], line.cost)
    values = {"largest": largest[inner], "cost": largest["cost"], "share": share}
    if len(parts) == 1:
        return "", values
    tense = tense_of(data.params)
    template = _largest_template(outer, share is not None, is_clause, data.usage.complete, tense)
    return template, values


def _streak_template(streak: Streak, data: ReportData) -> str:
    """Words for how long a name has been over budget; none for the report's own period alone."""
    least = "at least " if streak.at_least else ""
    months = f"over budget for {least}{{streak:count straight month}}"
    if data.usage.complete:
        has = tense_of(data.params).verb("has", "have")
        return (
            f"; it {has} been {months}, by {{in_all:money}} in total" if streak.months > 1 else ""
        )
    # Earlier months are facts in a what-if, too.
    last = parse_period(streak.through).label
    if streak.months == 1:
        return f"; it was also over budget in {last}, by {{in_all:money}}"
    return f"; it was {months} through {last}, by {{in_all:money}} in total"


def _driver_template(
    outer: Dimension, share: Decimal, is_clause: bool, is_fact: bool, before: str
) -> str:
    """The words for what made the cost rise from the period before; of more than all, no share."""
    use = "its use of {largest}" if outer == "organization" else "{largest}'s use of it"
    if is_clause:
        text = f", with {use} {'costing' if is_fact else 'expected to cost'}"
    else:
        text = f"; {use} {'cost' if is_fact else 'is expected to cost'}"
    rise = "rise" if is_fact else "expected rise"
    of_rise = f" ({{share:share}} of the {outer}'s {rise})" if share <= 1 else ""
    return f"{text} {{moved:money}} more than {before}{of_rise}"


def _largest_template(
    outer: str, has_share: bool, is_clause: bool, is_fact: bool, tense: Tense
) -> str:
    """The words for the largest part; its share is left out if credits exceed it."""
    largest = "largest product" if outer == "organization" else "largest user"
    template = (
        ", with {largest} as its " if is_clause else f"; {{largest}} {tense.verb('is', 'be')} its "
    )
    share = " ({share:share} of the " + outer + "'s cost)" if has_share else ""
    return template + largest + ", at {cost:money}" + ("" if is_fact else " so far") + share
