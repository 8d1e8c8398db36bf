"""Small homes to run: a params file, six rows of usage, and a notebook of the cells that a test is about."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

from finops_nb.home import Home
from finops_nb.notebook.execute import Execution
from finops_nb.outputs.artifacts import marker_text
from finops_nb.outputs.manifest import Manifest
from finops_nb.params.model import Params

NAME = "2025-12"
REPORT = "organizational_alignment"
FILES = (
    "chargeback.csv",
    *(f"{REPORT}.{kind}" for kind in ("html", "ipynb", "xlsx")),
    "results.json",
)

HAND_OVER = """\
import json, os, pathlib
from finops_nb.period import parse_period

folder = pathlib.Path(os.environ["FINOPS_NB_STAGING"])
manifest = json.loads((folder / "manifest.json").read_text())
results = {
    "name": manifest["name"],
    "kind": manifest["kind"],
    "title": "Report of " + manifest["name"],
    "period": {"start": str(parse_period(period).start), "end": str(parse_period(period).end)},
    "provenance": {
        "key": manifest["key"],
        "generated": manifest["generated"],
        "revision": {"number": manifest["revision"], "reason": manifest["reason"]},
    },
}
(folder / "results.json").write_text(json.dumps(results, indent=1) + "\\n")
(folder / "organizational_alignment.xlsx").write_text("a workbook")
if manifest["kind"] == "official":
    (folder / "chargeback.csv").write_text("organization,amount\\norg-alpha,6.00\\n")
type("Marker", (), {"__repr__": lambda self: f"Results handed over: {manifest['name']}, key {manifest['key']}"})()
"""
"""What `write_results` does, in plain code."""

USAGE = "timestamp,cost\n" + "".join(f"2025-12-0{day}T00:00:00Z,1\n" for day in range(1, 7))


def parameters_cell(params: Params | None = None) -> str:
    """A line for each parameter, with a literal."""
    values = (params or Params(period="2025-01", usage="nothing.csv")).as_parameters()
    return "".join(f"{name} = {value!r}\n" for name, value in values.items())


def make_notebook(cells: Sequence[str] = ("6",), parameters: str | None = None) -> NotebookNode:
    """A notebook of a `parameters` cell, the cells given, and one that hands over."""
    code = nbformat.v4.new_code_cell
    first = code(
        parameters_cell() if parameters is None else parameters, metadata={"tags": ["parameters"]}
    )
    notebook = nbformat.v4.new_notebook(cells=[first, *map(code, cells), code(HAND_OVER)])
    notebook.metadata["kernelspec"] = {
        "name": "a-kernel-of-another-machine",
        "display_name": "Elsewhere",
        "language": "python",
    }
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"written-{number}"
    return notebook


def make_home(root: Path, cells: Sequence[str] = ("6",), name: str = NAME, **params: Any) -> Home:
    """A home with one NAME, of December 2025 unless told otherwise."""
    home = Home(root.resolve())
    (root / "usage").mkdir(parents=True, exist_ok=True)
    (root / "usage" / "calls.csv").write_text(USAGE)
    file = home.params_file(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    text = {"period": "2025-12", "usage": "usage/calls.csv"} | params
    file.write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in text.items()))
    write_notebook(home, make_notebook(cells))
    return home


def write_notebook(home: Home, notebook: NotebookNode) -> None:
    file = home.root / "notebooks" / "organizational_alignment.ipynb"
    file.parent.mkdir(exist_ok=True)
    file.write_text(nbformat.writes(notebook), encoding="utf-8")


def finished(job, manifest: Manifest, *_) -> Execution:
    """An execution that went well, without a kernel."""
    results = {
        "name": manifest.name,
        "kind": manifest.kind,
        "period": {"start": "2025-12-01", "end": "2026-01-01"},
    }
    about = {"number": manifest.revision, "reason": manifest.reason}
    results["provenance"] = {
        "key": manifest.key,
        "generated": manifest.generated,
        "revision": about,
    }
    (job.staging / "results.json").write_text(json.dumps(results))
    (job.staging / "organizational_alignment.xlsx").write_text("a workbook")
    (job.staging / "chargeback.csv").write_text(manifest.key)
    marker = new_output("execute_result", {"text/plain": marker_text(manifest)})
    return Execution(
        nbformat.v4.new_notebook(cells=[new_code_cell("1", execution_count=1, outputs=[marker])])
    )


def published(home: Home, name: str = NAME) -> dict[str, bytes]:
    """Name and bytes of every file that is published."""
    return {file.name: file.read_bytes() for file in sorted((home.outputs / name).iterdir())}
