"""CSV, read strictly: a look at its bytes, its header, the engine's scan, and a slow reading that names the line.

DuckDB's scan is quick and checks the number of fields, but loses a last row whose quote is never closed, drops blanks
around quotes, skips empty lines and lets NUL pass. So the bytes are counted first: where nothing is odd about them and
the scan has as many rows as there are lines, each row is one that Python's strict reader would give. Anything else is
read again by that reader, which knows the physical line.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from io import TextIOWrapper
from typing import Final

from finops_nb.errors import SHOWN, Problem, Refusal
from finops_nb.money import ZERO
from finops_nb.usage import values
from finops_nb.usage.csv_shape import BOM, UNREADABLE, Shape, open_bytes, unreadable
from finops_nb.usage.dialects import NAMED
from finops_nb.usage.sources import Source
from finops_nb.usage.table import path_sql

DISGUISES: Final = (
    (b"\x1f\x8b", "gzipped", "Name it .csv.gz"),
    (b"PAR1", "Parquet", "Name it .parquet"),
    (b"PK", "a spreadsheet or a zip archive", "Export it as CSV"),
    (b"\xff\xfe", "UTF-16 text", "Save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text", "Save it as UTF-8"),
    (b"<", "HTML or XML, perhaps an error page", "Export the usage again"),
    (b"{", "JSON", "Export it as CSV"),
    (b"[", "JSON", "Export it as CSV"),
)
"""What a file named .csv really is, by its first bytes."""


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


def read_header(source: Source) -> tuple[str, ...]:
    """The names in the first line.

    Raises:
        Refusal: the file is empty, no CSV with commas, not UTF-8, or not readable at all.
    """
    try:
        with open_bytes(source) as raw:
            start = raw.read(4)
            if not start:
                raise Refusal(Problem("the file is empty", "Export it again, with its header", source.name))
            _refuse_disguise(start.removeprefix(BOM), source)
        with _text(source) as text:
            names = tuple(next(csv.reader(text, strict=True), ()))
    except UNREADABLE as error:
        raise Refusal(unreadable(error, source)) from error
    except csv.Error as error:
        fix = "Write the names of the columns, parted by commas"
        raise Refusal(Problem(f"the header is not CSV: {error}", fix, source.name, 1)) from error
    _refuse_odd_header(names, source)
    return names


def _refuse_disguise(start: bytes, source: Source) -> None:
    for magic, what, fix in DISGUISES:
        if start.startswith(magic):
            raise Refusal(Problem(f"not CSV but {what}", fix, source.name))
    if b"\0" in start:
        raise Refusal(Problem("not text: it has NUL bytes", "Save it as UTF-8", source.name))


def _refuse_odd_header(names: Sequence[str], source: Source) -> None:
    if not any(name.strip() for name in names):
        raise Refusal(Problem("the first line is empty", "Begin the file with the names of its columns", source.name, 1))
    for mark, called in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(names) == 1 and mark in names[0]:
            raise Refusal(Problem(f"the fields are parted by {called}", "Save the file with commas", source.name, 1, value=names[0]))
    for name in names:
        if fault := _character_fault(name):
            raise Refusal(Problem(f"in the header {fault[0]}", fault[1], source.name, 1, value=_printable(name)))


def scan_sql(source: Source, width: int) -> str:
    """The table of a CSV file in SQL: columns c0, c1 … of text, in the order of the header."""
    columns = ", ".join(f"c{n}: 'VARCHAR'" for n in range(width))
    packed = "gzip" if source.format == ".csv.gz" else "none"
    return (
        f"read_csv({path_sql(source)}, columns = {{{columns}}}, header = true, auto_detect = false, "
        f"strict_mode = true, null_padding = false, delim = ',', quote = '\"', escape = '\"', compression = '{packed}', "
        "hive_partitioning = false)"
    )


def proofread(source: Source, header: Sequence[str], places: Mapping[str, int]) -> Proof:
    """Read every row with Python's strict reader, and say of each that is wrong where and why.

    Args:
        header: the names of the first line.
        places: position in it of each needed column.
    """
    proof = Proof()
    first_end = None
    try:
        for line, end, row in _records(source, proof):
            first_end = first_end or end
            if line == 1 or row is None:
                continue
            if end == "\r" or (end and end != first_end):
                rule = "the line ends in a lone carriage return" if end == "\r" else "the line ends otherwise than the first"
                proof.add(Problem(rule, "Save the file with line ends of one kind, Unix or Windows", source.name, line))
            elif not row:
                proof.empty_lines += 1
            else:
                _check_row(row, line, header, places, source, proof)
    except UNREADABLE as error:
        proof.add(unreadable(error, source))
    return proof


def _records(source: Source, proof: Proof) -> Iterator[tuple[int, str, list[str] | None]]:
    """Each record with the physical line on which it begins and the line break after it; None where it is no CSV."""
    with _text(source) as text:
        end = ""

        def lines() -> Iterator[str]:
            nonlocal end
            for physical in text:
                end = physical[len(physical.rstrip("\r\n")) :]
                yield physical

        reader = csv.reader(lines(), strict=True)
        while True:
            line = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                fix = "Close each quote, double it inside of a field, and put nothing between a quote and the comma"
                proof.add(Problem(f"not CSV: {error}", fix, source.name, line))
                row = None
            yield line, end, row


def _check_row(row: list[str], line: int, header: Sequence[str], places: Mapping[str, int], source: Source, proof: Proof) -> None:
    before = proof.count

    def wrong(fault: values.Fault | None, column: str | None, value: str | None) -> None:
        if fault:
            proof.add(Problem(fault[0], fault[1], source.name, line, column, value))

    if row == list(header):
        wrong(("the header again", "Delete the line; files that were joined kept their headers"), None, None)
    elif len(row) != len(header):
        rule = f"{len(row)} fields where the header has {len(header)}"
        wrong((rule, 'Put a field that holds a comma in quotes, and end no line with a comma; an empty field is ",,"'), None, ",".join(row))
    else:
        for name, value in zip(header, row, strict=True):
            if not value.isascii() or "\0" in value or '"' in value:
                wrong(_character_fault(value), name, _printable(value))
        for ours, fault in (("timestamp", values.time_fault), ("cost", values.cost_fault), *((name, values.name_fault) for name in NAMED)):
            wrong(fault(row[places[ours]]), header[places[ours]], row[places[ours]])
    proof.rows += 1
    if proof.count == before:
        proof.cost += values.read_cost(row[places["cost"]])


def _character_fault(value: str) -> values.Fault | None:
    if "\0" in value:
        return "a NUL character", "Export the file again; it is damaged, or no text"
    if (byte := _stray_byte(value)) is not None:
        return f"not UTF-8: byte 0x{byte:02x}", "Save the file as UTF-8"
    if value.lstrip().startswith('"') and not value.startswith('"'):
        return "a blank before a quote", "Put the quote right after the comma"
    return None


def last_row(source: Source, shape: Shape) -> list[str]:
    """The fields of the last row of a file that was read, and whose last line has no line break."""
    if not shape.odd and shape.last_line.count(b'"') % 2 == 0:
        return next(csv.reader([shape.last_line.decode("utf-8")], strict=True))
    with _text(source) as text:
        return deque(csv.reader(text, strict=True), maxlen=1).pop()


def _stray_byte(text: str) -> int | None:
    """The first byte of it that is no UTF-8, as `surrogateescape` kept it."""
    return next((ord(char) - 0xDC00 for char in text if 0xDC80 <= ord(char) <= 0xDCFF), None)


def _printable(text: str) -> str:
    """The text with its stray bytes spelled out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _text(source: Source) -> TextIOWrapper:
    return TextIOWrapper(open_bytes(source), encoding="utf-8-sig", errors="surrogateescape", newline="")
