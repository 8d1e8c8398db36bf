"""Usual lines: what each organization, product and model usually costs on the days of a month.

* A name has a usual if it is used on half of its days, and for 21 days from its first usage to its
  last. Before and after them it is new or gone, and says nothing.
* On a day without any usage, data may be missing: it counts for nothing. A name without usage on a
  day on which others have some costs zero on it.
* An organization or product that came or went within the month is part of what is usual for lines
  that hold others, too: its start is no day out of line. A model is not, as models replace others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from finops_nb.figures.day_costs import (
    DIMENSIONS,
    EVERYTHING,
    DayCost,
    Scope,
    Series,
    cost_by_day,
    costs_by_name,
    filled,
)
from finops_nb.figures.usual_days import INFINITE, SCORE, WEEK, UsualDay, score_of, usual_days
from finops_nb.money import ZERO
from finops_nb.schema import BUDGETED

FEWEST_DAYS: Final = 21
"""Days of which a usual is taken: three of each weekday."""

STAYED: Final = 3
"""A name that came is there to stay once so many days are known; before, it may be a single one."""


class DailyCosts(NamedTuple):
    """The costs of a month by day.

    Args:
        costs: of the days up to which usage is known.
        days: those with usage, in order.
        dimensions: those with several names: a name that is the only one tells nothing.
        before: the total of the days before the month, as far as they are known without a gap.
        score: the modified z-score above which a day is out of line.
    """

    costs: Sequence[DayCost]
    days: Sequence[date]
    dimensions: Sequence[str]
    before: Series
    score: Decimal = SCORE


def daily_costs(costs: Iterable[DayCost], days: Iterable[date], before: Series) -> DailyCosts:
    """The costs of the days of a month.

    Args:
        costs: of the month; several of the same day and names are added up.
        days: those up to which usage is known.
        before: the total of each day before.
    """
    seen = set(days)
    known = [cost for cost in costs if cost.day in seen]
    several = [each for each in DIMENSIONS if len({getattr(cost, each) for cost in known}) > 1]
    return DailyCosts(known, sorted({cost.day for cost in known}), several, before)


def usual_lines(
    month: DailyCosts, least: Decimal
) -> tuple[DailyCosts, dict[Scope, dict[date, UsualDay]]]:
    """The total, and every organization, product and model, beside what is usual for each day.

    Args:
        month: from `daily_costs`.
        least: the smallest difference that matters; names that never cost as much are left out.

    Returns:
        The month with its score, which follows from the number of lines, and the lines.
    """
    groups = {EVERYTHING: list(month.costs)} if month.costs else {}
    for dimension in month.dimensions:
        groups |= names_within(month, EVERYTHING, dimension, month.costs, least)
    groups = {scope: costs for scope, costs in groups.items() if is_established(month, costs)}
    scored = month._replace(score=score_of(max(len(groups), 1)))
    return scored, {scope: usual_line(scored, scope, costs) for scope, costs in groups.items()}


def names_within(
    month: DailyCosts, scope: Scope, dimension: str, costs: Iterable[DayCost], least: Decimal
) -> dict[Scope, list[DayCost]]:
    """The costs of those names of a dimension that cost `least` or more on some day."""
    return {
        scope.narrowed(dimension, name): own
        for name, own in costs_by_name(costs, dimension).items()
        if max(map(abs, cost_by_day(own).values())) >= least
    }


def is_established(month: DailyCosts, costs: Iterable[DayCost]) -> bool:
    """Whether a name is neither new nor gone, nor used on few days only."""
    used = {cost.day for cost in costs}
    span = max(used) - min(used)
    return span.days + 1 >= FEWEST_DAYS and _is_used_often(used, month.days)


def usual_line(month: DailyCosts, scope: Scope, costs: Sequence[DayCost]) -> dict[date, UsualDay]:
    """The days of a line beside what is usual for each.

    Args:
        month: for its days.
        scope: what the line is about.
        costs: all of the line.

    Returns:
        By day of the month; without the days that have no usual.
    """
    whole = filled(cost_by_day(costs), month.days)
    moving = cost_by_day(_moving(month, scope, costs, list(whole)))
    steady = {day: cost - moving.get(day, ZERO) for day, cost in whole.items()}
    before = month.before if scope == EVERYTHING else {}
    return {
        day: UsualDay(whole[day], each.usual + moving.get(day, ZERO), each.limit)
        for day, each in usual_days(before | steady, month.score).items()
        if day in whole
    }


def part_of_day(month: DailyCosts, scope: Scope, costs: Sequence[DayCost], day: date) -> UsualDay:
    """A part of a line on a day; nothing is usual for one that is new, or used on few days."""
    own = usual_line(month, scope, costs).get(day) if costs else None
    return own or UsualDay(cost_by_day(costs).get(day, ZERO), ZERO, INFINITE)


def _moving(
    month: DailyCosts, scope: Scope, costs: Sequence[DayCost], days: Sequence[date]
) -> list[DayCost]:
    """The costs of the organizations and products that came or went within the days of a line."""
    names = {
        (dimension, name)
        for dimension in BUDGETED
        if dimension in month.dimensions and getattr(scope, dimension) is None
        for name, own in costs_by_name(costs, dimension).items()
        if _came_or_went({cost.day for cost in own}, days)
    }
    if not names:
        return []
    return [
        cost
        for cost in costs
        if ("organization", cost.organization) in names or ("product", cost.product) in names
    ]


def _came_or_went(used: Collection[date], days: Sequence[date]) -> bool:
    """Whether a name is missing at either end, on a weekday on which it is used otherwise."""
    first, last = min(used), max(used)
    span = [day for day in days if first <= day <= last]
    if len(span) == len(days) or len(span) < STAYED or not _is_used_often(used, days):
        return False
    weekdays = {
        weekday
        for weekday in range(WEEK)
        if 2 * sum(day.weekday() == weekday for day in used)
        > sum(day.weekday() == weekday for day in span)
    }
    return any(day.weekday() in weekdays for day in days if not first <= day <= last)


def _is_used_often(used: Collection[date], days: Iterable[date]) -> bool:
    """Whether a name has usage on half of the days from its first to its last."""
    first, last = min(used), max(used)
    return 2 * len(used) >= sum(first <= day <= last for day in days)
