"""Many runs side by side: published in the order of their months, none of them stopped by another that fails."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from support.checkout import CHECKOUT
from support.homes import make_home, make_notebook, published, write_notebook

from finops_nb.home import Home
from finops_nb.notebook.fork_provisioner import AVAILABLE
from finops_nb.outputs.lock import hold
from finops_nb.outputs.mail_journal import JOURNAL, Entry, Journal
from finops_nb.outputs.mail_journal import DeliveryState as Sending
from finops_nb.outputs.months import months_before
from finops_nb.outputs.revisions import History
from finops_nb.params.model import load_params
from finops_nb.run import batch
from finops_nb.run import job as key
from finops_nb.run.batch import run_batch
from finops_nb.run.expected_month import coming_month
from finops_nb.run.run import run
from finops_nb.run.worker import Event, RunState

WAYS = ["fork", "plain"] if AVAILABLE else ["plain"]
MONTHS = ("2025-10", "2025-11", "2025-12")
HEADER = "timestamp,cost_usd,organization_id,product_id,feature_id,customer_id\n"
PARAMS = "from finops_nb.params.model import make_params\nparams = make_params({'period': period, 'usage': usage, 'columns': columns})\n"
READ = PARAMS + "from finops_nb.usage.reader import read_usage\n_ = read_usage(params)"
SEEN = (
    PARAMS
    + "from finops_nb.outputs.months import months_before\nprint([month.name for month in months_before(params)])"
)

RUNNER = """\
import pathlib, sys
from finops_nb.run import job
from finops_nb.run.batch import run_batch
from finops_nb.home import Home
job.code_digest = lambda: "0" * 64
if __name__ == "__main__":
    def tell(event):
        print(event.name, event.state, flush=True)
    ends = run_batch(sys.argv[2:], Home(pathlib.Path(sys.argv[1])), jobs=2, forked=FORKED, force=True, reason="", tell=tell)
    sys.exit(max(end.exit_code for end in ends))
"""


@pytest.fixture(autouse=True)
def one_code(monkeypatch):
    """The package as one state, and one time, in workers too."""
    monkeypatch.setattr(key, "code_digest", lambda: "0" * 64)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")


def home_of(root: Path, *cells: str) -> Home:
    """A home with three small months, of one row each."""
    for month in MONTHS:
        make_home(root, list(cells) or ["6"], name=month, period=month, usage=f"usage/{month}.csv")
        (root / "usage" / f"{month}.csv").write_text(
            f"{HEADER}{month}-30T00:00:00Z,1,org-a,chat,ask,c1\n"
        )
    return Home(root.resolve())


def real_home(root: Path, months: tuple[str, ...] = MONTHS) -> Home:
    """A home with the sample's months and the report's own notebook."""
    shutil.copytree(CHECKOUT / "notebooks", root / "notebooks")
    (root / "params").mkdir()
    for month in months:
        shutil.copy(CHECKOUT / "params" / f"{month}.yaml", root / "params")
    return Home(root.resolve())


def everything(home: Home, names: tuple[str, ...] = MONTHS) -> dict[str, dict[str, bytes]]:
    return {name: published(home, name) for name in names}


def run_them(
    home: Home, *names: str, way: str = WAYS[0], force: bool = False, jobs: int = 2
) -> tuple[list[Event], list[Event]]:
    """How each ended, and all that was told."""
    told: list[Event] = []
    return run_batch(
        names, home, jobs=jobs, forked=way == "fork", force=force, reason="", tell=told.append
    ), told


def processes_of(home: Home) -> list[psutil.Process]:
    """The runners and kernels that are at work on a home."""
    found = []
    for process in psutil.process_iter():
        try:
            here = str(home.root) in process.cmdline() or process.environ().get(
                "FINOPS_NB_HOME"
            ) == str(home.root)
            if here and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            pass
    return found


def test_it_publishes_what_runs_one_by_one_do(tmp_path):
    """It makes the same bytes whichever way kernels start, though each report looks back on those beside it."""
    alone = real_home(tmp_path / "alone")
    for name in MONTHS:
        run(name, alone)
    assert [month.name for month in months_before(load_params(alone, "2025-12"), alone)] == [
        "2025-11",
        "2025-10",
    ]
    for way in WAYS:
        home = real_home(tmp_path / way)
        ends, _ = run_them(home, *MONTHS, way=way)
        assert [(end.name, end.state, end.exit_code) for end in ends] == [
            (name, RunState.PUBLISHED, 0) for name in MONTHS
        ]
        assert everything(home) == everything(alone)
        assert all(name in (home.outputs / "index.html").read_text() for name in MONTHS)
        assert {path.name for path in (home.outputs / ".staging").iterdir()} == set()


def test_what_is_expected_of_a_month_is_what_it_publishes(tmp_path):
    """It foretells each figure that a later report takes from a month, and nothing of one that will be refused."""
    home = real_home(tmp_path)
    for name in MONTHS[:2]:
        run(name, home)
    assert [coming_month(name, home) for name in ("2025-11", "2025-10")] == list(
        months_before(load_params(home, "2025-12"), home)
    )
    (home.params / "2025-11.yaml").write_text("period: 2025-11\nusage: nothing.csv\n")
    assert coming_month("2025-11", home) is None
    assert coming_month("2025-09", home) is None


@pytest.mark.parametrize("way", WAYS)
def test_one_that_fails_stops_no_other(tmp_path, way):
    """It publishes the others and says what is wrong with the one."""
    home = home_of(tmp_path)
    (tmp_path / "usage" / "2025-11.csv").write_text(HEADER + "2025-11-01,much,org-a,chat,ask,c1\n")
    write_notebook(home, make_notebook([READ]))
    ends, told = run_them(home, *MONTHS, way=way)
    assert [(end.state, end.exit_code) for end in ends] == [
        (RunState.PUBLISHED, 0),
        (RunState.FAILED, 1),
        (RunState.PUBLISHED, 0),
    ]
    assert ends[1].text.startswith(
        'usage/2025-11.csv, line 2, cost_usd: not a plain number (found "much")'
    )
    assert [event.name for event in told if event.state.ends and event.exit_code] == ["2025-11"]
    assert sorted(
        path.name for path in home.outputs.iterdir() if not path.name.startswith(".")
    ) == ["2025-10", "2025-12", "index.html"]


def test_no_run_waits_for_one_that_starts_later(tmp_path):
    """It ends also where a month's params are lost, and months that look back on it come before it in the queue."""
    home = home_of(tmp_path)
    (tmp_path / "params" / "2025-10.yaml").unlink()
    ends, _ = run_them(home, "2025-11", "2025-12", "2025-10")
    assert [end.state for end in ends] == [RunState.PUBLISHED, RunState.PUBLISHED, RunState.FAILED]


