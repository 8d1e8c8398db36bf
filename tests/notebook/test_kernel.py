"""The kernel is this interpreter, in an environment of its own, and ends with its run."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from jupyter_core.utils import ensure_event_loop

from finops_nb.notebook.execute import execute
from finops_nb.notebook.kernel import running_kernel
from finops_nb.notebook.kernel_main import PRELOAD

ASK = """\
import decimal, json, locale, os, sys, threading, time
import matplotlib
precisions = []
thread = threading.Thread(target=lambda: precisions.append(decimal.getcontext().prec))
thread.start()
thread.join()
print(json.dumps({
    "python": sys.executable,
    "path": sys.path,
    "cwd": os.getcwd(),
    "zone": time.tzname[0],
    "encoding": locale.getpreferredencoding(),
    "hash": hash("a"),
    "backend": matplotlib.get_backend(),
    "size": matplotlib.rcParams["figure.figsize"],
    "extra": os.environ["EXTRA"],
    "loaded": "wave" in sys.modules,
    "precision": [decimal.getcontext().prec, *precisions],
    "rounding": decimal.getcontext().rounding,
    "of_python": sorted({"PYTHONTZPATH", "PYTHONPATH", "PYTHONINTMAXSTRDIGITS", "PYTHONHASHSEED",
                         "PYTHONWARNINGS", "PANDAS_COPY_ON_WRITE"} & os.environ.keys()),
    "found": [name for name in ("sitecustomize", "usercustomize") if name in sys.modules
              and "custom" in (sys.modules[name].__file__ or "")],
    "startup": [name for name in ("from_startup", "from_profile") if name in globals()],
}))
"""

CUSTOMIZED = """\
import decimal
decimal.DefaultContext.prec = 5
decimal.DefaultContext.rounding = decimal.ROUND_UP
decimal.setcontext(decimal.DefaultContext.copy())
"""

RUNNER = """\
import pathlib, signal, sys, time
from finops_nb.notebook.kernel import running_kernel
with running_kernel(pathlib.Path(sys.argv[1]), {}) as kernel:
    if sys.argv[2] == "busy":
        import nbformat
        from finops_nb.notebook.execute import execute
        write = f"print({kernel.process.pid}, file=open('pid', 'w'), flush=True)"
        hold = "import re; re.match('(a+)+$', 'a' * 50 + 'b')"
        cell = f"{write}; {hold}"
        execute(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)]), {}, kernel)
    else:
        (pathlib.Path(sys.argv[1]) / "pid").write_text(f"{kernel.process.pid}\\n")
        time.sleep(60)
"""

NEW_PARENT = """\
import ctypes, os, subprocess, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
subprocess.Popen([sys.executable, "-c", *sys.argv[1:]])
while True:
    os.wait()
