"""papermill runs the notebook; how it ended is told from what happened, not from what papermill wrote down."""

from __future__ import annotations

import contextlib
import logging
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from nbformat import NotebookNode
from zmq import ZMQError

from finops_nb.notebook.kernel import Kernel
from finops_nb.notebook.preflight import code_cells

BANNER: Final = "papermill-error-cell-tag"
LOGGERS: Final = ("papermill", "traitlets", "asyncio", "tornado")

Progress = Callable[[int, int], None]
"""Called with the number of the cell that starts, and how many there are."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that one cell, and the whole notebook, may take."""

    cell: int = 300
    run: int = 900


USUAL: Final = Limits()


@dataclass(frozen=True, slots=True)
class Execution:
    """A notebook after its run.

    Args:
        notebook: with the outputs of what ran.
        stopped: why it was ended from outside, as a phrase; None where it ran to its end or a cell raised.
        last: position of the last cell that was started; None if none was.
    """

    notebook: NotebookNode
    stopped: str | None = None
    last: int | None = None


def execute(
    notebook: NotebookNode,
    parameters: Mapping[str, Any],
    kernel: Kernel,
    limits: Limits = USUAL,
    progress: Progress | None = None,
) -> Execution:
    """Run a notebook in a kernel that was started for it.

    Args:
        notebook: as written; outputs in it do not matter, and it is not changed.
        parameters: JSON values by name.
        kernel: starting or ready; not ended here.
        limits: after which the run is ended.
        progress: told of each cell that starts.
    """
    from nbclient.exceptions import CellTimeoutError
    from papermill.exceptions import PapermillExecutionError

    watch = _Watch(notebook, kernel, progress)
    stopped = None
    with _quiet(), _deadline(limits.run, kernel) as expired:
        try:
            _papermill(notebook, parameters, kernel, limits, watch)
        except PapermillExecutionError:
            pass  # a cell raised; the error is among its outputs
        except CellTimeoutError:
            stopped = f"it took longer than {limits.cell} seconds"
        except (
            RuntimeError,
            OSError,
            ZMQError,
        ) as error:  # the kernel did not start, or died, in one of many ways
            death = kernel.death()
            stopped = f"the kernel died ({death})" if death else f"{type(error).__name__}: {error}"
    if expired.is_set():
        stopped = f"the notebook took longer than {limits.run} seconds in all"
    watch.notebook.cells = [
        cell for cell in watch.notebook.cells if BANNER not in cell.metadata.get("tags", [])
    ]
    return Execution(watch.notebook, stopped, watch.last)


class _Watch:
    """Sees the notebook that papermill runs, and which cell it is at."""

    def __init__(self, notebook: NotebookNode, kernel: Kernel, progress: Progress | None):
        self.notebook = notebook
        self.kernel = kernel
        self.last: int | None = None
        self.done = 0
        self.progress = progress

    def notebook_starts(self, notebook: NotebookNode) -> None:
        self.notebook = notebook
        self.kernel.hide()

    def cell_starts(self, cell: NotebookNode, cell_index: int) -> None:
        self.last = cell_index
        self.done += 1
        if self.progress is not None:
            self.progress(self.done, len(code_cells(self.notebook)))


def _papermill(
    notebook: NotebookNode,
    parameters: Mapping[str, Any],
    kernel: Kernel,
    limits: Limits,
    watch: _Watch,
) -> None:
    import papermill

    papermill.execute_notebook(
        notebook,
        None,
        parameters=dict(parameters),
        kernel_name="python3",
        language="python",
        progress_bar=False,
        execution_timeout=limits.cell,
        km=kernel,
        record_timing=False,
        store_widget_state=False,
        iopub_timeout=limits.cell,
        on_notebook_start=watch.notebook_starts,
        on_cell_execute=watch.cell_starts,
    )


@contextlib.contextmanager
def _deadline(seconds: float, kernel: Kernel) -> Iterator[threading.Event]:
    """Kill the kernel when the time is over; the event tells that this is what happened."""
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        kernel.kill()

    timer = threading.Timer(seconds, expire)
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries' warnings and log lines off the user's terminal."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    former = [logger.disabled for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.disabled = True
        try:
            yield
        finally:
            for logger, disabled in zip(loggers, former, strict=True):
                logger.disabled = disabled
