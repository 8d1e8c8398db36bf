"""Main findings: the three things that matter most in a period, with names and money."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import Any, Final

from finops_nb.figures.budget_status import is_above
from finops_nb.figures.change_by_name import NameChange, changes_by_name
from finops_nb.figures.compared import published_before
from finops_nb.figures.period_end import period_end
from finops_nb.figures.policies import spend_without_approval
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.streaks import Streak, streaks
from finops_nb.figures.trend import PriorPeriod, prior_period
from finops_nb.findings.days_out_of_line import about, material_anomalies
from finops_nb.findings.drivers import budget_change, drivers
from finops_nb.findings.evidence import (
    Findings,
    driver_of,
    name_with_owner,
    overrun_sentences,
    unspent_budgets,
)
from finops_nb.findings.insights import AT_THE_BEST_RATE, EfficiencyGap, SpendWithoutBudget
from finops_nb.findings.materiality import VarianceLine, is_material
from finops_nb.findings.money_text import unit_name
from finops_nb.findings.no_share import why_no_share
from finops_nb.findings.overruns import excess_template, is_over, overruns
from finops_nb.findings.sentence import Sentence, first_few, sentence
from finops_nb.findings.tense import tense_of
from finops_nb.findings.unit_costs import changed_unit_cost, unit_cost_sentence
from finops_nb.money import ZERO, minor_units, total
from finops_nb.period import parse_period
from finops_nb.schema import UNALLOCATED, Dimension
from finops_nb.usage.data_quality import THIN
from finops_nb.words import listing

SHOWN: Final = 3
OVER_BUDGET: Final = "Over Budget"
EXPECTED_OVERRUN: Final = "Expected Overrun"
"""A name of a running period that is still within its budget, and is not expected to stay there."""


class Urgency(IntEnum):
    """What comes first among equal amounts."""

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
        sentence: without a full stop.
        money: what it is about, in the report's currency; not below zero.
        names: the organizations or products it is about, for the commentary on them.
    """

    urgency: Urgency
    title: str
    sentence: Sentence
    money: Decimal
    names: tuple[str, ...] = ()


def main_findings(findings: Findings) -> tuple[MainFinding, ...]:
    """What matters most: at most three findings.

    Args:
        findings: what the report found.

    Returns:
        The largest amount first; among equals, the most urgent. A missing approval is routine, so
        it comes after what is about money. The largest overrun is always among them; in a running
        period, an overrun has the money that is expected to be over at its end.
    """
    every = [
        *_missing_usage(findings),
        *_overruns(findings),
        *_spend_without_budget(findings),
        *_unallocated(findings),
        *_change(findings),
        *_day_out_of_line(findings),
        *_missing_approvals(findings),
        *_unspent(findings),
        *_efficiency_gap(findings),
        *_unit_cost(findings.data),
    ]
    every.sort(key=_rank)
    titles = (OVER_BUDGET, EXPECTED_OVERRUN)
    overrun = next((finding for finding in every if finding.title in titles), None)
    shown = every[:SHOWN]
    return tuple(shown if overrun is None or overrun in shown else [*shown[:-1], overrun])


def _rank(finding: MainFinding) -> tuple[Any, ...]:
    """Where a finding stands: the approvals after the others, each by its money."""
    is_routine = finding.urgency is Urgency.RULE
    return is_routine, -finding.money, finding.urgency, finding.title, finding.names


def _missing_usage(findings: Findings) -> Iterator[MainFinding]:
    """With less than a tenth of the rows of the period before, one is probably not complete."""
    data, before = findings.data, published_before(findings.data)
    if before and data.usage.complete and THIN * data.usage.rows_used < before.rows:
        text = sentence(
            "{month} has {rows:count row}, but {earlier_month} had {earlier:count} and cost "
            "{cost:money}; usage files may be missing",
            month=data.usage.period.label,
            earlier_month=parse_period(before.name).label,
            rows=data.usage.rows_used,
            earlier=before.rows,
            cost=before.cost,
        )
        yield MainFinding(Urgency.DATA, "Little Usage", text, abs(before.cost))


def _overruns(findings: Findings) -> Iterator[MainFinding]:
    """Each overrun, and in a running period each that is expected.

    If a product over budget put an organization over budget, one finding covers both: the two are
    the same money.
    """
    organizations = list(overrun_sentences(findings, findings.organizations))
    products = list(overrun_sentences(findings, findings.products))
    driven = _driven(findings, [line for line, _ in products], [line for line, _ in organizations])
    runs = streaks(findings.data, findings.organizations)
    for line, text in products:
        others = driven.get(line.name, [])
        if others:
            tense = tense_of(findings.data.params)
            adds = tense.verb("also added", "also add")
            if not findings.data.usage.complete:
                adds = "is also expected to add"
            text = sentence(
                f"{{product}}. The product {adds} the most "
                "to the rise in cost of {organizations}",
                product=text,
                organizations=first_few(
                    [_driven_sentence(findings, each, runs.get(each.name)) for each in others]
                ),
            )
        names = (line.name, *(each.name for each in others))
        yield _overrun(findings.data, text, line, names)
    told = {each.name for others in driven.values() for each in others}
    for line, text in organizations:
        if line.name not in told:
            yield _overrun(findings.data, text, line, (line.name,))