def test_it_looks_back_on_what_was_published_and_not_on_what_was_expected(tmp_path):
    """It makes a report again whose month before was expected and has failed."""
    home = home_of(tmp_path, SEEN)
    assert coming_month("2025-11", home).cost == 1
    home.outputs.mkdir()
    (home.outputs / "2025-11").write_text("not a folder")
    ends, told = run_them(home, *MONTHS, jobs=3)
    assert [end.state for end in ends] == [RunState.PUBLISHED, RunState.FAILED, RunState.PUBLISHED]
    notebook = json.loads(published(home, "2025-12")["organizational_alignment.ipynb"])
    # The notebooks of these homes publish results without tables, on which no report can look back.
    assert notebook["cells"][2]["outputs"][0]["text"] == ["[]\n"]
    assert (
        len(
            [
                event
                for event in told
                if event.name == "2025-12" and event.state is RunState.CELL and event.cell == 1
            ]
        )
        == 2
    )


@pytest.mark.parametrize("mailed", [False, True])
def test_a_month_whose_month_before_did_not_change_is_let_be(tmp_path, mailed):
    """It expected another figure of it, which another process holds; nothing is published then, and nobody is owed a reason."""
    home = home_of(tmp_path)
    assert [end.state for end in run_them(home, *MONTHS)[0]] == [RunState.PUBLISHED] * 3
    before = published(home, "2025-12")
    if mailed:
        key = History(home.outputs, "2025-12").revisions()[-1].key
        Journal(home.outputs / ".mail" / "2025-12" / JOURNAL).record(
            [Entry(key, "a@x.com", Sending.SENT, "<1@x>")]
        )
    with (tmp_path / "usage" / "2025-11.csv").open("a") as file:
        file.write("2025-11-30T00:00:00Z,1,org-a,chat,ask,c1\n")
    with hold(home.outputs / ".runs", "2025-11"):
        ends, _ = run_them(home, *MONTHS[1:])
    assert [(end.state, end.exit_code) for end in ends] == [
        (RunState.HELD, 75),
        (RunState.UNCHANGED, 0),
    ]
    assert published(home, "2025-12") == before


def test_a_report_that_stands_is_let_be(tmp_path, monkeypatch):
    """It starts no worker where nothing is to be done; one alone is made in this process; --force makes all."""
    home = home_of(tmp_path)
    assert [end.state for end in run_them(home, *MONTHS)[0]] == [RunState.PUBLISHED] * 3
    before = everything(home)
    monkeypatch.setattr(batch, "_Hands", None)
    ends, _ = run_them(home, *MONTHS)
    assert [end.state for end in ends] == [RunState.UNCHANGED] * 3
    assert [end.text for end in ends] == [
        str(home.outputs / name / "organizational_alignment.html") for name in MONTHS
    ]
    (home.outputs / "2025-12" / "results.json").unlink()
    assert [end.state for end in run_them(home, *MONTHS)[0]] == [
        RunState.UNCHANGED,
        RunState.UNCHANGED,
        RunState.PUBLISHED,
    ]
    assert everything(home) == before


