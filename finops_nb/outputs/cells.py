"""Cells: the kinds of usage of a period, as its results have them for the months that follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

KEYS: Final = ("organization", "product", "provider", "model", "task_type")
TOKENS: Final = ("input_tokens", "output_tokens")
"""The tokens of a call; cached ones are part of the input."""


class Cell(NamedTuple):
    """Usage of one kind.

    Args:
        organization, product, provider, model, task_type: its names.
        calls: the number of calls; 0 if nobody counts them.
        tokens: input and output tokens; 0 if a row does not say.
        cost: unrounded; below zero for credits.
    """

    organization: str
    product: str
    provider: str
    model: str
    task_type: str
    calls: int
    tokens: int
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


def _tokens(record: Mapping[str, Any]) -> int:
    counts = [record[column] for column in TOKENS]
    return 0 if None in counts else sum(map(int, counts))
