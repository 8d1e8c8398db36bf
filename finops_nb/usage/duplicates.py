"""Duplicates: identical rows, files with the same rows, and requests that are there twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import Final

import duckdb

from finops_nb.errors import SHOWN, Problem
from finops_nb.money import ZERO
from finops_nb.params.model import Params
from finops_nb.usage.notices import UsageFile
from finops_nb.usage.scan import FILE
from finops_nb.usage.small_files import ROW_HASH
from finops_nb.usage.sources import csv_text, values
from finops_nb.usage.sources.discovery import NAME_ONCE
from finops_nb.usage.sources.notice import Notice
from finops_nb.usage.sources.source_table import (
    WHOLE_ROW,
    SourceTable,
    in_period_sql,
    quoted,
    rows_sql,
    with_row_numbers,
)
from finops_nb.words import first_of

SEARCHED: Final = 2_000_000
"""Rows of the period, in all files, among which duplicates are looked for. With more rows the
search would take longer than everything else."""

LISTED_FILES: Final = 5
"""How many files a notice lists."""


def fingerprint_rows(
    db: duckdb.DuckDBPyConnection, files: Sequence[UsageFile], params: Params
) -> tuple[str, ...]:
    """Hash every row of the period, over all its columns, whether read or not.

    Fills the table `row_hashes`, which the other functions query: a line for each file and hash,
    with the cost of one such row and how many there are.

    Returns:
        The names of the files that were left out because there are more than `SEARCHED` rows.
    """
    db.execute(
        "CREATE TEMP TABLE row_hashes "
        "(file VARCHAR, row_hash UBIGINT, cost DECIMAL(38,12), entries BIGINT)"
    )
    left_out, searched = [], 0
    done: list[SourceTable] = []
    for file in files:
        rows_in_period, _ = file.result.in_period
        if not rows_in_period:
            continue
        searched += rows_in_period
        if searched > SEARCHED:
            left_out.append(file.name)
        elif file.together is None:
            _add_row_hashes(db, file.table, values.sql_text(file.name), "", params)
        elif not any(file.together is table for table in done):
            done.append(file.together)
            _add_row_hashes(db, file.together, FILE, f"{FILE}, ", params)
    if left_out:
        db.execute("DELETE FROM row_hashes WHERE file IN (SELECT unnest(?))", [left_out])
    return tuple(left_out)


def _add_row_hashes(
    db: duckdb.DuckDBPyConnection, table: SourceTable, file: str, also: str, params: Params
) -> None:
    """Add the hashes of a table's rows; `file` is the name of their file, as SQL."""
    row_hash = ROW_HASH if also else f"hash({WHOLE_ROW})"
    rows = rows_sql(table, params.timezone, also=f"{also}{row_hash} AS row_hash, ")
    db.execute(
        f"INSERT INTO row_hashes SELECT {file} AS name, row_hash, any_value(cost), count(*) "
        f"FROM ({rows}) WHERE {in_period_sql(params.window)} GROUP BY name, row_hash"
    )


def files_with_equal_rows(db: duckdb.DuckDBPyConnection) -> Iterator[Problem]:
    """A problem for each file that has exactly the rows of another one in the period.

    The files may be compressed or sorted differently.
    """
    # The sum of the hashes does not depend on the order of the rows. It needs 128 bits.
    contents = (
        "SELECT file, sum(CAST(row_hash AS HUGEINT) * entries) AS content, sum(entries) AS rows "
        "FROM row_hashes GROUP BY 1"
    )
    groups = db.execute(
        f"SELECT list(file ORDER BY file) AS files FROM ({contents}) "
        "GROUP BY content, rows HAVING count(*) > 1 ORDER BY files"
    ).fetchall()
    for ((first, *others),) in groups:
        for name in others:
            yield Problem(f"the file has the same rows as {first}", NAME_ONCE, name)


