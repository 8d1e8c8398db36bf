"""Budget alerts: the day on which each threshold of each budget was crossed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import pandas as pd

from finops_nb.figures.report_data import ReportData
from finops_nb.money import ZERO
from finops_nb.schema import BUDGETED
from finops_nb.usage.model import Usage


class Crossing(NamedTuple):
    """A threshold, as a fraction of a budget, and the day on which it was crossed."""

    threshold: Decimal
    day: date


def budget_alerts(data: ReportData) -> pd.DataFrame:
    """The first day on which cost to date reached each threshold of each budget.

    A credit that takes the cost back below a threshold does not undo its day. A budget of zero is crossed, at every
    threshold, by the first cost.

    Args:
        usage: from `read_usage`.
        budgets: from `read_budgets`.
        params: for `alert_thresholds`.

    Returns:
        Columns `dimension` (organization, product), `name`, `budget`, `threshold` (fraction), `day` (None: not crossed);
        a row for each budget and threshold, by dimension, name and threshold.
    """
    thresholds = sorted(set(data.params.alert_thresholds))
    rows = [
        (dimension, name, budget, threshold, day)
        for dimension in BUDGETED
        for name, budget in sorted(data.budgets.of(dimension).items())
        for threshold, day in zip(
            thresholds, _days(data.usage, dimension, name, budget, thresholds), strict=True
        )
    ]
    return pd.DataFrame(
        rows, columns=["dimension", "name", "budget", "threshold", "day"], dtype=object
    )


def highest_crossing(alerts: pd.DataFrame, dimension: str) -> dict[str, Crossing]:
    """The highest threshold that each name has crossed, by name; names that crossed none are left out."""
    crossed = alerts[(alerts["dimension"] == dimension) & alerts["day"].notna()]
    return {row.name: Crossing(row.threshold, row.day) for row in crossed.itertuples(index=False)}


def _days(
    usage: Usage, dimension: str, name: str, budget: Decimal, thresholds: Sequence[Decimal]
) -> list[date | None]:
    frame = usage.groups["day", dimension]
    days: list[date | None] = [None] * len(thresholds)
    spent = ZERO
    for row in frame[frame[dimension] == name].sort_values("day").itertuples():
        spent += row.cost
        for place, threshold in enumerate(thresholds):
            # Compared as products: a quotient would be rounded at its 28th digit.
            if days[place] is None and (spent >= threshold * budget if budget else spent > ZERO):
                days[place] = row.day
    return days
