"""The table of changes by name: cost and budget against the month before, and who changed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from finops_nb.figures.change_by_name import NameChange, changes_by_name
from finops_nb.figures.compared import published_before
from finops_nb.figures.named import names_of
from finops_nb.figures.report_data import ReportData
from finops_nb.period import parse_period
from finops_nb.report.table import Block, Table
from finops_nb.report.top_n import sums_of
from finops_nb.schema import BUDGETED, NAME, ROUNDED, Column, Dimension

COST_BEFORE: Final = Column(
    "cost_before", "Cost Before", "money", "the cost of the period before", additive=True
)
COST: Final = Column("cost", "Cost", "money", "the cost of this period", additive=True)
CHANGE: Final = Column(
    "change",
    "Change",
    "change",
    f"cost − cost before{ROUNDED}",
    additive=True,
    difference=("cost", "cost_before"),
)
SHARE: Final = Column(
    "share", "Share of Change", "signed share", "change ÷ the change of the total", total_is="ratio"
)
BUDGET_BEFORE: Final = Column(
    "budget_before", "Budget Before", "money", "the budget of the period before", additive=True
)
BUDGET: Final = Column("budget", "Budget", "money", "the budget of this period", additive=True)
BUDGET_CHANGE: Final = Column(
    "budget_change",
    "Budget Change",
    "change",
    f"budget − budget before; a missing budget counts as 0{ROUNDED}",
    additive=True,
    difference=("budget", "budget_before"),
)

CHANGE_COLUMNS: Final = (
    *(NAME, COST_BEFORE, COST, CHANGE, SHARE, BUDGET_BEFORE, BUDGET, BUDGET_CHANGE),
)


def change_by_name(data: ReportData) -> Table:
    """The change of each name's cost and budget; nothing without a period before to compare.

    Args:
        data: of the report.

    Returns:
        A table of one block by organization and one by product, the largest change first.
    """
    changes = {by: changes_by_name(data, by) for by in BUDGETED}
    blocks = tuple(_block(data, by, lines) for by, lines in changes.items() if lines)
    lines = [line for block in blocks for line in block.lines]
    columns = tuple(
        column for column in CHANGE_COLUMNS if any(line[column.name] is not None for line in lines)
    )
    before = published_before(data)
    label = parse_period(before.name).label if before else "the period before"
    return Table(
        "change_by_name",
        f"Change in cost and budget from {label}, the largest first; share of change = change ÷ "
        "change of the total",
        columns or CHANGE_COLUMNS,
        blocks,
        data.params.currency,
        title="Change by Name",
    )


def _block(data: ReportData, by: Dimension, changes: tuple[NameChange, ...]) -> Block:
    lines: list[dict[str, Any]] = [{"dimension": by} | line._asdict() for line in changes]
    sums = sums_of(lines, CHANGE_COLUMNS)
    sums["share"] = None if changes[0].share is None else Decimal(1)
    return Block(lines, sums, f"By {by.title()}", names=names_of(data)[by])
