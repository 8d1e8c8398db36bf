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
from finops_nb.findings.tense import tense_of
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
    place = "in {place}" if mapping else "under owners in the report's params file"
    has = "has" if len(missing) == 1 else "have"
    each = "one" if len(missing) == 1 else "one for each"
    text = f"{{names}} {has} no owner on record: name {each} {place}"
    return sentence(text, names=first_few(missing), place=mapping)


def overrun_sentences(
    findings: Findings, variance: pd.DataFrame
) -> Iterator[tuple[VarianceLine, Sentence]]:
    """Each overrun, or expected one, with its volume and rate, its streak and what drove it.

    The driver is the product that made most of an organization's rise from the period before, or
    the organization that made most of a product's. Where nothing is known of a rise, it is the
    largest.

    Args:
        findings: of the report.
        variance: its organizations or its products.

    Example:
        "org-alpha is $15.00 over its $75.00 budget (120.0% used). chat is its largest product, at
        $60.00 (66.7% of the organization's cost)"
    """
    outer: Dimension = variance.columns[0]
    data, runs = findings.data, streaks(findings.data, variance)
    parts = _parts(findings, outer)
    for line in overruns(data, variance):
        template, values = excess_template(line, data, is_clause=False)
        causes = volume_and_rate(data, outer, line.name)
        template += ", {causes}" if causes is not None else ""
        streak = runs.get(line.name)
        if streak:
            template += _streak_template(streak, data)
            values |= {"streak": streak.months, "in_all": streak.excess}
        driver = _driver(data, outer, line, parts, is_named=False)
        template += ". {driver}" if driver is not None else ""
        who = name_with_owner(line.name, data.budgets)
        yield line, sentence(template, who=who, **values, causes=causes, driver=driver)


def overrun_clauses(
    findings: Findings, variance: pd.DataFrame
) -> Iterator[tuple[VarianceLine, Sentence, Sentence | None]]:
    """Each overrun as a clause for a list, and a sentence on what drove it, which names it.

    Args:
        findings: of the report.
        variance: its organizations or its products.

    Returns:
        Without volume and rate, and without the streak: the finding has them. No driver where a
        name has only one part.

    Example:
        "org-alpha, which is $15.00 over its $75.00 budget (120.0% used)" and
        "chat is org-alpha's largest product, at $60.00 (66.7% of the organization's cost)"
    """
    outer: Dimension = variance.columns[0]
    data, parts = findings.data, _parts(findings, outer)
    for line in overruns(data, variance):
        template, values = excess_template(line, data, is_clause=True)
        who = name_with_owner(line.name, data.budgets)
        driver = _driver(data, outer, line, parts, is_named=True)
        yield line, sentence(template, who=who, **values), driver


def _parts(findings: Findings, outer: Dimension) -> dict[str, list[dict[Hashable, Any]]]:
    """The lines of the breakdown of each organization, or of each product."""
    parts: dict[str, list[dict[Hashable, Any]]] = {}
    for part in findings.breakdown.to_dict("records"):
        parts.setdefault(part[outer], []).append(part)
    return parts


def _driver(
    data: ReportData,
    outer: Dimension,
    line: VarianceLine,
    parts_of: Mapping[str, Sequence[Mapping[Hashable, Any]]],
    is_named: bool,
) -> Sentence | None:
    """What made a name's cost rise, or its largest part; None for its only part."""
    driver = driver_of(data, outer, line.name)
    if driver is not None:
        text = _driver_template(outer, driver.share, is_named, data)
        values = {"largest": driver.name, "moved": driver.moved, "share": driver.share}
        return sentence(text, name=line.name, **values)
    parts = parts_of.get(line.name, ())
    if len(parts) < 2:
        return None
    inner = "product" if outer == "organization" else "organization"
    largest = max(parts, key=itemgetter("cost"))
    share = portion(largest["cost"], line.cost)
    part = "largest product" if outer == "organization" else "largest user"
    whose = "{name}'s" if is_named else "its"
    text = f"{{largest}} {tense_of(data.params).verb('is', 'be')} {whose} {part}, at {{cost:money}}"
    text += "" if data.usage.complete else " so far"
    # The share is left out if credits exceed it.
    text += f" ({{share:share}} of the {outer}'s cost)" if share is not None else ""
    values = {"largest": largest[inner], "cost": largest["cost"], "share": share}
    return sentence(text, name=line.name, **values)


def _streak_template(streak: Streak, data: ReportData) -> str:
    """A sentence on how long a name is over budget; none for the period of the report alone."""
    least = "at least " if streak.at_least else ""
    months = f"over budget for {least}{{streak:count straight month}}"
    if data.usage.complete:
        has = tense_of(data.params).verb("has", "have")
        return (
            f". It {has} been {months}, by {{in_all:money}} in total" if streak.months > 1 else ""
        )
    # Earlier months are facts in a what-if, too.
    last = parse_period(streak.through).label
    if streak.months == 1:
        return f". It was also over budget in {last}, by {{in_all:money}}"
    return f". It was {months} through {last}, by {{in_all:money}} in total"


def _driver_template(outer: Dimension, share: Decimal, is_named: bool, data: ReportData) -> str:
    """The words for what made the cost rise from the period before; of more than all, no share."""
    is_fact = data.usage.complete
    if outer == "organization":
        use = ("{name}'s" if is_named else "Its") + " use of {largest}"
    else:
        use = "{largest}'s use of " + ("{name}" if is_named else "it")
    cost = "cost" if is_fact else "is expected to cost"
    rise = "rise" if is_fact else "expected rise"
    of_rise = f" ({{share:share}} of the {outer}'s {rise})" if share <= 1 else ""
    return f"{use} {cost} {{moved:money}} more than {before_words(data)}{of_rise}"
