"""Forecast methods: how each one weighs the months that are known.

Every method is linear in them: its forecast of any series of months is the sum of the months, each
times its weight. One set of weights, found on the total, serves every name, so that the forecasts
of the names add up to that of the total.

    last month      every month is like the last one
    drift           goes on from the last month as on average from the first to the last
    run rate        a month costs what its weekdays cost in the last four weeks
    damped trend    a smoothed level, and a smoothed trend that fades (Gardner and McKenzie 1985)

Source of the formulas: Hyndman and Athanasopoulos, Forecasting: Principles and Practice (3rd ed.),
5.2 for last month and drift, 8.2 for the damped trend.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import product
from typing import Final, NamedTuple, TypeAlias

from finops_nb.money import ZERO, total
from finops_nb.period import parse_period

Weights: TypeAlias = tuple[Decimal, ...]
"""One for each known month, oldest first."""

ONE: Final = Decimal(1)
WEEKDAYS: Final = 7
RUN_RATE_DAYS: Final = 28
"""The run rate looks at the last four weeks: every weekday is in them four times."""


class Method(StrEnum):
    """What a forecast is made by; the simplest first."""

    LAST_MONTH = "last month"
    RUN_RATE = "run rate"
    DRIFT = "drift"
    DAMPED_TREND = "damped trend"


class Smoothing(NamedTuple):
    """The parameters of a damped trend, as fractions.

    Args:
        level: how much the newest month counts for the level.
        trend: how much the newest change of level counts for the trend.
        damping: what is left of the trend after each month.
    """

    level: Decimal
    trend: Decimal
    damping: Decimal


GRID: Final = tuple(
    Smoothing(*map(Decimal, each))
    for each in product(("0.3", "0.5", "0.7", "0.9"), ("0.2", "0.5", "0.8"), ("0.8", "0.9", "0.98"))
)
"""Every smoothing that is tried. A fixed grid has one best value on every machine, which an
optimizer has not."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month that is known.

    Args:
        name: text like 2025-11.
        cost: its total.
        days: its cost by day.
        through: the last day that is known; None: its last day.
    """

    name: str
    cost: Decimal
    days: Mapping[date, Decimal]
    through: date | None = None


def weights(method: Method, known: Sequence[Month], ahead: int) -> Weights | None:
    """How a method weighs the known months.

    Args:
        method: any.
        known: consecutive months, oldest first; at least one.
        ahead: for which month after the last one; 1 is the next.

    Returns:
        None where the method can't be used: drift and damped trend need two months, the run rate
        four known weeks, and a last month that cost something.

    Example:
        Drift, 100 and then 130, one month ahead: 130 + 30 = 160, as weights −1 and 2.
    """
    count = len(known)
    if method is Method.LAST_MONTH:
        return _last(count, ONE)
    if method is Method.RUN_RATE:
        of_last = _run_rate(known, ahead)
        return None if of_last is None else _last(count, of_last)
    if count < 2:
        return None
    if method is Method.DRIFT:
        step = Decimal(ahead) / (count - 1)
        return (-step, *[ZERO] * (count - 2), ONE + step)
    return _damped(best_smoothing([month.cost for month in known]), count, ahead)


def forecast(of: Weights, series: Sequence[Decimal]) -> Decimal:
    """The forecast of a series: its months, each times its weight."""
    pairs = zip(of, series, strict=True)
    return total(weight * amount for weight, amount in pairs if weight and amount)


def following(month: str, ahead: int) -> str:
    """The name of a later month.

    >>> following("2025-11", 2)
    '2026-01'
    """
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + ahead, 12)
    return f"{year:04}-{number + 1:02}"


def best_smoothing(series: Sequence[Decimal]) -> Smoothing:
    """The smoothing of `GRID` whose forecasts of each month from those before it were closest.

    Args:
        series: two months or more, oldest first.

    Returns:
        That with the smallest sum of squared errors; of equals, the first.
    """
    return min(GRID, key=lambda smoothing: _squared_errors(smoothing, series))


def _last(count: int, weight: Decimal) -> Weights:
    return (*[ZERO] * (count - 1), weight)


def _run_rate(known: Sequence[Month], ahead: int) -> Decimal | None:
    """What a later month costs by the weekdays of the last four weeks, as a part of the last."""
    last = known[-1]
    if last.cost <= 0:
        return None
    spent = {day: cost for month in known[-2:] for day, cost in month.days.items()}
    end = last.through or parse_period(last.name).last_day
    window = [end - timedelta(days=back) for back in range(RUN_RATE_DAYS)]
    if window[-1] < parse_period(known[-2:][0].name).start:
        return None
    by_weekday: dict[int, Decimal] = defaultdict(Decimal)
    for day in window:
        by_weekday[day.weekday()] += spent.get(day, ZERO)
    later = parse_period(following(last.name, ahead))
    cost = total(by_weekday[day.weekday()] for day in later.days)
    return cost * WEEKDAYS / RUN_RATE_DAYS / last.cost


def _squared_errors(smoothing: Smoothing, series: Sequence[Decimal]) -> Decimal:
    level, trend = series[0], series[1] - series[0]
    errors = []
    for amount in series[1:]:
        expected = level + smoothing.damping * trend
        errors.append((amount - expected) ** 2)
        level, trend = _smoothed(smoothing, level, trend, amount)
    return total(errors)


def _smoothed(
    smoothing: Smoothing, level: Decimal, trend: Decimal, amount: Decimal
) -> tuple[Decimal, Decimal]:
    """Level and trend once a month is known."""
    expected = level + smoothing.damping * trend
    new = expected + smoothing.level * (amount - expected)
    faded = smoothing.damping * trend
    return new, faded + smoothing.trend * (new - level - faded)


@lru_cache(maxsize=256)  # each name of a report asks for the same
def _damped(smoothing: Smoothing, count: int, ahead: int) -> Weights:
    """The forecast of each month alone being 1 and the others 0: its weight."""
    fading = total(smoothing.damping**step for step in range(1, ahead + 1))
    of = []
    for place in range(count):
        series = [ONE if each == place else ZERO for each in range(count)]
        level, trend = series[0], series[1] - series[0]
        for amount in series[1:]:
            level, trend = _smoothed(smoothing, level, trend, amount)
        of.append(level + fading * trend)
    return tuple(of)
