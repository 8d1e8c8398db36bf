"""Streaks: for how many months in a row a name has been over its budget, as published."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import pandas as pd

from finops_nb.figures.budget_status import Status
from finops_nb.figures.report_data import ReportData
from finops_nb.money import ZERO, total
from finops_nb.outputs.looked_back import names_before
from finops_nb.period import parse_period


class Streak(NamedTuple):
    """Consecutive months over budget, up to the end of the report's period.

    Args:
        months: how many.
        since: the first of them, text like 2025-07.
        through: the last of them; in a running period, the last month that is complete.
        excess: the sum of what each was over its budget.
        at_least: the month before the first was not published, so it may be longer.
    """

    months: int
    since: str
    through: str
    excess: Decimal
    at_least: bool


def streaks(data: ReportData, variance: pd.DataFrame) -> dict[str, Streak]:
    """The streak of each name that is OVER in a complete period of whole months.

    Months count as published: official, complete, and OVER against the budget in force then. A
    month that is not published, or in which the name is not OVER or has no budget, ends the
    streak. The month of a month's report counts as the report has it.

    A running month does not count, as it may still end otherwise: in a running period the streak
    is that up to the last complete month, of every name, whatever its status is now.

    Args:
        data: for its published months.
        variance: of the period by organization or product, from `variance_by`.

    Returns:
        By name; empty for a period without whole months. A name that is OVER in a quarter has none
        if it was not in the quarter's last month.

    Example:
        Over by 10.00 in November and 5.00 in December: 2 months, since 2025-11, 15.00. While
        December runs, 1 month through 2025-11, 10.00.
    """
    period, is_over = data.usage.period, data.usage.complete
    if not period.months:
        return {}
    by = variance.columns[0]
    lines = variance[variance["status"] == Status.OVER] if is_over else variance
    excesses = {month.name: month.excesses.get(by, {}) for month in data.months}
    if period.is_month and is_over:
        excesses[period.text] = dict(zip(lines[by], lines["variance"], strict=True))
    last = period.months[-1] if is_over else _last_complete(data)
    found = ((name, _streak(excesses, name, last)) for name in lines[by])
    return {name: streak for name, streak in found if streak}


def _last_complete(data: ReportData) -> str:
    """The last month that is over in a running period: one of its own, or the one before it.

    Empty where there is none, as before the first month of the calendar.
    """
    period, through = data.usage.period, data.usage.complete_through
    months = () if period.is_month else map(parse_period, period.months)
    over = [month.text for month in months if through and month.last_day <= through]
    return next(iter((*reversed(over), *names_before(data.params))), "")


def _streak(excesses: Mapping[str, Mapping[str, Decimal]], name: str, last: str) -> Streak | None:
    """The streak of a name up to a month; None if it was not OVER then.

    Args:
        excesses: by published month, what each name that was OVER was over its budget.
        name: of the organization or product.
        last: text like 2025-12.
    """
    month, amounts = last, []
    while (excess := excesses.get(month, {}).get(name, ZERO)) > 0:
        amounts.append(excess)
        since, month = month, parse_period(month).preceding().text
    if not amounts:
        return None
    return Streak(len(amounts), since, last, total(amounts), month not in excesses)
