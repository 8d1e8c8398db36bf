"""Cells: the kinds of usage of a period, as its results have them for the months that follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any, Final, NamedTuple

KEYS: Final = ("organization", "product", "provider", "model", "task_type")
TOKENS: Final = ("input_tokens", "output_tokens")
"""The tokens of a call; cached ones are part of the input."""


class Cell(NamedTuple):
    """Usage of one kind.

    Args:
        organization, product, provider, model, task_type: its names.
        calls: the number of calls; 0 if nobody counts them.
        tokens: input and output tokens; None if a row does not say.
        cost: unrounded; below zero for credits.
    """

    organization: str
    product: str
    provider: str
    model: str
    task_type: str
    calls: int
    tokens: int | None
    cost: Decimal

    @property
    def key(self) -> tuple[str, ...]:
        """What makes two cells the same kind of usage."""
        return self[:5]


def cells_of(records: Iterable[Mapping[str, Any]]) -> tuple[Cell, ...]:
    """The cells in the table `cells` of a results.json, or in the frame of `CELLS`."""
    return tuple(
        Cell._make(
            (
                *(record[key] for key in KEYS),
                int(record["calls"] or 0),
                _tokens(record),
                Decimal(record["cost"]),
            )
        )
        for record in records
    )


def merged(periods: Iterable[Sequence[Cell]]) -> tuple[Cell, ...]:
    """The cells of several periods as those of one period, sorted by key.

    Args:
        periods: the cells of each.

    Returns:
        One cell for each kind of usage, as if the periods had been read together.

    Example:
        10 calls and 1,000 tokens, then 5 calls whose tokens are not known: 15 calls, None.
    """
    sums: dict[tuple[str, ...], Cell] = {}
    for cell in chain.from_iterable(periods):
        known = sums.get(cell.key)
        sums[cell.key] = cell if known is None else _both(known, cell)
    return tuple(sums[key] for key in sorted(sums))


def sum_of_tokens(first: int | None, second: int | None) -> int | None:
    """The tokens of two cells; None, which is not 0, where one of them is not known."""
    return None if first is None or second is None else first + second


def _both(first: Cell, second: Cell) -> Cell:
    return first._replace(
        calls=first.calls + second.calls,
        tokens=sum_of_tokens(first.tokens, second.tokens),
        cost=first.cost + second.cost,
    )


def _tokens(record: Mapping[str, Any]) -> int | None:
    counts = [record[column] for column in TOKENS]
    return None if None in counts else sum(map(int, counts))
