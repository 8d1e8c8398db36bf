"""The engine: one scan of each file into two small summaries, and every grouping rolled up from them, exactly.

Money is DECIMAL(38,12) inside and `Decimal` outside. DuckDB's `.df()` would make floats of it, so rows are fetched.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

import duckdb
import pandas as pd

from finops_nb.period import Period
from finops_nb.schema import UNALLOCATED
from finops_nb.usage import values
from finops_nb.usage.dialects import NAMED
from finops_nb.usage.model import GROUPINGS, Grouping
from finops_nb.usage.table import BAD, Table, rows_sql

OFFLINE: Final = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}

PREPARED: Final = (
    "SET enable_progress_bar = false",
    "SET TimeZone = 'UTC'",
    "CREATE TABLE days (day DATE, cost DECIMAL(38,12), calls BIGINT)",
    f"CREATE TABLE owners (month DATE, {', '.join(f'{name} VARCHAR' for name in NAMED)}, cost DECIMAL(38,12), calls BIGINT)",
)
"""Nothing is drawn in a notebook, and the machine's time zone says nothing. Then the two summaries: all rows by day, and
the rows of the period by month and names, NULL where there is none."""


STOPPED: Final = (duckdb.OutOfMemoryException, duckdb.InterruptException)
"""What ends the reading, and says nothing about the file."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the scan of one file found.

    Args:
        rows: all of them.
        bad: rows that refuse the file.
        cost: the sum of all costs that could be read.
        magnitude: the sum of their absolute values.
        rounded: rows with more than 12 decimals.
        change: what rounding them changed in all, exactly.
    """

    rows: int
    bad: int
    cost: Decimal
    magnitude: Decimal
    rounded: int
    change: Decimal


@contextmanager
def open_engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory with the two empty summaries; what does not fit goes to the system's folder for temporary files.

    Ctrl-C during a query, which DuckDB turns into another exception, is a `KeyboardInterrupt` again.
    """
    with tempfile.TemporaryDirectory(prefix="finops-nb-") as spill, duckdb.connect(config=OFFLINE | {"temp_directory": spill}) as db:
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


def add_table(db: duckdb.DuckDBPyConnection, table: Table, period: Period, zone: str) -> Facts:
    """Scan a file once, and add it to both summaries.

    The grouping sets give, of one scan, a line for each day and one for each month and names inside the period; the
    names of rows outside of it are dropped before they are grouped.

    Raises:
        duckdb.Error: the file cannot be read to its end.
    """
    rows = rows_sql(table, zone)
    own = {"month": "date_trunc('month', day)"} | {name: name for name in NAMED}
    keys = ", ".join(f"CASE WHEN inside THEN {column} END" for column in own.values())
    named_keys = ", ".join(f"CASE WHEN inside THEN {column} END AS {name}" for name, column in own.items())
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE scan AS SELECT grouping(day) AS by_names, inside, day, {named_keys}, "
        "sum(cost) AS cost, count(*) AS calls, sum(abs(cost)) AS magnitude, "
        f"count(*) FILTER ({BAD}) AS bad, sum(change) AS change, count(*) FILTER (change <> 0) AS rounded, "
        "count(*) FILTER (change IS NULL) AS unsure "
        f"FROM (SELECT *, {_inside(period)} AS inside FROM ({rows})) "
        f"GROUP BY GROUPING SETS ((inside, day), (inside, {keys}))"
    )
    db.execute("INSERT INTO days SELECT day, cost, calls FROM scan WHERE by_names = 0")
    db.execute(f"INSERT INTO owners SELECT {', '.join(own)}, cost, calls FROM scan WHERE by_names = 1 AND inside")
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in ("calls", "bad", "cost", "magnitude", "rounded", "change", "unsure"))
    count, bad, cost, magnitude, rounded, change, unsure = db.execute(f"SELECT {sums} FROM scan WHERE by_names = 0").fetchone() or ()
    if unsure and not bad:
        more_rows, more_change = values.excess(_amounts(db, f"SELECT amount FROM ({rows}) WHERE change IS NULL"))
        rounded, change = rounded + more_rows, values.WIDE.add(change, more_change)
    return Facts(count, bad, cost, magnitude, rounded, change)


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
    query = "SELECT min(day), max(day), coalesce(sum(calls), 0), coalesce(sum(cost), 0) FROM days WHERE "
    found = [db.execute(query + condition).fetchone() or () for condition in (_inside(period), f"NOT ({_inside(period)})")]
    return tuple(Span(first, last, rows, Decimal(cost)) for first, last, rows, cost in found)  # type: ignore[return-value]


def roll_up(db: duckdb.DuckDBPyConnection, period: Period) -> Mapping[Grouping, pd.DataFrame]:
    """The frame of each grouping: `model.Usage.groups`."""
    nobody = values.sql_text(UNALLOCATED)
    names = ", ".join(f"coalesce({values.name_sql(name)}, {nobody}) AS {name}" for name in NAMED)
    db.execute(f"CREATE TEMP TABLE named AS SELECT strftime(month, '%Y-%m') AS month, {names}, cost, calls FROM owners")
    return {keys: _grouped(db, keys, period) for keys in GROUPINGS}


def _grouped(db: duckdb.DuckDBPyConnection, keys: Grouping, period: Period) -> pd.DataFrame:
    if keys == ("day",):
        query = f"SELECT day, sum(cost), sum(calls) FROM days WHERE {_inside(period)} GROUP BY day ORDER BY day"
        return _frame(db.execute(query).fetchall(), (*keys, "cost", "calls"))
    customers = f"count(DISTINCT customer) FILTER (customer <> {values.sql_text(UNALLOCATED)})"
    query = f"SELECT {', '.join([*keys, 'sum(cost)', 'sum(calls)', customers])} FROM named"
    grouped = f" GROUP BY {', '.join(keys)} ORDER BY {', '.join(keys)}" if keys else ""
    return _frame(db.execute(query + grouped).fetchall(), (*keys, "cost", "calls", "customers"))


def _inside(period: Period) -> str:
    return f"day >= DATE '{period.start}' AND day < DATE '{period.end}'"


def _frame(rows: list[tuple[Any, ...]], columns: tuple[str, ...]) -> pd.DataFrame:
    """Rows as a frame: text stays text, `Decimal` stays `Decimal`, counts are int64."""
    kinds = {"cost": object, "day": object, "calls": "int64", "customers": "int64"}
    lists = list(zip(*rows, strict=True)) or [()] * len(columns)
    return pd.DataFrame({name: pd.Series(list(column), dtype=kinds.get(name, "str")) for name, column in zip(columns, lists, strict=True)})
