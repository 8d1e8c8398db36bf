"""Efficiency: what a call and a customer cost, and who gets most calls for the money."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd

from finops_nb.money import ratio
from finops_nb.schema import UNALLOCATED
from finops_nb.usage.model import Usage


def unit_costs(costs: pd.DataFrame) -> pd.DataFrame:
    """Cost per call and per customer, and calls per unit of currency.

    Args:
        costs: one row a name, with `cost`, `calls`, `customers`; from `allocate` or `budget_variance`.

    Returns:
        The name, `cost`, `calls`, `customers`, `cost_per_call`, `cost_per_customer` (None where there are none, or they are
        not known) and `calls_per_unit` (calls ÷ cost; None where the cost is not above zero), in the order given.
    """
    frame = costs[[costs.columns[0], "cost", "calls", "customers"]].copy()
    frame["cost_per_call"] = _quotients(frame["cost"], frame["calls"])
    frame["cost_per_customer"] = _quotients(frame["cost"], frame["customers"])
    frame["calls_per_unit"] = _quotients(frame["calls"], frame["cost"])
    return frame


def rank_efficiency(costs: pd.DataFrame) -> pd.DataFrame:
    """Names by calls per unit of currency, the most first.

    Args:
        costs: as for `unit_costs`.

    Returns:
        Columns `rank` (1 is the most; equals share one; None without a score, and for cost without a name), then those
        of `unit_costs`.
    """
    frame = unit_costs(costs)
    name = frame.columns[0]
    scores = [
        None if row[name] == UNALLOCATED else row["calls_per_unit"] for _, row in frame.iterrows()
    ]
    ranks = [
        None
        if score is None
        else 1 + sum(1 for other in scores if other is not None and other > score)
        for score in scores
    ]
    frame.insert(0, "rank", pd.Series(ranks, index=frame.index, dtype=object))
    order = sorted(
        range(len(frame)), key=lambda n: (ranks[n] is None, ranks[n] or 0, frame[name].iloc[n])
    )
    return frame.iloc[order].reset_index(drop=True)


def overall(usage: Usage) -> dict[str, Any]:
    """The unit costs of the whole period: `cost`, `calls`, `customers` (distinct) and what `unit_costs` derives from them."""
    whole = usage.groups[()].astype(object)
    whole.insert(0, "whole", "whole")
    costs: dict[str, Any] = unit_costs(whole).iloc[0].drop("whole").to_dict()
    return costs


def _quotients(parts: pd.Series, wholes: pd.Series) -> pd.Series:
    pairs = zip(parts, wholes, strict=True)
    quotients = [
        None if part is None or whole is None else ratio(Decimal(part), Decimal(whole))
        for part, whole in pairs
    ]
    return pd.Series(quotients, index=parts.index, dtype=object)
