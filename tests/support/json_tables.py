"""Random rows of JSON written with every number as text, and what their cells must be."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st


@dataclass(frozen=True)
class Number:
    """A JSON number, as its text."""

    text: str


names = st.text(st.characters(codec="utf-8", exclude_characters="."), min_size=1, max_size=4)
numbers = st.from_regex(
    "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?([eE][-+]?[0-9]{1,2})?", fullmatch=True
)
texts = st.text(st.characters(codec="utf-8") | st.sampled_from('"\\\n\r,;{}[]:'), max_size=8)
scalars = st.one_of(st.none(), st.booleans(), texts, numbers.map(Number))
lists = st.lists(scalars | st.dictionaries(names, scalars, max_size=2), max_size=3)
values = st.recursive(
    scalars | lists, lambda below: st.dictionaries(names, below, max_size=3), max_leaves=6
)
rows = st.dictionaries(names, values, min_size=1, max_size=5)
# An empty object is no column; the first row has one.
tables = st.lists(rows, min_size=1, max_size=6).map(lambda rows: [{"": None} | rows[0], *rows[1:]])


def written(value: Any, escape: bool = False) -> str:
    """A value as JSON, numbers with the digits they have."""
    if isinstance(value, Number):
        return value.text
    if isinstance(value, list):
        return "[" + ", ".join(written(each, escape) for each in value) + "]"
    if isinstance(value, dict):
        pairs = (f"{written(key, escape)}:{written(each, escape)}" for key, each in value.items())
        return "{" + " ,".join(pairs) + "}"
    return json.dumps(value, ensure_ascii=escape)


def cells(row: dict[str, Any], above: str = "") -> dict[str, Any]:
    """The cells of a row without empty ones: text, or a list with its numbers as text."""
    found: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, dict):
            found |= cells(value, f"{above}{key}.")
        elif isinstance(value, bool):
            found[above + key] = "true" if value else "false"
        elif value is not None and value != [] and value != "":
            found[above + key] = as_text(value)
    return found


def as_text(value: Any) -> Any:
    """A value with the text of each number."""
    if isinstance(value, list):
        return [as_text(each) for each in value]
    if isinstance(value, dict):
        return {key: as_text(each) for key, each in value.items()}
    return value.text if isinstance(value, Number) else value


def read_cells(row: dict[str, str], expected: dict[str, Any]) -> dict[str, Any]:
    """The cells of a row that was read; those where a list is expected, as that list."""
    return {
        name: json.loads(text) if isinstance(expected.get(name), list) else text
        for name, text in row.items()
        if text
    }


def decimals(text: str) -> Any:
    """A JSON text read by Python's own parser, numbers as decimals."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)
