"""The checksums of the pages of a Parquet file, which the engine does not look at.

A writer may put a CRC-32 of a page's bytes into the header of the page, in the compact protocol of
Apache Thrift. The format: https://parquet.apache.org/docs/file-format/data-pages/checksumming/.
"""

from __future__ import annotations

import mmap
import zlib
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from finops_nb.errors import Problem, Refusal
from finops_nb.params.text_file import open_regular
from finops_nb.usage.sources.discovery import SourceFile

BOOLEANS: Final = (1, 2)
"""Types of fields that have no bytes."""

BYTE, DOUBLE, BINARY, LIST, SET, STRUCT = 3, 7, 8, 9, 10, 12
INTEGERS: Final = (4, 5, 6)
"""Types of fields with a variable number of bytes."""

SIZE, CRC = 3, 4
"""Fields of a page's header: the bytes behind the header, and their checksum."""

DEEPEST: Final = 8
"""A page's header has structs in structs, but not more."""

DAMAGED: Final = "Copy or export it again; it is damaged"


class Chunk(NamedTuple):
    """Where the pages of one column are: from `start` to `end`, exclusive, in bytes."""

    column: str
    start: int
    end: int


def check_pages(source: SourceFile, chunks: Sequence[Chunk]) -> None:
    """Compare the checksum of each page that has one with the page.

    Args:
        source: a Parquet file.
        chunks: its columns, once for each group of rows.

    Raises:
        Refusal: a checksum differs; or other pages have one, and a header can't be read.
    """
    has_checksums = False
    unreadable = ""
    with (
        open_regular(source.path) as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        for column, start, end in chunks:
            position = start
            while position < end:
                header = _Header(data, position)
                try:
                    position = header.read()
                except (IndexError, ValueError):
                    unreadable = unreadable or column
                    break
                if header.crc is not None:
                    has_checksums = True
                    page = data[header.end : position]
                    if zlib.crc32(page) != header.crc % 2**32:
                        raise _damaged("a page differs from its checksum", source, column)
    if unreadable and has_checksums:
        raise _damaged("a page whose header can't be read", source, unreadable)


class _Header:
    """The header of a page, which begins at a position of a file."""

    def __init__(self, data: mmap.mmap, position: int):
        self.data = data
        self.end = position
        self.size = -1
        self.crc: int | None = None

    def read(self) -> int:
        """Read the header; then `end` is the position behind it.

        Returns:
            The position behind the page.

        Raises:
            IndexError, ValueError: it is none.
        """
        self._skip_struct(1, self._keep)
        if self.size < 0 or self.end + self.size > len(self.data):
            raise ValueError
        return self.end + self.size

    def _keep(self, field: int, value: int) -> None:
        if field == SIZE:
            self.size = value
        elif field == CRC:
            self.crc = value

    def _byte(self) -> int:
        byte = self.data[self.end]
        self.end += 1
        return byte

    def _unsigned(self) -> int:
        """A number of which each byte holds seven bits, the lowest first."""
        number = shift = 0
        while shift < 70:
            byte = self._byte()
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
            shift += 7
        raise ValueError

    def _signed(self) -> int:
        number = self._unsigned()
        return (number >> 1) ^ -(number & 1)

    def _skip_struct(self, depth: int, keep: Callable[[int, int], None] | None = None) -> None:
        field = 0
        while byte := self._byte():
            step, kind = byte >> 4, byte & 0x0F
            field = field + step if step else self._signed()
            if kind in INTEGERS:
                value = self._signed()
                if keep:
                    keep(field, value)
            elif kind not in BOOLEANS:
                self._skip(kind, depth)

    def _skip(self, kind: int, depth: int) -> None:
        """Go behind a value: of a field, or of an item of a list."""
        if depth > DEEPEST:
            raise ValueError
        if kind in (BYTE, *BOOLEANS):
            self.end += 1
        elif kind in INTEGERS:
            self._unsigned()
        elif kind == DOUBLE:
            self.end += 8
        elif kind == BINARY:
            length = self._unsigned()
            self.end += length
        elif kind == STRUCT:
            self._skip_struct(depth + 1)
        elif kind in (LIST, SET):
            self._skip_list(depth)
        else:
            raise ValueError  # no header has a map

    def _skip_list(self, depth: int) -> None:
        byte = self._byte()
        count = byte >> 4 if byte >> 4 < 15 else self._unsigned()
        if count > len(self.data):
            raise ValueError
        for _ in range(count):
            self._skip(byte & 0x0F, depth + 1)


def _damaged(rule: str, source: SourceFile, column: str) -> Refusal:
    return Refusal(Problem(rule, DAMAGED, source.name, column=column))
