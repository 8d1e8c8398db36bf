"""papermill runs the notebook, and what happened says how it ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import threading
from pathlib import Path

import nbformat
import pytest
from jupyter_core.utils import ensure_event_loop
from support.homes import make_notebook

from finops_nb.notebook.execute import Execution, Limits, execute
from finops_nb.notebook.kernel import OUTPUTS, running_kernel

PASSED = {
    "text": "'\"\\\n\t{x} ${HOME} </script> \u202e ä 日本 \U0001f4b0 \x07 " + '"""',
    "digits": "000123456789",
    "amounts": {"org-a": "2695.750000000001", "": "0", 'O\'Neil "x"': "1"},
    "list": ["a", "b\\", ""],
    "nothing": None,
    "yes": True,
    "number": 12,
}
USUAL = Limits()


def run(folder: Path, *sources: str, limits: Limits = USUAL, progress=None) -> Execution:
    """Run a notebook of these cells."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in sources]
    )
    with running_kernel(folder, {}) as kernel:
        return execute(notebook, {}, kernel, limits, progress)


def counts(execution: Execution) -> list[int | None]:
    return [cell.execution_count for cell in execution.notebook.cells if cell.cell_type == "code"]


def test_values_arrive_exactly(tmp_path):
    """Every JSON value arrives unchanged; progress is reported; the notebook stays as it was."""
    declared = "".join(f"{name} = None\n" for name in PASSED)
    compare = "assert {name: globals()[name] for name in PASSED} == PASSED"
    notebook = make_notebook([f"PASSED = {PASSED!r}\n{compare}", "text"], declared)
    notebook.cells.pop()
    notebook.cells[1]["outputs"] = [
        nbformat.v4.new_output("stream", text="total of an earlier run")
    ]
    before = nbformat.writes(notebook)
    seen = []
    with running_kernel(tmp_path, {}) as kernel:
        execution = execute(
            notebook, PASSED, kernel, progress=lambda cell, cells: seen.append((cell, cells))
        )
    assert execution.stopped is None
    assert [cell.get("outputs") for cell in execution.notebook.cells[:3]] == [[], [], []]
    assert execution.notebook.cells[3].outputs[0].data["text/plain"] == repr(PASSED["text"])
    assert counts(execution) == [1, 2, 3, 4]
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert execution.last == 3
    assert nbformat.writes(notebook) == before


PRINTING = """\
import os, sys, warnings
print(1)
os.system('echo 2')
warnings.warn('3')
print(4, file=sys.__stderr__)
"""
NOISY = (
    [PRINTING, "1/0"],
    ["import time\ntime.sleep(60)"],
    ["import os\nos._exit(1)"],
)

SILENT = """\
import json, pathlib, sys, warnings
import nbformat
from finops_nb.notebook.execute import Limits, execute
from finops_nb.notebook.kernel import running_kernel
def warn(cell, cells):
    warnings.warn("as a library may")
for cells in json.loads(sys.argv[2]):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    with running_kernel(pathlib.Path(sys.argv[1]), {}) as kernel:
        execute(notebook, {"unknown": 1}, kernel, Limits(cell=1), warn)
"""


@pytest.mark.slow
def test_the_libraries_are_silent(tmp_path):
    """No warning, log line or output of papermill, nbclient or the kernel reaches the terminal."""
    command = [sys.executable, "-W", "default", "-c", SILENT, str(tmp_path), json.dumps(NOISY)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (result.stdout, result.stderr) == ("", "")


@pytest.mark.slow
@pytest.mark.parametrize("killed", [0, 1, 2])
def test_a_killed_kernel_stops_the_run(tmp_path, killed):
    """The reason is given whichever cell was running; earlier cells keep their outputs."""
    cells = ["1", "2", "3"]
    cells[killed] = "import os\nos.kill(os.getpid(), 9)"
    execution = run(tmp_path, *cells)
    assert execution.stopped == "the kernel died (killed; out of memory?)"
    assert execution.last == killed
    outputs = [len(cell.outputs) for cell in execution.notebook.cells]
    assert outputs == [1] * killed + [0] * (3 - killed)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "stopped"),
    [
        ("import os\nos._exit(3)", "the kernel died (it ended itself with exit code 3)"),
        ("import ctypes\nctypes.string_at(0)", "the kernel died (SIGSEGV)"),
        (
            "while True: print('x' * 10_000)",
            f"the kernel died (its outputs exceeded {OUTPUTS:,} bytes; show less)",
        ),
        ("import time\ntime.sleep(60)", "it took longer than 2 seconds"),
    ],
    ids=["exit", "crash", "flood", "timeout"],
)
def test_a_kernel_that_ends_or_is_ended_says_why(tmp_path, source, stopped):
    """An exit, a crash, too much output and a slow cell have different reasons."""
    execution = run(tmp_path, source, "2", limits=Limits(cell=2 if "sleep" in source else 60))
    assert (execution.stopped, execution.last) == (stopped, 0)


@pytest.mark.slow
def test_the_whole_run_has_a_limit(tmp_path):
    """It also ends a notebook in which no single cell takes long."""
    execution = run(tmp_path, *["import time\ntime.sleep(0.5)"] * 20, limits=Limits(cell=60, run=3))
    assert execution.stopped == "the notebook took longer than 3 seconds"
    assert counts(execution)[-1] is None


@pytest.mark.slow
def test_a_kernel_that_dies_before_the_first_cell(tmp_path):
    """The reason is given, and no cell was the last."""
    with running_kernel(tmp_path, {}) as kernel:
        kernel.kill()
        execution = execute(make_notebook(), {}, kernel)
    assert execution.stopped == "the kernel died (killed; out of memory?)"
    assert execution.last is None


def test_a_cell_that_raises_ends_the_notebook(tmp_path):
    """The error is an output, later cells do not run, and papermill's red banners are removed."""
    execution = run(tmp_path, "1", "1/0", "3")
    assert execution.stopped is None
    assert counts(execution) == [1, 2, None]
    assert [output.ename for output in execution.notebook.cells[1].outputs] == ["ZeroDivisionError"]
    assert len(execution.notebook.cells) == 3


def test_an_interruption_ends_the_run(tmp_path, capfd):
    """Ctrl-C leaves papermill at once, without messages about unfinished tasks."""
    with pytest.raises(KeyboardInterrupt):
        run(
            tmp_path,
            "import time\ntime.sleep(60)",
            progress=lambda cell, cells: threading.Timer(0.3, _interrupt).start(),
        )
    assert not asyncio.all_tasks(ensure_event_loop())
    assert capfd.readouterr() == ("", "")


def _interrupt() -> None:
    import _thread

    _thread.interrupt_main()


@pytest.mark.slow
def test_runs_follow_each_other_in_one_process(tmp_path):
    """One run works after another, even after an interrupted one; no file or socket stays open."""
    opened = []
    for _ in range(2):
        with contextlib.suppress(KeyboardInterrupt):
            run(tmp_path, "1", progress=_raise)
        assert counts(run(tmp_path, "1", "2")) == [1, 2]
        opened.append(len(list(Path("/dev/fd").iterdir())))
    assert opened[0] == opened[1]


def _raise(cell: int, cells: int) -> None:
    raise KeyboardInterrupt
