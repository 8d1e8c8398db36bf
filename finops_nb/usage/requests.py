"""Requests: a source that numbers them has each of them once, or its cost would count twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

import duckdb

from finops_nb.errors import Problem, SHOWN
from finops_nb.usage.sources import csv_text, values
from finops_nb.usage.facts import File
from finops_nb.usage.sources.source_table import Table, numbered, quoted


def repeated_requests(db: duckdb.DuckDBPyConnection, files: Sequence[File]) -> tuple[list[Problem], int]:
    """A problem for each request of which there are several rows, with the places of the first two; and how many there are.

    Returns:
        The first problems, sorted by request, and the number of all.
    """
    found = db.execute("SELECT request, count(*) FROM requests GROUP BY 1 HAVING count(*) > 1 ORDER BY 1").fetchall()
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


def _lines_of(_: duckdb.DuckDBPyConnection, table: Table, wanted: Collection[str]) -> Iterator[tuple[str, int]]:
    """Each row of some requests in a CSV file, with its physical line."""
    header = csv_text.read_header(table.source)
    place = header.names.index(table.names["request"])
    for record in csv_text.records(table.source, header.separator):
        if isinstance(record.row, list) and record.line > 1 and len(record.row) > place and record.row[place] in wanted:
            yield record.row[place], record.line


def _rows_of(db: duckdb.DuckDBPyConnection, table: Table, wanted: Collection[str]) -> Iterator[tuple[str, int]]:
    """Each row of some requests in a Parquet file, with its number from 1."""
    column = f"CAST({quoted(table.columns['request'])} AS {values.TEXT})"
    listed = ", ".join(map(values.sql_text, wanted))
    yield from db.execute(f"SELECT {column}, file_row_number + 1 FROM {numbered(table)} WHERE {column} IN ({listed}) ORDER BY 2").fetchall()
