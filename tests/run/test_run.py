"""One run of a NAME, from params to published folder; the last good report survives anything."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_output
from support.failing_calls import FailingCalls
from support.homes import (
    FILES,
    NAME,
    files_of,
    finished,
    left_over,
    make_home,
    make_notebook,
    processes_of,
    published,
    write_notebook,
)

from finops_nb.errors import Busy, Failure, FinopsError, Interrupted, Refusal
from finops_nb.home import Home
from finops_nb.mail.settings import PREFIX
from finops_nb.outputs.revisions import History, Revision, digests
from finops_nb.run import job
from finops_nb.run import run as running
from finops_nb.run.run import run

RUN = """\
import faulthandler, pathlib, sys
faulthandler.dump_traceback_later(100, exit=True)
from finops_nb.run import job
from finops_nb.errors import FinopsError
from finops_nb.home import Home
from finops_nb.run.run import run
job.code_digest = lambda: "0" * 64
print("begins", flush=True)
try:
    print(run(sys.argv[2], Home(pathlib.Path(sys.argv[1])), force="force" in sys.argv))
except FinopsError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""


@pytest.fixture(autouse=True)
def one_code(monkeypatch):
    """One state of the package, though its files may change during the tests; 1 January 2026."""
    monkeypatch.setattr(job, "code_digest", lambda: "0" * 64)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Home:
    """A home whose December 2025 is published."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job, "code_digest", lambda: "0" * 64)
        patch.setenv("SOURCE_DATE_EPOCH", "1767225600")
        home = make_home(
            tmp_path_factory.mktemp("made") / "a home {of} mine", ["period", "print('x')"]
        )
        run(NAME, home)
    return home


@pytest.fixture
def home(made, tmp_path) -> Home:
    """A copy of that home."""
    shutil.copytree(made.root, tmp_path / "home")
    return Home(tmp_path / "home")


@pytest.fixture
def quick(monkeypatch) -> None:
    """Runs without a kernel, whose page is their key."""
    monkeypatch.setattr(running, "_execute", finished)
    monkeypatch.setattr(
        "finops_nb.report.html_page.export_html",
        lambda notebook: notebook.metadata["finops_nb"]["key"],
    )


def notebook_of(home: Home) -> Path:
    return home.root / "notebooks" / "organizational_alignment.ipynb"


def start(home: Home, name: str = NAME, *options: str, **variables: str) -> subprocess.Popen:
    """A run in another process; it has begun when this returns."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(home.root), name, *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | variables,
    )  # fmt: skip
    assert process.stdout.readline() == "begins\n"
    return process


# What a good run publishes


def test_a_run_publishes_five_files(made):
    """Page, notebook, workbook, results and ledger are published with one key, and nothing else."""
    files = published(made)
    assert tuple(files) == FILES
    key = json.loads(files["results.json"])["provenance"]["key"]
    notebook = nbformat.reads(files["organizational_alignment.ipynb"].decode(), as_version=4)
    assert notebook.metadata["finops_nb"] == {"name": NAME, "kind": "official", "key": key}
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3, 4, 5]
    assert notebook.cells[2].outputs[0].data["text/plain"] == "'2025-12'"
    assert notebook.cells[3].outputs[0].text == "x\n"
    assert f"<title>Report of {NAME}</title>" in files["organizational_alignment.html"].decode()
    assert left_over(made) == []
    [first] = History(made.outputs, NAME).revisions()
    assert (first.number, first.key, first.reason) == (1, key, "")
    assert first.generated == "2026-01-01T00:00:00Z"
    assert first.files == digests(made.outputs / NAME)
    assert str(made.root).encode() not in b"".join(files.values())


def test_the_same_key_changes_nothing(home, monkeypatch):
    """If nothing changed, the path is returned and nothing executed; --force runs it again."""

    def executed(*_):
        raise Failure("executed")

    monkeypatch.setattr(running, "_execute", executed)
    folder = home.outputs / NAME
    before = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert run(NAME, home) == folder / "organizational_alignment.html"
    assert {file: file.stat().st_mtime_ns for file in folder.iterdir()} == before
    assert left_over(home) == []
    with pytest.raises(Failure, match=r"^executed$"):
        run(NAME, home, force=True)
    for file in FILES:
        (folder / file).rename(folder / "away")
        with pytest.raises(Failure, match=r"^executed$"):
            run(NAME, home)
        (folder / "away").rename(folder / file)


def test_a_forced_run_publishes_the_same_bytes(home, monkeypatch):
    """It prints the time when the key was first run, whatever the clock says now."""
    before = published(home)
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    (home.outputs / NAME / "results.json").write_text("spoilt by hand")
    run(NAME, home, force=True)
    assert published(home) == before


