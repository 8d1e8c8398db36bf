"""The engine: each file scanned into two small summaries, and every grouping rolled up from them, exactly.

Money is DECIMAL(38,12) inside and `Decimal` outside. DuckDB's `.df()` would make floats of it, so rows are fetched.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, Final

import duckdb
import pandas as pd

from finops_nb.money import ZERO
from finops_nb.organization_map import MapLine
from finops_nb.params import Params
from finops_nb.period import Period
from finops_nb.schema import UNALLOCATED
from finops_nb.usage import values
from finops_nb.usage.audit import SEARCHED, repeated_rows
from finops_nb.usage.dialects import NAMED
from finops_nb.usage.facts import Facts
from finops_nb.usage.model import CUBE, GROUPINGS, Grouping
from finops_nb.usage.remarks import remarks_on
from finops_nb.usage.table import MAP, Table, bad_sql, inside_sql, reserved_sql, rows_sql, unread_sql

OFFLINE: Final[dict[str, str | bool | int | float | list[str]]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}

BY_DAY: Final = ("organization", "product")
"""The names by which days are told apart, where not all of the cube is asked for."""

SUMMED: Final = "CAST(sum(cost) AS DECIMAL(38,12)) AS cost, count(*) AS entries, {} AS calls"
"""The sums of some rows, of which the calls are counted one way or another."""
SUMS: Final = "cost DECIMAL(38,12), entries BIGINT, calls BIGINT"
PREPARED: Final = (
    "SET TimeZone = 'UTC'",
    f"CREATE TABLE days (day DATE, {', '.join(f'{name} VARCHAR' for name in CUBE[1:])}, {SUMS})",
    f"CREATE TABLE owners (month DATE, {', '.join(f'{name} VARCHAR' for name in (*NAMED, 'charge', 'source_key'))}, {SUMS})",
    "CREATE TABLE requests (request VARCHAR, file VARCHAR)",
    f"CREATE TABLE {MAP} (key VARCHAR, organization VARCHAR, product VARCHAR, valid_from DATE, valid_to DATE)",
)
"""The machine's time zone says nothing. Then the two summaries: all rows by day, those of the period with some names, and the
rows of the period by month, all names and kind of charge, NULL where there is none. The requests of
sources that number them. And which organization a key of the source belongs to."""


STOPPED: Final = (duckdb.OutOfMemoryException, duckdb.InterruptException, duckdb.ParserException, duckdb.BinderException)
"""What ends the reading, and says nothing about the file."""


@contextmanager
def open_engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory with the two empty summaries; what does not fit goes to the system's folder for temporary files.

    Ctrl-C during a query, which DuckDB turns into another exception, is a `KeyboardInterrupt` again.
    """
    with tempfile.TemporaryDirectory(prefix="finops-nb-") as spill, duckdb.connect(config=OFFLINE | {"temp_directory": spill}) as db:
        # In a notebook it is set already where ipywidgets are there to draw it; where they are not, DuckDB refuses to set it at all.
        if db.execute("SELECT current_setting('enable_progress_bar')").fetchone() == (True,):
            db.execute("SET enable_progress_bar = false")
        for statement in PREPARED:
            db.execute(statement)
        try:
            yield db
        except (RuntimeError, duckdb.InterruptException) as error:
            if "interrupted" not in str(error).lower():
                raise
            raise KeyboardInterrupt from error


def knows_zone(db: duckdb.DuckDBPyConnection, zone: str) -> bool:
    """Whether the engine's own list of time zones has this one."""
    return db.execute("SELECT count(*) FROM pg_timezone_names() WHERE name = ?", [zone]).fetchone() != (0,)


