"""Times twelve months: `finops-nb run` of a year against the papermill and nbconvert commands, one month after the other.

`make bench`: whole processes, in turn, medians of five; prints seconds and their ratio. Then it holds the year that was published
against one made by plain kernels, one at a time: the same bytes, every page inert, every ledger adding up to its report.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import statistics
import subprocess
import tempfile
from decimal import Decimal
from pathlib import Path

import duckdb
import yaml
from bench import BIN, ROOT, floor_notebook, seconds

from finops_nb.outputs.artifacts import HTML
from finops_nb.report.html_page import audit
from finops_nb.usage.sources.discovery import SAMPLE_FILES

ROUNDS = int(os.environ.get("ROUNDS", "5"))
MONTHS = [f"2025-{month:02}" for month in range(1, 13)]


def lay_out(home: Path) -> None:
    """Twelve months, each of the sample's December: its 224,072 calls, on the same days as far as the month has them."""
    params = yaml.safe_load((ROOT / "params" / "2025-12.yaml").read_text())
    for folder in ("params", "usage"):
        (home / folder).mkdir(parents=True)
    december = next(file for file in SAMPLE_FILES.glob("*2025-12.parquet"))
    for month in MONTHS:
        moved = f"timestamp - INTERVAL {12 - int(month[-2:])} MONTH"
        made = f"COPY (SELECT * REPLACE ({moved} AS timestamp) FROM '{december}') TO '{home}/usage/{month}.parquet'"
        duckdb.sql(made)
        own = params | {"period": month, "usage": f"usage/{month}.parquet"}
        (home / "params" / f"{month}.yaml").write_text(json.dumps(own, default=str))


def faults(home: Path) -> list[str]:
    """What is wrong with the year that is published."""
    found = []
    for month in MONTHS:
        folder = home / "outputs" / month
        found += [
            f"{month}: {fault}" for fault in audit((folder / HTML).read_text(encoding="utf-8"))
        ]
        results = json.loads(
            (folder / "results.json").read_text(encoding="utf-8"), parse_float=Decimal
        )
        with (folder / "chargeback.csv").open(encoding="utf-8", newline="") as file:
            booked = sum((Decimal(line["amount"]) for line in csv.DictReader(file)), Decimal(0))
        if abs(booked - Decimal(results["total"])) > Decimal("0.005"):
            found.append(
                f"{month}: the ledger adds up to {booked}, the report to {results['total']}"
            )
    return found


def differences(one: Path, other: Path) -> list[str]:
    """Published files that are not the same bytes."""
    files = [
        f"{month}/{file.name}"
        for month in MONTHS
        for file in sorted((one / "outputs" / month).iterdir())
    ]
    return [
        file
        for file in files
        if (one / "outputs" / file).read_bytes() != (other / "outputs" / file).read_bytes()
    ]


def main() -> None:
    os.environ["SOURCE_DATE_EPOCH"] = "1767225600"
    with tempfile.TemporaryDirectory() as name:
        year, plain = Path(name, "year"), Path(name, "plain")
        lay_out(year)
        shutil.copytree(year, plain)
        notebook = floor_notebook(Path(name))
        finops = str(BIN / "finops-nb")
        commands = {
            "finops-nb run of twelve": [[finops, "run", f"{MONTHS[0]}..{MONTHS[-1]}", "--force"]],
            "papermill, nbconvert, twelve times": [
                *(
                    each
                    for month in MONTHS
                    for each in (
                        [
                            str(BIN / "papermill"),
                            "--no-progress-bar",
                            str(notebook),
                            f"{name}/{month}.ipynb",
                        ],
                        [
                            str(BIN / "jupyter"),
                            "nbconvert",
                            "--to",
                            "html",
                            f"{name}/{month}.ipynb",
                        ],
                    )
                )
            ],
        }
        times: dict[str, list[float]] = {label: [] for label in commands}
        for _ in range(ROUNDS):
            for label, each in commands.items():
                times[label].append(seconds(*each, cwd=year))
        for label, taken in times.items():
            print(
                f"{label:36} {statistics.median(taken):6.2f} s   {json.dumps([round(each, 2) for each in taken])}"
            )
        ratios = [ours / theirs for ours, theirs in zip(*times.values(), strict=True)]
        print(f"ratio, median of {ROUNDS} rounds: {statistics.median(ratios):.3f}")
        for month in MONTHS:
            subprocess.run([finops, "run", month, "--kernel", "plain"], env=os.environ | {"FINOPS_NB_HOME": str(plain)}, check=True,
                           capture_output=True)  # fmt: skip
        told = faults(year) + [
            f"{file}: another kernel, other bytes" for file in differences(year, plain)
        ]
        print(
            "\n".join(told)
            or "twelve months: the same bytes as twelve plain runs, every page inert, every ledger foots"
        )


if __name__ == "__main__":
    main()
