"""Recommendations: each cites its figure, names, owner and money, or is not printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import Final, NamedTuple

import pandas as pd

from finops_nb.figures.chargeback import is_final
from finops_nb.figures.crossings import highest_crossing
from finops_nb.figures.policies import spend_without_approval
from finops_nb.figures.run_rate import cost_after
from finops_nb.findings.evidence import (
    Findings,
    material_overruns,
    name_with_owner,
    overrun_sentences,
    unspent_budgets,
)
from finops_nb.findings.insights import AT_THE_BEST_RATE, EfficiencyGap, SpendWithoutBudget
from finops_nb.findings.materiality import VarianceLine, is_material
from finops_nb.findings.money_text import unit_name
from finops_nb.findings.sentence import Sentence, first_few, sentence, separated
from finops_nb.findings.tense import Tense, tense_of
from finops_nb.money import ZERO, portion, total
from finops_nb.params.budgets import Budgets
from finops_nb.period import parse_period
from finops_nb.schema import BUDGETED, UNALLOCATED


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
    """What to do about the material overruns; None if there are none."""
    overruns = list(overrun_sentences(findings, variance, is_clause=True))
    if not overruns:
        return None
    amounts = [line.variance for line, _ in overruns]
    reviews = first_few((clause for _, clause in overruns), amounts, "over budget")
    action = sentence(text + separated("reviews", reviews), reviews=reviews)
    return Advice(action, total(amounts))


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


def _budget_alerts(findings: Findings) -> Advice | None:
    """By the highest threshold that each budget crossed, the highest first."""
    days_by_threshold: dict[Decimal, list[tuple[str, date]]] = {}
    # By dimension, since an organization and a product may share a name.
    for dimension in BUDGETED:
        for name, crossing in highest_crossing(findings.alerts, dimension).items():
            days_by_threshold.setdefault(crossing.threshold, []).append((name, crossing.day))
    if not days_by_threshold:
        return None
    thresholds = sorted(set(findings.data.params.alert_thresholds))
    crossings = []
    for threshold, days in sorted(days_by_threshold.items(), reverse=True):
        names = first_few(_name_on_day(name, day, findings.data.budgets) for name, day in days)
        text = "{threshold:percent} by {names}"
        crossings.append(sentence(text, threshold=threshold, names=names))
    each = "; ".join(f"{{crossings[{place}]}}" for place in range(len(crossings)))
    usage = findings.data.usage
    crossed = "Would be crossed" if tense_of(findings.data.params).supposed else "Crossed"
    crossed += "" if usage.complete or cost_after(usage) else " so far"
    action = sentence(
        f"Set up alerts at {{thresholds}} of budget. {crossed}: {each}",
        thresholds=tuple(_percent(threshold) for threshold in thresholds),
        crossings=tuple(crossings),
    )
    return Advice(action)


def _name_on_day(name: str, day: date, budgets: Budgets) -> Sentence:
    who = name_with_owner(name, budgets)
    text = "{who} ({day:date})"
    if budgets.owners.get(name):
        text = "{who.values[name]} (owner: {who.values[owner]}; {day:date})"
    return sentence(text, who=who, day=day)


def _percent(threshold: Decimal) -> Sentence:
    return sentence("{threshold:percent}", threshold=threshold)


def _cost_allocation(findings: Findings) -> Advice | None:
    usage = findings.data.usage
    cost, share = usage.unallocated, usage.unallocated_share
    if not cost:
        return None
    of_total = "" if share is None else " ({share:share} of the total)"
    is_not = tense_of(findings.data.params).negated("is not", "be")
    text = "Tag the {cost:money}" + f"{of_total} that {is_not} assigned to an organization"
    text += ", so that it can be charged"
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
        "Send each of the {organizations:count organization} a showback report for its share of "
        "the {cost:money} " + spent + " on {products:count shared product}",
        organizations=shared["organization"].nunique(),
        cost=cost,
        products=shared["product"].nunique(),
    )
    return Advice(action)


def _budget_planning(findings: Findings) -> Advice | None:
    """Budget left over in a period that is over, where another organization needs it."""
    budgets = findings.data.budgets
    unspent = unspent_budgets(findings)
    over = material_overruns(findings.organizations, findings.data.params)
    if not findings.data.usage.complete or not unspent or not over:
        return None
    tense = tense_of(findings.data.params)
    spare = [_unspent_sentence(line, budgets, tense) for line in unspent]
    action = sentence(
        "Move budget to where it is needed; {spare}, while {over} "
        + tense.verb("went", "go")
        + " {excess:money} over",
        spare=first_few(spare, [-line.variance for line in unspent]),
        over=first_few(name_with_owner(line.name, budgets) for line in over),
        excess=total(line.variance for line in over),
    )
    return Advice(action, total(line.variance for line in over))


def _unspent_sentence(line: VarianceLine, budgets: Budgets, tense: Tense) -> Sentence:
    left = -line.variance
    share = portion(left, line.budget)
    of_budget = "" if share is None else " ({share:share})"
    text = "{who} " + tense.verb("left", "leave") + " {left:money}" + of_budget + " unspent"
    return sentence(text, who=name_with_owner(line.name, budgets), left=left, share=share)


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
    """Organizations without an owner; cost without a name needs none."""
    owners = findings.data.budgets.owners
    rows = findings.organizations
    is_ownerless = [name != UNALLOCATED and name not in owners for name in rows["organization"]]
    ownerless = rows[is_ownerless]
    if ownerless.empty:
        return None
    budgets = [budget for budget in ownerless["budget"] if budget is not None]
    text = "Name an owner for {names}; {cost:money} "
    text += tense_of(findings.data.params).verb("was", "be") + " spent"
    text += " and {budget:money} budgeted" if budgets else ""
    action = sentence(
        text + " with no owner on record",
        names=first_few(ownerless["organization"], ownerless["cost"]),
        cost=total(ownerless["cost"]),
        budget=total(budgets),
    )
    return Advice(action, total(ownerless["cost"]))


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


def _unit_costs(findings: Findings) -> Advice | None:
    """Material differences of the cost per customer between organizations."""
    ranked = [
        row
        for row in findings.efficiency.itertuples()
        if row.rank is not None and row.cost_per_customer is not None
    ]
    if len(ranked) < 2:
        return None
    low, *_, high = sorted(ranked, key=attrgetter("cost_per_customer"))
    difference = high.cost_per_customer - low.cost_per_customer
    if not is_material(difference * high.customers, high.cost, findings.data.params):
        return None
    ranges = tense_of(findings.data.params).verb("ranges", "range")
    action = sentence(
        f"Track unit costs; cost per customer {ranges} from {{least:money}} ({{low}}) to "
        f"{{most:money}} ({{high}}), and cost per call {ranges} from {{cheap:unit cost}} to "
        "{dear:unit cost}",
        high=high.organization,
        most=high.cost_per_customer,
        low=low.organization,
        least=low.cost_per_customer,
        cheap=min(row.cost_per_call for row in ranked),
        dear=max(row.cost_per_call for row in ranked),
    )
    return Advice(action, difference * high.customers)


def _review_cadence(findings: Findings) -> Advice | None:
    over: list[VarianceLine] = []
    for variance in (findings.organizations, findings.products):
        over += material_overruns(variance, findings.data.params)
    over.sort(key=lambda line: (-line.variance, line.name))
    if not over:
        return None
    names = []
    for line in over:
        who = name_with_owner(line.name, findings.data.budgets)
        names.append(sentence("{who}, {excess:money} over", who=who, excess=line.variance))
    listed = first_few(names, [line.variance for line in over], "over")
    text = "Put {lines:count budget overrun} on the monthly review agenda"
    action = sentence(f"{text} ({separated('names', listed)})", lines=len(over), names=listed)
    return Advice(action, total(line.variance for line in over))


ACTIONS: Final[tuple[tuple[Horizon, str, Callable[[Findings], Advice | None]], ...]] = (
    (Horizon.IMMEDIATE, "Budget Review", _budget_review),
    (Horizon.IMMEDIATE, "Product Review", _product_review),
    (Horizon.IMMEDIATE, "Chargeback Implementation", _chargeback),
    (Horizon.IMMEDIATE, "Budget Alerts", _budget_alerts),
    (Horizon.PROCESS, "Cost Allocation", _cost_allocation),
    (Horizon.PROCESS, "Showback Reports", _showback),
    (Horizon.PROCESS, "Budget Planning", _budget_planning),
    (Horizon.PROCESS, "Efficiency Sharing", _efficiency_sharing),
    (Horizon.GOVERNANCE, "Approval Process", _approval_process),
    (Horizon.GOVERNANCE, "Owners", _owners),
    (Horizon.GOVERNANCE, "Budget Coverage", _budget_coverage),
    (Horizon.GOVERNANCE, "KPIs", _unit_costs),
    (Horizon.GOVERNANCE, "Review Cadence", _review_cadence),
)
"""Each recommendation with what evaluates it; a result of None is not printed.

Where no money says what comes first, the order is that of the reference report; Budget Coverage is
our own.
"""
