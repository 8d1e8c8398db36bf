"""A CSV file, read: by the engine's scan, and by Python's strict reader wherever the bytes or the scan leave a doubt."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import duckdb

from finops_nb.errors import SHOWN, Problem, Refusal
from finops_nb.money import ZERO
from finops_nb.params.model import ColumnName, Params
from finops_nb.schema import UNALLOCATED
from finops_nb.usage import engine
from finops_nb.usage.background import beside
from finops_nb.usage.notices import File
from finops_nb.usage.scan import add_table
from finops_nb.usage.sources import csv_text, values
from finops_nb.usage.sources.columns import Columns, place_columns
from finops_nb.usage.sources.csv_text import (
    LONGEST_LINE,
    SEPARATORS,
    Header,
    character_fault,
    open_text,
    printable,
    records,
)
from finops_nb.usage.sources.dialects import NAMED
from finops_nb.usage.sources.discovery import Source
from finops_nb.usage.sources.notice import Notice
from finops_nb.usage.sources.source_table import SourceTable, with_keys
from finops_nb.usage.sources.values import FAULTS, Fault, name_fault

if TYPE_CHECKING:
    from finops_nb.usage.sources.csv_shape import Shape


def last_row(source: Source, shape: Shape) -> list[str]:
    """The fields of the last row of a file that was read, and whose last line has no line break."""
    if not shape.odd and shape.last_line.count(b'"') % 2 == 0:
        return next(
            csv.reader([shape.last_line.decode("utf-8")], delimiter=shape.separator, strict=True)
        )
    with open_text(source) as text:
        return deque(csv.reader(text, delimiter=shape.separator, strict=True), maxlen=1).pop()


AGAIN: Final = ("the header again", "Delete the line; files that were joined kept their headers")
SHORTER: Final = "Close its quote, or export the file without the text that makes it so long"
QUOTES: Final = "Close each quote, double it inside of a field, and put whole fields in quotes, without a blank beside them"
PARTED: Final = "Put a field that holds a {one} in quotes, and end no line with a {one}; an empty field is nothing between two {one}s"
LINE_ENDS: Final = "Save the file with line ends of one kind, Unix or Windows"


@dataclass(slots=True)
class Proof:
    """What the slow reading found: rows and their cost, empty lines, problems (the first of them) and their number."""

    rows: int = 0
    cost: Decimal = ZERO
    empty_lines: int = 0
    problems: list[Problem] = field(default_factory=list)
    count: int = 0

    def add(self, problem: Problem) -> None:
        self.count += 1
        if len(self.problems) < SHOWN:
            self.problems.append(problem)


def proofread(
    source: Source, header: Header, columns: Columns, checked: Sequence[ColumnName]
) -> Proof:
    """Read every row, and say of each that is wrong where and why.

    Args:
        columns: of ours that are read.
        checked: those of them whose value must be there and sound.

    Raises:
        Refusal: the file cannot be read to its end.
    """
    proof = Proof()
    first_end = None
    for record in records(source, header.separator):
        first_end = first_end or record.end
        line, row = record.line, record.row
        if record.size > LONGEST_LINE:
            proof.add(
                Problem(f"a row of more than {LONGEST_LINE:,} bytes", SHORTER, source.name, line)
            )
            if isinstance(row, csv.Error):
                break  # what follows begins within the row
        elif isinstance(row, csv.Error):
            proof.add(Problem(f"not CSV: {row}", QUOTES, source.name, line))
        elif line == 1:
            continue
        elif record.end == "\r" or (record.end and record.end != first_end):
            rule = (
                "the line ends in a lone carriage return"
                if record.end == "\r"
                else "the line ends otherwise than the first"
            )
            proof.add(Problem(rule, LINE_ENDS, source.name, line))
        elif not row:
            proof.empty_lines += 1
        else:
            faults = list(_faults(row, header, columns, checked))
            for (rule, fix), column, value in faults:
                proof.add(Problem(rule, fix, source.name, line, column, value))
            proof.rows += 1
            proof.cost += ZERO if faults else values.read_cost(row[columns.places["cost"].position])
    return proof


def _faults(
    row: list[str], header: Header, columns: Columns, checked: Sequence[ColumnName]
) -> Iterator[tuple[Fault, str | None, str | None]]:
    """What is wrong with a row, the column and the value."""
    names = header.names
    if row[0].removeprefix("\ufeff") == names[0] and tuple(row[1:]) == names[1:]:
        yield AGAIN, None, None
    elif len(row) != len(names):
        rule, fix = (
            f"{len(row)} fields where the header has {len(names)}",
            PARTED.format(one=SEPARATORS[header.separator]),
        )
        yield (rule, fix), None, header.separator.join(row)
    else:
        text = "".join(row)
        if not text.isascii() or "\0" in text or '"' in text:
            for name, value in zip(names, row, strict=True):
                if fault := character_fault(value):
                    yield fault, name, printable(value)
        for ours, place in columns.places.items():
            value = row[place.position]
            check = (
                FAULTS[ours]
                if ours in checked
                else name_fault
                if ours in NAMED and not place.tag
                else None
            )
            if check and (fault := check(None if value == columns.dialect.nothing else value)):
                yield fault, names[place.position], value


def read_csv(db: duckdb.DuckDBPyConnection, source: Source, params: Params, detail: bool) -> File:
    """Scan a file and add it to the summaries.

    Raises:
        Refusal: all that is wrong with it, each with its line.
    """
    from finops_nb.usage.sources.csv_shape import look

    header = csv_text.read_header(source)
    columns = place_columns(params, header.names, source.name, detail)
    if columns.problems:
        raise Refusal(columns.problems)
    coming = beside(look, source, len(header.names), header.separator)
    places = {ours: place.position for ours, place in columns.places.items()}
    engine_names = {ours: f"c{place}" for ours, place in places.items()}
    names = {ours: header.names[place] for ours, place in places.items()}
    scan = csv_text.scan_sql(source, header)
    table = SourceTable(
        source,
        columns.dialect,
        scan,
        engine_names,
        dict.fromkeys(places, values.TEXT),
        names,
        {},
        bool(params.mapping),
        bool(params.invoices),
    )
    try:
        table = with_keys(db, table, columns)
        facts = add_table(db, table, params, detail)
    except engine.STOPPED:
        raise
    except duckdb.Error:
        facts = None
    shape = coming.result()
    empty_lines = 0
    if facts is None or facts.bad or shape.odd or facts.rows != shape.records - 1:
        proof = proofread(source, header, columns, table.checked)
        if proof.count:
            raise Refusal(proof.problems, proof.count)
        if facts and facts.bad and table.keys:
            rule = f"a tag that is {UNALLOCATED}, the report's word for cost without a name, or that holds a NUL character"
            raise Refusal(
                Problem(rule, "Leave the tag out, or use another value", source.name), facts.bad
            )
        if facts is None or facts.bad or (facts.rows, facts.cost) != (proof.rows, proof.cost):
            rule = "CSV that two readers read differently"
            raise Refusal(
                Problem(
                    rule,
                    "Export it again, with every field in quotes and one kind of line ends",
                    source.name,
                )
            )
        empty_lines = proof.empty_lines
    notices = (
        [Notice(f"{source.name} has empty lines, which were left out.", empty_lines, ZERO)]
        if empty_lines
        else []
    )
    if shape.last_line and facts.rows:
        notices.append(_open_end(table, shape, header.names, columns))
    return File(table, facts, tuple(notices))


def _open_end(table: SourceTable, shape: Shape, header: Sequence[str], columns: Columns) -> Notice:
    """The notice that the last line has no line break, and so may be cut short.

    Raises:
        Refusal: what would be cut is a time or a number, since what is left of it may be another one.
    """
    name = table.source.name
    last = {
        ours
        for ours, place in columns.places.items()
        if place.position == len(header) - 1 and not place.tag
    }
    cut = next((ours for ours in FAULTS if ours in last), None)
    row = last_row(table.source, shape)
    if cut and not shape.last_line.endswith(b'"'):
        rule = f"the last line has no line break, so its {cut} may be cut short"
        fix = "Export the file again; if the line is whole, end it with a line break"
        raise Refusal(Problem(rule, fix, name, shape.lines, header[-1], row[-1]))
    text = f"The last line of {name} has no line break; if the file was cut there, its {header[-1]} is not whole."
    return Notice(text, 1, values.read_cost(row[columns.places["cost"].position]))
