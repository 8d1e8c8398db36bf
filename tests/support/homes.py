"""Small homes to run: a params file, six rows of usage, and a notebook with a test's cells."""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
import psutil
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output
from support import made_files as made_files_module
from support.made_files import made_files

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

WRITE_RESULTS = """\
import os, pathlib
from finops_nb.period import parse_period

folder = pathlib.Path(os.environ["FINOPS_NB_STAGING"])
manifest = json.loads((folder / "manifest.json").read_text())
days = parse_period(period)
for name, data in made_files(manifest, str(days.start), str(days.end)).items():
    (folder / name).write_bytes(data)
text = f"Results written: {manifest['name']}, key {manifest['key']}"
type("Marker", (), {"__repr__": lambda self: text})()
"""
WRITE_RESULTS = inspect.getsource(made_files_module) + WRITE_RESULTS
"""What `write_results` does, in plain code: a kernel of a run can't import this folder."""

MANIFEST = ("name", "kind", "key", "generated", "revision", "reason")

USAGE = "timestamp,cost\n" + "".join(f"2025-12-0{day}T00:00:00Z,1\n" for day in range(1, 7))


def parameters_cell(params: Params | None = None) -> str:
    """A line for each parameter, with a literal."""
    values = (params or Params(period="2025-01", usage="nothing.csv")).as_parameters()
    return "".join(f"{name} = {value!r}\n" for name, value in values.items())


def make_notebook(cells: Sequence[str] = ("6",), parameters: str | None = None) -> NotebookNode:
    """A notebook of a `parameters` cell, the cells given, and one that writes the results."""
    code = nbformat.v4.new_code_cell
    source = parameters_cell() if parameters is None else parameters
    first = code(source, metadata={"tags": ["parameters"]})
    notebook = nbformat.v4.new_notebook(cells=[first, *map(code, cells), code(WRITE_RESULTS)])
    notebook.metadata["kernelspec"] = {
        "name": "a-kernel-of-another-machine",
        "display_name": "Elsewhere",
        "language": "python",
    }
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"written-{number}"
    return notebook


def make_home(root: Path, cells: Sequence[str] = ("6",), name: str = NAME, **params: Any) -> Home:
    """A home with one NAME, of December 2025 unless `params` says otherwise."""
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
    """What a good execution leaves, without a kernel."""
    record = {name: getattr(manifest, name) for name in MANIFEST}
    for name, data in made_files(record, "2025-12-01", "2026-01-01").items():
        (job.staging / name).write_bytes(data)
    (job.staging / "chargeback.csv").write_text(manifest.key)
    marker = new_output("execute_result", {"text/plain": marker_text(manifest)})
    return Execution(
        nbformat.v4.new_notebook(cells=[new_code_cell("1", execution_count=1, outputs=[marker])])
    )


def published(home: Home, name: str = NAME) -> dict[str, bytes]:
    """The bytes of every published file, by name."""
    return files_of(home.outputs / name)


def files_of(folder: Path) -> dict[str, bytes]:
    """The bytes of every file in a folder, by name."""
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def left_over(home: Home) -> list[str]:
    """Everything under outputs/ that is neither published, nor the index, nor history."""
    paths = sorted(path.relative_to(home.outputs).as_posix() for path in home.outputs.rglob("*"))
    expected = (".staging", "index.html")
    return [path for path in paths if not path.startswith((NAME, ".runs")) and path not in expected]


def processes_of(home: Home) -> list[psutil.Process]:
    """The runners and kernels of a home's runs, and what they started."""
    processes = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            in_environment = process.environ().get("FINOPS_NB_HOME") == str(home.root)
            is_here = in_environment or str(home.root) in process.cmdline()
            if is_here and process.status() != psutil.STATUS_ZOMBIE:
                processes.append(process)
    return processes
