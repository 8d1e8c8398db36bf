"""The engine: one scan of each file into two small summaries, and every grouping rolled up from them, exactly.

Money is DECIMAL(38,12) inside and `Decimal` outside. DuckDB's `.df()` would make floats of it, so rows are fetched.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
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
from finops_nb.usage.dialects import DETAIL, NAMED
from finops_nb.usage.facts import Facts
from finops_nb.usage.model import CUBE, GROUPINGS, Grouping
from finops_nb.usage.remarks import remarks_on
from finops_nb.usage.table import MAP, Table, bad_sql, inside_sql, rows_sql

OFFLINE: Final[dict[str, str | bool | int | float | list[str]]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}

BY_DAY: Final = ("organization", "product")
"""The names by which days are told apart, where not all of the cube is asked for."""

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
    """Scan a file once, and add it to both summaries.

    The grouping sets give, of one scan, a line for each day and some names and one for each month and all names; the
    names of rows outside of the period are dropped before they are grouped.

    Raises:
        duckdb.Error: the file cannot be read to its end.
    """
    period = params.window
    rows = rows_sql(table, period, params.timezone)
    own = {"month": "date_trunc('month', day)"} | {name: name for name in NAMED}
    own |= {"charge": "charge"} if "charge_category" in table.columns else {}
    own |= {"source_key": "source_key"} if table.mapped else {}
    by_day = CUBE[1:] if detail else BY_DAY
    inside = {name: f"CASE WHEN inside THEN {column} END" for name, column in (own | {name: name for name in DETAIL}).items()}
    day_keys, owner_keys = ([inside[name] for name in names] for names in (by_day, own))
    named_keys = ", ".join(f"{key} AS {name}" for name, key in inside.items() if name in (*own, *by_day))
    counted = dict(_counts(table, params))
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE scan AS SELECT grouping(day) AS by_names, inside, day, {named_keys}, "
        f"sum(cost) AS cost, count(*) AS entries, {table.calls} AS calls, {', '.join(f'{sql} AS {name}' for name, sql in counted.items())} "
        f"FROM (SELECT *, {inside_sql(period)} AS inside FROM ({rows})) "
        f"GROUP BY GROUPING SETS ((inside, day, {', '.join(day_keys)}), (inside, {', '.join(owner_keys)}))"
    )
    for summary, keys, condition in (("days", ("day", *by_day), "by_names = 0"), ("owners", (*own,), "by_names = 1 AND inside")):
        columns = ", ".join((*keys, "cost", "entries", "calls"))
        db.execute(f"INSERT INTO {summary} ({columns}) SELECT {columns} FROM scan WHERE {condition}")
    if "request" in table.columns:
        named = values.sql_text(table.source.name)
        db.execute(f"INSERT INTO requests SELECT request, {named} FROM ({rows}) WHERE request IS NOT NULL")
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in ("entries", "cost", *counted))
    count, cost, *found = db.execute(f"SELECT {sums} FROM scan WHERE by_names = 0").fetchone() or ()
    of = dict(zip(counted, found, strict=True))
    rounded, change = of["rounded"], of["change"]
    if of["unsure"] and not of["bad"]:
        more_rows, more_change = values.excess(_amounts(db, f"SELECT amount FROM ({rows}) WHERE change IS NULL"))
        rounded, change = rounded + more_rows, values.WIDE.add(change, more_change)
    repeated = repeated_rows(db, table, params) if count <= SEARCHED else (0, ZERO)
    remarks = tuple((of[f"rows_{n}"], of[f"money_{n}"]) for n in range(len(remarks_on(table, params))))
    return Facts(count, of["bad"], cost, of["magnitude"], rounded, change, remarks, of.get("elsewhere", 0), repeated)


def _counts(table: Table, params: Params) -> Iterator[tuple[str, str]]:
    """What is counted beside the summaries: names and aggregates."""
    yield "magnitude", "sum(abs(cost))"
    yield "bad", f"count(*) FILTER ({bad_sql(table)})"
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


@dataclass(frozen=True, slots=True)
class Span:
    """Days, rows and cost of what was read, inside the period or outside of it; no day where there are no rows."""

    first: date | None
    last: date | None
    rows: int
    cost: Decimal


def spans(db: duckdb.DuckDBPyConnection, period: Period) -> tuple[Span, Span]:
    """What lies inside the period, and what outside."""
    query = "SELECT min(day), max(day), coalesce(sum(entries), 0), coalesce(sum(cost), 0) FROM days WHERE "
    found = [db.execute(query + condition).fetchone() or () for condition in (inside_sql(period), f"NOT ({inside_sql(period)})")]
    inside, outside = (Span(first, last, rows, Decimal(cost)) for first, last, rows, cost in found)
    return inside, outside


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
