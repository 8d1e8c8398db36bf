"""Reading a file of JSON, JSON lines or XLSX: unpacked into CSV, and read as that."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb

from finops_nb.errors import Problem, Refusal, listed
from finops_nb.money import ZERO, total
from finops_nb.params.model import Params
from finops_nb.temporary_folders import temporary_folder
from finops_nb.usage.csv_file import read_csv
from finops_nb.usage.model import Grouping
from finops_nb.usage.notices import UsageFile
from finops_nb.usage.sources import values
from finops_nb.usage.sources.discovery import LISTED, SourceFile
from finops_nb.usage.sources.formats import CSV, JSON, PARQUET, XLSX
from finops_nb.usage.sources.json_lines import unpack_json_lines
from finops_nb.usage.sources.json_rows import unpack_json
from finops_nb.usage.sources.notice import Notice
from finops_nb.usage.sources.unpacked import Unpacked
from finops_nb.usage.sources.xlsx_rows import unpack_xlsx


def is_unpacked(source: SourceFile) -> bool:
    """Whether a file is unpacked into CSV before it is read."""
    return source.format not in (*CSV, PARQUET)


@contextmanager
def folder_for(sources: Iterable[SourceFile]) -> Iterator[Path]:
    """A block with a temporary folder for the CSV files that others are unpacked into.

    Raises:
        OSError: it can't be made.
    """
    if not any(map(is_unpacked, sources)):
        yield Path()
        return
    with temporary_folder() as folder:
        yield folder


def read_unpacked(
    db: duckdb.DuckDBPyConnection,
    source: SourceFile,
    params: Params,
    detail: Grouping,
    folder: Path,
) -> UsageFile:
    """Unpack a file and add it to the summaries.

    Args:
        db, params, detail: as for `read_csv`.
        source: the file.
        folder: from `folder_for`; the CSV file stays there, as duplicates are looked up in it.

    Raises:
        Refusal: everything that is wrong with it, each with its place in the file.
    """
    if source.params.numbers:
        rule = "`numbers` describes texts, and this file has numbers of its own"
        fix = "Remove `numbers` from the source; an amount that is text is then read as 1234.56"
        raise Refusal(Problem(rule, fix, source.name))
    unpacked = unpack(source, folder)
    try:
        file = read_csv(db, replace(source, path=unpacked.path, format=".csv"), params, detail)
    except Refusal as refusal:
        problems = [unpacked.placed(problem) for problem in refusal.problems]
        raise Refusal(problems, refusal.count) from refusal
    file = replace(file, unpacked=unpacked)
    return replace(file, notices=(*file.notices, *_notices(file, unpacked)))


def unpack(source: SourceFile, folder: Path) -> Unpacked:
    """Unpack a file into a CSV file in a folder.

    Raises:
        Refusal: it is not what its suffix says, or has cells that can't be read exactly.
    """
    path = folder / f"{len([*folder.iterdir()])}.csv"
    if source.format == XLSX:
        return unpack_xlsx(source, path, source.params.sheet or None)
    return (unpack_json if source.format in JSON else unpack_json_lines)(source, path)


def _notices(file: UsageFile, unpacked: Unpacked) -> Iterator[Notice]:
    """Notices of what a spreadsheet rounds or hides."""
    cost = file.table.names["cost"]
    if cost in unpacked.float_columns:
        text = f"{file.name} stores {cost} as floats; each was read as its shortest decimal text."
        yield Notice(text, file.result.rows, file.result.cost)
    if unpacked.hidden_rows:
        text = f"{file.name} has hidden rows, which were read like the others."
        yield Notice(text, *_rows_and_cost(unpacked, cost))
    if unpacked.hidden_columns:
        names = listed(unpacked.hidden_columns, LISTED)
        text = f"{file.name} has hidden columns, which were read like the others: {names}."
        yield Notice(text, 0, ZERO)


def _rows_and_cost(unpacked: Unpacked, cost: str) -> tuple[int, Decimal]:
    """How many rows are hidden, and their cost."""
    hidden = set(unpacked.hidden_rows)
    position = unpacked.names.index(cost)
    with unpacked.path.open(encoding="utf-8", newline="") as text:
        rows = csv.reader(text, strict=True)
        next(rows)
        costs = [row[position] for number, row in enumerate(rows) if row and number in hidden]
    return len(costs), total(map(values.read_cost, costs))
