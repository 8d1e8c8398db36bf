"""A file as the engine scans it: which of its columns is which of ours, and each row's cost and day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from finops_nb.schema import UNALLOCATED
from finops_nb.usage import values
from finops_nb.usage.dialects import DETAIL, NAMED
from finops_nb.usage.sources import Source

BAD: Final = " OR ".join(
    ("day IS NULL", "cost IS NULL", *(f"{name} = {values.sql_text(UNALLOCATED)}" for name in NAMED)),
)
"""The condition, on `rows_sql`, that refuses a row."""


@dataclass(frozen=True, slots=True)
class Table:
    """One file of usage in SQL.

    Args:
        source: the file.
        scan: the table function that reads it.
        columns: the name of each needed column in `scan`, and of those of detail that are read.
        types: DuckDB's type of each.
        names: what the file calls each.
    """

    source: Source
    scan: str
    columns: Mapping[str, str]
    types: Mapping[str, str]
    names: Mapping[str, str]


def path_sql(source: Source) -> str:
    """The path as a literal, no character of which is taken for a pattern."""
    return values.sql_text("".join(f"[{char}]" if char in "*?[" else char for char in str(source.path.absolute())))


def rows_sql(table: Table, zone: str, *, also: str = "") -> str:
    """A query of each row: `time` and `amount` as they stand there, `day`, `cost`, what rounding `change`d, and the names.

    Args:
        zone: the time zone of the days.
        also: more columns of the scan, each with a comma after it.
    """
    taken = {ours: _quoted(column) for ours, column in table.columns.items()}
    for ours in table.columns:
        if ours in (*NAMED, *DETAIL) or (ours == "cost" and values.cost_is_text(table.types[ours])):
            taken[ours] = f"CAST({taken[ours]} AS {values.TEXT})"
    day, cost = values.day_sql("time", table.types["timestamp"], zone), values.cost_sql("amount", table.types["cost"])
    names = ", ".join(f"{taken.get(name, 'NULL')} AS {name}" for name in (*NAMED, *DETAIL))
    return (
        f"SELECT *, {values.excess_sql('amount', 'cost', table.types['cost'])} AS change FROM ("
        f"SELECT *, {day} AS day, {cost} AS cost FROM ("
        f"SELECT {also}{taken['timestamp']} AS time, {taken['cost']} AS amount, {names} FROM {table.scan}))"
    )


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
