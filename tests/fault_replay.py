"""Runs without a kernel, by the hundred: what a notebook handed over once is handed over again, and the rest is the real thing."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from fault_home import CLOCK, NAME, STEM, Ended, FaultHome
from test_run import Fault

from finops_nb import run as running
from finops_nb.edition import Edition
from finops_nb.errors import FinopsError
from finops_nb.execute import Execution
from finops_nb.run import run


class Replay:
    """Stands for the execution: recorded are the published folders of reports, by their keys."""

    def __init__(self, *folders: Path):
        self.recorded = {json.loads((folder / "results.json").read_text())["provenance"]["key"]: folder for folder in folders}

    def execute(self, job, edition: Edition, *_: object) -> Execution:
        """What the notebook's run would leave, with the revision that is now due."""
        folder = self.recorded[edition.key]
        results = json.loads((folder / "results.json").read_text())
        results["provenance"]["revision"] |= {"number": edition.revision, "reason": edition.reason}
        (job.staging / "results.json").write_text(json.dumps(results))
        for name in ("chargeback.csv", f"{STEM}.xlsx"):
            (job.staging / name).write_bytes((folder / name).read_bytes())
        return Execution(nbformat.read(folder / f"{STEM}.ipynb", as_version=4))

    def page(self, notebook: nbformat.NotebookNode) -> str:
        """The page of a notebook, as it was made once."""
        return (self.recorded[notebook.metadata["finops_nb"]["key"]] / f"{STEM}.html").read_text(encoding="utf-8")

    def patch(self) -> str:
        """What a process of its own runs first to have its runs replayed."""
        folders = ", ".join(f"pathlib.Path({str(folder)!r})" for folder in self.recorded.values())
        place = f"sys.path.insert(0, {str(Path(__file__).parent)!r})"
        return f"import pathlib\n{place}\nfrom fault_replay import Replay\nReplay({folders}).at_work().__enter__()"

    @contextmanager
    def at_work(self) -> Iterator[pytest.MonkeyPatch]:
        """Runs of this process are replayed."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SOURCE_DATE_EPOCH", CLOCK)
            patch.setattr(running, "_execute", self.execute)
            patch.setattr("finops_nb.export.export_html", self.page)
            yield patch


class Crash(Fault):
    """Kills the process at the N-th call to the system."""

    def strike(self, call, args, options, path):
        os.kill(os.getpid(), signal.SIGKILL)


class Short(Fault):
    """Lets the N-th call write a part only."""

    def strike(self, call, args, options, path):
        return call(args[0], args[1][: max(1, len(args[1]) // 3)]) if call.__name__ == "write" else call(*args, **options)


def run_here(home: FaultHome) -> Ended:
    """A run in this process."""
    try:
        return Ended(0, str(run(NAME, home.home)), "")
    except FinopsError as error:
        return Ended(error.exit_code, "", str(error))


def run_forked(home: FaultHome, patch: pytest.MonkeyPatch, fail_at: int) -> bool:
    """A run in a copy of this process that is killed at a call; whether there were as many calls."""
    child = os.fork()
    if child == 0:
        Crash(patch, home.home.outputs, fail_at, False)
        run_here(home)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
