"""What one value of a usage row must be, as an expression for the engine.

The patterns mean the same to DuckDB's regular expressions (RE2) and to Python's, by which `faults` says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

from finops_nb.money import DECIMALS, LIMIT, ZERO
from finops_nb.schema import UNALLOCATED

COST: Final = r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?"
TIME: Final = r"[12]\d{3}-\d\d-\d\d([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?(Z| UTC|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)?)?"

COUNT: Final = r"\d{1,15}"

LAST_DECIMAL: Final = Decimal(1).scaleb(-DECIMALS)

BLANK: Final = r"[\s\x0b\x1c-\x1f\x{85}\p{Z}]*"
"""Nothing, or only what Python's `str.isspace` counts as blank; of RE2 only."""

SCIENTIFIC: Final = 28
"""Longest number with an exponent: up to here DECIMAL(38,12) holds its digits before the exponent moves the point, and
DuckDB reads it exactly. A float's shortest text has at most 24."""

DIGITS: Final = 38
"""Most digits of a decimal that the engine reads as one."""

TEXT: Final = "VARCHAR"
NOTHING: Final = '"NULL"'
"""The engine's type of a column without any value, of which an export did not know the type."""
FLOAT: Final = "DOUBLE"
INTEGERS: Final = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
)
SMALL_INTEGERS: Final = ("TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER")
WHOLE: Final = 15
"""Digits before the point of what is below 10^15."""
AWARE: Final = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS")
TIMES: Final = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE", *AWARE)

QUICK: Final = (
    (19, "????-??-?[0-9] [0-2]?:??:?[0-9]", "%Y-%m-%d %H:%M:%S"),
    (20, "????-??-??T??:??:??Z", "%Y-%m-%dT%H:%M:%SZ"),
    (24, "????-??-??T??:??:??.???Z", "%Y-%m-%dT%H:%M:%S.%fZ"),
    (27, "????-??-??T??:??:??.??????Z", "%Y-%m-%dT%H:%M:%S.%fZ"),
)
"""Layouts of times that need no conversion: bytes, what stands where, for strptime. All but the first say that they are in UTC.
Strptime takes fewer digits too, and blanks beside a blank; not where all else has its place."""

WIDE: Final = Context(prec=2_000, rounding=ROUND_HALF_UP)
"""Holds every number that `COST` matches exactly, up to some thousand characters."""


