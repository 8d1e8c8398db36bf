"""Recommendations: each cites its figure, names, owner and money, or is not printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

import pandas as pd

from finops_nb.figures.chargeback import is_final
from finops_nb.figures.policies import budgets_without_owner, spend_without_approval
from finops_nb.figures.variance import headline_dimension
from finops_nb.findings.decisions import funding, missing_budgets, next_budgets
from finops_nb.findings.evidence import (
    Findings,
    name_with_owner,
    overrun_clauses,
    owner_to_find,
)
from finops_nb.findings.insights import AT_THE_BEST_RATE, EfficiencyGap, SpendWithoutBudget
from finops_nb.findings.money_text import unit_name
from finops_nb.findings.no_share import why_no_share
from finops_nb.findings.overruns import overruns
from finops_nb.findings.sentence import NAMED, Sentence, first_few, sentence, separated
from finops_nb.findings.tense import tense_of
from finops_nb.money import ZERO, total
from finops_nb.period import parse_period
from finops_nb.schema import UNALLOCATED, Dimension


class Horizon(StrEnum):
    IMMEDIATE = "Immediate Actions"
    PROCESS = "Process Improvements"
    GOVERNANCE = "Governance"


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to do.

    Args:
        horizon: its group.
        title: a few words.
        action: a sentence without a full stop.
        money: at stake, in the report's currency; zero for a routine such as booking the ledger.
    """

    horizon: Horizon
    title: str
    action: Sentence
    money: Decimal = ZERO


class Advice(NamedTuple):
    """What an evaluation finds: as `Recommendation`."""

    action: Sentence
    money: Decimal = ZERO


def recommend(findings: Findings) -> tuple[Recommendation, ...]:
    """Every recommendation that the figures support, by horizon; in each, the most money first.

    Args:
        findings: what the report found.
    """
    recommendations = []
    for horizon, title, evaluate in ACTIONS:
        advice = evaluate(findings)
        if advice is not None:
            recommendations.append(Recommendation(horizon, title, *advice))
    horizons = list(Horizon)
    recommendations.sort(key=lambda each: (horizons.index(each.horizon), -each.money))
    return tuple(recommendations)


def _budget_review(findings: Findings) -> Advice | None:
    return _review("Review spending with ", findings, findings.organizations)


def _product_review(findings: Findings) -> Advice | None:
    text = "Decide whether to change the price, usage or budget of "
    return _review(text, findings, findings.products)


def _review(text: str, findings: Findings, variance: pd.DataFrame) -> Advice | None:
    """What to do about the overruns; None if there are none."""
    found = list(overrun_clauses(findings, variance))
    if not found:
        return None
    lines = [line for line, _, _ in found]
    amounts = [line.at_stake for line in lines]
    over = "over budget" if findings.data.usage.complete else "expected over budget"
    reviews = first_few((clause for _, clause, _ in found), amounts, over)
    shown = found if len(reviews) == len(found) else found[:NAMED]
    by: Dimension = variance.columns[0]
    more = (
        *(driver for _, _, driver in shown),
        next_budgets(findings.data, lines, by),
        owner_to_find(findings.data, [line.name for line in lines], by),
    )
    then = tuple(each for each in more if each is not None)
    text += separated("reviews", reviews)
    text += "".join(f". {{then[{place}]}}" for place in range(len(then)))
    return Advice(sentence(text, reviews=reviews, then=then), total(amounts))


def _chargeback(findings: Findings) -> Advice | None:
    """A ledger is booked once its month is complete and reconciled."""
    book = findings.book
    if book is None or not is_final(findings.data.usage):
        return None
    charged = book[book["organization"] != UNALLOCATED]
    unallocated = book[book["organization"] == UNALLOCATED]
    if charged.empty:
        return None
    verb = "charges" if len(book) == 1 else "charge"
    text = "Book {lines:count ledger line} that " + verb
    text += " {amount:money} to {names:count organization}"
    if not unallocated.empty:
        text += " and leave {rest:money} unallocated"
    action = sentence(
        text,
        lines=len(book),
        amount=total(charged["amount"]),
        names=charged["organization"].nunique(),
        rest=total(unallocated["amount"]),
    )
    return Advice(action)


def _cost_allocation(findings: Findings) -> Advice | None:
    usage = findings.data.usage
    cost, share = usage.unallocated, usage.unallocated_share
    if not cost:
        return None
    of_total = "" if share is None else " ({share:share} of the total)"
    is_not = tense_of(findings.data.params).negated("is not", "be")
    text = "Tag the {cost:money}" + f"{of_total} that {is_not} assigned to an organization"
    text += f", so that it can be charged{why_no_share(usage)}"
    action = sentence(text, cost=cost, share=share)
    return Advice(action, abs(cost))


def _showback(findings: Findings) -> Advice | None:
    """Products that several organizations use; cost without a name is shown to nobody."""
    breakdown = findings.breakdown
    has_names = (breakdown["product"] != UNALLOCATED) & (breakdown["organization"] != UNALLOCATED)
    named = breakdown[has_names]
    users = named.groupby("product")["organization"].nunique()
    shared = named[named["product"].isin(users[users > 1].index)]
    cost = total(shared["cost"])
    if cost <= ZERO:
        return None
    spent = "that would be spent" if tense_of(findings.data.params).supposed else "spent"
    action = sentence(
        "Send each of the {organizations:count organization} a showback report (for information, "
        "not a charge) of its share of the {cost:money} "
        + spent
        + " on {products:count shared product}",
        organizations=shared["organization"].nunique(),
        cost=cost,
        products=shared["product"].nunique(),
    )
    return Advice(action)


