"""A run that fails, at a cell, an input or a disk: the last good report survives."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from support.failing_calls import FailingCalls
from support.homes import (
    FILES,
    NAME,
    files_of,
    left_over,
    make_home,
    make_notebook,
    processes_of,
    published,
    write_notebook,
)
from support.other_accounts import generous_umask, open_to_others, opened_to_all
from support.run_processes import RUN

from finops_nb.errors import Failure, FinopsError, Refusal
from finops_nb.home import Home
from finops_nb.outputs.revisions import History, Revision, digests
from finops_nb.run import run as running
from finops_nb.run.run import run

pytestmark = pytest.mark.usefixtures("one_code")


def notebook_of(published_home: Home) -> Path:
    return published_home.root / "notebooks" / "organizational_alignment.ipynb"


FAILED_CELLS = {
    "error": (
        ["1", "1/0"],
        r"^Cell 3 \(`1/0`\) raised ZeroDivisionError: division by zero\n",
    ),
    "exit": (
        ["import sys\nsys.exit(0)"],
        r"^The notebook stopped early in cell 2 \(`import sys`\), which called sys\.exit\.\n",
    ),
    "SystemExit": (
        ["raise SystemExit"],
        r"^The notebook stopped early in cell 2 ",
    ),
    "input": (
        ["input()"],
        r"^Cell 2 \(`input\(\)`\) asks for input",
    ),
    "thread": (
        [
            "import threading\nthreading.Thread(target=lambda: 1/0).start()",
            "import time\ntime.sleep(0.5)",
        ],
        r"^A background task failed in cell 2 ",
    ),
    "refusal": (
        [
            "from finops_nb.errors import Problem, Refusal\n"
            "raise Refusal(Problem('not a number', 'Write one', 'usage/a.csv', 3, 'cost', 'x'))"
        ],
        r'^usage/a\.csv, line 3, cost: not a number \(found "x"\)\. Write one\.\n',
    ),
    "period": (
        ["globals()['period'] = '2025-11'"],
        r"^results\.json does not cover 2025-12",
    ),
    "path": (
        ["import os\nprint(os.getcwd())"],
        r"^cell 2 \(`import os`\) shows a path of this machine: .*outputs/\.staging/2025-12\. ",
    ),
    "usage": (
        [
            "import os, pathlib\n"
            "file = pathlib.Path(os.environ['FINOPS_NB_HOME'], 'usage', 'calls.csv')\n"
            "_ = file.write_text('timestamp,cost\\n')"
        ],
        r"^The inputs changed during the run: usage/calls\.csv\. Run again when they are complete",
    ),
    "script": (
        ["from IPython.display import HTML\nHTML('<script>1</script>')"],
        r"<script>",
    ),
    "full": (
        ["raise OSError(28, 'No space left on device', 'x')"],
        r"No space left on device: 'x'\nThe disk of outputs/ has [\d,]+ bytes",
    ),
}
"""By name: the cells of a notebook that fails, and the pattern of its message."""


@pytest.mark.slow
@pytest.mark.parametrize(("cells", "message"), FAILED_CELLS.values(), ids=FAILED_CELLS)
def test_a_failed_run_leaves_the_last_report(published_home, cells, message):
    """Cause and cell are named, the notebook is kept; report and history do not change."""
    before, records = (
        published(published_home),
        sorted((published_home.outputs / ".runs" / NAME).iterdir()),
    )
    write_notebook(published_home, make_notebook(cells))
    with pytest.raises(Failure, match=message) as failure:
        run(NAME, published_home)
    assert str(failure.value).endswith(
        f"outputs/.staging/{NAME}/failed.ipynb\noutputs/{NAME} is unchanged."
    )
    kept = nbformat.read(published_home.outputs / ".staging" / NAME / "failed.ipynb", as_version=4)
    assert [cell.source for cell in kept.cells[2:-1]] == cells
    assert left_over(published_home) == [f".staging/{NAME}", f".staging/{NAME}/failed.ipynb"]
    assert published(published_home) == before
    assert sorted((published_home.outputs / ".runs" / NAME).iterdir()) == records
    assert not processes_of(published_home)


@pytest.mark.slow
def test_a_kernel_killed_at_any_cell_leaves_the_last_report(published_home):
    """The run fails whichever cell the kernel dies in, even the last one, with the results."""
    before = published(published_home)
    for killed in (1, 2):
        notebook = make_notebook(["6"])
        notebook.cells[killed].source += "\nimport os\nos.kill(os.getpid(), 9)"
        write_notebook(published_home, notebook)
        cause = rf"in cell {killed + 1} .*: the kernel died \(killed; out of memory"
        with pytest.raises(Failure, match=f"^The notebook was stopped {cause}"):
            run(NAME, published_home)
        assert published(published_home) == before


def test_a_first_run_that_fails_publishes_nothing(tmp_path):
    """No folder is created, and the time of the key is not recorded: a later run is the first."""
    published_home = make_home(tmp_path, ["1/0"])
    with pytest.raises(Failure, match=rf"outputs/{NAME} was not created\.$"):
        run(NAME, published_home)
    assert not (published_home.outputs / NAME).exists()
    assert not list((published_home.outputs / ".runs").rglob("*.json"))


def write_params(published_home: Home, text: str) -> None:
    published_home.params_file(NAME).write_text(text)


REFUSED_INPUT = {
    "no params": (
        lambda published_home: published_home.params_file(NAME).unlink(),
        "no such params file",
    ),
    "bad params": (
        lambda published_home: write_params(published_home, 'period: "2025-13"\n'),
        "not a period",
    ),
    "no usage": (
        lambda published_home: (published_home.root / "usage" / "calls.csv").unlink(),
        r"^params/2025-12\.yaml, line 2, usage: no such file",
    ),
    "no notebook": (
        lambda published_home: notebook_of(published_home).write_text("{"),
        "not a notebook",
    ),
    "assigned": (
        lambda published_home: write_notebook(
            published_home, make_notebook(["period = '2025-11'"])
        ),
        "assigned again",
    ),
    "shell": (
        lambda published_home: write_notebook(published_home, make_notebook(["!ls"])),
        "not plain Python",
    ),
}
"""By name: what is wrong with the input, and a part of the refusal."""


@pytest.mark.parametrize(("change", "rule"), REFUSED_INPUT.values(), ids=REFUSED_INPUT)
def test_refused_input_changes_nothing(published_home, change, rule):
    """The refusal comes before anything is executed, and nothing is left behind."""
    before = published(published_home)
    change(published_home)
    with pytest.raises(Refusal, match=rule):
        run(NAME, published_home)
    assert published(published_home) == before
    assert left_over(published_home) == []


def test_an_official_report_is_not_replaced_by_another_kind(published_home):
    """An analysis is refused in the place of an official report, with the folder for it."""
    before = published(published_home)
    make_home(published_home.root, period="2025-11")
    rule = r'^params/2025-12\.yaml, period: outputs/2025-12 is an official .* \(found "2025-11"\)'
    with pytest.raises(Refusal, match=rf"{rule}\. Move this file to params/analysis/"):
        run(NAME, published_home, force=True)
    assert published(published_home) == before


@pytest.mark.parametrize("thing", ["file", "link"])
def test_something_in_the_place_of_the_report_is_refused(published_home, thing, monkeypatch):
    """The refusal comes before anything is executed, and the file or link is left alone."""
    monkeypatch.setattr(running, "_execute", None)
    target = published_home.outputs / NAME
    target.rename(published_home.outputs / "aside")
    target.write_text("mine") if thing == "file" else target.symlink_to(
        published_home.outputs / "aside"
    )
    with pytest.raises(Refusal, match=rf"^outputs/{NAME}: (not a folder|a symbolic link)"):
        run(NAME, published_home, force=True)
    assert target.is_symlink() == (thing == "link")
    assert target.exists()


def test_nobody_else_can_read_what_is_not_published(published_home):
    """A failed run keeps its notebook, and the earlier revision is on record; others read neither.

    Only the published report is for whom the umask admits.
    """
    opened_to_all(published_home.outputs)
    write_notebook(published_home, make_notebook(["1 / 0"]))
    with generous_umask(), pytest.raises(Failure, match="The notebook as far as it ran"):
        run(NAME, published_home)
    assert (published_home.staging / NAME / "failed.ipynb").is_file()
    published = [NAME, *(f"{NAME}/{file}" for file in FILES), "index.html"]
    assert open_to_others(published_home.outputs) == sorted(published)


def test_a_published_report_is_for_whom_the_umask_admits(published_home, quick):
    """A new revision is readable by all, and so is its folder; the one before is closed off."""
    write_notebook(published_home, make_notebook(["7"]))
    with generous_umask():
        run(NAME, published_home)
    folder = published_home.outputs / NAME
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o666}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o777
    assert (published_home.runs / NAME / "revision-1").is_dir()
    assert [each for each in open_to_others(published_home.outputs) if each[0] == "."] == []


def test_what_a_killed_run_left_is_removed(published_home):
    """The staging folder of a killed run is removed, with a notice that names the run."""
    (published_home.outputs / ".staging" / NAME / "new").mkdir(parents=True)
    (published_home.outputs / ".staging" / NAME / "new" / "results.json").write_text("{}")
    (published_home.outputs / ".runs" / f".{NAME}.lock").write_text(
        '{"pid": 1, "host": "elsewhere", "started": "yesterday"}\n'
    )
    notices = []
    run(NAME, published_home, notice=notices.append)
    assert left_over(published_home) == []
    holder = "process 1 on elsewhere, since yesterday"
    assert notices == [
        f"An earlier run of {NAME} ({holder}) was killed; its leftovers are removed."
    ]


# Disks that fail


@pytest.mark.slow
@pytest.mark.parametrize("persistent", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("first", [False, True], ids=["again", "first"])
def test_any_call_of_a_run_may_fail(made, tmp_path, quick, first, persistent):
    """Whichever call fails, the old or the new report is whole, and the next run goes well."""
    outcomes = []
    for fail_at in range(1, 1000):
        root = tmp_path / str(fail_at)
        shutil.copytree(made.root, root)
        published_home = Home(root)
        if first:
            shutil.rmtree(published_home.outputs)
        published_home.params_file(NAME).write_text(
            'period: "2025-12"\nusage: usage/calls.csv\nat_risk: 0.5\n'
        )
        outcome, calls = run_with_failure(published_home, fail_at, persistent)
        outcomes.append(outcome)
        if fail_at % 5 == 0:
            check_next_run(published_home, first)
        shutil.rmtree(root)
        if calls < fail_at:
            break
    assert outcomes[-1] == (False, True)
    assert outcomes.count((True, False)) > 20
    assert outcomes.count((True, True)) > 5  # the record comes last


def run_with_failure(
    published_home: Home, fail_at: int, persistent: bool
) -> tuple[tuple[bool, bool], int]:
    """Run with one call failing, or all from it on, and check what is published.

    Returns:
        Whether the run failed, and whether it published; and how many calls were counted.
    """
    old = published(published_home) if (published_home.outputs / NAME).exists() else None
    known = History(published_home.outputs, NAME).revisions()
    failed = False
    with pytest.MonkeyPatch.context() as patch:
        failing = FailingCalls(patch, published_home.outputs, fail_at, persistent)
        try:
            run(NAME, published_home)
        except FinopsError:
            failed = True
    new = published(published_home) if (published_home.outputs / NAME).exists() else None
    kept = published_home.outputs / ".runs" / NAME / "revision-1"
    if new == old:
        assert failed
        assert History(published_home.outputs, NAME).revisions() == known
        assert persistent or not kept.exists()
    else:
        check_published(published_home, known)
        assert old is None or files_of(kept) == old
    return (failed, new != old), failing.calls


def check_published(published_home: Home, known: tuple[Revision, ...]) -> None:
    """The new report is whole, of one key, and the last revision."""
    new = published(published_home)
    assert tuple(new) == FILES
    key = json.loads(new["results.json"])["provenance"]["key"]
    assert new["chargeback.csv"].decode() == key
    assert new["organizational_alignment.html"].decode() == key
    *before, last = History(published_home.outputs, NAME).revisions()
    assert tuple(before) == known
    assert (last.number, last.key) == (len(known) + 1, key)
    assert last.files == digests(published_home.outputs / NAME)


def check_next_run(published_home: Home, first: bool) -> None:
    """The next run publishes, and leaves nothing but the record and the revision before."""
    run(NAME, published_home)
    assert tuple(published(published_home)) == FILES
    assert left_over(published_home) == []
    history = History(published_home.outputs, NAME)
    assert history.revisions()[-1].number == (1 if first else 2)
    assert history.altered() == []
    names = [path.name for path in sorted((published_home.outputs / ".runs" / NAME).iterdir())]
    assert names == (["revisions.json"] if first else ["revision-1", "revisions.json"])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk, if the machine lets one be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = sys.platform == "linux" and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", disk], capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("no disk can be mounted here; needs root on Linux")
    yield disk
    subprocess.run(["umount", disk], check=True)


FULL_DISKS = {
    "while publishing": (
        "print('x' * 40_000)",
        r"^outputs/\.staging/2025-12/new/\S+: No space left on device\. .*\nThe disk of outputs/ ",
    ),
    "in a cell": (
        "open('big', 'w').write('x' * 110_000)",
        r"^Cell 2 .* No space left on device.*\nThe disk of outputs/ has [\d,]+ .*\nThe notebook",
    ),
    "while keeping the failed notebook": (
        "print('x' * 110_000)\n1/0",
        r"^Cell 2 .* division by zero\noutputs/2025-12 is unchanged\.$",
    ),
}
"""By name: a cell that fills the disk, and the pattern of the message."""


@pytest.mark.slow
@pytest.mark.parametrize(("cell", "message"), FULL_DISKS.values(), ids=FULL_DISKS)
def test_a_full_disk_leaves_the_last_report(published_home, small_disk, cell, message):
    """The failure names the file and the free bytes; the report does not change."""
    shutil.copytree(published_home.outputs, small_disk, dirs_exist_ok=True)
    shutil.rmtree(published_home.outputs)
    published_home.outputs.symlink_to(small_disk)
    before = published(published_home)
    write_notebook(published_home, make_notebook([cell]))
    with pytest.raises(Failure, match=message) as failure:
        run(NAME, published_home)
    assert published(published_home) == before
    assert bool(left_over(published_home)) == ("failed.ipynb" in str(failure.value))


@pytest.mark.slow
def test_a_file_that_cannot_grow_leaves_the_last_report(published_home):
    """If the shell limits the size of files, the failure names the file and the limit."""
    before = published(published_home)
    write_notebook(published_home, make_notebook(["print('x' * 100_000)"]))
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
    result = subprocess.run(
        [sys.executable, "-c", limit + RUN, str(published_home.root), NAME],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    file = "outputs/.staging/2025-12/new/organizational_alignment.ipynb"
    assert result.stderr.splitlines() == [
        f"{file}: File too large. Published reports are intact.",
        # 50,000 bytes / 1,024 = 48.8
        "Here, `ulimit -f` limits the size of a file to 48 kB, which may be the cause. "
        "Open a new shell, run `ulimit -f unlimited` in it and try again.",
    ]
    assert published(published_home) == before


@pytest.mark.slow
def test_what_a_kernel_printed_before_it_died_is_in_the_message_and_kept(published_home):
    """The line that names the cause stands behind the signal, and the log beside the notebook."""
    kill = "os.kill(os.getpid(), 6)"
    words = "print('loading\\nFatal error: no such library\\nbye', file=log, flush=True)"
    log = "log = open(pathlib.Path(os.getcwd(), 'kernel.log'), 'a')"
    write_notebook(published_home, make_notebook([f"import os, pathlib\n{log}\n{words}\n{kill}"]))
    with pytest.raises(Failure) as failure:
        run(NAME, published_home)
    place = f"outputs/.staging/{NAME}"
    assert str(failure.value).splitlines() == [
        "The notebook was stopped in cell 2 (`import os, pathlib`): "
        "the kernel died (SIGABRT): Fatal error: no such library.",
        f"The notebook as far as it ran: {place}/failed.ipynb",
        f"What its kernel printed: {place}/kernel.log",
        f"outputs/{NAME} is unchanged.",
    ]
    kept = (published_home.root / place / "kernel.log").read_text(encoding="utf-8")
    assert "Fatal error: no such library" in kept
