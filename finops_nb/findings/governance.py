"""Governance: which rules to set or keep, where the figures ask for it; None where they do not."""

from __future__ import annotations

from operator import attrgetter

from finops_nb.findings.sentence import Fact, fact, some
from finops_nb.findings.evidence import Findings, overruns, owned
from finops_nb.findings.insights import SpendWithoutBudget, material
from finops_nb.money import total
from finops_nb.period import parse_period
from finops_nb.figures.policies import unapproved
from finops_nb.schema import UNALLOCATED


def approvals(found: Findings) -> Fact | None:
    spend = unapproved(found.usage, found.params)
    if spend.empty:
        return None
    one = found.usage.period.is_month
    text = "{who} {cost:money}" + ("" if one else " in {month}")
    spenders = some(
        (
            fact(text, who=owned(row.product, found.budgets), cost=row.cost, month=parse_period(row.month).label)
            for row in spend.itertuples()
        ),
        spend["cost"],
    )
    products = [name for name in found.usage.groups["product",]["product"] if name != UNALLOCATED]
    return fact(
        "Require approval: {some:count} of {all:count product} spent more than {limit:money} in "
        + ("{month} " if one else "a month ")
        + "with no approval on record ({spenders})",
        some=spend["product"].nunique(),
        all=len(products),
        limit=found.params.approval_limit,
        month=found.usage.period.label,
        spenders=spenders,
    )


def budget_coverage(found: Findings) -> Fact | None:
    spent = [insight for insight in found.insights if isinstance(insight, SpendWithoutBudget)]
    uncovered = tuple(
        fact(
            "{names} ({cost:money}, by " + each.dimension + ")",
            names=some(owned(name, found.budgets) for name in each.names),
            cost=each.cost,
        )
        for each in spent
    )
    return fact("Set a budget for {uncovered}, or end the spend", uncovered=uncovered) if uncovered else None


def cost_centers(found: Findings) -> Fact | None:
    rows = found.organizations
    rows = rows[[name != UNALLOCATED and name not in found.budgets.owners for name in rows["organization"]]]
    if rows.empty:
        return None
    budgets = [budget for budget in rows["budget"] if budget is not None]
    text = "Name an owner for {names}; {cost:money} was spent" + (", {budget:money} budgeted," if budgets else "") + " with none on record"
    return fact(text, names=some(rows["organization"], rows["cost"]), cost=total(rows["cost"]), budget=total(budgets))


def unit_costs(found: Findings) -> Fact | None:
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


def review(found: Findings) -> Fact | None:
    over = [*overruns(found.organizations, found.params), *overruns(found.products, found.params)]
    if not over:
        return None
    return fact(
        "Put {lines:count line} over budget on the agenda of the monthly review: {names}",
        lines=len(over),
        names=some(
            (fact("{who} {excess:money}", who=owned(line.name, found.budgets), excess=line.variance) for line in over),
            [line.variance for line in over],
        ),
    )
