"""A slow reading of a CSV file by Python's strict reader, which names the physical line of all that is wrong."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from finops_nb.errors import Problem, SHOWN
from finops_nb.money import ZERO
from finops_nb.params.model import ColumnName
from finops_nb.usage.sources import values
from finops_nb.usage.sources.columns import Columns
from finops_nb.usage.sources.csv_bytes import LONGEST_LINE
from finops_nb.usage.sources.csv_text import (
    Header,
    SEPARATORS,
    character_fault,
    printable,
    records,
)
from finops_nb.usage.sources.dialects import NAMED
from finops_nb.usage.sources.faults import FAULTS, Fault, name_fault
from finops_nb.usage.sources.discovery import Source

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


def proofread(source: Source, header: Header, columns: Columns, checked: Sequence[ColumnName]) -> Proof:
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
            proof.add(Problem(f"a row of more than {LONGEST_LINE:,} bytes", SHORTER, source.name, line))
            if isinstance(row, csv.Error):
                break  # what follows begins within the row
        elif isinstance(row, csv.Error):
            proof.add(Problem(f"not CSV: {row}", QUOTES, source.name, line))
        elif line == 1:
            continue
        elif record.end == "\r" or (record.end and record.end != first_end):
            rule = "the line ends in a lone carriage return" if record.end == "\r" else "the line ends otherwise than the first"
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
        rule, fix = f"{len(row)} fields where the header has {len(names)}", PARTED.format(one=SEPARATORS[header.separator])
        yield (rule, fix), None, header.separator.join(row)
    else:
        text = "".join(row)
        if not text.isascii() or "\0" in text or '"' in text:
            for name, value in zip(names, row, strict=True):
                if fault := character_fault(value):
                    yield fault, name, printable(value)
        for ours, place in columns.places.items():
            value = row[place.position]
            check = FAULTS[ours] if ours in checked else name_fault if ours in NAMED and not place.tag else None
            if check and (fault := check(None if value == columns.dialect.nothing else value)):
                yield fault, names[place.position], value