def test_runs_elsewhere_publish_the_same_bytes(tmp_path):
    """Folder, time zone, language, hash seed and user do not change the published bytes."""
    cells = [
        "print({'alpha', 'beta', 'gamma', 'delta'})",
        "import sys, time\nprint(time.tzname, time.localtime(0)[:5], sys.stdout.encoding)",
        "object()",
        "print('ä', 1); print('2', file=sys.stderr); print('3')",
        "import locale\n'{:n} {}'.format(1234567, locale.getlocale())",
    ]
    homes = [make_home(tmp_path / "one", cells), make_home(tmp_path / "another" / "deeper", cells)]
    (tmp_path / "user").mkdir()
    others = {
        "TZ": "Pacific/Kiritimati",
        "LANG": "de_DE.UTF-8",
        "LC_ALL": "C",
        "PYTHONHASHSEED": "42",
        "USER": "ann",
    }
    others["HOME"] = str(tmp_path / "user")
    runs = [start(homes[0]), start(homes[1], **others)]
    assert [process.communicate()[1] for process in runs] == ["", ""]
    assert [process.returncode for process in runs] == [0, 0]
    assert published(homes[0]) == published(homes[1])


def test_stale_outputs_are_not_published(home):
    """Only outputs of this run are published, whatever the notebook was saved with."""
    notebook = make_notebook(["6"])
    notebook.cells[1].outputs = [
        new_output(
            "execute_result", {"text/plain": "999,999.99 of an earlier run"}, execution_count=7
        )
    ]
    notebook.metadata["title"] = "an earlier run"
    write_notebook(home, notebook)
    run(NAME, home)
    assert b"earlier run" not in b"".join(published(home).values())


def test_params_as_read_at_the_start_count(tmp_path):
    """The file may change during the run; paths outside the home are not shown."""
    usage = tmp_path / "elsewhere.csv"
    usage.write_text("timestamp,cost\n2025-12-01,1\n")
    spoil = (
        "import os, pathlib\n"
        "params = pathlib.Path(os.environ['FINOPS_NB_HOME'], 'params')\n"
        "_ = (params / 'analysis' / 'x.yaml').write_text('')"
    )
    home = make_home(tmp_path / "home", [spoil, "period"], "analysis/x", usage=str(usage))
    page = home.outputs / "analysis" / "x" / "organizational_alignment.html"
    assert run("analysis/x", home) == page
    files = published(home, "analysis/x")
    assert "chargeback.csv" not in files
    assert json.loads(files["results.json"])["period"]["start"] == "2025-12-01"
    assert b'usage = [\\"elsewhere.csv\\"]' in files["organizational_alignment.ipynb"]
    assert str(tmp_path).encode() not in b"".join(files.values())


def test_an_index_that_could_not_be_written_is_rebuilt_later(home):
    """The report is published with a notice; the next run, with nothing else to do, rebuilds it."""
    index = home.outputs / "index.html"
    index.write_text("old")
    notices: list[str] = []
    with pytest.MonkeyPatch.context() as patch:

        def fail(_):
            raise OSError(errno.EIO, "Input/output error", "x")

        patch.setattr("finops_nb.run.index_page.write_index", fail)
        run(NAME, home, force=True, notice=notices.append)
    assert notices == [
        "The report is published, but outputs/index.html was not updated: Input/output error"
    ]
    assert index.read_text() == "old"
    run(NAME, home)
    assert NAME in index.read_text()
    rebuilt = index.stat().st_mtime_ns
    run(NAME, home)
    assert index.stat().st_mtime_ns == rebuilt


def test_a_pdf_is_published_when_it_is_asked_for(home, weasyprint):
    """A report without the PDF is run again and published with it; other files do not change."""
    before = published(home)
    for asked in ({"pdf": True}, {"mail": {"to": ["ann@example.com"], "attachment": ["pdf"]}}):
        make_home(home.root, ["period", "print('x')"], **asked)
        run(NAME, home)
        files = published(home)
        assert files.pop("organizational_alignment.pdf").startswith(b"%PDF-1.7")
        assert files == before
        (home.outputs / NAME / "organizational_alignment.pdf").unlink()


def test_a_pdf_that_cannot_be_made_is_refused_at_once(home, monkeypatch):
    """Without WeasyPrint nothing is executed, and the report stays; other runs do not need it."""
    monkeypatch.setattr(running, "_execute", None)
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    before = published(home)
    run(NAME, home)
    make_home(home.root, ["period", "print('x')"], pdf=True)
    with pytest.raises(Refusal, match=r"^a PDF is asked for, and WeasyPrint"):
        run(NAME, home)
    assert published(home) == before
    assert left_over(home) == []


