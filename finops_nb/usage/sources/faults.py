"""What is wrong with one value of a usage row, as a sentence for a person.

The engine reads the value by an expression of `values`, with the same patterns, and counts what it cannot read; the sentences
are made only of files in which it found some.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Final

from finops_nb.money import LIMIT
from finops_nb.schema import UNALLOCATED
from finops_nb.usage.sources.values import (
    COST,
    COUNT,
    DIGITS,
    FLOAT,
    INTEGERS,
    NOTHING,
    SCIENTIFIC,
    TEXT,
    TIME,
    TIMES,
    read_cost,
)

IS_COUNT: Final = re.compile(COUNT, re.ASCII).fullmatch
IS_COST: Final = re.compile(COST, re.ASCII).fullmatch
IS_TIME: Final = re.compile(TIME, re.ASCII).fullmatch

Fault = tuple[str, str]
"""A rule and a fix."""


def known_type(ours: str, kind: str) -> bool:
    """Whether our column `ours` can be read from a column of DuckDB's type `kind`."""
    if kind == NOTHING:
        return ours not in ("timestamp", "cost")
    if ours in ("timestamp", "charge_end", "billing_period"):
        return kind == TEXT or kind in TIMES
    if ours == "calls":
        return kind in (TEXT, *INTEGERS)
    if ours in ("input_tokens", "output_tokens") and kind == "FLOAT":
        return True  # no figure is made of it
    if ours in ("cost", "billed_cost", "input_tokens", "output_tokens"):
        return kind in (TEXT, FLOAT, *INTEGERS) or (kind.startswith("DECIMAL") and int(kind[8:].partition(",")[0]) <= DIGITS)
    return kind in (TEXT, "UUID", *INTEGERS)


def cost_fault(text: str | None) -> Fault | None:
    """What is wrong with a cost; None if it can be read."""
    if text is None or not text.strip():
        return "the cost is missing", "Write the cost of the row, 0 if it was free"
    if not IS_COST(text):
        return (
            "not a plain number",
            "Write digits and a decimal point only, such as 1234.56, without thousands separator, currency sign or blanks",
        )
    scientific = "e" in text or "E" in text
    if scientific and len(text) > SCIENTIFIC:
        return f"a number with an exponent, of more than {SCIENTIFIC} characters", "Write it without the exponent"
    if (scientific or len(text) > 15) and read_cost(text).copy_abs() >= LIMIT:
        return "a cost of 10^15 or more", "Write it in the currency's main unit"
    return None


def time_fault(text: str | None) -> Fault | None:
    """What is wrong with a time; None if it can be read."""
    if text is None or not text.strip():
        return "the time is missing", "Write when it was, such as 2025-12-31T23:59:59Z"
    if not IS_TIME(text):
        return (
            "not a time in ISO 8601",
            "Write it as 2025-12-31, 2025-12-31 23:59:59 or 2025-12-31T23:59:59Z; a zone as Z or +01:00, a year from 1000 to 2999",
        )
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return "no such day in the calendar", "Correct the date, or export the file again"
    return None


def count_fault(text: str | None) -> Fault | None:
    """What is wrong with a number of calls; None if it can be read."""
    if text is None or not text.strip():
        return "the number of calls is missing", "Write how many calls the row stands for"
    if not IS_COUNT(text):
        return "not a number of calls", "Write a whole number, 0 or more, in digits only"
    return None


def name_fault(text: str | None) -> Fault | None:
    """What is wrong with a name; None if it can be read, also where there is none."""
    if text == UNALLOCATED:
        return f"{UNALLOCATED} is the report's word for cost without a name", "Leave the field empty, or use another name"
    if "\0" in (text or ""):
        return "a NUL character", "Export the file again; it is damaged, or no text"
    return None


FAULTS: Final[dict[str, Callable[[str | None], Fault | None]]] = {
    "timestamp": time_fault,
    "billing_period": time_fault,
    "cost": cost_fault,
    "billed_cost": cost_fault,
    "calls": count_fault,
}
"""By our column, what may be wrong with a value that must be there."""
