"""Allocation: the cost of a period divided among those who caused it, conserving it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pandas as pd

from finops_nb.money import ratio
from finops_nb.schema import UNALLOCATED, Dimension
from finops_nb.usage.model import Usage


def allocate(usage: Usage, by: Dimension) -> pd.DataFrame:
    """The cost of the period by name.

    Args:
        usage: from `read_usage`.
        by: organization, product or feature.

    Returns:
        Columns `by`, `cost`, `share` (fraction of the period's cost; None where that is not above zero), `calls`,
        `customers` (distinct); highest cost first, equals by name, cost without a name last. `cost` adds up to `usage.cost`.
    """
    frame = usage.groups[by,].copy()
    frame.insert(2, "share", _shares(frame["cost"], [usage.cost] * len(frame)))
    return highest_first(frame, by)


def allocate_within(usage: Usage, outer: Dimension, inner: Dimension) -> pd.DataFrame:
    """The cost of each outer name by the inner names it used.

    Args:
        usage: from `read_usage`.
        outer: the dimension whose names are divided.
        inner: the dimension they are divided by.

    Returns:
        Columns `outer`, `inner`, `cost`, `share` (fraction of the outer name's cost), `calls`, `customers`; outer names
        sorted, their inner names highest cost first, cost without a name last.
    """
    frame = usage.groups[outer, inner].copy()
    wholes = allocate(usage, outer).set_index(outer)["cost"]
    frame.insert(3, "share", _shares(frame["cost"], [wholes[name] for name in frame[outer]]))
    ordered = [
        highest_first(part, inner)
        for _, part in sorted(frame.groupby(outer), key=lambda group: name_order(group[0]))
    ]
    return pd.concat(ordered, ignore_index=True)


def highest_first(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """`frame` by falling `cost`, equals by name, what has no name last."""
    order = sorted(
        range(len(frame)),
        key=lambda n: (
            frame[name].iloc[n] == UNALLOCATED,
            -frame["cost"].iloc[n],
            frame[name].iloc[n],
        ),
    )
    return frame.iloc[order].reset_index(drop=True)


def name_order(name: str) -> tuple[bool, str]:
    """Sort key of names: alphabetical, "(unallocated)" last."""
    return name == UNALLOCATED, name


def _shares(costs: pd.Series, wholes: Sequence[Decimal]) -> pd.Series:
    return pd.Series(
        [ratio(cost, whole) for cost, whole in zip(costs, wholes, strict=True)],
        index=costs.index,
        dtype=object,
    )
