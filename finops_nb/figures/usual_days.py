"""Usual days: what a day would have cost if it were like the days of its weekday around it.

    base   = median cost of the seven days around a day, so that each weekday counts once
    factor = median of cost ÷ base over the days of a weekday
    level  = median of cost ÷ factor over the fifteen days around a day
    usual  = level × factor

Running medians follow growth, and a new level too, but no single day (Tukey 1977, Exploratory Data
Analysis). At either end of the days they take the nearest days there are.

How far a day is from its usual is its *fold*: cost ÷ usual, or usual ÷ cost if that is more. Costs
vary by a share of themselves, so the modified z-score is that of their logarithms:

    0.6745 × |ln(cost ÷ usual)| ÷ MAD > 3.5, or fold > median fold ^ (3.5 ÷ 0.6745)

Source: Iglewicz and Hoaglin 1993, How to Detect and Handle Outliers (modified z-score, 3.5). The
median fold is that of each day beside what its weekday's other days say: a median of few days is
nearer to each of them than to a further one.

Where many lines are looked at, more days would be out of line by chance, so n lines need a score of
√(3.5² + 2 ln n): the tail of a normal distribution, about exp(−score² ÷ 2), is then n times smaller
(Bonferroni).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, TypeAlias

from finops_nb.money import DECIMALS, ratio, rounded

SCORE: Final = Decimal("3.5")
"""The modified z-score above which a value is an outlier: Iglewicz and Hoaglin 1993."""

NORMAL: Final = Decimal("0.6745")
"""The MAD of normal values with a standard deviation of 1."""

LEAST_FOLD: Final = Decimal("1.25")
"""A day within a quarter of its usual is in line, however little the others vary."""

WEEK: Final = 7
AROUND: Final = 15
"""The days from which a level is taken."""

SAME_DAYS: Final = 3
"""A weekday needs so many days to have a factor: of two, neither is the usual one."""

INFINITE: Final = Decimal("Infinity")

Costs: TypeAlias = Mapping[date, Decimal]
Known: TypeAlias = Sequence[Decimal | None]
"""A value for each day of a calendar; None where there is none."""


@dataclass(frozen=True, slots=True)
class UsualDay:
    """One day beside what is usual for it.

    Args:
        cost: of the day, as it was.
        usual: zero where nothing is usual on such a day.
        limit: the fold above which a day is out of line.
    """

    cost: Decimal
    usual: Decimal
    limit: Decimal

    @property
    def difference(self) -> Decimal:
        """cost − usual: above zero, the day cost more than usual."""
        return self.cost - self.usual

    @property
    def fold(self) -> Decimal:
        """How many times its usual the cost is, or the other way around; at least 1."""
        return fold(self.cost, self.usual)

    def is_out_of_line(self, least: Decimal) -> bool:
        """Whether the fold is above the limit, and the difference is `least` or more."""
        return abs(self.difference) >= least and self.fold > self.limit

    def without(self, part: UsualDay) -> UsualDay:
        """What is left of the day without a part of it."""
        return UsualDay(self.cost - part.cost, self.usual - part.usual, self.limit)


def score_of(lines: int) -> Decimal:
    """The modified z-score above which a day is out of line, if so many lines are looked at.

    >>> score_of(1), rounded(score_of(20), 2)
    (Decimal('3.5'), Decimal('4.27'))
    """
    return (SCORE**2 + 2 * Decimal(lines).ln()).sqrt()


def usual_days(costs: Costs, score: Decimal = SCORE) -> dict[date, UsualDay]:
    """Each day beside its usual.

    Args:
        costs: by day; a day that is not there counts for nothing.
        score: from `score_of`.

    Returns:
        By day; a usual has 12 decimals. Without a usual, and so left out, is a day with fewer than
        `SAME_DAYS` of its weekday, or if the costs around it are mostly zero or credits.

    Example:
        Tuesdays of 10, 10, 30 and 10, while no other day changes: the third has a usual of 10.
    """
    days = _calendar(costs)
    known = [costs.get(day) for day in days]
    shares = _shares(known)
    factors = {weekday: _median(of.values()) for weekday, of in shares.items()}
    levels = _levels(known, factors)
    usual, folds = {}, []
    for place, (cost, level) in enumerate(zip(known, levels, strict=True)):
        same, factor = shares.get(place % WEEK, {}), factors.get(place % WEEK)
        if cost is None or level is None or factor is None or len(same) < SAME_DAYS or factor < 0:
            continue
        usual[days[place]] = rounded(level * factor, DECIMALS)
        others = _median(share for at, share in same.items() if at != place)
        if factor > 0 and others is not None:
            folds.append(fold(cost, level * others))
    limit = _limit(folds, score)
    return {day: UsualDay(costs[day], amount, limit) for day, amount in usual.items()}


def fold(cost: Decimal, usual: Decimal) -> Decimal:
    """How many times its usual a cost is, or the other way around; at least 1.

    >>> fold(Decimal(30), Decimal(10)), fold(Decimal(10), Decimal(20)), fold(Decimal(0), Decimal(1))
    (Decimal('3'), Decimal('2'), Decimal('Infinity'))
    """
    if cost == usual:
        return Decimal(1)
    if cost <= 0 or usual <= 0:
        return INFINITE
    return max(cost / usual, usual / cost)


def _calendar(costs: Costs) -> list[date]:
    """Every day from the first to the last."""
    first, last = min(costs, default=date.max), max(costs, default=date.min)
    return [first + timedelta(number) for number in range((last - first).days + 1)]


def _shares(known: Known) -> dict[int, dict[int, Decimal]]:
    """What each day has of the median of its week, by weekday and place."""
    shares: dict[int, dict[int, Decimal]] = defaultdict(dict)
    for place, cost in enumerate(known):
        share = ratio(cost, _median_around(known, place, WEEK))
        if share is not None:
            shares[place % WEEK][place] = share
    return shares


def _levels(known: Known, factors: Mapping[int, Decimal | None]) -> list[Decimal | None]:
    """The level of each day, as if all weekdays were alike; None if it is not above zero."""
    alike = [ratio(cost, factors.get(place % WEEK)) for place, cost in enumerate(known)]
    levels = (_median_around(alike, place, AROUND) for place in range(len(alike)))
    return [level if level is not None and level > 0 else None for level in levels]


def _limit(folds: Iterable[Decimal], score: Decimal) -> Decimal:
    """The fold above which a day is out of line."""
    middle = _median(folds)
    return INFINITE if middle is None else max(LEAST_FOLD, middle ** (score / NORMAL))


def _median_around(known: Known, place: int, size: int) -> Decimal | None:
    """The median of so many days around one; at either end, of the nearest ones."""
    start = max(0, min(place - size // 2, len(known) - size))
    return _median(value for value in known[start : start + size] if value is not None)


def _median(values: Iterable[Decimal]) -> Decimal | None:
    """The middle of some values, or the mean of the two middle ones; None without any."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    if not ordered:
        return None
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
