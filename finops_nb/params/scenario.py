"""A scenario: what a what-if changes of its base, and what the base was when that was written down.

Its file, `params/scenarios/NAME.yaml`, says who, when and why first, and only then what is changed:

    base: "2025-12"
    author: Ana
    date: 2025-12-15
    reason: org-gamma grows
    organization_budgets:
      org-gamma: 2800
    growth:
      (all): 0.10
    model_prices:
      gpt-4-turbo:
        (all): -0.20
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from finops_nb.params.types import BudgetChange, KnownDay, Name, Rate, Text

FOLDER: Final = "scenarios/"


class Scenario(BaseModel):
    """What a what-if changes. Amounts are `Decimal`, None takes a budget away; rates are fractions of change."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base: Text = Field(description="the NAME whose budgets are changed, such as 2025-12")
    author: Text = Field(description="who made it")
    date: KnownDay = Field(description="the day it was made, such as 2025-12-15")
    reason: Text = Field(description="why, in a sentence; it is in the report's stamp")
    organization_budgets: dict[Name, BudgetChange] = Field(
        default_factory=dict, description="the changed budgets by organization; none takes one away"
    )
    product_budgets: dict[Name, BudgetChange] = Field(
        default_factory=dict, description="the changed budgets by product; none takes one away"
    )
    growth: dict[Name, Rate] = Field(
        default_factory=dict, description="growth of usage by organization, as a fraction; (all) is every one not named"
    )
    model_prices: dict[Name, dict[Name, Rate]] = Field(
        default_factory=dict, description="change of a model's price by organization, as a fraction; (all) is every one not named"
    )
    base_was: dict[str, Any] = Field(
        default_factory=dict, description="the base when this was saved; left out, nothing is said where the base has changed"
    )


def changed(budgets: Mapping[str, Decimal], changes: Mapping[str, Decimal | None]) -> dict[str, Decimal]:
    """Budgets with some changed, added, or (None) taken away."""
    merged = {**budgets, **changes}
    return {name: amount for name, amount in merged.items() if amount is not None}


def differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """What differs between two bases, key by key and name by name: "organization_budgets.org-a was 5000, is 5500"."""
    for key in dict.fromkeys((*was, *now)):
        before, after = was.get(key), now.get(key)
        if isinstance(before, Mapping) or isinstance(after, Mapping):
            yield from (f"{key}.{each}" for each in differences(before or {}, after or {}))
        elif before != after:
            yield f"{key} {_told('was', before)}, {_told('is', after)}"


def _told(verb: str, value: Any) -> str:
    return f"{verb} not set" if value is None else f"{verb} {', '.join(map(str, value)) if isinstance(value, (list, tuple)) else value}"
