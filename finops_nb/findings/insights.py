"""Insights: what a reader should know first, each with its figures and whether it is material."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

import pandas as pd

from finops_nb.figures.budget_status import Status
from finops_nb.figures.equal_mix import costs_at_equal_mix
from finops_nb.figures.report_data import ReportData
from finops_nb.findings.materiality import VarianceLine, is_material, lines_with_status
from finops_nb.findings.no_share import why_no_share
from finops_nb.findings.overruns import at_risk
from finops_nb.findings.rounding_note import rounding_note
from finops_nb.findings.sentence import Sentence, first_few, sentence, separated
from finops_nb.findings.tense import FACT, Tense
from finops_nb.money import ZERO, minor_units, portion, rounded, total
from finops_nb.params.model import Params
from finops_nb.schema import UNALLOCATED, Dimension
from finops_nb.usage.model import Usage

AT_THE_BEST_RATE: Final = "at {most}'s rate, {least} would have cost {money:money} less"
"""What a gap in efficiency comes to in money, in the sentences on an `EfficiencyGap`."""


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
    """Names that spent and have no budget, while others of their dimension have one."""

    dimension: Dimension
    names: tuple[str, ...]
    cost: Decimal


@dataclass(frozen=True, slots=True)
class BudgetsDisagree:
    """The budgets by organization and by product have different totals.

    `difference` is the organizations' total − the products', all in `currency`.
    """

    organizations: Decimal
    products: Decimal
    difference: Decimal
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class HighestCost:
    dimension: Dimension
    name: str
    cost: Decimal
    share: Decimal | None


@dataclass(frozen=True, slots=True)
class EfficiencyGap:
    """Calls per unit of currency of the best organization minus the worst.

    Args:
        most: the best one.
        least: the worst one.
        gap: the difference in calls per unit of currency.
        share: the gap as a fraction of the best.
        money: what the worst would have saved at the best one's rate.
        material: by `is_material`; never where there is no gap.
    """

    most: str
    least: str
    gap: Decimal
    share: Decimal
    money: Decimal
    material: bool


@dataclass(frozen=True, slots=True)
class Allocated:
    """How much of the cost is assigned to an organization.

    Args:
        share: as a fraction; None where there is none.
        unallocated: the rest, as money.
        target: the share to reach, from `allocation_target` of the params; None if none is set.
        no_share: why there is no share, from `why_no_share`.
    """

    share: Decimal | None
    unallocated: Decimal
    target: Decimal | None = None
    no_share: str = ""


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
    """What a reader should know first: what is wrong, the most money first, then the facts.

    Args:
        data: for its usage, and `materiality` and `materiality_amount` of its params.
        organizations: from `variance_by`.
        products: from `variance_by`.
        efficiency: organizations, from `rank_efficiency`.
    """
    gap = efficiency_gap(data, efficiency)
    insights: list[Insight | None] = []
    for variance in (organizations, products):
        insights += [
            _overruns(variance, data.params),
            _at_risk(data, variance),
            _without_budget(variance),
        ]
    insights += [
        _disagreement(organizations, products, data.params),
        _highest(products, data.usage),
        gap if gap and gap.material else None,
        _allocated(data.usage, data.params),
    ]
    found = [insight for insight in insights if insight is not None]
    return tuple(sorted(found, key=_rank))


def money_of(insight: Insight) -> Decimal | None:
    """The money that is at stake in an insight, in one sum; None for a mere fact."""
    match insight:
        case BudgetOverruns():
            return total(line.variance for line in insight.lines)
        case BudgetsAtRisk():
            return total(line.at_stake for line in insight.lines if line.expected)
        case SpendWithoutBudget():
            return abs(insight.cost)
        case BudgetsDisagree():
            return abs(insight.difference)
        case EfficiencyGap():
            return insight.money if insight.material else None
        case Allocated():
            return abs(insight.unallocated) or None
        case HighestCost():
            return None


def insight_sentence(insight: Insight, tense: Tense = FACT) -> tuple[str, Sentence]:
    """An insight as its title and its sentence, which has no full stop.

    Args:
        insight: from `find_insights`.
        tense: of the report.
    """
    match insight:
        case BudgetOverruns():
            return "Budget Overruns", _overruns_sentence(insight, tense)
        case BudgetsAtRisk():
            return "Budgets at Risk", _at_risk_sentence(insight, tense)
        case SpendWithoutBudget():
            return "Spend without Budget", _without_budget_sentence(insight, tense)
        case BudgetsDisagree():
            return "Budgets Disagree", _disagreement_sentence(insight)
        case HighestCost():
            return tense.highest(insight.dimension), _highest_sentence(insight)
        case EfficiencyGap():
            return "Efficiency Gap", _gap_sentence(insight)
        case Allocated():
            return "Allocated Cost", _allocated_sentence(insight, tense)


def materiality_rule(insights: Iterable[Insight], params: Params) -> Sentence | None:
    """The rule behind "not material", for below the insights.

    Args:
        insights: from `find_insights`.
        params: for `materiality` and `materiality_amount`.

    Returns:
        A whole sentence; None where no insight is called not material.

    Example:
        "A difference is not material when it is below 1% and below $50.00."
    """
    if not any(_mentions_materiality(insight) for insight in insights):
        return None
    amount = "" if params.materiality_amount is None else " and below {amount:money}"
    return sentence(
        "A difference is not material when it is below {fraction:percent}" + amount + ".",
        fraction=params.materiality,
        amount=params.materiality_amount,
    )


def _mentions_materiality(insight: Insight) -> bool:
    return isinstance(insight, BudgetOverruns) and not all(line.material for line in insight.lines)


def _rank(insight: Insight) -> tuple[bool, Decimal]:
    money = money_of(insight)
    return money is None, -(money or ZERO)


def _overruns(variance: pd.DataFrame, params: Params) -> BudgetOverruns | None:
    lines = lines_with_status(Status.OVER, variance, params)
    return BudgetOverruns(variance.columns[0], lines) if lines else None


def _overruns_sentence(insight: BudgetOverruns, tense: Tense) -> Sentence:
    names = []
    for line in insight.lines:
        text = "{name}, {excess:money} over" + ("" if line.material else " – not material")
        names.append(sentence(text, name=line.name, excess=line.variance))
    over = first_few(names, [line.variance for line in insight.lines], "over")
    are = tense.verb("is" if len(names) == 1 else "are", "be")
    text = "{n:count " + insight.dimension + "} " + are + " over budget"
    return sentence(f"{text} ({separated('over', over)})", n=len(names), over=over)


def _at_risk(data: ReportData, variance: pd.DataFrame) -> BudgetsAtRisk | None:
    lines = at_risk(data, variance)
    return BudgetsAtRisk(variance.columns[0], lines) if lines else None


def _at_risk_sentence(insight: BudgetsAtRisk, tense: Tense) -> Sentence:
    names = []
    for line in insight.lines:
        text, end = "{name}, {used:share} used", line.expected
        if end is not None:
            over = "run rate {over:money}" if end.is_rate else "forecast {over:estimate}"
            text += f", {over} over"
        names.append(sentence(text, name=line.name, used=line.budget_used, over=line.at_stake))
    near = first_few(names)
    are = tense.verb("is" if len(names) == 1 else "are", "be")
    text = "{n:count " + insight.dimension + "} " + are + " at risk"
    return sentence(f"{text} ({separated('near', near)})", n=len(names), near=near)


def _without_budget(variance: pd.DataFrame) -> SpendWithoutBudget | None:
    by = variance.columns[0]
    if variance["budget"].isna().all():
        return None
    rows = variance[(variance["status"] == Status.NO_BUDGET) & (variance[by] != UNALLOCATED)]
    rows = rows[[cost > 0 for cost in rows["cost"]]]  # credits need no budget
    if rows.empty:
        return None
    return SpendWithoutBudget(by, tuple(rows[by]), total(rows["cost"]))


def _without_budget_sentence(insight: SpendWithoutBudget, tense: Tense) -> Sentence:
    verb = tense.verb("cost", "cost")
    if insight.dimension == "organization":
        verb = tense.verb("spent", "spend")
    return sentence(
        "{n:count " + insight.dimension + "} " + verb + " {cost:money} with no budget ({names})",
        n=len(insight.names),
        cost=insight.cost,
        names=first_few(insight.names),
    )


def _disagreement(
    organizations: pd.DataFrame, products: pd.DataFrame, params: Params
) -> BudgetsDisagree | None:
    by_organization, by_product = (
        total(budget for budget in frame["budget"] if budget is not None)
        for frame in (organizations, products)
    )
    difference = by_organization - by_product
    # A year's amount divided by month may leave less than a cent, which is no disagreement.
    if not (by_organization and by_product and rounded(difference, minor_units(params.currency))):
        return None
    return BudgetsDisagree(by_organization, by_product, difference, params.currency)


def _disagreement_sentence(insight: BudgetsDisagree) -> Sentence:
    note = rounding_note(insight.organizations, insight.products, insight.currency)
    return sentence(
        "organization budgets total {organizations:money} and product budgets {products:money}, "
        "a difference of {difference:money}" + note.text,
        organizations=insight.organizations,
        products=insight.products,
        difference=abs(insight.difference),
        rounding=note.rounding,
    )


def _highest(variance: pd.DataFrame, usage: Usage) -> HighestCost | None:
    by = variance.columns[0]
    named = variance[variance[by] != UNALLOCATED]
    if named.empty:
        return None
    first = named.iloc[0]
    return HighestCost(by, first[by], first["cost"], portion(first["cost"], usage.cost))


def _highest_sentence(insight: HighestCost) -> Sentence:
    share = "" if insight.share is None else ", {share:share} of total"
    text = "{name} ({cost:money}" + share + ")"
    return sentence(text, name=insight.name, cost=insight.cost, share=insight.share)


class Ranked(NamedTuple):
    """An organization with a score, as in `rank_efficiency`."""

    organization: str
    cost: Decimal
    calls: int
    calls_per_unit: Decimal


def efficiency_gap(data: ReportData, efficiency: pd.DataFrame) -> EfficiencyGap | None:
    """The gap between the most and the least efficient organization.

    Args:
        data: for its usage and what is material.
        efficiency: organizations, from `rank_efficiency`.

    Returns:
        Material only if it is so at equal mix, too, as far as that is known (`equal_mix`). None for
        fewer than two organizations with a score.
    """
    ranked = [row for row in efficiency.itertuples() if row.rank is not None]
    if len(ranked) < 2:
        return None
    ends = (ranked[0], ranked[-1])
    return _gap(data, *(Ranked(*(getattr(row, key) for key in Ranked._fields)) for row in ends))


@lru_cache(maxsize=4)  # the insights and the section on efficiency ask for the same
def _gap(data: ReportData, most: Ranked, least: Ranked) -> EfficiencyGap:
    gap = most.calls_per_unit - least.calls_per_unit
    # Not by the quotient calls_per_unit, which is rounded at its 28th digit.
    money = least.cost - least.calls * most.cost / most.calls
    material = gap > 0 and is_material(money, least.cost, data.params)
    at_equal_mix = costs_at_equal_mix(data.usage, (most.organization, least.organization))
    if material and at_equal_mix:
        saved = (at_equal_mix[least.organization] - at_equal_mix[most.organization]) * least.calls
        material = saved > 0 and is_material(saved, least.cost, data.params)
    share = gap / most.calls_per_unit
    return EfficiencyGap(most.organization, least.organization, gap, share, money, material)


def _gap_sentence(insight: EfficiencyGap) -> Sentence:
    return sentence(
        "{gap:gap} between {most} (most efficient) and {least} (least efficient), "
        "a difference of {share:share}; " + AT_THE_BEST_RATE,
        gap=insight.gap,
        most=insight.most,
        least=insight.least,
        share=insight.share,
        money=insight.money,
    )


def _allocated(usage: Usage, params: Params) -> Allocated:
    unallocated, target = usage.unallocated or ZERO, params.allocation_target
    return Allocated(usage.allocated, unallocated, target, why_no_share(usage))


def _allocated_sentence(insight: Allocated, tense: Tense) -> Sentence:
    share, unallocated = insight.share, insight.unallocated
    is_, is_not = tense.verb("is", "be"), tense.negated("is not", "be")
    if share is None:
        text = f"all cost {is_} assigned to an organization"
        if unallocated:
            text = f"{{unallocated:money}} {is_not} assigned to an organization"
        text += insight.no_share
    else:
        text = f"{{share:share}} of cost {is_} assigned to an organization"
        if unallocated:
            text += f"; {{unallocated:money}} {is_not}"
        if insight.target is not None:
            met = "met" if share >= insight.target else "missed"
            text += f"; the {{target:percent}} target {is_} {met}"
    return sentence(text, share=share, unallocated=unallocated, target=insight.target)
