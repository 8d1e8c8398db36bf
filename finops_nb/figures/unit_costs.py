"""Unit costs: what an order, a seat or another business driver cost, by the amounts of drivers.csv.

* Cost per unit = direct cost ÷ driver amount. Direct cost is the usage cost in the period: of an
  organization, or of the whole company, cost without an organization included. Costs that
  organizations share are not divided among them here.
* The amount of a period is the sum of its calendar months. If one of them is not stated, or the
  period is not made of whole months, there is no amount.
* A month in progress has no cost per unit, since the amount of a whole month would divide the cost
  of a part. Neither has an amount of zero, nor an organization without usage in the period, which
  may be misspelled.
* The whole company has the amount that a line without an organization states. It is never added up
  from organizations, which may not all be listed, or may share an order.
* There is a line for each driver's company, and for each organization that states the driver in the
  period or in the month before its first.
* The cost per unit before is that of the month before a month, from its published cost. It needs
  that month's amount. A scenario that changes usage or prices is not compared.
* Change = (cost per unit − cost per unit before) ÷ cost per unit before.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from finops_nb.figures.report_data import ReportData
from finops_nb.money import ZERO, ratio, total
from finops_nb.params.drivers import COMPANY


class UnitCost(NamedTuple):
    """What one unit of a driver cost an organization, or the whole company.

    Args:
        driver: its name, such as orders.
        organization: whose; `COMPANY` is the whole company.
        cost: the direct cost of the period, unrounded; None without usage in the period.
        amount: of the driver in the period; None where a month of it is not stated.
        unit_cost: cost ÷ amount; None where there is none.
        before: that of the month before; None where it is not known.
        change: (unit cost − before) ÷ before, as a fraction; None where it is not known.
        moved: (unit cost − before) × amount: how much less the period would have cost at the unit
            cost before; below zero: how much more. None where it is not known.
        missing: the months of the period that are not stated, in order.
    """

    driver: str
    organization: str
    cost: Decimal | None
    amount: Decimal | None
    unit_cost: Decimal | None
    before: Decimal | None
    change: Decimal | None
    moved: Decimal | None
    missing: tuple[str, ...]


def unit_costs_by_driver(data: ReportData) -> tuple[UnitCost, ...]:
    """The cost per unit of every driver.

    Args:
        data: for its usage, its drivers and its published months.

    Returns:
        By the driver's name; of each, the whole company first, then the highest cost first. Empty
        without drivers.

    Example:
        2025-12,org-a,orders,12000      (cost 6,720.00: 0.56 per order)
        2025-11,org-a,orders,11000      (cost 5,500.00: 0.50 per order, so the change is 12%)
    """
    if data.drivers is None:
        return ()
    amounts, period = data.drivers.amounts, data.usage.period
    first, last = _month_before(f"{period.start}"), f"{period.last_day}"[:7]
    listed = {
        pair
        for pair, by_month in amounts.items()
        if any(first <= each <= last for each in by_month)
    }
    listed |= {(driver, COMPANY) for driver, _ in listed}
    now, before = _costs(data), _costs_before(data)
    lines = [_unit_cost(data, pair, now, before) for pair in listed]
    return tuple(sorted(lines, key=_sort_key))


def why_no_unit_costs(data: ReportData) -> str:
    """Why no driver has a cost per unit, as a sentence; empty if one may have."""
    if not data.usage.period.months:
        return (
            "Unit costs by driver are not available because the period is not made of whole "
            "months, and drivers are stated by month."
        )
    if not data.usage.complete:
        return (
            "Unit costs by driver are not available while the period is in progress, because "
            "drivers are stated for whole months."
        )
    return ""


def _sort_key(line: UnitCost) -> tuple[str, bool, Decimal, str]:
    return line.driver, line.organization != COMPANY, -(line.cost or ZERO), line.organization


def _unit_cost(
    data: ReportData,
    pair: tuple[str, str],
    now: Mapping[str, Decimal],
    before: Mapping[str, Decimal],
) -> UnitCost:
    """The line of a driver and organization, by the costs now and in the month before."""
    assert data.drivers is not None
    driver, organization = pair
    stated, months = data.drivers.amounts.get(pair, {}), data.usage.period.months
    missing = tuple(month for month in months if month not in stated)
    amount = None if missing or not months else total(stated[month] for month in months)
    cost, unit_cost = now.get(organization), None
    if data.usage.complete:
        unit_cost = ratio(cost, amount)
    unit_cost_before = ratio(
        before.get(organization), stated.get(_month_before(f"{data.usage.period.start}"))
    )
    change = moved = None
    if unit_cost is not None and unit_cost_before is not None and amount is not None:
        change = ratio(unit_cost - unit_cost_before, unit_cost_before)
        moved = (unit_cost - unit_cost_before) * amount
    figures = (unit_cost, unit_cost_before, change, moved)
    return UnitCost(driver, organization, cost, amount, *figures, missing)


def _costs(data: ReportData) -> dict[str, Decimal]:
    """The direct cost of the period by organization, and of the whole company."""
    frame = data.usage.groups["organization",]
    costs = dict(zip(frame["organization"], frame["cost"], strict=True))
    return costs | {COMPANY: data.usage.cost}


def _costs_before(data: ReportData) -> dict[str, Decimal]:
    """Likewise of the month before a complete month; nothing where there is none to compare."""
    period, is_supposed = data.usage.period, data.usage is not data.measured
    if not period.is_month or not data.usage.complete or is_supposed:
        return {}
    name = _month_before(period.text)
    before = next((month for month in data.months if month.name == name), None)
    return {**before.organizations, COMPANY: before.cost} if before else {}


def _month_before(day: str) -> str:
    """The month before that of a day or month.

    >>> _month_before("2026-01-31")
    '2025-12'
    """
    year, month = divmod(12 * int(day[:4]) + int(day[5:7]) - 2, 12)
    return f"{year:04}-{month + 1:02}"
