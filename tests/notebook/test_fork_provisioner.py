"""A forked kernel is like a fresh one, and never outlives its runner."""

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
import json, locale, os, signal, sys, time
own = ("JPY_", "PYDEVD", "FINOPS_NB_PRELOAD")
print(json.dumps({
    "python": sys.executable,
    "path": sys.path,
    "cwd": os.getcwd(),
    "zone": time.tzname,
    "encoding": locale.getpreferredencoding(),
    "hash": hash("a"),
    "flags": str(sys.flags),
    "environment": {name: text for name, text in os.environ.items() if not name.startswith(own)},
    "group": os.getpgid(0) == os.getpid(),
    "argv": sys.argv[3:],
    "signals": [str(signal.getsignal(number)) for number in (2, 15, 17)],
}, sort_keys=True))
"""

RUNNER = """\
import os, pathlib, sys, time
from finops_nb.notebook.fork_provisioner import fork_server
from finops_nb.notebook.kernel import kernel_environment, running_kernel
folder = pathlib.Path(sys.argv[1])
with (
    fork_server(kernel_environment({})) as server_socket,
    running_kernel(folder, {}, server_socket=server_socket) as kernel,
):
    if sys.argv[2] == "child" and os.fork() == 0:
        time.sleep(20)
        os._exit(0)
    print(kernel.process.pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def server_socket() -> Iterator:
    with fork_server(kernel_environment({PRELOAD: "wave no_such_module"})) as server_socket:
        yield server_socket


def run_cells(folder: Path, *cells: str, **options) -> Execution:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    with running_kernel(folder, {"EXTRA": "x"}, **options) as kernel:
        return execute(notebook, {}, kernel)


def printed(execution: Execution) -> str:
    """The output of the last cell."""
    return execution.notebook.cells[-1].outputs[0].text


def gone(pid: int) -> bool:
    """Whether a process ends within ten seconds."""
    for _ in range(200):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def test_it_is_like_a_fresh_one(server_socket, tmp_path):
    """It has the same interpreter, path, folder, time zone, hash seed, environment, signals."""
    forked = printed(run_cells(tmp_path, ABOUT, server_socket=server_socket))
    fresh = printed(run_cells(tmp_path, ABOUT))
    assert json.loads(forked) == json.loads(fresh)


def test_it_has_the_imports_done_and_nothing_else(server_socket, tmp_path):
    """The preloaded modules are there, and no trace of the kernel before it."""
    leave = "import sys\ntrace = sys.trace = 'left'"
    look = "'wave' in sys.modules, 'trace' in globals(), getattr(sys, 'trace', 'none')"
    cell = f"import sys\nprint({look})"
    first = run_cells(tmp_path, leave, cell, server_socket=server_socket)
    assert printed(first) == "True True left\n"
    second = run_cells(tmp_path, cell, server_socket=server_socket)
    assert printed(second) == "True False none\n"


def test_the_server_is_one_thread(server_socket, tmp_path):
    """A thread would not survive a fork."""
    tasks = "os.listdir(f'/proc/{server}/task')"
    cell = f"import os\nserver = str(os.getppid())\nprint({tasks} == [server])"
    assert printed(run_cells(tmp_path, cell, server_socket=server_socket)) == "True\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cell", "stopped"),
    [
        ("import os\nos._exit(7)", "the kernel died (it ended itself with exit code 7)"),
        ("import os\nos.kill(os.getpid(), 9)", "the kernel died (killed; out of memory?)"),
        ("import os\nos.kill(os.getpid(), 11)", "the kernel died (SIGSEGV)"),
    ],
)
def test_its_death_is_reported(server_socket, tmp_path, cell, stopped):
    """The reason is given, and the next kernel starts."""
    assert run_cells(tmp_path, cell, server_socket=server_socket).stopped == stopped
    assert printed(run_cells(tmp_path, "print(1)", server_socket=server_socket)) == "1\n"


def test_it_ends_with_the_processes_it_started(server_socket, tmp_path):
    """The kernel and its children are gone after the run."""
    cell = "import os, subprocess\nprint(os.getpid(), subprocess.Popen(['sleep', '60']).pid)"
    pids = printed(run_cells(tmp_path, cell, server_socket=server_socket))
    assert all(gone(int(pid)) for pid in pids.split())


@pytest.mark.slow
@pytest.mark.parametrize("how", ["alone", "child"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_dies_with_its_runner(tmp_path, number, how):
    """Kernel and server end with the runner, even if a process forked from the runner lives on."""
    runner = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(tmp_path), how], stdout=subprocess.PIPE, text=True
    )
    kernel = int(runner.stdout.readline())
    server = psutil.Process(kernel).ppid()
    os.kill(runner.pid, number)
    runner.wait()
    assert gone(kernel)
    assert gone(server)


def test_a_server_that_is_gone_ends_the_run(tmp_path):
    """It does not wait for an answer."""
    with fork_server(kernel_environment({})) as server_socket:
        cell = "import os\nprint(os.getppid())"
        pid = int(printed(run_cells(tmp_path, cell, server_socket=server_socket)))
        os.kill(pid, signal.SIGKILL)
        assert gone(pid)
        with pytest.raises(OSError):
            run_cells(tmp_path, "1", server_socket=server_socket)
