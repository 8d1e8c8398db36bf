"""The engine: one scan of each file into two small summaries, and every grouping rolled up from them, exactly.

Money is DECIMAL(38,12) inside and `Decimal` outside. DuckDB's `.df()` would make floats of it, so rows are fetched.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
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
from finops_nb.usage.dialects import DETAIL, NAMED
from finops_nb.usage.model import CUBE, GROUPINGS, Grouping
from finops_nb.usage.table import BAD, Table, rows_sql

OFFLINE: Final[dict[str, str | bool | int | float | list[str]]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}

BY_DAY: Final = ("organization", "product")
"""The names by which days are told apart, where not all of the cube is asked for."""

PREPARED: Final = (
    "SET TimeZone = 'UTC'",
    f"CREATE TABLE days (day DATE, {', '.join(f'{name} VARCHAR' for name in CUBE[1:])}, cost DECIMAL(38,12), calls BIGINT)",
    f"CREATE TABLE owners (month DATE, {', '.join(f'{name} VARCHAR' for name in NAMED)}, cost DECIMAL(38,12), calls BIGINT)",
)
"""The machine's time zone says nothing. Then the two summaries: all rows by day, those
of the period with some names, and the rows of the period by month and all names, NULL where there is none."""


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


def add_table(db: duckdb.DuckDBPyConnection, table: Table, period: Period, zone: str, detail: bool) -> Facts:
    """Scan a file once, and add it to both summaries.

    The grouping sets give, of one scan, a line for each day and some names and one for each month and all names; the
    names of rows outside of the period are dropped before they are grouped.

    Raises:
        duckdb.Error: the file cannot be read to its end.
    """
    rows = rows_sql(table, zone)
    own = {"month": "date_trunc('month', day)"} | {name: name for name in NAMED}
    by_day = CUBE[1:] if detail else BY_DAY
    inside = {name: f"CASE WHEN inside THEN {column} END" for name, column in (own | {name: name for name in DETAIL}).items()}
    day_keys, owner_keys = ([inside[name] for name in names] for names in (by_day, own))
    named_keys = ", ".join(f"{key} AS {name}" for name, key in inside.items() if name in (*own, *by_day))
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE scan AS SELECT grouping(day) AS by_names, inside, day, {named_keys}, "
        "sum(cost) AS cost, count(*) AS calls, sum(abs(cost)) AS magnitude, "
        f"count(*) FILTER ({BAD}) AS bad, sum(change) AS change, count(*) FILTER (change <> 0) AS rounded, "
        "count(*) FILTER (change IS NULL) AS unsure "
        f"FROM (SELECT *, {_inside(period)} AS inside FROM ({rows})) "
        f"GROUP BY GROUPING SETS ((inside, day, {', '.join(day_keys)}), (inside, {', '.join(owner_keys)}))"
    )
    columns = f"day, {', '.join(by_day)}, cost, calls"
    db.execute(f"INSERT INTO days ({columns}) SELECT {columns} FROM scan WHERE by_names = 0")
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
    inside, outside = (Span(first, last, rows, Decimal(cost)) for first, last, rows, cost in found)
    return inside, outside


def roll_up(db: duckdb.DuckDBPyConnection, period: Period, detail: bool) -> Mapping[Grouping, pd.DataFrame]:
    """The frame of each grouping, and of the cubes if asked for: `model.Usage.groups`."""
    db.execute(f"CREATE TEMP TABLE named AS SELECT strftime(month, '%Y-%m') AS month, {_names(NAMED)}, cost, calls FROM owners")
    db.execute(f"CREATE TEMP TABLE named_days AS SELECT day, {_names(CUBE[1:])}, cost, calls FROM days WHERE {_inside(period)}")
    return {keys: _grouped(db, keys) for keys in (*GROUPINGS, *((CUBE,) if detail else ()))}


def _names(names: Iterable[str]) -> str:
    nobody = values.sql_text(UNALLOCATED)
    return ", ".join(f"coalesce({values.name_sql(name)}, {nobody}) AS {name}" for name in names)


def _grouped(db: duckdb.DuckDBPyConnection, keys: Grouping) -> pd.DataFrame:
    """The sums by these keys, and the distinct customers; those not by day."""
    columns, table = [*keys, "cost", "calls"], "named_days" if "day" in keys else "named"
    sums = [*keys, "sum(cost)", "sum(calls)"]
    if table == "named":
        columns.append("customers")
        sums.append(f"count(DISTINCT customer) FILTER (customer <> {values.sql_text(UNALLOCATED)})")
    grouped = f" GROUP BY {', '.join(keys)} ORDER BY {', '.join(keys)}" if keys else ""
    return _frame(db.execute(f"SELECT {', '.join(sums)} FROM {table}{grouped}").fetchall(), tuple(columns))


def _inside(period: Period) -> str:
    return f"day >= DATE '{period.start}' AND day < DATE '{period.end}'"


def _frame(rows: list[tuple[Any, ...]], columns: tuple[str, ...]) -> pd.DataFrame:
    """Rows as a frame: text stays text, `Decimal` stays `Decimal`, counts are int64."""
    kinds = {"cost": object, "day": object, "calls": "int64", "customers": "int64"}
    lists = list(zip(*rows, strict=True)) or [()] * len(columns)
    return pd.DataFrame({name: pd.Series(list(column), dtype=kinds.get(name, "str")) for name, column in zip(columns, lists, strict=True)})
