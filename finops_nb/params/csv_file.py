"""CSV without surprises: columns by name, each record at the physical line where it starts, every problem kept.

What plain readers do (a short row is filled up, `NA` is nothing, blanks are taken off, an open quote swallows the rest)
is refused or does not happen. For the small files of a home that people write; usage has a reader of its own.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from finops_nb.errors import Problem, Refusal, did_you_mean
from finops_nb.params.types import Name, parse_as

BREAK: Final = re.compile(r"\r\n|\r|\n")
BOM: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class Form:
    """What a CSV file holds.

    Args:
        entry: what a line is, as in "one budget a line".
        example: a header to begin with.
        columns: every column that may be there, in any order.
        required: the columns that must be there; of those in brackets, one of them.
        parsers: what reads the columns that are not any text; a message of theirs is a rule and a fix, parted by "; ".
            A field of a column that need not be there is parsed only where it is filled.
        unsaid: what an empty field means, or a column that is not there; in any column but these it means "".
        size: bytes that a file may have.
    """

    entry: str
    example: str
    columns: Sequence[str]
    required: Sequence[str | tuple[str, ...]]
    parsers: Mapping[str, Callable[[str], Any]]
    unsaid: Mapping[str, str] = field(default_factory=dict)
    size: int = 1_000_000


class CsvRow(NamedTuple):
    """One line: the parsed value of every column of the form; None, and not `sound`, where one was refused."""

    line: int
    values: dict[str, Any]
    sound: bool


@dataclass(frozen=True, slots=True)
class Records:
    """A file as it was read.

    Args:
        header: its columns, in its order.
        header_line: their physical line.
        records: all that have a field for each column, in its order.
        problems: what is wrong with its lines, for the caller to report together with its own.
    """

    header: tuple[str, ...]
    header_line: int
    records: tuple[CsvRow, ...]
    problems: tuple[Problem, ...]


def read_text(path: Path, shown: str, form: Form) -> str:
    """The text of a file, with its line ends and its byte order mark: encoded again it is the file's bytes.

    Args:
        path: the file.
        shown: what messages call it.
        form: what it holds.

    Raises:
        Refusal: unreadable, too big, or not UTF-8, with the line of the first byte that is not.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Refusal(
            Problem(
                f"cannot be read: {error.strerror}", "Check the path and the permissions", shown
            )
        ) from error
    if len(raw) > form.size:
        raise Refusal(
            Problem(
                f"a file of {len(raw):,} bytes",
                f"Keep it under {form.size:,} bytes, with one {form.entry} a line",
                shown,
            )
        )
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line, found = _line_at(raw[: error.start].decode("utf-8")), f"byte 0x{raw[error.start]:02x}"
        raise Refusal(
            Problem("not UTF-8", "Save the file as CSV in UTF-8", shown, line, value=found)
        ) from error


def parse_records(text: str, shown: str, form: Form) -> Records:
    """The header and the records of a text.

    Args:
        text: of the file.
        shown: what messages call the file.
        form: what it holds.

    Raises:
        Refusal: a NUL character, a header that is not of the form, or no line below it.
    """
    if "\0" in text:
        raise Refusal(
            Problem(
                "a NUL character",
                "Save the file as CSV in UTF-8",
                shown,
                _line_at(text[: text.index("\0")]),
            )
        )
    problems: list[Problem] = []
    rows = _rows(text.removeprefix(BOM), shown, problems)
    header_line, header = next(rows, (1, []))
    refuse(problems)
    refuse(_header_problems(header, header_line, shown, form))
    records = tuple(
        record
        for line, fields in rows
        if (record := _record(line, header, fields, form, shown, problems))
    )
    if not records and not problems:
        raise Refusal(
            Problem(
                "no line below the header", f"Write one {form.entry} a line", shown, header_line
            )
        )
    return Records(tuple(header), header_line, records, tuple(problems))


def refuse(problems: Iterable[Problem]) -> None:
    """Nothing, where there are none.

    Raises:
        Refusal: all of them, in the order of their lines.
    """
    ordered = sorted(problems, key=lambda problem: problem.line or 0)
    if ordered:
        raise Refusal(ordered)


def unpadded(text: str) -> str:
    """The text itself.

    Raises:
        ValueError: there are blanks around it; the message is a rule and a fix, parted by "; ".
    """
    if text != text.strip():
        raise ValueError("blanks before or after it; take them out")
    return text


def name(text: str) -> str:
    """The name of an organization or product.

    Raises:
        ValueError: it is none; the message is a rule and a fix, parted by "; ".
    """
    if not text:
        raise ValueError("no name; write the name of an organization or product")
    known: str = parse_as(Name, unpadded(text))
    return known


def _line_at(before: str) -> int:
    return len(BREAK.findall(before)) + 1


def _rows(text: str, shown: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not wholly empty, with the physical line where it starts."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = rows.line_num + 1
        try:
            fields = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            fix = 'Close every quote, and double one within a text: "so ""called"""'
            problems.append(Problem(f"not CSV: {error}", fix, shown, line))
            continue
        if fields:
            yield line, fields


def _header_problems(header: list[str], line: int, shown: str, form: Form) -> Iterator[Problem]:
    if not header:
        yield Problem(
            "the file is empty",
            f"Write {form.example} and below it one {form.entry} a line",
            shown,
            line,
        )
        return
    if len(header) == 1 and re.search("[;\t]", header[0]):
        yield Problem(
            "columns that are not parted by commas",
            "Save the file as CSV with commas",
            shown,
            line,
            value=header[0],
        )
        return
    for number, column in enumerate(header):
        if column not in form.columns:
            yield Problem(
                "an unknown column", did_you_mean(column, form.columns), shown, line, column
            )
        elif column in header[:number]:
            yield Problem("the column stands twice", "Keep one of them", shown, line, column)
    for wanted in form.required:
        either = (wanted,) if isinstance(wanted, str) else wanted
        if set(either) & set(header):
            continue
        if isinstance(wanted, str):
            yield Problem(
                "the column is missing", f"Add {wanted} to the header", shown, line, wanted
            )
        else:
            rule, fix = (
                f"neither {' nor '.join(either)} is there",
                f"Add {', '.join(either)} or both to the header",
            )
            yield Problem(rule, fix, shown, line, either[0])


def _record(
    line: int, header: list[str], fields: list[str], form: Form, shown: str, problems: list[Problem]
) -> CsvRow | None:
    """One line; None where it has not a field for each column."""
    if len(fields) != len(header):
        fix = "Write one field a column, and put text that holds a comma in quotes"
        problems.append(
            Problem(f"{len(fields)} fields under {len(header)} columns", fix, shown, line)
        )
        return None
    before = len(problems)
    values: dict[str, Any] = dict.fromkeys(form.columns, "") | dict(
        zip(header, fields, strict=True)
    )
    values |= {column: values[column] or said for column, said in form.unsaid.items()}
    for column, parse in form.parsers.items():
        if values[column] or column in form.required:
            try:
                values[column] = parse(values[column])
            except ValueError as error:
                rule, _, fix = str(error).partition("; ")
                problems.append(
                    Problem(rule, fix[:1].upper() + fix[1:], shown, line, column, values[column])
                )
                values[column] = None
    return CsvRow(line, values, len(problems) == before)
