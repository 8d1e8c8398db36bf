"""Parquet: the columns and their types, and the bad rows by number."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import duckdb

from finops_nb.errors import SHOWN, Problem, Refusal
from finops_nb.params import Params
from finops_nb.usage import values
from finops_nb.usage.dialects import DETAIL, NAMED, place_columns
from finops_nb.usage.sources import Source
from finops_nb.usage.table import BAD, Table, path_sql, rows_sql

TYPE_FIXES: Final = {
    "timestamp": "Write it as TIMESTAMP, DATE or ISO 8601 text",
    "cost": "Write it as DECIMAL, or as text; a 32-bit FLOAT has lost the cents already",
} | dict.fromkeys((*NAMED, *DETAIL), "Write it as text, or as an integer")


def read_columns(db: duckdb.DuckDBPyConnection, source: Source) -> tuple[tuple[str, str, str], ...]:
    """Each top-level column: its name in the file, the engine's name for it (those are unique), and its type.

    Raises:
        Refusal: this is no whole Parquet file.
    """
    try:
        described = db.execute(f"DESCRIBE SELECT * FROM {_scan(source)}").fetchall()
        schema = db.execute(f"SELECT name, num_children FROM parquet_schema({path_sql(source)})").fetchall()
    except duckdb.Error as error:
        raise unreadable(error, source) from error
    return tuple((name, row[0], row[1]) for name, row in zip(_top_level(schema), described, strict=True))


def _top_level(schema: list[tuple[str, int | None]]) -> list[str]:
    """The names of the root's children, in a schema that lists each column before its own children."""
    names: list[str] = []
    depth: list[int] = []
    for name, children in schema:
        if len(depth) == 1:
            names.append(name)
        if depth:
            depth[-1] -= 1
        depth.append(children or 0)
        while depth and depth[-1] == 0:
            depth.pop()
    return names


def open_parquet(db: duckdb.DuckDBPyConnection, source: Source, params: Params, detail: bool) -> Table:
    """The file's table, with its columns of detail if asked for.

    Raises:
        Refusal: not Parquet, a column missing or twice there, or of a type that cannot be read exactly.
    """
    columns = read_columns(db, source)
    places, problems = place_columns(params, [name for name, _, _ in columns], source.name, detail)
    for ours, place in places.items():
        name, _, kind = columns[place]
        if not values.known_type(ours, kind):
            problems.append(Problem(f"a column of type {kind}, which is not read as {ours}", TYPE_FIXES[ours], source.name, column=name))
    if problems:
        raise Refusal(problems)
    names, engine_names, types = ({ours: columns[place][part] for ours, place in places.items()} for part in range(3))
    return Table(source, _scan(source), engine_names, types, names)


def find_faults(db: duckdb.DuckDBPyConnection, table: Table, zone: str) -> list[Problem]:
    """The problems of the first bad rows; `line` is the number of the row, from 1."""
    rows = rows_sql(replace(table, scan=_scan(table.source, numbered=True)), zone, also="file_row_number + 1 AS number, ")
    query = (
        f"SELECT number, day IS NULL, cost IS NULL, CAST(time AS {values.TEXT}), CAST(amount AS {values.TEXT}), {', '.join(NAMED)} "
        f"FROM ({rows}) WHERE {BAD} ORDER BY number LIMIT {SHOWN}"
    )
    problems = []
    for number, no_day, no_cost, time, amount, *names in db.execute(query).fetchall():
        faults = [("timestamp", time, values.time_fault(time) or OUT_OF_RANGE)] if no_day else []
        faults += [("cost", amount, values.cost_fault(amount) or OUT_OF_RANGE)] if no_cost else []
        faults += [(ours, name, fault) for ours, name in zip(NAMED, names, strict=True) if (fault := values.name_fault(name))]
        for ours, value, (rule, fix) in faults:
            rule = f"{rule}, in row {number} of the Parquet file"
            problems.append(Problem(rule, fix, table.source.name, number, table.names[ours], value))
    return problems


OUT_OF_RANGE: Final = ("a value out of range", "Correct it, or export the file again")


def unreadable(error: duckdb.Error, source: Source) -> Refusal:
    """The engine's own reason, without the path of this machine."""
    reason = str(error).splitlines()[0].replace(str(source.path.absolute()), source.name)
    rule = f"not a whole Parquet file: {reason.partition(': ')[2] or reason}"
    return Refusal(Problem(rule, "Copy or export it again; it is damaged, cut short or something else", source.name))


def _scan(source: Source, numbered: bool = False) -> str:
    numbers = ", file_row_number = true" if numbered else ""
    return f"read_parquet({path_sql(source)}, hive_partitioning = false{numbers})"
