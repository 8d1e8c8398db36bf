"""Times `finops-nb run 2025-12` against its floor, the papermill and nbconvert commands.

The floor is a notebook with the same imports and as many charts. `make bench` runs this: whole
processes, in turn, medians of five. It prints seconds and their ratio, and never fails on them.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from support.checkout import CHECKOUT

BIN = Path(sys.executable).parent
ROUNDS = 5
RUN = "finops-nb run"
FLOOR = "papermill, then nbconvert"

IMPORTS = """import duckdb, pandas, networkx, pydantic, yaml, jinja2, matplotlib
from matplotlib.figure import Figure
"""
CHART = """import io
figure = Figure(figsize=(7.2, 2.5), layout="constrained")
figure.add_subplot().barh(["a", "b", "c"], [1, 2, 3])
figure.savefig(io.BytesIO(), format="svg")
"""


def floor_notebook(folder: Path) -> Path:
    """A notebook that makes the same imports as the report, and draws as many charts."""
    cells = [
        nbformat.v4.new_code_cell(IMPORTS),
        *(nbformat.v4.new_code_cell(CHART) for _ in range(6)),
    ]
    notebook = nbformat.v4.new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
    )
    path = folder / "floor.ipynb"
    nbformat.write(notebook, path)
    return path


def seconds(*commands: list[str], cwd: Path) -> float:
    """Wall time of commands, one after the other."""
    start = time.perf_counter()
    for command in commands:
        subprocess.run(
            command,
            cwd=cwd,
            check=True,
            capture_output=True,
            env=os.environ | {"FINOPS_NB_HOME": str(cwd)},
        )
    return time.perf_counter() - start


def answers(home: Path) -> dict[str, list[float]]:
    """How long the what-if panel takes to answer an edit: the action and the view after it."""
    from finops_nb.home import Home
    from finops_nb.scenarios.panel import Panel
    from finops_nb.scenarios.what_if import WhatIf

    panel = Panel(WhatIf("2025-12", home=Home(home)))
    budget = {"do": "budget", "dimension": "organization", "name": "org-gamma"}
    edits = {"what-if, a budget": budget, "what-if, growth": {"do": "driver", "key": "growth"}}
    times: dict[str, list[float]] = {label: [] for label in edits}
    for number in range(1, 21):
        for label, edit in edits.items():
            start = time.perf_counter()
            panel.act(edit | {"text": str(number)})
            panel.view()
            times[label].append(time.perf_counter() - start)
        panel.act({"do": "reset"})
    return times


def candidates(home: Path) -> dict[str, list[list[str]]]:
    """The commands to time, by label."""
    finops, out = str(BIN / "finops-nb"), str(home / "out.ipynb")
    notebook = str(floor_notebook(home))
    floor = [
        [str(BIN / "papermill"), "--no-progress-bar", notebook, out],
        [str(BIN / "jupyter"), "nbconvert", "--to", "html", out],
    ]
    return {
        RUN: [[finops, "run", "2025-12", "--force"]],
        FLOOR: floor,
        "finops-nb check": [[finops, "check", "2025-12"]],
        "finops-nb --help": [[finops, "--help"]],
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        shutil.copytree(CHECKOUT / "params", home / "params")
        commands = candidates(home)
        times: dict[str, list[float]] = {label: [] for label in commands}
        for _ in range(ROUNDS):
            for label, each in commands.items():
                times[label].append(seconds(*each, cwd=home))
        edits = answers(home)
    for label, each in times.items():
        rounds = json.dumps([round(value, 2) for value in each])
        print(f"{label:28} {statistics.median(each):6.2f} s   {rounds}")
    for label, each in edits.items():
        median, most = statistics.median(each) * 1000, max(each) * 1000
        print(f"{label:28} {median:6.1f} ms   at most {most:.1f} ms")
    # Round by round: whatever else the machine does then slows both.
    ratios = [run / floor for run, floor in zip(times[RUN], times[FLOOR], strict=True)]
    print(f"run / floor, median of {ROUNDS} rounds: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
