"""What is published, mailed, running and left over."""

from __future__ import annotations

import os
import shutil

import pytest
from click.testing import CliRunner
from support.checkout import CHECKOUT

from finops_nb.cli import main
from finops_nb.commands.status import status, verify
from finops_nb.errors import Refusal
from finops_nb.home import Home
from finops_nb.outputs.lock import hold
from finops_nb.outputs.mail_journal import JOURNAL, DeliveryState, Entry, Journal
from finops_nb.outputs.revisions import History
from finops_nb.run.run import run


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Home:
    """A home with November and December of the sample, of which December is published."""
    root = tmp_path_factory.mktemp("made")
    (root / "params").mkdir()
    for month in ("2025-11", "2025-12"):
        shutil.copy(CHECKOUT / "params" / f"{month}.yaml", root / "params")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1767225600")
        run("2025-12", Home(root))
    return Home(root)


@pytest.fixture
def published_home(made, tmp_path) -> Home:
    shutil.copytree(made.root, tmp_path / "home")
    return Home(tmp_path / "home")


def test_what_is_published_and_what_is_not(published_home):
    """Each report has a row; NAMEs without a report are listed below."""
    table, missing = status(published_home)
    assert table.splitlines()[1].split() == [
        "2025-12",
        "official",
        "UNDER",
        "$8,669.89",
        "1",
        "2026-01-01",
        "00:00",
        "no",
    ]
    assert missing == "2025-11: no report yet. `finops-nb run 2025-11` publishes it."
    assert [*status(published_home, ("2025-11",))] == [missing]


def test_mails_are_counted_by_how_they_ended(published_home):
    """Each recipient of this revision counts once, by the last state of the mail."""
    key = History(published_home.outputs, "2025-12").revisions()[-1].key
    states = [
        ("a", DeliveryState.SENDING),
        ("a", DeliveryState.SENT),
        ("b", DeliveryState.SENDING),
        ("c", DeliveryState.REFUSED),
        ("d", DeliveryState.SENT),
        ("D", DeliveryState.SENT),
    ]
    Journal(published_home.outputs / ".mail" / "2025-12" / JOURNAL).record(
        Entry(key, f"{each}@x.com", state, "<1@x>") for each, state in states
    )
    assert next(status(published_home)).splitlines()[1].endswith("  2 sent, 1 refused, 1 unknown")


def test_a_mail_of_an_earlier_revision_is_not_one_of_this_revision(published_home):
    """The column says that an earlier revision was mailed."""
    journal = Journal(published_home.outputs / ".mail" / "2025-12" / JOURNAL)
    journal.record([Entry("ab" * 32, "a@x.com", DeliveryState.SENT, "<1@x>")])
    assert next(status(published_home)).splitlines()[1].endswith("  an earlier revision")


def test_an_unreadable_record_spoils_only_its_own_row(published_home):
    """The row of that NAME says so, and `verify` names the file."""
    record = published_home.outputs / ".runs" / "2025-12" / "revisions.json"
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text("{not json")
    assert "can't be read" in next(status(published_home)).splitlines()[1]
    assert verify(published_home)[0][0].startswith(
        "outputs/.runs/2025-12/revisions.json is not a list of revisions"
    )


def test_a_deleted_report_is_named(published_home):
    """`verify` names a report that is on record but missing."""
    past = History(published_home.outputs, "2025-12")
    past._record(past.revisions())
    shutil.rmtree(published_home.outputs / "2025-12")
    assert verify(published_home)[0] == [
        "outputs/2025-12 (revision 1) is missing. `finops-nb run 2025-12 --force` makes it again."
    ]


def test_running_processes_are_named(published_home):
    """A process that runs or mails a NAME is listed; a lock that nobody holds is ignored."""
    with (
        hold(published_home.outputs / ".runs", "2025-12"),
        hold(published_home.outputs / ".runs", "2025-12~mail"),
    ):
        lines = [*status(published_home)][2:]
        assert [line.partition(" by process ")[0] for line in lines] == [
            "2025-12: being run",
            "2025-12: being mailed",
        ]
        assert all(f"process {os.getpid()} on " in line for line in lines)
    assert len([*status(published_home)]) == 2


