"""The formats of usage files, told by the end of a file's name.

Which of them are unpacked into CSV, and by what, is in `usage/unpacked_file.py`; how a gzipped one
is unpacked, in `usage/sources/csv_text.py` (`PACKED`). The README of the folder `params` lists all.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Literal

Format = Literal[
    ".csv",
    ".csv.gz",
    ".csv.zst",
    ".json",
    ".json.gz",
    ".jsonl",
    ".jsonl.gz",
    ".ndjson",
    ".ndjson.gz",
    ".parquet",
    ".xlsx",
]

CSV: Final[tuple[Format, ...]] = (".csv", ".csv.gz", ".csv.zst")
JSON: Final[tuple[Format, ...]] = (".json", ".json.gz")
JSON_LINES: Final[tuple[Format, ...]] = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
XLSX: Final[Format] = ".xlsx"
PARQUET: Final[Format] = ".parquet"

FORMATS: Final[tuple[Format, ...]] = (*CSV, *JSON, *JSON_LINES, PARQUET, XLSX)
READABLE: Final = (
    "CSV (.csv, .csv.gz, .csv.zst), Parquet (.parquet), JSON (.json), JSON lines (.jsonl, .ndjson; "
    "both also with .gz) or Excel (.xlsx)"
)

MANIFEST: Final = re.compile(r"manifest[^/]*\.json(\.gz)?$", re.IGNORECASE)
"""The end of a name that clouds give to the list of an export's files."""


def format_of(path: Path) -> Format | None:
    """The format that the name of a file says; None if it is no usage.

    >>> format_of(Path("exports/U.CSV.GZ"))
    '.csv.gz'
    """
    return next((suffix for suffix in FORMATS if path.name.lower().endswith(suffix)), None)


def is_manifest(path: Path) -> bool:
    """Whether a file lists other files: it is no usage unless it is named itself."""
    return MANIFEST.search(path.name) is not None


def names_in_two_formats(paths: Iterable[Path]) -> Iterator[list[Path]]:
    """The files with one name and several formats, of which one is unpacked before it is read.

    Example:
        calls.csv and calls.xlsx: the same usage, before and after somebody opened it
    """
    by_name: dict[Path, list[Path]] = defaultdict(list)
    for path in paths:
        if suffix := format_of(path):
            by_name[path.with_name(path.name[: -len(suffix)])].append(path)
    for same_name in by_name.values():
        kinds = {format_of(path) for path in same_name}
        if len(kinds) > 1 and not kinds <= {*CSV, PARQUET}:
            yield same_name
