"""What one value of a usage row must be: as SQL for the engine, and as Python for the messages.

The patterns mean the same to DuckDB's regular expressions (RE2) and to Python's. The engine reads
every row; Python only those that the engine could not read, to name the fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final, TypeAlias

from finops_nb.money import DECIMALS, LIMIT, ZERO
from finops_nb.params.stray_quotes import CONTROL, ONE_LINE
from finops_nb.schema import ADDED_UP, UNALLOCATED, reserved_rule
from finops_nb.usage.sources.dialects import TOKENS

Fault: TypeAlias = tuple[str, str]
"""A rule and a fix."""

COST: Final = r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?"
CLOCK: Final = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?"
ZONE: Final = r"(Z| UTC|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)"
TIME: Final = rf"[12]\d{{3}}-\d\d-\d\d([T ]{CLOCK}{ZONE}?)?"
COUNT: Final = r"\d{1,15}"

BLANK: Final = r"[\s\x0b\x1c-\x1f\x{85}\p{Z}]*"
"""Nothing, or only what Python's `str.isspace` counts as blank; for RE2 only."""

IS_COUNT: Final = re.compile(COUNT, re.ASCII).fullmatch
IS_COST: Final = re.compile(COST, re.ASCII).fullmatch
IS_TIME: Final = re.compile(TIME, re.ASCII).fullmatch

SCIENTIFIC: Final = 28
"""Longest number with an exponent. Up to here DECIMAL(38,12) holds its digits before the exponent
moves the point, and DuckDB reads it exactly. A float's shortest text has at most 24."""

DIGITS: Final = 38
"""Most digits of a decimal that the engine reads as a decimal."""

WHOLE: Final = 15
"""Digits before the point of a number below 10^15."""

LAST_DECIMAL: Final = Decimal(1).scaleb(-DECIMALS)

WIDE: Final = Context(prec=2_000, rounding=ROUND_HALF_UP)
"""Holds every number that `COST` matches exactly, up to some thousand characters."""

TEXT: Final = "VARCHAR"
FLOAT: Final = "DOUBLE"
NOTHING: Final = '"NULL"'
"""The engine's type of a column without any value, whose type the export did not know."""

DECIMAL: Final = re.compile(r"DECIMAL\((\d+),(\d+)\)").fullmatch
"""The type of decimals: how many digits it has in all, and how many after the point."""

SMALL_INTEGERS: Final = ("TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER")
INTEGERS: Final = (*SMALL_INTEGERS, "BIGINT", "UBIGINT")
AWARE: Final = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS")
TIMES: Final = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE", *AWARE)

QUICK: Final = (
    (19, "????-??-?[0-9] [0-2]?:??:?[0-9]", "%Y-%m-%d %H:%M:%S"),
    (20, "????-??-??T??:??:??Z", "%Y-%m-%dT%H:%M:%SZ"),
    (24, "????-??-??T??:??:??.???Z", "%Y-%m-%dT%H:%M:%S.%fZ"),
    (27, "????-??-??T??:??:??.??????Z", "%Y-%m-%dT%H:%M:%S.%fZ"),
)
"""Layouts of times that need no conversion: bytes, pattern for GLOB, format for strptime.

All but the first say that they are in UTC. Strptime also takes fewer digits, and blanks next to a
blank; the pattern leaves no room for them.
"""

NUL_FAULT: Final[Fault] = (
    "a NUL character",
    "Export the file again; it is damaged or not text",
)


