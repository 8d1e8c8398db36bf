"""Reading a CSV file: by the engine, and by Python's strict reader wherever that leaves a doubt."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import duckdb

from finops_nb.errors import SHOWN, Problem, Refusal
from finops_nb.money import ZERO
from finops_nb.params.model import ColumnName, Params
from finops_nb.params.stray_quotes import BARE_QUOTE, SWALLOWED, RowForm, bare_quotes
from finops_nb.schema import UNALLOCATED
from finops_nb.usage import engine
from finops_nb.usage.background import in_background
from finops_nb.usage.notices import ScanResult, UsageFile
from finops_nb.usage.scan import add_table
from finops_nb.usage.sources import csv_text, values
from finops_nb.usage.sources.columns import Columns, looks_like_data, place_columns
from finops_nb.usage.sources.csv_text import (
    LONGEST_LINE,
    SEPARATORS,
    Header,
    PhysicalRecord,
    character_fault,
    open_text,
    printable,
)
from finops_nb.usage.sources.dialects import NAMED
from finops_nb.usage.sources.discovery import Source
from finops_nb.usage.sources.notice import Notice
from finops_nb.usage.sources.source_table import SourceTable, with_tag_keys
from finops_nb.usage.sources.values import FAULTS, Fault, name_fault

if TYPE_CHECKING:
    from finops_nb.usage.sources.csv_shape import Shape

RowFault = tuple[Fault, str | None, str | None]
"""A rule and a fix, the column in the file, and the value."""

IN_EACH_ROW: Final[tuple[ColumnName, ...]] = ("timestamp", "cost")
"""Our columns that tell a row from a line of text."""

REPEATED_HEADER: Final[Fault] = (
    "the header is repeated",
    "Delete the line; files that were joined kept their headers",
)
NO_HEADER: Final[Fault] = (
    "the first line looks like data, not a header",
    "Add a first line with the column names",
)
LONG_ROW_FIX: Final = "Close its quote, or export the file without the text that makes it so long"
QUOTES_FIX: Final = (
    "Close each quote, double a quote inside a field, and put whole fields in quotes, "
    "with no space around them"
)
SEPARATOR_FIX: Final = (
    "Each line needs {width} fields: put a field that contains a {separator} in quotes, "
    "and keep the {separator} of an empty field"
)
ZEROS_BEHIND: Final = (
    "zero bytes behind the end of the gzip data",
    "Unpack it and compress it again; a tape or a block device may have added them",
)
LINE_END_FIX: Final = "Save the file with one kind of line ending, Unix or Windows"
AMBIGUOUS_FIX: Final = "Export it again, with every field in quotes and one kind of line ending"


@dataclass(slots=True)
class StrictReading:
    """What Python's strict reader found in a file.

    Args:
        rows: how many rows it has.
        cost: the total of the rows whose cost is valid.
        empty_lines: how many lines are empty.
        problems: the first `SHOWN` problems.
        problem_count: how many there are in all.
    """

    rows: int = 0
    cost: Decimal = ZERO
    empty_lines: int = 0
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0

    def add(self, problem: Problem) -> None:
        self.problem_count += 1
        if len(self.problems) < SHOWN:
            self.problems.append(problem)


def read_csv(
    db: duckdb.DuckDBPyConnection, source: Source, params: Params, detail: bool
) -> UsageFile:
    """Scan a file and add it to the summaries.

    Args:
        db: from `engine.open_engine`.
        source: the file.
        params: of the report.
        detail: read the columns of `DETAIL`, too.

    Raises:
        Refusal: everything that is wrong with it, each with its line.
    """
    # Imported here because it needs numpy, which no other file needs.
    from finops_nb.usage.sources.csv_shape import measure_shape

    header = csv_text.read_header(source)
    columns = place_columns(params, header.names, source.name, detail)
    if looks_like_data(columns, header.names):
        raise Refusal(Problem(*NO_HEADER, source.name, 1))
    if columns.problems:
        raise Refusal(columns.problems)
    is_sound = _row_form(header, columns).is_sound
    if not is_sound(header.names):
        raise Refusal(Problem(*SWALLOWED, source.name, 1))
    width, separator = len(header.names), header.separator
    shape_to_come = in_background(measure_shape, source, width, separator, is_sound)
    table, result = _scan(db, _table(source, header, columns, params), columns, params, detail)
    shape = shape_to_come.result()
    notices: list[Notice] = []
    if result is None or _is_doubtful(result, shape):
        reading = read_strictly(source, header, columns, table.checked)
        result = _confirmed(table, result, reading)
        notices += _empty_lines(source, reading)
    notices += _no_checksum(source, result)
    if shape.last_line and result.rows:
        notices.append(_unfinished_last_line(table, shape, header.names, columns))
    return UsageFile(table, result, tuple(notices))


def read_strictly(
    source: Source, header: Header, columns: Columns, checked: Sequence[ColumnName]
) -> StrictReading:
    """Read every row with Python's strict reader, and find where and why each bad one is bad.

    Args:
        source: the file.
        header: of the file.
        columns: our columns that are read.
        checked: the columns whose value must be present and valid.

    Raises:
        Refusal: the file cannot be read to its end.
    """
    reading = StrictReading()
    first_end = ""
    cost_position = columns.places["cost"].position
    row_form = _row_form(header, columns)
    for record in csv_text.records(source, header.separator):
        first_end = first_end or record.end
        row = record.row
        fault = _record_fault(record, first_end)
        if fault is not None:
            reading.add(Problem(*fault, source.name, record.line))
        if isinstance(row, csv.Error):
            if record.size > LONGEST_LINE:
                break  # what follows begins inside of the row
            continue
        if fault is not None or record.line == 1:
            continue
        if not row:
            reading.empty_lines += 1
            continue
        faults = list(_row_faults(record.text, row, header, columns, checked, row_form))
        for (rule, fix), column, value in faults:
            reading.add(Problem(rule, fix, source.name, record.line, column, value))
        reading.rows += 1
        if not faults:
            reading.cost += values.read_cost(row[cost_position])
    return reading


def _row_form(header: Header, columns: Columns) -> RowForm:
    """What a row looks like: its time and its cost are where they belong."""
    checks = {columns.places[each].position: _accepts(FAULTS[each]) for each in IN_EACH_ROW}
    return RowForm(len(header.names), header.separator, checks)


def _accepts(find_fault: Callable[[str | None], Fault | None]) -> Callable[[str], bool]:
    return lambda text: find_fault(text) is None


def _table(source: Source, header: Header, columns: Columns, params: Params) -> SourceTable:
    positions = {column: place.position for column, place in columns.places.items()}
    return SourceTable(
        source,
        columns.dialect,
        csv_text.scan_sql(source, header),
        columns={column: f"c{position}" for column, position in positions.items()},
        types=dict.fromkeys(positions, values.TEXT),
        names={column: header.names[position] for column, position in positions.items()},
        mapped=bool(params.mapping),
        reconciled=bool(params.invoices),
    )


def _scan(
    db: duckdb.DuckDBPyConnection,
    table: SourceTable,
    columns: Columns,
    params: Params,
    detail: bool,
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


def _is_doubtful(result: ScanResult, shape: Shape) -> bool:
    """Whether the engine may have read something differently from Python; see `csv_text`."""
    return bool(result.bad_rows) or shape.ambiguous or result.rows != shape.records - 1


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
            f"a tag that is {UNALLOCATED}, the report's word for cost without a name, "
            "or that contains a line break or another control character"
        )
        fix = "Remove the tag, or use another value"
        raise Refusal(Problem(rule, fix, name), result.bad_rows)
    same = result is not None and (result.rows, result.cost) == (reading.rows, reading.cost)
    if result is None and csv_text.has_zeros_behind(table.source):
        raise Refusal(Problem(*ZEROS_BEHIND, name))
    if result is None or result.bad_rows or not same:
        raise Refusal(Problem("unclear CSV: two readers read it differently", AMBIGUOUS_FIX, name))
    return result


def _record_fault(record: PhysicalRecord, first_end: str) -> Fault | None:
    """What is wrong with a record as a whole; None if its fields are worth a look."""
    if record.size > LONGEST_LINE:
        return f"a row of more than {LONGEST_LINE:,} bytes", LONG_ROW_FIX
    if isinstance(record.row, csv.Error):
        return f"not CSV: {record.row}", QUOTES_FIX
    if record.line == 1:
        return None
    if record.end == "\r":
        return "the line ends in a lone carriage return", LINE_END_FIX
    if record.end and record.end != first_end:
        return "the line ends differently from the first line", LINE_END_FIX
    return None


def _row_faults(
    text: str,
    row: list[str],
    header: Header,
    columns: Columns,
    checked: Sequence[ColumnName],
    row_form: RowForm,
) -> Iterator[RowFault]:
    """What is wrong with the fields of a row."""
    names = header.names
    if row[0].removeprefix("\ufeff") == names[0] and tuple(row[1:]) == names[1:]:
        yield REPEATED_HEADER, None, None
    elif len(row) != len(names):
        noun = "field" if len(row) == 1 else "fields"
        rule = f"{len(row)} {noun}, but the header has {len(names)}"
        fix = SEPARATOR_FIX.format(width=len(names), separator=SEPARATORS[header.separator])
        yield (rule, fix), None, header.separator.join(row)
    else:
        yield from _character_faults(row, names)
        value_faults = list(_value_faults(row, names, columns, checked))
        yield from value_faults
        refused = {name for _, name, _ in value_faults}
        for position in row_form.fields_with_rows(row):
            if names[position] not in refused:
                yield SWALLOWED, names[position], row[position]
        yield from _bare_quotes(text, row, header, columns)


def _bare_quotes(text: str, row: list[str], header: Header, columns: Columns) -> Iterator[RowFault]:
    """Names with a quote in a field without quotes: the money of `org-a"` is that of `org-a`."""
    if '"' not in "".join(row):
        return
    names = {columns.places[each].position for each in NAMED if each in columns.places}
    tags = {place.position for place in columns.places.values() if place.tag}
    for position in bare_quotes(text, header.separator):
        if position in names - tags:
            yield BARE_QUOTE, header.names[position], row[position]


def _character_faults(row: list[str], names: Sequence[str]) -> Iterator[RowFault]:
    text = "".join(row)
    if text.isascii() and "\0" not in text and '"' not in text:
        return  # most rows, in one look
    for name, value in zip(names, row, strict=True):
        if fault := character_fault(value):
            yield fault, name, printable(value)


def _value_faults(
    row: list[str], names: Sequence[str], columns: Columns, checked: Sequence[ColumnName]
) -> Iterator[RowFault]:
    for column, place in columns.places.items():
        if column in checked:
            find_fault = FAULTS[column]
        elif column in NAMED and not place.tag:
            find_fault = name_fault
        else:
            continue
        value = row[place.position]
        fault = find_fault(None if value == columns.dialect.nothing else value)
        if fault:
            yield fault, names[place.position], value


def _empty_lines(source: Source, reading: StrictReading) -> Iterator[Notice]:
    if reading.empty_lines:
        text = f"{source.name} has empty lines, which were left out."
        yield Notice(text, reading.empty_lines, ZERO)


def _no_checksum(source: Source, result: ScanResult) -> Iterator[Notice]:
    if csv_text.lacks_checksum(source):
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
    return Notice(text, 1, values.read_cost(row[columns.places["cost"].position]))


def _last_row(source: Source, shape: Shape) -> list[str]:
    """The fields of the last row of a sound file whose last line has no line break."""
    is_whole_row = not shape.ambiguous and shape.last_line.count(b'"') % 2 == 0
    if is_whole_row:
        lines = [shape.last_line.decode("utf-8")]
        return next(csv.reader(lines, delimiter=shape.separator, strict=True))
    with open_text(source) as text:
        rows = csv.reader(text, delimiter=shape.separator, strict=True)
        return deque(rows, maxlen=1).pop()
