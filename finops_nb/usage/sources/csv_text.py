"""CSV, read strictly: its header, the engine's scan, and its records as Python reads them.

DuckDB's scan is quick, but loses a last row whose quote is never closed, may miss a field too many after a quoted line
break, drops blanks around quotes, skips empty lines and lets NUL pass. So the bytes are counted first (`csv_shape`): where
nothing is odd about them and the scan has as many rows as there are lines, each row is one that Python's strict reader
would give. Anything else is read again by that reader (`csv_proof`), which knows the physical line.
"""

from __future__ import annotations

import csv
import gzip
import re
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from io import BufferedReader, RawIOBase, StringIO, TextIOWrapper
from typing import TYPE_CHECKING, Any, Final

from finops_nb.errors import Problem, Refusal
from finops_nb.usage.sources import values
from finops_nb.usage.sources.discovery import Format, Source
from finops_nb.usage.sources.source_table import path_sql
from finops_nb.usage.sources.values import Fault

if TYPE_CHECKING:
    pass

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
            raise Refusal(
                Problem(f"not a whole {how} file: {error}", fix, self.source.name)
            ) from error
        except OSError as error:
            raise Refusal(self._unreadable(error)) from error
        self.count += count
        if self.source.format in PACKED and self.count > max(LARGE, RATIO * self.packed.tell()):
            rule = f"perhaps a zip bomb: {self.packed.tell():,} bytes unpack to {self.count:,} and more"
            raise Refusal(
                Problem(rule, "Export it again, or unpack it if it is sound", self.source.name)
            )
        return count

    def close(self) -> None:
        if self.file is not None:
            self.file.close()
            self.packed.close()
        super().close()

    def _unreadable(self, error: OSError) -> Problem:
        return Problem(
            f"cannot be read: {error.strerror or error}",
            "Check the file and its permissions",
            self.source.name,
        )


DISGUISES: Final = (
    (b"\x1f\x8b", "gzipped", "Name it .csv.gz, and gzip it once only"),
    (b"\x28\xb5\x2f\xfd", "packed by zstd", "Name it .csv.zst, and pack it once only"),
    (b"BZh", "packed by bzip2", "Unpack it"),
    (b"\xfd7zXZ", "packed by xz", "Unpack it"),
    (b"PAR1\x15", "Parquet", "Name it .parquet"),
    (b"PK\x03\x04", "a spreadsheet or a zip archive", "Export it as CSV"),
    (b"\xff\xfe\x00\x00", "UTF-32 text", "Save it as UTF-8"),
    (b"\x00\x00\xfe\xff", "UTF-32 text", "Save it as UTF-8"),
    (b"\xff\xfe", "UTF-16 text", "Save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text", "Save it as UTF-8"),
    *(
        (start, "HTML or XML, perhaps an error page", "Export the usage again")
        for start in (b"<!", b"<?", b"<h", b"<b", b"<e", b"<H", b"<E")
    ),
    *(
        (start, "JSON", "Export it as CSV")
        for start in (b"{", b"[]", b"[{", b"[[", b'["', b"[\n", b"[\r", b"[ ")
    ),
)
"""What a file named .csv really is, by its first bytes."""


LONGEST_HEADER: Final = 131_072
csv.field_size_limit(LONGEST_LINE)  # a prompt may be long; Python's own limit is 131,072 characters

SEPARATORS: Final = {",": "comma", ";": "semicolon", "\t": "tab"}
"""What may part the fields of a file; its header tells."""


@dataclass(frozen=True, slots=True)
class Header:
    """The names in the first line, and what parts the fields of the file."""

    names: tuple[str, ...]
    separator: str


def read_header(source: Source) -> Header:
    """The names in the first line, parted by what makes most names of it.

    Raises:
        Refusal: the file is empty, no CSV, not UTF-8, not readable at all, or two separators make as many names.
    """
    with open_bytes(source) as raw:
        start = raw.read(8)
    if not start:
        raise Refusal(Problem("the file is empty", "Export it again, with its header", source.name))
    _refuse_disguise(start.removeprefix(BOM), source)
    with open_text(source) as text:
        record = "".join(_record(text))
    if len(record) > LONGEST_HEADER:
        fix = "Begin the file with the names of its columns; close a quote, and end the line"
        raise Refusal(
            Problem(f"the header has more than {LONGEST_HEADER:,} characters", fix, source.name, 1)
        )
    separator = _separator(record, source)
    try:
        names = tuple(
            next(csv.reader(StringIO(record, newline=""), delimiter=separator, strict=True), ())
        )
    except csv.Error as error:
        fix = f"Write the names of the columns, parted by {SEPARATORS[separator]}s"
        raise Refusal(Problem(f"the header is not CSV: {error}", fix, source.name, 1)) from error
    broken = next((name for name in names if "\n" in name), None)
    if broken and record.endswith("\r\n"):  # the engine then takes the whole file for its header
        raise Refusal(
            Problem(
                "a name in the header has a line break in it",
                "Write it on one line",
                source.name,
                1,
                value=broken,
            )
        )
    header = Header(names, separator)
    _refuse_odd_header(header, source)
    return header


def _record(text: TextIOWrapper) -> Iterator[str]:
    """The lines up to the first that ends outside of quotes, or is longer than a file's header would be."""
    inside, length = False, 0
    while length < LONGEST_LINE and (line := text.readline(LONGEST_LINE)):
        yield line
        inside, length = inside ^ (line.count('"') % 2 == 1), length + len(line)
        if not inside:
            return


