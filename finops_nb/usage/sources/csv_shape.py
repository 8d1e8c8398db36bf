"""The bytes of a CSV file, counted: how many records it must have, and whether they are ambiguous.

This module needs numpy, whose import takes longer than reading a small file, so it is imported only
once a CSV file is read.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from typing import Final

import numpy as np

from finops_nb.errors import Problem, Refusal
from finops_nb.usage.sources.csv_text import BOM, LONGEST_LINE, open_bytes
from finops_nb.usage.sources.discovery import SourceFile

QUOTE, LF, CR = b'"\n\r'

CHUNK: Final = 1 << 17
"""Bytes at a time.

Few enough that the allocator reuses the memory of the arrays made from them. With larger chunks it
returns the memory to the system each time, which takes four times as long.
"""


@dataclass(slots=True)
class Shape:
    """What the bytes alone tell about a CSV file.

    Args:
        width: fields of the header.
        separator: the character between fields.
        records: lines that end outside of quotes, including the header; meaningless where the file
            is ambiguous.
        lines: physical lines, each ended by a line feed.
        ambiguous: the engine may read something differently from Python: more or fewer fields in
            all than `width` times the lines (an empty line has one field), quotes that do not
            enclose whole fields or are never closed, lone carriage returns, two kinds of line
            ending, NUL, bytes that are not UTF-8. Not seen: one line without quotes has a field too
            many and another one too few. There the engine itself stops at the latter, or leaves it
            out if it is empty.
        last_line: the last line if it has no line break; else empty.
        in_quotes: whether the next byte is inside of quotes.
        separators: how many separators the unfinished record has so far.
        crlf: whether lines end in CR LF, which the first line decides; None before it.
        is_sound: whether a row with a line break in it is one that the file may have; else the file
            is ambiguous. Asked only about rows with two adjacent lines in quotes that have as many
            separators as a row.
        unfinished: the bytes of a record that began in an earlier chunk and is in quotes.
    """

    width: int
    separator: str
    records: int = 0
    lines: int = 0
    ambiguous: bool = False
    last_line: bytes = b""
    in_quotes: bool = False
    separators: int = 0
    crlf: bool | None = None
    is_sound: Callable[[list[str]], bool] | None = None
    unfinished: bytes = b""

    def add(self, chunk: bytes) -> None:
        """Count bytes up to the end of a line; of an ambiguous file, only the physical lines."""
        if self.ambiguous:
            self.lines += chunk.count(b"\n")
            return
        array = np.frombuffer(chunk, np.uint8)
        self.ambiguous = b"\0" in chunk or not _is_utf8(chunk)
        if self.in_quotes or QUOTE in chunk:
            self._add_quoted(chunk, array)
        else:
            self._add_plain(chunk, array)

    def _add_plain(self, chunk: bytes, array: np.ndarray) -> None:
        """Count whole lines without a quote."""
        lines = int(np.count_nonzero(array == LF))
        separators = np.count_nonzero(array == ord(self.separator))
        self.lines += lines
        self.records += lines
        self.ambiguous |= bool(separators != lines * (self.width - 1))
        crlf = CR in chunk
        if self.crlf is None:
            self.crlf = crlf
        self.ambiguous |= crlf != self.crlf
        if crlf:
            returns = array == CR
            pairs = np.count_nonzero(returns[:-1] & (array[1:] == LF))
            self.ambiguous |= not np.count_nonzero(returns) == pairs == lines

    def _add_quoted(self, chunk: bytes, array: np.ndarray) -> None:
        """Count lines of which some hold quotes, or of which the first began inside of quotes."""
        quotes = np.flatnonzero(array == QUOTE)
        self.ambiguous |= self._has_stray_quotes(array, quotes)
        feeds = np.flatnonzero(array == LF)
        self.lines += len(feeds)
        ends = self._outside_quotes(feeds, quotes)
        returns = self._outside_quotes(np.flatnonzero(array == CR), quotes)
        all_separators = np.flatnonzero(array == ord(self.separator))
        separators = self._outside_quotes(all_separators, quotes)
        if self.unfinished or len(feeds) > len(ends):
            quoted = np.setdiff1d(all_separators, separators, assume_unique=True)
            self._add_long_records(chunk, feeds, ends, quoted)
        self.in_quotes = bool((len(quotes) + self.in_quotes) % 2)
        ends_in_crlf = array[ends - 1] == CR
        self.ambiguous |= len(returns) != ends_in_crlf.sum()
        if len(ends):
            self.records += len(ends)
            if self.crlf is None:
                self.crlf = bool(ends_in_crlf[0])
            before_end = np.searchsorted(separators, ends)
            fields = np.diff(before_end, prepend=-self.separators) + 1
            self.ambiguous |= bool((ends_in_crlf != self.crlf).any())
            self.ambiguous |= bool((fields != self.width).any())
            separators = separators[separators > ends[-1]]
            self.separators = 0
        self.separators += len(separators)

    def _add_long_records(
        self, chunk: bytes, feeds: np.ndarray, ends: np.ndarray, separators: np.ndarray
    ) -> None:
        """Ask `is_sound` about the records of several lines that end in the chunk.

        Args:
            chunk: whole lines.
            feeds: where its lines end.
            ends: where its records end.
            separators: where it has separators in quotes.
        """
        starts = [0, *(ends + 1).tolist()]
        counts = np.bincount(np.searchsorted(feeds, separators), minlength=len(feeds) + 1)
        # The end of a row and the beginning of the next one have a row's separators.
        has_row = counts[:-1] + counts[1:] >= self.width - 1
        inner = np.isin(feeds, ends, assume_unique=True, invert=True)
        records = set(np.searchsorted(ends, feeds[inner & has_row]).tolist())
        if self.unfinished:
            records.add(0)
        suspects = [
            chunk[starts[number] : starts[number + 1]]
            for number in sorted(records)
            if number < len(ends)
        ]
        if self.unfinished and len(ends):
            suspects[0] = self.unfinished + suspects[0]
            self.unfinished = b""
        self.ambiguous |= not self._are_sound(suspects)
        self.unfinished += chunk[starts[-1] :]
        # The strict reader says that it is too long.
        self.ambiguous |= len(self.unfinished) > LONGEST_LINE

    def _are_sound(self, records: list[bytes]) -> bool:
        if self.ambiguous or self.is_sound is None:
            return True
        text = StringIO(b"".join(records).decode("utf-8"), newline="")
        try:
            return all(map(self.is_sound, csv.reader(text, delimiter=self.separator, strict=True)))
        except csv.Error:
            return False

    def _outside_quotes(self, positions: np.ndarray, quotes: np.ndarray) -> np.ndarray:
        """The positions before which the number of quotes is even."""
        quotes_before = np.searchsorted(quotes, positions) + self.in_quotes
        outside: np.ndarray = positions[quotes_before % 2 == 0]
        return outside

    def _has_stray_quotes(self, array: np.ndarray, quotes: np.ndarray) -> bool:
        """Whether a quote opens other than at a field's start, or closes other than at its end."""
        is_boundary = np.zeros(256, bool)
        is_boundary[[ord(self.separator), LF, CR, QUOTE]] = True
        opening, closing = quotes[self.in_quotes :: 2], quotes[1 - self.in_quotes :: 2]
        opening = opening[opening > 0]
        sound = is_boundary[array[opening - 1]].all() and is_boundary[array[closing + 1]].all()
        return not sound


