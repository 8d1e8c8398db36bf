"""Run-rate: what a running period will have cost at its end, if its days go on as those seen, weekday by weekday."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

import pandas as pd

from finops_nb.figures.report_data import ReportData
from finops_nb.money import DECIMALS, ZERO, ratio, rounded, total
from finops_nb.period import Period, parse_period
from finops_nb.schema import Dimension
from finops_nb.usage.model import Usage

WEEK: Final = 7
"""Days seen below which there is no run-rate: not every weekday was seen."""

TRIED: Final = 6
"""How many of the months before the run-rate is tried on."""


@dataclass(frozen=True, slots=True)
class BacktestError:
    """How the run-rate would have missed a month that is over, after as many days.

    Args:
        month: text like 2025-11.
        run_rate: what it would have said.
        actual: what the month cost.
        error: (run_rate − actual) ÷ actual; None where nothing was spent.
    """

    month: str
    run_rate: Decimal
    actual: Decimal
    error: Decimal | None


def run_rates(usage: Usage, by: Dimension) -> dict[str, Decimal]:
    """The run-rate of each name to the period's end.

    The mean cost of the weekday over the days seen, times that weekday's days in the period, summed over the week. A
    day seen without usage counts as zero; cost after `usage.complete_through` does not count.

    Returns:
        Cost by name, to 12 decimals; nothing where the period is over or less than a week of it was seen.
    """
    seen = days_seen(usage)
    if usage.complete or len(seen) < WEEK:
        return {}
    frame = usage.groups["day", by]
    spent: dict[str, dict[date, Decimal]] = {name: {} for name in usage.groups[by,][by]}
    for row in frame.itertuples():
        spent[getattr(row, by)][row.day] = row.cost
    return {name: _extrapolated(days, seen, usage.period) for name, days in spent.items()}


def days_seen(usage: Usage) -> tuple[date, ...]:
    """The days of the period up to which usage is known."""
    return tuple(day for day in usage.period.days if day <= usage.complete_through)


def cost_after(usage: Usage) -> Decimal:
    """The cost of the days after the last one up to which usage is known: it is spent, and tells nothing of a whole day."""
    days = usage.groups["day",]
    return total(
        cost
        for day, cost in zip(days["day"], days["cost"], strict=True)
        if day > usage.complete_through
    )


def to_date(
    amount: Decimal | None, usage: Usage, months: Mapping[str, Decimal] | None = None
) -> Decimal | None:
    """The part of a period's budget that its days seen have, day by day alike; None without one.

    Args:
        amount: of the whole period.
        usage: for the days.
        months: amount by month, where they are known; used where they add up to `amount`.
    """
    if amount is None:
        return None
    parts = months if months and total(months.values()) == amount else {usage.period.text: amount}
    seen = days_seen(usage)
    due = []
    for name, part in parts.items():
        days = parse_period(name).days
        due.append(part * sum(day in days for day in seen) / len(days))
    return rounded(total(due), DECIMALS)


def backtest_errors(data: ReportData) -> tuple[BacktestError, ...]:
    """How the run-rate would have missed the months before, each as it was published, after as many days as are seen now.

    Args:
        usage: of a running month.
        months: those before it, newest first; the first `TRIED` are looked at.

    Returns:
        One a month that is longer than the days seen; nothing where there is no run-rate.
    """
    count = len(days_seen(data.usage))
    if data.usage.complete or count < WEEK:
        return ()
    found = []
    for month in data.months[:TRIED]:
        period = parse_period(month.name)
        if len(period.days) > count:
            said = _extrapolated(month.days, period.days[:count], period)
            found.append(
                BacktestError(month.name, said, month.cost, ratio(said - month.cost, month.cost))
            )
    return tuple(found)


def with_run_rate(data: ReportData, variance: pd.DataFrame) -> pd.DataFrame:
    """A variance table of a running period as it stands on the last day seen.

    Returns:
        `variance` with `cost_to_date` (of the days seen), `budget_to_date` and `run_rate_variance` (run-rate − budget).
    """
    frame, name = variance.copy(), variance.columns[0]
    spent: dict[str, Decimal] = {}
    for row in data.usage.groups["day", name].itertuples():
        if row.day <= data.usage.complete_through:
            spent[getattr(row, name)] = spent.get(getattr(row, name), ZERO) + row.cost
    frame["cost_to_date"] = pd.Series(
        [spent.get(each, ZERO) for each in frame[name]], index=frame.index, dtype=object
    )
    months = {
        each: {
            month: of.of(name)[each]
            for month, of in data.budgets.months.items()
            if each in of.of(name)
        }
        for each in frame[name]
    }
    dates = [
        to_date(budget, data.usage, months[each])
        for each, budget in zip(frame[name], frame["budget"], strict=True)
    ]
    frame["budget_to_date"] = pd.Series(dates, index=frame.index, dtype=object)
    over = [
        None if rate is None or budget is None else rate - budget
        for rate, budget in zip(frame["run_rate"], frame["budget"], strict=True)
    ]
    frame["run_rate_variance"] = pd.Series(over, index=frame.index, dtype=object)
    return frame


def _extrapolated(spent: Mapping[date, Decimal], seen: Iterable[date], period: Period) -> Decimal:
    parts = []
    seen = tuple(seen)
    for weekday in range(WEEK):
        known = [day for day in seen if day.weekday() == weekday]
        whole = sum(day.weekday() == weekday for day in period.days)
        parts.append(total(spent.get(day, ZERO) for day in known) * whole / len(known))
    return rounded(total(parts), DECIMALS)
