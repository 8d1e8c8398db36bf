"""A JSON document unpacked into CSV: an array of rows, or a page with its rows inside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final

from finops_nb.errors import BadValue, Problem, Refusal
from finops_nb.usage.sources.csv_text import BOM
from finops_nb.usage.sources.discovery import SourceFile
from finops_nb.usage.sources.json_cells import EXPORT_AGAIN, NotJson, ObjectCells, parse
from finops_nb.usage.sources.json_pages import (
    PlacedRow,
    is_bucket,
    not_an_object,
    rows_of_list,
    rows_of_page,
)
from finops_nb.usage.sources.unpacked import (
    EMPTY_FILE,
    ProblemList,
    RowPlace,
    RowsFile,
    Unpacked,
    finish,
    open_unpacked,
)

LARGEST: Final = 1_000_000_000
"""Bytes of a document, which is in memory as a whole; JSON lines may have any number."""

RENAME: Final = "If each line is one object, rename it to .jsonl"

BLOCK: Final = 1 << 20
"""Bytes that are read at once."""

SKIP_BLANK: Final = re.compile(r"[ \t\r\n]*")


def unpack_json(source: SourceFile, path: Path) -> Unpacked:
    """Unpack a file with one JSON document.

    Args:
        source: the file, gzipped or not.
        path: the CSV file to write.

    Raises:
        Refusal: what is wrong with it, with the path of the row, or line and character where it is
            not JSON.

    Example:
        [{"timestamp": "2025-12-31T10:00:00Z", "cost_usd": 0.0123, "metadata": {"team": "org-a"}}]
    """
    text = _text_of(source)
    problems = ProblemList(source.name)
    places: list[str] = []

    def place_of_row(row: int) -> RowPlace:
        return RowPlace(path=(places[row] or f"[{row}]") if row >= 0 else "")

    with RowsFile(path, place_of_row) as rows:
        cells = ObjectCells(rows)
        try:
            for place, row in _rows(text):
                places.append(place)
                try:
                    cells.add(row)
                except BadValue as error:
                    problems.add(place_of_row(rows.rows).problem(error.problem()))
                    rows.add_empty_line()
        except NotJson as error:
            raise Refusal(_problem_in_text(error, text, source)) from None
        except BadValue as error:
            raise Refusal(error.problem(source.name)) from None
        return finish(rows, problems, source)


def _text_of(source: SourceFile) -> str:
    blocks, size = [], 0
    with open_unpacked(source) as raw:
        while block := raw.read(BLOCK):
            blocks.append(block)
            size += len(block)
            if size > LARGEST:
                rule = f"more than {LARGEST:,} bytes of JSON"
                raise Refusal(Problem(rule, "Export it as JSON lines (.jsonl)", source.name))
    data = b"".join(blocks)
    blocks.clear()
    if not data:
        raise Refusal(Problem(*EMPTY_FILE, source.name))
    try:
        return data.removeprefix(BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        line = 1 + data.count(b"\n", 0, error.start)
        rule = f"not UTF-8: byte 0x{data[error.start]:02x}"
        raise Refusal(Problem(rule, "Save the file as UTF-8", source.name, line)) from None


def _rows(text: str) -> Iterator[PlacedRow]:
    """The rows of a document; the path of an array's row is "", as its number says it.

    Raises:
        BadValue: as `rows_of_page` and `rows_of_list`; a `NotJson` where it is not JSON.
    """
    start = _after_blanks(text, 0)
    if not text.startswith("[", start):
        document, end = parse(text, start)
        _refuse_more_text(text, end)
        if type(document) is not tuple:
            raise BadValue("neither a JSON array nor an object", "Write the rows as one array")
        yield from rows_of_page(document)
        return
    elements = _elements(text, start)
    first = next(elements, None)
    if is_bucket(first):
        yield from rows_of_list("", [first, *elements])
    elif first is not None:
        for number, element in enumerate(chain((first,), elements)):
            if type(element) is not tuple:
                raise BadValue(*not_an_object(f"[{number}]"))
            yield "", element


def _elements(text: str, start: int) -> Iterator[Any]:
    """The elements of an array, one after the other.

    Args:
        text: the document.
        start: where the array begins.

    Raises:
        NotJson: it is no whole array, or something follows it.
    """
    position = _after_blanks(text, start + 1)
    is_empty = text.startswith("]", position)
    while not is_empty:
        element, end = parse(text, position)
        yield element
        position = _after_blanks(text, end)
        if text.startswith("]", position):
            break
        if not text.startswith(",", position):
            raise NotJson("not JSON: Expecting ',' or ']'", EXPORT_AGAIN, position)
        position = _after_blanks(text, position + 1)
    _refuse_more_text(text, position + 1)


def _after_blanks(text: str, position: int) -> int:
    match = SKIP_BLANK.match(text, position)
    return match.end() if match else position


def _refuse_more_text(text: str, end: int) -> None:
    rest = _after_blanks(text, end)
    if text.startswith("{", rest):
        raise NotJson("several JSON objects, one after the other", RENAME, rest)
    if rest < len(text):
        raise NotJson("not JSON: more text after its end", EXPORT_AGAIN, rest)


def _problem_in_text(error: NotJson, text: str, source: SourceFile) -> Problem:
    """The problem with its line, and the character in it."""
    if error.position is None:
        return error.problem(source.name)
    line = 1 + text.count("\n", 0, error.position)
    character = error.position - text.rfind("\n", 0, error.position)
    rule = f"{error.rule}, at character {character:,}"
    return Problem(rule, error.fix, source.name, line)
