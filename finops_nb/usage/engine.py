"""The engine: two small summaries of all files, and every grouping rolled up from them, exactly.

Money is DECIMAL(38,12) inside and `Decimal` outside. DuckDB's `.df()` would turn it into floats, so
rows are fetched instead.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import duckdb

from finops_nb.params.organizations import MapLine
from finops_nb.period import Period
from finops_nb.schema import UNALLOCATED
from finops_nb.temporary_folders import temporary_folder
from finops_nb.usage.model import CELLS, CELLS_BY_DAY, CUBE, DAYS, GROUPINGS, Grouping
from finops_nb.usage.sources import values
from finops_nb.usage.sources.dialects import DETAIL, NAMED, TOKENS
from finops_nb.usage.sources.source_table import ORGANIZATION_MAP, in_period_sql

if TYPE_CHECKING:
    import pandas as pd

OFFLINE: Final[dict[str, str | bool | int | float | list[str]]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
"""Reading usage must not download anything."""

DAY_NAMES: Final = ", ".join(f"{name} VARCHAR" for name in dict.fromkeys(CUBE[1:] + CELLS))
OWNER_NAMES: Final = ", ".join(f"{name} VARCHAR" for name in (*NAMED, "charge", "source_key"))
SUMS: Final = "cost DECIMAL(38,12), entries BIGINT, calls BIGINT"
CREDITS: Final = "credits DECIMAL(38,12)"
TOKEN_SUMS: Final = ", ".join(f"{column} HUGEINT" for column in TOKENS)
NAMED_IN_DAYS: Final = ("organization", "product", "feature", *DETAIL)
KEYS: Final = "key VARCHAR, organization VARCHAR, product VARCHAR"

SETUP: Final = (
    # The machine's own time zone must not matter.
    "SET TimeZone = 'UTC'",
    # A damaged Parquet file may deny in its statistics that a cost is missing. With this optimizer
    # the engine would believe it, and not see the missing cost.
    "SET disabled_optimizers = 'statistics_propagation'",
    # The first summary: all rows by day, and by some names (`scan.BY_DAY`, or all of the cube).
    f"CREATE TABLE days (day DATE, {DAY_NAMES}, {SUMS}, {CREDITS}, {TOKEN_SUMS})",
    # The second: rows of the period by month, all names and kind of charge; NULL for no name.
    f"CREATE TABLE owners (month DATE, {OWNER_NAMES}, {SUMS})",
    # The requests of sources that number them.
    "CREATE TABLE requests (request VARCHAR, file VARCHAR)",
    # organizations.csv.
    f"CREATE TABLE {ORGANIZATION_MAP} ({KEYS}, valid_from DATE, valid_to DATE)",
)

ENGINE_STOPPED: Final = (
    duckdb.OutOfMemoryException,
    duckdb.InterruptException,
    duckdb.ParserException,
    duckdb.BinderException,
)
"""Errors that end the reading but say nothing about the file."""


@contextmanager
def open_engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory with the two empty summaries.

    What does not fit in memory goes to the system's folder for temporary files.

    Raises:
        KeyboardInterrupt: Ctrl-C during a query, which DuckDB turns into another exception.
    """
    with (
        temporary_folder() as spill,
        duckdb.connect(config=OFFLINE | {"temp_directory": str(spill)}) as db,
    ):
        # In a notebook DuckDB draws a progress bar if ipywidgets are installed. If they are not, it
        # refuses to set this at all, even to false.
        if db.execute("SELECT current_setting('enable_progress_bar')").fetchone() == (True,):
            db.execute("SET enable_progress_bar = false")
        for statement in SETUP:
            db.execute(statement)
        try:
            yield db
        except (RuntimeError, duckdb.InterruptException) as error:
            if "interrupted" not in str(error).lower():
                raise
            raise KeyboardInterrupt from error


def has_time_zone(db: duckdb.DuckDBPyConnection, zone: str) -> bool:
    """Whether the engine's own list of time zones has this one."""
    query = "SELECT count(*) FROM pg_timezone_names() WHERE name = ?"
    return db.execute(query, [zone]).fetchone() != (0,)


