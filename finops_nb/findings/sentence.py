"""Sentences whose values are not printed yet: a figure stays a figure until `report.format`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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


def first_few(
    items: Iterable[Any], amounts: Iterable[Decimal] | None = None, amount_is: str = ""
) -> tuple[Any, ...]:
    """The first of many names or sentences, and how many others there are.

    Args:
        items: in their order.
        amounts: of each of them; None: the others are only counted.
        amount_is: words for after the total of the others, such as "over".

    Returns:
        All of them where no more than one would be left out.

    Example:
        49 names print as "a, b, c, d, e and 44 others totaling $9,000.00".
    """
    every = tuple(items)
    if len(every) <= NAMED + 1:
        return every
    text, money = "{others:count other}", None
    if amounts is not None:
        text, money = f"{text} totaling {{money:money}}", total(tuple(amounts)[NAMED:])
        text += f" {amount_is}" if amount_is else ""
    others = sentence(text, others=len(every) - NAMED, money=money)
    return (*every[:NAMED], others)


def separated(name: str, items: Sequence[Any]) -> str:
    """The text for a list whose items have commas: with semicolons between them.

    Args:
        name: of the value that holds them in the sentence.
        items: what it holds.

    >>> separated("over", ["a, $2.00 over", "b, $1.00 over"])
    '{over[0]}; and {over[1]}'
    """
    places = [f"{{{name}[{place}]}}" for place in range(len(items))]
    if len(places) > 1:
        places[-1] = f"and {places[-1]}"
    return "; ".join(places)
