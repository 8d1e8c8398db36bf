"""Many runs in parallel: published in the order of their months; a failure stops no other."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from support.checkout import CHECKOUT
from support.homes import make_home, make_notebook, processes_of, published, write_notebook

from finops_nb.home import Home
from finops_nb.notebook.fork_provisioner import AVAILABLE
from finops_nb.outputs.lock import hold
from finops_nb.outputs.mail_journal import JOURNAL, Entry, Journal
from finops_nb.outputs.mail_journal import DeliveryState as Sending
from finops_nb.outputs.months import months_before
from finops_nb.outputs.revisions import History
from finops_nb.params.params_file import load_params
from finops_nb.run import batch
from finops_nb.run.batch import run_batch
from finops_nb.run.expected_month import expected_month
from finops_nb.run.run import run
from finops_nb.run.worker import Event, RunState

WAYS = ["fork", "plain"] if AVAILABLE else ["plain"]
MONTHS = ("2025-10", "2025-11", "2025-12")
HEADER = "timestamp,cost_usd,organization_id,product_id,feature_id,customer_id\n"
PARAMS = """\
from finops_nb.params.model import make_params
params = make_params({'period': period, 'usage': usage, 'columns': columns})
"""
READ = (
    PARAMS
    + """\
from finops_nb.usage.reader import read_usage
_ = read_usage(params)"""
)
SHOW_MONTHS = (
    PARAMS
    + """\
from finops_nb.outputs.months import months_before
print([month.name for month in months_before(params)])"""
)
KILL_NOVEMBER = """\
import json, os, pathlib, signal
runs = pathlib.Path(os.environ['FINOPS_NB_HOME'], 'outputs', '.runs')
holder = json.loads((runs / f'.{period}.lock').read_text())
if period == '2025-11': os.kill(holder['pid'], signal.SIGKILL)"""

RUNNER = """\
import pathlib, sys
from finops_nb.run import job
from finops_nb.run.batch import run_batch
from finops_nb.home import Home
job.code_digest = lambda: "0" * 64
if __name__ == "__main__":
    def tell(event):
        print(event.name, event.state, flush=True)
    home = Home(pathlib.Path(sys.argv[1]))
    options = dict(jobs=2, forked=FORKED, force=True, reason="", tell=tell)
    ends = run_batch(sys.argv[2:], home, **options)
    sys.exit(max(end.exit_code for end in ends))
