"""One run of a NAME, from its params to the published folder; the last good report survives whatever happens."""

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
from support.homes import (
    FILES,
    NAME,
    finished,
    make_home,
    make_notebook,
    published,
    write_notebook,
)

from finops_nb.errors import Busy, Failure, FinopsError, Interrupted, Refusal
from finops_nb.home import Home
from finops_nb.mail.settings import PREFIX
from finops_nb.outputs import publish as publishing
from finops_nb.outputs.revisions import History, digests
from finops_nb.run import job as key
from finops_nb.run import run as running
from finops_nb.run.run import run

RUN = """\
import faulthandler, pathlib, sys
faulthandler.dump_traceback_later(100, exit=True)
from finops_nb.run import job
from finops_nb.errors import FinopsError
from finops_nb.home import Home
from finops_nb.mail.settings import PREFIX
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
    """The package as one state, though its files may be edited while the tests run."""
    monkeypatch.setattr(key, "code_digest", lambda: "0" * 64)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Home:
    """A home whose December 2025 is published."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(key, "code_digest", lambda: "0" * 64)
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


def left_over(home: Home) -> list[str]:
    """Everything under outputs/ that is neither published, nor the index, nor history."""
    found = (path.relative_to(home.outputs).as_posix() for path in home.outputs.rglob("*"))
    return [
        path
        for path in sorted(found)
        if not path.startswith((NAME, ".runs")) and path not in (".staging", "index.html")
    ]


def start(home: Home, name: str = NAME, *options: str, **variables: str) -> subprocess.Popen:
    """A run in a process of its own, which has begun when this returns."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(home.root), name, *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | variables,
    )  # fmt: skip
    assert process.stdout.readline() == "begins\n"
    return process


def processes_of(home: Home) -> list[psutil.Process]:
    """The kernels of this home's runs, and what those started."""
    found = []
    for process in psutil.process_iter():
        try:
            if (
                process.environ().get("FINOPS_NB_HOME") == str(home.root)
                and process.status() != psutil.STATUS_ZOMBIE
            ):
                found.append(process)
        except psutil.Error:
            pass
    return found


# What a good run publishes


def test_a_run_publishes_five_files(made):
    """It publishes the page, the notebook, the workbook, the results and the ledger, of one key, and leaves nothing else."""
    files = published(made)
    assert tuple(files) == FILES
    digits = json.loads(files["results.json"])["provenance"]["key"]
    notebook = nbformat.reads(files["organizational_alignment.ipynb"].decode(), as_version=4)
    assert notebook.metadata["finops_nb"] == {"name": NAME, "kind": "official", "key": digits}
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3, 4, 5]
    assert notebook.cells[2].outputs[0].data["text/plain"] == "'2025-12'"
    assert notebook.cells[3].outputs[0].text == "x\n"
    assert f"<title>Report of {NAME}</title>" in files["organizational_alignment.html"].decode()
    assert left_over(made) == []
    [first] = History(made.outputs, NAME).revisions()
    assert (first.number, first.key, first.generated, first.reason) == (
        1,
        digits,
        "2026-01-01T00:00:00Z",
        "",
    )
    assert first.files == digests(made.outputs / NAME)
    assert str(made.root).encode() not in b"".join(files.values())


def test_the_same_key_changes_nothing(home, monkeypatch):
    """It gives the path back, and executes nothing, where the same report stands already; --force runs it again."""

    def executed(*_):
        raise Failure("executed")

    monkeypatch.setattr(running, "_execute", executed)
    before = {file: file.stat().st_mtime_ns for file in (home.outputs / NAME).iterdir()}
    assert run(NAME, home) == home.outputs / NAME / "organizational_alignment.html"
    assert {file: file.stat().st_mtime_ns for file in (home.outputs / NAME).iterdir()} == before
    assert left_over(home) == []
    with pytest.raises(Failure, match=r"^executed$"):
        run(NAME, home, force=True)
    for file in FILES:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(home.outputs / NAME)
            Path(file).rename("away")
            with pytest.raises(Failure, match=r"^executed$"):
                run(NAME, home)
            Path("away").rename(file)


def test_a_forced_run_publishes_the_same_bytes(home, monkeypatch):
    """It prints when the key was first run, whatever the clock says now."""
    before = published(home)
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    (home.outputs / NAME / "results.json").write_text("spoilt by hand")
    run(NAME, home, force=True)
    assert published(home) == before


