"""Run-rate: what a running period will cost at its end if its weekdays go on as they were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

import pandas as pd

from finops_nb.figures.exact_columns import exact_column
from finops_nb.figures.report_data import ReportData
from finops_nb.money import DECIMALS, ZERO, ratio, rounded, total
from finops_nb.params.budgets import Budgets
from finops_nb.period import Period, parse_period
from finops_nb.schema import Dimension
from finops_nb.usage.model import DAYS, Usage

DAY: Final = timedelta(days=1)
WEEK: Final = 7
"""Below this many days seen there is no run-rate: not every weekday was seen."""

BACKTEST_MONTHS: Final = 6
"""The run-rate is tested on at most so many earlier months."""


@dataclass(frozen=True, slots=True)
class BacktestError:
    """How far off the run-rate would have been in a month that is over, after as many days.

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


class ToDate(NamedTuple):
    """Cost and budget of the days seen of a period; the budget is None where none is set."""

    cost: Decimal
    budget: Decimal | None


def run_rates(usage: Usage, by: Dimension) -> dict[str, Decimal]:
    """The run-rate of each name to the period's end.

    The mean cost of a weekday over the days seen, times that weekday's days in the period, summed
    over the week. A day seen without usage counts as zero; cost after `usage.complete_through`
    does not count.

    Args:
        usage: from `read_usage`.
        by: organization or product.

    Returns:
        Cost by name, to 12 decimals; nothing where the period is over or less than a week of it
        was seen.

    Example:
        December 2025 has five Mondays: two Mondays seen, at $10.00 and $0.00, count as 5 × $5.00.
    """
    seen = days_seen(usage)
    if usage.complete or len(seen) < WEEK:
        return {}
    spent: dict[str, dict[date, Decimal]] = {name: {} for name in usage.groups[by,][by]}
    for name, day, cost in _daily_costs(usage, by):
        spent[name][day] = cost
    return {name: _extrapolated(days, seen, usage.period) for name, days in spent.items()}


def run_rates_of_pairs(usage: Usage) -> dict[tuple[str, str], Decimal]:
    """`run_rates` of each pair of organization and product.

    Args:
        usage: read by cells.

    Returns:
        Cost by organization and product; nothing where there is no run-rate, or usage was not read
        by cells.
    """
    seen = days_seen(usage)
    if usage.complete or len(seen) < WEEK or DAYS not in usage.groups:
        return {}
    frame = usage.groups[DAYS]
    spent: dict[tuple[str, str], dict[date, Decimal]] = {}
    names = zip(frame["organization"], frame["product"], strict=True)
    for pair, day, cost in zip(names, frame["day"], frame["cost"], strict=True):
        days = spent.setdefault(pair, {})
        days[day] = days.get(day, ZERO) + cost
    return {pair: _extrapolated(days, seen, usage.period) for pair, days in spent.items()}


def days_seen(usage: Usage) -> tuple[date, ...]:
    """The days of the period up to which usage is known."""
    return tuple(day for day in usage.period.days if day <= usage.complete_through)


def cost_after(usage: Usage) -> Decimal:
    """The cost of the days after the last one up to which usage is known.

    It is part of the period's cost; no run-rate is made of it, since its days may not be complete.
    """
    days = usage.groups["day",]
    costs = zip(days["day"], days["cost"], strict=True)
    return total(cost for day, cost in costs if day > usage.complete_through)


def budget_to_date(
    amount: Decimal | None, usage: Usage, months: Mapping[str, Decimal] | None = None
) -> Decimal | None:
    """The share of a period's budget that falls on its days seen, the same for each day of a month.

    Args:
        amount: budget of the whole period; None where none is set.
        usage: for the days.
        months: amount by month, where they are known; used where they add up to `amount`.

    Returns:
        To 12 decimals; None without a budget.

    Example:
        12 of 31 days of a budget of $310.00 are $120.00.
    """
    if amount is None:
        return None
    parts = {usage.period.text: amount}
    # A scenario may change a quarter's budget, and then says nothing about its months.
    if months and total(months.values()) == amount:
        parts = dict(months)
    due = []
    for name, part in parts.items():
        days, period = parse_period(name), usage.period
        # By arithmetic: there may be thousands of budgets.
        end = min(days.end, period.end, usage.complete_through + DAY)
        seen = max((end - max(days.start, period.start)).days, 0)
        due.append(part * seen / (days.end - days.start).days)
    return rounded(total(due), DECIMALS)


