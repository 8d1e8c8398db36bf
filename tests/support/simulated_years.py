"""Simulated years: thirteen months of a made-up company, to test forecasts on what is known."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Final

from finops_nb.figures.forecast import Known
from finops_nb.figures.forecast_methods import Month, following
from finops_nb.period import parse_period

MONTHS: Final = 13
ORGANIZATIONS: Final = 4

LEVEL: Final[dict[str, Callable[[int, int], float]]] = {
    "quiet": lambda month, organization: 1,
    "trend": lambda month, organization: 1.05**month,
    "growth": lambda month, organization: 1 + 0.3 * month,
    "step": lambda month, organization: 1.6 if month >= 7 else 1,
    "launch": lambda month, organization: 3 if month >= 6 and organization == 0 else 1,
    "weekday": lambda month, organization: 1,
}
"""By kind of year: what a month of an organization costs, as a multiple of its first month."""

WEEKEND: Final = {"weekday": 0.3}
"""What a day of a weekend costs, as a fraction of another day."""


def simulated_year(kind: str, seed: int) -> list[Known]:
    """Thirteen months; each organization and month has a shock of its own, 3% to 15% at random."""
    rng = random.Random(f"{kind} {seed}")
    noise = rng.uniform(0.03, 0.15)
    first = [rng.uniform(200, 3000) for _ in range(ORGANIZATIONS)]
    return [_month(kind, number, first, noise, rng) for number in range(MONTHS)]


def _month(kind: str, number: int, first: list[float], noise: float, rng: random.Random) -> Known:
    name = following("2025-01", number)
    by_day: dict[date, Decimal] = {}
    pairs = {}
    for organization, level in enumerate(first):
        month = level * LEVEL[kind](number, organization) * math.exp(rng.gauss(0, noise))
        cost = Decimal(0)
        for day in parse_period(name).days:
            weight = WEEKEND.get(kind, 1) if day.weekday() >= 5 else 1
            spent = Decimal(f"{month / 30 * weight * math.exp(rng.gauss(0, 0.1)):.2f}")
            by_day[day] = by_day.get(day, Decimal(0)) + spent
            cost += spent
        pairs[f"org-{organization}", "product"] = cost
    return Known(Month(name, sum(pairs.values(), Decimal(0)), by_day), pairs)
