"""The text of a CSV file: its bytes unpacked, its header, the engine's scan and Python's records.

DuckDB's scan is quick, but it loses a last row whose quote is never closed, may miss a field too
many after a quoted line break, drops spaces around quotes, skips empty lines and lets NUL pass. So
the bytes are counted, too (`csv_shape`). If they are not ambiguous and the scan has as many rows as
there are lines, every row is one that Python's strict reader would give. Any other file is read
again by that reader (`usage.strict_reading`), which knows the physical line.
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
from typing import Any, Final

from finops_nb.errors import Problem, Refusal
from finops_nb.params.stray_quotes import not_csv
from finops_nb.params.text_file import open_regular
from finops_nb.usage.sources import values
from finops_nb.usage.sources.discovery import SourceFile
from finops_nb.usage.sources.formats import Format
from finops_nb.usage.sources.source_table import path_sql
from finops_nb.usage.sources.values import Fault
from finops_nb.words import listing

PACKED: Final[dict[Format, str]] = {
    ".csv.gz": "gzip",
    ".csv.zst": "zstd",
    ".json.gz": "gzip",
    ".jsonl.gz": "gzip",
    ".ndjson.gz": "gzip",
}
"""How a file with that suffix is compressed, in DuckDB's word."""

ZSTD: Final = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
"""The module for zstd; imported only if a file needs it."""

BUFFER: Final = 1 << 16

LONGEST_LINE: Final = 2_000_000
"""Longest line in bytes; DuckDB reads none that is longer."""

LONGEST_HEADER: Final = 131_072

BOM: Final = b"\xef\xbb\xbf"

RATIO: Final = 500
LARGE: Final = 1_000_000_000
"""A packed file is refused once its bytes so far have unpacked to more than both `LARGE` bytes and
`RATIO` times their number. Usage logs pack 5:1 to 150:1, zip bombs 1,000:1 and more."""

SEPARATORS: Final = {",": "comma", ";": "semicolon", "\t": "tab"}
"""What may stand between the fields of a file; the header decides."""

DISGUISES: Final = (
    (b"\x1f\x8b", "gzipped", "Rename it to .csv.gz, and gzip it only once"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", "Rename it to .csv.zst, and compress it only once"),
    (b"BZh", "compressed by bzip2", "Unpack it"),
    (b"\xfd7zXZ", "compressed by xz", "Unpack it"),
    (b"PAR1\x15", "Parquet", "Rename it to .parquet"),
    (
        b"PK\x03\x04",
        "a spreadsheet or a zip archive",
        "Rename a spreadsheet to .xlsx; unpack an archive",
    ),
    (b"\xff\xfe\x00\x00", "UTF-32 text", "Save it as UTF-8"),
    (b"\x00\x00\xfe\xff", "UTF-32 text", "Save it as UTF-8"),
    (b"\xff\xfe", "UTF-16 text", "Save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text", "Save it as UTF-8"),
    *(
        (start, "HTML or XML, perhaps an error page", "Export the usage again")
        for start in (b"<!", b"<?", b"<h", b"<b", b"<e", b"<H", b"<E")
    ),
    *(
        (start, "JSON", "Rename it to .json, or to .jsonl if each line is an object")
        for start in (b"{", b"[]", b"[{", b"[[", b'["', b"[\n", b"[\r", b"[ ")
    ),
)
"""What a file named .csv really is, by its first bytes, and how to fix it."""

COLUMN_NAMES_FIRST: Final = "Begin the file with the column names"

# A field may hold a long prompt; Python's own limit is 131,072 characters.
csv.field_size_limit(LONGEST_LINE)


@dataclass(frozen=True, slots=True)
class Header:
    """The column names in the first line, and the character between the fields of the file."""

    names: tuple[str, ...]
    separator: str


@dataclass(frozen=True, slots=True)
class PhysicalRecord:
    """One record of a CSV file as Python's strict reader reads it.

    Args:
        line: the physical line on which it begins, from 1. A line ends in a line feed; outside of
            quotes a lone carriage return ends one, too.
        end: the line break after it; empty at the end of the file.
        size: its bytes.
        row: its fields, or why it is not CSV.
        text: as it is in the file, with its line break.
    """

    line: int
    end: str
    size: int
    row: list[str] | csv.Error
    text: str


def open_bytes(source: SourceFile) -> BufferedReader:
    """The unpacked bytes, for the caller to close.

    Raises:
        Refusal: now or while it is read: the file is not readable, its packing is damaged or cut
            short, or it unpacks to far more than a usage file would.
    """
    return BufferedReader(_UnpackedBytes(source), BUFFER)


def open_text(source: SourceFile) -> TextIOWrapper:
    """The text, for the caller to close.

    The byte order mark is removed; line breaks stay as they are; bytes that are not UTF-8 become
    surrogates, which `character_fault` finds.

    Raises:
        Refusal: as `open_bytes`.
    """
    raw = open_bytes(source)
    return TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline="")


