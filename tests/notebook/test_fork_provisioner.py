"""A kernel that is forked from a process with the imports done is like any other, and never outlives its runner."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
import pytest

from finops_nb.notebook.execute import Execution, execute
from finops_nb.notebook.fork_provisioner import AVAILABLE, fork_server
from finops_nb.notebook.kernel import kernel_environment, running_kernel
from finops_nb.notebook.kernel_main import PRELOAD

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="kernels are forked on Linux only")

ABOUT = """\
import json, locale, os, sys, time
told = {name: value for name, value in os.environ.items() if not name.startswith(("JPY_", "PYDEVD", "FINOPS_NB_PRELOAD"))}
print(json.dumps({
    "python": sys.executable, "path": sys.path, "cwd": os.getcwd(), "zone": time.tzname, "encoding": locale.getpreferredencoding(),
    "hash": hash("a"), "flags": str(sys.flags), "told": told, "group": os.getpgid(0) == os.getpid(), "argv": sys.argv[3:],
    "signals": [str(signal.getsignal(each)) for each in (2, 15, 17)] if (signal := __import__("signal")) else None,
}, sort_keys=True))
"""

RUNNER = """\
import os, pathlib, sys, time
from finops_nb.notebook.fork_provisioner import fork_server
from finops_nb.notebook.kernel import kernel_environment, running_kernel
with fork_server(kernel_environment({})) as door, running_kernel(pathlib.Path(sys.argv[1]), {}, door=door) as kernel:
    if sys.argv[2] == "child" and os.fork() == 0:
        time.sleep(20)
        os._exit(0)
    print(kernel.process.pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def door() -> Iterator:
    with fork_server(kernel_environment({PRELOAD: "wave no_such_module"})) as door:
        yield door


def run_cells(folder: Path, *cells: str, **options) -> Execution:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    with running_kernel(folder, {"TOLD": "x"}, **options) as kernel:
        return execute(notebook, {}, kernel)


def said(execution: Execution) -> str:
    return execution.notebook.cells[-1].outputs[0].text


def gone(pid: int) -> bool:
    for _ in range(200):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def test_it_is_like_a_fresh_one(door, tmp_path):
    """It has the interpreter, path, folder, zone, hash seed, environment and signals of a kernel that was started afresh."""
    assert json.loads(said(run_cells(tmp_path, ABOUT, door=door))) == json.loads(
        said(run_cells(tmp_path, ABOUT))
    )


def test_it_has_the_imports_done_and_nothing_else(door, tmp_path):
    """It finds what was preloaded, and no trace of the kernel before it."""
    cell = "import sys\nprint('wave' in sys.modules, 'trace' in globals(), getattr(sys, 'trace', 'none'))"
    assert (
        said(
            run_cells(
                tmp_path, "sys = __import__('sys'); trace = sys.trace = 'left'", cell, door=door
            )
        )
        == "True True left\n"
    )
    assert said(run_cells(tmp_path, cell, door=door)) == "True False none\n"


def test_the_server_is_one_thread(door, tmp_path):
    """It has nothing that would not survive a fork."""
    threads = said(
        run_cells(
            tmp_path,
            "import os\nprint(os.listdir(f'/proc/{os.getppid()}/task') == [str(os.getppid())])",
            door=door,
        )
    )
    assert threads == "True\n"


@pytest.mark.parametrize(
    ("cell", "stopped"),
    [
        ("import os\nos._exit(7)", "the kernel died (it ended itself with exit code 7)"),
        ("import os\nos.kill(os.getpid(), 9)", "the kernel died (killed; out of memory?)"),
        ("import os\nos.kill(os.getpid(), 11)", "the kernel died (SIGSEGV)"),
    ],
)
def test_its_death_is_told(door, tmp_path, cell, stopped):
    """It says how it ended, and the next one starts."""
    assert run_cells(tmp_path, cell, door=door).stopped == stopped
    assert said(run_cells(tmp_path, "print(1)", door=door)) == "1\n"


def test_it_is_gone_with_what_it_started(door, tmp_path):
    """It takes its children with it when the run is over."""
    pids = said(
        run_cells(
            tmp_path,
            "import os, subprocess\nprint(os.getpid(), subprocess.Popen(['sleep', '60']).pid)",
            door=door,
        )
    )
    assert all(gone(int(pid)) for pid in pids.split())


@pytest.mark.parametrize("how", ["alone", "child"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_dies_with_its_runner(tmp_path, number, how):
    """It leaves neither kernel nor server when its runner is killed, though a process forked from the runner lives on."""
    runner = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(tmp_path), how], stdout=subprocess.PIPE, text=True
    )
    kernel = int(runner.stdout.readline())
    server = psutil.Process(kernel).ppid()
    os.kill(runner.pid, number)
    runner.wait()
    assert gone(kernel)
    assert gone(server)


def test_a_server_that_is_gone_is_told(tmp_path):
    """It ends the run with a reason, and does not wait."""
    with fork_server(kernel_environment({})) as door:
        pid = int(said(run_cells(tmp_path, "import os\nprint(os.getppid())", door=door)))
        os.kill(pid, signal.SIGKILL)
        assert gone(pid)
        with pytest.raises(OSError):
            run_cells(tmp_path, "1", door=door)