def add_table(db: duckdb.DuckDBPyConnection, table: Table, params: Params, detail: bool) -> Facts:
    """Scan a file, and add it to both summaries: a line for each day and some names, and one for each month and all names.

    The names of rows outside of the period are dropped before they are grouped.

    Raises:
        duckdb.Error: the file cannot be read to its end.
    """
    period, rows = params.window, rows_sql(table, params.window, params.timezone)
    own = {"month": _month(period)} | {name: name for name in NAMED}
    own |= {"charge": "charge"} if "charge_category" in table.columns else {}
    own |= {"source_key": "source_key"} if table.mapped else {}
    by_day = CUBE[1:] if detail else BY_DAY
    counted = dict(_counts(table, params))
    scan = _two_scans if table.by_columns else _one_scan
    scan(db, table, f"SELECT *, {inside_sql(period)} AS inside FROM ({rows})", own, by_day, counted)
    for summary, keys in (("days", ("day", *by_day)), ("owners", (*own,))):
        columns = ", ".join((*keys, "cost", "entries", "calls"))
        db.execute(f"INSERT INTO {summary} ({columns}) SELECT {columns} FROM scanned_{summary}")
    if "request" in table.columns:
        named = values.sql_text(table.source.name)
        db.execute(f"INSERT INTO requests SELECT request, {named} FROM ({rows}) WHERE request IS NOT NULL")
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in ("entries", "cost", *counted))
    count, cost, *found = db.execute(f"SELECT {sums} FROM scanned_days").fetchone() or ()
    of = dict(zip(counted, found, strict=True))
    bad = of["bad"] + (_reserved_names(db, table, rows, period) if table.by_columns else 0)
    rounded, change = of.get("rounded", 0), of.get("change", ZERO)
    if of.get("unsure") and not bad:
        more_rows, more_change = values.excess(_amounts(db, f"SELECT amount FROM ({rows}) WHERE change IS NULL"))
        rounded, change = rounded + more_rows, values.WIDE.add(change, more_change)
    repeated = repeated_rows(db, table, params) if count <= SEARCHED else (0, ZERO)
    remarks = tuple((of[f"rows_{n}"], of[f"money_{n}"]) for n in range(len(remarks_on(table, params))))
    return Facts(count, bad, cost, of["magnitude"], rounded, change, remarks, of.get("elsewhere", 0), repeated)


def _month(period: Period) -> str:
    """The month of a row of the period: one for all where it has but one."""
    first = period.start.replace(day=1)
    return f"DATE '{first}'" if period.last_day.replace(day=1) == first else "date_trunc('month', day)"


def _two_scans(
    db: duckdb.DuckDBPyConnection, table: Table, rows: str, own: Mapping[str, str], by_day: Sequence[str], counted: Mapping[str, str]
) -> None:
    """The summaries of a file that stores its columns one by one: each scan reads what it groups by, and decodes no text twice."""
    sums, keys, counts = SUMMED.format(table.calls), _named(_of_period(by_day)), _named(counted)
    db.execute(f"CREATE OR REPLACE TEMP TABLE scanned_days AS SELECT inside, day, {keys}, {sums}, {counts} FROM ({rows}) GROUP BY ALL")
    db.execute(f"CREATE OR REPLACE TEMP TABLE scanned_owners AS SELECT {_named(own)}, {sums} FROM ({rows}) WHERE inside GROUP BY ALL")


def _one_scan(
    db: duckdb.DuckDBPyConnection, table: Table, rows: str, own: Mapping[str, str], by_day: Sequence[str], counted: Mapping[str, str]
) -> None:
    """The summaries of a file of text, which takes longer to read than to group: both by the grouping sets of one scan."""
    keys = _of_period(by_day) | _of_period(own.values(), own)
    by_names = ("day", *(f"in_{name}" for name in by_day)), [f"in_{name}" for name in own]
    sets = ", ".join(f"(inside, {', '.join(names)})" for names in by_names)
    inner = f"SELECT *, {', '.join(f'{sql} AS in_{name}' for name, sql in keys.items())} FROM ({rows})"
    names = ", ".join(f"in_{name} AS {name}" for name in keys)
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE scan AS SELECT grouping(day) AS by_names, inside, day, {names}, "
        f"{SUMMED.format(table.calls)}, {_named(counted)} FROM ({inner}) GROUP BY GROUPING SETS ({sets})"
    )
    db.execute("CREATE OR REPLACE TEMP TABLE scanned_days AS SELECT * FROM scan WHERE by_names = 0")
    db.execute("CREATE OR REPLACE TEMP TABLE scanned_owners AS SELECT * FROM scan WHERE by_names = 1 AND inside")


def _of_period(columns: Iterable[str], names: Iterable[str] | None = None) -> dict[str, str]:
    """Columns that are NULL outside of the period, by their names."""
    given = [*columns]
    return {name: f"CASE WHEN inside THEN {column} END" for name, column in zip(names or given, given, strict=True)}


