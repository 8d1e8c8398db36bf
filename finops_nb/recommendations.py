"""Recommendations: each one is evaluated, cites its figure, names, owner and money, and is absent where nothing is behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Final

import pandas as pd

from finops_nb.fact import Fact, fact
from finops_nb.insights import EfficiencyGap, Insight, Line, lines_with, material
from finops_nb.money import ZERO, ratio, total
from finops_nb.params import Params
from finops_nb.period import parse_period
from finops_nb.policies import unapproved, without_owner
from finops_nb.schema import UNALLOCATED
from finops_nb.usage.model import Usage
from finops_nb.variance import Status


class Horizon(StrEnum):
    IMMEDIATE = "Immediate Actions"
    PROCESS = "Process Improvements"
    GOVERNANCE = "Governance"


@dataclass(frozen=True, slots=True)
class Recommendation:
    horizon: Horizon
    title: str
    action: Fact


@dataclass(frozen=True, slots=True)
class Findings:
    """All that recommendations are evaluated on: the frames and facts of the report, as its notebook made them."""

    usage: Usage
    organizations: pd.DataFrame
    products: pd.DataFrame
    breakdown: pd.DataFrame
    efficiency: pd.DataFrame
    insights: tuple[Insight, ...]
    book: pd.DataFrame | None
    params: Params


def recommend(**findings) -> tuple[Recommendation, ...]:
    """Every recommendation that has something behind it, grouped by horizon.

    Args:
        findings: the fields of `Findings`, by keyword.
    """
    evidence = Findings(**findings)
    evaluated = [(horizon, title, action(evidence)) for horizon, title, action in POLICIES]
    return tuple(Recommendation(horizon, title, action) for horizon, title, action in evaluated if action is not None)


def _budget_review(found: Findings) -> Fact | None:
    reviews = _reviews(found, found.organizations, "product", "most of it on {largest} ({cost:money})")
    return fact("Meet to review spending with {reviews}", reviews=reviews) if reviews else None


def _product_review(found: Findings) -> Fact | None:
    reviews = _reviews(found, found.products, "organization", "most of it used by {largest} ({cost:money})")
    return fact("Decide on price, use or budget of {reviews}", reviews=reviews) if reviews else None


def _reviews(found: Findings, variance: pd.DataFrame, inner: str, most: str) -> tuple[Fact, ...]:
    """Each material overrun of a variance table, with what it was mostly spent on."""
    outer = variance.columns[0]
    reviews = []
    for line in _over(variance, found.params):
        largest = max(found.breakdown[found.breakdown[outer] == line.name].itertuples(), key=lambda row: row.cost)
        used = "" if line.budget_used is None else "{used:share} used, "
        reviews.append(
            fact(
                "{who}: {excess:money} over its budget of {budget:money}, " + used + most,
                who=_owned(line.name, found.params),
                excess=line.variance,
                budget=line.budget,
                used=line.budget_used,
                largest=getattr(largest, inner),
                cost=largest.cost,
            )
        )
    return tuple(reviews)


def _chargeback(found: Findings) -> Fact | None:
    if found.book is None or not found.usage.complete:
        return None
    lines = found.book[found.book["organization"] != UNALLOCATED]
    if lines.empty:
        return None
    return fact(
        "Book the {lines:count line} of the ledger, {amount:money} charged to {names:count organization}",
        lines=len(lines),
        amount=total(lines["amount"]),
        names=lines["organization"].nunique(),
    )


def _alerts(found: Findings) -> Fact | None:
    crossings = []
    thresholds = sorted(set(found.params.alert_thresholds), reverse=True)
    # Pairs, since an organization and a product may share a name.
    used = [(row[1], row.budget_used) for frame in (found.organizations, found.products) for row in frame.itertuples() if row.budget_used]
    for threshold, above in zip(thresholds, [None, *thresholds], strict=False):
        names = tuple(name for name, share in used if share >= threshold and (above is None or share < above))
        if names:
            # At the top threshold a name may be past it; below, it stands between this one and the next.
            crossings.append(fact("{threshold:percent} ({names})", threshold=threshold, names=names))
    return fact("Set up budget alerts; reached are {crossings}", crossings=tuple(crossings)) if crossings else None


def _tagging(found: Findings) -> Fact | None:
    cost = found.usage.unallocated
    if not cost:
        return None
    text = "Tag the {cost:money} ({share:share} of the total) that name no organization, so that they can be charged"
    return fact(text, cost=cost, share=ratio(cost, found.usage.cost))


def _showback(found: Findings) -> Fact | None:
    named = found.breakdown[(found.breakdown["product"] != UNALLOCATED) & (found.breakdown["organization"] != UNALLOCATED)]
    users = named.groupby("product")["organization"].nunique()
    shared = named[named["product"].isin(users[users > 1].index)]
    if shared.empty:
        return None
    return fact(
        "Show {organizations:count organization} their part of the {cost:money} spent on {products:count product} that several of them use",
        organizations=shared["organization"].nunique(),
        cost=total(shared["cost"]),
        products=shared["product"].nunique(),
    )


def _budget_planning(found: Findings) -> Fact | None:
    unspent = [line for line in lines_with(Status.UNDER, found.organizations, found.params) if line.material and line.variance < ZERO]
    over = _over(found.organizations, found.params)
    if not found.usage.complete or not unspent or not over:
        return None
    spare = tuple(
        fact("{name} {left:money} ({share:share})", name=line.name, left=-line.variance, share=ratio(-line.variance, line.budget))
        for line in unspent
    )
    return fact(
        "Move budget where it is used: unspent are {spare}, while {over} went {excess:money} over",
        spare=spare,
        over=tuple(line.name for line in over),
        excess=total(line.variance for line in over),
    )


def _efficiency(found: Findings) -> Fact | None:
    gap = next((insight for insight in found.insights if isinstance(insight, EfficiencyGap)), None)
    if gap is None or not gap.material:
        return None
    text = "Share the practices of {most} with {least}, which gets {share:share} fewer calls for its money, worth {money:money}"
    return fact(text, most=gap.most, least=gap.least, share=gap.share, money=gap.money)


def _approvals(found: Findings) -> Fact | None:
    spend = unapproved(found.usage, found.params)
    if spend.empty:
        return None
    spenders = tuple(
        fact("{who} {cost:money} in {month}", who=_owned(row.product, found.params), cost=row.cost, month=parse_period(row.month).label)
        for row in spend.itertuples()
    )
    products = [name for name in found.usage.groups["product",]["product"] if name != UNALLOCATED]
    return fact(
        "Require approval: {some:count} of {all:count product} spent more than {limit:money} in a month "
        "with no approval on record ({spenders})",
        some=spend["product"].nunique(),
        all=len(products),
        limit=found.params.approval_limit,
        spenders=spenders,
    )


def _cost_centers(found: Findings) -> Fact | None:
    organizations = found.organizations
    names = without_owner(organizations["organization"], found.params)
    if not names:
        return None
    costs = total(organizations.loc[organizations["organization"].isin(list(names)), "cost"])
    return fact("Name an owner for {names}; {cost:money} was spent with none on record", names=names, cost=costs)


def _unit_costs(found: Findings) -> Fact | None:
    ranked = [row for row in found.efficiency.itertuples() if row.rank is not None and row.cost_per_customer is not None]
    if len(ranked) < 2:
        return None
    low, *_, high = sorted(ranked, key=attrgetter("cost_per_customer"))
    spread = high.cost_per_customer - low.cost_per_customer
    if not material(spread * high.customers, high.cost, found.params):
        return None
    return fact(
        "Track cost per customer and per call: a customer of {high} costs {most:money}, one of {low} {least:money}; "
        "a call {cheap:unit cost} to {dear:unit cost}",
        high=high.organization,
        most=high.cost_per_customer,
        low=low.organization,
        least=low.cost_per_customer,
        cheap=min(row.cost_per_call for row in ranked),
        dear=max(row.cost_per_call for row in ranked),
    )


def _review(found: Findings) -> Fact | None:
    over = [*_over(found.organizations, found.params), *_over(found.products, found.params)]
    if not over:
        return None
    return fact(
        "Put {lines:count line} over budget on the agenda of the monthly review: {names}",
        lines=len(over),
        names=tuple(fact("{name} {excess:money}", name=line.name, excess=line.variance) for line in over),
    )


def _over(variance: pd.DataFrame, params: Params) -> tuple[Line, ...]:
    return tuple(line for line in lines_with(Status.OVER, variance, params) if line.material)


def _owned(name: str, params: Params) -> Fact:
    """A name, with who answers for it where that is known."""
    owner = params.owners.get(name)
    return fact("{name} (owner: {owner})", name=name, owner=owner) if owner else fact("{name}", name=name)


POLICIES: Final[tuple[tuple[Horizon, str, Callable[[Findings], Fact | None]], ...]] = (
    (Horizon.IMMEDIATE, "Budget Review", _budget_review),
    (Horizon.IMMEDIATE, "Product Review", _product_review),
    (Horizon.IMMEDIATE, "Chargeback Implementation", _chargeback),
    (Horizon.IMMEDIATE, "Budget Alerts", _alerts),
    (Horizon.PROCESS, "Cost Allocation", _tagging),
    (Horizon.PROCESS, "Showback Reports", _showback),
    (Horizon.PROCESS, "Budget Planning", _budget_planning),
    (Horizon.PROCESS, "Efficiency Sharing", _efficiency),
    (Horizon.GOVERNANCE, "Approval Process", _approvals),
    (Horizon.GOVERNANCE, "Cost Centers", _cost_centers),
    (Horizon.GOVERNANCE, "KPIs", _unit_costs),
    (Horizon.GOVERNANCE, "Review Cadence", _review),
)
"""In the order of the reference report."""
