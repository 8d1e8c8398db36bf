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
from finops_nb.figures.compared import published_before
from finops_nb.figures.exact_columns import exact_column
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import days_seen, total_to_date
from finops_nb.figures.variance import headline_dimension
from finops_nb.money import ZERO, ratio, total
from finops_nb.outputs.looked_back import compared_period
from finops_nb.outputs.months import PublishedMonth
from finops_nb.period import fiscal_year, parse_period
from finops_nb.schema import Dimension

MONTHS_SHOWN: Final = 6
"""How many months the table of months has, the period itself included."""


class PriorPeriod(NamedTuple):
    """The period that a report is compared with, and how its own differs from it.

    Args:
        period: text like 2025-11 or 2025-Q3.
        compared: the cost of the report's period; while it runs, that of its first `days`.
        cost: of the earlier period; beside a running period, that of its first `days`. None: it was
            not published.
        change: `compared` − `cost`.
        change_ratio: as a fraction of `cost`.
        days: how many days of both are compared; None: all.
    """

    period: str
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


def prior_period(data: ReportData) -> PriorPeriod | None:
    """The month, quarter or year before, or the period of `compare`; None without whole months.

    Args:
        data: for its usage and its published months.

    Returns:
        A running period is compared by its days seen with as many days of the earlier one. One
        that lacks a month is not compared: it would look like a fall.
    """
    usage, earlier = data.usage, compared_period(data.params)
    if earlier is None:
        return None
    days = None
    if not usage.complete:
        days = min(len(days_seen(usage)), len(earlier.days))
    spent_by_day = dict(zip(usage.groups["day",]["day"], usage.groups["day",]["cost"], strict=True))
    compared = usage.cost if days is None else _cost_until(usage.period.start, days, spent_by_day)
    before = published_before(data)
    if before is None or usage.months_missing:
        return PriorPeriod(earlier.text, compared, None, None, None, days)
    cost = before.cost if days is None else _cost_until(earlier.start, days, before.days)
    change = compared - cost
    return PriorPeriod(earlier.text, compared, cost, change, ratio(change, cost), days)


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

    A running month is left out: a part of a month beside whole months would look like a fall.

    Args:
        data: for its usage and its published months.
        variance: by organization or by product, from `variance_by`.

    Returns:
        `variance` with `trend_months`, every calendar month from the first published one, as text
        like 2025-07, and with `trend`, the cost in each of them; None where it was not published.
        The months of a longer period are those of its own usage.
    """
    frame, by = variance.copy(), variance.columns[0]
    seen = data.usage.complete_through
    costs_by_month = {month.name: month.of(by) for month in data.earlier}
    costs_by_month |= {
        month: costs
        for month, costs in _own_months(data, by).items()
        if parse_period(month).last_day <= seen
    }
    months = _calendar(min(costs_by_month), max(costs_by_month)) if costs_by_month else ()
    trends = []
    for name in frame[by]:
        published = (costs_by_month.get(month) for month in months)
        trends.append(tuple(None if of is None else of.get(name, ZERO) for of in published))
    frame["trend_months"] = exact_column([months] * len(frame), frame)
    frame["trend"] = exact_column(trends, frame)
    return frame


def cost_by_month(data: ReportData, by: Dimension) -> pd.DataFrame:
    """The cost of each name in the months of a longer period, or in a month and those before it.

    Args:
        data: for its usage and its published months.
        by: organization or product.

    Returns:
        The name and a column of cost for each month (named as text like 2025-11, oldest first).
        Beside a month, also `change` (it − the month before; None where that was not published, or
        the month still runs). Highest cost first. Empty where there are no two months to show.
    """
    period = data.usage.period
    own = _own_months(data, by)
    earlier = {month.name: month.of(by) for month in _last_published(data)}
    costs_by_month = earlier | own if period.is_month else own
    if len(costs_by_month) < 2:
        return pd.DataFrame(dtype=object)
    former = earlier.get(period.preceding().text) if data.usage.complete else None
    rows = []
    for name in sorted({name for costs in costs_by_month.values() for name in costs}):
        row: dict[str, Any] = {by: name}
        row |= {month: costs.get(name, ZERO) for month, costs in costs_by_month.items()}
        cost = total(costs.get(name, ZERO) for costs in own.values())
        if period.is_month:
            row["change"] = None if former is None else cost - former.get(name, ZERO)
        rows.append(row | {"cost": cost})
    return sort_by_cost(pd.DataFrame(rows, dtype=object), by).drop(columns="cost")


def _last_published(data: ReportData) -> list[PublishedMonth]:
    """The newest published months that the table of months shows, oldest first."""
    return sorted(data.earlier, key=lambda month: month.name)[1 - MONTHS_SHOWN :]


def _own_months(data: ReportData, by: Dimension) -> dict[str, dict[str, Decimal]]:
    """The cost by name in each month of a report; nothing for a period without whole months."""
    months: dict[str, dict[str, Decimal]] = {month: {} for month in data.usage.period.months}
    frame = data.usage.groups["day", by] if months else pd.DataFrame(columns=["day", by, "cost"])
    for day, name, cost in zip(frame["day"], frame[by], frame["cost"], strict=True):
        costs = months[day.isoformat()[:7]]
        costs[name] = costs.get(name, ZERO) + cost
    return months


def _cost_until(start: date, days: int, spent: Mapping[date, Decimal]) -> Decimal:
    """The cost of the first days from `start` on."""
    return total(cost for day, cost in spent.items() if (day - start).days < days)


def _calendar(first: str, last: str) -> tuple[str, ...]:
    """The months from one to another, both included."""
    months = [first]
    while months[-1] != last:
        months.append(parse_period(months[-1]).following().text)
    return tuple(months)
