"""The bytes of a CSV file, unpacked where it is gzipped or packed by zstd; what cannot be read whole is refused."""

from __future__ import annotations

import gzip
import sys
import zlib
from importlib import import_module
from io import BufferedReader, RawIOBase
from typing import Any, Final

from finops_nb.errors import Problem, Refusal
from finops_nb.usage.sources.discovery import Format, Source

PACKED: Final[dict[Format, str]] = {".csv.gz": "gzip", ".csv.zst": "zstd"}
"""How a file of that suffix is packed, in DuckDB's word."""

ZSTD: Final = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
"""The module; imported only where a file needs it."""

BUFFER: Final = 1 << 16
LONGEST_LINE: Final = 2_000_000
"""Longest line in bytes; DuckDB reads none that is longer."""

BOM: Final = b"\xef\xbb\xbf"

RATIO: Final = 500
LARGE: Final = 1_000_000_000
"""A packed file is refused where its bytes so far unpacked to more than both `LARGE` and `RATIO` times their number. Usage
logs pack 5:1 to 150:1, zip bombs 1,000:1 and more."""


def open_bytes(source: Source) -> BufferedReader:
    """The bytes of the text, for the caller to close.

    Raises:
        Refusal: now or while it is read: the file is not readable, its packing is damaged or cut short, or it unpacks
            to far more than a file of usage would.
    """
    return BufferedReader(_Bytes(source), BUFFER)


class _Bytes(RawIOBase):
    """The bytes of the text, one after the other; what goes wrong with them is a `Refusal`."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.count = 0
        self.damage: tuple[type[Exception], ...] = (EOFError, zlib.error, gzip.BadGzipFile)
        self.file: Any = None
        try:
            self.packed = self.file = source.path.open("rb", buffering=0)
            if source.format == ".csv.gz":
                self.file = gzip.GzipFile(fileobj=self.packed)
            elif source.format == ".csv.zst":
                zstd = import_module(ZSTD)
                self.damage = (EOFError, zstd.ZstdError)
                self.file = zstd.ZstdFile(self.packed)
        except OSError as error:
            raise Refusal(self._unreadable(error)) from error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            count: int = self.file.readinto(buffer)
        except self.damage as error:
            how = PACKED[self.source.format]
            fix = f"Compress or copy it again; it is damaged, cut short or not packed by {how}"
            raise Refusal(Problem(f"not a whole {how} file: {error}", fix, self.source.name)) from error
        except OSError as error:
            raise Refusal(self._unreadable(error)) from error
        self.count += count
        if self.source.format in PACKED and self.count > max(LARGE, RATIO * self.packed.tell()):
            rule = f"perhaps a zip bomb: {self.packed.tell():,} bytes unpack to {self.count:,} and more"
            raise Refusal(Problem(rule, "Export it again, or unpack it if it is sound", self.source.name))
        return count

    def close(self) -> None:
        if self.file is not None:
            self.file.close()
            self.packed.close()
        super().close()

    def _unreadable(self, error: OSError) -> Problem:
        return Problem(f"cannot be read: {error.strerror or error}", "Check the file and its permissions", self.source.name)