def backtest_errors(data: ReportData) -> tuple[BacktestError, ...]:
    """How far off the run-rate would have been in earlier months, after as many days as now.

    Args:
        data: for the days seen of its usage, and its published months, of which the newest
            `BACKTEST_MONTHS` are looked at.

    Returns:
        One for each month that is longer than the days seen, newest first; nothing where there is
        no run-rate.
    """
    count = len(days_seen(data.usage))
    if data.usage.complete or count < WEEK:
        return ()
    errors = []
    for month in data.earlier[:BACKTEST_MONTHS]:
        period = parse_period(month.name)
        if len(period.days) > count:
            rate = _extrapolated(month.days, period.days[:count], period)
            error = ratio(rate - month.cost, month.cost)
            errors.append(BacktestError(month.name, rate, month.cost, error))
    return tuple(errors)


def with_run_rate(data: ReportData, variance: pd.DataFrame) -> pd.DataFrame:
    """A variance table of a running period as it stands on the last day seen.

    Args:
        data: for its usage, and the budgets of its months.
        variance: from `variance_by`.

    Returns:
        `variance` with `cost_to_date`, `budget_to_date` (of `to_date`) and `run_rate_variance`
        (run-rate − budget). As in `variance`, a name without a budget counts with a budget of 0
        if another name has one, so that the lines add up to the total's; else it is None.
    """
    frame, by = variance.copy(), variance.columns[0]
    known = to_date(data, by)
    so_far = [known.get(name, ToDate(ZERO, None)) for name in frame[by]]
    frame["cost_to_date"] = exact_column((each.cost for each in so_far), frame)
    frame["budget_to_date"] = exact_column((each.budget for each in so_far), frame)
    without_budget = ZERO if frame["budget"].notna().any() else None
    budgets = [without_budget if budget is None else budget for budget in frame["budget"]]
    frame["run_rate_variance"] = exact_column(
        map(run_rate_variance, frame["run_rate"], budgets), frame
    )
    return frame


def to_date(data: ReportData, by: Dimension) -> dict[str, ToDate]:
    """What each name cost in the days seen, and the share of its budget that falls on them.

    This is the one place where "to date" is computed: usage after the last complete day is not in
    it, though it is in the cost of the period.

    Args:
        data: for its usage and budgets.
        by: organization or product.

    Returns:
        By name, for names with usage or a budget.
    """
    budgets, spent = data.budgets.of(by), _spent_to_date(data.usage, by)
    known = {}
    for name in dict.fromkeys((*data.usage.groups[by,][by], *budgets)):
        months = _monthly_budgets(data.budgets, by, name)
        due = budget_to_date(budgets.get(name), data.usage, months)
        known[name] = ToDate(spent.get(name, ZERO), due)
    return known


def total_to_date(data: ReportData, by: Dimension) -> ToDate:
    """The sums of `to_date`."""
    known = to_date(data, by).values()
    budgets = [each.budget for each in known if each.budget is not None]
    return ToDate(total(each.cost for each in known), total(budgets) if budgets else None)


def run_rate_variance(run_rate: Decimal | None, budget: Decimal | None) -> Decimal | None:
    """Run-rate − budget, unfavorable above zero; None where one of them is."""
    return None if run_rate is None or budget is None else run_rate - budget


def _daily_costs(usage: Usage, by: Dimension) -> Iterator[tuple[str, date, Decimal]]:
    frame = usage.groups["day", by]
    yield from zip(frame[by], frame["day"], frame["cost"], strict=True)


def _spent_to_date(usage: Usage, by: Dimension) -> dict[str, Decimal]:
    """The cost of the days seen, by name."""
    spent: dict[str, Decimal] = {}
    for name, day, cost in _daily_costs(usage, by):
        if day <= usage.complete_through:
            spent[name] = spent.get(name, ZERO) + cost
    return spent


def _monthly_budgets(budgets: Budgets, by: Dimension, name: str) -> dict[str, Decimal]:
    """The budget of a name by month, in the months that have one."""
    amounts = {month: version.of(by) for month, version in budgets.months.items()}
    return {month: of_month[name] for month, of_month in amounts.items() if name in of_month}


def _extrapolated(spent: Mapping[date, Decimal], seen: Sequence[date], period: Period) -> Decimal:
    parts = []
    for weekday in range(WEEK):
        known = [day for day in seen if day.weekday() == weekday]
        days = sum(day.weekday() == weekday for day in period.days)
        parts.append(total(spent.get(day, ZERO) for day in known) * days / len(known))
    return rounded(total(parts), DECIMALS)
