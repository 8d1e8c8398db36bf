"""Insights: what the figures say, as typed facts that know whether they are material."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import pandas as pd

from finops_nb.figures.budget_status import Status
from finops_nb.figures.report_data import ReportData
from finops_nb.findings.sentence import Sentence, sentence, some
from finops_nb.money import ZERO, minor_units, portion, rounded, total
from finops_nb.params.model import Params
from finops_nb.schema import UNALLOCATED, Dimension
from finops_nb.usage.model import Usage

WALK: Final = Decimal("0.8")


RUN: Final = Decimal("0.9")
"""Shares of cost that have an organization, in a practice that walks and in one that runs."""


def insight_sentence(insight: Insight) -> tuple[str, Sentence]:
    """An insight as its title and its sentence."""
    match insight:
        case BudgetOverruns(dimension, lines):
            over = some(
                (
                    sentence(
                        "{name} {excess:money}" + ("" if line.material else " – not material"),
                        name=line.name,
                        excess=line.variance,
                    )
                    for line in lines
                ),
                [line.variance for line in lines],
            )
            return "Budget Overruns", sentence(
                "{n:count " + dimension + "} over budget ({over})", n=len(lines), over=over
            )
        case BudgetsAtRisk(dimension, lines):
            near = some(
                sentence("{name} {used:share} used", name=line.name, used=line.budget_used)
                for line in lines
            )
            return "Budgets at Risk", sentence(
                "{n:count " + dimension + "} at risk ({near})", n=len(lines), near=near
            )
        case SpendWithoutBudget(dimension, names, cost):
            return "Spend without Budget", sentence(
                "{n:count " + dimension + "} spent {cost:money} with no budget ({names})",
                n=len(names),
                cost=cost,
                names=some(names),
            )
        case BudgetsDisagree(organizations, products, difference):
            text = "budgets by organization sum to {organizations:money}, by product to {products:money}: {difference:money} apart"
            return "Budgets Disagree", sentence(
                text, organizations=organizations, products=products, difference=abs(difference)
            )
        case HighestCost(dimension, name, cost, share):
            whole = "" if share is None else ", {share:share} of total"
            return f"Highest Cost {dimension.title()}", sentence(
                "{name} ({cost:money}" + whole + ")", name=name, cost=cost, share=share
            )
        case EfficiencyGap():
            return "Efficiency Gap", _gap_sentence(insight)
        case Allocated(share, unallocated):
            said = [] if share is None else ["{share:share} of the cost has an organization"]
            said += ["{unallocated:money} name no organization"] if unallocated else []
            said += [_target(share)] if share is not None and unallocated else []
            text = "; ".join(said) or "no cost is without an organization"
            return "Allocated Cost", sentence(text, share=share, unallocated=unallocated)


def _target(share: Decimal) -> str:
    """Where a share of allocated cost stands to the targets of the FinOps Foundation's capability Allocation: 80% to walk, 90% to run."""
    if share >= RUN:
        return "the target of 90% is met"
    return (
        "the target of 80% is met, that of 90% is not"
        if share >= WALK
        else "the target of 80% is missed"
    )


def _gap_sentence(insight: EfficiencyGap) -> Sentence:
    weight = (
        "worth {money:money}"
        if insight.material
        else "{share:share}, worth {money:money}: not material"
    )
    text = (
        "{gap:gap} between most and least efficient organizations ({most} and {least}; "
        + weight
        + ")"
    )
    return sentence(
        text,
        gap=insight.gap,
        most=insight.most,
        least=insight.least,
        share=insight.share,
        money=insight.money,
    )


@dataclass(frozen=True, slots=True)
class VarianceLine:
    """A name against its budget: `variance` is actual − budget; `material` by the params' two limits."""

    name: str
    cost: Decimal
    budget: Decimal
    variance: Decimal
    budget_used: Decimal | None
    material: bool


@dataclass(frozen=True, slots=True)
class BudgetOverruns:
    dimension: Dimension
    lines: tuple[VarianceLine, ...]


@dataclass(frozen=True, slots=True)
class BudgetsAtRisk:
    dimension: Dimension
    lines: tuple[VarianceLine, ...]


@dataclass(frozen=True, slots=True)
class SpendWithoutBudget:
    """Names that have spent and have no budget, while others of their dimension have one."""

    dimension: Dimension
    names: tuple[str, ...]
    cost: Decimal


@dataclass(frozen=True, slots=True)
class BudgetsDisagree:
    """The budgets by organization and by product sum to different totals; `difference` is the first minus the second."""

    organizations: Decimal
    products: Decimal
    difference: Decimal


@dataclass(frozen=True, slots=True)
class HighestCost:
    dimension: Dimension
    name: str
    cost: Decimal
    share: Decimal | None


