"""CSV files that people write: columns by name, records at their lines, all problems together.

What other readers do silently is refused or does not happen here: a short row is filled up, `NA`
means nothing, spaces are removed, an open quote swallows the rest of the file. Usage has a reader
of its own.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import digits
from typing import Any, Final, NamedTuple

from finops_nb.errors import BadValue, Problem, Refusal, did_you_mean
from finops_nb.params.stray_quotes import BARE_QUOTE, SWALLOWED, RowForm, bare_quotes, not_csv
from finops_nb.params.text_file import BOM, BREAK, read_bytes
from finops_nb.params.types import Name, one_line, parse_as

IN_UTF_8: Final = "Save the file as CSV in UTF-8"


@dataclass(frozen=True, slots=True)
class Form:
    """What a CSV file holds.

    Args:
        entry: what a line is, as in "one budget per line".
        example: a header to start with.
        columns: every column that may be there, in any order.
        required: the columns that must be there; at least one of several in parentheses.
        parsers: what reads the columns that do not take any text; each raises `BadValue`. A field
            of an optional column is parsed only where it is filled. All other columns hold any
            text, also of several lines, unless rows of the file were swallowed in it.
        defaults: what an empty field means, or a missing column; in all other columns it means "".
        size: bytes that a file may have.
        numbers: the columns in which what is left of a value that was cut may be another one.
        meant: by another name that people give a column, the column.
        instead: for a required column that may be missing or empty, the columns that say the same,
            all of them together.
    """

    entry: str
    example: str
    columns: Sequence[str]
    required: Sequence[str | tuple[str, ...]]
    parsers: Mapping[str, Callable[[str], Any]]
    defaults: Mapping[str, str] = field(default_factory=dict)
    size: int = 1_000_000
    numbers: Sequence[str] = ()
    meant: Mapping[str, str] = field(default_factory=dict)
    instead: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def may_be_empty(self, column: str) -> bool:
        """Whether a field of a column may be empty, for all that its parser says."""
        return column not in self.required or column in self.instead


class CsvRow(NamedTuple):
    """One line of the file.

    Args:
        line: physical line where it starts, the header being line 1.
        values: by column of the form, parsed; None where a field was refused.
        valid: no field of it was refused.
    """

    line: int
    values: dict[str, Any]
    valid: bool


@dataclass(frozen=True, slots=True)
class Records:
    """A file as it was read.

    Args:
        header: its columns, in its order.
        header_line: their physical line.
        records: all that have a field for each column, in its order.
        problems: what is wrong with its lines; the caller reports them together with its own.
    """

    header: tuple[str, ...]
    header_line: int
    records: tuple[CsvRow, ...]
    problems: tuple[Problem, ...]


def read_text(path: Path, shown: str, form: Form) -> str:
    """The text of a file, with its line breaks and byte order mark: encoded, it is its bytes again.

    Args:
        path: the file.
        shown: its name in messages.
        form: what it holds.

    Raises:
        Refusal: unreadable, too big, or not UTF-8, with the line of the first byte that is not.
    """
    fix = f"Keep it under {form.size:,} bytes, with one {form.entry} per line"
    raw = read_bytes(path, shown, form.size, fix)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = _line_at(raw[: error.start].decode("utf-8"))
        byte = f"byte 0x{raw[error.start]:02x}"
        raise Refusal(Problem("not UTF-8", IN_UTF_8, shown, line, value=byte)) from error


def parse_records(text: str, shown: str, form: Form) -> Records:
    """The header and the records of a text.

    Args:
        text: of the file.
        shown: the file's name in messages.
        form: what it holds.

    Raises:
        Refusal: a NUL character, a header that does not fit the form, or no line below it.
    """
    if "\0" in text:
        line = _line_at(text[: text.index("\0")])
        raise Refusal(Problem("a NUL character", IN_UTF_8, shown, line))
    problems: list[Problem] = []
    rows = _rows(text.removeprefix(BOM), shown, problems)
    header_line, _, header = next(rows, (1, "", []))
    refuse(problems)
    refuse(_header_problems(header, header_line, shown, form))
    records = []
    row_form = _row_form(header, form)
    for line, record_text, fields in rows:
        if len(fields) != len(header):
            fields_text = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
            rule = f"{fields_text}, but the header has {len(header)}"
            fix = "Write one field per column, and put text that has a comma in quotes"
            problems.append(Problem(rule, fix, shown, line))
            continue
        record, bad_fields = _record(line, dict(zip(header, fields, strict=True)), shown, form)
        records.append(record)
        problems += bad_fields
        problems += (
            Problem(*fault, shown, line, header[position], fields[position])
            for position, fault in _stray_quotes(record_text, header, fields, form, row_form)
        )
    problems += _cut_short(text, header, records, shown, form)
    if not records and not problems:
        fix = f"Write one {form.entry} per line"
        raise Refusal(Problem("no lines below the header", fix, shown, header_line))
    return Records(tuple(header), header_line, tuple(records), tuple(problems))


def refuse(problems: Iterable[Problem]) -> None:
    """Refuse a file that has problems; do nothing if there are none.

    Raises:
        Refusal: all of them, in the order of their lines.
    """
    ordered = sorted(problems, key=lambda problem: problem.line or 0)
    if ordered:
        raise Refusal(ordered)


def csv_line(fields: Iterable[Any], end: str = "\n") -> str:
    r"""A line of a CSV file, with its line break.

    A field with any kind of line break is in quotes. Python 3.11 leaves a lone carriage return
    bare in lines that end in LF, so the line is made with CR LF.

    >>> csv_line(["a", "b\rc"])
    'a,"b\rc"\n'
    """
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\r\n").writerow(fields)
    return line.getvalue().removesuffix("\r\n") + end


def unpadded(text: str) -> str:
    """The text itself.

    Raises:
        BadValue: there are spaces around it, or a line break in it.
    """
    if text != text.strip():
        raise BadValue("spaces before or after it", "Remove them")
    return one_line(text)


def name(text: str) -> str:
    """The name of an organization or product.

    Raises:
        BadValue: it is empty, has spaces around it, or is reserved.
    """
    if not text:
        raise BadValue("no name", "Write the name of an organization or product")
    checked: str = parse_as(Name, unpadded(text))
    return checked


def _line_at(before: str) -> int:
    """The line of what follows a text."""
    return len(BREAK.findall(before)) + 1


def _rows(text: str, shown: str, problems: list[Problem]) -> Iterator[tuple[int, str, list[str]]]:
    """Each record that is not completely empty: the physical line where it starts, text, fields."""
    lines = io.StringIO(text, newline="").readlines()
    rows = csv.reader(lines, strict=True)
    while True:
        line = rows.line_num + 1
        try:
            fields = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            fix = 'Close every quote, and double each one inside a text: "so ""called"""'
            problems.append(Problem(not_csv(error), fix, shown, line))
            continue
        if fields:
            yield line, "".join(lines[line - 1 : rows.line_num]), fields


