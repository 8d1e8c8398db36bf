"""Used up: the day on which a budget of a running period is used up at the run rate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import WEEK, days_seen
from finops_nb.money import ZERO, total
from finops_nb.schema import Dimension


def used_up_days(data: ReportData, by: Dimension) -> dict[str, date]:
    """When each name reaches its budget if its weekdays go on as they were.

    Args:
        data: for its usage and its budgets.
        by: organization or product.

    Returns:
        By name, a day of the period: the first on which cost since its start is at or above the
        budget. Names that do not reach theirs within the period are not there; nothing where there
        is no run rate.

    Example:
        10.00 a day since the 1st of December: a budget of 155.00 is used up on the 16th.
    """
    usage, seen = data.usage, days_seen(data.usage)
    if usage.complete or len(seen) < WEEK:
        return {}
    spent: dict[str, dict[date, Decimal]] = defaultdict(dict)
    frame = usage.groups["day", by]
    for name, day, cost in zip(frame[by], frame["day"], frame["cost"], strict=True):
        spent[name][day] = cost
    found = {
        name: _first_day(spent[name], seen, usage.period.days, budget)
        for name, budget in data.budgets.of(by).items()
        if name in spent
    }
    return {name: day for name, day in found.items() if day is not None}


def _first_day(
    spent: Mapping[date, Decimal], seen: Sequence[date], days: Sequence[date], budget: Decimal
) -> date | None:
    """The first day at or above the budget; days that were not seen cost what their weekday did."""
    usual = {}
    for weekday in range(WEEK):
        known = [spent.get(day, ZERO) for day in seen if day.weekday() == weekday]
        usual[weekday] = total(known) / len(known)
    so_far = ZERO
    for day in days:
        so_far += spent.get(day, ZERO) if day <= seen[-1] else usual[day.weekday()]
        if so_far >= budget:
            return day
    return None