@dataclass(frozen=True, slots=True)
class EfficiencyGap:
    """Calls per unit of currency of the best organization minus those of the worst.

    Args:
        most: the best one.
        least: the worst one.
        gap: the difference in calls per unit of currency.
        share: the gap as a fraction of the best.
        money: what the worst would have saved at the best one's rate.
        material: by the params' two limits.
    """

    most: str
    least: str
    gap: Decimal
    share: Decimal
    money: Decimal
    material: bool


@dataclass(frozen=True, slots=True)
class Allocated:
    """How much of the cost has an organization; `unallocated` is the rest."""

    share: Decimal | None
    unallocated: Decimal


Insight = (
    BudgetOverruns
    | BudgetsAtRisk
    | SpendWithoutBudget
    | BudgetsDisagree
    | HighestCost
    | EfficiencyGap
    | Allocated
)


def find_insights(
    data: ReportData, organizations: pd.DataFrame, products: pd.DataFrame, efficiency: pd.DataFrame
) -> tuple[Insight, ...]:
    """What a reader should know first, in the order to say it.

    Args:
        usage: from `read_usage`.
        organizations: from `budget_variance`.
        products: from `budget_variance`.
        efficiency: organizations, from `rank_efficiency`.
        params: `materiality` and `materiality_amount`: a difference below both is not material.
    """
    found: list[Insight | None] = []
    for variance in (organizations, products):
        found += [
            _overruns(variance, data.params),
            _at_risk(variance, data.params),
            _without_budget(variance),
        ]
    found += [
        _disagreement(organizations, products, data.params),
        _highest(products, data.usage),
        _gap(efficiency, data.params),
        _allocated(data.usage),
    ]
    return tuple(insight for insight in found if insight is not None)


def material(amount: Decimal, whole: Decimal, params: Params) -> bool:
    """Whether a difference of `amount` to a `whole` is one to act on: at least `materiality` of it, or `materiality_amount`."""
    return abs(amount) >= params.materiality_amount or abs(amount) >= params.materiality * abs(
        whole
    )


def lines_with(status: Status, variance: pd.DataFrame, params: Params) -> tuple[VarianceLine, ...]:
    """The budgeted names of one status, the largest variance first."""
    rows = [row for row in variance.itertuples() if row.status == status and row.budget is not None]
    lines = [
        VarianceLine(
            row[1],
            row.cost,
            row.budget,
            row.variance,
            row.budget_used,
            material(row.variance, row.budget, params),
        )
        for row in rows
    ]
    return tuple(sorted(lines, key=lambda line: (-abs(line.variance), line.name)))


def _overruns(variance: pd.DataFrame, params: Params) -> BudgetOverruns | None:
    lines = lines_with(Status.OVER, variance, params)
    return BudgetOverruns(variance.columns[0], lines) if lines else None


def _at_risk(variance: pd.DataFrame, params: Params) -> BudgetsAtRisk | None:
    lines = lines_with(Status.AT_RISK, variance, params)
    return BudgetsAtRisk(variance.columns[0], lines) if lines else None


def _without_budget(variance: pd.DataFrame) -> SpendWithoutBudget | None:
    name = variance.columns[0]
    spent = variance[(variance["status"] == Status.NO_BUDGET) & (variance[name] != UNALLOCATED)]
    if variance["budget"].isna().all():
        return None
    return (
        SpendWithoutBudget(name, tuple(spent[name]), total(spent["cost"])) if len(spent) else None
    )


def _disagreement(
    organizations: pd.DataFrame, products: pd.DataFrame, params: Params
) -> BudgetsDisagree | None:
    sums = [
        total(budget for budget in frame["budget"] if budget is not None)
        for frame in (organizations, products)
    ]
    # What a year's amount leaves below a cent when it is divided by month is no disagreement.
    apart = rounded(sums[0] - sums[1], minor_units(params.currency))
    return BudgetsDisagree(sums[0], sums[1], sums[0] - sums[1]) if all(sums) and apart else None


def _highest(variance: pd.DataFrame, usage: Usage) -> HighestCost | None:
    named = variance[variance[variance.columns[0]] != UNALLOCATED]
    if named.empty:
        return None
    first = named.iloc[0]
    return HighestCost(
        variance.columns[0], first.iloc[0], first["cost"], portion(first["cost"], usage.cost)
    )


def _gap(efficiency: pd.DataFrame, params: Params) -> EfficiencyGap | None:
    ranked = [row for row in efficiency.itertuples() if row.rank is not None]
    if len(ranked) < 2:
        return None
    most, least = ranked[0], ranked[-1]
    gap = most.calls_per_unit - least.calls_per_unit
    # Not by the quotient calls_per_unit, which is rounded at its 28th digit.
    money = least.cost - least.calls * most.cost / most.calls
    return EfficiencyGap(
        most.organization,
        least.organization,
        gap,
        gap / most.calls_per_unit,
        money,
        gap > 0 and material(money, least.cost, params),
    )


def _allocated(usage: Usage) -> Allocated:
    return Allocated(usage.allocated, usage.unallocated or ZERO)