def duplicate_requests(
    db: duckdb.DuckDBPyConnection, files: Sequence[UsageFile]
) -> tuple[list[Problem], int]:
    """Requests that have several rows, so that their cost would count several times.

    Returns:
        The first problems, sorted by request, each with the places of the first two rows; and the
        number of all such requests.
    """
    rows = db.execute(
        "SELECT request, count(*) FROM requests GROUP BY 1 HAVING count(*) > 1 ORDER BY 1"
    ).fetchall()
    counts: dict[str, int] = dict(rows[:SHOWN])
    if not counts:
        return [], 0
    places: dict[str, list[tuple[UsageFile, int]]] = defaultdict(list)
    for file in (file for file in files if "request" in file.table.columns):
        rows_of_requests = _parquet_rows if file.table.is_columnar else _csv_lines
        for request, line in rows_of_requests(db, file.table, counts):
            places[request].append((file, line))
    problems = []
    for request, count in counts.items():
        (first, first_line), (second, line) = places[request][:2]
        times = "twice" if count == 2 else f"{count} times"
        rule = (
            f"duplicate request, so its cost would count {times}; "
            f"first on {first.place(first_line)} of {first.name}"
        )
        column = second.table.names["request"]
        fix = "Export each request once"
        problem = Problem(rule, fix, second.name, line, column, request)
        problems.append(second.placed(problem))
    return problems, len(rows)


def notices_of_equal_files(files: Sequence[UsageFile]) -> Iterator[Notice]:
    """Notices of files with the same rows and cost, by day, organization and product.

    Such files may hold the same usage in two formats.
    """
    first_files: dict[int, UsageFile] = {}
    for file in files:
        content_hash = file.result.content_hash
        if content_hash is None:
            continue
        first = first_files.setdefault(content_hash, file)
        if first is not file:
            text = (
                f"{file.name} has the same rows and cost as {first.name} by day, organization "
                "and product; if both hold the same usage, it counts twice."
            )
            yield Notice(text, *file.result.in_period)


def notices_of_identical_rows(
    db: duckdb.DuckDBPyConnection, left_out: Sequence[str]
) -> Iterator[Notice]:
    """Notices of the rows in the period that equal another row in every column.

    Args:
        db: after `fingerprint_rows`.
        left_out: what that returned.
    """
    within_files = db.execute(
        "SELECT file, sum(entries - 1), sum(CAST(entries - 1 AS INTEGER) * cost) "
        "FROM row_hashes WHERE entries > 1 GROUP BY 1 ORDER BY 1"
    ).fetchall()
    for name, rows, cost in within_files:
        yield Notice(f"{name} has duplicate rows; they were kept.", int(rows), cost)
    yield from _rows_in_common(db)
    if left_out:
        text = (
            f"Not checked for duplicate rows: {first_of(left_out, LISTED_FILES)}. "
            f"There are more than {SEARCHED:,} rows."
        )
        yield Notice(text, 0, ZERO)


def _rows_in_common(db: duckdb.DuckDBPyConnection) -> Iterator[Notice]:
    # The hashes in several files are found first, since most rows are in one file only, and lists
    # of files are dear. The most frequent file counts as the original; the others have copies.
    in_several_files = "SELECT row_hash FROM row_hashes GROUP BY 1 HAVING count(*) > 1"
    copies = (
        "SELECT list(file) AS files, any_value(cost) AS cost, sum(entries) - max(entries) AS more "
        f"FROM row_hashes WHERE row_hash IN ({in_several_files}) GROUP BY row_hash"
    )
    rows, cost, names = db.execute(
        "SELECT coalesce(sum(more), 0), coalesce(sum(CAST(more AS INTEGER) * cost), 0), "
        f"list_sort(list_distinct(flatten(list(files)))) FROM ({copies})"
    ).fetchone() or (0, ZERO, [])
    if rows:
        shown = first_of(names, LISTED_FILES)
        text = f"{shown} have rows in common, which were kept and count more than once."
        yield Notice(text, int(rows), Decimal(cost))


def _csv_lines(
    _: duckdb.DuckDBPyConnection, table: SourceTable, requests: Collection[str]
) -> Iterator[tuple[str, int]]:
    """Each row of some requests in a CSV file, with its physical line."""
    header = csv_text.read_header(table.source)
    position = header.names.index(table.names["request"])
    for record in csv_text.records(table.source, header.separator):
        row = record.row
        if record.line == 1 or not isinstance(row, list) or len(row) <= position:
            continue
        if row[position] in requests:
            yield row[position], record.line


def _parquet_rows(
    db: duckdb.DuckDBPyConnection, table: SourceTable, requests: Collection[str]
) -> Iterator[tuple[str, int]]:
    """Each row of some requests in a Parquet file, with its number from 1."""
    column = f"CAST({quoted(table.columns['request'])} AS {values.TEXT})"
    wanted = ", ".join(values.sql_text(request) for request in requests)
    yield from db.execute(
        f"SELECT {column}, file_row_number + 1 FROM {with_row_numbers(table)} "
        f"WHERE {column} IN ({wanted}) ORDER BY 2"
    ).fetchall()
