"""An excerpt: some lines of a long table, mostly the largest, and one line that adds up the others, so that it foots as the whole does."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

from finops_nb.figures.budget_status import Status
from finops_nb.money import ZERO, total
from finops_nb.schema import Column

GROUPS: Final = 12
"""Groups of lines that are printed as such."""
URGENT: Final = (Status.OVER, Status.AT_RISK)

Keep = Literal["largest", "first", "ends"]
"""Which lines of many are printed: the largest, the first ones as they come, or as many first as last ones of a ranking."""


class TopN(NamedTuple):
    """The printed lines of a table.

    Args:
        before: those that come first.
        other: one called "other (n)", with the sum of each additive column of the n that are left out; None where none is.
        after: those that come after it: the last ones of a ranking.
    """

    before: list[Any]
    other: Any | None
    after: list[Any]

    @property
    def printed(self) -> list[Any]:
        """All of them, top to bottom."""
        return [*self.before, *([self.other] if self.other else []), *self.after]


def top_n(
    lines: Sequence[Any], columns: Sequence[Column], label: str, shown: int, keep: Keep = "largest"
) -> TopN:
    """The lines to print of many, in their order, and one for the others.

    Args:
        lines: mappings of column to value.
        columns: of the table; the first additive one of money says which lines are large, else the first ones are.
        label: the column that names a line.
        shown: how many lines there may be, that of the others included.
        keep: which lines are printed; of the largest, those OVER and AT RISK come before all others.
    """
    if len(lines) <= shown:
        return TopN(list(lines), None, [])
    kept = _kept(lines, columns, shown - 1, keep)
    rest = [line for place, line in enumerate(lines) if place not in kept]
    last = (shown - 1) // 2 if keep == "ends" else 0
    printed = [line for place, line in enumerate(lines) if place in kept]
    other = {label: f"other ({len(rest):,})"} | _sums(rest, columns)
    return TopN(printed[: len(printed) - last], other, printed[len(printed) - last :])


def urgent(line: Any) -> bool:
    """Whether a line is one that no other may push out."""
    return line.get("status") in URGENT


def _kept(lines: Sequence[Any], columns: Sequence[Column], count: int, keep: Keep) -> set[int]:
    """The places of the lines that are printed."""
    places = range(len(lines))
    if keep == "ends":
        return {*places[: count - count // 2], *places[len(lines) - count // 2 :]}
    weighed = next(
        (column.name for column in columns if column.additive and column.unit != "count"), None
    )
    if keep == "first" or weighed is None:
        return set(places[:count])
    order = sorted(
        places,
        key=lambda place: (
            not urgent(lines[place]),
            -abs(lines[place].get(weighed) or ZERO),
            place,
        ),
    )
    return set(order[:count])


def top_groups(
    blocks: Sequence[Any], columns: Sequence[Column], label: str
) -> tuple[list[Any], list[Any]]:
    """The groups to print as such, in their order, and the others as one line each: its heading, and its totals.

    Args:
        blocks: with `heading`, `lines` and `total`.
        columns: of the table.
        label: the column that names a line.
    """
    if len(blocks) <= GROUPS:
        return list(blocks), []
    sums = [block.total or _sums(block.lines, columns) for block in blocks]
    lines = [
        {column.name: of.get(column.name) for column in columns if column.additive} for of in sums
    ]
    large = top_n(
        [line | {"place": place} for place, line in enumerate(lines)], columns, label, GROUPS
    )
    kept = {line["place"] for line in large.before}
    rest = [
        {label: block.heading} | line
        for place, (block, line) in enumerate(zip(blocks, lines, strict=True))
        if place not in kept
    ]
    return [block for place, block in enumerate(blocks) if place in kept], rest


def _sums(lines: Sequence[Any], columns: Sequence[Column]) -> dict[str, Decimal | None]:
    sums = {}
    for column in columns:
        if column.additive:
            known = [
                Decimal(line[column.name]) for line in lines if line.get(column.name) is not None
            ]
            sums[column.name] = total(known) if known else None
    return sums