def sql_text(text: str) -> str:
    """`text` as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def cost_is_text(kind: str) -> bool:
    """Whether a cost of that type is read by way of its text: it may then have more than 12 decimals."""
    return kind in (TEXT, FLOAT) or (
        kind.startswith("DECIMAL") and int(kind.rstrip(")").split(",")[1]) > DECIMALS
    )


def plain_sql(column: str, kind: str) -> str:
    """The condition that the text of a cost is so short, and of digits and points alone, that its cast says all about it.

    Up to 13 characters it has at most 12 decimals. A slash lies between the point and the digits; no cast takes one.
    """
    if not cost_is_text(kind):
        return "false"
    cases = " ".join(
        f"WHEN {length} THEN {column} GLOB '{'[.-9]' * length}'"
        for length in range(1, DECIMALS + 2)
    )
    return f"coalesce(CASE strlen({column}) {cases} END, false)"


def cost_sql(column: str, kind: str, plain: str = "false") -> str:
    """The cost in 12 decimals, rounded half away from zero; NULL where it is missing, no number, or 10^15 and more.

    DECIMAL(27,12) holds what is below 10^15, so a cast that does not fit is NULL, and sums widen to 38 digits.

    Args:
        plain: the condition of `plain_sql`, for speed.
    """
    if small_decimal(kind):
        return column
    exact = f"TRY_CAST(TRY_CAST({column} AS DECIMAL(38,{DECIMALS})) AS DECIMAL(27,{DECIMALS}))"
    if not cost_is_text(kind):
        return exact
    return (
        f"CASE WHEN {plain} THEN TRY_CAST({column} AS DECIMAL(27,{DECIMALS})) WHEN regexp_full_match({column}, {sql_text(COST)}) "
        f"AND (length({column}) <= {SCIENTIFIC} OR NOT {_scientific(column)}) THEN {exact} END"
    )


def small_decimal(kind: str) -> bool:
    """Whether every value of a type is below 10^15 and has 12 decimals at most, so that it is taken and summed as it is."""
    if kind in SMALL_INTEGERS:
        return True
    digits = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", kind)
    return (
        digits is not None
        and int(digits[2]) <= DECIMALS
        and int(digits[1]) - int(digits[2]) <= WHOLE
    )


def excess_sql(column: str, cost: str, kind: str, plain: str = "false") -> str:
    """What rounding to 12 decimals changed: `cost` minus its text, exactly; NULL where only Python can tell.

    DECIMAL(38,23) holds every cost to 23 decimals, and DECIMAL(38,37) those below ten to 37. `plain` is as in `cost_sql`.
    """
    nothing = "CAST(0 AS DECIMAL(38,37))"
    if not cost_is_text(kind):
        return nothing
    decimals = (
        rf"length(regexp_extract({column}, '\.(\d*)', 1))"
        rf" - CASE WHEN {_scientific(column)} THEN CAST(regexp_extract({column}, '[eE](.*)', 1) AS INTEGER) ELSE 0 END"
    )
    return (
        f"CASE WHEN {plain} OR {cost} IS NULL OR (length({column}) <= {DECIMALS + 1} AND NOT {_scientific(column)}) THEN {nothing} "
        f"WHEN {decimals} <= {DECIMALS} THEN {nothing} "
        f"WHEN {decimals} <= 23 THEN CAST({cost} - TRY_CAST({column} AS DECIMAL(38,23)) AS DECIMAL(38,37)) "
        f"WHEN {decimals} <= 37 AND abs({cost}) < 9 THEN CAST({cost} AS DECIMAL(38,37)) - TRY_CAST({column} AS DECIMAL(38,37)) END"
    )


def count_sql(column: str, kind: str) -> str:
    """A number of calls; NULL where it is missing, below zero or not whole."""
    if kind == TEXT:
        return f"CASE WHEN regexp_full_match({column}, {sql_text(COUNT)}) THEN TRY_CAST({column} AS BIGINT) END"
    return f"CASE WHEN {column} BETWEEN 0 AND {10**15 - 1} THEN CAST({column} AS BIGINT) END"


def _scientific(column: str) -> str:
    return f"(contains({column}, 'e') OR contains({column}, 'E'))"


def excess(texts: Iterable[str]) -> tuple[int, Decimal]:
    """How many of these costs have more than 12 decimals, and what rounding them changed: exact, however long they are."""
    rows, difference = 0, ZERO
    for text in texts:
        change = WIDE.subtract(read_cost(text), Decimal(text))
        rows, difference = rows + (change != 0), WIDE.add(difference, change)
    return rows, difference


def day_sql(column: str, kind: str, zone: str) -> str:
    """The day in `zone`; NULL where the time is missing, not ISO 8601, not in the calendar or outside the years 1000 to 2999.

    A time without a zone is in `zone` already, so its day is what it says. A timestamp of nanoseconds is cut to
    microseconds first: DuckDB's own cast rounds the last of a day into the next.
    """
    if kind == TEXT:
        aware = f"CAST(TRY_CAST({column} AS TIMESTAMPTZ) AT TIME ZONE {sql_text(zone)} AS DATE)"
        slow = (
            f"CASE WHEN NOT regexp_full_match({column}, {sql_text(TIME)}) THEN NULL "
            f"WHEN regexp_matches(substr({column}, 11), '[ZU+-]') THEN CASE WHEN {_day_of(column)} IS NOT NULL THEN {aware} END "
            f"ELSE {_day_of(column)} END"
        )
        return f"coalesce({_in_range(_quick_day(column, zone))}, {slow})"
    local = f"({column} AT TIME ZONE {sql_text(zone)})" if kind in AWARE else column
    if kind.endswith("_NS"):
        floor = f"(epoch_ns({local}) - CASE WHEN epoch_ns({local}) < 0 THEN 999 ELSE 0 END) // 1000"
        local = f"make_timestamp({floor})"
    return _in_range(f"CAST({local} AS DATE)")


def _quick_day(column: str, zone: str) -> str:
    """The day of a time in one of the usual layouts, at a third of the price; NULL of any other time, and of what is none."""
    layouts = QUICK if zone == "UTC" else QUICK[:1]
    cases = [
        f"WHEN {length} THEN CASE WHEN {column} GLOB '{places}' THEN CAST(try_strptime({column}, '{layout}') AS DATE) END"
        for length, places, layout in layouts
    ]
    return f"CASE strlen({column}) {' '.join(cases)} END"


def _day_of(column: str) -> str:
    return f"TRY_CAST(substr({column}, 1, 10) AS DATE)"


def _in_range(day: str) -> str:
    return f"CASE WHEN {day} BETWEEN DATE '1000-01-01' AND DATE '2999-12-31' THEN {day} END"


def name_sql(column: str) -> str:
    """The name exactly as it is; NULL where there is none, or only blanks."""
    return f"CASE WHEN regexp_full_match({column}, {sql_text(BLANK)}) THEN NULL ELSE {column} END"


def read_cost(text: str) -> Decimal:
    """The cost in 12 decimals, as `cost_sql` reads it; of a text that `COST` matches."""
    exact = Decimal(text)
    return exact if exact.copy_abs() >= LIMIT else exact.quantize(LAST_DECIMAL, context=WIDE)


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
        return kind in (TEXT, FLOAT, *INTEGERS) or (
            kind.startswith("DECIMAL") and int(kind[8:].partition(",")[0]) <= DIGITS
        )
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
        return (
            f"a number with an exponent, of more than {SCIENTIFIC} characters",
            "Write it without the exponent",
        )
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
        return (
            f"{UNALLOCATED} is the report's word for cost without a name",
            "Leave the field empty, or use another name",
        )
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
