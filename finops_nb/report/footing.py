"""Footing: printed figures add up down a column and across a row, or a "Rounding" says by how much.

A table whose exact figures do not add up can't be made: see `check_footing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Protocol

from finops_nb.errors import Failure
from finops_nb.money import ZERO, minor_units, plain, printed_rounding, rounding_difference, total
from finops_nb.schema import Column

ROUNDING: Final = "Rounding"
MONEY: Final = ("money", "change", "variance")
ADDED: Final = (*MONEY, "count")
"""Units whose printed figures add up to the printed total."""
WITHOUT_TOTAL: Final = ("text", "day", "date")

Line = Mapping[str, Any]


class Lines(Protocol):
    """Lines with their total; as `table.Block`."""

    @property
    def lines(self) -> Sequence[Line]: ...
    @property
    def total(self) -> Line | None: ...
    @property
    def is_difference(self) -> bool: ...


def check_footing(name: str, columns: Sequence[Column], blocks: Iterable[Lines]) -> None:
    """See that exact figures add up: no rounding may cover a real difference.

    A total that is the sum of the lines leaves out lines that are n/a; it may be n/a itself.

    Args:
        name: of the table, for the message.
        columns: of the table.
        blocks: all of its lines.

    Raises:
        Failure: a column has a total that is neither the sum of its lines nor declared by
            `Column.total_is`, or a difference is not that of its two amounts.
    """
    for block in blocks:
        for column in columns:
            for fault in (*_faults_down(column, block), *_faults_across(column, block)):
                raise Failure(f"The table {name} does not add up: {fault}.")


def rounding_down(
    columns: Iterable[Column], printed: Sequence[Line], sums: Line, currency: str
) -> dict[str, Decimal]:
    """What the printed lines miss of the printed total, by column that does not add up.

    Args:
        columns: of the table.
        printed: the lines as they are printed, those that add up others too.
        sums: the total.
        currency: of the money.
    """
    differences = {}
    for column in columns:
        whole = sums.get(column.name)
        if column.additive and whole is not None and column.unit in ADDED:
            decimals = 0 if column.unit == "count" else minor_units(currency)
            amounts = _amounts(column, printed)
            differences[column.name] = rounding_difference(amounts, Decimal(whole), decimals)
    return {name: difference for name, difference in differences.items() if difference}


def rounding_across(
    column: Column, line: Line, columns: Iterable[Column], currency: str
) -> Decimal:
    """What the printed difference in a row has beyond the difference of the printed amounts.

    Args:
        column: of the difference; zero for any other column.
        line: the row.
        columns: of the table; a difference of amounts that are not printed has no rounding.
        currency: of the money.

    Example:
        $2,425.04 − $1,790.55 is $634.49; a change that prints as $634.48 has a rounding of -$0.01.
    """
    names = {each.name for each in columns}
    if column.difference is None or line.get(column.name) is None:
        return ZERO
    if not names.issuperset(column.difference):
        return ZERO
    minuend, subtrahend = (line.get(name) for name in column.difference)
    return printed_rounding(line[column.name], minuend, subtrahend, minor_units(currency))


def rounding_of_difference(
    lines: Sequence[Line], columns: Iterable[Column], currency: str
) -> dict[str, Decimal]:
    """As `rounding_across`, by column, for a last line that is the first minus the second."""
    first, second, last = lines
    decimals = minor_units(currency)
    return {
        column.name: printed_rounding(
            last[column.name], first[column.name], second[column.name], decimals
        )
        for column in columns
        if column.unit in MONEY
    }


def _faults_down(column: Column, block: Lines) -> Iterator[str]:
    if block.is_difference and column.unit in MONEY:
        first, second, last = (each[column.name] for each in block.lines)
        exact = first - second
        if last != exact:
            yield f"{column.label} is {plain(last)}, but the lines differ by {plain(exact)}"
    whole = (block.total or {}).get(column.name)
    if whole is None or column.unit in WITHOUT_TOTAL:
        return
    if column.additive:
        added = total(_amounts(column, block.lines))
        if added != whole:
            yield f"{column.label} sums to {plain(added)}, but its total is {plain(Decimal(whole))}"
    elif not column.total_is:
        yield f"{column.label} has a total, but its lines are not to be added up"


def _faults_across(column: Column, block: Lines) -> Iterator[str]:
    if column.difference is None:
        return
    minuend, subtrahend = column.difference
    for line in (*block.lines, block.total or {}):
        amount = line.get(column.name)
        if amount is None or minuend not in line or subtrahend not in line:
            continue
        exact = (line[minuend] or ZERO) - (line[subtrahend] or ZERO)
        if amount != exact:
            yield f"{column.label} is {plain(amount)}, but its amounts differ by {plain(exact)}"


def _amounts(column: Column, lines: Iterable[Line]) -> list[Decimal]:
    values = (line.get(column.name) for line in lines)
    return [Decimal(value) for value in values if value is not None]
