"""Supposed heads: the columns of costs in a scenario's report say that nobody spent them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from finops_nb.findings.tense import Tense
from finops_nb.schema import Column

OF_COST: Final = (
    *("cost", "charge", "cost_to_date", "cost_per_call", "cost_per_customer", "unit_cost"),
)
"""The keys of columns that growth or prices change, and whose head is a noun."""

ACTUAL: Final = "actual"


def heads(columns: Iterable[Column], tense: Tense) -> tuple[Column, ...]:
    """The columns with the heads that a report of that tense prints.

    Args:
        columns: of a table on the report's costs.
        tense: from `tense_of`; facts keep the heads of the schema.

    Example:
        With `growth: {(all): 0.10}`, "Total Cost" is "What-If Cost".
    """
    return tuple(_head(column, tense) for column in columns)


def _head(column: Column, tense: Tense) -> Column:
    if not tense.supposed:
        return column
    if column.name == ACTUAL:
        return replace(column, label=tense.title("Cost"))
    return replace(column, label=tense.title(column.label)) if column.name in OF_COST else column
