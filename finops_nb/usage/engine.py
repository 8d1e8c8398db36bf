"""The engine: two small summaries, into which files are scanned, and every grouping rolled up from them, exactly.

Money is DECIMAL(38,12) inside and `Decimal` outside. DuckDB's `.df()` would make floats of it, so rows are fetched.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import duckdb

from finops_nb.params.organizations import MapLine
from finops_nb.period import Period
from finops_nb.schema import UNALLOCATED
from finops_nb.usage.model import CUBE, GROUPINGS, Grouping
from finops_nb.usage.sources import values
from finops_nb.usage.sources.dialects import NAMED
from finops_nb.usage.sources.source_table import MAP, inside_sql

if TYPE_CHECKING:
    import pandas as pd

OFFLINE: Final[dict[str, str | bool | int | float | list[str]]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}

SUMS: Final = "cost DECIMAL(38,12), entries BIGINT, calls BIGINT"
PREPARED: Final = (
    "SET TimeZone = 'UTC'",
    "SET disabled_optimizers = 'statistics_propagation'",
    f"CREATE TABLE days (day DATE, {', '.join(f'{name} VARCHAR' for name in CUBE[1:])}, {SUMS})",
    f"CREATE TABLE owners (month DATE, {', '.join(f'{name} VARCHAR' for name in (*NAMED, 'charge', 'source_key'))}, {SUMS})",
    "CREATE TABLE requests (request VARCHAR, file VARCHAR)",
    f"CREATE TABLE {MAP} (key VARCHAR, organization VARCHAR, product VARCHAR, valid_from DATE, valid_to DATE)",
)
"""The machine's time zone says nothing. A Parquet file's own statistics are not believed: where they deny that a cost is missing, a
missing one would not be seen. Then the two summaries: all rows by day, those of the period with some names, and the
rows of the period by month, all names and kind of charge, NULL where there is none. The requests of
sources that number them. And which organization a key of the source belongs to."""


STOPPED: Final = (
    duckdb.OutOfMemoryException,
    duckdb.InterruptException,
    duckdb.ParserException,
    duckdb.BinderException,
)
"""What ends the reading, and says nothing about the file."""


@contextmanager
def open_engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory with the two empty summaries; what does not fit goes to the system's folder for temporary files.

    Ctrl-C during a query, which DuckDB turns into another exception, is a `KeyboardInterrupt` again.
    """
    with (
        tempfile.TemporaryDirectory(prefix="finops-nb-") as spill,
        duckdb.connect(config=OFFLINE | {"temp_directory": spill}) as db,
    ):
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
    return db.execute(
        "SELECT count(*) FROM pg_timezone_names() WHERE name = ?", [zone]
    ).fetchone() != (0,)


def roll_up(
    db: duckdb.DuckDBPyConnection, period: Period, detail: bool, missing_columns: Collection[str]
) -> dict[Grouping, pd.DataFrame]:
    """The frame of each grouping, and of the cube if asked for: `model.Usage.groups`.

    Args:
        missing_columns: which of calls, customer and feature the source does not tell.
    """
    names = f"strftime(month, '%Y-%m') AS month, {_names(NAMED)}, charge, source_key"
    db.execute(f"CREATE TEMP TABLE named AS SELECT {names}, cost, entries, calls FROM owners")
    db.execute(
        f"CREATE TEMP TABLE named_days AS SELECT day, {_names(CUBE[1:])}, cost, calls FROM days WHERE {inside_sql(period)}"
    )
    return {
        keys: _grouped(db, keys, missing_columns)
        for keys in (*GROUPINGS, *((CUBE,) if detail else ()))
    }


def set_map(db: duckdb.DuckDBPyConnection, lines: Iterable[MapLine]) -> None:
    """Say which organization a key of the source belongs to, before any table is added."""
    rows = [
        [
            line.key,
            line.organization,
            line.product,
            line.valid_from or date.min,
            line.valid_to or date.max,
        ]
        for line in lines
    ]
    db.executemany(f"INSERT INTO {MAP} VALUES (?, ?, ?, ?, ?)", rows) if rows else None


def _names(names: Iterable[str]) -> str:
    nobody = values.sql_text(UNALLOCATED)
    return ", ".join(f"coalesce({values.name_sql(name)}, {nobody}) AS {name}" for name in names)


def _grouped(
    db: duckdb.DuckDBPyConnection, keys: Grouping, missing_columns: Collection[str]
) -> pd.DataFrame:
    """The sums by these keys, and the distinct customers; those not by day."""
    columns, table = [*keys, "cost", "calls"], "named_days" if "day" in keys else "named"
    sums = [*keys, "sum(cost)", "sum(calls)"]
    if table == "named":
        columns.append("customers")
        sums.append(
            f"count(DISTINCT customer) FILTER (customer <> {values.sql_text(UNALLOCATED)})"
            if "customer" not in missing_columns
            else "NULL"
        )
    told = f" WHERE {'feature' not in missing_columns}" if keys == ("feature",) else ""
    grouped = f" GROUP BY {', '.join(keys)} ORDER BY {', '.join(keys)}" if keys else ""
    counts = {"calls": "calls" in missing_columns, "customers": "customer" in missing_columns}
    kinds = {name: object if unknown else "int64" for name, unknown in counts.items()}
    return _frame(
        db.execute(f"SELECT {', '.join(sums)} FROM {table}{told}{grouped}").fetchall(),
        tuple(columns),
        kinds,
    )


def _frame(
    rows: list[tuple[Any, ...]], columns: tuple[str, ...], counts: Mapping[str, Any]
) -> pd.DataFrame:
    """Rows as a frame: text stays text, `Decimal` stays `Decimal`, counts are int64, or None where nobody knows them."""
    import pandas as pd  # its import takes as long as the scan of a million rows, and may go on beside that

    kinds = {"cost": object, "day": object, **counts}
    lists = list(zip(*rows, strict=True)) or [()] * len(columns)
    return pd.DataFrame(
        {
            name: pd.Series(list(column), dtype=kinds.get(name, "str"))
            for name, column in zip(columns, lists, strict=True)
        }
    )