def test_runs_elsewhere_publish_the_same_bytes(tmp_path):
    """It makes the same bytes in another folder, time zone, language, hash seed, working folder and user's home."""
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
    """It publishes outputs of this run only, whatever the notebook was saved with."""
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


def test_params_of_the_start_count(tmp_path):
    """It runs with the params as they were at its start, though the file changes meanwhile, and shows no path outside the home."""
    usage = tmp_path / "elsewhere.csv"
    usage.write_text("timestamp,cost\n2025-12-01,1\n")
    spoil = "import os, pathlib\n_ = pathlib.Path(os.environ['FINOPS_NB_HOME'], 'params', 'analysis', 'x.yaml').write_text('')"
    home = make_home(tmp_path / "home", [spoil, "period"], "analysis/x", usage=str(usage))
    assert (
        run("analysis/x", home) == home.outputs / "analysis" / "x" / "organizational_alignment.html"
    )
    files = published(home, "analysis/x")
    assert "chargeback.csv" not in files
    assert json.loads(files["results.json"])["period"]["start"] == "2025-12-01"
    assert b'usage = [\\"elsewhere.csv\\"]' in files["organizational_alignment.ipynb"]
    assert str(tmp_path).encode() not in b"".join(files.values())


def test_an_index_that_could_not_be_written_is_made_up_for(home):
    """It publishes the report all the same and says so; the next run, which has nothing else to do, rebuilds the index."""
    index = home.outputs / "index.html"
    index.write_text("old")
    notices: list[str] = []
    with pytest.MonkeyPatch.context() as patch:

        def fail(_):
            raise OSError(errno.EIO, "Input/output error", "x")

        patch.setattr("finops_nb.run.index_page.write_index", fail)
        run(NAME, home, force=True, notice=notices.append)
    assert notices == [
        "The report is published; outputs/index.html is as it was: Input/output error"
    ]
    assert index.read_text() == "old"
    run(NAME, home)
    assert NAME in index.read_text()
    rebuilt = index.stat().st_mtime_ns
    run(NAME, home)
    assert index.stat().st_mtime_ns == rebuilt


def test_a_pdf_is_published_when_it_is_asked_for(home, weasyprint):
    """It makes a report again that stands without the PDF, and publishes it in one step with the rest, which stays as it was."""
    before = published(home)
    for asked in ({"pdf": True}, {"mail": {"to": ["ann@example.com"], "attachment": ["pdf"]}}):
        make_home(home.root, ["period", "print('x')"], **asked)
        run(NAME, home)
        files = published(home)
        assert files.pop("organizational_alignment.pdf").startswith(b"%PDF-1.7")
        assert files == before
        (home.outputs / NAME / "organizational_alignment.pdf").unlink()


def test_a_pdf_that_cannot_be_made_is_refused_at_once(home, monkeypatch):
    """It executes nothing where WeasyPrint is missing, and leaves the report; who does not ask for a PDF does not notice."""
    monkeypatch.setattr(running, "_execute", None)
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    before = published(home)
    run(NAME, home)
    make_home(home.root, ["period", "print('x')"], pdf=True)
    with pytest.raises(Refusal, match=r"^a PDF is asked for, and WeasyPrint"):
        run(NAME, home)
    assert published(home) == before
    assert left_over(home) == []


def test_no_cell_sees_what_is_for_the_mail(tmp_path, monkeypatch):
    """It keeps the server's password, and all beside it, out of the kernel's environment."""
    monkeypatch.setenv(f"{PREFIX}PASSWORD", "canary-5417")
    monkeypatch.setenv(f"{PREFIX}USER", "canary-5417")
    monkeypatch.setenv("FINOPS_NB_OTHER", "seen")
    home = make_home(
        tmp_path,
        [
            "import os\nsorted(each for each in os.environ.items() if 'canary' in each[1] or 'OTHER' in each[0])"
        ],
    )
    run(NAME, home)
    files = published(home)
    assert "('FINOPS_NB_OTHER', 'seen')" in files["organizational_alignment.ipynb"].decode()
    assert b"canary-5417" not in b"".join(files.values())


