"""Main findings: the three things that matter most in a period, with names, money and commentary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import Final

from finops_nb.figures.budget_status import Status
from finops_nb.figures.policies import unapproved
from finops_nb.figures.trend import prior_month
from finops_nb.findings.evidence import Findings, overrun_facts, overruns, owned
from finops_nb.findings.insights import EfficiencyGap, SpendWithoutBudget, lines_with, material
from finops_nb.findings.sentence import Sentence, sentence, some
from finops_nb.money import ZERO, portion, total
from finops_nb.usage.data_quality import THIN

SHOWN: Final = 3


class Urgency(IntEnum):
    """What comes first; within one, the larger amount does."""

    DATA = 0
    MONEY_OUT_OF_PLAN = 1
    HEADING_THERE = 2
    CHANGE = 3
    RULE = 4
    CHANCE = 5


@dataclass(frozen=True, slots=True)
class MainFinding:
    """One finding.

    Args:
        urgency: what kind of matter it is.
        title: a few words.
        said: its sentence, without a full stop.
        money: what it is about, in the report's currency; above zero.
        names: whom it is about, for the commentary on them.
    """

    urgency: Urgency
    title: str
    said: Sentence
    money: Decimal
    names: tuple[str, ...] = ()


def main_findings(found: Findings) -> tuple[MainFinding, ...]:
    """What matters most: at most three, the most urgent first, the larger amount first among equals.

    Args:
        found: what the report found.
    """
    every = [
        *_missing_usage(found),
        *_overruns(found),
        *_unplanned(found),
        *_at_risk(found),
        *_change(found),
        *_unapproved(found),
        *_chances(found),
    ]
    return tuple(sorted(every, key=lambda each: (each.urgency, -each.money, each.title))[:SHOWN])


def _missing_usage(found: Findings) -> Iterator[MainFinding]:
    """A month with less than a tenth of the rows of the one before has hardly arrived whole."""
    prior = prior_month(found.data)
    before = next(
        (month for month in found.data.months if prior and month.name == prior.month), None
    )
    if before and found.data.usage.complete and THIN * found.data.usage.rows_used < before.rows:
        said = sentence(
            "{rows:count row} against {earlier:count} of the month before, which cost {cost:money}; its files may not be complete",
            rows=found.data.usage.rows_used,
            earlier=before.rows,
            cost=before.cost,
        )
        yield MainFinding(Urgency.DATA, "Little usage", said, abs(before.cost))


def _overruns(found: Findings) -> Iterator[MainFinding]:
    for variance in (found.organizations, found.products):
        for line, said in overrun_facts(found, variance):
            yield MainFinding(
                Urgency.MONEY_OUT_OF_PLAN, "Over budget", said, line.variance, (line.name,)
            )


def _unplanned(found: Findings) -> Iterator[MainFinding]:
    for insight in found.insights:
        if isinstance(insight, SpendWithoutBudget) and insight.cost > 0:
            names = some(owned(name, found.data.budgets) for name in insight.names)
            said = sentence(
                "{cost:money} spent by " + insight.dimension + " with no budget: {names}",
                cost=insight.cost,
                names=names,
            )
            yield MainFinding(
                Urgency.MONEY_OUT_OF_PLAN,
                "Spend without a budget",
                said,
                insight.cost,
                insight.names,
            )
    cost = found.data.usage.unallocated
    if cost > 0 and material(cost, found.data.usage.cost, found.data.params):
        share = portion(cost, found.data.usage.cost)
        whole = "" if share is None else " ({share:share})"
        said = sentence(
            "{cost:money}" + whole + " name no organization and can be charged to none",
            cost=cost,
            share=share,
        )
        yield MainFinding(Urgency.MONEY_OUT_OF_PLAN, "Unallocated cost", said, cost)


def _at_risk(found: Findings) -> Iterator[MainFinding]:
    for variance in (found.organizations, found.products):
        rates = dict(zip(variance.iloc[:, 0], variance["run_rate"], strict=True))
        for line in lines_with(Status.AT_RISK, variance, found.data.params):
            rate = rates[line.name]
            over = rate is not None and rate > line.budget
            heading = "; its run-rate is {rate:money}, {excess:money} above" if over else ""
            said = sentence(
                "{who}: {used:share} of {budget:money} used" + heading,
                who=owned(line.name, found.data.budgets),
                used=line.budget_used,
                budget=line.budget,
                rate=rate,
                excess=rate - line.budget if over else ZERO,
            )
            yield MainFinding(
                Urgency.HEADING_THERE,
                "Budget at risk",
                said,
                rate - line.budget if over else ZERO,
                (line.name,),
            )


def _change(found: Findings) -> Iterator[MainFinding]:
    prior = prior_month(found.data)
    if (
        prior is None
        or prior.days is not None
        or not prior.change
        or not material(prior.change, prior.cost or ZERO, found.data.params)
    ):
        return
    before = next(month.organizations for month in found.data.months if month.name == prior.month)
    now = dict(zip(found.organizations["organization"], found.organizations["cost"], strict=True))
    moved = {name: now.get(name, ZERO) - before.get(name, ZERO) for name in {**now, **before}}
    rose = prior.change > 0
    most = max(moved, key=lambda name: (moved[name] * (1 if rose else -1), name))
    largest = f"; the largest {'rise' if rose else 'fall'}: {{name}} ({{moved:change}})"
    said = sentence(
        "{change:change}" + (" ({ratio:signed share})" if prior.change_ratio is not None else "")
        + " against the {cost:money} of the month before" + (largest if len(moved) > 1 else ""),
        change=prior.change,
        ratio=prior.change_ratio,
        cost=prior.cost,
        name=most,
        moved=moved[most],
    )  # fmt: skip
    yield MainFinding(
        Urgency.CHANGE, "Cost rose" if rose else "Cost fell", said, abs(prior.change), (most,)
    )


def _unapproved(found: Findings) -> Iterator[MainFinding]:
    spend = unapproved(found.data)
    if len(spend):
        cost = total(spend["cost"])
        names = tuple(dict.fromkeys(spend["product"]))
        said = sentence(
            "{products:count product} spent {cost:money} with no approval on record, each more than {limit:money} in a month: {names}",
            cost=cost,
            products=len(names),
            limit=found.data.params.approval_limit,
            names=some(names),
        )
        yield MainFinding(Urgency.RULE, "Approval missing", said, cost, names)


def _chances(found: Findings) -> Iterator[MainFinding]:
    unspent = [
        line
        for line in lines_with(Status.UNDER, found.organizations, found.data.params)
        if line.material and line.variance < ZERO
    ]
    if (
        found.data.usage.complete
        and unspent
        and not overruns(found.organizations, found.data.params)
    ):
        left = -total(line.variance for line in unspent)
        names = some(
            (
                sentence("{name} {left:money}", name=line.name, left=-line.variance)
                for line in unspent
            ),
            [-line.variance for line in unspent],
        )
        said = sentence("{left:money} of budget was not used: {names}", left=left, names=names)
        yield MainFinding(
            Urgency.CHANCE, "Budget unspent", said, left, tuple(line.name for line in unspent)
        )
    for insight in found.insights:
        if isinstance(insight, EfficiencyGap) and insight.material:
            said = sentence(
                "{least} gets {share:share} fewer calls for its money than {most}, worth {money:money}",
                least=insight.least,
                share=insight.share,
                most=insight.most,
                money=insight.money,
            )
            yield MainFinding(
                Urgency.CHANCE, "Efficiency gap", said, insight.money, (insight.least,)
            )
