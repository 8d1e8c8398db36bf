"""Times twelve months: `finops-nb run` of a year against papermill and nbconvert, month by month.

`make bench` runs this: whole processes, in turn, medians of five. It prints seconds and their
ratio. Then it compares the published year with one made by plain kernels, one at a time: the same
bytes, every page inert, every ledger adding up to its report.
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
from bench.one_run import BIN, floor_notebook, seconds
from support.checkout import CHECKOUT

from finops_nb.outputs.artifacts import HTML
from finops_nb.report.html_export import audit
from finops_nb.usage.sources.discovery import SAMPLE_FILES

ROUNDS = int(os.environ.get("ROUNDS", "5"))
FINOPS = str(BIN / "finops-nb")
SOUND = "twelve months: the same bytes as twelve plain runs, every page inert, every ledger foots"
MONTHS = [f"2025-{month:02}" for month in range(1, 13)]


def lay_out(home: Path) -> None:
    """Twelve months, each the sample's December (224,072 calls) moved to that month."""
    params = yaml.safe_load((CHECKOUT / "params" / "2025-12.yaml").read_text())
    for folder in ("params", "usage"):
        (home / folder).mkdir(parents=True)
    december = next(file for file in SAMPLE_FILES.glob("*2025-12.parquet"))
    for month in MONTHS:
        moved = f"timestamp - INTERVAL {12 - int(month[-2:])} MONTH"
        rows = f"SELECT * REPLACE ({moved} AS timestamp) FROM '{december}'"
        duckdb.sql(f"COPY ({rows}) TO '{home}/usage/{month}.parquet'")
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


def candidates(root: Path) -> dict[str, list[list[str]]]:
    """The commands to time, by label: one of ours against two a month."""
    notebook = str(floor_notebook(root))
    floor = []
    for month in MONTHS:
        out = str(root / f"{month}.ipynb")
        floor.append([str(BIN / "papermill"), "--no-progress-bar", notebook, out])
        floor.append([str(BIN / "jupyter"), "nbconvert", "--to", "html", out])
    return {
        "finops-nb run of twelve": [[FINOPS, "run", f"{MONTHS[0]}..{MONTHS[-1]}", "--force"]],
        "papermill, nbconvert, twelve times": floor,
    }


def run_plain(home: Path) -> None:
    """The same year, each month by a plain kernel of its own."""
    environment = os.environ | {"FINOPS_NB_HOME": str(home)}
    for month in MONTHS:
        command = [FINOPS, "run", month, "--kernel", "plain"]
        subprocess.run(command, env=environment, check=True, capture_output=True)


def main() -> None:
    os.environ["SOURCE_DATE_EPOCH"] = "1767225600"
    with tempfile.TemporaryDirectory() as name:
        year, plain = Path(name, "year"), Path(name, "plain")
        lay_out(year)
        shutil.copytree(year, plain)
        commands = candidates(Path(name))
        times: dict[str, list[float]] = {label: [] for label in commands}
        for _ in range(ROUNDS):
            for label, each in commands.items():
                times[label].append(seconds(*each, cwd=year))
        for label, each in times.items():
            rounds = json.dumps([round(value, 2) for value in each])
            print(f"{label:36} {statistics.median(each):6.2f} s   {rounds}")
        ratios = [run / floor for run, floor in zip(*times.values(), strict=True)]
        print(f"ratio, median of {ROUNDS} rounds: {statistics.median(ratios):.3f}")
        run_plain(plain)
        problems = faults(year)
        problems += [f"{file}: another kernel, other bytes" for file in differences(year, plain)]
        print("\n".join(problems) or SOUND)


if __name__ == "__main__":
    main()