def test_a_worker_that_dies_is_replaced(tmp_path):
    """It says that the run's process ended, publishes the others, and nothing of the one."""
    kill = "import json, os, pathlib, signal\nlock = pathlib.Path(os.environ['FINOPS_NB_HOME'], 'outputs', '.runs', f'.{period}.lock')\n"
    kill += "if period == '2025-11': os.kill(json.loads(lock.read_text())['pid'], signal.SIGKILL)"
    home = home_of(tmp_path, kill)
    ends, _ = run_them(home, *MONTHS)
    assert [end.state for end in ends] == [RunState.PUBLISHED, RunState.FAILED, RunState.PUBLISHED]
    assert (
        ends[1].text
        == "The process of the run ended (killed; out of memory?). What was published before stands."
    )
    assert not (home.outputs / "2025-11").exists()
    assert not processes_of(home)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_runs(tmp_path, way, number):
    """It ends with 130, says so of each run, leaves no process and no half report; the next time all are made."""
    home = home_of(tmp_path, "import time\ntime.sleep(0.5 if period == '2025-10' else 50)")
    runner = subprocess.Popen(
        [
            sys.executable,
            "-c",
            RUNNER.replace("FORKED", str(way == "fork")),
            str(home.root),
            *MONTHS,
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    lines = iter(runner.stdout.readline, "")
    assert "2025-12 cell\n" in lines  # 2025-10 is published, the others are in their cells
    time.sleep(0.5)
    runner.send_signal(number)
    rest = [*lines]
    assert runner.wait() == 130
    assert {"2025-11 interrupted\n", "2025-12 interrupted\n"} <= {*rest}
    assert not processes_of(home)
    assert sorted(
        path.name for path in home.outputs.iterdir() if not path.name.startswith(".")
    ) == ["2025-10", "index.html"]
    write_notebook(home, make_notebook(["6"]))
    assert [end.exit_code for end in run_them(home, *MONTHS)[0]] == [0, 0, 0]


@pytest.mark.skipif(not AVAILABLE, reason="only Linux tells a process of its parent's death")
@pytest.mark.parametrize("delay", [0.1, 0.8, 1.6, 2.4])
def test_a_killed_runner_leaves_no_process(tmp_path, delay):
    """It takes workers, fork server and kernels with it, tears no report, and the next run finishes the rest."""
    home = home_of(tmp_path, "import time\ntime.sleep(0.2)")
    runner = subprocess.Popen(
        [sys.executable, "-c", RUNNER.replace("FORKED", "True"), str(home.root), *MONTHS],
        stdout=subprocess.DEVNULL,
    )
    time.sleep(delay)
    os.kill(runner.pid, signal.SIGKILL)
    runner.wait()
    for _ in range(100):
        if not (left := processes_of(home)):
            break
        time.sleep(0.05)
    assert not left
    for name in MONTHS:
        if (home.outputs / name).exists():
            assert (
                len(
                    {
                        json.loads(text)["provenance"]["key"]
                        for file, text in published(home, name).items()
                        if file == "results.json"
                    }
                )
                == 1
            )
            assert len(published(home, name)) == 5
    ends, _ = run_them(home, *MONTHS)
    assert [end.exit_code for end in ends] == [0, 0, 0]
    assert {path.name for path in (home.outputs / ".staging").iterdir()} == set()


def test_no_index_is_made_of_nothing(tmp_path):
    """It says of no report that it is published where none was."""
    home = home_of(tmp_path)
    home.outputs.write_text("not a folder")
    ends, told = run_them(home, *MONTHS)
    assert [end.state for end in ends] == [RunState.FAILED] * 3
    assert not [event for event in told if event.state is RunState.NOTICE]


def test_an_index_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    """It publishes the reports all the same, and says once that the list of them is as it was."""

    def fail(_):
        raise OSError(5, "Input/output error", "x")

    monkeypatch.setattr("finops_nb.run.index_page.write_index", fail)
    ends, told = run_them(home_of(tmp_path), *MONTHS)
    assert [end.state for end in ends] == [RunState.PUBLISHED] * 3
    notices = [event.text for event in told if event.state is RunState.NOTICE]
    assert notices == [
        "The report is published; outputs/index.html is as it was: Input/output error"
    ]