def load_organization_map(db: duckdb.DuckDBPyConnection, lines: Iterable[MapLine]) -> None:
    """Store which organization each key of the source belongs to, before any file is added."""
    rows = [
        (
            line.key,
            line.organization,
            line.product,
            line.valid_from or date.min,
            line.valid_to or date.max,
        )
        for line in lines
    ]
    if rows:
        # A list for each column is stored a hundred times as fast as row after row.
        types = ("VARCHAR", "VARCHAR", "VARCHAR", "DATE", "DATE")
        columns = ", ".join(f"unnest(CAST(? AS {kind}[]))" for kind in types)
        lists = [list(column) for column in zip(*rows, strict=True)]
        db.execute(f"INSERT INTO {ORGANIZATION_MAP} SELECT {columns}", lists)


def roll_up(
    db: duckdb.DuckDBPyConnection,
    period: Period,
    detail: Grouping,
    missing_columns: Collection[str],
) -> dict[Grouping, pd.DataFrame]:
    """The frame of each grouping, as in `model.Usage.groups`.

    Also makes the tables `named` and `named_days`, the rows of `owners` and `days` with
    `UNALLOCATED` for no name, which `queries` uses.

    Args:
        db: with all files added.
        period: of the report.
        detail: the finest summary: the cube, or `CELLS_BY_DAY` for `CELLS` and `DAYS`, or none.
        missing_columns: which of calls, customer and feature the source does not have.
    """
    db.execute(
        f"CREATE TEMP TABLE named AS SELECT strftime(month, '%Y-%m') AS month, "
        f"{_names_sql(NAMED)}, charge, source_key, cost, entries, calls FROM owners"
    )
    db.execute(
        f"CREATE TEMP TABLE named_days AS SELECT day, {_names_sql(NAMED_IN_DAYS)}, "
        "coalesce(charge, '') AS charge, coalesce(source_key, '') AS source_key, "
        f"cost, calls, credits, {', '.join(TOKENS)} FROM days WHERE {in_period_sql(period)}"
    )
    finest = (CELLS, DAYS) if detail == CELLS_BY_DAY else (detail,) if detail else ()
    groupings = (*GROUPINGS, *finest)
    return {keys: _group(db, keys, missing_columns) for keys in groupings}


def _names_sql(names: Iterable[str]) -> str:
    nobody = values.sql_text(UNALLOCATED)
    return ", ".join(f"coalesce({values.name_sql(name)}, {nobody}) AS {name}" for name in names)


def _group(
    db: duckdb.DuckDBPyConnection, keys: Grouping, missing_columns: Collection[str]
) -> pd.DataFrame:
    """The sums by these keys; and the distinct customers, unless a key is the day."""
    by_day = "day" in keys or keys == CELLS
    # Where some rows don't say their calls, those of the others are no number of calls.
    calls = "NULL" if "calls" in missing_columns else "sum(calls)"
    columns, sums = [*keys, "cost", "calls"], [*keys, "sum(cost)", calls]
    if keys == CUBE:
        columns.append("credits")
        sums.append("sum(credits)")
    if keys == CELLS:
        columns += TOKENS
        sums += [f"CASE WHEN count({each}) = count(*) THEN sum({each}) END" for each in TOKENS]
    if not by_day:
        columns.append("customers")
        sums.append(_customers_sql(missing_columns))
    query = f"SELECT {', '.join(sums)} FROM {'named_days' if by_day else 'named'}"
    if keys == ("feature",) and "feature" in missing_columns:
        query += " WHERE false"
    if keys:
        query += f" GROUP BY {', '.join(keys)} ORDER BY {', '.join(keys)}"
    types = {
        "calls": object if "calls" in missing_columns else "int64",
        "customers": object if "customer" in missing_columns else "int64",
    }
    return _frame(db.execute(query).fetchall(), columns, types)


def _customers_sql(missing_columns: Collection[str]) -> str:
    if "customer" in missing_columns:
        return "NULL"
    return f"count(DISTINCT customer) FILTER (customer <> {values.sql_text(UNALLOCATED)})"


def _frame(
    rows: list[tuple[Any, ...]], columns: list[str], count_types: Mapping[str, Any]
) -> pd.DataFrame:
    """Rows as a frame: text stays text, `Decimal` stays `Decimal`; an unknown count is None."""
    # Importing pandas takes as long as scanning a million rows; the caller may do so meanwhile.
    import pandas as pd

    types = {"cost": object, "credits": object, "day": object, **count_types}
    types |= dict.fromkeys(TOKENS, object)
    lists = list(zip(*rows, strict=True)) or [()] * len(columns)
    return pd.DataFrame(
        {
            name: pd.Series(list(column), dtype=types.get(name, "str"))
            for name, column in zip(columns, lists, strict=True)
        }
    )