# What a failed run leaves


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["1", "1/0"], r"^Cell 3 \(`1/0`\) raised ZeroDivisionError: division by zero\n"),
        (["import sys\nsys.exit(0)"], r"^The notebook stopped before its end in cell 2 \(`import sys`\), which called sys\.exit\.\n"),
        (["raise SystemExit"], r"^The notebook stopped before its end in cell 2 "),
        (["input()"], r"^Cell 2 \(`input\(\)`\) asks for input"),
        (["import threading\nthreading.Thread(target=lambda: 1/0).start()", "import time\ntime.sleep(0.5)"], r"^Something failed unseen"),
        (["from finops_nb.errors import Problem, Refusal\nraise Refusal(Problem('no number', 'Write one', 'usage/a.csv', 3, 'cost', 'x'))"],
         r'^usage/a\.csv, line 3, cost: no number \(found "x"\)\. Write one\.\n'),
        (["globals()['period'] = '2025-11'"], r"^results\.json is of another period than 2025-12"),
        (["import os\nprint(os.getcwd())"], r"^cell 2 \(`import os`\) shows a path of this machine: .*outputs/\.staging/2025-12\. Show"),
        (["import os, pathlib\n_ = pathlib.Path(os.environ['FINOPS_NB_HOME'], 'usage', 'calls.csv').write_text('timestamp,cost\\n')"],
         r"^The usage changed while the report was made"),
        (["from IPython.display import HTML\nHTML('<script>1</script>')"], r"<script>"),
        (["raise OSError(28, 'No space left on device', 'x')"], r"No space left on device: 'x'\nThe disk of outputs/ has [\d,]+ bytes"),
    ],
    ids=["error", "exit", "SystemExit", "input", "thread", "refusal", "period", "path", "usage", "script", "full"],
)  # fmt: skip
def test_a_failed_run_leaves_the_last_report(home, cells, said):
    """It names cause and cell, keeps the notebook as far as it ran, and leaves report and history as they were."""
    before, times = published(home), sorted((home.outputs / ".runs" / NAME).iterdir())
    write_notebook(home, make_notebook(cells))
    with pytest.raises(Failure, match=said) as failure:
        run(NAME, home)
    assert str(failure.value).endswith(
        f"outputs/.staging/{NAME}/failed.ipynb\noutputs/{NAME} is unchanged."
    )
    kept = nbformat.read(home.outputs / ".staging" / NAME / "failed.ipynb", as_version=4)
    assert [cell.source for cell in kept.cells[2:-1]] == cells
    assert left_over(home) == [f".staging/{NAME}", f".staging/{NAME}/failed.ipynb"]
    assert published(home) == before
    assert sorted((home.outputs / ".runs" / NAME).iterdir()) == times
    assert not processes_of(home)


def test_a_kernel_killed_at_any_cell_leaves_the_last_report(home):
    """It fails for each cell of which the kernel dies, the last one too, in which all is handed over."""
    before = published(home)
    for killed in (1, 2):
        notebook = make_notebook(["6"])
        notebook.cells[killed].source += "\nimport os\nos.kill(os.getpid(), 9)"
        write_notebook(home, notebook)
        with pytest.raises(
            Failure,
            match=rf"^The notebook was stopped in cell {killed + 1} .*: the kernel died \(killed; out of memory",
        ):
            run(NAME, home)
        assert published(home) == before


def test_a_first_run_that_fails_publishes_nothing(tmp_path):
    """It makes no folder, and does not fix the time of the key: a later run is the first."""
    home = make_home(tmp_path, ["1/0"])
    with pytest.raises(Failure, match=rf"outputs/{NAME} was not made\.$"):
        run(NAME, home)
    assert not (home.outputs / NAME).exists()
    assert not list((home.outputs / ".runs").rglob("*.json"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda home: home.params_file(NAME).unlink(), "there is no such params file"),
        (
            lambda home: home.params_file(NAME).write_text('period: "2025-13"\nusage: x.csv\n'),
            "not a period",
        ),
        (lambda home: (home.root / "usage" / "calls.csv").unlink(), "no such file"),
        (
            lambda home: (home.root / "notebooks" / "organizational_alignment.ipynb").write_text(
                "{"
            ),
            "not a notebook",
        ),
        (
            lambda home: write_notebook(home, make_notebook(["period = '2025-11'"])),
            "a parameter is assigned again",
        ),
        (lambda home: write_notebook(home, make_notebook(["!ls"])), "not plain Python"),
    ],
    ids=["no params", "bad params", "no usage", "no notebook", "assigned", "shell"],
)
def test_refused_input_changes_nothing(home, change, said):
    """It refuses before anything is executed, and leaves nothing behind."""
    before = published(home)
    change(home)
    with pytest.raises(Refusal, match=said):
        run(NAME, home)
    assert published(home) == before
    assert left_over(home) == []


