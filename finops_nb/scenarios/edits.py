"""Edits: the texts typed into a what-if, the valid values among them, and errors for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from finops_nb.errors import BadValue, Refusal
from finops_nb.money import plain
from finops_nb.params.scenario import Scenario
from finops_nb.params.types import NO_BUDGET, Rate, parse_as, rate_text
from finops_nb.params.validation import validated
from finops_nb.scenarios.typed_values import BUDGETS, Key, TypedValues
from finops_nb.schema import ALL

PLACEHOLDERS: Final = {"base": "-", "author": "-", "date": "2000-01-01", "reason": "-"}
"""The keys that a scenario needs besides its changes, while nobody has filled in the form."""

NOT_A_RATE: Final = (
    "not a percentage from -100 to 1000."
    " Write 10 for 10% more or -20 for 20% less, with at most two decimals."
)
AS_IN_FILES: Final = TypedValues()
"""Reads texts of a scenario's file, which have no currency's sign."""


@dataclass(frozen=True, slots=True)
class Edits:
    """The edits of a what-if, by key; an immutable value.

    An empty budget text means no budget. An empty rate text removes the rate. Rates are typed in
    percent.

    Args:
        typed: the texts in the fields.
        valid: the last valid value of each field, as a scenario's file has it (rates as fractions).
        errors: why a typed text is not valid, as a sentence.
        unfinished: the fields in which somebody is still typing; their texts are not read yet,
            since the start of a number may be another number.

    Example:
        >>> Edits().with_text(("growth", "(all)"), "10").as_keys()
        {'growth': {'(all)': '0.1'}}
    """

    typed: Mapping[Key, str] = field(default_factory=dict)
    valid: Mapping[Key, str] = field(default_factory=dict)
    errors: Mapping[Key, str] = field(default_factory=dict)
    unfinished: frozenset[Key] = frozenset()

    @property
    def pending(self) -> tuple[Key, ...]:
        """The fields whose text is not in force: unfinished, or not valid."""
        return tuple(sorted({*self.errors, *self.unfinished}))

    def while_typing(self, key: Key, text: str) -> Edits:
        """These edits with the text that a field has so far; its last valid value stays."""
        typed = {**self.typed, key: text}
        return Edits(typed, self.valid, _without(self.errors, key), self.unfinished | {key})

    def with_text(self, key: Key, text: str, typed_values: TypedValues = AS_IN_FILES) -> Edits:
        """These edits with another text in one field.

        An invalid text gets an error, and the last valid value of the field stays in force.

        Args:
            key: of the field.
            text: as it was typed; a valid one is replaced by how it was read.
            typed_values: reads it.
        """
        errors, unfinished = _without(self.errors, key), self.unfinished - {key}
        if key[0] not in BUDGETS and not text.strip():
            valid = _without(self.valid, key)
            return Edits(_without(self.typed, key), valid, errors, unfinished)
        try:
            shown, value = _read(key, text, typed_values)
        except (BadValue, Refusal) as error:
            errors[key] = _error(key, error)
            return Edits({**self.typed, key: text}, self.valid, errors, unfinished)
        return Edits({**self.typed, key: shown}, {**self.valid, key: value}, errors, unfinished)

    def finished(self, typed_values: TypedValues, *keys: Key) -> Edits:
        """These edits with the text of unfinished fields read.

        Args:
            typed_values: reads them.
            keys: of the fields; none stands for all.
        """
        edits = self
        for key in self.unfinished.intersection(keys) if keys else self.unfinished:
            edits = edits.with_text(key, self.typed[key], typed_values)
        return edits

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
        if key[0] in BUDGETS or parse_as(Rate, text):
            return True
        rate_for_all = parse_as(Rate, self.valid.get((*key[:-1], ALL), "0"))
        return bool(key[-1] != ALL and rate_for_all != 0)


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


def _read(key: Key, text: str, typed_values: TypedValues) -> tuple[str, str]:
    """A text as its field shows it, and as a scenario's file has it.

    Raises:
        BadValue: it can't be read.
        Refusal: it breaks a rule of scenarios.
    """
    if key[0] in BUDGETS:
        value = typed_values.budget(key, text)
        shown = "" if value == NO_BUDGET else value
    else:
        rate = typed_values.rate(text)
        shown, value = f"{rate:f}", rate_text(Decimal(plain(rate / 100)))
    keys: Any = value
    for part in reversed(key[1:]):
        keys = {part: keys}
    validated(Scenario, PLACEHOLDERS | {key[0]: keys})
    return shown, value


def _error(key: Key, error: BadValue | Refusal) -> str:
    if key[0] not in BUDGETS:
        return NOT_A_RATE
    problem = error.problems[0] if isinstance(error, Refusal) else error
    return f"{problem.rule}. {problem.fix}."
