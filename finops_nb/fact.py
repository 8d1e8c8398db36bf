"""A fact is a sentence with its values in it, not yet printed: figures stay figures until `narrative` prints them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Fact:
    """One sentence.

    Args:
        text: with `{value}` for a name or a list of names or facts, `{value:unit}` for a figure of that unit
            (`schema.Unit`), and plain words of our own between them.
        values: names (text), figures (Decimal, int), or tuples of names or of facts, which print as a list.
    """

    text: str
    values: Mapping[str, Any] = field(default_factory=dict)


def fact(text: str, **values: Any) -> Fact:
    """`Fact(text, values)`, spelled shorter."""
    return Fact(text, values)