def _overrun(
    data: ReportData, text: Sentence, line: VarianceLine, names: tuple[str, ...]
) -> MainFinding:
    if is_over(line, data):
        return MainFinding(Urgency.MONEY_OUT_OF_PLAN, OVER_BUDGET, text, line.at_stake, names)
    return MainFinding(Urgency.HEADING_THERE, EXPECTED_OVERRUN, text, line.at_stake, names)


def _driven(
    findings: Findings, products: list[VarianceLine], organizations: list[VarianceLine]
) -> dict[str, list[VarianceLine]]:
    """By product over budget, the organizations over budget whose rise it made most of."""
    over = {line.name for line in products}
    driven: dict[str, list[VarianceLine]] = {}
    for line in organizations:
        part = driver_of(findings.data, "organization", line.name)
        if part and part.name in over:
            driven.setdefault(part.name, []).append(line)
    return driven


def _driven_sentence(findings: Findings, line: VarianceLine, streak: Streak | None) -> Sentence:
    """An organization over budget, in a list."""
    text, values = excess_template(line, findings.data, is_clause=True, has_share=False)
    if streak:
        text += _streak_in_list(streak, is_over=findings.data.usage.complete)
        values |= {"months": streak.months, "in_all": streak.excess}
    return sentence(text, who=name_with_owner(line.name, findings.data.budgets), **values)


def _streak_in_list(streak: Streak, is_over: bool) -> str:
    """Words for how long it has been over; none for the report's own period alone."""
    if is_over and streak.months == 1:
        return ""
    last = parse_period(streak.through).label
    if streak.months == 1:
        return f" (also over in {last}, by {{in_all:money}})"
    least, through = "at least " if streak.at_least else "", "" if is_over else f" through {last}"
    months = f"{least}{{months:count straight month}}{through}"
    return f" (over for {months}, by {{in_all:money}} in total)"


def _spend_without_budget(findings: Findings) -> Iterator[MainFinding]:
    """In a running period, also what these names are expected to cost in all."""
    urgency, title = Urgency.MONEY_OUT_OF_PLAN, "Spend without Budget"
    budgets, tense = findings.data.budgets, tense_of(findings.data.params)
    spenders = {
        "organization": "organizations with no budget " + tense.verb("spent", "spend"),
        "product": "products with no budget " + tense.verb("cost", "cost"),
    }
    for insight in findings.insights:
        if isinstance(insight, SpendWithoutBudget) and insight.cost > 0:
            ends = period_end(findings.data, insight.dimension)
            end = total(ends[name].expected for name in insight.names if name in ends)
            is_more = is_above(end, insight.cost, minor_units(findings.data.params.currency))
            later = " so far, and {end:money} is expected in all" if is_more else ""
            text = sentence(
                spenders[insight.dimension] + f" {{cost:money}}{later} ({{names}})",
                cost=insight.cost,
                end=end,
                names=first_few(name_with_owner(name, budgets) for name in insight.names),
            )
            money = max(insight.cost, end)
            yield MainFinding(urgency, title, text, money, insight.names)


def _unallocated(findings: Findings) -> Iterator[MainFinding]:
    usage = findings.data.usage
    cost = usage.unallocated
    if cost > 0 and is_material(cost, usage.cost, findings.data.params):
        share = usage.unallocated_share
        of_total = "" if share is None else " ({share:share})"
        tense = tense_of(findings.data.params)
        is_not, cannot = tense.negated("is not", "be"), "could not" if tense.supposed else "can't"
        template = "{cost:money}" + f"{of_total} {is_not} assigned to an organization"
        template += f", so it {cannot} be charged{why_no_share(usage)}"
        text = sentence(template, cost=cost, share=share)
        yield MainFinding(Urgency.MONEY_OUT_OF_PLAN, "Unallocated Cost", text, cost)


def _change(findings: Findings) -> Iterator[MainFinding]:
    """A material change against the period before; a period in progress is not compared."""
    prior = prior_period(findings.data)
    if prior is None or prior.days is not None or not prior.change:
        return
    if is_material(prior.change, prior.cost or ZERO, findings.data.params):
        yield _change_finding(findings, prior, prior.change)