"""


pytestmark = pytest.mark.usefixtures("one_code")


def home_of(root: Path, *cells: str) -> Home:
    """A home with three small months of one row each."""
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
    """The event that ended each NAME, and all events in their order."""
    events: list[Event] = []
    ends = run_batch(
        names, home, jobs=jobs, forked=way == "fork", force=force, reason="", tell=events.append
    )
    return ends, events


def states(ends: list[Event]) -> list[RunState]:
    return [end.state for end in ends]


def published_names(home: Home) -> list[str]:
    """The names of what is in outputs/, but the hidden folders."""
    names = sorted(path.name for path in home.outputs.iterdir())
    return [name for name in names if not name.startswith(".")]


@pytest.mark.slow
def test_it_publishes_the_same_as_single_runs(tmp_path):
    """Bytes are the same however kernels start, although reports look back on parallel ones."""
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


@pytest.mark.slow
def test_an_expected_month_is_what_is_published(tmp_path):
    """Each figure that later reports use is expected; nothing of a month that will be refused."""
    home = real_home(tmp_path)
    for name in MONTHS[:2]:
        run(name, home)
    november, october = (expected_month(name, home) for name in ("2025-11", "2025-10"))
    assert november.cells and october.cells
    # A month looks at the kinds of usage of the one before it alone.
    published = (november, replace(october, cells=None))
    assert published == months_before(load_params(home, "2025-12"), home)
    (home.params / "2025-11.yaml").write_text("period: 2025-11\nusage: nothing.csv\n")
    assert expected_month("2025-11", home) is None
    assert expected_month("2025-09", home) is None


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_failure_stops_no_other(tmp_path, way):
    """The others are published, and the failure says what is wrong."""
    home = home_of(tmp_path)
    (tmp_path / "usage" / "2025-11.csv").write_text(HEADER + "2025-11-01,much,org-a,chat,ask,c1\n")
    write_notebook(home, make_notebook([READ]))
    ends, events = run_them(home, *MONTHS, way=way)
    assert [(end.state, end.exit_code) for end in ends] == [
        (RunState.PUBLISHED, 0),
        (RunState.FAILED, 1),
        (RunState.PUBLISHED, 0),
    ]
    assert ends[1].text.startswith(
        'usage/2025-11.csv, line 2, cost_usd: not a plain number (found "much")'
    )
    assert [event.name for event in events if event.state.ends and event.exit_code] == ["2025-11"]
    assert published_names(home) == ["2025-10", "2025-12", "index.html"]


@pytest.mark.slow
def test_no_run_waits_for_one_that_starts_later(tmp_path):
    """A month without params is last in the queue, and months that look back on it do not wait."""
    home = home_of(tmp_path)
    (tmp_path / "params" / "2025-10.yaml").unlink()
    ends, _ = run_them(home, "2025-11", "2025-12", "2025-10")
    assert states(ends) == [RunState.PUBLISHED, RunState.PUBLISHED, RunState.FAILED]


@pytest.mark.slow
def test_it_looks_back_on_published_and_not_on_expected_months(tmp_path):
    """A report is made again if a month before it was expected and then failed."""
    home = home_of(tmp_path, SHOW_MONTHS)
    assert expected_month("2025-11", home).cost == 1
    home.outputs.mkdir()
    (home.outputs / "2025-11").write_text("not a folder")
    ends, events = run_them(home, *MONTHS, jobs=3)
    assert states(ends) == [RunState.PUBLISHED, RunState.FAILED, RunState.PUBLISHED]
    notebook = json.loads(published(home, "2025-12")["organizational_alignment.ipynb"])
    # These notebooks publish results without tables, and no report can look back on those.
    assert notebook["cells"][2]["outputs"][0]["text"] == ["[]\n"]
    first_cells = [event.name for event in events if event.cell == 1]
    assert first_cells.count("2025-12") == 2


@pytest.mark.slow
@pytest.mark.parametrize("mailed", [False, True])
def test_a_month_is_unchanged_if_the_month_before_stays_as_it_was(tmp_path, mailed):
    """A new figure was expected, but another process held that month: no reason is required."""
    home = home_of(tmp_path)
    assert states(run_them(home, *MONTHS)[0]) == [RunState.PUBLISHED] * 3
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


@pytest.mark.slow
def test_an_unchanged_report_is_left_alone(tmp_path, monkeypatch):
    """No worker is started without work, and a single run is made in this process."""
    home = home_of(tmp_path)
    assert states(run_them(home, *MONTHS)[0]) == [RunState.PUBLISHED] * 3
    before = everything(home)
    monkeypatch.setattr(batch, "WorkerPool", None)
    ends, _ = run_them(home, *MONTHS)
    assert states(ends) == [RunState.UNCHANGED] * 3
    assert [end.text for end in ends] == [
        str(home.outputs / name / "organizational_alignment.html") for name in MONTHS
    ]
    (home.outputs / "2025-12" / "results.json").unlink()
    assert states(run_them(home, *MONTHS)[0]) == [
        RunState.UNCHANGED,
        RunState.UNCHANGED,
        RunState.PUBLISHED,
    ]
    assert everything(home) == before


@pytest.mark.slow
def test_a_report_that_cannot_be_confirmed_is_queued(tmp_path, monkeypatch):
    """If the system fails while an unchanged NAME is confirmed, its run says how it stands."""
    home = home_of(tmp_path)
    run_them(home, *MONTHS)
    before = everything(home)
    confirm = batch.make

    def fails(name, *arguments):
        if name == MONTHS[1]:
            raise OSError(5, "Input/output error")
        return confirm(name, *arguments)

    monkeypatch.setattr(batch, "make", fails)
    queue = batch._Batch(MONTHS, batch.Options(home), lambda event: None)
    assert queue.outdated() == [*MONTHS[1:]]  # the month after looks back on it
    assert [*queue.ended] == [MONTHS[0]]
    assert everything(home) == before


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced(tmp_path):
    """Its run fails with the cause, and the others are published."""
    home = home_of(tmp_path, KILL_NOVEMBER)
    ends, _ = run_them(home, *MONTHS)
    assert states(ends) == [RunState.PUBLISHED, RunState.FAILED, RunState.PUBLISHED]
    cause = "The run's process ended early (killed; out of memory?)."
    fix = "Run again, with fewer --jobs if memory ran out."
    assert ends[1].text == f"{cause} Published reports are intact. {fix}"
    assert not (home.outputs / "2025-11").exists()
    assert not processes_of(home)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_runs(tmp_path, way, number):
    """The batch exits with 130 and leaves no process and no half report; the next one makes all."""
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
    assert published_names(home) == ["2025-10", "index.html"]
    write_notebook(home, make_notebook(["6"]))
    assert [end.exit_code for end in run_them(home, *MONTHS)[0]] == [0, 0, 0]


@pytest.mark.slow
@pytest.mark.skipif(not AVAILABLE, reason="only Linux can end a process with its parent")
@pytest.mark.parametrize("delay", [0.1, 0.8, 1.6, 2.4])
def test_a_killed_runner_leaves_no_process(tmp_path, delay):
    """Workers, fork server and kernels end with it, and the next batch finishes the rest."""
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
            files = published(home, name)
            assert len(files) == 5
            assert json.loads(files["results.json"])["provenance"]["key"]
    ends, _ = run_them(home, *MONTHS)
    assert [end.exit_code for end in ends] == [0, 0, 0]
    assert {path.name for path in (home.outputs / ".staging").iterdir()} == set()


def test_no_index_is_made_without_reports(tmp_path):
    """No notice says that a report is published if none was."""
    home = home_of(tmp_path)
    home.outputs.write_text("not a folder")
    ends, events = run_them(home, *MONTHS)
    assert states(ends) == [RunState.FAILED] * 3
    assert not [event for event in events if event.state is RunState.NOTICE]


@pytest.mark.slow
def test_an_index_that_cannot_be_written_is_a_notice(tmp_path, monkeypatch):
    """The reports are published all the same, with one notice."""

    def fail(_home, _notice):
        raise OSError(5, "Input/output error", "x")

    monkeypatch.setattr("finops_nb.run.index_page.write_index", fail)
    ends, events = run_them(home_of(tmp_path), *MONTHS)
    assert states(ends) == [RunState.PUBLISHED] * 3
    notices = [event.text for event in events if event.state is RunState.NOTICE]
    assert notices == [
        "The report is published, but outputs/index.html was not updated: Input/output error. "
        "Fix this, then run again."
    ]
