"""Narrative: facts as sentences, the heading and its stamps, the summary, insights and recommendations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from finops_nb.report.budget_tables import about
from finops_nb.params.budgets import Budgets
from finops_nb.outputs.manifest import Edition
from finops_nb.figures.efficiency import overall
from finops_nb.findings.sentence import Fact, fact, some
from finops_nb.report.format import Format
from finops_nb.findings.insights import (
    Allocated,
    BudgetOverruns,
    BudgetsAtRisk,
    BudgetsDisagree,
    EfficiencyGap,
    HighestCost,
    Insight,
    SpendWithoutBudget,
)
from finops_nb.money import rounded
from finops_nb.params.model import Params
from finops_nb.report.provenance import changes_since, provenance
from finops_nb.findings.recommendations import Horizon, Recommendation
from finops_nb.figures.run_rate import Miss, days_seen
from finops_nb.report.sentence import plain_sentence, sentence
from finops_nb.report.stamps import stamps
from finops_nb.report.table import environment, scalar
from finops_nb.usage.model import Usage
from finops_nb.figures.variance import TotalVariance

WALK: Final = Decimal("0.8")
RUN: Final = Decimal("0.9")
"""Shares of cost that have an organization, in a practice that walks and in one that runs."""


@dataclass(frozen=True)
class Prose:
    """A piece of text of the report that shows itself.

    Args:
        name: its key in results.json, and its anchor.
        template: the file that renders it, with `prose`, `say` and `values`.
        lines: its figures, for results.json.
        values: what the template prints.
        currency: of its money.
    """

    name: str
    template: str
    lines: Sequence[Mapping[str, Any]] = field(repr=False)
    values: Mapping[str, Any] = field(repr=False)
    currency: str = "USD"

    def records(self) -> list[dict[str, Any]]:
        return [{key: _recorded(value) for key, value in line.items()} for line in self.lines]

    def __repr__(self) -> str:
        return f"<prose {self.name}>"

    def _repr_html_(self) -> str:
        fmt = Format(self.currency)
        return environment().get_template(self.template).render(prose=self, fmt=fmt, say=lambda fact: sentence(fact, fmt), **self.values)


def heading(usage: Usage, params: Params, edition: Edition) -> Prose:
    """The report's first lines: what it is of, and every stamp it must bear."""
    values = {"label": params.window.label, "period": params.window, "timezone": params.timezone, "stamps": stamps(usage, params, edition)}
    return Prose("heading", "heading.html.j2", (), values, params.currency)


def executive_summary(totals: TotalVariance, usage: Usage, budgets: Budgets, params: Params) -> Prose:
    """Total spend, and its variance to the sum of the organizations' budgets, in the version that is named.

    Args:
        totals: of the organizations, from `total_variance`; of the products, where organizations have no budgets.
        usage: from `read_usage`.
        budgets: from `read_budgets`.
        params: for the currency.
    """
    whole = overall(usage)
    line: dict[str, Any] = {
        "total_spend": totals.actual,
        "budget": totals.budget,
        "variance": totals.variance,
        "variance_ratio": totals.variance_ratio,
        "status": totals.status,
        "calls": whole["calls"],
        "customers": whole["customers"],
        "budget_version": budgets.version.label,
    }
    counted = _counted(usage, whole)
    values = line | {"counted": counted, "version": about(budgets.version)}
    return Prose("executive_summary", "summary.html.j2", (line,), values, params.currency)


def _counted(usage: Usage, whole: Mapping[str, Any]) -> Fact:
    """How many calls and customers there were, as far as the usage tells; of a bill, how many charges."""
    if "calls" in usage.untold:
        return fact("{charges:count charge}", charges=usage.rows_used)
    if "customer" in usage.untold:
        return fact("{calls:count call}", calls=whole["calls"])
    return fact("{calls:count call} of {customers:count customer}", calls=whole["calls"], customers=whole["customers"])


def outlook(totals: TotalVariance, misses: Sequence[Miss], usage: Usage, params: Params) -> Prose:
    """Where a running period is heading, with the error of that in the months before; nothing where the period is over.

    Args:
        totals: as for `executive_summary`.
        misses: from `run_rate.misses`.
        usage: from `read_usage`.
        params: for the currency.
    """
    said = () if usage.complete else tuple(_outlook(totals, misses, usage))
    lines = [{"text": plain_sentence(each, Format(params.currency)), **each.values} for each in said]
    return Prose("outlook", "outlook.html.j2", lines, {"said": said}, params.currency)


def _outlook(totals: TotalVariance, misses: Sequence[Miss], usage: Usage) -> Iterator[Fact]:
    last = usage.period.last_day
    if totals.run_rate is None:
        yield fact("No run-rate to {last:date}: {seen:count day} seen, and it takes a week.", last=last, seen=len(days_seen(usage)))
        return
    against = "" if totals.budget is None else ", {over:change} against the budget of {budget:money}"
    yield fact(
        "Run-rate to {last:date}, by weekday from the {seen:count day} seen: {run_rate:money}" + against + ".",
        last=last,
        seen=len(days_seen(usage)),
        run_rate=totals.run_rate,
        over=totals.budget and totals.run_rate - totals.budget,
        budget=totals.budget,
    )
    errors = [miss.error for miss in misses if miss.error is not None]
    if errors:
        low, high = (rounded(each, 3) for each in (min(errors), max(errors)))
        off = "{low:signed share}" + ("" if low == high else " to {high:signed share}")
        said = f"After as many days, it would have been off by {off} in the {{months:count month}} before."
        yield fact(said, months=len(errors), low=low, high=high)
    else:
        untried = "no published month before it is long enough to try it on" if usage.period.is_month else "it is tried on months only"
        yield fact("How far off it may be is not known: " + untried + ".")