def test_no_cell_sees_the_settings_of_the_mail(tmp_path, monkeypatch):
    """The password and all other mail settings are kept out of the kernel's environment."""
    monkeypatch.setenv(f"{PREFIX}PASSWORD", "canary-5417")
    monkeypatch.setenv(f"{PREFIX}USER", "canary-5417")
    monkeypatch.setenv("FINOPS_NB_OTHER", "seen")
    cell = (
        "import os\n"
        "[item for item in os.environ.items() if 'canary' in item[1] or 'OTHER' in item[0]]"
    )
    home = make_home(tmp_path, [cell])
    run(NAME, home)
    files = published(home)
    assert "('FINOPS_NB_OTHER', 'seen')" in files["organizational_alignment.ipynb"].decode()
    assert b"canary-5417" not in b"".join(files.values())


# What a failed run leaves


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


@pytest.mark.parametrize(("cells", "message"), FAILED_CELLS.values(), ids=FAILED_CELLS)
def test_a_failed_run_leaves_the_last_report(home, cells, message):
    """Cause and cell are named, the notebook is kept; report and history do not change."""
    before, records = published(home), sorted((home.outputs / ".runs" / NAME).iterdir())
    write_notebook(home, make_notebook(cells))
    with pytest.raises(Failure, match=message) as failure:
        run(NAME, home)
    assert str(failure.value).endswith(
        f"outputs/.staging/{NAME}/failed.ipynb\noutputs/{NAME} is unchanged."
    )
    kept = nbformat.read(home.outputs / ".staging" / NAME / "failed.ipynb", as_version=4)
    assert [cell.source for cell in kept.cells[2:-1]] == cells
    assert left_over(home) == [f".staging/{NAME}", f".staging/{NAME}/failed.ipynb"]
    assert published(home) == before
    assert sorted((home.outputs / ".runs" / NAME).iterdir()) == records
    assert not processes_of(home)


def test_a_kernel_killed_at_any_cell_leaves_the_last_report(home):
    """The run fails whichever cell the kernel dies in, even the last one, with the results."""
    before = published(home)
    for killed in (1, 2):
        notebook = make_notebook(["6"])
        notebook.cells[killed].source += "\nimport os\nos.kill(os.getpid(), 9)"
        write_notebook(home, notebook)
        cause = rf"in cell {killed + 1} .*: the kernel died \(killed; out of memory"
        with pytest.raises(Failure, match=f"^The notebook was stopped {cause}"):
            run(NAME, home)
        assert published(home) == before


def test_a_first_run_that_fails_publishes_nothing(tmp_path):
    """No folder is created, and the time of the key is not recorded: a later run is the first."""
    home = make_home(tmp_path, ["1/0"])
    with pytest.raises(Failure, match=rf"outputs/{NAME} was not created\.$"):
        run(NAME, home)
    assert not (home.outputs / NAME).exists()
    assert not list((home.outputs / ".runs").rglob("*.json"))


def write_params(home: Home, text: str) -> None:
    home.params_file(NAME).write_text(text)


REFUSED_INPUT = {
    "no params": (lambda home: home.params_file(NAME).unlink(), "no such params file"),
    "bad params": (lambda home: write_params(home, 'period: "2025-13"\n'), "not a period"),
    "no usage": (lambda home: (home.root / "usage" / "calls.csv").unlink(), "no such file"),
    "no notebook": (lambda home: notebook_of(home).write_text("{"), "not a notebook"),
    "assigned": (
        lambda home: write_notebook(home, make_notebook(["period = '2025-11'"])),
        "assigned again",
    ),
    "shell": (lambda home: write_notebook(home, make_notebook(["!ls"])), "not plain Python"),
}
"""By name: what is wrong with the input, and a part of the refusal."""


@pytest.mark.parametrize(("change", "rule"), REFUSED_INPUT.values(), ids=REFUSED_INPUT)
def test_refused_input_changes_nothing(home, change, rule):
    """The refusal comes before anything is executed, and nothing is left behind."""
    before = published(home)
    change(home)
    with pytest.raises(Refusal, match=rule):
        run(NAME, home)
    assert published(home) == before
    assert left_over(home) == []