def test_an_official_report_is_not_replaced_by_another_kind(home):
    """It refuses to put an analysis where an official report stands, and says where the file belongs."""
    before = published(home)
    make_home(home.root, period="2025-11")
    said = r'^params/2025-12\.yaml, period: outputs/2025-12 is an official .* \(found "2025-11"\)\. Move the file to params/analysis/'
    with pytest.raises(Refusal, match=said):
        run(NAME, home, force=True)
    assert published(home) == before


@pytest.mark.parametrize("thing", ["file", "link"])
def test_something_in_the_place_of_the_report_is_refused(home, thing, monkeypatch):
    """It refuses before anything is executed, and leaves alone what it finds."""
    monkeypatch.setattr(running, "_execute", None)
    target = home.outputs / NAME
    target.rename(home.outputs / "aside")
    target.write_text("mine") if thing == "file" else target.symlink_to(home.outputs / "aside")
    with pytest.raises(Refusal, match=rf"^outputs/{NAME}: (not a folder|a symbolic link)"):
        run(NAME, home, force=True)
    assert target.is_symlink() == (thing == "link")
    assert target.exists()


def test_what_a_killed_run_left_is_cleaned(home):
    """It removes the staging folder of a run that was cut off, and says whose it was."""
    (home.outputs / ".staging" / NAME / "new").mkdir(parents=True)
    (home.outputs / ".staging" / NAME / "new" / "results.json").write_text("{}")
    (home.outputs / ".runs" / f".{NAME}.lock").write_text(
        '{"pid": 1, "host": "elsewhere", "started": "yesterday"}\n'
    )
    notices = []
    run(NAME, home, notice=notices.append)
    assert left_over(home) == []
    assert notices == [
        f"An earlier run of {NAME} (process 1 on elsewhere, since yesterday) was cut off; what it left is removed."
    ]


# Disks that fail


class Fault:
    """Lets the N-th call to the system fail, or all from the N-th on; calls outside of `folder` are not counted."""

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path, fail_at: int, persistent: bool):
        self.calls, self.fail_at, self.persistent = 0, fail_at, persistent
        for name in ("open", "write", "fsync", "mkdir", "rename", "replace", "unlink", "rmdir"):
            patch.setattr(
                os,
                name,
                self.wrapped(getattr(os, name), folder if name not in ("write", "fsync") else None),
            )
        patch.setattr(publishing, "exchange", self.wrapped(publishing.exchange, folder))

    def wrapped(self, call, folder: Path | None):
        def counted(*args, **options):
            if folder is None or str(args[0]).startswith(str(folder)):
                self.calls += 1
                if self.calls == self.fail_at or (self.persistent and self.calls > self.fail_at):
                    return self.strike(call, args, options, args[0] if folder else None)
            return call(*args, **options)

        return counted

    def strike(self, call, args, options, path):
        """What comes of the call instead."""
        raise OSError(errno.EIO, os.strerror(errno.EIO), path)


