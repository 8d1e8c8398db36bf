"""Day costs: what each organization, product and model cost on each day, added up by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple, TypeAlias

from finops_nb.money import ZERO


class Scope(NamedTuple):
    """What a cost is about: names, or None for all of them."""

    organization: str | None = None
    product: str | None = None
    model: str | None = None

    def narrowed(self, dimension: str, name: str) -> Scope:
        """The part of it that has one name."""
        return self._replace(**{dimension: name})

    def covers(self, other: Scope) -> bool:
        """Whether the other is a part of it, or the same."""
        return all(own in (None, name) for own, name in zip(self, other, strict=True))

    def shared_with(self, other: Scope) -> Scope | None:
        """What is part of both; None if nothing can be."""
        pairs = list(zip(self, other, strict=True))
        if any(None not in pair and pair[0] != pair[1] for pair in pairs):
            return None
        return Scope._make(own if own is not None else name for own, name in pairs)

    @property
    def order(self) -> tuple[int, tuple[tuple[bool, str], ...]]:
        """The widest first, then by organization, product and model."""
        return 3 - self.count(None), tuple((name is None, name or "") for name in self)


DIMENSIONS: Final = Scope._fields
EVERYTHING: Final = Scope()


class DayCost(NamedTuple):
    """The cost of one day, organization, product and model."""

    day: date
    organization: str
    product: str
    model: str
    cost: Decimal


Series: TypeAlias = dict[date, Decimal]
"""Cost by day."""


def part_of(costs: Iterable[DayCost], scope: Scope) -> list[DayCost]:
    """The costs that a scope is about."""
    return [cost for cost in costs if scope.covers(Scope._make(cost[1:4]))]


def cost_by_day(costs: Iterable[DayCost]) -> Series:
    """The sum of each day with a cost."""
    sums: Series = defaultdict(lambda: ZERO)
    for cost in costs:
        sums[cost.day] += cost.cost
    return dict(sums)


def costs_by_name(costs: Iterable[DayCost], dimension: str) -> dict[str, list[DayCost]]:
    """The costs of each name of a dimension."""
    groups: dict[str, list[DayCost]] = defaultdict(list)
    for cost in costs:
        groups[getattr(cost, dimension)].append(cost)
    return dict(groups)


def filled(series: Series, days: Sequence[date]) -> Series:
    """A series with zero on the days of others, from its first day to its last."""
    first, last = min(series), max(series)
    return {day: series.get(day, ZERO) for day in days if first <= day <= last}
