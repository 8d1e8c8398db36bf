"""Execute: papermill runs the notebook, and what happened says how it ended."""

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
"""Tag of the cells that papermill adds to show an error; they are removed."""

NO_ANSWER: Final = "Kernel didn't respond"
"""What nbclient says of a kernel that does not start in time."""

STARTUP: Final = 60
"""Seconds that a kernel may take to start."""

LOGGERS: Final = ("papermill", "traitlets", "asyncio", "tornado")

Progress = Callable[[int, int], None]
"""Called with the number of the cell that starts, from 1, and the number of cells."""


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
        notebook: the notebook, with the outputs of the cells that ran.
        stopped: why the run was stopped from outside, as a phrase; None if it reached its end or
            a cell raised.
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
        notebook: as written; its old outputs are ignored, and it is not changed.
        parameters: JSON values by name.
        kernel: starting or ready; this function does not end it.
        limits: the run is stopped when it exceeds them.
        progress: called when a cell starts.

    Example:
        with running_kernel(folder, {}) as kernel:
            execution = execute(notebook, {"period": "2025-12"}, kernel)
    """
    watch = _Watch(notebook, kernel, progress)
    with _quiet(), _deadline(limits.run, kernel) as expired:
        stopped = _run(notebook, parameters, kernel, limits, watch)
    if expired.is_set():
        stopped = f"the notebook took longer than {limits.run} seconds"
    watch.remove_banners()
    return Execution(watch.notebook, stopped, watch.last)


class _Watch:
    """Remembers the notebook that papermill runs, and the cell it is at."""

    def __init__(self, notebook: NotebookNode, kernel: Kernel, progress: Progress | None):
        self.notebook = notebook
        self.kernel = kernel
        self.last: int | None = None
        self.started = 0
        self.progress = progress

    def notebook_starts(self, notebook: NotebookNode) -> None:
        self.notebook = notebook
        self.kernel.hide()

    def cell_starts(self, cell: NotebookNode, cell_index: int) -> None:
        self.last = cell_index
        self.started += 1
        if self.progress is not None:
            self.progress(self.started, len(code_cells(self.notebook)))

    def remove_banners(self) -> None:
        cells = self.notebook.cells
        self.notebook.cells = [
            cell for cell in cells if BANNER not in cell.metadata.get("tags", [])
        ]


def _run(
    notebook: NotebookNode,
    parameters: Mapping[str, Any],
    kernel: Kernel,
    limits: Limits,
    watch: _Watch,
) -> str | None:
    """Run it with papermill; why it was stopped from outside, or None."""
    from nbclient.exceptions import CellTimeoutError
    from papermill.exceptions import PapermillExecutionError

    try:
        _papermill(notebook, parameters, kernel, limits, watch)
    except PapermillExecutionError:
        return None  # a cell raised; the error is among its outputs
    except CellTimeoutError:
        return f"it took longer than {limits.cell} seconds"
    except (RuntimeError, OSError, ZMQError) as error:
        # A kernel that does not start, or dies, shows itself in any of these.
        return _end(kernel, error)
    return None


def _end(kernel: Kernel, error: Exception) -> str:
    """What ended the kernel, or kept it from starting, as a phrase.

    Args:
        kernel: that ended, or did not start.
        error: that its runner got.
    """
    if death := kernel.death():
        return f"the kernel died ({death}){kernel.last_words()}"
    if NO_ANSWER in str(error):
        return f"the kernel didn't start within {STARTUP} seconds{kernel.last_words()}"
    return f"{type(error).__name__}: {error}"


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
        start_timeout=STARTUP,
        km=kernel,
        record_timing=False,
        store_widget_state=False,
        iopub_timeout=limits.cell,
        on_notebook_start=watch.notebook_starts,
        on_cell_execute=watch.cell_starts,
    )


@contextlib.contextmanager
def _deadline(seconds: float, kernel: Kernel) -> Iterator[threading.Event]:
    """Kill the kernel after `seconds`; the event is set if that happened."""
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
