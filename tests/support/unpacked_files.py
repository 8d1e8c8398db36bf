"""Files of rows in other formats, unpacked and read back as dictionaries of text."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from support.usage_files import write

from finops_nb.errors import Problem, Refusal
from finops_nb.usage.sources.discovery import SourceFile
from finops_nb.usage.sources.formats import format_of
from finops_nb.usage.sources.unpacked import Unpacked

Unpack = Callable[[SourceFile, Path], Unpacked]


def unpack_text(unpack: Unpack, content: str | bytes, name: str) -> list[dict[str, str]]:
    """The rows of a file with that content, as the CSV that it is unpacked into has them."""
    with TemporaryDirectory() as folder:
        unpacked = unpack_file(unpack, write(Path(folder) / name, content))
        return rows_of(unpacked)


def unpack_file(unpack: Unpack, path: Path) -> Unpacked:
    suffix = format_of(path)
    assert suffix
    return unpack(SourceFile(path.name, path, suffix), path.with_name("unpacked.csv"))


def rows_of(unpacked: Unpacked) -> list[dict[str, str]]:
    """The rows of the CSV file, read by Python's strict reader."""
    with unpacked.path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, strict=True)
    assert tuple(header) == unpacked.names
    return [dict(zip(header, row, strict=True)) for row in rows]


def refused_text(unpack: Unpack, content: str | bytes, name: str) -> list[Problem]:
    """The problems for which a file with that content is refused."""
    try:
        rows = unpack_text(unpack, content, name)
    except Refusal as refusal:
        assert refusal.count >= len(refusal.problems) > 0
        assert {problem.file for problem in refusal.problems} == {name}
        return list(refusal.problems)
    raise AssertionError(f"unpacked as {rows}")
