"""Edits: the texts typed into a what-if, the valid values among them, and errors for the rest."""

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
"""The place of a value in a scenario: ("organization_budgets", "org-a"), ("growth", "(all)") or
("model_prices", "gpt-4", "org-a")."""

BUDGETS: Final = ("organization_budgets", "product_budgets")
PLACEHOLDERS: Final = {"base": "-", "author": "-", "date": "2000-01-01", "reason": "-"}
"""The keys that a scenario needs besides its changes, while nobody has filled in the form."""

NOT_A_RATE: Final = (
    "not a percentage from -100 to 1000."
    " Write 10 for 10% more or -20 for 20% less, with at most two decimals."
)


@dataclass(frozen=True, slots=True)
class Edits:
    """The edits of a what-if, by key; an immutable value.

    An empty budget text means no budget. An empty rate text removes the rate. Rates are typed in
    percent.

    Args:
        typed: the texts in the fields.
        valid: the last valid value of each field, as a scenario's file has it (rates as fractions).
        errors: why a typed text is not valid, as a sentence.

    Example:
        >>> Edits().with_text(("growth", "(all)"), "10").as_keys()
        {'growth': {'(all)': '0.1'}}
    """

    typed: Mapping[Key, str] = field(default_factory=dict)
    valid: Mapping[Key, str] = field(default_factory=dict)
    errors: Mapping[Key, str] = field(default_factory=dict)

    def with_text(self, key: Key, text: str) -> Edits:
        """These edits with another text in one field.

        An invalid text gets an error, and the last valid value of the field stays in force.
        """
        errors = _without(self.errors, key)
        if key[0] not in BUDGETS and not text.strip():
            return Edits(_without(self.typed, key), _without(self.valid, key), errors)
        typed = {**self.typed, key: text}
        try:
            valid = {**self.valid, key: _checked(key, text.strip())}
        except Refusal as refusal:
            return Edits(typed, self.valid, {**errors, key: _error(key, refusal)})
        return Edits(typed, valid, errors)

    def as_keys(self) -> dict[str, Any]:
        """The valid values as the keys of a scenario's file.

        A rate of zero is left out, unless it is an exception from a rate for all organizations.
        """
        keys: dict[str, Any] = {}
        for key, text in sorted(self.valid.items()):
            if self._has_effect(key, text):
                parent = keys
                for part in key[:-1]:
                    parent = parent.setdefault(part, {})
                parent[key[-1]] = text
        return keys

    def _has_effect(self, key: Key, text: str) -> bool:
        if key[0] in BUDGETS or Decimal(text):
            return True
        rate_for_all = Decimal(self.valid.get((*key[:-1], ALL), "0"))
        return key[-1] != ALL and rate_for_all != 0


def edits_of(scenario: Scenario) -> Edits:
    """The edits that lead to a saved scenario."""
    edits = Edits()
    for key in BUDGETS:
        for name, amount in getattr(scenario, key).items():
            edits = edits.with_text((key, name), "" if amount is None else f"{amount:f}")
    for scope, rate in scenario.growth.items():
        edits = edits.with_text(("growth", scope), plain(rate * 100))
    for model, rates in scenario.model_prices.items():
        for scope, rate in rates.items():
            edits = edits.with_text(("model_prices", model, scope), plain(rate * 100))
    return edits


def _without(texts: Mapping[Key, str], key: Key) -> dict[Key, str]:
    return {other: text for other, text in texts.items() if other != key}


def _checked(key: Key, text: str) -> str:
    """The text as a scenario's file has it.

    Raises:
        Refusal: it breaks a rule of scenarios.
    """
    valid = (text or NO_BUDGET) if key[0] in BUDGETS else _fraction(text)
    value: Any = valid
    for part in reversed(key[1:]):
        value = {part: value}
    validated(Scenario, PLACEHOLDERS | {key[0]: value})
    return valid


def _fraction(percent: str) -> str:
    try:
        return plain(parse_amount(percent) / 100)
    except ValueError:
        return percent  # the scenario's own rules refuse it


def _error(key: Key, refusal: Refusal) -> str:
    if key[0] not in BUDGETS:
        return NOT_A_RATE
    problem = refusal.problems[0]
    return f"{problem.rule}. {problem.fix}."
