"""Columns that nobody reads and whose values are currencies, by whatever name: never passed over.

A first sample of rows tells which columns may be such; only these are read to their end.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from io import StringIO
from typing import Final

import duckdb

from finops_nb.errors import Problem, listed
from finops_nb.money import CURRENCY_CODES
from finops_nb.params.sources import NO_COLUMN, Source
from finops_nb.usage.sources import values
from finops_nb.usage.sources.columns import Columns
from finops_nb.usage.sources.csv_text import Header, open_text
from finops_nb.usage.sources.discovery import SourceFile
from finops_nb.usage.sources.similar_columns import in_yaml

SAMPLE: Final = 1 << 16
"""Characters of a CSV file in its sample."""

SAMPLE_ROWS: Final = 500
"""Rows of a Parquet file in its sample."""

LISTED: Final = 5
"""How many currencies a message lists."""


def is_decided(columns: Columns, params: Source) -> bool:
    """Whether the currency of the costs is known: a column has it, or the params say what does."""
    return "currency" in columns.places or "currency" in params.columns


def columns_of_codes(source: SourceFile, header: Header, columns: Columns) -> Mapping[str, str]:
    """The unread columns of a CSV file that have only currency codes in its first rows.

    Args:
        source: the file.
        header: its header.
        columns: where ours are.

    Returns:
        The engine's name of each, such as c7, with its name in the file.

    Raises:
        Refusal: the file cannot be read.
    """
    if is_decided(columns, source.params):
        return {}
    read = {place.position for place in columns.places.values()}
    unread = [n for n, name in enumerate(header.names) if n not in read and name]
    rows = _first_rows(source, header.separator)
    return {
        f"c{n}": header.names[n]
        for n in unread
        if _are_codes({row[n] for row in rows if n < len(row)})
    }


def parquet_columns_of_codes(
    db: duckdb.DuckDBPyConnection, scan: str, unread: Mapping[str, str]
) -> Mapping[str, str]:
    """The same of a Parquet file.

    Args:
        db: from `engine.open_engine`.
        scan: the table of the file, as SQL.
        unread: the unread columns of text: the engine's name of each, with its name in the file.
    """
    if not unread:
        return {}
    names = ", ".join(map(_quoted, unread))
    rows = db.execute(f"SELECT {names} FROM {scan} LIMIT {SAMPLE_ROWS}").fetchall()
    return {
        engine_name: name
        for (engine_name, name), found in zip(unread.items(), zip(*rows, strict=True), strict=False)
        if _are_codes({value or "" for value in found})
    }


def other_currencies(
    db: duckdb.DuckDBPyConnection,
    scan: str,
    candidates: Mapping[str, str],
    params: Source,
    file: str,
    by: str = "''",
) -> list[Problem]:
    """A problem for each column that has only currency codes, one of them not the params' currency.

    Args:
        db: from `engine.open_engine`.
        scan: the table of the file, as SQL.
        candidates: from `columns_of_codes`.
        params: of the file's source.
        file: what messages call it.
        by: the column with the file's name, where the table has several.
    """
    return [
        _problem(name, codes, params.currency, file)
        for name, codes in _codes_by_column(db, scan, candidates, by)
        if set(codes) - {params.currency}
    ]


def _first_rows(source: SourceFile, separator: str) -> Sequence[Sequence[str]]:
    """The first rows below the header; a last one that may be cut is left out."""
    rows: list[Sequence[str]] = []
    with open_text(source) as text:
        sample = text.read(SAMPLE)
    try:
        rows.extend(csv.reader(StringIO(sample, newline=""), delimiter=separator, strict=True))
    except csv.Error:
        return rows[1:]
    return rows[1:-1] if len(sample) == SAMPLE else rows[1:]


def _are_codes(found: Collection[str]) -> bool:
    codes = {value.strip(" ").upper() for value in found} - {""}
    return bool(codes) and codes <= CURRENCY_CODES


def _codes_by_column(
    db: duckdb.DuckDBPyConnection, scan: str, candidates: Mapping[str, str], by: str
) -> Iterator[tuple[str, Sequence[str]]]:
    """The name and the codes of each column of codes only, in each file."""
    if not candidates:
        return
    known = ", ".join(map(values.sql_text, sorted(CURRENCY_CODES)))
    aggregates = []
    for engine_name in candidates:
        code = f"upper(trim({_quoted(engine_name)}))"
        is_code = f"{code} IN ({known})"
        aggregates.append(f"count(*) FILTER ({code} <> '' AND NOT {is_code})")
        aggregates.append(f"list(DISTINCT {code}) FILTER ({is_code})")
    query = f"SELECT {', '.join(aggregates)} FROM {scan} GROUP BY {by}"
    for found in db.execute(query).fetchall():
        for name, others, codes in zip(candidates.values(), found[::2], found[1::2], strict=True):
            if not others:
                yield name, sorted(codes or ())


def _problem(name: str, codes: Sequence[str], currency: str, file: str) -> Problem:
    rule = (
        f"this column, with {listed(codes, LISTED)}, may hold the currency of the costs, "
        f"which are read as {currency}"
    )
    fix = (
        f"If it does, write columns: {{currency: {in_yaml(name)}}} in the params, or rename the "
        f"column to currency; if not, write columns: {{currency: {NO_COLUMN}}}"
    )
    return Problem(rule, fix, file, 1, name)


def _quoted(name: str) -> str:
    """A name as an identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'
