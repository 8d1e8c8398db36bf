"""An excerpt: the largest lines of a long table, and one line that adds up the others, so that it foots as the whole does."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from finops_nb.money import ZERO, total
from finops_nb.schema import Column

GROUPS: Final = 12
"""Groups of lines that are printed as such."""


def excerpt(lines: Sequence[Any], columns: Sequence[Column], label: str, shown: int) -> tuple[list[Any], Any | None]:
    """The lines to print of many, in their order, and one for the others.

    Args:
        lines: mappings of column to value.
        columns: of the table; the first additive one of money says which lines are large, else the first ones are.
        label: the column that names a line.
        shown: how many lines there may be, that of the others included.

    Returns:
        The lines, and one called "other (n)" that holds the sum of each additive column; None where nothing is left out.
    """
    if len(lines) <= shown:
        return list(lines), None
    weighed = next((column.name for column in columns if column.additive and column.unit != "count"), None)
    order = sorted(range(len(lines)), key=lambda place: (-abs(lines[place].get(weighed) or ZERO), place) if weighed else (ZERO, place))
    kept = set(order[: shown - 1])
    rest = [line for place, line in enumerate(lines) if place not in kept]
    return [line for place, line in enumerate(lines) if place in kept], {label: f"other ({len(rest):,})"} | _sums(rest, columns)


def group_excerpt(blocks: Sequence[Any], columns: Sequence[Column], label: str) -> tuple[list[Any], list[Any]]:
    """The groups to print as such, in their order, and the others as one line each: its heading, and its totals.

    Args:
        blocks: with `heading`, `lines` and `total`.
        columns: of the table.
        label: the column that names a line.
    """
    if len(blocks) <= GROUPS:
        return list(blocks), []
    sums = [block.total or _sums(block.lines, columns) for block in blocks]
    lines = [{column.name: of.get(column.name) for column in columns if column.additive} for of in sums]
    large, _ = excerpt([line | {"place": place} for place, line in enumerate(lines)], columns, label, GROUPS)
    kept = {line["place"] for line in large}
    rest = [{label: block.heading} | line for place, (block, line) in enumerate(zip(blocks, lines, strict=True)) if place not in kept]
    return [block for place, block in enumerate(blocks) if place in kept], rest


def _sums(lines: Sequence[Any], columns: Sequence[Column]) -> dict[str, Decimal | None]:
    sums = {}
    for column in columns:
        if column.additive:
            known = [Decimal(line[column.name]) for line in lines if line.get(column.name) is not None]
            sums[column.name] = total(known) if known else None
    return sums
