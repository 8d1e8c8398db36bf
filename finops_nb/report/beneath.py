"""Beneath: the smaller texts under the figure or the name of a cell."""

from __future__ import annotations

from typing import Final

from finops_nb.report.alerts import crossed_text
from finops_nb.report.footing import Line
from finops_nb.report.format import Format
from finops_nb.schema import Column

OF_NAMES: Final = {"owner": "owner: {}", "cost_centre": "cost center: {}", "provider": "{}"}
"""What is printed beneath a name, by the key of a line."""


def beneath(column: Column, line: Line, fmt: Format, names: bool) -> tuple[str, ...]:
    """The smaller texts under a cell.

    Args:
        column: of the cell.
        line: of the cell.
        fmt: for the figures.
        names: whether the column says whom the line is about.

    Returns:
        Under a charge, the booked amount if it prints differently; under a status, the one it was
        or the last alert; under input tokens, the share that was cached; under a name, its owner,
        cost center, provider and commentary.
    """
    if column.name == "charge":
        text = _booked(line, fmt)
        return (text,) if text else ()
    if column.name == "status":
        text = _status_history(line, fmt)
        return (text,) if text else ()
    if column.name == "input_tokens" and line.get("cached_share") is not None:
        return (f"{fmt.share(line['cached_share'])} cached",)
    if not names:
        return ()
    labels = [text.format(line[key]) for key, text in OF_NAMES.items() if line.get(key)]
    note = line.get("note")
    return (*labels, note) if note else tuple(labels)


def _booked(line: Line, fmt: Format) -> str:
    """What the ledger books, if that prints differently from the charge."""
    if line.get("booked") is None:
        return ""
    booked = fmt.money(line["booked"])
    return "" if booked == fmt.money(line["charge"]) else f"booked {booked}"


def _status_history(line: Line, fmt: Format) -> str:
    """The status without the scenario, or the highest threshold that was crossed, and when."""
    before = line.get("status_before")
    if before is not None and before != line["status"]:
        return f"was {before}"
    if line.get("crossed_on") is None:
        return ""
    return crossed_text(line["crossed"], line["crossed_on"], fmt)
