"""Runs without a kernel, by the hundred: what a notebook handed over once is handed over again, and the rest is the real thing."""

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
from finops_nb.report import html_page as export
from finops_nb.run import run as running

if TYPE_CHECKING:
    import pytest

CLOCK = "1767225600"
"""Of every run of the battery, in seconds since 1970."""


class Replay:
    """Stands for the execution: recorded are the published folders of reports, by their keys."""

    def __init__(self, *folders: Path):
        self.recorded = {
            json.loads((folder / "results.json").read_text())["provenance"]["key"]: folder
            for folder in folders
        }

    def execute(self, job, manifest: Manifest, *_: object) -> Execution:
        """What the notebook's run would leave, with the revision that is now due."""
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
        """The page of a notebook, as it was made once."""
        return (self.recorded[notebook.metadata["finops_nb"]["key"]] / f"{STEM}.html").read_text(
            encoding="utf-8"
        )

    def patch(self) -> str:
        """What a process of its own runs first to have its runs replayed."""
        folders = ", ".join(f"pathlib.Path({str(folder)!r})" for folder in self.recorded.values())
        place = f"sys.path.insert(0, {str(Path(__file__).parent.parent)!r})"
        return f"import pathlib\n{place}\nfrom faults.replay import Replay\nReplay({folders}).install(setattr)"

    def install(self, put: Callable[[object, str, object], None]) -> None:
        """Have runs replayed; `put` sets an attribute."""
        put(running, "_execute", self.execute)
        put(export, "export_html", self.page)

    @contextmanager
    def at_work(self) -> Iterator[pytest.MonkeyPatch]:
        """Runs of this process are replayed, for the time of a block."""
        import pytest  # half a second, which a process of its own does without

        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SOURCE_DATE_EPOCH", CLOCK)
            self.install(patch.setattr)
            yield patch