def _named(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{column} AS {name}" for name, column in columns.items())


def _reserved_names(db: duckdb.DuckDBPyConnection, table: Table, rows: str, period: Period) -> int:
    """Rows with a name that is the report's own, looked for among the groups of the period, and row by row where there are others."""
    condition = reserved_sql(table)
    found = db.execute(f"SELECT coalesce(sum(entries), 0) FROM scanned_owners WHERE {condition}").fetchone() or (0,)
    if db.execute("SELECT count(*) FROM scanned_days WHERE inside IS NOT TRUE").fetchone() == (0,):
        return int(found[0])
    outside = db.execute(f"SELECT count(*) FROM ({rows}) WHERE ({inside_sql(period)}) IS NOT TRUE AND ({condition})").fetchone() or (0,)
    return int(found[0]) + int(outside[0])


def _counts(table: Table, params: Params) -> Iterator[tuple[str, str]]:
    """What is counted beside the summaries: names and aggregates."""
    yield "magnitude", "CAST(sum(abs(cost)) AS DECIMAL(38,12))"
    yield "bad", f"count(*) FILTER ({unread_sql(table) if table.by_columns else bad_sql(table)})"
    if values.cost_is_text(table.types["cost"]):
        yield "change", "sum(change)"
        yield "rounded", "count(*) FILTER (change <> 0)"
        yield "unsure", "count(*) FILTER (change IS NULL)"
    if "currency" in table.columns:
        yield "elsewhere", f"count(*) FILTER (inside AND currency IS DISTINCT FROM {values.sql_text(params.currency)})"
    for n, remark in enumerate(remarks_on(table, params)):
        yield f"rows_{n}", f"count(*) FILTER (inside AND ({remark.condition}))"
        yield f"money_{n}", f"sum({remark.money}) FILTER (inside AND ({remark.condition}))"


def _amounts(db: duckdb.DuckDBPyConnection, query: str) -> Iterator[str]:
    cursor = db.execute(query)
    while rows := cursor.fetchmany(10_000):
        yield from (row[0] for row in rows)


def roll_up(db: duckdb.DuckDBPyConnection, period: Period, detail: bool, untold: Collection[str]) -> dict[Grouping, pd.DataFrame]:
    """The frame of each grouping, and of the cube if asked for: `model.Usage.groups`.

    Args:
        untold: which of calls, customer and feature the source does not tell.
    """
    names = f"strftime(month, '%Y-%m') AS month, {_names(NAMED)}, charge, source_key"
    db.execute(f"CREATE TEMP TABLE named AS SELECT {names}, cost, entries, calls FROM owners")
    db.execute(f"CREATE TEMP TABLE named_days AS SELECT day, {_names(CUBE[1:])}, cost, calls FROM days WHERE {inside_sql(period)}")
    return {keys: _grouped(db, keys, untold) for keys in (*GROUPINGS, *((CUBE,) if detail else ()))}


def set_map(db: duckdb.DuckDBPyConnection, lines: Iterable[MapLine]) -> None:
    """Say which organization a key of the source belongs to, before any table is added."""
    rows = [[line.key, line.organization, line.product, line.valid_from or date.min, line.valid_to or date.max] for line in lines]
    db.executemany(f"INSERT INTO {MAP} VALUES (?, ?, ?, ?, ?)", rows) if rows else None


def _names(names: Iterable[str]) -> str:
    nobody = values.sql_text(UNALLOCATED)
    return ", ".join(f"coalesce({values.name_sql(name)}, {nobody}) AS {name}" for name in names)


def _grouped(db: duckdb.DuckDBPyConnection, keys: Grouping, untold: Collection[str]) -> pd.DataFrame:
    """The sums by these keys, and the distinct customers; those not by day."""
    columns, table = [*keys, "cost", "calls"], "named_days" if "day" in keys else "named"
    sums = [*keys, "sum(cost)", "sum(calls)"]
    if table == "named":
        columns.append("customers")
        sums.append(f"count(DISTINCT customer) FILTER (customer <> {values.sql_text(UNALLOCATED)})" if "customer" not in untold else "NULL")
    told = f" WHERE {'feature' not in untold}" if keys == ("feature",) else ""
    grouped = f" GROUP BY {', '.join(keys)} ORDER BY {', '.join(keys)}" if keys else ""
    counts = {"calls": "calls" in untold, "customers": "customer" in untold}
    kinds = {name: object if unknown else "int64" for name, unknown in counts.items()}
    return _frame(db.execute(f"SELECT {', '.join(sums)} FROM {table}{told}{grouped}").fetchall(), tuple(columns), kinds)


def _frame(rows: list[tuple[Any, ...]], columns: tuple[str, ...], counts: Mapping[str, Any]) -> pd.DataFrame:
    """Rows as a frame: text stays text, `Decimal` stays `Decimal`, counts are int64, or None where nobody knows them."""
    kinds = {"cost": object, "day": object, **counts}
    lists = list(zip(*rows, strict=True)) or [()] * len(columns)
    return pd.DataFrame({name: pd.Series(list(column), dtype=kinds.get(name, "str")) for name, column in zip(columns, lists, strict=True)})
