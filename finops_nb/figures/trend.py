"""Trend: the period beside the months before it, as they were published.

Earlier months come from their published reports, so that they agree with what was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

import pandas as pd

from finops_nb.figures.allocation import sort_by_cost
from finops_nb.figures.exact_columns import exact_column
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import days_seen, total_to_date
from finops_nb.figures.variance import headline_dimension
from finops_nb.money import ZERO, ratio, total
from finops_nb.outputs.months import PublishedMonth
from finops_nb.period import fiscal_year, parse_period
from finops_nb.schema import Dimension

MONTHS_SHOWN: Final = 6
"""How many months the table of months has, the period itself included."""


class PriorMonth(NamedTuple):
    """The month before, and how the period differs from it.

    Args:
        month: text like 2025-11.
        compared: the period's cost; of a running period, that of its first `days`.
        cost: the month's cost; beside a running period, that of its first `days`. None: it was not
            published.
        change: `compared` − `cost`.
        change_ratio: as a fraction of `cost`.
        days: how many days of both are compared; None: all.
    """

    month: str
    compared: Decimal
    cost: Decimal | None
    change: Decimal | None
    change_ratio: Decimal | None
    days: int | None


class YearToDate(NamedTuple):
    """The published months of a fiscal year up to the period, and the period.

    Args:
        months: text like 2025-07, oldest first.
        missing: the months up to the period that were not published.
        cost: their cost; of a running period, that of the days seen.
        budget: the sum of their budgets; of a running period, the budget to date. None where one
            of the months has no budget.
        variance: cost − budget.
        budget_used: cost ÷ budget.
        without_budget: the months that have no budget.
    """

    months: tuple[str, ...]
    missing: tuple[str, ...]
    cost: Decimal
    budget: Decimal | None
    variance: Decimal | None
    budget_used: Decimal | None
    without_budget: tuple[str, ...]


def prior_month(data: ReportData) -> PriorMonth | None:
    """The month before a month; None for any other period.

    Args:
        data: for its usage and its published months.

    Returns:
        A running month is compared by its days seen with as many days of the month before.
    """
    usage, period = data.usage, data.usage.period
    if not period.is_month:
        return None
    preceding = period.preceding()
    days = None
    if not usage.complete:
        days = min(len(days_seen(usage)), len(preceding.days))
    spent_by_day = dict(zip(usage.groups["day",]["day"], usage.groups["day",]["cost"], strict=True))
    compared = usage.cost if days is None else _cost_of_first(days, spent_by_day)
    before = next((month for month in data.months if month.name == preceding.text), None)
    if before is None:
        return PriorMonth(preceding.text, compared, None, None, None, days)
    cost = before.cost if days is None else _cost_of_first(days, before.days)
    change = compared - cost
    return PriorMonth(preceding.text, compared, cost, change, ratio(change, cost), days)


def year_to_date(data: ReportData) -> YearToDate | None:
    """The fiscal year up to the end of a month, or to its last day seen.

    Args:
        data: for its usage, its published months, and the budgets of the dimension that the report
            opens with.

    Returns:
        None for a period that is not a month.
    """
    period = data.usage.period
    if not period.is_month:
        return None
    year = fiscal_year(period.text, data.params.fiscal_year_start)
    earlier = [month for month in year if month < period.text]
    published = {month.name: month for month in data.months if month.name in earlier}
    missing = tuple(name for name in earlier if name not in published)
    so_far = total_to_date(data, headline_dimension(data.budgets))
    cost = so_far.cost + total(month.cost for month in published.values())
    budgets = {name: month.budget for name, month in sorted(published.items())}
    budgets[period.text] = so_far.budget
    months = tuple(budgets)
    without_budget = tuple(name for name, budget in budgets.items() if budget is None)
    if without_budget:
        return YearToDate(months, missing, cost, None, None, None, without_budget)
    budget = total(each for each in budgets.values() if each is not None)
    return YearToDate(months, missing, cost, budget, cost - budget, ratio(cost, budget), ())


def with_trend(data: ReportData, variance: pd.DataFrame) -> pd.DataFrame:
    """A variance table with the cost of each name in earlier months and in the period.

    A running period is left out: a part of a month beside whole months would look like a fall.

    Args:
        data: for its usage and its published months.
        variance: by organization or by product, from `variance_by`.

    Returns:
        `variance` with `trend_months`, every calendar month from the first published one, as text
        like 2025-07, and with `trend`, the cost in each of them; None where it was not published.
    """
    frame, by = variance.copy(), variance.columns[0]
    costs_by_month = {month.name: month.of(by) for month in data.months}
    if data.usage.complete:
        costs_by_month[data.usage.period.text] = dict(zip(frame[by], frame["cost"], strict=True))
    months = _calendar(min(costs_by_month), max(costs_by_month)) if costs_by_month else ()
    trends = []
    for name in frame[by]:
        published = (costs_by_month.get(month) for month in months)
        trends.append(tuple(None if of is None else of.get(name, ZERO) for of in published))
    frame["trend_months"] = exact_column([months] * len(frame), frame)
    frame["trend"] = exact_column(trends, frame)
    return frame


def cost_by_month(data: ReportData, by: Dimension) -> pd.DataFrame:
    """The cost of each name in the last published months and in the period.

    Args:
        data: for its usage and its published months.
        by: organization or product.

    Returns:
        The name, a column of cost for each month (named as text like 2025-11, oldest first, the
        period last), and `change` (the period − the month before; None where that was not
        published, or the period still runs); highest cost first. Empty where no month was
        published.
    """
    shown = _last_published(data)
    if not shown:
        return pd.DataFrame(dtype=object)
    usage, period = data.usage, data.usage.period
    earlier = {month.name: month.of(by) for month in shown}
    current = dict(zip(usage.groups[by,][by], usage.groups[by,]["cost"], strict=True))
    former = earlier.get(period.preceding().text) if usage.complete else None
    rows = []
    for name in sorted({*current, *(name for costs in earlier.values() for name in costs)}):
        cost = current.get(name, ZERO)
        row: dict[str, Any] = {by: name}
        row |= {month: costs.get(name, ZERO) for month, costs in earlier.items()}
        row[period.text] = cost
        row["change"] = None if former is None else cost - former.get(name, ZERO)
        rows.append(row | {"cost": cost})
    return sort_by_cost(pd.DataFrame(rows, dtype=object), by).drop(columns="cost")


def _last_published(data: ReportData) -> list[PublishedMonth]:
    """The newest published months that the table of months shows, oldest first."""
    return sorted(data.months, key=lambda month: month.name)[1 - MONTHS_SHOWN :]


def _cost_of_first(days: int, spent: Mapping[date, Decimal]) -> Decimal:
    return total(cost for day, cost in spent.items() if day.day <= days)


def _calendar(first: str, last: str) -> tuple[str, ...]:
    """The months from one to another, both included."""
    months = [first]
    while months[-1] != last:
        months.append(parse_period(months[-1]).following().text)
    return tuple(months)