def _separator(record: str, source: Source) -> str:
    """What stands most often in the header, outside of quotes; the comma where none does."""
    outside = "".join(record.split('"')[::2])
    most = max(outside.count(separator) for separator in SEPARATORS)
    found = [separator for separator in SEPARATORS if outside.count(separator) == most]
    if most and len(found) > 1:
        rule = f"{' and '.join(f'{SEPARATORS[separator]}s' for separator in found)} part the header into as many names"
        fix = "Part the names by one of them, and put a name that holds the other in quotes"
        raise Refusal(Problem(rule, fix, source.name, 1, value=record.rstrip("\r\n")))
    return found[0]


def _refuse_disguise(start: bytes, source: Source) -> None:
    for magic, what, fix in DISGUISES:
        if start.startswith(magic):
            raise Refusal(Problem(f"not CSV but {what}", fix, source.name))
    if b"\0" in start:
        raise Refusal(Problem("not text: it has NUL bytes", "Save it as UTF-8", source.name))


def _refuse_odd_header(header: Header, source: Source) -> None:
    names = header.names
    if names and re.match("sep=|#", names[0], re.IGNORECASE) and not any(names[1:]):
        fix = "Delete the line: the file must begin with the names of its columns"
        raise Refusal(
            Problem(
                "the first line is a remark, and not the header",
                fix,
                source.name,
                1,
                value=printable(names[0]),
            )
        )
    if not any(name.strip() for name in names):
        raise Refusal(
            Problem(
                "the first line is empty",
                "Begin the file with the names of its columns",
                source.name,
                1,
            )
        )
    if names[0].startswith("\ufeff"):
        raise Refusal(
            Problem(
                "the file begins with two marks of UTF-8 (BOM)",
                "Save it with one of them, or none",
                source.name,
                1,
            )
        )
    if len(names) == 1 and "|" in names[0]:
        fix = "Save the file with commas, semicolons or tabs"
        raise Refusal(Problem("the fields are parted by bars", fix, source.name, 1, value=names[0]))
    for name in names:
        if fault := character_fault(name):
            raise Refusal(
                Problem(
                    f"in the header {fault[0]}", fault[1], source.name, 1, value=printable(name)
                )
            )


def scan_sql(source: Source, header: Header) -> str:
    """The table of a CSV file in SQL: columns c0, c1 … of text, in the order of the header."""
    columns = ", ".join(f"c{n}: 'VARCHAR'" for n in range(len(header.names)))
    return (
        f"read_csv({path_sql(source)}, columns = {{{columns}}}, header = true, auto_detect = false, "
        f"strict_mode = true, null_padding = false, delim = {values.sql_text(header.separator)}, quote = '\"', escape = '\"', "
        f"compression = '{PACKED.get(source.format, 'none')}', hive_partitioning = false)"
    )


@dataclass(frozen=True, slots=True)
class PhysicalRecord:
    """One record of a CSV file as Python's strict reader reads it.

    Args:
        line: the physical line on which it begins. A line ends in a line feed; a lone carriage return ends one outside of quotes.
        end: the line break after it; empty at the end of the file.
        size: its bytes.
        row: its fields, or why it is no CSV.
    """

    line: int
    end: str
    size: int
    row: list[str] | csv.Error


def records(source: Source, separator: str) -> Iterator[PhysicalRecord]:
    """Each record, the header first.

    Raises:
        Refusal: the file cannot be read to its end.
    """
    with open_text(source) as text:
        end, feeds, size, line = "", 0, 0, 1

        def lines() -> Iterator[str]:
            nonlocal end, feeds, size
            for physical in text:
                end = physical[len(physical.rstrip("\r\n")) :]
                feeds += physical.endswith("\n")
                size += (
                    len(physical)
                    if physical.isascii()
                    else len(physical.encode(errors="surrogateescape"))
                )
                yield physical

        reader = csv.reader(lines(), delimiter=separator, strict=True)
        while True:
            row: list[str] | csv.Error
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                row = error
            yield PhysicalRecord(line, end, size, row)
            line += feeds + (end == "\r")
            feeds = size = 0


def character_fault(value: str) -> Fault | None:
    """What is wrong with the characters of a field that Python's reader took; None if nothing is."""
    if "\0" in value:
        return "a NUL character", "Export the file again; it is damaged, or no text"
    if (byte := _stray_byte(value)) is not None:
        return f"not UTF-8: byte 0x{byte:02x}", "Save the file as UTF-8"
    if value.lstrip().startswith('"') and not value.startswith('"'):
        return "a blank before a quote", "Put the quote right at the start of its field"
    return None


def _stray_byte(text: str) -> int | None:
    """The first byte of it that is no UTF-8, as `surrogateescape` kept it."""
    return next((ord(char) - 0xDC00 for char in text if 0xDC80 <= ord(char) <= 0xDCFF), None)


def printable(text: str) -> str:
    """The text with its stray bytes spelled out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def open_text(source: Source) -> TextIOWrapper:
    """The text without its mark of UTF-8, with every line break as it is and stray bytes kept; for the caller to close."""
    return TextIOWrapper(
        open_bytes(source), encoding="utf-8-sig", errors="surrogateescape", newline=""
    )
