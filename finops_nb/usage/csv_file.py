"""Reading a CSV file: by the engine, and by Python's strict reader wherever that leaves a doubt."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import duckdb

from finops_nb.errors import Problem, Refusal
from finops_nb.money import ZERO
from finops_nb.params.model import Params
from finops_nb.params.stray_quotes import SWALLOWED
from finops_nb.schema import UNALLOCATED
from finops_nb.usage import engine
from finops_nb.usage.background import in_background
from finops_nb.usage.model import Grouping
from finops_nb.usage.notices import ScanResult, UsageFile
from finops_nb.usage.scan import add_table
from finops_nb.usage.sources import compression, csv_text, values
from finops_nb.usage.sources.columns import Columns, looks_like_data, place_columns
from finops_nb.usage.sources.csv_text import (
    Header,
    open_text,
)
from finops_nb.usage.sources.currency_values import columns_of_codes, other_currencies
from finops_nb.usage.sources.discovery import SourceFile
from finops_nb.usage.sources.grammar import grammar_of
from finops_nb.usage.sources.notice import Notice
from finops_nb.usage.sources.source_table import SourceTable, with_tag_keys
from finops_nb.usage.sources.usual_form import in_usual_form
from finops_nb.usage.sources.values import FAULTS, Fault
from finops_nb.usage.strict_reading import StrictReading, read_strictly, row_form_of

if TYPE_CHECKING:
    from finops_nb.usage.sources.csv_shape import Shape


NO_HEADER: Final[Fault] = (
    "the first line looks like data, not a header",
    "Add a first line with the column names",
)
ZEROS_BEHIND: Final = (
    "zero bytes after the end of the gzip data",
    "Unpack it and compress it again; a tape or a block device may have added them",
)
AMBIGUOUS_FIX: Final = "Export it again, with every field in quotes and one kind of line ending"


def read_csv(
    db: duckdb.DuckDBPyConnection, source: SourceFile, params: Params, detail: Grouping
) -> UsageFile:
    """Scan a file and add it to the summaries.

    Args:
        db: from `engine.open_engine`.
        source: the file.
        params: of the report.
        detail: the finest summary, beside `GROUPINGS`.

    Raises:
        Refusal: everything that is wrong with it, each with its line.
    """
    header = csv_text.read_header(source)
    columns = columns_of(source, header, detail)
    shape_to_come = in_background(shape_of, source, header, columns)
    table, result = _scan(db, table_of(source, header, columns, params), columns, params, detail)
    shape = shape_to_come.result()
    notices: tuple[Notice, ...] = ()
    if result is None or is_doubtful(result, shape):
        reading = read_strictly(source, header, columns, table.checked)
        result = _confirmed(table, result, reading)
        notices = tuple(_empty_lines(source, reading))
    notices += notices_of_ends(table, result, shape, header, columns)
    candidates = columns_of_codes(source, header, columns)
    if problems := other_currencies(db, table.scan, candidates, source.params, source.name):
        raise Refusal(problems)
    return UsageFile(table, result, notices)


def columns_of(source: SourceFile, header: Header, detail: Grouping) -> Columns:
    """The columns of a file.

    Raises:
        Refusal: what is wrong with its header.
    """
    columns = place_columns(source.params, header.names, source.name, detail)
    if looks_like_data(columns, header.names):
        raise Refusal(Problem(*NO_HEADER, source.name, 1))
    if columns.problems:
        raise Refusal(columns.problems)
    if not row_form_of(source, header, columns).is_sound(header.names):
        raise Refusal(Problem(*SWALLOWED, source.name, 1))
    return columns


def shape_of(source: SourceFile, header: Header, columns: Columns) -> Shape:
    """What the bytes of a file tell.

    Raises:
        Refusal: as `measure_shape`.
    """
    # Imported here because it needs numpy, which no other file needs.
    from finops_nb.usage.sources.csv_shape import measure_shape

    is_sound = row_form_of(source, header, columns).is_sound
    return measure_shape(source, len(header.names), header.separator, is_sound)


def notices_of_ends(
    table: SourceTable, result: ScanResult, shape: Shape, header: Header, columns: Columns
) -> tuple[Notice, ...]:
    """Notices of how a file that was scanned ends.

    Raises:
        Refusal: its last line may be cut in a time or a number.
    """
    notices = tuple(_no_checksum(table.source, result))
    if shape.last_line and result.rows:
        notices += (_unfinished_last_line(table, shape, header.names, columns),)
    return notices


def table_of(source: SourceFile, header: Header, columns: Columns, params: Params) -> SourceTable:
    """A file as the engine scans it."""
    positions = {column: place.position for column, place in columns.places.items()}
    table = SourceTable(
        source,
        columns.dialect,
        csv_text.scan_sql(source, header),
        columns={column: f"c{position}" for column, position in positions.items()},
        types=dict.fromkeys(positions, values.TEXT),
        names={column: header.names[position] for column, position in positions.items()},
        mapped=bool(params.mapping),
        reconciled=bool(params.invoices),
    )
    return in_usual_form(table, columns, [f"c{number}" for number in range(len(header.names))])


def _scan(
    db: duckdb.DuckDBPyConnection,
    table: SourceTable,
    columns: Columns,
    params: Params,
    detail: Grouping,
) -> tuple[SourceTable, ScanResult | None]:
    """The table with the keys of its tags, and what its scan found; None if the engine failed.

    The strict reading then says why.
    """
    try:
        table = with_tag_keys(db, table, columns)
        return table, add_table(db, table, params, detail)
    except engine.ENGINE_STOPPED:
        raise
    except duckdb.Error:
        return table, None


def is_doubtful(result: ScanResult, shape: Shape) -> bool:
    """Whether the engine may have read something differently from Python; see `csv_text`."""
    rows = result.rows + result.dropped[0]
    return bool(result.bad_rows) or shape.ambiguous or rows != shape.records - 1


def _confirmed(table: SourceTable, result: ScanResult | None, reading: StrictReading) -> ScanResult:
    """The result of the scan, if the strict reading has no problem and agrees with it.

    Raises:
        Refusal: otherwise.
    """
    name = table.source.name
    if reading.problem_count:
        raise Refusal(reading.problems, reading.problem_count)
    if result and result.bad_rows and table.tag_keys:
        # The strict reader does not look into tags, so what the scan refused is in one of them.
        rule = (
            f"a tag that is {UNALLOCATED} or like other (12), which are the report's words, "
            "or that contains a line break or another control character"
        )
        fix = "Remove the tag, or use another value"
        raise Refusal(Problem(rule, fix, name), result.bad_rows)
    same = result is not None and (result.rows, result.cost) == (reading.rows, reading.cost)
    if result is None and compression.has_zeros_behind(table.source):
        raise Refusal(Problem(*ZEROS_BEHIND, name))
    if result is None or result.bad_rows or not same:
        raise Refusal(Problem("unclear CSV: two readers read it differently", AMBIGUOUS_FIX, name))
    return result


def _empty_lines(source: SourceFile, reading: StrictReading) -> Iterator[Notice]:
    if reading.empty_lines:
        text = f"{source.name} has empty lines, which were left out."
        yield Notice(text, reading.empty_lines, ZERO)


def _no_checksum(source: SourceFile, result: ScanResult) -> Iterator[Notice]:
    if compression.lacks_checksum(source):
        text = f"{source.name} was compressed without a checksum, so damage in it can go unnoticed."
        yield Notice(text, result.rows, result.cost)


def _unfinished_last_line(
    table: SourceTable, shape: Shape, names: Sequence[str], columns: Columns
) -> Notice:
    """The notice that the last line has no line break, so the file may be cut short.

    Raises:
        Refusal: a time or a number may be cut; what is left of it could be another one.
    """
    file, last_name = table.source.name, names[-1]
    row = _last_row(table.source, shape)
    in_last_field = {
        column
        for column, place in columns.places.items()
        if place.position == len(names) - 1 and not place.tag
    }
    may_be_cut = next((column for column in FAULTS if column in in_last_field), None)
    if may_be_cut and not shape.last_line.endswith(b'"'):
        rule = f"the last line has no line break, so its {may_be_cut} may be cut short"
        fix = "Export the file again; if the line is complete, end it with a line break"
        raise Refusal(Problem(rule, fix, file, shape.lines, last_name, row[-1]))
    text = (
        f"The last line of {file} has no line break; "
        f"if the file was cut there, its {last_name} is incomplete."
    )
    cost = row[columns.places["cost"].position]
    return Notice(text, 1, values.read_cost(grammar_of(table.source.params).text("cost", cost)))


def _last_row(source: SourceFile, shape: Shape) -> list[str]:
    """The fields of the last row of a sound file whose last line has no line break."""
    is_whole_row = not shape.ambiguous and shape.last_line.count(b'"') % 2 == 0
    if is_whole_row:
        lines = [shape.last_line.decode("utf-8")]
        return next(csv.reader(lines, delimiter=shape.separator, strict=True))
    with open_text(source) as text:
        rows = csv.reader(text, delimiter=shape.separator, strict=True)
        return deque(rows, maxlen=1).pop()
