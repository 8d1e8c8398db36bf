"""A run that is interrupted, or meets another: a whole report, and nothing left over."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import tempfile
import time
from pathlib import Path

import psutil
import pytest
from support.homes import (
    NAME,
    left_over,
    make_notebook,
    processes_of,
    published,
    write_notebook,
)
from support.run_processes import start

from finops_nb.errors import Busy, Interrupted
from finops_nb.outputs import links
from finops_nb.run.failures import folder_number, interruption_text
from finops_nb.run.run import run

UNCHANGED = f"Interrupted. The last report in outputs/{NAME} is unchanged.\n"
PUBLISHED = f"Interrupted. The new report is published in outputs/{NAME}.\n"

pytestmark = pytest.mark.usefixtures("one_code")


@pytest.mark.slow
def test_two_runs_of_a_name_exclude_each_other(published_home):
    """The second one exits with 75; the first one publishes."""
    write_notebook(published_home, make_notebook(["import time\ntime.sleep(2)"]))
    one = start(published_home)
    lock = published_home.outputs / ".runs" / f".{NAME}.lock"
    while str(one.pid) not in lock.read_text():
        time.sleep(0.01)
    with pytest.raises(Busy, match=rf"^{NAME} is being run by process {one.pid} on ") as busy:
        run(NAME, published_home)
    assert busy.value.exit_code == 75
    out, err = one.communicate()
    assert (one.returncode, out, err) == (
        0,
        f"{published_home.outputs / NAME / 'organizational_alignment.html'}\n",
        "",
    )
    assert left_over(published_home) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_at_any_moment_leaves_a_whole_report(
    published_home, number, tmp_path, monkeypatch
):
    """The run exits with 130 and leaves nothing; after SIGKILL, the next run removes the rest.

    This holds in the home and in the system's folder for temporary files.
    """
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    write_notebook(published_home, make_notebook(["import time\ntime.sleep(0.3)"]))
    reports = [published(published_home)]
    moments = random.Random(int(number))
    processes = []
    for moment in [moments.uniform(0, 2.2) for _ in range(4)]:
        folder = folder_number(published_home, NAME)
        process = start(published_home, NAME, "force")
        time.sleep(moment)
        processes += processes_of(published_home)
        process.send_signal(number)
        out, err = process.communicate()
        if number != signal.SIGKILL:
            assert out or process.returncode == 130
            is_same = folder_number(published_home, NAME) == folder
            assert out or err == (UNCHANGED if is_same else PUBLISHED)
            assert left_over(published_home) == []
            assert list(temporary.iterdir()) == []
        assert psutil.wait_procs(processes_of(published_home) + processes, timeout=20)[1] == []
        if published(published_home) not in reports:
            reports.append(published(published_home))
    run(NAME, published_home, force=True)
    assert left_over(published_home) == []
    assert list(temporary.iterdir()) == []
    assert published(published_home) == reports[-1] or len(reports) == 1
    assert len(reports) <= 2


@pytest.mark.slow
def test_ctrl_c_in_this_process(published_home):
    """`Interrupted` is raised, which exits with 130; neither kernel nor staging is left."""
    before = published(published_home)
    write_notebook(published_home, make_notebook(["import time\ntime.sleep(60)"]))

    def interrupt(cell: int, cells: int) -> None:
        if cell == 3:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(
        Interrupted, match=rf"^Interrupted\. The last report in outputs/{NAME} is unchanged\.$"
    ) as interrupted:
        run(NAME, published_home, progress=interrupt)
    assert interrupted.value.exit_code == 130
    assert published(published_home) == before
    assert left_over(published_home) == []
    assert not processes_of(published_home)


@pytest.mark.slow
def test_an_interruption_that_a_library_swallows(published_home):
    """Kernel and run end even if a library swallows the exception of the signal."""
    before = published(published_home)
    write_notebook(
        published_home,
        make_notebook(
            ["import time\ntime.sleep(2)", "open('ran', 'w')", "import time\ntime.sleep(60)"]
        ),
    )
    seen = []

    def swallow(cell: int, cells: int) -> None:
        seen.append(cell)
        if cell == 3:
            with contextlib.suppress(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted):
        run(NAME, published_home, progress=swallow)
    assert seen == [1, 2, 3]
    assert published(published_home) == before
    assert left_over(published_home) == []


def test_a_signal_while_cleaning_up(published_home, quick, monkeypatch):
    """Everything is removed before `Interrupted`; the report just published stays."""
    before, remove, calls = published(published_home), shutil.rmtree, []

    def interrupted(folder: Path, **options) -> None:
        calls.append(folder)
        if len(calls) == 1:
            os.kill(os.getpid(), signal.SIGINT)
        remove(folder, **options)

    monkeypatch.setattr(links.shutil, "rmtree", interrupted)
    with pytest.raises(Interrupted):
        run(NAME, published_home, force=True)
    assert calls == [published_home.outputs / ".staging" / NAME]
    assert left_over(published_home) == []
    assert published(published_home) != before


def test_it_says_what_is_published_after_an_interruption(published_home):
    """A run may be interrupted before or after it published, or may be the first one."""
    folder = folder_number(published_home, NAME)
    assert interruption_text(published_home, NAME, folder) + "\n" == UNCHANGED
    assert interruption_text(published_home, NAME, None) + "\n" == PUBLISHED
    assert (
        interruption_text(published_home, "2020-01", None)
        == "Interrupted. No report was published."
    )
