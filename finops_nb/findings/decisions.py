"""Decisions: what to decide about the next month's budgets, by whom, by when, and what happens if
not.

Money for an overrun comes only from the next month's budgets, where they are above what is expected
at most; a budget that was not used in a month that is over is no money. Organization and product
budgets are the same money, so it moves within one dimension.

The report of a complete month is made when the next month begins, or later: its decisions are due
now, whenever it is made. A date would be in the past in each of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from finops_nb.figures.forecast import TOTAL, Expected, Forecast, outlook
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.variance import headline_dimension
from finops_nb.findings.evidence import name_with_owner
from finops_nb.findings.materiality import VarianceLine, is_material
from finops_nb.findings.sentence import Sentence, first_few, sentence
from finops_nb.money import ZERO, total
from finops_nb.period import Period, parse_period
from finops_nb.schema import UNALLOCATED, Dimension


class Shortfall(NamedTuple):
    """A line whose next budget is below what it is expected to cost.

    Args:
        line: of the forecast.
        budget: of the next month; that of the report's month, where that has none.
        is_set: the next month has a budget.
        short: expected − budget.
    """

    line: Expected
    budget: Decimal
    is_set: bool
    short: Decimal


def next_budgets(data: ReportData, lines: Iterable[VarianceLine], by: Dimension) -> Sentence | None:
    """What to decide about the next month's budgets of names that are over.

    Args:
        data: of the report.
        lines: the names.
        by: their dimension.

    Returns:
        None without a forecast, or where no budget is short.

    Example:
        "Decide now: org-a is expected to cost $3,490 in January 2026 (up to $4,610), so its
        December 2025 budget of $2,000.00 would be $1,490 short"
    """
    forecast = _next_month(data)
    found = [] if forecast is None else shortfalls(data, forecast, lines, by)
    if forecast is None or not found:
        return None
    month = parse_period(forecast.months[0])
    texts = first_few([_shortfall(each, month) for each in found])
    places = "; ".join(f"{{shortfalls[{place}]}}" for place in range(len(texts)))
    return sentence(f"Decide now: {places}", shortfalls=texts)


def shortfalls(
    data: ReportData, forecast: Forecast, lines: Iterable[VarianceLine], by: Dimension
) -> list[Shortfall]:
    """Which names have a next budget materially below their forecast, the most short first."""
    expected = forecast.of(by, forecast.months[0])
    found = []
    for each in lines:
        line = expected.get(each.name)
        if line is None:
            continue
        budget = each.budget if line.budget is None else line.budget
        short = line.expected - budget
        if short > 0 and is_material(short, budget, data.params):
            found.append(Shortfall(line, budget, line.budget is not None, short))
    return sorted(found, key=lambda each: (-each.short, each.line.name))


def funding(data: ReportData, over: Iterable[VarianceLine]) -> Sentence | None:
    """Which organizations could give budget of the next month to those that are short of it.

    Args:
        data: of the report.
        over: the organizations, or products, that are over now.

    Returns:
        None where the next month has no budgets, nobody is short, or nobody can give.

    Example:
        "Move up to $400 of the January 2026 budget from org-b (owner: Bob), whose $1,000.00 is
        $400 above its high of $600, to org-a (owner: Ada), which is $1,490 short; both budget
        holders decide now"
    """
    forecast, by = _next_month(data), headline_dimension(data.budgets)
    if forecast is None:
        return None
    short = [each for each in shortfalls(data, forecast, over, by) if each.is_set]
    spare = _spare(forecast, by)
    if not short or not spare:
        return None
    month = parse_period(forecast.months[0])
    needed = total(each.short for each in short)
    moved = min(needed, total(amount for _, amount in spare))
    givers = first_few([_giver(data, *each) for each in spare])
    takers = first_few([_taker(data, each) for each in short])
    return sentence(
        "Move up to {moved:estimate} of the "
        + month.label
        + " budget from {givers} to {takers}; both budget holders decide now",
        moved=moved,
        givers=givers,
        takers=takers,
    )


def missing_budgets(data: ReportData) -> tuple[Sentence, Decimal] | None:
    """To set the next month's budgets, and what is expected; None where a budgets.csv has them.

    Args:
        data: of the report; its own month has budgets.

    Example:
        "If January 2026 has no budgets yet, set them now: $11,100 is expected,
        $8,400 to $13,800 in four of five cases; finops-nb new 2026-01 --budgets forecast proposes
        them by name"
    """
    forecast = _next_month(data)
    if forecast is None or not data.budgets.of(headline_dimension(data.budgets)):
        return None
    line = forecast.of(TOTAL, forecast.months[0])[TOTAL]
    if line.budget is not None:
        return None
    month = parse_period(line.month)
    text = f"If {month.label} has no budgets yet, set them now: "
    text += "{expected:estimate} is expected"
    if line.low is not None:
        text += ", {low:estimate} to {high:estimate} in four of five cases"
    command = f"finops-nb new {line.month} --budgets forecast"
    text += f'; the command "{command}" proposes one for each organization and product'
    values = {"expected": line.expected, "low": line.low, "high": line.high}
    return sentence(text, **values), line.expected


def _next_month(data: ReportData) -> Forecast | None:
    """The forecast, if it was tested and its first month is after the report's.

    A scenario decides nothing.
    """
    forecast = outlook(data)
    if forecast is None or not forecast.errors or data.params.scenario is not None:
        return None
    return forecast if forecast.months[0] > data.usage.period.text else None


def _shortfall(each: Shortfall, month: Period) -> Sentence:
    most = "" if each.line.high is None else " (up to {high:estimate})"
    set_for = month if each.is_set else month.preceding()
    return sentence(
        f"{{name}} is expected to cost {{expected:estimate}} in {month.label}{most}, so its "
        f"{set_for.label} budget of {{budget:money}} would be {{short:estimate}} short",
        name=each.line.name,
        expected=each.line.expected,
        high=each.line.high,
        budget=each.budget,
        short=each.short,
    )


def _spare(forecast: Forecast, by: Dimension) -> list[tuple[Expected, Decimal]]:
    """The lines whose next budget is above their high forecast, and by how much, most first."""
    lines = forecast.of(by, forecast.months[0]).values()
    spare = [
        (line, line.budget - line.high)
        for line in lines
        if line.budget is not None and line.high is not None and line.name != UNALLOCATED
    ]
    given = [each for each in spare if each[1] > ZERO]
    return sorted(given, key=lambda each: (-each[1], each[0].name))


def _giver(data: ReportData, line: Expected, amount: Decimal) -> Sentence:
    return sentence(
        "{who}, whose {budget:money} is {amount:estimate} above its high of {high:estimate},",
        who=name_with_owner(line.name, data.budgets),
        budget=line.budget,
        amount=amount,
        high=line.high,
    )


def _taker(data: ReportData, each: Shortfall) -> Sentence:
    who = name_with_owner(each.line.name, data.budgets)
    return sentence("{who}, which is {short:estimate} short", who=who, short=each.short)
