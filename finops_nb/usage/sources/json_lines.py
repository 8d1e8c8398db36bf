"""JSON lines unpacked into CSV: one object a line is one row."""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Final

from finops_nb.errors import BadValue, Problem, Refusal
from finops_nb.usage.sources.csv_text import BOM, LONGEST_LINE
from finops_nb.usage.sources.discovery import SourceFile
from finops_nb.usage.sources.json_cells import NotJson, ObjectCells, parse
from finops_nb.usage.sources.unpacked import (
    EMPTY_FILE,
    ProblemList,
    RowPlace,
    RowsFile,
    Unpacked,
    finish,
    open_unpacked,
)

BLOCK: Final = 1 << 20
"""Bytes that are read at once."""

BLANK: Final = " \t\r\n"
"""What JSON takes for blank."""

ONE_OBJECT_A_LINE: Final = "Each line must be one whole object"
RENAME: Final = "Rename it to .json"


def unpack_json_lines(source: SourceFile, path: Path) -> Unpacked:
    """Unpack a file with a JSON object on each line.

    Empty lines at its end are none; others are empty lines of the CSV file.

    Args:
        source: the file, gzipped or not.
        path: the CSV file to write.

    Raises:
        Refusal: everything in it that is no object on a line of its own, with its line.

    Example:
        {"timestamp": "2025-12-31T10:00:00Z", "cost_usd": 0.0123, "metadata": {"team": "org-a"}}
    """
    problems = ProblemList(source.name)
    with RowsFile(path, _place_of_row) as rows, open_unpacked(source) as raw:
        cells = ObjectCells(rows)
        number = empty_lines = 0
        for number, line in enumerate(_lines(raw, source), 1):
            if not line.strip(BLANK):
                empty_lines += 1
                continue
            for _ in range(empty_lines):
                rows.add_empty_line()
            empty_lines = 0
            try:
                _add(cells, line)
            except BadValue as error:
                if number == 1:
                    _refuse_other_json(line, source)
                problems.add(error.problem(line=number))
                rows.add_empty_line()
        if not number:
            raise Refusal(Problem(*EMPTY_FILE, source.name))
        return finish(rows, problems, source)


def _place_of_row(row: int) -> RowPlace:
    return RowPlace(row + 1) if row >= 0 else RowPlace()


def _add(cells: ObjectCells, line: str) -> None:
    start = 0 if line.startswith("{") else len(line) - len(line.lstrip(BLANK))
    try:
        row, end = parse(line, start)
    except NotJson as error:
        if error.position is not None:
            error.rule += f" at character {error.position + 1:,}"
        raise
    if type(row) is not tuple:
        raise BadValue("not a JSON object", ONE_OBJECT_A_LINE)
    if end != len(line) and line[end:].strip(BLANK):
        rule = f"more than one object on the line, from character {end + 1:,}"
        raise BadValue(rule, ONE_OBJECT_A_LINE)
    cells.add(row)


def _lines(raw: BufferedReader, source: SourceFile) -> Iterator[str]:
    """The lines of the text, without their line feeds; a byte order mark is left out.

    Raises:
        Refusal: a line is not UTF-8, or is longer than the reader of CSV takes.
    """
    number = 1
    rest = raw.read(len(BOM)).removeprefix(BOM)
    while block := raw.read(BLOCK):
        end = block.rfind(b"\n") + 1
        if not end:
            rest += block
            _refuse_long_line(len(rest), number, source)
            continue
        _refuse_long_line(len(rest) + block.find(b"\n"), number, source)
        lines = _decoded(rest + block[: end - 1], number, source).split("\n")
        yield from lines
        number += len(lines)
        rest = block[end:]
    if rest:
        yield _decoded(rest, number, source)


def _decoded(data: bytes, number: int, source: SourceFile) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = number + data.count(b"\n", 0, error.start)
        rule = f"not UTF-8: byte 0x{data[error.start]:02x}"
        raise Refusal(Problem(rule, "Save the file as UTF-8", source.name, line)) from None


def _refuse_long_line(size: int, number: int, source: SourceFile) -> None:
    if size > LONGEST_LINE:
        rule = f"a line of more than {LONGEST_LINE:,} bytes"
        fix = "Export the file without the text that makes it so long, one object a line"
        raise Refusal(Problem(rule, fix, source.name, number))


def _refuse_other_json(line: str, source: SourceFile) -> None:
    """Refuse a file that begins as other JSON does, with that alone."""
    if line.strip(BLANK) == "{":
        rule = "not JSON lines but one JSON object over several lines"
        raise Refusal(Problem(rule, RENAME, source.name, 1))
    if line.lstrip(BLANK).startswith("["):
        rule = "not JSON lines but a JSON array"
        raise Refusal(Problem(rule, RENAME, source.name, 1))
