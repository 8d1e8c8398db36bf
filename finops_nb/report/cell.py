"""One printed cell of a table: its text, what stands beneath it, its bar, and the classes it is drawn by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from markupsafe import Markup

from finops_nb import schema
from finops_nb.report.format import Format
from finops_nb.money import ZERO, rounded
from finops_nb.schema import Column

Line = Mapping[str, Any]

BUDGET_SCALE: Final = Decimal("1.5")
"""The share of a budget that fills a cell with its bar."""
ABOUT: Final = {"owner": "owner", "cost_centre": "cost centre"}
"""What stands beneath a name, and what it is called there."""
TEXTS: Final = ("text", "status", "day", "date")


@dataclass(frozen=True, slots=True)
class Row:
    """One printed row: its kind (`line`, `other`, `rounding`, `total`) and its cells."""

    kind: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One printed cell.

    Args:
        text: what it says.
        classes: of its element.
        beneath: smaller text under it.
        bar: how long the bar in it is, in percent of the cell's width; None: no bar.
        drawing: a sparkline under it.
    """

    text: str
    classes: str
    beneath: tuple[str, ...] = ()
    bar: Decimal | None = None
    drawing: Markup | None = None


def bar(used: Decimal, scale: Decimal = BUDGET_SCALE) -> Decimal:
    """How long the bar of a fraction is, in percent of its place; `scale` is the fraction that fills it."""
    return rounded(min(max(used, ZERO), scale) / scale * 100, 1)


def bar_of(column: Column, line: Line) -> Decimal | None:
    """The length of the bar in a cell; None of a column that holds no share."""
    value = line.get(column.name)
    if column.unit != "share" or value is None:
        return None
    return bar(value) if column is schema.BUDGET_USED else bar(value, Decimal(1))


def classes(column: Column, line: Line) -> str:
    """The classes of a cell: text or number, and the status that colours it."""
    kind = "text" if column.unit in TEXTS else "number"
    status = line.get(column.name if column.unit == "status" else "status")
    if column is schema.BUDGET_USED and status:
        return f"{kind} used-{_slug(status)}"
    if column.unit != "status" and (column.name != "variance" or line.get("variance") is None):
        return kind
    return f"{kind} {_slug(status)}" if status else kind


def _slug(status: str) -> str:
    return str(status).lower().replace(" ", "-")


def beneath(column: Column, line: Line, fmt: Format, names: bool) -> tuple[str, ...]:
    """What stands beneath a cell: what is booked, the status before, the last alert, owner, cost centre and commentary.

    Args:
        column: of the cell.
        line: of the cell.
        fmt: for the figures.
        names: the column says whom the line is about.
    """
    if column.name == "charge" and line.get("booked") is not None and fmt.money(line["booked"]) != fmt.money(line["charge"]):
        return (f"booked {fmt.money(line['booked'])}",)
    if column.name == "status" and line.get("status_before") not in (None, line["status"]):
        return (f"was {line['status_before']}",)
    if column.name == "status" and line.get("crossed_on") is not None:
        return (f"{fmt.percent(line['crossed'])} crossed on {fmt.of('date', line['crossed_on'])}",)
    if not names:
        return ()
    about = [f"{what}: {line[name]}" for name, what in ABOUT.items() if line.get(name)]
    return (*about, *([line["note"]] if line.get("note") else []))