def sql_text(text: str) -> str:
    """`text` as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def known_type(column: str, type_: str) -> bool:
    """Whether our column can be read from a column of that DuckDB type."""
    if type_ == NOTHING:
        return column not in ("timestamp", "cost")
    if column in ("timestamp", "charge_end", "billing_period"):
        return type_ == TEXT or type_ in TIMES
    if column == "calls":
        return type_ in (TEXT, *INTEGERS)
    if column in TOKENS and type_ == "FLOAT":
        return True  # no charge uses it
    if column in ("cost", "billed_cost", *TOKENS):
        decimal = DECIMAL(type_)
        if decimal:
            return int(decimal[1]) <= DIGITS
        return type_ in (TEXT, FLOAT, *INTEGERS)
    return type_ in (TEXT, "UUID", *INTEGERS)


def cost_is_text(type_: str) -> bool:
    """Whether a cost of that type is read through its text: it may have more than 12 decimals."""
    decimal = DECIMAL(type_)
    if decimal:
        return int(decimal[2]) > DECIMALS
    return type_ in (TEXT, FLOAT)


def is_short_cost_sql(column: str, type_: str) -> str:
    """The condition that the text of a cost is so short and plain that its cast is exact.

    Up to 13 characters it has at most 12 decimals. The pattern lets digits and points pass, and the
    slash that lies between them in ASCII; no cast takes a slash.
    """
    if not cost_is_text(type_):
        return "false"
    cases = " ".join(
        f"WHEN {length} THEN {column} GLOB '{'[.-9]' * length}'"
        for length in range(1, DECIMALS + 2)
    )
    return f"coalesce(CASE strlen({column}) {cases} END, false)"


def cost_sql(column: str, type_: str, is_short: str = "false") -> str:
    """The cost with 12 decimals, rounded half away from zero.

    NULL if it is missing, not a number, or 10^15 or more.

    Args:
        column: of the scan.
        type_: its DuckDB type.
        is_short: the condition of `is_short_cost_sql`, for speed.
    """
    if _is_small_decimal(type_):
        return column
    # DECIMAL(27,12) holds what is below 10^15, so that a cast that does not fit is NULL. Sums of it
    # widen to 38 digits.
    small = f"DECIMAL(27,{DECIMALS})"
    exact = f"TRY_CAST(TRY_CAST({column} AS DECIMAL(38,{DECIMALS})) AS {small})"
    if not cost_is_text(type_):
        return exact
    is_number = f"regexp_full_match({column}, {sql_text(COST)})"
    is_exact = f"(length({column}) <= {SCIENTIFIC} OR NOT {_has_exponent(column)})"
    return (
        f"CASE WHEN {is_short} THEN TRY_CAST({column} AS {small}) "
        f"WHEN {is_number} AND {is_exact} THEN {exact} END"
    )


def rounding_change_sql(column: str, cost: str, type_: str, is_short: str = "false") -> str:
    """What rounding a cost to 12 decimals changed: `cost` minus its text, exactly.

    NULL where only Python can tell (`rounding_change`).

    Args:
        column: the text of the cost.
        cost: the cost from `cost_sql`.
        type_: the DuckDB type of `column`.
        is_short: as in `cost_sql`.
    """
    no_change = "CAST(0 AS DECIMAL(38,37))"
    if not cost_is_text(type_):
        return no_change
    has_exponent = _has_exponent(column)
    exponent = f"CAST(regexp_extract({column}, '[eE](.*)', 1) AS INTEGER)"
    decimals = (
        rf"length(regexp_extract({column}, '\.(\d*)', 1))"
        f" - CASE WHEN {has_exponent} THEN {exponent} ELSE 0 END"
    )
    too_short = f"(length({column}) <= {DECIMALS + 1} AND NOT {has_exponent})"
    # DECIMAL(38,23) holds every cost below 10^15 to 23 decimals; DECIMAL(38,37) those below ten to
    # 37 decimals.
    to_23 = f"CAST({cost} - TRY_CAST({column} AS DECIMAL(38,23)) AS DECIMAL(38,37))"
    to_37 = f"CAST({cost} AS DECIMAL(38,37)) - TRY_CAST({column} AS DECIMAL(38,37))"
    return (
        f"CASE WHEN {is_short} OR {cost} IS NULL OR {too_short} THEN {no_change} "
        f"WHEN {decimals} <= {DECIMALS} THEN {no_change} "
        f"WHEN {decimals} <= 23 THEN {to_23} "
        f"WHEN {decimals} <= 37 AND abs({cost}) < 9 THEN {to_37} END"
    )


def count_sql(column: str, type_: str) -> str:
    """A number of calls; NULL if it is missing, negative or not whole."""
    if type_ == TEXT:
        is_count = f"regexp_full_match({column}, {sql_text(COUNT)})"
        return f"CASE WHEN {is_count} THEN TRY_CAST({column} AS BIGINT) END"
    return f"CASE WHEN {column} BETWEEN 0 AND {10**15 - 1} THEN CAST({column} AS BIGINT) END"


def day_sql(column: str, type_: str, zone: str) -> str:
    """The day of a time in `zone`.

    NULL if the time is missing, not ISO 8601, not in the calendar or outside of the years 1000 to
    2999. A time without a zone is in `zone` already.

    Args:
        column: of the scan.
        type_: its DuckDB type.
        zone: an IANA name.
    """
    if type_ == TEXT:
        slow = _day_of_text(column, zone)
        return f"coalesce({_if_in_range(_quick_day(column, zone))}, {slow})"
    local = f"({column} AT TIME ZONE {sql_text(zone)})" if type_ in AWARE else column
    if type_.endswith("_NS"):
        # Cut to microseconds: DuckDB's own cast rounds the last nanosecond of a day into the next.
        # Integer division rounds toward zero; times before 1970 are negative.
        toward_past = f"CASE WHEN epoch_ns({local}) < 0 THEN 999 ELSE 0 END"
        local = f"make_timestamp((epoch_ns({local}) - {toward_past}) // 1000)"
    return _if_in_range(f"CAST({local} AS DATE)")


def name_sql(column: str) -> str:
    """The name exactly as it is; NULL if there is none, or only blanks."""
    return f"CASE WHEN regexp_full_match({column}, {sql_text(BLANK)}) THEN NULL ELSE {column} END"


def bad_name_sql(column: str) -> str:
    """The condition that `name_fault` finds something."""
    has_control = f"regexp_matches({column}, {sql_text(CONTROL.pattern)})"
    is_name = f"NOT regexp_full_match({column}, {sql_text(BLANK)})"
    reserved = f"{column} = {sql_text(UNALLOCATED)} OR regexp_full_match({column}, '{ADDED_UP}')"
    return f"({reserved} OR ({has_control} AND {is_name}))"


def read_cost(text: str) -> Decimal:
    """The cost with 12 decimals, as `cost_sql` reads it, of a text that `COST` matches."""
    exact = Decimal(text)
    return exact if exact.copy_abs() >= LIMIT else exact.quantize(LAST_DECIMAL, context=WIDE)


def rounding_change(texts: Iterable[str]) -> tuple[int, Decimal]:
    """How many costs have more than 12 decimals, and what rounding changed in all.

    Exact, however long the texts are.
    """
    rows, change = 0, ZERO
    for text in texts:
        difference = WIDE.subtract(read_cost(text), Decimal(text))
        rows += difference != 0
        change = WIDE.add(change, difference)
    return rows, change


def cost_fault(text: str | None) -> Fault | None:
    """What is wrong with a cost; None if it can be read."""
    if text is None or not text.strip():
        return "the cost is missing", "Write the cost of the row, 0 if it was free"
    if not IS_COST(text):
        fix = (
            "Write digits and a decimal point only, such as 1234.56, without thousands separator, "
            "currency sign or spaces"
        )
        return "not a plain number", fix
    scientific = "e" in text or "E" in text
    if scientific and len(text) > SCIENTIFIC:
        rule = f"a number with an exponent and more than {SCIENTIFIC} characters"
        return rule, "Write it without the exponent"
    if (scientific or len(text) > WHOLE) and read_cost(text).copy_abs() >= LIMIT:
        return "a cost of 10^15 or more", "Write it in the currency's main unit"
    return None


def time_fault(text: str | None) -> Fault | None:
    """What is wrong with a time; None if it can be read."""
    if text is None or not text.strip():
        return "the time is missing", "Write the time, such as 2025-12-31T23:59:59Z"
    if not IS_TIME(text):
        fix = (
            "Write it as 2025-12-31, 2025-12-31 23:59:59 or 2025-12-31T23:59:59Z, with the time "
            "zone as Z or +01:00 and a year from 1000 to 2999"
        )
        return "not a readable date or time", fix
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
    """What is wrong with a name; None if it can be read, or there is none."""
    text = text or ""
    if rule := reserved_rule(text):
        is_sum = text != UNALLOCATED
        return rule, "Use another name" if is_sum else "Leave the field empty, or use another name"
    if "\0" in text:
        return NUL_FAULT
    return ONE_LINE if CONTROL.search(text) and text.strip() else None


FAULTS: Final[dict[str, Callable[[str | None], Fault | None]]] = {
    "timestamp": time_fault,
    "billing_period": time_fault,
    "cost": cost_fault,
    "billed_cost": cost_fault,
    "calls": count_fault,
}
"""By our column, what finds the fault of a value that must be there."""


def _is_small_decimal(type_: str) -> bool:
    """Whether every value of a type is below 10^15 and has 12 decimals at most: no cast needed."""
    decimal = DECIMAL(type_)
    if decimal:
        digits, decimals = int(decimal[1]), int(decimal[2])
        return decimals <= DECIMALS and digits - decimals <= WHOLE
    return type_ in SMALL_INTEGERS


def _has_exponent(column: str) -> str:
    return f"(contains({column}, 'e') OR contains({column}, 'E'))"


def _day_of_text(column: str, zone: str) -> str:
    """The day of a time in any layout that `TIME` matches; its first ten characters are a date."""
    own_day = f"TRY_CAST(substr({column}, 1, 10) AS DATE)"
    instant = f"TRY_CAST({column} AS TIMESTAMPTZ)"
    local_day = f"CAST({instant} AT TIME ZONE {sql_text(zone)} AS DATE)"
    return (
        f"CASE WHEN NOT regexp_full_match({column}, {sql_text(TIME)}) THEN NULL "
        # After the date, a letter or a sign is a zone.
        f"WHEN regexp_matches(substr({column}, 11), '[ZU+-]') "
        f"THEN CASE WHEN {own_day} IS NOT NULL THEN {local_day} END "
        f"ELSE {own_day} END"
    )


def _quick_day(column: str, zone: str) -> str:
    """The day of a time in one of the usual layouts, in a third of the time; NULL of any other."""
    layouts = QUICK if zone == "UTC" else QUICK[:1]
    cases = []
    for length, pattern, layout in layouts:
        day = f"CAST(try_strptime({column}, '{layout}') AS DATE)"
        cases.append(f"WHEN {length} THEN CASE WHEN {column} GLOB '{pattern}' THEN {day} END")
    return f"CASE strlen({column}) {' '.join(cases)} END"


def _if_in_range(day: str) -> str:
    return f"CASE WHEN {day} BETWEEN DATE '1000-01-01' AND DATE '2999-12-31' THEN {day} END"
