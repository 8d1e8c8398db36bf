"""Reading a CSV file with Python's strict reader: every bad row, with its physical line and why."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from finops_nb.errors import SHOWN, Problem
from finops_nb.money import ZERO
from finops_nb.params.column_names import ColumnName
from finops_nb.params.stray_quotes import BARE_QUOTE, SWALLOWED, RowForm, bare_quotes, not_csv
from finops_nb.usage.sources import csv_text, values
from finops_nb.usage.sources.columns import Columns
from finops_nb.usage.sources.csv_text import (
    LONGEST_LINE,
    SEPARATORS,
    Header,
    PhysicalRecord,
    character_fault,
    printable,
)
from finops_nb.usage.sources.dialects import NAMED
from finops_nb.usage.sources.discovery import SourceFile
from finops_nb.usage.sources.grammar import Grammar, grammar_of
from finops_nb.usage.sources.values import Fault, name_fault

RowFault = tuple[Fault, str | None, str | None]
"""A rule and a fix, the column in the file, and the value."""

IN_EACH_ROW: Final[tuple[ColumnName, ...]] = ("timestamp", "cost")
"""Our columns that tell a row from a line of text."""

REPEATED_HEADER: Final[Fault] = (
    "the header is repeated",
    "Delete the line; files that were joined kept their headers",
)

LONG_ROW_FIX: Final = "Close its quote, or export the file without the text that makes it so long"

QUOTES_FIX: Final = (
    "Close each quote, double a quote inside a field, and put whole fields in quotes, "
    "with no space around them"
)

SEPARATOR_FIX: Final = (
    "Each line needs {width} fields: put quotes around a field that contains a {separator}, "
    "and keep the {separator} even where a field is empty"
)

LINE_END_FIX: Final = "Save the file with one kind of line ending, Unix or Windows"


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


def read_strictly(
    source: SourceFile, header: Header, columns: Columns, checked: Sequence[ColumnName]
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
    grammar, row_form = grammar_of(source.params), row_form_of(source, header, columns)
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
        faults = list(_row_faults(record.text, row, header, columns, checked, row_form, grammar))
        for (rule, fix), column, value in faults:
            reading.add(Problem(rule, fix, source.name, record.line, column, value))
        if not columns.is_dropped(row):
            reading.rows += 1
            reading.cost += ZERO if faults else _cost(row, columns, grammar)
    return reading


def _cost(row: list[str], columns: Columns, grammar: Grammar) -> Decimal:
    """The cost of a row without faults."""
    return values.read_cost(grammar.text("cost", row[columns.places["cost"].position]))


def row_form_of(source: SourceFile, header: Header, columns: Columns) -> RowForm:
    """What a row looks like: its time and its cost are where they belong."""
    grammar = grammar_of(source.params)
    checks = {columns.places[each].position: _accepts(grammar, each) for each in IN_EACH_ROW}
    return RowForm(len(header.names), header.separator, checks)


def _accepts(grammar: Grammar, column: ColumnName) -> Callable[[str], bool]:
    return lambda text: grammar.fault(column, text) is None


def _record_fault(record: PhysicalRecord, first_end: str) -> Fault | None:
    """What is wrong with a record as a whole; None if its fields are worth a look."""
    if record.size > LONGEST_LINE:
        return f"a row of more than {LONGEST_LINE:,} bytes", LONG_ROW_FIX
    if isinstance(record.row, csv.Error):
        return not_csv(record.row), QUOTES_FIX
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
    grammar: Grammar,
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
        faults = list(_character_faults(row, names))
        garbled = {name for _, name, _ in faults}
        # A field with a stray character is reported once, not also as no number or no name.
        others = _value_faults(row, names, columns, checked, grammar)
        faults += (fault for fault in others if fault[1] not in garbled)
        yield from faults
        refused = {name for _, name, _ in faults} - garbled
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
    row: list[str],
    names: Sequence[str],
    columns: Columns,
    checked: Sequence[ColumnName],
    grammar: Grammar,
) -> Iterator[RowFault]:
    if columns.is_dropped(row):
        return
    for column, place in columns.places.items():
        value = row[place.position]
        text = None if value == columns.dialect.nothing else value
        fault = None
        if column in checked:
            fault = grammar.fault(column, text)
        elif column in NAMED and not place.tag:
            fault = name_fault(text)
        if fault:
            yield fault, names[place.position], value
