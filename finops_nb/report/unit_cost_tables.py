"""The table of unit costs: what an order, a seat or another business driver cost."""

from __future__ import annotations

from typing import Any, Final

from finops_nb import schema
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.unit_costs import UnitCost, unit_costs_by_driver, why_no_unit_costs
from finops_nb.findings.tense import tense_of
from finops_nb.period import spelled_months
from finops_nb.report.supposed_heads import heads
from finops_nb.report.table import Block, Table
from finops_nb.schema import ALL, Column

DRIVER: Final = Column("driver", "Driver", "text", "what drivers.csv counts")
COST: Final = Column("cost", "Direct Cost", "money", "the cost of its usage, without shared costs")
AMOUNT: Final = Column("amount", "Driver Amount", "quantity", "the sum of its months")
UNIT_COST: Final = Column(
    "unit_cost", "Cost per Unit", "unit cost", "direct cost ÷ driver amount", total_is="ratio"
)
BEFORE: Final = Column(
    "before",
    "Cost per Unit Before",
    "unit cost",
    "cost per unit in the period before",
    total_is="ratio",
)
CHANGE: Final = Column(
    "change",
    "Change",
    "signed share",
    "(cost per unit − cost per unit before) ÷ cost per unit before",
    total_is="ratio",
)
UNIT_COST_COLUMNS: Final = (
    *(DRIVER, schema.ORGANIZATION, COST, AMOUNT, UNIT_COST, BEFORE, CHANGE),
)
SHOWN: Final = 60
"""How many lines are printed; the others are counted."""


def unit_costs(data: ReportData) -> Table:
    """The cost per unit of each driver, of the company and of each organization.

    Args:
        data: of the report.

    Returns:
        A table without totals, since one cost is divided by several drivers; without the columns
        on the period before where that is not known. Nothing where the params name no drivers, and
        a sentence for a period that has no cost per unit.
    """
    found, tense = unit_costs_by_driver(data), tense_of(data.params)
    has_before = any(line.before is not None for line in found)
    columns = UNIT_COST_COLUMNS if has_before else UNIT_COST_COLUMNS[:-2]
    why_none = why_no_unit_costs(data) if found else ""
    return Table(
        "unit_costs",
        tense.caption("Cost per unit = direct cost ÷ driver amount")
        + "; direct cost is the cost of an organization's own usage, without shared costs; "
        f"{ALL} is the whole company, with its total cost",
        heads(columns, tense),
        (Block([_line(line) for line in found]),),
        data.params.currency,
        title="Unit Costs by Driver",
        empty=why_none,
        shown=SHOWN,
        stands_aside=bool(why_none),
    )


def _line(each: UnitCost) -> dict[str, Any]:
    line: dict[str, Any] = {
        "driver": each.driver,
        "organization": each.organization or ALL,
        "cost": each.cost,
        "amount": each.amount,
        "unit_cost": each.unit_cost,
        "before": each.before,
        "change": each.change,
    }
    note = _note(each)
    return line | {"note": note} if note else line


def _note(each: UnitCost) -> str:
    """Why a line has no cost per unit; empty if it has, or if its amount says it."""
    if each.missing:
        return f"no amount for {spelled_months(each.missing)}"
    return "no usage in the period" if each.cost is None else ""
