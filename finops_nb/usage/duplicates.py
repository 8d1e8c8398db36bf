"""Repeats: rows that are identical to another one, in the same file or in another, and files that hold the same rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import Final

import duckdb

from finops_nb.errors import SHOWN, Problem
from finops_nb.money import ZERO
from finops_nb.params.model import Params
from finops_nb.usage.notices import File
from finops_nb.usage.sources import csv_text, values
from finops_nb.usage.sources.discovery import NAME_ONCE
from finops_nb.usage.sources.notice import Notice
from finops_nb.usage.sources.source_table import (
    ROW,
    SourceTable,
    inside_sql,
    numbered,
    quoted,
    rows_sql,
)

SEARCHED: Final = 2_000_000
"""Rows of the period in all among which repeats are looked for; in more it would take longer than all else."""


def note_rows(
    db: duckdb.DuckDBPyConnection, files: Sequence[File], params: Params
) -> tuple[str, ...]:
    """Take a fingerprint of every row of the period, of all its columns, read or not.

    Returns:
        The names of the files that were left out, since with them there would be too many rows.
    """
    db.execute(
        "CREATE TEMP TABLE prints (file VARCHAR, print UBIGINT, cost DECIMAL(38,12), entries BIGINT)"
    )
    left_out, so_far = [], 0
    for file in (file for file in files if file.facts.inside[0]):
        so_far += file.facts.inside[0]
        if so_far > SEARCHED:
            left_out.append(file.table.source.name)
            continue
        rows = rows_sql(file.table, params.timezone, also=f"hash({ROW}) AS print, ")
        grouped = f"print, any_value(cost), count(*) FROM ({rows}) WHERE {inside_sql(params.window)} GROUP BY print"
        db.execute(f"INSERT INTO prints SELECT ?, {grouped}", [file.table.source.name])
    return tuple(left_out)


def refuse_same_rows(db: duckdb.DuckDBPyConnection) -> Iterator[Problem]:
    """A problem for each file whose rows of the period are those of one before it, all and no others, packed or ordered otherwise."""
    sums = "sum(CAST(print AS HUGEINT) * entries) AS content, sum(entries) AS rows"
    of_files = f"SELECT file, {sums} FROM prints GROUP BY 1"
    query = f"SELECT list(file ORDER BY file) AS files FROM ({of_files}) GROUP BY content, rows HAVING count(*) > 1 ORDER BY files"
    for ((first, *others),) in db.execute(query).fetchall():
        yield from (
            Problem(f"the file has the same rows as {first}", NAME_ONCE, name) for name in others
        )


def same_content(files: Sequence[File]) -> Iterator[Notice]:
    """Notices of the files that have as many rows and the same cost as one before them, by day, organization and product."""
    first: dict[int, File] = {}
    for file in files:
        if (
            file.facts.content is not None
            and (before := first.setdefault(file.facts.content, file)) is not file
        ):
            two = (
                f"{file.table.source.name} has the rows and the cost of {before.table.source.name}"
            )
            text = f"{two}, by day, organization and product; if it is the same usage, it counts twice."
            yield Notice(text, *file.facts.inside)


def repeats(db: duckdb.DuckDBPyConnection, left_out: Sequence[str]) -> Iterator[Notice]:
    """Notices of the rows of the period that are as another one before them in every column."""
    within = "SELECT file, sum(entries - 1), sum(CAST(entries - 1 AS INTEGER) * cost) FROM prints WHERE entries > 1 GROUP BY 1 ORDER BY 1"
    for name, rows, cost in db.execute(within).fetchall():
        yield Notice(
            f"{name} has rows that are identical to another one; they were kept.", int(rows), cost
        )
    in_two = "SELECT print FROM prints GROUP BY 1 HAVING count(*) > 1"  # first by itself: of most rows there is nothing more to gather
    shared = (
        "SELECT list(file) AS files, any_value(cost) AS cost, sum(entries) - max(entries) AS more FROM prints "
        f"WHERE print IN ({in_two}) GROUP BY print"
    )
    named = "list_sort(list_distinct(flatten(list(files))))"
    query = f"SELECT coalesce(sum(more), 0), coalesce(sum(CAST(more AS INTEGER) * cost), 0), {named} FROM ({shared})"
    rows, cost, names = db.execute(query).fetchone() or (0, ZERO, [])
    if rows:
        yield Notice(
            f"{_listed(names)} have rows in common, which were kept and count more than once.",
            int(rows),
            Decimal(cost),
        )
    if left_out:
        text = f"Identical rows were not looked for in {_listed(left_out)}: there are more than {SEARCHED:,} rows."
        yield Notice(text, 0, ZERO)


def _listed(names: Sequence[str]) -> str:
    shown = names if len(names) < 6 else [*names[:5], f"{len(names) - 5} more"]
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))


def repeated_requests(
    db: duckdb.DuckDBPyConnection, files: Sequence[File]
) -> tuple[list[Problem], int]:
    """A problem for each request of which there are several rows, with the places of the first two; and how many there are.

    Returns:
        The first problems, sorted by request, and the number of all.
    """
    found = db.execute(
        "SELECT request, count(*) FROM requests GROUP BY 1 HAVING count(*) > 1 ORDER BY 1"
    ).fetchall()
    shown = dict(found[:SHOWN])
    places: dict[str, list[tuple[str, int, str]]] = defaultdict(list)
    for table in (file.table for file in files if shown and "request" in file.table.columns):
        for request, line in (_rows_of if table.by_columns else _lines_of)(db, table, shown):
            places[request].append((table.source.name, line, table.names["request"]))
    problems = []
    for request, count in shown.items():
        (first, at, _), (name, line, column) = places[request][:2]
        times = "twice" if count == 2 else f"{count} times"
        rule = f"a request again, whose cost would count {times}: it stands in line {at} of {first}"
        problems.append(Problem(rule, "Export each request once", name, line, column, request))
    return problems, len(found)


def _lines_of(
    _: duckdb.DuckDBPyConnection, table: SourceTable, wanted: Collection[str]
) -> Iterator[tuple[str, int]]:
    """Each row of some requests in a CSV file, with its physical line."""
    header = csv_text.read_header(table.source)
    place = header.names.index(table.names["request"])
    for record in csv_text.records(table.source, header.separator):
        if (
            isinstance(record.row, list)
            and record.line > 1
            and len(record.row) > place
            and record.row[place] in wanted
        ):
            yield record.row[place], record.line


def _rows_of(
    db: duckdb.DuckDBPyConnection, table: SourceTable, wanted: Collection[str]
) -> Iterator[tuple[str, int]]:
    """Each row of some requests in a Parquet file, with its number from 1."""
    column = f"CAST({quoted(table.columns['request'])} AS {values.TEXT})"
    listed = ", ".join(map(values.sql_text, wanted))
    yield from db.execute(
        f"SELECT {column}, file_row_number + 1 FROM {numbered(table)} WHERE {column} IN ({listed}) ORDER BY 2"
    ).fetchall()
