"""A file that is no CSV, unpacked into one: its rows as fields of text, and where each came from.

The reader of CSV does the rest, so a spreadsheet and a page of JSON meet the same checks. What it
finds is on a physical line of the unpacked file, which nobody has seen; `Unpacked.placed` says
where that is in the file that was exported.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from io import BufferedReader
from pathlib import Path
from shutil import copyfileobj
from types import TracebackType
from typing import BinaryIO, Final, TypeAlias

from finops_nb.errors import SHOWN, BadValue, Problem, Refusal
from finops_nb.params.text_file import HALF, HALF_REFUSED
from finops_nb.usage.sources import csv_text
from finops_nb.usage.sources.discovery import SourceFile

BATCH: Final = 5_000
"""Rows that are encoded and written at once."""

MOST_COLUMNS: Final = 1_000
"""Columns of a file; with more, the keys of its objects are data."""

TOO_MANY_COLUMNS: Final = (
    f"more than {MOST_COLUMNS:,} different columns",
    "Export it without the objects whose keys are ids or other data",
)

NEEDS_QUOTES: Final = re.compile('["\n\r]').search
"""Finds what a field without quotes can't hold, but for commas, which are counted."""

GZIP: Final = b"\x1f\x8b"
"""The first bytes of what gzip has packed."""

EMPTY_FILE: Final = ("the file is empty", "Export it again")

KeyPath: TypeAlias = tuple[str, ...]
"""The keys that lead to a value; of a spreadsheet's cell, the name of its column alone."""


@dataclass(frozen=True, slots=True)
class RowPlace:
    """Where a row is in the file that was exported.

    Args:
        line: its physical line, from 1, in a file of lines; else None.
        path: else, how to find it there.
        joint: what stands between the path and the name of a column.

    Example:
        The third row of the fourth bucket of a page: data[3].results[2]
    """

    line: int | None = None
    path: str = ""
    joint: str = "."

    def __str__(self) -> str:
        return self.path if self.line is None else f"line {self.line}"

    def problem(self, problem: Problem) -> Problem:
        """The same problem at this place instead of its line."""
        column = self.joint.join(filter(None, (self.path, problem.column)))
        return replace(problem, line=self.line, column=column or None)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A file unpacked into CSV: UTF-8, commas, line feeds, and quotes in the rows that need them.

    Args:
        path: the CSV file.
        names: its header; "labels.team" is the key `team` of the object `labels`.
        rows: how many rows it has, empty lines included.
        place_of_row: where a row is, by its number from 0; where the header is, by -1.
        long_rows: the numbers of the rows with line breaks in their fields, ascending.
        line_breaks: how many each of them has.
        float_columns: the columns with numbers that the file stores as floats.
        hidden_rows: the numbers of the rows that a spreadsheet hides.
        hidden_columns: the names of the columns that it hides.
    """

    path: Path
    names: tuple[str, ...]
    rows: int
    place_of_row: Callable[[int], RowPlace]
    long_rows: Sequence[int] = ()
    line_breaks: Sequence[int] = ()
    float_columns: frozenset[str] = frozenset()
    hidden_rows: tuple[int, ...] = ()
    hidden_columns: tuple[str, ...] = ()
    _first_lines: Sequence[int] = field(default=(), init=False, repr=False)

    def __post_init__(self) -> None:
        first_lines, added = array("q"), self._header_lines
        for row, breaks in zip(self.long_rows, self.line_breaks, strict=True):
            first_lines.append(row + 1 + added)
            added += breaks
        object.__setattr__(self, "_first_lines", first_lines)

    @property
    def _header_lines(self) -> int:
        return 1 + sum(name.count("\n") for name in self.names)

    def row_at(self, line: int) -> int:
        """The number of the row, from 0, on a physical line of the CSV file; -1 of the header."""
        if line <= self._header_lines:
            return -1
        long_rows_above = bisect_left(self._first_lines, line)
        if not long_rows_above:
            return line - self._header_lines - 1
        last = long_rows_above - 1
        row, breaks = self.long_rows[last], self.line_breaks[last]
        return max(row, row + line - self._first_lines[last] - breaks)

    def place(self, line: int) -> RowPlace:
        """What a person finds in the exported file at a physical line of the CSV file."""
        return self.place_of_row(self.row_at(line))

    def placed(self, problem: Problem) -> Problem:
        """A problem of the CSV file as one of the exported file."""
        return problem if problem.line is None else self.place(problem.line).problem(problem)


class RowsFile:
    """The CSV file while it is written; its header is known after its last row.

    Args:
        path: the file to write.
        place_of_row: as in `Unpacked`.

    Its `names` are the columns so far. Its `problems` are rows that UTF-8 can't hold.
    """

    def __init__(self, path: Path, place_of_row: Callable[[int], RowPlace]) -> None:
        self.names: list[str] = []
        self.problems: list[Problem] = []
        self._paths: dict[str, tuple[KeyPath, int]] = {}
        self._path = path
        self._place_of_row = place_of_row
        self._body_path = path.with_name(f"{path.name}.rows")
        self._body: BinaryIO = self._body_path.open("wb")
        self._batch: list[str] = []
        self._written = 0
        self._long_rows, self._line_breaks = array("q"), array("q")
        self._widths: list[tuple[int, int]] = []

    def __enter__(self) -> RowsFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._body.close()
        self._body_path.unlink(missing_ok=True)

    @property
    def rows(self) -> int:
        """How many rows were added so far, empty lines included."""
        return self._written + len(self._batch)

    def column(self, path: KeyPath) -> int:
        """The position of the column at a path; a new one is added behind the others.

        Raises:
            BadValue: another path has the same name, or there are too many columns.
        """
        name = ".".join(path)
        if HALF.search(name):
            raise BadValue(*HALF_REFUSED)
        known_path, position = self._paths.setdefault(name, (path, len(self.names)))
        if known_path != path:
            rule = f'a key "{name}" and the same path through objects, which make one column'
            raise BadValue(rule, "Rename the key with the dot")
        if position == len(self.names):
            if position == MOST_COLUMNS:
                del self._paths[name]
                raise BadValue(*TOO_MANY_COLUMNS)
            self.names.append(name)
        return position

    def add(self, values: Sequence[str]) -> None:
        """Add a row, whose fields are those of the columns so far, or of the first of them."""
        values = values or ("",)
        if not self._widths or self._widths[-1][1] != len(values):
            self._widths.append((self.rows, len(values)))
        text = ",".join(values)
        if not text or text.count(",") != len(values) - 1 or NEEDS_QUOTES(text):
            text = _quoted(values)
        self._batch.append(text + "\n")
        if len(self._batch) >= BATCH:
            self._write_batch()

    def add_empty_line(self) -> None:
        """Add an empty line, which the reader of CSV leaves out and counts."""
        self._batch.append("\n")

    def finished(self) -> Unpacked:
        """Write the file: the header, and every row with a field for each column."""
        self._write_batch()
        self._body.close()
        names = tuple(self.names)
        with self._path.open("wb") as file, self._body_path.open("rb") as body:
            # Quotes tell the header from the first bytes of another format.
            file.write(f"{_quoted(names)}\n".encode())
            if all(width == len(names) for _, width in self._widths):
                copyfileobj(body, file, 1 << 20)
            else:
                file.writelines(self._widened(body))
        return Unpacked(
            self._path,
            names,
            self.rows,
            self._place_of_row,
            self._long_rows,
            self._line_breaks,
        )

    def _write_batch(self) -> None:
        text = "".join(self._batch)
        if text.count("\n") != len(self._batch):
            self._note_long_rows()
        try:
            self._body.write(text.encode("utf-8"))
        except UnicodeEncodeError:
            self._note_half_characters()
        self._written += len(self._batch)
        self._batch.clear()

    def _note_long_rows(self) -> None:
        for row, text in enumerate(self._batch, self._written):
            if breaks := text.count("\n") - 1:
                self._long_rows.append(row)
                self._line_breaks.append(breaks)

    def _note_half_characters(self) -> None:
        """A problem for each row that UTF-8 can't hold."""
        for row, text in enumerate(self._batch, self._written):
            try:
                text.encode("utf-8")
            except UnicodeEncodeError:
                self.problems.append(self._place_of_row(row).problem(Problem(*HALF_REFUSED)))

    def _widened(self, body: BinaryIO) -> Iterator[bytes]:
        """The lines of the body, with empty fields for the columns that were found later."""
        width = len(self.names)
        starts = [row for row, _ in self._widths]
        padding = [b"," * (width - of_row) + b"\n" for _, of_row in self._widths]
        breaks = dict(zip(self._long_rows, self._line_breaks, strict=True))
        segment, next_start = 0, starts[1] if len(starts) > 1 else self.rows
        for row in range(self.rows):
            if row == next_start:
                segment = bisect_right(starts, row) - 1
                next_start = starts[segment + 1] if segment + 1 < len(starts) else self.rows
            for _ in range(breaks.get(row, 0)):
                yield next(body)
            line = next(body)
            yield line if line == b"\n" else line[:-1] + padding[segment]


