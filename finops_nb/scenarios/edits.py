"""A supposition: what was typed into a what-if, what of it can be reckoned with, and what is wrong with the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from finops_nb.errors import Refusal
from finops_nb.money import parse_amount, plain
from finops_nb.params.scenario import Scenario
from finops_nb.params.types import NO_BUDGET
from finops_nb.params.validation import validated
from finops_nb.schema import ALL

Key = tuple[str, ...]
"""Where a value stands in a scenario: ("organization_budgets", "org-a"), ("growth", "(all)"), ("model_prices", "gpt-4", "org-a")."""

BUDGETS: Final = ("organization_budgets", "product_budgets")
RATE: Final = (
    "not a rate of change. Write 10 for 10% more, -20 for 20% less, to two decimals at most."
)


@dataclass(frozen=True, slots=True)
class Edits:
    """Texts by key. Empty text of a budget is no budget, that of a rate takes the rate back; rates are typed in percent.

    Args:
        typed: as they stand in the fields.
        valid: the last of each that could be reckoned with, as a scenario's file would say it.
        errors: what is wrong with those typed texts that could not.
    """

    typed: Mapping[Key, str] = field(default_factory=dict)
    valid: Mapping[Key, str] = field(default_factory=dict)
    errors: Mapping[Key, str] = field(default_factory=dict)

    def with_text(self, key: Key, text: str) -> Edits:
        """This, with another text in one field; where it can't be reckoned with, the one before stays in force."""
        errors = {other: error for other, error in self.errors.items() if other != key}
        if key[0] not in BUDGETS and not text.strip():
            return Edits(_less(self.typed, key), _less(self.valid, key), errors)
        typed = {**self.typed, key: text}
        try:
            valid = {**self.valid, key: _checked(key, text.strip())}
        except Refusal as refusal:
            return Edits(typed, self.valid, {**errors, key: _sentence(refusal)})
        return Edits(typed, valid, errors)

    def as_keys(self) -> dict[str, Any]:
        """What is valid, as the keys of a scenario; a rate of zero only where it is an exception from that of all."""
        keys: dict[str, Any] = {}
        for key, text in sorted(self.valid.items()):
            of_all = self.valid.get((*key[:-1], ALL), "0")
            if key[0] in BUDGETS or Decimal(text) or (key[-1] != ALL and Decimal(of_all)):
                place = keys
                for part in key[:-1]:
                    place = place.setdefault(part, {})
                place[key[-1]] = text
        return keys


def edits_of(scenario: Scenario) -> Edits:
    """The fields as they would stand for a scenario that was saved."""
    found = Edits()
    for key in BUDGETS:
        for name, amount in getattr(scenario, key).items():
            found = found.with_text((key, name), "" if amount is None else f"{amount:f}")
    for scope, rate in scenario.growth.items():
        found = found.with_text(("growth", scope), plain(rate * 100))
    for model, rates in scenario.model_prices.items():
        for scope, rate in rates.items():
            found = found.with_text(("model_prices", model, scope), plain(rate * 100))
    return found


def _less(texts: Mapping[Key, str], key: Key) -> dict[Key, str]:
    return {other: text for other, text in texts.items() if other != key}


def _checked(key: Key, text: str) -> str:
    """The text as a scenario's file would say it, by the scenario's own rules.

    Raises:
        Refusal: it breaks one of them.
    """
    if key[0] in BUDGETS:
        said = text or NO_BUDGET
    else:
        try:
            said = plain(parse_amount(text) / 100)
        except ValueError as error:
            said = str(error)
    value: Any = said
    for part in reversed(key[1:]):
        value = {part: value}
    validated(
        Scenario, {"base": "-", "author": "-", "date": "2000-01-01", "reason": "-", key[0]: value}
    )
    return said


def _sentence(refusal: Refusal) -> str:
    problem = refusal.problems[0]
    is_rate = (problem.column or "").partition(".")[0] not in BUDGETS
    return RATE if is_rate else f"{problem.rule}. {problem.fix}."
