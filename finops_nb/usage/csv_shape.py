"""The bytes of a CSV file, counted: how many rows it must have, and whether anything about it is odd."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from io import BufferedReader
from typing import Final

import numpy as np

from finops_nb.errors import Problem, Refusal
from finops_nb.usage.sources import Source

CHUNK: Final = 1 << 20
LONGEST_LINE: Final = 1 << 24
BOM: Final = b"\xef\xbb\xbf"
QUOTE, LF, CR, COMMA = b'"\n\r,'
UNREADABLE: Final = (OSError, EOFError, zlib.error)
"""What reading the bytes may raise; `unreadable` says it as a problem."""


@dataclass(slots=True)
class Shape:
    """What the bytes alone tell of a CSV file.

    Args:
        width: fields of the header.
        records: lines that end outside of quotes, the header among them.
        lines: physical lines, as line feeds end them.
        odd: something that the engine may read otherwise than Python: more or fewer fields than the header has (an empty
            line has one), quotes that are not whole fields or are never closed, lone carriage returns, line ends of two
            kinds, NUL, bytes that are not UTF-8.
        last_line: its last line, where that has no line break; else empty.
        inside, commas, crlf: whether the next byte is inside of quotes, the commas of its record so far, and whether
            lines end in CR LF, which the first one decides.
    """

    width: int
    records: int = 0
    lines: int = 0
    odd: bool = False
    last_line: bytes = b""
    inside: bool = False
    commas: int = 0
    crlf: bool | None = None

    def add(self, chunk: bytes) -> None:
        """Count the bytes up to the end of a line."""
        array = np.frombuffer(chunk, np.uint8)
        ends, returns, commas = (np.flatnonzero(array == byte) for byte in (LF, CR, COMMA))
        self.lines += len(ends)
        self.odd |= b"\0" in chunk or not _is_utf8(chunk)
        if self.inside or QUOTE in chunk:
            quotes = np.flatnonzero(array == QUOTE)
            self.odd |= _stray_quotes(array, quotes, self.inside)
            ends, returns, commas = (at[(np.searchsorted(quotes, at) + self.inside) % 2 == 0] for at in (ends, returns, commas))
            self.inside = bool((len(quotes) + self.inside) % 2)
        before = array[ends - 1] == CR
        self.odd |= len(returns) != before.sum()
        if len(ends):
            self.records += len(ends)
            self.crlf = bool(before[0]) if self.crlf is None else self.crlf
            fields = np.diff(np.searchsorted(commas, ends), prepend=-self.commas) + 1
            self.odd |= bool((before != self.crlf).any() or (fields != self.width).any())
            commas = commas[commas > ends[-1]]
            self.commas = 0
        self.commas += len(commas)


def look(source: Source, width: int) -> Shape:
    """Count the lines outside of quotes, and find out whether anything about the bytes is odd.

    Args:
        width: fields of the header.

    Raises:
        Refusal: the file cannot be read, or its compression is damaged or cut short.
    """
    shape = Shape(width)
    try:
        with open_bytes(source) as raw:
            start = raw.read(len(BOM)).removeprefix(BOM)
            while chunk := start + raw.read(CHUNK):
                start = b""
                chunk += raw.readline(LONGEST_LINE)
                if not chunk.endswith(b"\n"):
                    shape.last_line = chunk[chunk.rfind(b"\n") + 1 :]
                    crlf = b"\r\n" in chunk if shape.crlf is None else shape.crlf
                    chunk += b"\r\n" if crlf else b"\n"
                shape.add(chunk)
    except UNREADABLE as error:
        raise Refusal(unreadable(error, source)) from error
    shape.odd |= shape.inside
    return shape


def _stray_quotes(array: np.ndarray, quotes: np.ndarray, inside: bool) -> bool:
    """Whether a quote opens elsewhere than at a field's start, or closes elsewhere than at its end."""
    beside = np.zeros(256, bool)
    beside[[COMMA, LF, CR, QUOTE]] = True
    opening, closing = quotes[inside::2], quotes[1 - inside :: 2]
    opening = opening[opening > 0]
    return not (beside[array[opening - 1]].all() and beside[array[closing + 1]].all())


def _is_utf8(chunk: bytes) -> bool:
    try:
        return chunk.isascii() or bool(chunk.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def open_bytes(source: Source) -> BufferedReader:
    """The bytes of the text, unpacked where the file is gzipped; for the caller to close."""
    raw = gzip.GzipFile(source.path, "rb") if source.format == ".csv.gz" else source.path.open("rb", buffering=0)
    return BufferedReader(raw, CHUNK)


def unreadable(error: Exception, source: Source) -> Problem:
    """One of `UNREADABLE` as a problem."""
    if source.format == ".csv.gz" and not (isinstance(error, OSError) and error.errno):
        return Problem(f"not a whole gzip file: {error}", "Compress or copy it again; it is damaged, cut short or not gzipped", source.name)
    reason = getattr(error, "strerror", None) or str(error)
    return Problem(f"cannot be read: {reason}", "Check the file and its permissions", source.name)