@pytest.mark.parametrize("persistent", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("first", [False, True], ids=["again", "first"])
def test_any_call_of_a_run_may_fail(made, tmp_path, monkeypatch, first, persistent):
    """It leaves the whole old report, or the whole new one and the old one kept; it fails with a sentence, and runs well the next time."""
    monkeypatch.setattr(running, "_execute", finished)
    monkeypatch.setattr(
        "finops_nb.report.html_page.export_html",
        lambda notebook: notebook.metadata["finops_nb"]["key"],
    )
    outcomes = []
    for fail_at in range(1, 1000):
        root = tmp_path / str(fail_at)
        shutil.copytree(made.root, root)
        home = Home(root)
        home.params_file(NAME).write_text(
            'period: "2025-12"\nusage: usage/calls.csv\nat_risk: 0.5\n'
        )
        if first:
            shutil.rmtree(home.outputs)
        old = None if first else published(home)
        known = History(home.outputs, NAME).revisions()
        kept = home.outputs / ".runs" / NAME / "revision-1"
        failed = False
        with pytest.MonkeyPatch.context() as patch:
            fault = Fault(patch, home.outputs, fail_at, persistent)
            try:
                run(NAME, home)
            except FinopsError:
                failed = True
        new = published(home) if (home.outputs / NAME).exists() else None
        if new == old:
            assert failed
            assert History(home.outputs, NAME).revisions() == known
            assert persistent or not kept.exists()
        else:
            assert tuple(new) == FILES
            digits = json.loads(new["results.json"])["provenance"]["key"]
            assert (
                new["chargeback.csv"].decode()
                == new["organizational_alignment.html"].decode()
                == digits
            )
            *before, last = History(home.outputs, NAME).revisions()
            assert (tuple(before), last.number, last.key, last.files) == (
                known,
                1 if first else 2,
                digits,
                digests(home.outputs / NAME),
            )
            assert first or {file.name: file.read_bytes() for file in sorted(kept.iterdir())} == old
        outcomes.append((failed, new != old))
        if fail_at % 5 == 0:
            run(NAME, home)
            assert tuple(published(home)) == FILES
            assert left_over(home) == []
            assert History(home.outputs, NAME).revisions()[-1].number == (1 if first else 2)
            assert [path.name for path in sorted((home.outputs / ".runs" / NAME).iterdir())] == [
                "revision-1",
                "revisions.json",
            ][first:]
            assert History(home.outputs, NAME).altered() == []
        shutil.rmtree(root)
        if fault.calls < fail_at:
            break
    assert outcomes[-1] == (False, True)
    assert outcomes.count((True, False)) > 20
    assert outcomes.count((True, True)) > 5  # the record comes last


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk, where one may be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = sys.platform == "linux" and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", disk], capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("no disk can be mounted here; needs root on Linux")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (
            "print('x' * 40_000)",
            r"^outputs/\.staging/2025-12/new/\S+: No space left on device\. .*\nThe disk of outputs/ has",
        ),
        (
            "open('big', 'w').write('x' * 110_000)",
            r"^Cell 2 .* No space left on device.*\nThe disk of outputs/ has [\d,]+ .*\nThe notebook as far",
        ),
        (
            "print('x' * 110_000)\n1/0",
            r"^Cell 2 .* division by zero\noutputs/2025-12 is unchanged\.$",
        ),
    ],
    ids=["while publishing", "in a cell", "while keeping the failed notebook"],
)
def test_a_full_disk_leaves_the_last_report(home, small_disk, cell, said):
    """It names the file and the bytes that are free, and leaves the report as it was."""
    shutil.copytree(home.outputs, small_disk, dirs_exist_ok=True)
    shutil.rmtree(home.outputs)
    home.outputs.symlink_to(small_disk)
    before = published(home)
    write_notebook(home, make_notebook([cell]))
    with pytest.raises(Failure, match=said) as failure:
        run(NAME, home)
    assert published(home) == before
    assert bool(left_over(home)) == ("failed.ipynb" in str(failure.value))


def test_a_file_that_cannot_grow_leaves_the_last_report(home):
    """It names the file where the system limits its size."""
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
    assert result.stderr == f"{file}: File too large. What was published before stands.\n"
    assert published(home) == before


# Signals, and others at the same time


def test_two_runs_of_a_name_do_not_meet(home):
    """It lets the second one go with exit code 75, and the first one end."""
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
    """It exits 130 with nothing left, no kernel either; a SIGKILL leaves no kernel, and the next run cleans up."""
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
                f"Interrupted. outputs/{NAME} is a whole report, or none.\n",
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
    """It raises `Interrupted`, which exits 130, says what stands, and leaves no kernel and no staging."""
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
    """It ends the kernel and the run even where the exception of the signal got lost."""
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


def test_a_signal_while_clearing_up(home, monkeypatch):
    """It removes everything before it says that it was interrupted; the report that was just published stands."""
    monkeypatch.setattr(running, "_execute", finished)
    monkeypatch.setattr(
        "finops_nb.report.html_page.export_html",
        lambda notebook: notebook.metadata["finops_nb"]["key"],
    )
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