def _header_problems(header: list[str], line: int, shown: str, form: Form) -> Iterator[Problem]:
    if not header:
        fix = f"Write {form.example} and below it one {form.entry} per line"
        yield Problem("the file is empty", fix, shown, line)
        return
    if len(header) == 1 and re.search("[;\t]", header[0]):
        fix = "Save the file as CSV with commas"
        yield Problem("columns are not separated by commas", fix, shown, line, value=header[0])
        return
    for number, column in enumerate(header):
        if column not in form.columns:
            fix = _meant_column(column, header, form)
            yield Problem("an unknown column", fix, shown, line, column)
        elif column in header[:number]:
            yield Problem("duplicate column", "Keep one of them", shown, line, column)
    for wanted in form.required:
        choices = (wanted,) if isinstance(wanted, str) else wanted
        instead = form.instead.get(choices[0])
        if not set(choices) & set(header) and not (instead and set(instead) <= set(header)):
            yield _missing_column(choices, line, shown)


def _meant_column(column: str, header: Sequence[str], form: Form) -> str:
    """What to do about an unknown column: delete it, or use one of the known names."""
    meant = form.meant.get(column.strip().lower().replace(" ", "_"))
    if meant in header:
        return f"Delete it, because the header already has {meant}"
    free = [each for each in form.columns if each not in header]
    return f'Did you mean "{meant}"?' if meant else did_you_mean(column, free)


def _missing_column(choices: Sequence[str], line: int, shown: str) -> Problem:
    """The problem of a header that has none of these columns."""
    if len(choices) == 1:
        rule, fix = "the column is missing", f"Add {choices[0]} to the header"
    else:
        rule = f"no column {' or '.join(choices)}"
        fix = f"Add {', '.join(choices)} or both to the header"
    return Problem(rule, fix, shown, line, choices[0])


def _row_form(header: Sequence[str], form: Form) -> RowForm:
    """What a row of the file looks like, by the columns that do not take any text."""
    checks = {
        position: _takes(form.parsers[column], optional=form.may_be_empty(column))
        for position, column in enumerate(header)
        if column in form.parsers
    }
    return RowForm(len(header), ",", checks)


def _cut_short(
    text: str, header: Sequence[str], records: Sequence[CsvRow], shown: str, form: Form
) -> Iterator[Problem]:
    """A last line without a line break whose number may be cut, as in a copy that broke off."""
    if records and header[-1] in form.numbers and not text.endswith(("\n", "\r", '"')):
        rule = f"the last line has no line break, so its {header[-1]} may be cut short"
        fix = "If the line is complete, end it with a line break"
        value = text.rpartition(",")[2]
        if value.endswith((*digits, ".")):  # not "original", or nothing
            yield Problem(rule, fix, shown, records[-1].line, header[-1], value)


def _takes(parse: Callable[[str], Any], optional: bool) -> Callable[[str], bool]:
    """Whether a column takes a text."""

    def is_valid(text: str) -> bool:
        if optional and not text:
            return True
        try:
            parse(text)
        except BadValue:
            return False
        return True

    return is_valid


def _stray_quotes(
    text: str, header: Sequence[str], fields: Sequence[str], form: Form, row_form: RowForm
) -> Iterator[tuple[int, tuple[str, str]]]:
    """The fields of a record that stray quotes changed: their positions and what is wrong."""
    for position in row_form.fields_with_rows(fields):
        if header[position] not in form.parsers:
            yield position, SWALLOWED
    for position in bare_quotes(text, ","):
        if position < len(header) and header[position] in form.parsers:
            yield position, BARE_QUOTE


def _record(
    line: int, fields: Mapping[str, str], shown: str, form: Form
) -> tuple[CsvRow, list[Problem]]:
    """One line of the file, and what is wrong with its fields.

    Args:
        line: its physical line.
        fields: text by column of the header.
        shown: the file's name in messages.
        form: what the file holds.
    """
    problems = []
    values: dict[str, Any] = dict.fromkeys(form.columns, "") | dict(fields)
    values |= {column: values[column] or default for column, default in form.defaults.items()}
    for column, parse in form.parsers.items():
        text = values[column]
        if not text and form.may_be_empty(column):
            continue
        try:
            values[column] = parse(text)
        except BadValue as error:
            values[column] = None
            problems.append(error.problem(shown, line, column, text))
    return CsvRow(line, values, valid=not problems), problems