def read_header(source: SourceFile) -> Header:
    """The names in the first line, split by the separator that makes the most names.

    Raises:
        Refusal: the file is empty, not CSV, not UTF-8 or not readable at all, or two separators
            make equally many names.
    """
    with open_bytes(source) as raw:
        start = raw.read(8)
    if not start:
        raise Refusal(Problem("the file is empty", "Export it again, with its header", source.name))
    _refuse_disguise(start.removeprefix(BOM), source)
    with open_text(source) as text:
        record = "".join(_first_record(text))
    if len(record) > LONGEST_HEADER:
        rule = f"the header has more than {LONGEST_HEADER:,} characters"
        fix = f"{COLUMN_NAMES_FIRST}, close every quote, and end the line"
        raise _refused_header(source, rule, fix)
    separator = _separator(record, source)
    header = Header(_column_names(record, separator, source), separator)
    _refuse_odd_header(header, source)
    return header


def scan_sql(source: SourceFile, header: Header, *more: SourceFile, options: str = "") -> str:
    """The table of a CSV file in SQL: text columns c0, c1 …, in the order of the header.

    Args:
        source: the file.
        header: its header.
        more: other files with the same header, compressed alike.
        options: of DuckDB's `read_csv`, each with a comma before it.
    """
    columns = ", ".join(f"c{n}: 'VARCHAR'" for n in range(len(header.names)))
    own_options = (
        f"columns = {{{columns}}}",
        "header = true",
        # Nothing is guessed and nothing is repaired: a row of another width stops the scan.
        "auto_detect = false",
        "strict_mode = true",
        "null_padding = false",
        f"delim = {values.sql_text(header.separator)}",
        "quote = '\"'",
        "escape = '\"'",
        f"compression = '{PACKED.get(source.format, 'none')}'",
        # A folder named "team=x" adds no column.
        "hive_partitioning = false",
    )
    paths = ", ".join(map(path_sql, (source, *more)))
    return f"read_csv([{paths}], {', '.join(own_options)}{options})"


def records(source: SourceFile, separator: str) -> Iterator[PhysicalRecord]:
    """Each record, the header first.

    Raises:
        Refusal: the file cannot be read to its end.
    """
    with open_text(source) as text:
        end, feeds, size, line = "", 0, 0, 1
        parts: list[str] = []

        def lines() -> Iterator[str]:
            """The physical lines, measured on their way into the CSV reader."""
            nonlocal end, feeds, size
            for physical in text:
                end = physical[len(physical.rstrip("\r\n")) :]
                feeds += physical.endswith("\n")
                size += _byte_length(physical)
                parts.append(physical)
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
            yield PhysicalRecord(line, end, size, row, "".join(parts))
            parts.clear()
            line += feeds + (end == "\r")
            feeds = size = 0


def character_fault(value: str) -> Fault | None:
    """What is wrong with the characters of a field; None if nothing is."""
    if "\0" in value:
        return values.NUL_FAULT
    # `surrogateescape` keeps a byte that is not UTF-8 as U+DC00 plus the byte.
    stray = next((ord(char) - 0xDC00 for char in value if 0xDC80 <= ord(char) <= 0xDCFF), None)
    if stray is not None:
        return f"not UTF-8: byte 0x{stray:02x}", "Save the file as UTF-8"
    if value.lstrip().startswith('"') and not value.startswith('"'):
        return "a space before a quote", "Start the field with the quote"
    return None


