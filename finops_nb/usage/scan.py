"""The scan of one file: its rows added to the two summaries, its odd rows counted and priced.

A row can be odd in several ways: its cost is below zero, it is in another currency, and so on. The
scan groups rows by what is odd about them, too, so one scan tells how many there are of each kind
and what they cost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import duckdb

from finops_nb.errors import Problem, Refusal
from finops_nb.params.model import Params
from finops_nb.period import Period
from finops_nb.usage.model import CELLS_BY_DAY, Grouping
from finops_nb.usage.notices import ScanResult, row_checks
from finops_nb.usage.scanned import (
    CREDIT,
    FIRST_CHECK,
    OTHER_CURRENCY,
    ROUNDED,
    UNREADABLE,
    Found,
    found_in,
    one_value,
    result_of,
)
from finops_nb.usage.sources import values
from finops_nb.usage.sources.dialects import NAMED, TOKENS
from finops_nb.usage.sources.source_table import (
    SourceTable,
    in_period_sql,
    rows_sql,
    unreadable_row_sql,
)

BY_DAY: Final = ("organization", "product")
"""The names by which the summary of days is grouped, unless all of the cube is asked for."""

FILE: Final = "file"
"""The column with the name of the file, where several are scanned at once."""

HUGE_COUNT: Final = 10**15
"""More calls in one file than there can be; 64 bits hold the sum of 9,000 such files."""


@dataclass(frozen=True, slots=True)
class _Grouping:
    """How the rows of a file are grouped for the two summaries.

    Args:
        by_day: the names in `days`, besides the day and what is odd.
        owners: the columns of `owners`, each with its SQL.
        calls: the number of calls, an aggregate.
        tokens: the numbers of tokens, each an aggregate with its name.
    """

    by_day: Sequence[str]
    owners: Mapping[str, str]
    calls: str
    tokens: Sequence[str] = ()

    def by_file(self) -> _Grouping:
        """The same, also grouped by the name of the file."""
        return replace(self, by_day=(FILE, *self.by_day), owners={FILE: FILE, **self.owners})

    @property
    def sums(self) -> str:
        cost = "CAST(sum(cost) AS DECIMAL(38,12)) AS cost"
        return ", ".join((cost, "count(*) AS entries", f"{self.calls} AS calls", *self.tokens))


def add_table(
    db: duckdb.DuckDBPyConnection, table: SourceTable, params: Params, detail: Grouping
) -> ScanResult:
    """Scan a file and add it to both summaries.

    `days` gets a line for each day and some names, `owners` one for each month and all names.

    Args:
        db: from `engine.open_engine`.
        table: of the file.
        params: for the period, the time zone and the currency.
        detail: group days by all its names.

    Raises:
        duckdb.Error: the file cannot be read to its end.
    """
    period = params.window
    rows = _rows(table, params)
    odd_kinds = _odd_kinds(table, params)
    odd_rows = f"SELECT *, {_odd_sql(odd_kinds)} AS odd FROM ({rows})"
    grouping = _grouping(table, period, detail)
    scan = _two_scans if table.is_columnar else _one_scan
    scan(db, odd_rows, grouping)
    _refuse_huge_counts(db, table)
    _insert_groups(db, grouping)
    _insert_requests(db, table, rows, values.sql_text(table.source.name))
    found = found_in(db, table, period).get("", Found())
    return result_of(db, table, rows, odd_kinds, found, period)


def add_files(
    db: duckdb.DuckDBPyConnection,
    together: SourceTable,
    tables: Sequence[SourceTable],
    params: Params,
    detail: Grouping,
    is_sound: Callable[[SourceTable, ScanResult], bool],
) -> list[ScanResult] | None:
    """Scan CSV files with the same columns at once, and add them to both summaries.

    Args:
        db, params, detail: as for `add_table`.
        together: all files as one table, whose scan has the column `FILE`, a source's name.
        tables: each file.
        is_sound: whether a file can be added without a second look.

    Returns:
        What the scan found in each file; None if any is not sound. Then none is added.

    Raises:
        duckdb.Error: a file cannot be read to its end.
    """
    period = params.window
    rows = _rows(together, params, also=f"{FILE}, ")
    odd_kinds = _odd_kinds(together, params)
    grouping = _grouping(together, period, detail)
    _one_scan(db, f"SELECT *, {_odd_sql(odd_kinds)} AS odd FROM ({rows})", grouping.by_file())
    if _calls(db) >= HUGE_COUNT:
        return None
    found = found_in(db, together, period, FILE)
    results = []
    for table in tables:
        of_file = found.get(table.source.name, Found())
        results.append(result_of(db, table, _rows(table, params), odd_kinds, of_file, period))
    if not all(map(is_sound, tables, results)):
        return None
    _insert_groups(db, grouping)
    _insert_requests(db, together, rows, FILE)
    return results


def _rows(table: SourceTable, params: Params, also: str = "") -> str:
    rows = rows_sql(table, params.timezone, also=also)
    return f"SELECT *, {in_period_sql(params.window)} AS inside FROM ({rows})"


def _refuse_huge_counts(db: duckdb.DuckDBPyConnection, table: SourceTable) -> None:
    """Refuse numbers of calls whose sum would not fit the summaries."""
    if _calls(db) >= HUGE_COUNT:
        rule, fix = "the calls add up to 10^15 or more", "Name the column with the number of calls"
        raise Refusal(Problem(rule, fix, table.source.name, column=table.names["calls"]))


def _calls(db: duckdb.DuckDBPyConnection) -> int:
    return int(one_value(db, "SELECT coalesce(sum(calls), 0) FROM scanned_days"))


def _insert_groups(db: duckdb.DuckDBPyConnection, grouping: _Grouping) -> None:
    """Add what was scanned to both summaries."""
    credits_sql = f"CASE WHEN odd & {1 << CREDIT} <> 0 THEN cost ELSE 0 END AS credits"
    tokens = TOKENS if grouping.tokens else ()
    _insert(db, "days", ("day", *grouping.by_day), credits_sql, *tokens)
    # A month of NULL is what `_one_scan` makes of all rows outside of the period.
    _insert(db, "owners", (*grouping.owners,), where="month IS NOT NULL")


def _insert_requests(
    db: duckdb.DuckDBPyConnection, table: SourceTable, rows: str, file: str
) -> None:
    """Add the requests of some rows, where the source numbers them; `file` is SQL."""
    if "request" in table.columns:
        db.execute(f"INSERT INTO requests SELECT request, {file} FROM ({rows}) WHERE request <> ''")


def _grouping(table: SourceTable, period: Period, detail: Grouping) -> _Grouping:
    owners = {"month": _month_sql(period)} | {name: name for name in NAMED}
    if "charge_category" in table.columns:
        owners["charge"] = "charge"
    if table.mapped:
        owners["source_key"] = "source_key"
    missing = {"charge", "source_key"} - set(owners)
    by_day = tuple(name for name in detail[1:] if name not in missing) or BY_DAY
    tokens: tuple[str, ...] = ()
    if detail == CELLS_BY_DAY:
        tokens = tuple(f"{table.tokens_sql(column)} AS {column}" for column in TOKENS)
    return _Grouping(by_day, owners, table.calls_sql, tokens)


def _month_sql(period: Period) -> str:
    """The month of a row of the period; a constant, which is quicker, if the period has one."""
    first = period.start.replace(day=1)
    if period.last_day.replace(day=1) == first:
        return f"DATE '{first}'"
    return "date_trunc('month', day)"


def _two_scans(db: duckdb.DuckDBPyConnection, rows: str, grouping: _Grouping) -> None:
    """The groups of a file that stores each column apart: one scan for each summary.

    Each scan reads only what it groups by, and decodes no text twice.
    """
    by_day = ", ".join(grouping.by_day)
    owners = ", ".join(f"{column} AS {name}" for name, column in grouping.owners.items())
    db.execute(
        "CREATE OR REPLACE TEMP TABLE scanned_days AS "
        f"SELECT day, odd, {by_day}, {grouping.sums} FROM ({rows}) GROUP BY ALL"
    )
    db.execute(
        "CREATE OR REPLACE TEMP TABLE scanned_owners AS "
        f"SELECT {owners}, {grouping.sums} FROM ({rows}) WHERE inside GROUP BY ALL"
    )


def _one_scan(db: duckdb.DuckDBPyConnection, rows: str, grouping: _Grouping) -> None:
    """The groups of a file of text, which takes longer to read than to group: one scan for both.

    The customers outside of the period, who may be many, are forgotten; so is the month there.
    """
    # Bad names are kept, since `_count_bad_names` looks for them.
    customer = f"CASE WHEN inside OR {values.bad_name_sql('customer')} THEN customer END"
    month = f"CASE WHEN inside THEN {grouping.owners['month']} END"
    trimmed = f"SELECT * REPLACE ({customer} AS customer), {month} AS month FROM ({rows})"
    of_days = ("day", "odd", *grouping.by_day)
    of_owners = tuple(grouping.owners)
    names = ", ".join(dict.fromkeys((*of_days, *of_owners)))
    # grouping(day) is 0 in the groups by day, and 1 in those by owner.
    db.execute(
        "CREATE OR REPLACE TEMP TABLE scan AS "
        f"SELECT grouping(day) AS by_owner, {names}, {grouping.sums} FROM ({trimmed}) "
        f"GROUP BY GROUPING SETS (({', '.join(of_days)}), ({', '.join(of_owners)}))"
    )
    for name, by_owner in (("scanned_days", 0), ("scanned_owners", 1)):
        db.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM scan WHERE by_owner = {by_owner}"
        )


def _insert(
    db: duckdb.DuckDBPyConnection,
    summary: str,
    keys: Sequence[str],
    *more: str,
    where: str = "true",
) -> None:
    """Add the groups of a file to a summary."""
    columns = ", ".join((*keys, "cost", "entries", "calls", *more))
    db.execute(
        f"INSERT INTO {summary} BY NAME SELECT {columns} FROM scanned_{summary} WHERE {where}"
    )


def _odd_kinds(table: SourceTable, params: Params) -> dict[int, str]:
    """The condition for each kind of odd row. Bad names are found in the groups instead."""
    kinds = {UNREADABLE: unreadable_row_sql(table), CREDIT: "cost < 0"}
    if values.cost_is_text(table.types["cost"]):
        kinds[ROUNDED] = "change IS DISTINCT FROM 0"
    if "currency" in table.columns:
        kinds[OTHER_CURRENCY] = f"currency IS DISTINCT FROM {values.sql_text(params.currency)}"
    for kind, check in enumerate(row_checks(table), FIRST_CHECK):
        kinds[kind] = f"inside AND ({check.condition})"
    return kinds


def _odd_sql(odd_kinds: Mapping[int, str]) -> str:
    """What is odd about a row: a number with a bit for each kind; 0 for most rows."""
    bits = (
        f"CASE WHEN {condition} THEN {1 << kind} ELSE 0 END"
        for kind, condition in odd_kinds.items()
    )
    return " + ".join(bits)
