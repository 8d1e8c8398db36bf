"""The bytes of a CSV file, counted: how many rows it must have, and whether anything about it is odd."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from finops_nb.errors import Problem, Refusal
from finops_nb.usage.sources.csv_text import BOM, LONGEST_LINE, open_bytes
from finops_nb.usage.sources.discovery import Source

QUOTE, LF, CR = b'"\n\r'
CHUNK: Final = 1 << 17
"""Bytes at a time: few enough that what is made of them is never given back to the system and taken again, four times the work."""


@dataclass(slots=True)
class Shape:
    """What the bytes alone tell of a CSV file.

    Args:
        width: fields of the header.
        separator: what parts the fields.
        records: lines that end outside of quotes, the header among them; of no meaning where something is odd.
        lines: physical lines, as line feeds end them.
        odd: something that the engine may read otherwise than Python: more or fewer fields than all lines would have (an
            empty line has one), quotes that are not whole fields or are never closed, lone carriage returns, line ends of
            two kinds, NUL, bytes that are not UTF-8. Where one line without quotes has a field too many, and another one
            too few, the engine itself stops at the latter, or leaves it out if it is empty.
        last_line: its last line, where that has no line break; else empty.
        inside, parted, crlf: whether the next byte is inside of quotes, the separators of its record so far, and whether
            lines end in CR LF, which the first one decides.
    """

    width: int
    separator: str
    records: int = 0
    lines: int = 0
    odd: bool = False
    last_line: bytes = b""
    inside: bool = False
    parted: int = 0
    crlf: bool | None = None

    def add(self, chunk: bytes) -> None:
        """Count the bytes up to the end of a line; once something was odd, only the physical lines."""
        if self.odd:
            self.lines += chunk.count(b"\n")
            return
        array = np.frombuffer(chunk, np.uint8)
        self.odd = b"\0" in chunk or not _is_utf8(chunk)
        if self.inside or QUOTE in chunk:
            self._add_quoted(chunk, array)
        else:
            self._add_plain(chunk, array)

    def _add_plain(self, chunk: bytes, array: np.ndarray) -> None:
        """Count whole lines without a quote."""
        lines = int(np.count_nonzero(array == LF))
        self.lines += lines
        self.records += lines
        self.odd |= bool(np.count_nonzero(array == ord(self.separator)) != lines * (self.width - 1))
        crlf = CR in chunk
        self.crlf = crlf if self.crlf is None else self.crlf
        self.odd |= crlf != self.crlf
        if crlf:
            returns = array == CR
            pairs = np.count_nonzero(returns[:-1] & (array[1:] == LF))
            self.odd |= not np.count_nonzero(returns) == pairs == lines

    def _add_quoted(self, chunk: bytes, array: np.ndarray) -> None:
        """Count lines of which some hold quotes, or of which the first began inside of them."""
        ends, returns, parts = (
            np.flatnonzero(array == byte) for byte in (LF, CR, ord(self.separator))
        )
        self.lines += len(ends)
        quotes = np.flatnonzero(array == QUOTE)
        self.odd |= self._stray_quotes(array, quotes)
        ends, returns, parts = (
            at[(np.searchsorted(quotes, at) + self.inside) % 2 == 0]
            for at in (ends, returns, parts)
        )
        self.inside = bool((len(quotes) + self.inside) % 2)
        before = array[ends - 1] == CR
        self.odd |= len(returns) != before.sum()
        if len(ends):
            self.records += len(ends)
            self.crlf = bool(before[0]) if self.crlf is None else self.crlf
            fields = np.diff(np.searchsorted(parts, ends), prepend=-self.parted) + 1
            self.odd |= bool((before != self.crlf).any() or (fields != self.width).any())
            parts = parts[parts > ends[-1]]
            self.parted = 0
        self.parted += len(parts)

    def _stray_quotes(self, array: np.ndarray, quotes: np.ndarray) -> bool:
        """Whether a quote opens elsewhere than at a field's start, or closes elsewhere than at its end."""
        beside = np.zeros(256, bool)
        beside[[ord(self.separator), LF, CR, QUOTE]] = True
        opening, closing = quotes[self.inside :: 2], quotes[1 - self.inside :: 2]
        opening = opening[opening > 0]
        return not (beside[array[opening - 1]].all() and beside[array[closing + 1]].all())


def look(source: Source, width: int, separator: str = ",") -> Shape:
    """Count the lines outside of quotes, and find out whether anything about the bytes is odd.

    Args:
        width: fields of the header.
        separator: what parts them.

    Raises:
        Refusal: the file cannot be read to its end, or a line of it is too long.
    """
    shape = Shape(width, separator)
    with open_bytes(source) as raw:
        rest = raw.read(len(BOM)).removeprefix(BOM)
        while block := raw.read(CHUNK):
            first, whole = block.find(b"\n"), block.rfind(b"\n") + 1
            if len(rest) + (first if whole else len(block)) > LONGEST_LINE:
                raise Refusal(_too_long(source, shape.lines + 1))
            if whole:
                shape.add(b"".join((rest, memoryview(block)[:whole])))
            rest = block[whole:] if whole else rest + block
    if rest:
        shape.last_line = rest[rest.rfind(b"\n") + 1 :]
        crlf = b"\r\n" in rest if shape.crlf is None else shape.crlf
        shape.add(rest + (b"" if not shape.last_line else b"\r\n" if crlf else b"\n"))
    shape.odd |= shape.inside
    return shape


def _too_long(source: Source, line: int) -> Problem:
    fix = "Export the file again, with a line break after each row"
    return Problem(f"a line of more than {LONGEST_LINE:,} bytes", fix, source.name, line)


def _is_utf8(chunk: bytes) -> bool:
    try:
        return chunk.isascii() or bool(chunk.decode("utf-8"))
    except UnicodeDecodeError:
        return False
