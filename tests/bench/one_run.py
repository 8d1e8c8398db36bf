"""Times `finops-nb run 2025-12` against its floor: the papermill and nbconvert commands on a notebook with the same imports and charts.

`make bench`: whole processes, in turn, medians of five; prints seconds and their ratio, and never fails on them.
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

IMPORTS = "import duckdb, pandas, networkx, pydantic, yaml, jinja2, matplotlib\nfrom matplotlib.figure import Figure"
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
    """How long the what-if takes to answer an edit, as its panel does: the action and all that is shown after it."""
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


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        shutil.copytree(CHECKOUT / "params", home / "params")
        notebook = floor_notebook(home)
        candidates = {
            "finops-nb run": [[str(BIN / "finops-nb"), "run", "2025-12", "--force"]],
            "papermill, then nbconvert": [
                [
                    str(BIN / "papermill"),
                    "--no-progress-bar",
                    str(notebook),
                    str(home / "out.ipynb"),
                ],
                [str(BIN / "jupyter"), "nbconvert", "--to", "html", str(home / "out.ipynb")],
            ],
            "finops-nb check": [[str(BIN / "finops-nb"), "check", "2025-12"]],
            "finops-nb --help": [[str(BIN / "finops-nb"), "--help"]],
        }
        times: dict[str, list[float]] = {label: [] for label in candidates}
        for _ in range(ROUNDS):
            for label, commands in candidates.items():
                times[label].append(seconds(*commands, cwd=home))
        asked = answers(home)
    medians = {label: statistics.median(each) for label, each in times.items()}
    for label, median in medians.items():
        print(
            f"{label:28} {median:6.2f} s   {json.dumps([round(each, 2) for each in times[label]])}"
        )
    # Round by round: what else the machine does then weighs on both.
    ratios = [
        run / floor
        for run, floor in zip(
            times["finops-nb run"], times["papermill, then nbconvert"], strict=True
        )
    ]
    for label, each in asked.items():
        print(
            f"{label:28} {statistics.median(each) * 1000:6.1f} ms   at most {max(each) * 1000:.1f} ms"
        )
    print(
        f"ratio of the run to its floor, median of {ROUNDS} rounds: {statistics.median(ratios):.2f}"
    )


if __name__ == "__main__":
    main()
