"""Commas inside { } and [ ]: for YAML, one ends a value, also in the middle of a number.

    organization_budgets: {org-alpha: 1,000}

For YAML, that is a budget of 1, and a name 000 without a budget.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import yaml

START: Final = re.compile(r"[+-]?[^\w\s.,+-]?(\d{1,3}|\d+)(\.\d{3})*", re.ASCII)
"""What stands before a comma inside a number, with or without the sign of a currency."""

THOUSANDS: Final = re.compile(r"[+-]?[^\w\s.,+-]?\d{1,3}", re.ASCII)
"""What stands before a comma between thousands."""

THREE_DIGITS: Final = re.compile(r"\d{3}(\.\d*)?", re.ASCII)
DIGITS: Final = re.compile(r"\d+(\.\d*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class SplitNumber:
    """A number that a comma tore apart.

    Args:
        position: of its first part among the items, from 0.
        parts: the positions of its other parts.
        text: the number as a person wrote it.
        node: of its second part.
    """

    position: int
    parts: tuple[int, ...]
    text: str
    node: yaml.Node

    @property
    def fix(self) -> str:
        """How to write it."""
        *groups, last = self.text.split(",")
        between_thousands = len(last.partition(".")[0]) == 3
        digits = "".join((*groups, last)) if between_thousands else f"{''.join(groups)}.{last}"
        return f"Write {digits}, without a comma; between two values, put a space after the comma"


def split_numbers(
    node: yaml.MappingNode | yaml.SequenceNode,
) -> Iterator[SplitNumber]:
    """The numbers in a mapping or list in { } or [ ] that a comma tore apart.

    A part follows its comma at once and has three digits, or is a key without a value.

    Example:
        In `{org-alpha: 1,000, org-beta: 2,500.50}` there are two: "1,000" and "2,500.50".
    """
    if not node.flow_style:
        return
    pairs = [pair if isinstance(pair, tuple) else (pair, None) for pair in node.value]
    position = 0
    while position < len(pairs):
        key, value = pairs[position]
        parts = _parts(value or key, pairs[position + 1 :])
        if parts:
            text = ",".join(_text(each) for each in (value or key, *parts))
            others = tuple(range(position + 1, position + 1 + len(parts)))
            yield SplitNumber(position, others, text, parts[0])
        position += 1 + len(parts)


def _parts(
    first: yaml.Node, following: Sequence[tuple[yaml.Node, yaml.Node | None]]
) -> list[yaml.Node]:
    """The nodes after a first one that are further parts of its number."""
    parts: list[yaml.Node] = []
    before = first
    for key, value in following:
        groups = [_text(each) for each in (first, *parts)]
        if not (_is_bare(before) and _is_bare(key) and START.fullmatch(groups[0])):
            break
        at_once = key.start_mark.index == before.end_mark.index + 1
        in_thousands = THOUSANDS.fullmatch(groups[0]) and THREE_DIGITS.fullmatch(_text(key))
        alone = value is not None and _is_bare(value) and not _text(value)
        if not (at_once and in_thousands) and not (alone and DIGITS.fullmatch(_text(key))):
            break
        parts.append(key)
        before = key
        if (not alone and value is not None) or "." in _text(key):
            break
    return parts


def _is_bare(node: yaml.Node) -> bool:
    """Whether a node is text without quotes."""
    return isinstance(node, yaml.ScalarNode) and node.style is None


def _text(node: yaml.Node) -> str:
    return str(node.value)
