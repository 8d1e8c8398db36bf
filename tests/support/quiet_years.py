"""Quiet years: months by day of a made-up company in which nothing happens but noise."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, TypeAlias

from finops_nb.figures.anomalies import Anomaly, days_out_of_line
from finops_nb.figures.day_costs import DayCost, cost_by_day
from finops_nb.money import total
from finops_nb.outputs.months import PublishedMonth
from finops_nb.period import parse_period

MONTHS: Final = tuple(f"2025-{number:02}" for number in range(1, 13))
NOISE_OF: Final = ("cell", "organization", "product", "company")
"""What varies by itself from day to day: every cell, or all of an organization, product or company
together, which nothing averages out."""

Cell: TypeAlias = tuple[str, str, str]
"""An organization, a product and a model."""


@dataclass(frozen=True)
class Kind:
    """A kind of quiet year.

    Args:
        noise: of a day, as the standard deviation of a lognormal distribution.
        noise_of: one of `NOISE_OF`.
        trend: growth by month, as a fraction.
    """

    noise: float
    noise_of: str = "cell"
    trend: float = 0


@dataclass(frozen=True)
class QuietMonth:
    """The costs of a month, and the months before it as published."""

    name: str
    costs: Sequence[DayCost]
    before: Sequence[PublishedMonth]

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(parse_period(self.name).days)

    @property
    def cost(self) -> Decimal:
        return total(cost.cost for cost in self.costs)

    def anomalies(self, share: str = "0.01") -> list[Anomaly]:
        """What is out of line where that share of the month's cost is material."""
        return days_out_of_line(self.costs, self.days, Decimal(share) * self.cost, self.before)


def quiet_year(kind: Kind, seed: int, months: Sequence[str] = MONTHS) -> Iterator[QuietMonth]:
    """A company of 3 to 10 organizations; most of them spend less at weekends."""
    rng = random.Random(f"{kind} {seed}")
    levels = _levels(rng)
    weekends = {name: rng.choice((1, rng.uniform(0.1, 1))) for name, *_ in levels}
    before: tuple[PublishedMonth, ...] = ()
    for name in months:
        costs = []
        for day in parse_period(name).days:
            growth = (1 + kind.trend) ** ((day - date(2025, 1, 1)).days / 30)
            shocks: dict[str, float] = {}
            for cell, level in levels.items():
                shock = shocks.setdefault(_shared(cell, kind), math.exp(rng.gauss(0, kind.noise)))
                weekend = weekends[cell[0]] if day.weekday() >= 5 else 1
                cost = level * growth * weekend * shock
                costs.append(DayCost(day, *cell, Decimal(f"{cost:.4f}")))
        yield QuietMonth(name, costs, before)
        days = cost_by_day(costs)
        before = (PublishedMonth(name, total(days.values()), len(costs), days), *before)


def _levels(rng: random.Random) -> dict[Cell, float]:
    """What each cell costs a day: a few large ones and many small ones."""
    sizes = {
        "org": [math.exp(rng.gauss(0, 0.8)) for _ in range(rng.randint(3, 10))],
        "product": [math.exp(rng.gauss(0, 0.7)) for _ in range(rng.randint(3, 6))],
        "model": [math.exp(rng.gauss(0, 0.8)) for _ in range(rng.randint(2, 5))],
    }
    return {
        (f"org-{org}", f"product-{product}", f"model-{model}"): 30 * of_org * of_product * of_model
        for org, of_org in enumerate(sizes["org"])
        for product, of_product in enumerate(sizes["product"])
        for model, of_model in enumerate(sizes["model"])
        if rng.random() < 0.7
    }


def _shared(cell: Cell, kind: Kind) -> str:
    """The name of the shock that a cell has on a day."""
    return {"cell": str(cell), "organization": cell[0], "product": cell[1], "company": ""}[
        kind.noise_of
    ]
