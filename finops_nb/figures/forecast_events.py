"""Forecast events: what is supposed to change cost in a month ahead, from a day on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from finops_nb.money import ZERO
from finops_nb.params.events import Event
from finops_nb.period import parse_period

Pair: TypeAlias = tuple[str, str]
"""An organization and a product."""


class Change(NamedTuple):
    """What an event does to a month.

    Args:
        event: from the params.
        share: of the month's days on which it is in force.
    """

    event: Event
    share: Decimal

    @property
    def amount(self) -> Decimal:
        """What it adds to the month."""
        return (self.event.amount or ZERO) * self.share

    def applied(self, pair: Pair, cost: Decimal) -> Decimal:
        """The cost of a pair with it."""
        wanted = (self.event.organization or pair[0], self.event.product or pair[1])
        if wanted != pair:
            return cost
        return cost * (1 + (self.event.change or ZERO) * self.share) + self.amount


def changes_of(events: Sequence[Event], month: str, through: date) -> list[Change]:
    """What the events after the last known day do to a month.

    Args:
        events: from the params.
        month: text like 2026-01.
        through: the last day that is known; an event up to it is in the costs.
    """
    days = parse_period(month).days
    return [
        Change(event, Decimal(sum(day >= event.date for day in days)) / len(days))
        for event in events
        if event.date > through
    ]
