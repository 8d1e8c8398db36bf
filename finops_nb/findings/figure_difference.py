"""Figure difference: every figure that differs between the tables of two results, each with the table, line and column it stands in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

NAMING: Final = (
    *("horizon", "title", "figure", "level", "item", "policy", "version", "dimension"),
    *("organization", "product", "feature", "name", "month", "day", "key"),
)
"""Columns that say which line of a table a line is."""

PROSE: Final = ("text", "detail", "label")
"""Columns that say again, in words, what stands beside them."""

Tables = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class FigureDifference:
    """One figure that differs.

    Args:
        table: its name.
        line: what names its line; empty in a table of one line.
        column: of it; with the position or name of a part, where it holds several.
        before: as JSON holds it; None where it was n/a, or was not there.
        after: likewise.
    """

    table: str
    line: str
    column: str
    before: Any
    after: Any


def figure_differences(before: Tables, after: Tables) -> Iterator[FigureDifference]:
    """What differs, table by table in the order of `after`; what is only in `before` comes last.

    Args:
        before: lines by the name of their table.
        after: likewise.
    """
    for table in dict.fromkeys((*after, *before)):
        was, now = _figures(before.get(table, ())), _figures(after.get(table, ()))
        for place in dict.fromkeys((*now, *was)):
            if was.get(place) != now.get(place):
                (line, _), column = place
                yield FigureDifference(table, line, column, was.get(place), now.get(place))


def _figures(lines: Sequence[Mapping[str, Any]]) -> dict[tuple[tuple[str, int], str], Any]:
    """The figures of a table by line and column; lines of the same name are told apart by their order."""
    found: dict[tuple[tuple[str, int], str], Any] = {}
    seen: dict[str, int] = {}
    for line in lines:
        names = [column for column in NAMING if isinstance(line.get(column), str)]
        name = " · ".join(filter(None, (line[column] for column in names)))
        seen[name] = seen.get(name, 0) + 1
        rest = {column: value for column, value in line.items() if column not in (*names, *PROSE)}
        found |= {((name, seen[name]), column): value for column, value in _parts("", rest)}
    return found


def _parts(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A value, or the parts of one that holds several, each with its place."""
    if isinstance(value, Mapping | list):
        items = value.items() if isinstance(value, Mapping) else enumerate(value, 1)
        for key, part in items:
            yield from _parts(f"{place} {key}".strip(), part)
    else:
        yield place, value