def printable(text: str) -> str:
    """The text with bytes that are not UTF-8 spelled out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


class _UnpackedBytes(RawIOBase):
    """The bytes of the text; whatever goes wrong with them is a `Refusal`."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.count = 0
        self.damage: tuple[type[Exception], ...] = (EOFError, zlib.error, gzip.BadGzipFile)
        self.file: Any = None
        try:
            self.packed = self.file = open_regular(source.path)
            packing = PACKED.get(source.format)
            if packing == "gzip":
                self.file = gzip.GzipFile(fileobj=self.packed)
            elif packing == "zstd":
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
            raise Refusal(self._damaged(error)) from error
        except OSError as error:
            raise Refusal(self._unreadable(error)) from error
        self.count += count
        if self.source.format in PACKED:
            self._refuse_zip_bomb()
        return count

    def close(self) -> None:
        if self.file is not None:
            self.file.close()
            self.packed.close()
        super().close()

    def _refuse_zip_bomb(self) -> None:
        packed = self.packed.tell()
        if self.count > max(LARGE, RATIO * packed):
            rule = f"possible zip bomb: {packed:,} bytes unpack to {self.count:,} or more"
            fix = "Export it again, or unpack it yourself if you trust it"
            raise Refusal(Problem(rule, fix, self.source.name))

    def _damaged(self, error: Exception) -> Problem:
        packing = PACKED[self.source.format]
        fix = f"Compress or copy it again; it is damaged, cut short or not compressed by {packing}"
        return Problem(f"not a complete {packing} file: {error}", fix, self.source.name)

    def _unreadable(self, error: OSError) -> Problem:
        rule = f"cannot be read: {error.strerror or error}"
        return Problem(rule, "Check the file and its permissions", self.source.name)


def _byte_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="surrogateescape"))


def _first_record(text: TextIOWrapper) -> Iterator[str]:
    """The lines up to the first that ends outside of quotes, or up to more than a header has."""
    in_quotes, length = False, 0
    while length < LONGEST_LINE and (line := text.readline(LONGEST_LINE)):
        yield line
        length += len(line)
        in_quotes ^= line.count('"') % 2 == 1
        if not in_quotes:
            return


def _separator(record: str, source: SourceFile) -> str:
    """The most frequent separator in the header, outside of quotes; the comma if it has none."""
    outside_quotes = "".join(record.split('"')[::2])
    counts = {separator: outside_quotes.count(separator) for separator in SEPARATORS}
    most = max(counts.values())
    best = [separator for separator, count in counts.items() if count == most]
    if most and len(best) > 1:
        names = listing(f"{SEPARATORS[separator]}s" for separator in best)
        rule = f"{names} split the header into equally many names"
        fix = "Separate the names with one of them, and quote a name that contains another"
        raise _refused_header(source, rule, fix, record.rstrip("\r\n"))
    return best[0]


def _column_names(record: str, separator: str, source: SourceFile) -> tuple[str, ...]:
    reader = csv.reader(StringIO(record, newline=""), delimiter=separator, strict=True)
    try:
        names = tuple(next(reader, ()))
    except csv.Error as error:
        fix = f"Write the column names, separated by {SEPARATORS[separator]}s"
        raise _refused_header(source, f"the header is {not_csv(error)}", fix) from error
    broken = next((name for name in names if "\n" in name), None)
    # With Windows line endings the engine takes the whole file for such a header.
    if broken and record.endswith("\r\n"):
        rule = "a column name contains a line break"
        raise _refused_header(source, rule, "Write it on one line", broken)
    return names


def _refuse_disguise(start: bytes, source: SourceFile) -> None:
    for magic, what, fix in DISGUISES:
        if start.startswith(magic):
            raise Refusal(Problem(f"not CSV but {what}", fix, source.name))
    if b"\0" in start:
        raise Refusal(Problem("not text: it has NUL bytes", "Save it as UTF-8", source.name))


def _refuse_odd_header(header: Header, source: SourceFile) -> None:
    names = header.names
    if names and re.match("sep=|#", names[0], re.IGNORECASE) and not any(names[1:]):
        rule = "the first line is a comment, not the header"
        fix = "Delete the line: the file must begin with the column names"
        raise _refused_header(source, rule, fix, printable(names[0]))
    if not any(name.strip() for name in names):
        raise _refused_header(source, "the first line is empty", COLUMN_NAMES_FIRST)
    if names[0].startswith("\ufeff"):
        rule = "the file begins with two byte order marks (BOM)"
        raise _refused_header(source, rule, "Save it with one or none")
    if len(names) == 1 and "|" in names[0]:
        rule = "the fields are separated by bars"
        raise _refused_header(
            source, rule, "Save the file with commas, semicolons or tabs", names[0]
        )
    for name in names:
        if fault := character_fault(name):
            rule, fix = fault
            raise _refused_header(source, f"{rule}, in the header", fix, printable(name))


def _refused_header(source: SourceFile, rule: str, fix: str, value: str | None = None) -> Refusal:
    return Refusal(Problem(rule, fix, source.name, 1, value=value))
