"""Sentences whose values are not printed yet: a figure stays a figure until `report.format`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from finops_nb.money import total

NAMED: Final = 5
"""A list in a sentence names so many; the others are counted."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, with its values apart.

    Args:
        text: plain words of our own, with `{value}` for a name, a sentence or a list of them, and
            `{value:unit}` for a figure of that unit (`schema.Unit`). `{value:count noun}` prints
            a number with its noun.
        values: names (text), figures (Decimal, int), sentences, or tuples, which print as a list.
    """

    text: str
    values: Mapping[str, Any] = field(default_factory=dict)


def sentence(text: str, **values: Any) -> Sentence:
    """A `Sentence` of these values.

    Example:
        `sentence("{n:count product} cost {cost:money}", n=2, cost=Decimal(5))` prints as
        "2 products cost $5.00".
    """
    return Sentence(text, values)


def first_few(items: Iterable[Any], amounts: Iterable[Decimal] | None = None) -> tuple[Any, ...]:
    """The first of many names or sentences, and how many others there are.

    Args:
        items: in their order.
        amounts: of each of them; None: the others are only counted.

    Returns:
        All of them where no more than one would be left out.

    Example:
        49 names print as "a, b, c, d, e and 44 others ($9,000.00)".
    """
    every = tuple(items)
    if len(every) <= NAMED + 1:
        return every
    text, money = "{others:count other}", None
    if amounts is not None:
        text, money = f"{text} ({{money:money}})", total(tuple(amounts)[NAMED:])
    others = sentence(text, others=len(every) - NAMED, money=money)
    return (*every[:NAMED], others)
