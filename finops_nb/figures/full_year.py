"""Full year: what a fiscal year has cost so far, is expected to cost in all, and may cost.

Only months that are known count, on both sides: those published, the report's own, and those ahead
that are forecast. Others are named; nothing is said about them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from finops_nb.figures.forecast import Forecast, outlook
from finops_nb.figures.period_end import period_end
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import to_date
from finops_nb.money import ZERO, added
from finops_nb.period import fiscal_year
from finops_nb.schema import Dimension


class YearLine(NamedTuple):
    """The fiscal year of a name.

    Args:
        name: of the organization or product.
        cost: of the known months; of a running month, that of its days seen.
        budget: of the same months and days; None where the name has none in them.
        variance: cost − budget; a missing budget counts as 0. None where no name has a budget, or
            some of the months have none.
        rest: what is expected from then to the end of the year.
        outlook: cost + rest.
        year_budget: the sum of the budgets of all these months; None as `budget`.
        outlook_variance: outlook − year_budget; None as `variance`.
    """

    name: str
    cost: Decimal
    budget: Decimal | None
    variance: Decimal | None
    rest: Decimal
    outlook: Decimal
    year_budget: Decimal | None
    outlook_variance: Decimal | None


@dataclass(frozen=True, slots=True)
class FullYear:
    """A fiscal year by organization or by product.

    Args:
        months: the months with cost, oldest first; the report's own is the last.
        missing: those before it that are not published.
        ahead: those of the year that are forecast.
        without_budget: months of `months` in which no name has a budget.
        ahead_without_budget: the same of `ahead`.
        names_without_budget: the months without a budget of each name that has one in others of
            the compared months; there it counts as 0.
        lines: highest outlook first.
    """

    months: tuple[str, ...]
    missing: tuple[str, ...]
    ahead: tuple[str, ...]
    without_budget: tuple[str, ...]
    ahead_without_budget: tuple[str, ...]
    names_without_budget: Mapping[str, tuple[str, ...]]
    lines: tuple[YearLine, ...]


class _Sums(NamedTuple):
    """What is known of the months so far, by name."""

    costs: Mapping[str, Decimal]
    budgets: Mapping[str, Decimal]
    year_budgets: Mapping[str, Decimal]


@lru_cache(maxsize=8)  # the table and the sentences ask for the same
def full_year(data: ReportData, by: Dimension) -> FullYear | None:
    """The fiscal year of a month, by organization or by product.

    Args:
        data: for its usage, its published months, and the budgets of all months.
        by: organization or product.

    Returns:
        None for a period that is no month.

    Example:
        3.00 in November of a budget of 4.00, 5.00 in December: 8.00 to date.
    """
    forecast, own = outlook(data), data.usage.period.text
    if not data.usage.period.is_month:
        return None
    year = fiscal_year(own, data.params.fiscal_year_start)
    published = {month.name: month for month in data.months if month.name in year}
    ahead = tuple(each for each in forecast.months if own < each <= year[-1]) if forecast else ()
    so_far = {name: month.budgets.get(by, {}) for name, month in published.items()}
    later = {month: data.budgets.ahead.get(month, {}).get(by, {}) for month in ahead}
    every = {**so_far, own: data.budgets.of(by)}
    without = tuple(month for month in sorted(every) if not every[month])
    ahead_without = tuple(month for month in ahead if not later[month])
    sums = _Sums(
        added([*(month.of(by) for month in published.values()), _own_costs(data, by)]),
        added([*so_far.values(), _own_budgets(data, by)]),
        added([*every.values(), *later.values()]),
    )
    compared = {} if without else every if ahead_without else {**every, **later}
    rest = _rest(data, by, forecast, ahead)
    return FullYear(
        months=(*sorted(published), own),
        missing=tuple(month for month in year if month < own and month not in published),
        ahead=ahead,
        without_budget=without,
        ahead_without_budget=ahead_without,
        names_without_budget=_names_without_budget(compared),
        lines=_year_lines(sums, rest, not without, not without and not ahead_without),
    )


def _names_without_budget(
    budgets: Mapping[str, Mapping[str, Decimal]],
) -> dict[str, tuple[str, ...]]:
    """By name, the months in which it has no budget; without names that have one in all of them."""
    names = sorted({name for amounts in budgets.values() for name in amounts})
    missing = {
        name: tuple(month for month in sorted(budgets) if name not in budgets[month])
        for name in names
    }
    return {name: months for name, months in missing.items() if months}


def _year_lines(
    sums: _Sums, rest: Mapping[str, Decimal], to_date: bool, in_all: bool
) -> tuple[YearLine, ...]:
    """The lines; budgets only where every month of the two sides has some."""
    lines = []
    for name in dict.fromkeys((*sums.costs, *sums.year_budgets, *rest)):
        cost, later = sums.costs.get(name, ZERO), rest.get(name, ZERO)
        budget = sums.budgets.get(name) if to_date else None
        year_budget = sums.year_budgets.get(name) if in_all else None
        lines.append(
            YearLine(
                name,
                cost,
                budget,
                cost - (budget or ZERO) if to_date else None,
                later,
                cost + later,
                year_budget,
                cost + later - (year_budget or ZERO) if in_all else None,
            )
        )
    return tuple(sorted(lines, key=lambda line: (-line.outlook, line.name)))


def _own_costs(data: ReportData, by: Dimension) -> dict[str, Decimal]:
    """The report's month; of a running one, the days seen."""
    frame = data.usage.groups[by,]
    if data.usage.complete:
        return dict(zip(frame[by], frame["cost"], strict=True))
    return {name: each.cost for name, each in to_date(data, by).items()}


def _own_budgets(data: ReportData, by: Dimension) -> dict[str, Decimal]:
    if data.usage.complete:
        return dict(data.budgets.of(by))
    due = {name: each.budget for name, each in to_date(data, by).items()}
    return {name: budget for name, budget in due.items() if budget is not None}


def _rest(
    data: ReportData, by: Dimension, forecast: Forecast | None, ahead: Sequence[str]
) -> dict[str, Decimal]:
    """What each name is expected to cost from the last day seen to the end of the year."""
    parts = [
        {name: line.expected for name, line in forecast.of(by, month).items()}
        for month in ahead
        if forecast
    ]
    costs = _own_costs(data, by)
    ends = period_end(data, by).items()
    parts.append({name: end.expected - costs.get(name, ZERO) for name, end in ends})
    return added(parts)