def test_an_official_report_is_not_replaced_by_another_kind(home):
    """An analysis is refused in the place of an official report, with the folder for it."""
    before = published(home)
    make_home(home.root, period="2025-11")
    rule = r'^params/2025-12\.yaml, period: outputs/2025-12 is an official .* \(found "2025-11"\)'
    with pytest.raises(Refusal, match=rf"{rule}\. Move the file to params/analysis/"):
        run(NAME, home, force=True)
    assert published(home) == before


@pytest.mark.parametrize("thing", ["file", "link"])
def test_something_in_the_place_of_the_report_is_refused(home, thing, monkeypatch):
    """The refusal comes before anything is executed, and the file or link is left alone."""
    monkeypatch.setattr(running, "_execute", None)
    target = home.outputs / NAME
    target.rename(home.outputs / "aside")
    target.write_text("mine") if thing == "file" else target.symlink_to(home.outputs / "aside")
    with pytest.raises(Refusal, match=rf"^outputs/{NAME}: (not a folder|a symbolic link)"):
        run(NAME, home, force=True)
    assert target.is_symlink() == (thing == "link")
    assert target.exists()


def test_what_a_killed_run_left_is_removed(home):
    """The staging folder of a killed run is removed, with a notice that names the run."""
    (home.outputs / ".staging" / NAME / "new").mkdir(parents=True)
    (home.outputs / ".staging" / NAME / "new" / "results.json").write_text("{}")
    (home.outputs / ".runs" / f".{NAME}.lock").write_text(
        '{"pid": 1, "host": "elsewhere", "started": "yesterday"}\n'
    )
    notices = []
    run(NAME, home, notice=notices.append)
    assert left_over(home) == []
    holder = "process 1 on elsewhere, since yesterday"
    assert notices == [
        f"An earlier run of {NAME} ({holder}) was killed; its leftovers are removed."
    ]


# Disks that fail