def _change_finding(findings: Findings, prior: PriorPeriod, change: Decimal) -> MainFinding:
    """How much the cost changed, what made most of it, its causes, and what the budget did."""
    data, tense = findings.data, tense_of(findings.data.params)
    rose = change > 0
    verb = tense.verb("rose", "rise") if rose else tense.verb("fell", "fall")
    template = f"total cost {verb} {{change:money}}"
    if prior.change_ratio is not None:
        template += " ({ratio:share})"
    template += " from {cost:money} in {month}"
    most, product = (_most_of_change(data, by) for by in ("organization", "product"))
    leaders = []
    if most is not None:
        whose = "unallocated cost" if most.name == UNALLOCATED else "{name}"
        leaders.append(whose + " ({moved:change})")
    if product is not None and product.share is not None and product.share <= 1:
        leaders.append("{product} ({share:share} of the change)")
    template += f", led by {listing(leaders)}" if leaders else ""
    causes, budget = drivers(data), budget_change(data)
    template += ". {causes}" if causes is not None else ""
    template += ". {budget}" if budget is not None else ""
    text = sentence(
        template,
        causes=causes,
        budget=budget,
        change=abs(change),
        ratio=None if prior.change_ratio is None else abs(prior.change_ratio),
        cost=prior.cost,
        month=parse_period(prior.period).label,
        name=most.name if most else "",
        moved=most.change if most else ZERO,
        product=product.name if product else "",
        share=product.share if product else None,
    )
    names = (most.name,) if most else ()
    return MainFinding(Urgency.CHANGE, f"Cost {verb.title()}", text, abs(change), names)


def _most_of_change(data: ReportData, by: Dimension) -> NameChange | None:
    """The name that made most of the change; None where there is only one, before and now."""
    named = [line for line in changes_by_name(data, by) if line.cost or line.cost_before]
    if len(named) < 2 or not any(line.cost_before for line in named):
        return None
    return max(named, key=lambda line: (line.share or ZERO, line.name))


def _day_out_of_line(findings: Findings) -> Iterator[MainFinding]:
    """The day that differs most from its usual cost."""
    found = material_anomalies(findings.data)
    if found:
        most = max(found, key=lambda anomaly: abs(anomaly.difference))
        names = tuple(name for name in most.scope if name is not None)
        text = about(most)
        yield MainFinding(Urgency.CHANGE, "Day out of Line", text, abs(most.difference), names)


def _missing_approvals(findings: Findings) -> Iterator[MainFinding]:
    spend = spend_without_approval(findings.data)
    if spend.empty:
        return
    cost = total(spend["cost"])
    names = tuple(dict.fromkeys(spend["product"]))
    in_total = " in total" if len(names) > 1 else ""
    text = sentence(
        "{products:count product} "
        + tense_of(findings.data.params).verb("cost", "cost")
        + " {cost:money}"
        + in_total
        + " with no approval on record "
        "({names}). Spend above {limit:money} per product per calendar month requires approval",
        products=len(names),
        cost=cost,
        names=first_few(names),
        limit=findings.data.params.approval_limit,
    )
    yield MainFinding(Urgency.RULE, "Approval Missing", text, cost, names)


def _unspent(findings: Findings) -> Iterator[MainFinding]:
    """Budget left over in a period that is over, where no organization needs it."""
    unspent = unspent_budgets(findings)
    over = overruns(findings.data, findings.organizations)
    if not findings.data.usage.covers_period or not unspent or over:
        return
    amounts = [-line.variance for line in unspent]
    names = [
        sentence("{name} {left:money}", name=line.name, left=-line.variance) for line in unspent
    ]
    text = sentence(
        "{left:money} of budget "
        + tense_of(findings.data.params).negated("was not", "be")
        + " spent ({names})",
        left=total(amounts),
        names=first_few(names, amounts),
    )
    organizations = tuple(line.name for line in unspent)
    yield MainFinding(Urgency.CHANCE, "Budget Unspent", text, total(amounts), organizations)


def _efficiency_gap(findings: Findings) -> Iterator[MainFinding]:
    per_unit = unit_name(findings.data.params.currency)
    gets = tense_of(findings.data.params).verb("gets", "get")
    for insight in findings.insights:
        if isinstance(insight, EfficiencyGap) and insight.material:
            text = sentence(
                f"{{least}} {gets} {{share:share}} fewer calls per {per_unit} than "
                + f"{{most}}; {AT_THE_BEST_RATE}",
                least=insight.least,
                share=insight.share,
                most=insight.most,
                money=insight.money,
            )
            names = (insight.least,)
            yield MainFinding(Urgency.CHANCE, "Efficiency Gap", text, insight.money, names)


def _unit_cost(data: ReportData) -> Iterator[MainFinding]:
    """The cost per order, seat or other driver that changed by the most money."""
    line = changed_unit_cost(data)
    if line is not None and line.moved is not None:
        title = "Unit Cost Rose" if line.moved > 0 else "Unit Cost Fell"
        text = unit_cost_sentence(line, data)
        names = (line.organization,) if line.organization else ()
        yield MainFinding(Urgency.CHANGE, title, text, abs(line.moved), names)
