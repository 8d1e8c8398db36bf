"""Efficiency: what a call and a customer cost, and which names get the most calls for the money."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from finops_nb.figures.exact_columns import exact_column
from finops_nb.money import ratio
from finops_nb.schema import UNALLOCATED
from finops_nb.usage.model import Usage


def unit_costs(costs: pd.DataFrame) -> pd.DataFrame:
    """Cost per call and per customer, and calls per unit of currency.

    Args:
        costs: one row a name, with `cost`, `calls`, `customers`; from `allocate` or `variance_by`.

    Returns:
        The name, `cost`, `calls`, `customers`, `cost_per_call`, `cost_per_customer` (None where
        there are none, or they are not known) and `calls_per_unit` (calls ÷ cost; None where either
        is not above zero: a fixed fee without calls is not inefficient), in the order given.
    """
    frame = costs[[costs.columns[0], "cost", "calls", "customers"]].copy()
    frame["cost_per_call"] = _quotients(frame["cost"], frame["calls"])
    frame["cost_per_customer"] = _quotients(frame["cost"], frame["customers"])
    frame["calls_per_unit"] = _quotients(frame["calls"].replace(0, None), frame["cost"])
    return frame


def rank_efficiency(costs: pd.DataFrame) -> pd.DataFrame:
    """Names by calls per unit of currency, the most first.

    Args:
        costs: as for `unit_costs`.

    Returns:
        Columns `rank` (1 is the most; equals share a rank; None without a score, and for cost
        without a name), then the columns of `unit_costs`.
    """
    frame = unit_costs(costs)
    names = list(frame.iloc[:, 0])
    pairs = zip(names, frame["calls_per_unit"], strict=True)
    scores = [None if name == UNALLOCATED else score for name, score in pairs]
    ranks = _ranks(scores)
    frame.insert(0, "rank", exact_column(ranks, frame))

    def sort_key(row: int) -> tuple[bool, int, str]:
        return ranks[row] is None, ranks[row] or 0, names[row]

    return frame.iloc[sorted(range(len(frame)), key=sort_key)].reset_index(drop=True)


def overall(usage: Usage) -> dict[str, Any]:
    """The unit costs of the whole period.

    Returns:
        `cost`, `calls`, `customers` (distinct) and what `unit_costs` derives from them.
    """
    whole = usage.groups[()].astype(object)
    whole.insert(0, "whole", "whole")
    costs: dict[str, Any] = unit_costs(whole).iloc[0].drop("whole").to_dict()
    return costs


def _ranks(scores: Sequence[Decimal | None]) -> list[int | None]:
    """One more than how many scores are higher; None without a score."""
    highest_first = sorted((score for score in scores if score is not None), reverse=True)
    ranks: dict[Decimal, int] = {}
    for rank, score in enumerate(highest_first, 1):
        ranks.setdefault(score, rank)
    return [None if score is None else ranks[score] for score in scores]


def _quotients(dividends: pd.Series, divisors: pd.Series) -> pd.Series:
    pairs = zip(dividends, divisors, strict=True)
    return exact_column((_quotient(dividend, divisor) for dividend, divisor in pairs), dividends)


def _quotient(dividend: Any, divisor: Any) -> Decimal | None:
    if dividend is None or divisor is None:
        return None
    return ratio(Decimal(dividend), Decimal(divisor))
