"""Anomalies: the days of a month that are out of line, each under the name that explains it.

The total and every organization, product and model are compared with their usual days (see
`usual_days`, and `usual_lines` for new names, rare usage and missing days). What else counts:

* A month of which 21 days are known: each weekday three times. Other periods have no anomalies.
* Days up to which usage is complete.
* A day at zero or below is out of line where a cost is usual. Where credits are usual, none is.
* A line whose usual cost is below zero is not listed: another event of that day explains it.
* A name that never varies is out of line beyond a quarter of its usual.
* What happened to the total on the same day of the month before, too, is no surprise: a monthly
  fee, for example.

One event is one anomaly. The widest line that is out of line is narrowed to a name for as long as
one has most of the difference, and the rest is in line without it. Lines that are in line without
the event are no events of their own. Days in a row, under the same name, are one event.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from finops_nb.figures.day_costs import (
    DIMENSIONS,
    DayCost,
    Scope,
    Series,
    cost_by_day,
    costs_by_name,
    part_of,
)
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import days_seen
from finops_nb.figures.usual_days import UsualDay, usual_days
from finops_nb.figures.usual_lines import (
    FEWEST_DAYS,
    DailyCosts,
    daily_costs,
    is_established,
    names_within,
    part_of_day,
    usual_lines,
)
from finops_nb.money import ZERO
from finops_nb.outputs.months import PublishedMonth
from finops_nb.period import parse_period
from finops_nb.usage.model import DAYS

MONTHS_BEFORE: Final = 2
"""The total's usual is also taken from so many published months directly before."""

EXPLAINED: Final = Decimal("0.8")
"""A name with this share of a difference, or more, explains it."""

MOSTLY: Final = Decimal("0.5")
"""A name with more than this share of a difference is its driver."""

AS_BEFORE: Final = Decimal("0.5")
"""An event is no surprise if the same day of the month before differed by this share of it."""

NEW_AFTER: Final = timedelta(days=7)
"""A name is new if it has no usage in the first days of the month, and in no month before."""

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A day that is out of line, or several in a row.

    Args:
        day: the first of them.
        scope: the names that explain it.
        cost: of those days and names.
        usual: what such days would usually cost.
        driver: the name with most of the difference among those that `scope` leaves open; empty
            if no name has most of it. Of several days, that of the one that differs most.
        is_new: the driver had no usage before.
        days: how many.
    """

    day: date
    scope: Scope
    cost: Decimal
    usual: Decimal
    driver: str = ""
    is_new: bool = False
    days: int = 1

    @property
    def difference(self) -> Decimal:
        """cost − usual: above zero, the days cost more than usual."""
        return self.cost - self.usual


@lru_cache(maxsize=4)  # the findings and the table ask for the same
def anomalies(data: ReportData, least: Decimal) -> tuple[Anomaly, ...]:
    """The days of a report's month that are out of line.

    Args:
        data: for its usage, read by days, and its published months.
        least: the smallest difference that is worth a line.

    Returns:
        As `days_out_of_line`; empty for any period but a month, and for a scenario that changes
        usage.
    """
    if why_not_judged(data):
        return ()
    frame = data.usage.groups[DAYS]
    columns = (frame[name] for name in ("day", *DIMENSIONS, "cost"))
    costs = [DayCost._make(row) for row in zip(*columns, strict=True)]
    return tuple(days_out_of_line(costs, days_seen(data.usage), least, data.earlier))


def why_not_judged(data: ReportData) -> str:
    """Why no day of a report is judged, as a sentence; empty if they are."""
    usage = data.usage
    if not usage.period.is_month:
        return "Only monthly reports say which days are out of line."
    if usage is not data.measured or DAYS not in usage.groups:
        return "A scenario that changes usage does not say which days are out of line."
    if len(days_seen(usage)) < FEWEST_DAYS:
        return f"Days are compared once {FEWEST_DAYS} days of the month are known."
    return ""


def days_out_of_line(
    costs: Iterable[DayCost],
    days: Sequence[date],
    least: Decimal,
    months: Sequence[PublishedMonth] = (),
) -> list[Anomaly]:
    """The days of a month that are out of line, one for each event.

    Args:
        costs: of the month; several of the same day and names are added up.
        days: those up to which usage is known, in order.
        least: the smallest difference that is worth a line.
        months: the published ones, newest first; only those directly before are used.

    Returns:
        By day; of a day, the largest difference first.

    Example:
        chat costs 30 on a Tuesday; its other Tuesdays, and the days around it, cost 10.
    """
    if len(days) < FEWEST_DAYS:
        return []
    earlier = _directly_before(days[0], months)
    before = {day: cost for each in earlier for day, cost in each.days.items()}
    month, lines = usual_lines(daily_costs(costs, days, before), least)
    expected = _differences(earlier[0], before) if earlier else {}
    found = [
        event
        for day in month.days
        for sign in (1, -1)
        for event in _events(month, lines, day, sign, least)
        if not _is_as_before(event, expected) and event.usual >= 0
    ]
    named = [replace(each, is_new=_is_new(month, each, earlier)) for each in _in_a_row(found)]
    return sorted(named, key=lambda each: (each.day, -abs(each.difference), each.scope.order))


def _events(
    month: DailyCosts,
    lines: Mapping[Scope, Mapping[date, UsualDay]],
    day: date,
    sign: int,
    least: Decimal,
) -> Iterator[Anomaly]:
    """What is out of line on a day, above its usual (sign 1) or below it (-1), widest first."""
    out = {scope: line[day] for scope, line in lines.items() if day in line}
    while out:
        out = {
            scope: each
            for scope, each in out.items()
            if each.difference * sign > 0 and each.is_out_of_line(least)
        }
        if not out:
            return
        widest = min(out, key=lambda scope: (-abs(out[scope].difference), scope.order))
        event = _narrowed(month, day, widest, out[widest], least)
        yield event
        out = {
            scope: _without(month, event, scope, whole)
            for scope, whole in out.items()
            if not event.scope.covers(scope)
        }


def _narrowed(
    month: DailyCosts, day: date, scope: Scope, whole: UsualDay, least: Decimal
) -> Anomaly:
    """An event under the narrowest name that explains it, with its driver."""
    while True:
        costs = part_of(month.costs, scope)
        names = {
            name: own
            for dimension in month.dimensions
            if getattr(scope, dimension) is None
            for name, own in names_within(
                month, scope, dimension, costs, MOSTLY * abs(whole.difference)
            ).items()
        }
        parts = {name: part_of_day(month, name, own, day) for name, own in names.items()}
        explaining = [
            name
            for name, part in parts.items()
            if is_established(month, names[name]) and _explains(part, whole, least)
        ]
        if not explaining:
            driver = _driver(scope, parts, whole.difference)
            return Anomaly(day, scope, whole.cost, whole.usual, driver)
        # The one that is farthest from its usual has the least in it that is in line.
        scope = min(explaining, key=lambda name: (-parts[name].fold, name.order))
        whole = parts[scope]


def _explains(part: UsualDay, whole: UsualDay, least: Decimal) -> bool:
    """Whether a part has most of a difference, and the rest is in line without it."""
    has_most = part.difference / whole.difference >= EXPLAINED
    return has_most and not whole.without(part).is_out_of_line(least)


def _driver(scope: Scope, parts: Mapping[Scope, UsualDay], difference: Decimal) -> str:
    """The name that made more than half of a difference; empty if none did."""
    shares = {name: part.difference / difference for name, part in parts.items()}
    most = min(shares, key=lambda name: (-shares[name], name.order), default=scope)
    if most == scope or shares[most] <= MOSTLY:
        return ""
    return next(name or "" for name, own in zip(most, scope, strict=True) if name != own)


def _without(month: DailyCosts, event: Anomaly, scope: Scope, whole: UsualDay) -> UsualDay:
    """What is left of a line's day without an event."""
    shared = scope.shared_with(event.scope)
    if shared is None:
        return whole
    part = part_of_day(month, shared, part_of(month.costs, shared), event.day)
    return whole.without(part)