def test_leftovers_of_runs_are_named(published_home):
    """A failed run's notebook or a cut-off run's files are named; a live run is ignored."""
    folder = published_home.outputs / ".staging" / "2025-11"
    (folder / "new").mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    (folder / "new" / "results.json").write_text("{}")
    assert [*status(published_home)][-1] == (
        "2025-11: a run was cut off and left 2 files in outputs/.staging/2025-11. "
        "The next run removes them."
    )
    with hold(published_home.outputs / ".runs", "2025-11"):
        assert "cut off" not in "".join(status(published_home))
    (folder / "failed.ipynb").write_text("{}")
    assert [*status(published_home)][-1].startswith(
        "2025-11: the last run failed. See outputs/.staging/2025-11/failed.ipynb, fix the cause"
    )


def test_a_file_changed_by_hand_is_named(published_home, monkeypatch):
    """The file is named and the exit code is 1; an outdated report is named but is no fault."""
    monkeypatch.setenv("FINOPS_NB_HOME", str(published_home.root))
    monkeypatch.chdir(published_home.root)
    done = CliRunner().invoke(main, ["status", "--verify"])
    assert (done.exit_code, done.output) == (0, "No published file was changed or added by hand.\n")
    page = published_home.outputs / "2025-12" / "organizational_alignment.html"
    page.write_text(page.read_text().replace("8,669.89", "9,669.89"))
    done = CliRunner().invoke(main, ["status", "--verify", "params/2025-12.yaml"])
    assert done.exit_code == 1
    assert done.output == (
        "outputs/2025-12/organizational_alignment.html was changed after it was published. "
        "`finops-nb run 2025-12 --force` makes it again.\n"
    )
    params = published_home.params / "2025-12.yaml"
    params.write_text(params.read_text().replace("5000", "5001", 1))
    altered, outdated = verify(published_home)
    assert len(altered) == 1
    assert outdated == [
        "2025-12: outdated, because inputs, params, budgets, earlier months, notebook or version "
        "changed. `finops-nb run 2025-12` updates it."
    ]
    params.write_text("period: x\n")
    assert verify(published_home)[1][0].startswith(
        "2025-12: outdated, and a new run would fail: params/2025-12.yaml"
    )


def test_results_that_cannot_be_read_are_named(published_home):
    """The line says how to fix it; the other reports are still shown."""
    (published_home.outputs / "2025-12" / "results.json").write_text("{")
    assert next(iter(status(published_home))) == (
        "2025-12: outputs/2025-12/results.json can't be read. "
        "`finops-nb run 2025-12 --force` recreates it."
    )


def test_an_unknown_name_is_refused(published_home):
    """A misspelled NAME is refused; one without a readable report is not called unchanged."""
    for look in (
        lambda name: [*status(published_home, (name,))],
        lambda name: verify(published_home, (name,)),
    ):
        with pytest.raises(Refusal, match=r"^params/2025-21\.yaml: there is no such params file"):
            look("2025-21")
    missing = "2025-11: no report yet. `finops-nb run 2025-11` publishes it."
    assert verify(published_home, ("2025-11",)) == ([missing], [])
    shutil.rmtree(published_home.outputs / ".runs" / "2025-12")
    (published_home.outputs / "2025-12" / "results.json").write_text("{")
    unreadable = (
        "2025-12: outputs/2025-12/results.json can't be read. "
        "`finops-nb run 2025-12 --force` recreates it."
    )
    assert verify(published_home, ("2025-12",)) == ([unreadable], [])


@pytest.mark.parametrize("options", [(), ("--verify",), ("--doctor", "--verify")])
def test_nothing_is_printed_before_a_name_is_refused(published_home, monkeypatch, options):
    """A misspelled NAME beside a published one ends the command with one sentence."""
    monkeypatch.chdir(published_home.root)
    done = CliRunner().invoke(main, ["status", *options, "2025-12", "nope"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("params/nope.yaml: there is no such params file")


def test_a_params_file_that_is_not_read_is_named(published_home):
    """One that ends in .yml gets the name it should have, which is then known."""
    unread = published_home.params / "2026-01.yml"
    unread.write_bytes(published_home.params_file("2025-12").read_bytes())
    line = "params/2026-01.yml is not read. Rename it to 2026-01.yaml."
    assert line in [*status(published_home)]
    unread.rename(published_home.params / "2026-01.yaml")
    assert line not in [*status(published_home)]
    assert published_home.check_name("2026-01") == "2026-01"


def test_an_empty_home(tmp_path):
    """Without params and reports, nothing is printed."""
    (tmp_path / "params").mkdir()
    assert [*status(Home(tmp_path))] == []