def _budget_planning(findings: Findings) -> Advice | None:
    """The next month's budgets: to set them, or to move what one of them does not need."""
    data = findings.data
    missing = missing_budgets(data)
    if missing is not None:
        return Advice(*missing)
    by = headline_dimension(data.budgets)
    frame = findings.organizations if by == "organization" else findings.products
    over = overruns(data, frame)
    action = funding(data, over)
    return Advice(action, total(line.at_stake for line in over)) if action else None


def _efficiency_sharing(findings: Findings) -> Advice | None:
    gaps = [insight for insight in findings.insights if isinstance(insight, EfficiencyGap)]
    if not gaps or not gaps[0].material:
        return None
    per_unit = unit_name(findings.data.params.currency)
    gets = tense_of(findings.data.params).verb("gets", "get")
    action = sentence(
        f"Share {{most}}'s practices with {{least}}, which {gets} {{share:share}} fewer calls per "
        f"{per_unit}; {AT_THE_BEST_RATE}",
        most=gaps[0].most,
        least=gaps[0].least,
        share=gaps[0].share,
        money=gaps[0].money,
    )
    return Advice(action, gaps[0].money)


def _approval_process(findings: Findings) -> Advice | None:
    """The month is named once if the period is a month, else with each product."""
    spend = spend_without_approval(findings.data)
    if spend.empty:
        return None
    period = findings.data.usage.period
    spenders = []
    for row in spend.itertuples():
        text = "{who} {cost:money}" + ("" if period.is_month else " in {month}")
        who = name_with_owner(row.product, findings.data.budgets)
        month = parse_period(row.month).label
        spenders.append(sentence(text, who=who, cost=row.cost, month=month))
    products = findings.data.usage.groups["product",]["product"]
    when = "{month}" if period.is_month else "a month"
    action = sentence(
        "Enforce the approval limit of {limit:money} per product per month; "
        "{some:count} of {all:count product} "
        + tense_of(findings.data.params).verb("spent", "spend")
        + " more than {limit:money} in "
        + when
        + " with no approval on record ({spenders})",
        some=spend["product"].nunique(),
        all=sum(name != UNALLOCATED for name in products),
        limit=findings.data.params.approval_limit,
        month=period.label,
        spenders=first_few(spenders, spend["cost"]),
    )
    return Advice(action, total(spend["cost"]))


def _owners(findings: Findings) -> Advice | None:
    """The budgets that break the policy that each has an owner.

    Those of organizations and of products are the same money, so the larger sum is at stake.
    """
    ownerless, sums = [], []
    for variance in (findings.organizations, findings.products):
        found = budgets_without_owner(variance, findings.data.budgets)
        if not found:
            continue
        ranked = sorted(found, key=lambda name: (-found[name], name))
        sums.append(total(found.values()))
        plural = "s" if len(found) > 1 else ""
        text = f"{variance.columns[0]}{plural} {{names}} ({{budget:money}} budgeted)"
        names = first_few(ranked, [found[name] for name in ranked])
        ownerless.append(sentence(text, names=names, budget=sums[-1]))
    if not ownerless:
        return None
    text = "Name an owner for {ownerless}; each budget needs one"
    return Advice(sentence(text, ownerless=tuple(ownerless)), max(sums))


def _budget_coverage(findings: Findings) -> Advice | None:
    budgets = findings.data.budgets
    uncovered, cost = [], ZERO
    for insight in findings.insights:
        if isinstance(insight, SpendWithoutBudget):
            names = first_few(name_with_owner(name, budgets) for name in insight.names)
            plural = "s" if len(insight.names) > 1 else ""
            text = f"{insight.dimension}{plural} {{names}} ({{cost:money}})"
            uncovered.append(sentence(text, names=names, cost=insight.cost))
            cost += insight.cost
    if not uncovered:
        return None
    text = "Set a budget for {uncovered}, or stop the spend"
    action = sentence(text, uncovered=tuple(uncovered))
    return Advice(action, cost)


ACTIONS: Final[tuple[tuple[Horizon, str, Callable[[Findings], Advice | None]], ...]] = (
    (Horizon.IMMEDIATE, "Budget Review", _budget_review),
    (Horizon.IMMEDIATE, "Product Review", _product_review),
    (Horizon.IMMEDIATE, "Chargeback Implementation", _chargeback),
    (Horizon.PROCESS, "Cost Allocation", _cost_allocation),
    (Horizon.PROCESS, "Showback Reports", _showback),
    (Horizon.PROCESS, "Budget Planning", _budget_planning),
    (Horizon.PROCESS, "Efficiency Sharing", _efficiency_sharing),
    (Horizon.GOVERNANCE, "Approval Process", _approval_process),
    (Horizon.GOVERNANCE, "Owners", _owners),
    (Horizon.GOVERNANCE, "Budget Coverage", _budget_coverage),
)
"""Each recommendation with what evaluates it; a result of None is not printed.

Where no money says what comes first, the order is that of the reference report; Budget Coverage is
our own. What the report does by itself, such as alerts and unit costs, is not recommended.
"""