def measure_shape(
    source: SourceFile,
    width: int,
    separator: str = ",",
    is_sound: Callable[[list[str]], bool] | None = None,
) -> Shape:
    """Count the lines outside of quotes, and find out whether the bytes are ambiguous.

    Args:
        source: a CSV file, compressed or not.
        width: fields of the header.
        separator: the character between fields.
        is_sound: as in `Shape`.

    Raises:
        Refusal: the file cannot be read to its end, or a line of it is too long.
    """
    shape = Shape(width, separator, is_sound=is_sound)
    with open_bytes(source) as raw:
        rest = raw.read(len(BOM)).removeprefix(BOM)
        while block := raw.read(CHUNK):
            first_feed, end = block.find(b"\n"), block.rfind(b"\n") + 1
            if len(rest) + (first_feed if end else len(block)) > LONGEST_LINE:
                raise Refusal(_too_long(source, shape.lines + 1))
            if end:
                # The view saves a copy of the block.
                shape.add(b"".join((rest, memoryview(block)[:end])))
                rest = block[end:]
            else:
                rest += block
    if rest:
        _add_unfinished(shape, rest)
    shape.ambiguous |= shape.in_quotes
    return shape


def _add_unfinished(shape: Shape, rest: bytes) -> None:
    """Count what follows the last line feed as if its line break were there."""
    shape.last_line = rest[rest.rfind(b"\n") + 1 :]
    crlf = b"\r\n" in rest if shape.crlf is None else shape.crlf
    line_break = b"\r\n" if crlf else b"\n"
    shape.add(rest + line_break if shape.last_line else rest)


def _too_long(source: SourceFile, line: int) -> Problem:
    fix = "Export the file again, with a line break after each row"
    return Problem(f"a line of more than {LONGEST_LINE:,} bytes", fix, source.name, line)


def _is_utf8(chunk: bytes) -> bool:
    try:
        return chunk.isascii() or bool(chunk.decode("utf-8"))
    except UnicodeDecodeError:
        return False
