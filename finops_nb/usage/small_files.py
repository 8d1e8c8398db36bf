"""Many small CSV files with the same header, scanned as one table.

To plan a scan takes the engine as long as to read some 10,000 rows. A file that leaves any doubt is
left to `csv_file`, and with it those that were scanned together with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeAlias

import duckdb

from finops_nb.errors import Refusal
from finops_nb.params.model import Params
from finops_nb.usage import csv_file, engine
from finops_nb.usage.model import Grouping
from finops_nb.usage.notices import ScanResult, UsageFile
from finops_nb.usage.scan import FILE, add_files
from finops_nb.usage.sources import csv_text, values
from finops_nb.usage.sources.columns import Columns
from finops_nb.usage.sources.csv_text import Header
from finops_nb.usage.sources.currency_values import columns_of_codes, other_currencies
from finops_nb.usage.sources.discovery import SourceFile
from finops_nb.usage.sources.formats import CSV, Format
from finops_nb.usage.sources.source_table import SourceTable

if TYPE_CHECKING:
    from finops_nb.usage.sources.csv_shape import Shape

SMALL: Final = 1 << 18
"""Bytes of a file that is scanned with others."""

FEWEST: Final = 3
MOST: Final = 300
"""How many files are scanned together."""

WIDEST: Final = 200
"""Columns of such a file."""

ROW_HASH: Final = '"hash of the row"'
"""The column of a scan of several files with the hash of a whole row, as of one file alone."""

Alike: TypeAlias = tuple[Header, Format, str]
"""What files that are scanned together have in common."""


def read_small_files(
    db: duckdb.DuckDBPyConnection, sources: Sequence[SourceFile], params: Params, detail: Grouping
) -> Mapping[SourceFile, UsageFile]:
    """Add small CSV files with the same header to the summaries.

    Args:
        db: from `engine.open_engine`.
        sources: all files of the report.
        params: of the report.
        detail: the finest summary, beside `GROUPINGS`.

    Returns:
        The files that were added; all others are still to be read.
    """
    files: dict[SourceFile, UsageFile] = {}
    for (header, *_), group in _alike(sources).items():
        remaining = iter(group)
        while batch := list(islice(remaining, MOST)):
            files |= _read_together(db, batch, header, params, detail)
    return files


def _alike(sources: Sequence[SourceFile]) -> Mapping[Alike, list[SourceFile]]:
    small = [source for source in sources if source.format in CSV and _is_small(source)]
    groups: dict[Alike, list[SourceFile]] = defaultdict(list)
    for source in small if len(small) >= FEWEST else ():
        try:
            header = csv_text.read_header(source)
        except Refusal:
            continue
        # What is written in another way is rewritten file by file.
        if len(header.names) <= WIDEST and source.params.is_plain:
            groups[header, source.format, source.params.name].append(source)
    return {alike: group for alike, group in groups.items() if len(group) >= FEWEST}


def _is_small(source: SourceFile) -> bool:
    try:
        return source.path.stat().st_size <= SMALL
    except OSError:
        return False


def _read_together(
    db: duckdb.DuckDBPyConnection,
    sources: Sequence[SourceFile],
    header: Header,
    params: Params,
    detail: Grouping,
) -> Mapping[SourceFile, UsageFile]:
    """The files that were added; none if one leaves a doubt."""
    try:
        columns = csv_file.columns_of(sources[0], header, detail)
    except Refusal:
        return {}
    if any(place.tag for place in columns.places.values()):
        return {}  # each file has its own spellings of a tag
    shapes = dict(_sound_shapes(sources, header, columns))
    tables = [csv_file.table_of(source, header, columns, params) for source in shapes]
    if len(tables) < FEWEST:
        return {}
    together = replace(tables[0], scan=_scan_sql([*shapes], header))

    def is_sound(table: SourceTable, result: ScanResult) -> bool:
        return not csv_file.is_doubtful(result, shapes[table.source])

    try:
        if _has_other_currencies(db, together, tables, header, columns):
            return {}
        results = add_files(db, together, tables, params, detail, is_sound)
    except engine.ENGINE_STOPPED:
        raise
    except duckdb.Error:
        return {}
    return {
        table.source: UsageFile(
            table,
            result,
            csv_file.notices_of_ends(table, result, shapes[table.source], header, columns),
            together,
        )
        for table, result in zip(tables, results or (), strict=bool(results))
    }


def _sound_shapes(
    sources: Sequence[SourceFile], header: Header, columns: Columns
) -> Iterator[tuple[SourceFile, Shape]]:
    """The shapes of the files that are not ambiguous and end with a line break."""
    for source in sources:
        try:
            shape = csv_file.shape_of(source, header, columns)
        except Refusal:
            continue
        if not shape.ambiguous and not shape.last_line:
            yield source, shape


def _has_other_currencies(
    db: duckdb.DuckDBPyConnection,
    together: SourceTable,
    tables: Sequence[SourceTable],
    header: Header,
    columns: Columns,
) -> bool:
    """Whether an unread column of a file has currencies other than the params'."""
    candidates: dict[str, str] = {}
    for table in tables:
        candidates |= columns_of_codes(table.source, header, columns)
    return bool(
        other_currencies(db, together.scan, candidates, together.source.params, "", by=FILE)
    )


def _scan_sql(sources: Sequence[SourceFile], header: Header) -> str:
    """The rows of all files, each with its file's name and its hash."""
    scan = csv_text.scan_sql(sources[0], header, *sources[1:], options=", filename = true")
    names = ", ".join(
        f"({values.sql_text(str(source.path.absolute()))}, {values.sql_text(source.name)})"
        for source in sources
    )
    row = ", ".join(f"c{number}" for number in range(len(header.names)))
    return (
        f"(SELECT {row}, hash(row({row})) AS {ROW_HASH}, {FILE} FROM {scan} "
        f"JOIN (VALUES {names}) AS named(filename, {FILE}) USING (filename))"
    )
