"""Allocation: the cost of a period divided among the names that caused it, to the last cent."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pandas as pd

from finops_nb.figures.exact_columns import exact_column
from finops_nb.money import ratio
from finops_nb.schema import UNALLOCATED, Dimension
from finops_nb.usage.model import Usage


def allocate(usage: Usage, by: Dimension) -> pd.DataFrame:
    """The cost of the period by name.

    Args:
        usage: from `read_usage`.
        by: organization, product or feature.

    Returns:
        Columns `by`, `cost`, `share` (fraction of the period's cost; None where that is not above
        zero), `calls`, `customers` (distinct); highest cost first, equals by name, cost without a
        name last. `cost` adds up to `usage.cost`.

    Example:
        `allocate(data.usage, "organization")`
    """
    frame = usage.groups[by,].copy()
    frame.insert(2, "share", _shares(frame["cost"], [usage.cost] * len(frame)))
    return sort_by_cost(frame, by)


def allocate_within(usage: Usage, outer: Dimension, inner: Dimension) -> pd.DataFrame:
    """The cost of each outer name by the inner names that it used.

    Args:
        usage: from `read_usage`.
        outer: the dimension whose names are divided.
        inner: the dimension they are divided by.

    Returns:
        Columns `outer`, `inner`, `cost`, `share` (fraction of the outer name's cost), `calls`,
        `customers`; outer names sorted, their inner names highest cost first, cost without a name
        last.

    Example:
        `allocate_within(data.usage, "organization", "product")`
    """
    frame = usage.groups[outer, inner].copy()
    outer_costs = allocate(usage, outer).set_index(outer)["cost"]
    frame.insert(3, "share", _shares(frame["cost"], [outer_costs[name] for name in frame[outer]]))
    by_cost = sort_by_cost(frame, inner)
    names = [name_sort_key(name) for name in by_cost[outer]]
    # Sorting keeps the order of equals: within a name, the one by cost.
    return by_cost.iloc[sorted(range(len(names)), key=names.__getitem__)].reset_index(drop=True)


def sort_by_cost(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of a frame with the highest `cost` first, equals by name, cost without a name last.

    Args:
        frame: with `cost` and the column of names.
        name: that column.
    """
    names, costs = list(frame[name]), list(frame["cost"])

    def sort_key(row: int) -> tuple[bool, Decimal, str]:
        return names[row] == UNALLOCATED, -costs[row], names[row]

    return frame.iloc[sorted(range(len(frame)), key=sort_key)].reset_index(drop=True)


def name_sort_key(name: str) -> tuple[bool, str]:
    """Sorts names by the alphabet, and "(unallocated)" last."""
    return name == UNALLOCATED, name


def _shares(costs: pd.Series, wholes: Sequence[Decimal]) -> pd.Series:
    return exact_column(map(ratio, costs, wholes), beside=costs)
