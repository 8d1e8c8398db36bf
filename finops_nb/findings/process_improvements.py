"""Process improvements: what to do better next month, where the figures ask for it; None where they do not."""

from __future__ import annotations

from finops_nb.findings.sentence import Fact, fact, some
from finops_nb.findings.evidence import Findings, overruns, owned
from finops_nb.findings.insights import EfficiencyGap, Line, lines_with
from finops_nb.money import ZERO, portion, total
from finops_nb.schema import UNALLOCATED
from finops_nb.figures.variance import Status


def tagging(found: Findings) -> Fact | None:
    cost = found.usage.unallocated
    if not cost:
        return None
    share = portion(cost, found.usage.cost)
    whole = "" if share is None else " ({share:share} of the total)"
    return fact("Tag the {cost:money}" + whole + " that name no organization, so that they can be charged", cost=cost, share=share)


def showback(found: Findings) -> Fact | None:
    named = found.breakdown[(found.breakdown["product"] != UNALLOCATED) & (found.breakdown["organization"] != UNALLOCATED)]
    users = named.groupby("product")["organization"].nunique()
    shared = named[named["product"].isin(users[users > 1].index)]
    if total(shared["cost"]) <= ZERO:
        return None
    return fact(
        "Show {organizations:count organization} their part of the {cost:money} spent on {products:count product} that several of them use",
        organizations=shared["organization"].nunique(),
        cost=total(shared["cost"]),
        products=shared["product"].nunique(),
    )


def budget_planning(found: Findings) -> Fact | None:
    unspent = [line for line in lines_with(Status.UNDER, found.organizations, found.params) if line.material and line.variance < ZERO]
    over = overruns(found.organizations, found.params)
    if not found.usage.complete or not unspent or not over:
        return None
    return fact(
        "Move budget where it is used: {spare}, while {over} went {excess:money} over",
        spare=some((_spare(line, found) for line in unspent), [-line.variance for line in unspent]),
        over=some(owned(line.name, found.budgets) for line in over),
        excess=total(line.variance for line in over),
    )


def _spare(line: Line, found: Findings) -> Fact:
    left, share = -line.variance, portion(-line.variance, line.budget)
    used = " ({share:share})" if share is not None else ""
    return fact("{who} left {left:money}" + used + " unspent", who=owned(line.name, found.budgets), left=left, share=share)


def efficiency(found: Findings) -> Fact | None:
    gap = next((insight for insight in found.insights if isinstance(insight, EfficiencyGap)), None)
    if gap is None or not gap.material:
        return None
    text = "Share the practices of {most} with {least}, which gets {share:share} fewer calls for its money, worth {money:money}"
    return fact(text, most=gap.most, least=gap.least, share=gap.share, money=gap.money)