def efficiency_summary(efficiency: pd.DataFrame, params: Params) -> Prose:
    """Who gets most and who gets fewest calls for the money."""
    ranked = list(efficiency.loc[[rank is not None for rank in efficiency["rank"]], "organization"])
    line = {"most_efficient": ranked[0], "least_efficient": ranked[-1]} if len(ranked) > 1 else {}
    return Prose("efficiency_summary", "efficiency.html.j2", (line,) if line else (), {"line": line}, params.currency)


def key_insights(insights: Iterable[Insight], params: Params) -> Prose:
    """The insights as a numbered list."""
    said = [insight_sentence(insight) for insight in insights]
    lines = [{"title": title, "text": plain_sentence(each, Format(params.currency)), **each.values} for title, each in said]
    return Prose("key_insights", "insights.html.j2", lines, {"insights": said}, params.currency)


def recommended(recommendations: Iterable[Recommendation], params: Params) -> Prose:
    """The recommendations, numbered within their group."""
    groups = {horizon: [each for each in recommendations if each.horizon is horizon] for horizon in Horizon}
    lines = [
        {"horizon": each.horizon, "title": each.title, "text": plain_sentence(each.action, Format(params.currency)), **each.action.values}
        for group in groups.values()
        for each in group
    ]
    return Prose("recommendations", "recommendations.html.j2", lines, {"groups": groups}, params.currency)


def origin(usage: Usage, budgets: Budgets, params: Params, edition: Edition) -> Prose:
    """From what the report was made, for its foot."""
    made = provenance(usage, budgets, params, edition)
    said = [change.said for change in changes_since(usage, budgets, params, edition)]
    return Prose("provenance", "provenance.html.j2", (), made | {"changes": said}, params.currency)


def insight_sentence(insight: Insight) -> tuple[str, Fact]:
    """An insight as its title and its sentence."""
    match insight:
        case BudgetOverruns(dimension, lines):
            over = some(
                (
                    fact("{name} {excess:money}" + ("" if line.material else " – not material"), name=line.name, excess=line.variance)
                    for line in lines
                ),
                [line.variance for line in lines],
            )
            return "Budget Overruns", fact("{n:count " + dimension + "} over budget ({over})", n=len(lines), over=over)
        case BudgetsAtRisk(dimension, lines):
            near = some(fact("{name} {used:share} used", name=line.name, used=line.budget_used) for line in lines)
            return "Budgets at Risk", fact("{n:count " + dimension + "} at risk ({near})", n=len(lines), near=near)
        case SpendWithoutBudget(dimension, names, cost):
            return "Spend without Budget", fact(
                "{n:count " + dimension + "} spent {cost:money} with no budget ({names})", n=len(names), cost=cost, names=some(names)
            )
        case BudgetsDisagree(organizations, products, difference):
            text = "budgets by organization sum to {organizations:money}, by product to {products:money}: {difference:money} apart"
            return "Budgets Disagree", fact(text, organizations=organizations, products=products, difference=abs(difference))
        case HighestCost(dimension, name, cost, share):
            whole = "" if share is None else ", {share:share} of total"
            return f"Highest Cost {dimension.title()}", fact("{name} ({cost:money}" + whole + ")", name=name, cost=cost, share=share)
        case EfficiencyGap():
            return "Efficiency Gap", _gap_sentence(insight)
        case Allocated(share, unallocated):
            said = [] if share is None else ["{share:share} of the cost has an organization"]
            said += ["{unallocated:money} name no organization"] if unallocated else []
            said += [_target(share)] if share is not None and unallocated else []
            text = "; ".join(said) or "no cost is without an organization"
            return "Allocated Cost", fact(text, share=share, unallocated=unallocated)


def _target(share: Decimal) -> str:
    """Where a share of allocated cost stands to the targets of the FinOps Foundation's capability Allocation: 80% to walk, 90% to run."""
    if share >= RUN:
        return "the target of 90% is met"
    return "the target of 80% is met, that of 90% is not" if share >= WALK else "the target of 80% is missed"


def _gap_sentence(insight: EfficiencyGap) -> Fact:
    weight = "worth {money:money}" if insight.material else "{share:share}, worth {money:money}: not material"
    text = "{gap:gap} between most and least efficient organizations ({most} and {least}; " + weight + ")"
    return fact(text, gap=insight.gap, most=insight.most, least=insight.least, share=insight.share, money=insight.money)


def _recorded(value: Any) -> Any:
    """A value of a fact for results.json; a fact in it as its values."""
    if isinstance(value, tuple):
        return [_recorded(each) for each in value]
    return {key: _recorded(each) for key, each in value.values.items()} if isinstance(value, Fact) else scalar(value)
