"""Budget alerts: the day on which the cost to date reached each threshold of each budget.

How an alert is worded is in `report/alerts.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import NamedTuple

import pandas as pd

from finops_nb.figures.report_data import ReportData
from finops_nb.money import ZERO
from finops_nb.schema import BUDGETED
from finops_nb.usage.model import Usage


class Crossing(NamedTuple):
    """A threshold, as a fraction of a budget, and the day on which it was reached."""

    threshold: Decimal
    day: date


def budget_alerts(data: ReportData) -> pd.DataFrame:
    """The first day on which the cost to date reached each threshold of each budget.

    A later credit that takes the cost back below a threshold does not undo its day. The first
    cost above zero reaches every threshold of a budget of zero.

    Args:
        data: for its usage, its budgets and the `alert_thresholds` of its params.

    Returns:
        Columns `dimension` (organization, product), `name`, `budget`, `threshold` (fraction),
        `day` (None: not reached); one row for each budget and threshold, by dimension, name and
        threshold.

    Example:
        `alert_thresholds: [0.5, 0.8, 1.0]` and a budget of 10.00: costs of 5.00 on December 1
        and of 3.00 on December 2 give the days December 1, December 2 and None.
    """
    thresholds = sorted(set(data.params.alert_thresholds))
    rows = []
    for dimension in BUDGETED:
        daily = _daily_costs(data.usage, dimension)
        for name, budget in sorted(data.budgets.of(dimension).items()):
            days = _days_reached(daily.get(name, ()), budget, thresholds)
            for threshold, day in zip(thresholds, days, strict=True):
                rows.append((dimension, name, budget, threshold, day))
    columns = ["dimension", "name", "budget", "threshold", "day"]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def highest_crossing(alerts: pd.DataFrame, dimension: str) -> dict[str, Crossing]:
    """The highest threshold that each name reached, by name; names that reached none are left out.

    Args:
        alerts: from `budget_alerts`.
        dimension: organization or product.
    """
    reached = alerts[(alerts["dimension"] == dimension) & alerts["day"].notna()]
    # Thresholds rise from row to row, so that the last row of a name is its highest.
    return {row.name: Crossing(row.threshold, row.day) for row in reached.itertuples(index=False)}


def _daily_costs(usage: Usage, dimension: str) -> dict[str, list[tuple[date, Decimal]]]:
    """Day and cost of each name, by day."""
    frame = usage.groups["day", dimension]
    daily: dict[str, list[tuple[date, Decimal]]] = {}
    rows = zip(frame["day"], frame[dimension], frame["cost"], strict=True)
    for day, name, cost in sorted(rows, key=itemgetter(0)):
        daily.setdefault(name, []).append((day, cost))
    return daily


def _days_reached(
    daily: Iterable[tuple[date, Decimal]], budget: Decimal, thresholds: Sequence[Decimal]
) -> list[date | None]:
    days: list[date | None] = [None] * len(thresholds)
    spent = ZERO
    for day, cost in daily:
        spent += cost
        for position, threshold in enumerate(thresholds):
            if days[position] is None and _is_reached(threshold, budget, spent):
                days[position] = day
    return days


def _is_reached(threshold: Decimal, budget: Decimal, spent: Decimal) -> bool:
    if not budget:
        return spent > ZERO
    # Compared as products: a quotient would be rounded at its 28th digit.
    return spent >= threshold * budget