def _in_a_row(events: Iterable[Anomaly]) -> list[Anomaly]:
    """Events of days in a row, under the same names and in the same direction, as one."""
    rows: dict[tuple[Scope, bool], list[list[Anomaly]]] = {}
    for event in events:
        of_name = rows.setdefault((event.scope, event.difference > 0), [])
        if of_name and of_name[-1][-1].day + DAY == event.day:
            of_name[-1].append(event)
        else:
            of_name.append([event])
    return [_as_one(row) for of_name in rows.values() for row in of_name]


def _as_one(row: Sequence[Anomaly]) -> Anomaly:
    most = max(row, key=lambda each: abs(each.difference))
    cost, usual = sum((each.cost for each in row), ZERO), sum((each.usual for each in row), ZERO)
    return Anomaly(row[0].day, most.scope, cost, usual, most.driver, days=len(row))


def _is_new(month: DailyCosts, event: Anomaly, before: Iterable[PublishedMonth]) -> bool:
    """Whether the driver came in this month; of models, only the month before tells."""
    if not event.driver:
        return False
    for dimension in DIMENSIONS:
        own = costs_by_name(month.costs, dimension).get(event.driver)
        if own and min(cost_by_day(own)) < month.days[0] + NEW_AFTER:
            return False
    return event.driver not in _names(before)


def _names(months: Iterable[PublishedMonth]) -> Collection[str]:
    """The names of published months."""
    return {
        name
        for month in months
        for names in (month.organizations, month.products, [c.model for c in month.cells or ()])
        for name in names
    }


def _directly_before(first: date, months: Sequence[PublishedMonth]) -> list[PublishedMonth]:
    """The published months that a month follows without a gap, newest first."""
    by_name = {month.name: month for month in months}
    found: list[PublishedMonth] = []
    period = parse_period(f"{first:%Y-%m}").preceding()
    while len(found) < MONTHS_BEFORE and period.text in by_name:
        found.append(by_name[period.text])
        period = period.preceding()
    return found


def _differences(month: PublishedMonth, days: Series) -> dict[int, Decimal]:
    """How far the total of a published month was out of line, by day of the month; 0 is the last.

    Args:
        month: whose days are compared.
        days: the total of its days and of those before.
    """
    return {
        number: each.difference
        for day, each in usual_days(days).items()
        if day in month.days and each.is_out_of_line(ZERO)
        for number in _numbers(day)
    }


def _numbers(day: date) -> tuple[int, ...]:
    """What a day is called in its month: its number, and 0 if it is the last."""
    return (day.day, 0) if (day + DAY).month != day.month else (day.day,)


def _is_as_before(event: Anomaly, before: Mapping[int, Decimal]) -> bool:
    """Whether the total differed in the same way on the same day of the month before."""
    shares = (before.get(number, ZERO) / event.difference for number in _numbers(event.day))
    return max(shares) >= AS_BEFORE
