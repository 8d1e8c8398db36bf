"""Trend: the period beside the months before it, taken from what was published of them, so that history agrees with what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

import pandas as pd

from finops_nb.figures.allocation import highest_first
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import cost_after, days_seen, to_date
from finops_nb.figures.variance import TotalVariance
from finops_nb.money import ZERO, ratio, total
from finops_nb.period import parse_period
from finops_nb.schema import Dimension

COLUMNS: Final = 6
"""How many months a table has, the period itself among them."""


class PriorMonth(NamedTuple):
    """The month before, and how the period differs from it.

    Args:
        month: text like 2025-11.
        compared: the period's cost; of a running period, that of its first `days`.
        cost: the month's cost; beside a running period, that of its first `days`. None: it was not published.
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
    """The months of a calendar year up to the period, as far as they were published, and the period.

    Args:
        months: text like 2025-07, oldest first.
        missing: those that were not published.
        cost: their cost; of a running period, that of the days seen.
        budget: the sum of their budgets, of a running period the part that its days seen have; None where one of them has none.
        variance: cost − budget.
        budget_used: cost ÷ budget.
        without_budget: the months that have none.
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
        usage: of the period.
        months: from `months_before`.
    """
    if not data.usage.period.is_month:
        return None
    preceding = data.usage.period.preceding()
    name, days = (
        preceding.text,
        None if data.usage.complete else min(len(days_seen(data.usage)), len(preceding.days)),
    )
    here = dict(
        zip(data.usage.groups["day",]["day"], data.usage.groups["day",]["cost"], strict=True)
    )
    compared = data.usage.cost if days is None else _of_first(days, here)
    before = next((month for month in data.months if month.name == name), None)
    if before is None:
        return PriorMonth(name, compared, None, None, None, days)
    cost = before.cost if days is None else _of_first(days, before.days)
    return PriorMonth(name, compared, cost, compared - cost, ratio(compared - cost, cost), days)


def _of_first(days: int, spent: Mapping[date, Decimal]) -> Decimal:
    return total(cost for day, cost in spent.items() if day.day <= days)


def year_to_date(data: ReportData, totals: TotalVariance) -> YearToDate | None:
    """The calendar year of a month up to its end, or to the last day seen of it; None for any other period.

    Args:
        usage: of the period.
        totals: what the report opens with, from `headline`.
        months: from `months_before`.
    """
    if not data.usage.period.is_month:
        return None
    here = data.usage.period.text
    due = [f"{here[:4]}-{number:02}" for number in range(1, data.usage.period.start.month)]
    found = {month.name: month for month in data.months if month.name in due}
    cost = data.usage.cost - cost_after(data.usage) + total(month.cost for month in found.values())
    budgets = {name: month.budget for name, month in sorted(found.items())} | {
        here: to_date(totals.budget, data.usage)
    }
    without = tuple(name for name, budget in budgets.items() if budget is None)
    budget = None if without else total(each for each in budgets.values() if each is not None)
    missing = tuple(name for name in due if name not in found)
    variance = None if budget is None else cost - budget
    return YearToDate(tuple(budgets), missing, cost, budget, variance, ratio(cost, budget), without)


def with_trend(data: ReportData, variance: pd.DataFrame) -> pd.DataFrame:
    """A variance table with the cost of each name in the months before and in the period; not in one that still runs, a part of a month.

    Args:
        variance: by organization or by product, from `budget_variance`.
        usage: of the period.
        months: from `months_before`.

    Returns:
        `variance` with `trend_months`, every calendar month from the first published one, as text like 2025-07, and with
        `trend`, the cost in each of them; None where it was not published.
    """
    frame, by = variance.copy(), variance.columns[0]
    known = {month.name: month.of(by) for month in data.months}
    if data.usage.complete:
        known[data.usage.period.text] = dict(zip(frame[by], frame["cost"], strict=True))
    calendar = _calendar(min(known), max(known)) if known else ()
    trends = [
        tuple(known[month].get(name, ZERO) if month in known else None for month in calendar)
        for name in frame[by]
    ]
    frame["trend_months"] = pd.Series([calendar] * len(frame), index=frame.index, dtype=object)
    frame["trend"] = pd.Series(trends, index=frame.index, dtype=object)
    return frame


def _calendar(first: str, last: str) -> tuple[str, ...]:
    """The months from one to another."""
    months = [first]
    while months[-1] != last:
        months.append(parse_period(months[-1]).following().text)
    return tuple(months)


def cost_by_month(data: ReportData, by: Dimension) -> pd.DataFrame:
    """The cost of each name in the last published months and in the period.

    Args:
        usage: of the period.
        by: organization or product.
        months: from `months_before`.

    Returns:
        The name, a column of cost for each month (named as text like 2025-11, oldest first, the period last), and `change`
        (the period − the month before; None where that was not published, or the period still runs); highest cost
        first. Empty where no month was published.
    """
    shown = sorted(data.months, key=lambda month: month.name)[1 - COLUMNS :]
    spent = {month.name: month.of(by) for month in shown}
    here = dict(zip(data.usage.groups[by,][by], data.usage.groups[by,]["cost"], strict=True))
    names = sorted({*here, *(name for of in spent.values() for name in of)}) if shown else []
    prior = data.usage.period.preceding().text
    rows = []
    for name in names:
        costs = {month: of.get(name, ZERO) for month, of in spent.items()} | {
            data.usage.period.text: here.get(name, ZERO)
        }
        change = (
            here.get(name, ZERO) - spent[prior].get(name, ZERO)
            if data.usage.complete and prior in spent
            else None
        )
        rows.append({by: name, **costs, "change": change, "cost": here.get(name, ZERO)})
    frame = pd.DataFrame(rows, dtype=object)
    return highest_first(frame, by).drop(columns="cost") if rows else frame