"""
"""A process that adopts orphans, as systemd and the first process of many containers do."""


def notebook_of(*sources: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def run_cell(
    folder: Path, source: str, variables: dict[str, str] | None = None
) -> nbformat.NotebookNode:
    with running_kernel(folder, variables or {}) as kernel:
        return execute(notebook_of(source), {}, kernel).notebook.cells[-1]


@pytest.fixture
def hostile(tmp_path, monkeypatch):
    """A machine whose kernels, start-up files and settings would all change a report."""
    spec = tmp_path / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(
        json.dumps({"argv": ["/bin/false"], "display_name": "Broken", "language": "python"})
    )
    startup = tmp_path / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("from_profile = 1")
    (tmp_path / "startup.py").write_text("from_startup = 1")
    (tmp_path / "custom").mkdir()
    for name in ("sitecustomize", "usercustomize"):
        (tmp_path / "custom" / f"{name}.py").write_text(CUSTOMIZED)
    (tmp_path / "mpl").mkdir()
    (tmp_path / "mpl" / "matplotlibrc").write_text("figure.figsize: 1, 1\n")
    for name, value in {
        "HOME": tmp_path,
        "IPYTHONDIR": tmp_path / ".ipython",
        "JUPYTER_PATH": tmp_path / "jupyter",
        "JUPYTER_DEFAULT_PROVISIONER_NAME": "no-such-provisioner",
        "PYTHONSTARTUP": tmp_path / "startup.py",
        "MPLBACKEND": "no-such-backend",
        "MATPLOTLIBRC": tmp_path / "mpl",
        "PYTHONWARNINGS": "error",
        "PYTHONPATH": tmp_path / "custom",
        "PYTHONTZPATH": tmp_path,
        "PYTHONINTMAXSTRDIGITS": "640",
        "PANDAS_COPY_ON_WRITE": "0",
        "TZ": "Asia/Tokyo",
        "LC_ALL": "en_US.ISO-8859-1",
        "PYTHONHASHSEED": "7",
        "TMPDIR": tmp_path / ("long" * 30),
    }.items():
        monkeypatch.setenv(name, str(value))
    Path(os.environ["TMPDIR"]).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", os.environ["TMPDIR"])
    return tmp_path


def test_it_is_this_interpreter_whatever_the_machine_says(hostile):
    """It ignores kernelspecs, start-up files, settings, time zone, locale and hash seed.

    No variable of Python or pandas and no `sitecustomize` reaches it, and it computes with 28
    digits, half to even, in every thread.

    It also works with a long $TMPDIR.
    """
    work = hostile / "work"
    work.mkdir()
    (output,) = run_cell(work, ASK, {"EXTRA": "yes", PRELOAD: "no_such_module wave"}).outputs
    hash_command = [sys.executable, "-c", "print(hash('a'))"]
    hash_of_a = subprocess.check_output(hash_command, env=os.environ | {"PYTHONHASHSEED": "0"})
    answer = json.loads(output.text)
    assert str(work) not in answer.pop("path")
    assert answer == {
        "python": sys.executable,
        "cwd": str(work),
        "zone": "UTC",
        "encoding": "utf-8",
        "hash": int(hash_of_a),
        "backend": "agg",
        "size": [6.4, 4.8],
        "extra": "yes",
        "loaded": True,
        "precision": [28, 28],
        "rounding": "ROUND_HALF_EVEN",
        "of_python": ["PYTHONHASHSEED"],
        "found": [],
        "startup": [],
    }


@pytest.mark.slow
def test_nothing_is_left(tmp_path, monkeypatch):
    """The kernel and its children end, even after an error; socket files are removed earlier."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    work = tmp_path / "work"
    work.mkdir()
    with pytest.raises(KeyboardInterrupt), running_kernel(work, {}) as kernel:
        assert len(list(tmp_path.iterdir())) == 2
        notebook = execute(
            notebook_of("import subprocess\nprint(subprocess.Popen(['sleep', '60']).pid)"),
            {},
            kernel,
        ).notebook
        processes = [
            psutil.Process(kernel.process.pid),
            psutil.Process(int(notebook.cells[0].outputs[0].text)),
        ]
        assert list(tmp_path.iterdir()) == [work]
        raise KeyboardInterrupt
    assert psutil.wait_procs(processes, timeout=20)[1] == []
    assert list(tmp_path.iterdir()) == [work]
    assert not asyncio.all_tasks(ensure_event_loop())


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["starting", "busy"])
def test_it_dies_with_its_runner(tmp_path, moment):
    """A SIGKILL of the runner ends it while it starts and while a cell holds the interpreter lock.

    The runner has a subreaper above it.
    """
    above = subprocess.Popen([sys.executable, "-c", NEW_PARENT, RUNNER, str(tmp_path), moment])
    try:
        kernel = psutil.Process(_pid(tmp_path / "pid"))
        runner = kernel.parent()
        assert runner.ppid() == above.pid
        runner.send_signal(signal.SIGKILL)
        assert psutil.wait_procs([kernel], timeout=20)[1] == []
    finally:
        above.kill()
        above.wait()


def _pid(file: Path) -> int:
    """The number in a file, once the file is complete."""
    for _ in range(600):
        text = file.read_text() if file.exists() else ""
        if text.endswith("\n"):
            return int(text)
        time.sleep(0.05)
    raise AssertionError(f"no {file.name}")


FORK = """\
import multiprocessing, sys
def say(number):
    print("x" * 300_000, number, flush=True)
children = [multiprocessing.get_context("fork").Process(target=say, args=(n,)) for n in (1, 2)]
for child in children:
    child.start()
for child in children:
    child.join()
"""


def test_it_listens_on_no_port(tmp_path):
    """Other users of the machine could connect to one; its sockets are in a private folder."""
    with running_kernel(tmp_path, {}) as kernel:
        execute(notebook_of("1"), {}, kernel)
        assert psutil.Process(kernel.process.pid).net_connections("inet") == []


def test_forked_children_print_into_the_notebook(tmp_path):
    """Outputs of two children arrive whole, also if they are longer than one datagram."""
    text = "".join(output.text for output in run_cell(tmp_path, FORK).outputs)
    assert {letter: text.count(letter) for letter in "x12"} == {"x": 600_000, "1": 1, "2": 1}
