"""What is published, mailed, at work and left over."""

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
def home(made, tmp_path) -> Home:
    shutil.copytree(made.root, tmp_path / "home")
    return Home(tmp_path / "home")


def test_what_is_published_and_what_is_not(home):
    """It has a line for each report, with kind, status, total, revision, time and mails, and names what has none."""
    table, missing = status(home)
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
    assert missing == "2025-11: not published yet."
    assert [*status(home, ("2025-11",))] == ["2025-11: not published yet."]


def test_mails_are_counted_by_how_they_ended(home):
    """It counts each recipient of this revision once, by what is known of the last mail."""
    key = History(home.outputs, "2025-12").revisions()[-1].key
    states = [
        ("a", DeliveryState.SENDING),
        ("a", DeliveryState.SENT),
        ("b", DeliveryState.SENDING),
        ("c", DeliveryState.REFUSED),
        ("d", DeliveryState.SENT),
        ("D", DeliveryState.SENT),
    ]
    Journal(home.outputs / ".mail" / "2025-12" / JOURNAL).record(
        Entry(key, f"{each}@x.com", state, "<1@x>") for each, state in states
    )
    assert next(status(home)).splitlines()[1].endswith("  1 unknown, 2 sent, 1 refused")


def test_a_mail_of_an_earlier_revision_is_no_mail_of_this_one(home):
    """It says that an earlier one was mailed, and not that this one was."""
    journal = Journal(home.outputs / ".mail" / "2025-12" / JOURNAL)
    journal.record([Entry("ab" * 32, "a@x.com", DeliveryState.SENT, "<1@x>")])
    assert next(status(home)).splitlines()[1].endswith("  an earlier revision")


def test_a_record_that_cannot_be_read_takes_away_its_own_line_only(home):
    """It says so in the line of that NAME, and `verify` names the file."""
    record = home.outputs / ".runs" / "2025-12" / "revisions.json"
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text("{not json")
    assert "can't be read" in next(status(home)).splitlines()[1]
    assert verify(home)[0][0].startswith(
        "outputs/.runs/2025-12/revisions.json is not a list of revisions"
    )


def test_a_deleted_report_is_named(home):
    """It is on record, and `verify` says that it is gone."""
    past = History(home.outputs, "2025-12")
    past._record(past.revisions())
    shutil.rmtree(home.outputs / "2025-12")
    assert verify(home)[0] == ["outputs/2025-12, revision 1, is gone."]


def test_who_is_at_work_is_named(home):
    """It names the process that runs or mails a NAME, and lets it be; a lock that nobody holds is nothing."""
    with hold(home.outputs / ".runs", "2025-12"), hold(home.outputs / ".runs", "2025-12~mail"):
        lines = [*status(home)][2:]
        assert [line.partition(" by process ")[0] for line in lines] == [
            "2025-12: being run",
            "2025-12: being mailed",
        ]
        assert all(f"process {os.getpid()} on " in line for line in lines)
    assert len([*status(home)]) == 2


def test_what_runs_left_is_named(home):
    """It tells a failed run's notebook from what a run that was cut off left, and passes over a run that is going on."""
    folder = home.outputs / ".staging" / "2025-11"
    (folder / "new").mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    (folder / "new" / "results.json").write_text("{}")
    assert (
        [*status(home)][-1]
        == "2025-11: a run was cut off and left 2 files in outputs/.staging/2025-11. The next run removes them."
    )
    with hold(home.outputs / ".runs", "2025-11"):
        assert "cut off" not in "".join(status(home))
    (folder / "failed.ipynb").write_text("{}")
    assert [*status(home)][-1].startswith(
        "2025-11: its last run failed; outputs/.staging/2025-11/failed.ipynb is the notebook"
    )


def test_a_file_changed_by_hand_is_named(home, monkeypatch):
    """It names the file, and ends with 1; a report whose inputs have changed is named too, and is no fault."""
    monkeypatch.setenv("FINOPS_NB_HOME", str(home.root))
    done = CliRunner().invoke(main, ["status", "--verify"])
    assert (done.exit_code, done.output) == (0, "Every published file is as it was published.\n")
    page = home.outputs / "2025-12" / "organizational_alignment.html"
    page.write_text(page.read_text().replace("8,669.89", "9,669.89"))
    done = CliRunner().invoke(main, ["status", "--verify", "params/2025-12.yaml"])
    assert done.exit_code == 1
    assert (
        done.output == "outputs/2025-12/organizational_alignment.html is not as it was published.\n"
    )
    params = home.params / "2025-12.yaml"
    params.write_text(params.read_text().replace("5000", "5001", 1))
    altered, outdated = verify(home)
    assert len(altered) == 1
    assert outdated == [
        "2025-12: outdated: inputs, params, notebook or version have changed since. A run makes it anew."
    ]
    params.write_text("period: x\n")
    assert verify(home)[1][0].startswith(
        "2025-12: outdated, and can't be made again as things are: params/2025-12.yaml"
    )


def test_results_that_cannot_be_read_are_named(home):
    """It goes on with the others."""
    (home.outputs / "2025-12" / "results.json").write_text("{")
    assert (
        next(iter(status(home)))
        == "2025-12: outputs/2025-12/results.json can't be read. `finops-nb run 2025-12 --force` makes it again."
    )


def test_a_name_that_is_none_is_refused(home):
    """It verifies nothing under a misspelt NAME, and does not call well what is not published."""
    for look in (lambda name: [*status(home, (name,))], lambda name: verify(home, (name,))):
        with pytest.raises(Refusal, match=r"^params/2025-21\.yaml: there is no such params file"):
            look("2025-21")
    assert verify(home, ("2025-11",)) == (["2025-11: nothing is published that can be read."], [])


def test_an_empty_home(tmp_path):
    """It has nothing to say."""
    (tmp_path / "params").mkdir()
    assert [*status(Home(tmp_path))] == []
