"""Times `finops-nb check` on JSON lines and on a spreadsheet, and the same calls as CSV.

`make bench` makes its own tables: a million calls in JSON lines and 100,000 in XLSX, as in
`bench.reading`. It prints the seconds and the peak memory of whole processes, medians of `ROUNDS`.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import xlsxwriter
from bench.reading import ROUNDS, make_table, print_check, write_params

LINES = int(os.environ.get("LINES", "1_000_000"))
SHEET_ROWS = LINES // 10


def make_formats(home: Path, rows: int, sheet: bool) -> None:
    """Write calls to usage.csv, and to usage.xlsx if `sheet`, else to usage.jsonl."""
    make_table(home, rows)
    if not sheet:
        with duckdb.connect() as db:
            db.execute("SET enable_progress_bar = false")
            db.execute(f"COPY '{home}/usage.parquet' TO '{home}/usage.jsonl' (FORMAT json)")
        return
    with (
        (home / "usage.csv").open(newline="") as text,
        xlsxwriter.Workbook(home / "usage.xlsx", {"constant_memory": True}) as book,
    ):
        page = book.add_worksheet("Costs")
        for number, row in enumerate(csv.reader(text)):
            for column, value in enumerate(row):
                is_cost = column == 5 and number
                page.write(number, column, float(value) if is_cost else value)


def main() -> None:
    for suffix, rows, sheet in (("jsonl", LINES, False), ("xlsx", SHEET_ROWS, True)):
        with tempfile.TemporaryDirectory() as name:
            home = Path(name)
            (home / "params").mkdir()
            _make_in_process(home, rows, sheet)
            size = (home / f"usage.{suffix}").stat().st_size // 1_000_000
            for each in (suffix, "csv"):
                write_params(home, f"usage.{each}")
                print_check(f"{each}, {rows:,} calls" + f", {size} MB" * (each == suffix), home)


def _make_in_process(home: Path, rows: int, sheet: bool) -> None:
    """Make the tables in a process of its own, for its peak of memory."""
    code = (
        "import pathlib; from bench.formats import make_formats; "
        f"make_formats(pathlib.Path({str(home)!r}), {rows}, {sheet})"
    )
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent.parent, check=True)


if __name__ == "__main__":
    print(f"Medians of {ROUNDS} rounds")
    main()
