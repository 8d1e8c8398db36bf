"""Recommendations: each one is evaluated, cites its figure, names, owner and money, and is absent where nothing is behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Final

import pandas as pd

from finops_nb.figures.alerts import highest_crossing
from finops_nb.figures.budget_status import Status
from finops_nb.figures.policies import unapproved
from finops_nb.findings.evidence import Findings, overrun_facts, overruns, owned
from finops_nb.findings.insights import (
    EfficiencyGap,
    SpendWithoutBudget,
    VarianceLine,
    lines_with,
    material,
)
from finops_nb.findings.sentence import Sentence, sentence, some
from finops_nb.money import ZERO, portion, total
from finops_nb.period import parse_period
from finops_nb.schema import BUDGETED, UNALLOCATED


class Horizon(StrEnum):
    IMMEDIATE = "Immediate Actions"
    PROCESS = "Process Improvements"
    GOVERNANCE = "Governance"


@dataclass(frozen=True, slots=True)
class Recommendation:
    horizon: Horizon
    title: str
    action: Sentence


def budget_review(found: Findings) -> Sentence | None:
    reviews = _reviews(found, found.organizations)
    return sentence("Meet to review spending with {reviews}", reviews=reviews) if reviews else None


def product_review(found: Findings) -> Sentence | None:
    reviews = _reviews(found, found.products)
    return (
        sentence("Decide on price, use or budget of {reviews}", reviews=reviews)
        if reviews
        else None
    )


def _reviews(found: Findings, variance: pd.DataFrame) -> tuple[Sentence, ...]:
    over = overrun_facts(found, variance)
    return some((said for _, said in over), [line.variance for line, _ in over])


def chargeback(found: Findings) -> Sentence | None:
    if found.book is None or not found.data.usage.complete:
        return None
    lines = found.book[found.book["organization"] != UNALLOCATED]
    rest = found.book[found.book["organization"] == UNALLOCATED]
    if lines.empty:
        return None
    return sentence(
        "Book the {lines:count line} of the ledger, {amount:money} charged to {names:count organization}"
        + ("" if rest.empty else ", {rest:money} to none"),
        lines=len(found.book),
        amount=total(lines["amount"]),
        names=lines["organization"].nunique(),
        rest=total(rest["amount"]),
    )


def alerts(found: Findings) -> Sentence | None:
    # Pairs, since an organization and a product may share a name.
    crossed = [
        each for dimension in BUDGETED for each in highest_crossing(found.alerts, dimension).items()
    ]
    crossings = []
    for threshold in sorted({crossing.threshold for _, crossing in crossed}, reverse=True):
        here = [(name, at.day) for name, at in crossed if at.threshold == threshold]
        names = some(
            sentence("{who} on {day:date}", who=owned(name, found.data.budgets), day=day)
            for name, day in here
        )
        crossings.append(
            sentence("{threshold:percent} ({names})", threshold=threshold, names=names)
        )
    return (
        sentence("Set up budget alerts; budgets crossed {crossings}", crossings=tuple(crossings))
        if crossings
        else None
    )


def tagging(found: Findings) -> Sentence | None:
    cost = found.data.usage.unallocated
    if not cost:
        return None
    share = portion(cost, found.data.usage.cost)
    whole = "" if share is None else " ({share:share} of the total)"
    return sentence(
        "Tag the {cost:money}" + whole + " that name no organization, so that they can be charged",
        cost=cost,
        share=share,
    )


def showback(found: Findings) -> Sentence | None:
    named = found.breakdown[
        (found.breakdown["product"] != UNALLOCATED)
        & (found.breakdown["organization"] != UNALLOCATED)
    ]
    users = named.groupby("product")["organization"].nunique()
    shared = named[named["product"].isin(users[users > 1].index)]
    if total(shared["cost"]) <= ZERO:
        return None
    return sentence(
        "Show {organizations:count organization} their part of the {cost:money} spent on {products:count product} that several of them use",
        organizations=shared["organization"].nunique(),
        cost=total(shared["cost"]),
        products=shared["product"].nunique(),
    )


def budget_planning(found: Findings) -> Sentence | None:
    unspent = [
        line
        for line in lines_with(Status.UNDER, found.organizations, found.data.params)
        if line.material and line.variance < ZERO
    ]
    over = overruns(found.organizations, found.data.params)
    if not found.data.usage.complete or not unspent or not over:
        return None
    return sentence(
        "Move budget where it is used: {spare}, while {over} went {excess:money} over",
        spare=some((_spare(line, found) for line in unspent), [-line.variance for line in unspent]),
        over=some(owned(line.name, found.data.budgets) for line in over),
        excess=total(line.variance for line in over),
    )


def _spare(line: VarianceLine, found: Findings) -> Sentence:
    left, share = -line.variance, portion(-line.variance, line.budget)
    used = " ({share:share})" if share is not None else ""
    return sentence(
        "{who} left {left:money}" + used + " unspent",
        who=owned(line.name, found.data.budgets),
        left=left,
        share=share,
    )


def efficiency(found: Findings) -> Sentence | None:
    gap = next((insight for insight in found.insights if isinstance(insight, EfficiencyGap)), None)
    if gap is None or not gap.material:
        return None
    text = "Share the practices of {most} with {least}, which gets {share:share} fewer calls for its money, worth {money:money}"
    return sentence(text, most=gap.most, least=gap.least, share=gap.share, money=gap.money)


def approvals(found: Findings) -> Sentence | None:
    spend = unapproved(found.data)
    if spend.empty:
        return None
    one = found.data.usage.period.is_month
    text = "{who} {cost:money}" + ("" if one else " in {month}")
    spenders = some(
        (
            sentence(
                text,
                who=owned(row.product, found.data.budgets),
                cost=row.cost,
                month=parse_period(row.month).label,
            )
            for row in spend.itertuples()
        ),
        spend["cost"],
    )
    products = [
        name for name in found.data.usage.groups["product",]["product"] if name != UNALLOCATED
    ]
    return sentence(
        "Require approval: {some:count} of {all:count product} spent more than {limit:money} in "
        + ("{month} " if one else "a month ")
        + "with no approval on record ({spenders})",
        some=spend["product"].nunique(),
        all=len(products),
        limit=found.data.params.approval_limit,
        month=found.data.usage.period.label,
        spenders=spenders,
    )


def budget_coverage(found: Findings) -> Sentence | None:
    spent = [insight for insight in found.insights if isinstance(insight, SpendWithoutBudget)]
    uncovered = tuple(
        sentence(
            "{names} ({cost:money}, by " + each.dimension + ")",
            names=some(owned(name, found.data.budgets) for name in each.names),
            cost=each.cost,
        )
        for each in spent
    )
    return (
        sentence("Set a budget for {uncovered}, or end the spend", uncovered=uncovered)
        if uncovered
        else None
    )


def cost_centers(found: Findings) -> Sentence | None:
    rows = found.organizations
    rows = rows[
        [
            name != UNALLOCATED and name not in found.data.budgets.owners
            for name in rows["organization"]
        ]
    ]
    if rows.empty:
        return None
    budgets = [budget for budget in rows["budget"] if budget is not None]
    text = (
        "Name an owner for {names}; {cost:money} was spent"
        + (", {budget:money} budgeted," if budgets else "")
        + " with none on record"
    )
    return sentence(
        text,
        names=some(rows["organization"], rows["cost"]),
        cost=total(rows["cost"]),
        budget=total(budgets),
    )


def unit_costs(found: Findings) -> Sentence | None:
    ranked = [
        row
        for row in found.efficiency.itertuples()
        if row.rank is not None and row.cost_per_customer is not None
    ]
    if len(ranked) < 2:
        return None
    low, *_, high = sorted(ranked, key=attrgetter("cost_per_customer"))
    spread = high.cost_per_customer - low.cost_per_customer
    if not material(spread * high.customers, high.cost, found.data.params):
        return None
    return sentence(
        "Track cost per customer and per call: a customer of {high} costs {most:money}, one of {low} {least:money}; "
        "a call {cheap:unit cost} to {dear:unit cost}",
        high=high.organization,
        most=high.cost_per_customer,
        low=low.organization,
        least=low.cost_per_customer,
        cheap=min(row.cost_per_call for row in ranked),
        dear=max(row.cost_per_call for row in ranked),
    )


def review(found: Findings) -> Sentence | None:
    over = [
        *overruns(found.organizations, found.data.params),
        *overruns(found.products, found.data.params),
    ]
    if not over:
        return None
    return sentence(
        "Put {lines:count line} over budget on the agenda of the monthly review: {names}",
        lines=len(over),
        names=some(
            (
                sentence(
                    "{who} {excess:money}",
                    who=owned(line.name, found.data.budgets),
                    excess=line.variance,
                )
                for line in over
            ),
            [line.variance for line in over],
        ),
    )


ACTIONS: Final[tuple[tuple[Horizon, str, Callable[[Findings], Sentence | None]], ...]] = (
    (Horizon.IMMEDIATE, "Budget Review", budget_review),
    (Horizon.IMMEDIATE, "Product Review", product_review),
    (Horizon.IMMEDIATE, "Chargeback Implementation", chargeback),
    (Horizon.IMMEDIATE, "Budget Alerts", alerts),
    (Horizon.PROCESS, "Cost Allocation", tagging),
    (Horizon.PROCESS, "Showback Reports", showback),
    (Horizon.PROCESS, "Budget Planning", budget_planning),
    (Horizon.PROCESS, "Efficiency Sharing", efficiency),
    (Horizon.GOVERNANCE, "Approval Process", approvals),
    (Horizon.GOVERNANCE, "Cost Centers", cost_centers),
    (Horizon.GOVERNANCE, "Budget Coverage", budget_coverage),
    (Horizon.GOVERNANCE, "KPIs", unit_costs),
    (Horizon.GOVERNANCE, "Review Cadence", review),
)
"""In the order of the reference report; Budget Coverage is ours."""


def recommend(found: Findings) -> tuple[Recommendation, ...]:
    """Every recommendation that has something behind it, grouped by horizon.

    Args:
        found: what the report found.
    """
    evaluated = [(horizon, title, action(found)) for horizon, title, action in ACTIONS]
    return tuple(
        Recommendation(horizon, title, action)
        for horizon, title, action in evaluated
        if action is not None
    )
