"""Unit costs: what an order, a seat or another business driver cost, by the amounts of drivers.csv.

* Cost per unit = direct cost ÷ driver amount. Direct cost is the usage cost in the period: of an
  organization, or of the whole company, cost without an organization included. Costs that
  organizations share are not divided among them here.
* The amount of a period is the sum of its calendar months. If one of them is not stated, or the
  period is not made of whole months, there is no amount.
* A month in progress has no cost per unit, since the amount of a whole month would divide the cost
  of a part; nor has a longer period with a month without usage. Neither has an amount of zero, nor
  an organization without usage in the period, which may be misspelled.
* The whole company has the amount that a line without an organization states. It is never added up
  from organizations, which may not all be listed, or may share an order.
* There is a line for each driver's company, and for each organization that states the driver in the
  period or in the one that it is compared with.
* The cost per unit before is that of the period that the report is compared with, from its
  published cost. It needs the amounts of all its months. A scenario that changes usage or prices is
  not compared.
* Change = (cost per unit − cost per unit before) ÷ cost per unit before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from finops_nb.figures.compared import published_before
from finops_nb.figures.report_data import ReportData
from finops_nb.money import ZERO, ratio, total
from finops_nb.outputs.looked_back import compared_period
from finops_nb.params.drivers import COMPANY
from finops_nb.period import Period, spelled_months


class UnitCost(NamedTuple):
    """What one unit of a driver cost an organization, or the whole company.

    Args:
        driver: its name, such as orders.
        organization: whose; `COMPANY` is the whole company.
        cost: the direct cost of the period, unrounded; None without usage in the period.
        amount: of the driver in the period; None where a month of it is not stated.
        unit_cost: cost ÷ amount; None where there is none.
        before: that of the period before; None where it is not known.
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
    amounts, compared = data.drivers.amounts, compared_period(data.params)
    months = {*_months_of(data.usage.period), *(compared.months if compared else ())}
    listed = {pair for pair, by_month in amounts.items() if months.intersection(by_month)}
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
    if data.usage.months_missing:
        return (
            "Unit costs by driver are not available because there is no usage for "
            f"{spelled_months(data.usage.months_missing)}, which the amounts of drivers include."
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
    """The line of a driver and organization, by the costs now and in the period before."""
    assert data.drivers is not None
    driver, organization = pair
    stated, months = data.drivers.amounts.get(pair, {}), data.usage.period.months
    missing = tuple(month for month in months if month not in stated)
    amount = _amount_of(stated, months)
    cost, unit_cost = now.get(organization), None
    if data.usage.covers_period:
        unit_cost = ratio(cost, amount)
    compared = compared_period(data.params)
    amount_before = _amount_of(stated, compared.months if compared else ())
    unit_cost_before = ratio(before.get(organization), amount_before)
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
    """Likewise of the period before; nothing where there is none to compare."""
    if not data.usage.covers_period or data.usage is not data.measured:
        return {}
    before = published_before(data)
    return {**before.organizations, COMPANY: before.cost} if before else {}


def _amount_of(stated: Mapping[str, Decimal], months: Sequence[str]) -> Decimal | None:
    """The amount of all months; None where one is not stated."""
    if not months or any(month not in stated for month in months):
        return None
    return total(stated[month] for month in months)


def _months_of(period: Period) -> tuple[str, ...]:
    """Every month that has a day of the period."""
    return tuple(dict.fromkeys(day.isoformat()[:7] for day in period.days))
