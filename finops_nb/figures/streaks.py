"""Streaks: for how many months in a row a name has been over its budget, as published."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import pandas as pd

from finops_nb.figures.budget_status import Status
from finops_nb.figures.report_data import ReportData
from finops_nb.money import ZERO, total
from finops_nb.outputs.months import PublishedMonth
from finops_nb.period import parse_period


class Streak(NamedTuple):
    """Consecutive months over budget, the report's own included.

    Args:
        months: how many.
        since: the first of them, text like 2025-07.
        excess: the sum of what each was over its budget.
        at_least: the month before the first was not published, so it may be longer.
    """

    months: int
    since: str
    excess: Decimal
    at_least: bool


def streaks(data: ReportData, variance: pd.DataFrame) -> dict[str, Streak]:
    """The streak of each name that is OVER in a complete month.

    Earlier months count as published: official, complete, and OVER against the budget in force
    then. A month that is not published, or in which the name is not OVER or has no budget, ends
    the streak.

    Args:
        data: for its published months.
        variance: of the month by organization or product, from `variance_by`.

    Returns:
        By name; empty for a running month and for any other period.

    Example:
        Over by 10.00 in November and 5.00 in December: 2 months, since 2025-11, 15.00.
    """
    if not data.usage.period.is_month or not data.usage.complete:
        return {}
    by, published = variance.columns[0], {month.name: month for month in data.months}
    over = variance[variance["status"] == Status.OVER]
    return {
        name: _streak(data, published, by, name, excess)
        for name, excess in zip(over[by], over["variance"], strict=True)
    }


def _streak(
    data: ReportData,
    published: Mapping[str, PublishedMonth],
    by: str,
    name: str,
    excess: Decimal,
) -> Streak:
    since, amounts = data.usage.period.text, [excess]
    while True:
        before = parse_period(since).preceding().text
        month = published.get(before)
        earlier = month.excesses.get(by, {}).get(name, ZERO) if month else ZERO
        if earlier <= 0:
            return Streak(len(amounts), since, total(amounts), month is None)
        since = before
        amounts.append(earlier)