class ProblemList:
    """The problems of a file: the first are kept, all are counted."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.first: list[Problem] = []
        self.count = 0

    def add(self, problem: Problem) -> None:
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(problem.in_file(self.file))

    def refuse_any(self) -> None:
        """Raise the refusal of all of them; nothing if there are none."""
        if self.count:
            raise Refusal(self.first, self.count)


def open_unpacked(source: SourceFile) -> BufferedReader:
    """The bytes of a file, gunzipped if its name says so, for the caller to close.

    Raises:
        Refusal: as `csv_text.open_bytes`.
    """
    raw = csv_text.open_bytes(source)
    if raw.peek(2).startswith(GZIP):
        raw.close()
        fix = f"Rename it to {source.format.removesuffix('.gz')}.gz, and gzip it only once"
        raise Refusal(Problem("gzipped", fix, source.name))
    return raw


def finish(rows: RowsFile, problems: ProblemList, source: SourceFile) -> Unpacked:
    """Write the CSV file, if nothing is wrong with the exported one.

    Raises:
        Refusal: the problems; or no row names a column.
    """
    unpacked = rows.finished()
    for problem in rows.problems:
        problems.add(problem)
    problems.refuse_any()
    if not rows.names:
        rule = "no rows, so nothing names the columns"
        fix = "Leave the file out of `usage`, or export it again"
        raise Refusal(Problem(rule, fix, source.name))
    return unpacked


def _quoted(values: Sequence[str]) -> str:
    """The fields of a row, each in quotes."""
    return '"' + '","'.join([value.replace('"', '""') for value in values]) + '"'
