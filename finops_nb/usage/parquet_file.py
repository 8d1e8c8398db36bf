"""Parquet: the columns and their types, and the bad rows by number."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import duckdb

from finops_nb.errors import SHOWN, Problem, Refusal
from finops_nb.params.model import Params
from finops_nb.usage import engine
from finops_nb.usage.notices import File
from finops_nb.usage.scan import add_table
from finops_nb.usage.sources import tags, values
from finops_nb.usage.sources.columns import Columns, place_columns
from finops_nb.usage.sources.dialects import NAMED
from finops_nb.usage.sources.discovery import Source
from finops_nb.usage.sources.notice import Notice
from finops_nb.usage.sources.source_table import (
    READ,
    SourceTable,
    bad_sql,
    numbered,
    path_sql,
    read_sql,
    rows_sql,
    with_keys,
)
from finops_nb.usage.sources.values import FAULTS, known_type, name_fault

MONEY: Final = f"Write it as DECIMAL of at most {values.DIGITS} digits, or as text; a 32-bit FLOAT has lost the cents already"
TIME: Final = "Write it as TIMESTAMP, DATE or ISO 8601 text"
TYPE_FIXES: Final = {
    "timestamp": TIME,
    "billing_period": TIME,
    "charge_end": TIME,
    "cost": MONEY,
    "billed_cost": MONEY,
}
TAGS: Final = "Write them as text of JSON, a map, a struct, or a list of pairs or texts"
TYPE_FIX: Final = "Write it as text, or as an integer"


def read_columns(db: duckdb.DuckDBPyConnection, source: Source) -> tuple[tuple[str, str, str], ...]:
    """Each top-level column: its name in the file, the engine's name for it (those are unique), and its type.

    Raises:
        Refusal: this is no whole Parquet file.
    """
    try:
        described = db.execute(f"DESCRIBE SELECT * FROM {_scan(source)}").fetchall()
        schema = db.execute(
            f"SELECT name, num_children, precision, scale FROM parquet_schema({path_sql(source)})"
        ).fetchall()
    except duckdb.Error as error:
        raise unreadable(error, source) from error
    return tuple(
        (name, row[0], kind or row[1])
        for (name, kind), row in zip(_top_level(schema), described, strict=True)
    )


def _top_level(
    schema: list[tuple[str, int | None, int | None, int | None]],
) -> list[tuple[str, str]]:
    """The names of the root's children, in a schema that lists each column before its own children.

    With each its type where the engine reads it as another one: a decimal of more than 38 digits is a float to it.
    """
    names: list[tuple[str, str]] = []
    depth: list[int] = []
    for name, children, precision, scale in schema:
        if len(depth) == 1:
            names.append(
                (name, f"DECIMAL({precision},{scale})" if (precision or 0) > values.DIGITS else "")
            )
        if depth:
            depth[-1] -= 1
        depth.append(children or 0)
        while depth and depth[-1] == 0:
            depth.pop()
    return names


def open_parquet(
    db: duckdb.DuckDBPyConnection, source: Source, params: Params, detail: bool
) -> tuple[SourceTable, Columns]:
    """The file's table, with its columns of detail if asked for, and where they stand.

    Raises:
        Refusal: not Parquet, a column missing or twice there, or of a type that cannot be read exactly.
    """
    columns = read_columns(db, source)
    found = place_columns(params, [name for name, _, _ in columns], source.name, detail)
    problems = [*found.problems]
    for ours, place in found.places.items():
        name, _, kind = columns[place.position]
        if not (tags.known_type(kind) if place.tag else known_type(ours, kind)):
            fix = TAGS if place.tag else TYPE_FIXES.get(ours, TYPE_FIX)
            read_as = "tags" if place.tag else ours
            problems.append(
                Problem(
                    f"a column of type {kind}, which is not read as {read_as}",
                    fix,
                    source.name,
                    column=name,
                )
            )
    if problems:
        raise Refusal(problems)
    names, engine_names, types = (
        {ours: columns[place.position][part] for ours, place in found.places.items()}
        for part in range(3)
    )
    return SourceTable(
        source,
        found.dialect,
        _scan(source),
        engine_names,
        types,
        names,
        mapped=bool(params.mapping),
        reconciled=bool(params.invoices),
    ), found


def read_parquet(
    db: duckdb.DuckDBPyConnection, source: Source, params: Params, detail: bool
) -> File:
    """Scan a file and add it to the summaries.

    Raises:
        Refusal: all that is wrong with it, each with its row.
    """
    plain, columns = open_parquet(db, source, params, detail)
    try:
        table = with_keys(db, plain, columns)
        facts = add_table(db, table, params, detail)
        if facts.bad:
            problems = find_bad_rows(db, table, params) or [
                Problem("values that read otherwise each time", UNSOUND, source.name)
            ]
            raise Refusal(problems, max(facts.bad, len(problems)))
    except engine.STOPPED:
        raise
    except duckdb.Error as error:
        raise unreadable(error, source) from error
    text = f"{source.name} holds {table.names['cost']} as floats; each was read as its shortest decimal text."
    notices = (Notice(text, facts.rows, facts.cost),) if table.types["cost"] == values.FLOAT else ()
    return File(table, facts, notices)


def find_bad_rows(
    db: duckdb.DuckDBPyConnection, table: SourceTable, params: Params
) -> list[Problem]:
    """The problems of the first bad rows; `line` is the number of the row, from 1."""
    rows = rows_sql(
        replace(table, scan=numbered(table)),
        params.timezone,
        also="file_row_number + 1 AS number, ",
    )
    asked = ", ".join(
        f"{read_sql(table, ours)} IS NULL, CAST({READ[ours][0]} AS {values.TEXT})"
        for ours in table.checked
    )
    query = f"SELECT number, {', '.join(NAMED)}, {asked} FROM ({rows}) WHERE {bad_sql(table)} ORDER BY number LIMIT {SHOWN}"
    problems = []
    for number, *found in db.execute(query).fetchall():
        names, rest = found[: len(NAMED)], found[len(NAMED) :]
        faults = [
            (ours, text, FAULTS[ours](text) or OUT_OF_RANGE)
            for ours, bad, text in zip(table.checked, rest[::2], rest[1::2], strict=True)
            if bad
        ]
        faults += [
            (ours, name, fault)
            for ours, name in zip(NAMED, names, strict=True)
            if (fault := name_fault(name))
        ]
        for ours, value, (rule, fix) in faults:
            rule = f"{rule}, in row {number} of the Parquet file"
            problems.append(Problem(rule, fix, table.source.name, number, table.names[ours], value))
    return problems


UNSOUND: Final = "Copy or export it again; it is damaged, cut short or something else"
OUT_OF_RANGE: Final = ("a value out of range", "Correct it, or export the file again")


def unreadable(error: duckdb.Error, source: Source) -> Refusal:
    """The engine's own reason, without the path of this machine."""
    reason = str(error).splitlines()[0].replace(str(source.path.absolute()), source.name)
    rule = f"not a whole Parquet file: {reason.partition(': ')[2] or reason}"
    return Refusal(Problem(rule, UNSOUND, source.name))


def _scan(source: Source) -> str:
    return f"read_parquet({path_sql(source)}, hive_partitioning = false)"
