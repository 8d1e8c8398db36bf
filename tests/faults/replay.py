"""Runs without a kernel, by the hundred: the notebook's files are recorded, the rest is real."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

from finops_nb.notebook.execute import Execution
from finops_nb.outputs.artifacts import STEM
from finops_nb.outputs.manifest import Manifest
from finops_nb.report import html_export as export
from finops_nb.run import run as running

if TYPE_CHECKING:
    import pytest

CLOCK = "1767225600"
"""The time of every run here, in seconds since 1970."""


class Replay:
    """Replaces the execution: it writes what the published report with the same key has."""

    def __init__(self, *folders: Path):
        self.recorded = {
            json.loads((folder / "results.json").read_text())["provenance"]["key"]: folder
            for folder in folders
        }

    def execute(self, job, manifest: Manifest, *_: object) -> Execution:
        """What the notebook's run would leave, with the number of the next revision."""
        folder = self.recorded[manifest.key]
        results = json.loads((folder / "results.json").read_text())
        results["provenance"]["revision"] |= {
            "number": manifest.revision,
            "reason": manifest.reason,
        }
        (job.staging / "results.json").write_text(json.dumps(results))
        for name in ("chargeback.csv", f"{STEM}.xlsx"):
            (job.staging / name).write_bytes((folder / name).read_bytes())
        return Execution(nbformat.read(folder / f"{STEM}.ipynb", as_version=4))

    def page(self, notebook: nbformat.NotebookNode) -> str:
        """The page of a notebook, as recorded."""
        folder = self.recorded[notebook.metadata["finops_nb"]["key"]]
        return (folder / f"{STEM}.html").read_text(encoding="utf-8")

    def patch(self) -> str:
        """Python that another process runs first, so that its runs are replayed."""
        folders = ", ".join(f"pathlib.Path({str(folder)!r})" for folder in self.recorded.values())
        place = f"sys.path.insert(0, {str(Path(__file__).parent.parent)!r})"
        return (
            f"import pathlib\n{place}\n"
            f"from faults.replay import Replay\nReplay({folders}).install(setattr)"
        )

    def install(self, put: Callable[[object, str, object], None]) -> None:
        """Let runs be replayed; `put` sets an attribute."""
        put(running, "_execute", self.execute)
        put(export, "export_html", self.page)

    @contextmanager
    def at_work(self) -> Iterator[pytest.MonkeyPatch]:
        """Runs of this process are replayed during the block."""
        import pytest  # takes half a second, which other processes save

        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SOURCE_DATE_EPOCH", CLOCK)
            self.install(patch.setattr)
            yield patch
