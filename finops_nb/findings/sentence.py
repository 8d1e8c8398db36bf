"""A fact is a sentence with its values in it, not yet printed: figures stay figures until `narrative` prints them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from finops_nb.money import total

LISTED: Final = 5
"""How many of many are named in a sentence."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence.

    Args:
        text: with `{value}` for a name or a list of names or facts, `{value:unit}` for a figure of that unit
            (`schema.Unit`), and plain words of our own between them.
        values: names (text), figures (Decimal, int), or tuples of names or of facts, which print as a list.
    """

    text: str
    values: Mapping[str, Any] = field(default_factory=dict)


def sentence(text: str, **values: Any) -> Sentence:
    """`Fact(text, values)`, spelled shorter."""
    return Sentence(text, values)


def some(items: Iterable[Any], amounts: Iterable[Decimal] | None = None) -> tuple[Any, ...]:
    """The first of many names or facts, and how many others there are: a, b, c, d, e and 44 others ($9,000.00).

    Args:
        items: in their order.
        amounts: of each of them; None: the others are only counted.

    Returns:
        All of them where no more than one would be left out.
    """
    every = tuple(items)
    if len(every) <= LISTED + 1:
        return every
    money = None if amounts is None else total(tuple(amounts)[LISTED:])
    others = "{others:count other}" + ("" if money is None else " ({money:money})")
    return (*every[:LISTED], sentence(others, others=len(every) - LISTED, money=money))
