"""Events: what is known to change cost in the months ahead, as a supposition of the forecast.

events:
  - {date: 2026-02-01, what: Price cut of gpt-4, product: support-bot, change: -20%}
  - {date: 2026-03-15, what: Launch in Japan, organization: org-apac, product: chat, amount: 1200}

`figures/forecast.py` applies them to the months ahead.
"""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from finops_nb.errors import BadValue
from finops_nb.params.types import AmountIfSet, KnownDay, NameIfSet, OneLine, RateIfSet


class Event(BaseModel):
    """One event.

    Args:
        change: of cost from its day on, as a fraction; None if it adds an amount.
        amount: added to each whole month, in currency; None if it changes what is there.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    date: KnownDay = Field(description="the first day on which cost is different")
    what: OneLine = Field(description="what happens, in a few words")
    organization: NameIfSet = Field(
        default="", description="the organization whose cost changes; without one, all do"
    )
    product: NameIfSet = Field(
        default="", description="the product whose cost changes; without one, all do"
    )
    change: RateIfSet = Field(default=None, description="change of cost, such as -20%")
    amount: AmountIfSet = Field(
        default=None, description="instead of change: the amount added to each month"
    )

    @model_validator(mode="after")
    def _says_how_much(self) -> Self:
        if (self.change is None) == (self.amount is None):
            rule = "an event has either a change or an amount"
            raise BadValue(rule, "Write change: -20%, or amount: 1200 for each month")
        if self.amount is not None and not (self.organization and self.product):
            rule = "an amount needs the organization and the product that it is added to"
            raise BadValue(rule, "Write both, or a change, such as 10%")
        return self


Events = tuple[Event, ...]
"""The key `events` of a params file."""
