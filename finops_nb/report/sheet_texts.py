"""Sheet texts: the names of sheets, the text of cells, and the columns that only sheets have."""

from __future__ import annotations

import re
from typing import Final

from finops_nb import schema
from finops_nb.report.format import writable
from finops_nb.schema import Column

SUMMARY: Final = "Summary"
HISTORY: Final = "history"
"""A sheet name that Excel keeps for itself."""

SHEET_NAME_LENGTH: Final = 31
CELL_LENGTH: Final = 32_767
"""Excel's limits: characters of a sheet's name, and UTF-16 units of a cell."""

HEAD: Final = 1
"""The row of a sheet, from 0, with the column heads; the caption is above it."""

EXTRA_COLUMNS: Final = (
    Column("variance_ratio", "Variance %", "signed share", "variance ÷ budget"),
    schema.STATUS,
    Column("status_before", "Status Before", "status", "the status without the scenario"),
    Column("crossed", "Threshold Crossed", "share", "the last alert threshold that was crossed"),
    Column("crossed_on", "Crossed On", "day", "the day on which it was crossed"),
    Column("booked", "Booked", "money", "the charge in the ledger, rounded"),
    Column("owner", "Owner", "text", "who answers for the budget"),
    Column("cost_centre", "Cost Center", "text", "where its cost is booked"),
    *(schema.PROVIDER, schema.CACHED_TOKENS, schema.CACHED_SHARE),
    Column("note", "Note", "text", "the commentary on the name"),
)
"""What the page prints in small type beneath a figure, or not at all, is a column of a sheet."""

COLOR_KEY: Final = "; darker means higher"
"""The end of a caption that explains colors, which a sheet does not have."""


def sheet_name(name: str, taken: set[str]) -> str:
    """The sheet name of a table by Excel's rules; it is added to `taken`, in lower case.

    The name is a key, by which formulas of other workbooks may refer to the sheet.

    >>> sheet_name("cost_by_product", {"cost by product"})
    'Cost by product (2)'
    """
    plain = re.sub(r"[\[\]:*?/\\'\s_]+", " ", name).strip().capitalize()
    if len(plain) > SHEET_NAME_LENGTH:
        whole_words = plain[: SHEET_NAME_LENGTH + 1].rpartition(" ")[0]
        plain = whole_words or plain
    marks = ("", *(f" ({number})" for number in range(2, len(taken) + 3)))
    candidates = (plain[: SHEET_NAME_LENGTH - len(mark)] + mark for mark in marks)
    # Excel takes names that differ in case alone for the same name.
    free = next(candidate for candidate in candidates if candidate.lower() not in taken)
    taken.add(free.lower())
    return free


def cell_text(text: str) -> str:
    """`text` as a cell can hold it; where it is cut, it ends with an ellipsis."""
    fit = writable(text)
    if len(fit) <= CELL_LENGTH // 2:  # a character has two units at most
        return fit
    units = fit.encode("utf-16-le")
    if len(units) <= 2 * CELL_LENGTH:
        return fit
    # A cut may leave half of a character of two units, which is ignored.
    return units[: 2 * (CELL_LENGTH - 1)].decode("utf-16-le", "ignore") + "…"