@pytest.mark.parametrize("persistent", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("first", [False, True], ids=["again", "first"])
def test_any_call_of_a_run_may_fail(made, tmp_path, quick, first, persistent):
    """Whichever call fails, the old or the new report is whole, and the next run goes well."""
    outcomes = []
    for fail_at in range(1, 1000):
        root = tmp_path / str(fail_at)
        shutil.copytree(made.root, root)
        home = Home(root)
        if first:
            shutil.rmtree(home.outputs)
        home.params_file(NAME).write_text(
            'period: "2025-12"\nusage: usage/calls.csv\nat_risk: 0.5\n'
        )
        outcome, calls = run_with_failure(home, fail_at, persistent)
        outcomes.append(outcome)
        if fail_at % 5 == 0:
            check_next_run(home, first)
        shutil.rmtree(root)
        if calls < fail_at:
            break
    assert outcomes[-1] == (False, True)
    assert outcomes.count((True, False)) > 20
    assert outcomes.count((True, True)) > 5  # the record comes last


def run_with_failure(home: Home, fail_at: int, persistent: bool) -> tuple[tuple[bool, bool], int]:
    """Run with one call failing, or all from it on, and check what is published.

    Returns:
        Whether the run failed, and whether it published; and how many calls were counted.
    """
    old = published(home) if (home.outputs / NAME).exists() else None
    known = History(home.outputs, NAME).revisions()
    failed = False
    with pytest.MonkeyPatch.context() as patch:
        failing = FailingCalls(patch, home.outputs, fail_at, persistent)
        try:
            run(NAME, home)
        except FinopsError:
            failed = True
    new = published(home) if (home.outputs / NAME).exists() else None
    kept = home.outputs / ".runs" / NAME / "revision-1"
    if new == old:
        assert failed
        assert History(home.outputs, NAME).revisions() == known
        assert persistent or not kept.exists()
    else:
        check_published(home, known)
        assert old is None or files_of(kept) == old
    return (failed, new != old), failing.calls


def check_published(home: Home, known: tuple[Revision, ...]) -> None:
    """The new report is whole, of one key, and the last revision."""
    new = published(home)
    assert tuple(new) == FILES
    key = json.loads(new["results.json"])["provenance"]["key"]
    assert new["chargeback.csv"].decode() == key
    assert new["organizational_alignment.html"].decode() == key
    *before, last = History(home.outputs, NAME).revisions()
    assert tuple(before) == known
    assert (last.number, last.key) == (len(known) + 1, key)
    assert last.files == digests(home.outputs / NAME)


def check_next_run(home: Home, first: bool) -> None:
    """The next run publishes, and leaves nothing but the record and the revision before."""
    run(NAME, home)
    assert tuple(published(home)) == FILES
    assert left_over(home) == []
    history = History(home.outputs, NAME)
    assert history.revisions()[-1].number == (1 if first else 2)
    assert history.altered() == []
    names = [path.name for path in sorted((home.outputs / ".runs" / NAME).iterdir())]
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


@pytest.mark.parametrize(("cell", "message"), FULL_DISKS.values(), ids=FULL_DISKS)
def test_a_full_disk_leaves_the_last_report(home, small_disk, cell, message):
    """The failure names the file and the free bytes; the report does not change."""
    shutil.copytree(home.outputs, small_disk, dirs_exist_ok=True)
    shutil.rmtree(home.outputs)
    home.outputs.symlink_to(small_disk)
    before = published(home)
    write_notebook(home, make_notebook([cell]))
    with pytest.raises(Failure, match=message) as failure:
        run(NAME, home)
    assert published(home) == before
    assert bool(left_over(home)) == ("failed.ipynb" in str(failure.value))


def test_a_file_that_cannot_grow_leaves_the_last_report(home):
    """If the system limits the size of files, the failure names the file."""
    before = published(home)
    write_notebook(home, make_notebook(["print('x' * 100_000)"]))
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
    result = subprocess.run(
        [sys.executable, "-c", limit + RUN, str(home.root), NAME],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    file = "outputs/.staging/2025-12/new/organizational_alignment.ipynb"
    assert result.stderr == f"{file}: File too large. Published reports are intact.\n"
    assert published(home) == before


# Signals, and others at the same time


def test_two_runs_of_a_name_exclude_each_other(home):
    """The second one exits with 75; the first one publishes."""
    write_notebook(home, make_notebook(["import time\ntime.sleep(2)"]))
    one = start(home)
    lock = home.outputs / ".runs" / f".{NAME}.lock"
    while str(one.pid) not in lock.read_text():
        time.sleep(0.01)
    with pytest.raises(Busy, match=rf"^{NAME} is being run by process {one.pid} on ") as busy:
        run(NAME, home)
    assert busy.value.exit_code == 75
    out, err = one.communicate()
    assert (one.returncode, out, err) == (
        0,
        f"{home.outputs / NAME / 'organizational_alignment.html'}\n",
        "",
    )
    assert left_over(home) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_at_any_moment_leaves_a_whole_report(home, number):
    """The run exits with 130 and leaves nothing; after SIGKILL, the next run removes the rest."""
    write_notebook(home, make_notebook(["import time\ntime.sleep(0.3)"]))
    reports = [published(home)]
    moments = random.Random(int(number))
    processes = []
    for moment in [moments.uniform(0, 2.2) for _ in range(4)]:
        process = start(home, NAME, "force")
        time.sleep(moment)
        processes += processes_of(home)
        process.send_signal(number)
        out, err = process.communicate()
        if number != signal.SIGKILL:
            assert out or (process.returncode, err) == (
                130,
                f"Interrupted. outputs/{NAME} is complete or absent.\n",
            )
            assert left_over(home) == []
        assert psutil.wait_procs(processes_of(home) + processes, timeout=20)[1] == []
        if published(home) not in reports:
            reports.append(published(home))
    run(NAME, home)
    assert left_over(home) == []
    assert published(home) == reports[-1] or len(reports) == 1
    assert len(reports) <= 2


def test_ctrl_c_in_this_process(home):
    """`Interrupted` is raised, which exits with 130; neither kernel nor staging is left."""
    before = published(home)
    write_notebook(home, make_notebook(["import time\ntime.sleep(60)"]))

    def interrupt(cell: int, cells: int) -> None:
        if cell == 3:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted, match=rf"^Interrupted\. outputs/{NAME} ") as interrupted:
        run(NAME, home, progress=interrupt)
    assert interrupted.value.exit_code == 130
    assert published(home) == before
    assert left_over(home) == []
    assert not processes_of(home)


def test_an_interruption_that_a_library_swallows(home):
    """Kernel and run end even if a library swallows the exception of the signal."""
    before = published(home)
    write_notebook(
        home,
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
        run(NAME, home, progress=swallow)
    assert seen == [1, 2, 3]
    assert published(home) == before
    assert left_over(home) == []


def test_a_signal_while_cleaning_up(home, quick, monkeypatch):
    """Everything is removed before `Interrupted`; the report just published stays."""
    before, remove, calls = published(home), shutil.rmtree, []

    def interrupted(folder: Path, **options) -> None:
        calls.append(folder)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        remove(folder, **options)

    monkeypatch.setattr(running.shutil, "rmtree", interrupted)
    with pytest.raises(Interrupted):
        run(NAME, home, force=True)
    assert calls == [home.outputs / ".staging" / NAME] * 2
    assert left_over(home) == []
    assert published(home) != before
