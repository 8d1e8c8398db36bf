"""The revisions of a NAME: what is on record, what is kept, and which files were changed since."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from finops_nb import clock
from finops_nb.clock import CLOCK
from finops_nb.errors import Failure, Refusal
from finops_nb.outputs import revisions
from finops_nb.outputs.artifacts import HTML, LEDGER
from finops_nb.outputs.revisions import History, Revision, digests

A, B, C = "aa" * 32, "bb" * 32, "cc" * 32
TIMES = {1: "2026-01-01T00:00:00Z", 2: "2026-01-02T00:00:00Z", 3: "2026-01-03T00:00:00Z"}
NAME = "2025-12"


@pytest.fixture(autouse=True)
def new_year(monkeypatch):
    monkeypatch.setenv(CLOCK, "1767225600")


@pytest.fixture
def history(tmp_path) -> History:
    return History(tmp_path / "outputs", NAME)


def made(
    history: History, key: str, official: bool = True, reason: str = "", say: bool = True
) -> Revision:
    """Publish a report with this key, in three files; `say`: its results name the revision."""
    revision = history.upcoming(key, official, reason)
    folder = history.outputs / ".staging" / "new"
    folder.mkdir(parents=True)
    about = {"key": key, "generated": revision.generated}
    about |= {"revision": {"number": revision.number, "reason": revision.reason}} if say else {}
    results = {"kind": "official" if official else "analysis", "provenance": about}
    (folder / "results.json").write_text(json.dumps(results))
    (folder / HTML).write_text(f"{revision.number} {key}")
    (folder / LEDGER).write_text(key)
    history.publish(folder, revision)
    return history.revisions()[-1]


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


# What a run makes


def test_the_same_key_is_the_same_revision(history):
    """Number, time and reason stay the same, whatever the clock says."""
    assert history.upcoming(A, True) == Revision(1, A, "2026-01-01T00:00:00Z")
    first = made(history, A, reason="first")
    assert (
        history.upcoming(A, True, "another reason")
        == first
        == Revision(1, A, "2026-01-01T00:00:00Z", "first", first.files)
    )
    assert not first.is_new
    assert made(history, A) == first
    assert history.revisions() == (first,)


def test_another_key_is_the_next_revision(history, monkeypatch):
    """Numbers count up, old revisions keep their bytes, and the first key again is the third."""
    before = []
    for number, key in ((1, A), (2, B), (3, A)):
        monkeypatch.setenv(CLOCK, f"{1767225600 + 86400 * (number - 1)}")
        assert history.upcoming(key, True, "late usage") == Revision(
            number, key, TIMES[number], "late usage"
        )
        made(history, key, reason="late usage")
        before.append(files(history.outputs / NAME))
    assert [(each.number, each.key, each.generated) for each in history.revisions()] == [
        (1, A, TIMES[1]),
        (2, B, TIMES[2]),
        (3, A, TIMES[3]),
    ]
    assert [files(history.folder(number)) for number in (1, 2, 3)] == before
    assert history.folder(1) == history.kept(1) == history.outputs / ".runs" / NAME / "revision-1"
    assert history.folder(3) == history.outputs / NAME
    assert history.altered() == []


def test_what_is_not_official_has_no_revisions(tmp_path):
    """Only the last report of an analysis is on record, as number 0; official ones begin with 1."""
    history = History(tmp_path / "outputs", "analysis/q4")
    for key in (A, B):
        last = made(history, key, official=False)
        assert history.revisions() == (last,)
        assert (last.number, last.key) == (0, key)
    assert history.upcoming(B, False) == last
    assert history.upcoming(B, True).number == history.upcoming(C, True).number == 1
    assert [file.name for file in (history.outputs / ".runs" / "analysis" / "q4").iterdir()] == [
        "revisions.json"
    ]


def test_a_person_can_read_the_record(history):
    """It lists the key, time, reason and file hashes of each revision."""
    made(history, A, reason="Späte Nutzung")
    [record] = json.loads(
        (history.outputs / ".runs" / NAME / "revisions.json").read_text(encoding="utf-8")
    )
    assert list(record) == ["revision", "key", "generated", "reason", "files"]
    assert record["files"] == digests(history.outputs / NAME)
    assert "Späte" in (history.outputs / ".runs" / NAME / "revisions.json").read_text(
        encoding="utf-8"
    )


# What a crash, or a person, left


@pytest.mark.parametrize("keys", [(A,), (A, B)], ids=["first", "second"])
def test_a_published_report_that_is_not_on_record(history, keys):
    """A run killed before it wrote its record loses nothing; the next one writes it."""
    file = history.outputs / ".runs" / NAME / "revisions.json"
    for key in keys:
        record = file.read_bytes() if file.exists() else None
        made(history, key, reason="why")
    known = history.revisions()
    if record is None:
        file.unlink()
    else:
        file.write_bytes(record)
    assert history.revisions() == known
    assert history.upcoming(keys[-1], True) == known[-1]
    history.settle()
    assert json.loads(file.read_text())[-1] == known[-1].as_record()


def test_a_record_that_was_removed_by_hand(history):
    """The last revision is read from the published report; one without a number is the first."""
    made(history, A)
    last = made(history, B)
    (history.outputs / ".runs" / NAME / "revisions.json").unlink()
    assert history.revisions() == (last,)
    assert history.upcoming(C, True).number == 3
    other = History(history.outputs, "2025-11")
    made(other, A, say=False)
    (history.outputs / ".runs" / "2025-11" / "revisions.json").unlink()
    assert [(each.number, each.key, each.reason) for each in other.revisions()] == [(1, A, "")]


def test_a_folder_that_was_not_exchanged_is_not_a_revision(history):
    """What a run killed before the exchange left is removed, and nothing else."""
    made(history, A)
    before = files(history.outputs / NAME)
    history.kept(1).mkdir()
    (history.kept(1) / "results.json").write_text("of the next one")
    assert history.altered() == []
    history.settle()
    assert not history.kept(1).exists()
    made(history, B)
    history.settle()
    assert files(history.kept(1)) == before


def test_a_kept_revision_is_not_lost_with_the_published_one(history):
    """If the published folder is removed by hand, earlier revisions stay and the count goes on."""
    made(history, A)
    before = files(history.outputs / NAME)
    made(history, B)
    for file in (history.outputs / NAME).iterdir():
        file.unlink()
    (history.outputs / NAME).rmdir()
    history.settle()
    assert history.upcoming(B, True).number == 2
    assert made(history, C).number == 3
    assert files(history.kept(1)) == before
    assert history.altered() == [
        f"outputs/.runs/{NAME}/revision-2 (revision 2) is missing. "
        "Copy it back from a backup: a run makes only the latest revision again."
    ]


@pytest.mark.parametrize(
    "results",
    [
        "",
        "[]",
        "{}",
        '{"provenance": {"revision": 5}}',
        '{"provenance": {"revision": {"number": "x"}}}',
    ],
)
def test_results_without_a_revision(history, results):
    """If the results name no revision, the record alone counts."""
    known = made(history, A)
    (history.outputs / NAME / "results.json").write_text(results)
    assert history.revisions() == (known,)
    (history.outputs / ".runs" / NAME / "revisions.json").unlink()
    assert history.revisions() == ()


RECORD = {"revision": 1, "key": A, "generated": TIMES[1], "reason": "", "files": {}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{}",
        "null",
        "[1]",
        json.dumps([RECORD | {"key": 1}]),
        json.dumps([{"revision": 1}]),
        "\udcff",
    ],
)
def test_an_unreadable_record_is_named(history, text):
    """A record that can't be read is an error that says how to fix it."""
    file = history.outputs / ".runs" / NAME / "revisions.json"
    file.parent.mkdir(parents=True)
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(
        Failure,
        match=rf"^outputs/\.runs/{NAME}/revisions\.json is not a list of revisions\..* remove it",
    ):
        history.revisions()


# What was altered


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("how", ["changed", "missing"])
def test_an_altered_file_is_named(history, number, how):
    """Files of published and kept revisions are checked; other files there are ignored."""
    made(history, A)
    made(history, B)
    folder = history.folder(number)
    ledger = folder / LEDGER
    if how == "changed":
        ledger.write_text("more")
    else:
        ledger.unlink()
    (folder / "notes.txt").write_text("mine")
    verb = "is missing" if how == "missing" else "was changed after it was published"
    [sentence] = history.altered()
    assert sentence.startswith(f"outputs/{ledger.relative_to(history.outputs)} {verb}. ")
    can_be_made = f"`finops-nb run {NAME} --force`" in sentence
    assert can_be_made == (folder == history.target)
    assert ("backup" in sentence) != can_be_made


def test_altered_results_are_not_read(history):
    """Only published results are read; without a record, those of a kept revision are trusted."""
    made(history, A)
    made(history, B)
    results = [json.loads(history.raw_results(number)) for number in (1, 2)]
    assert [each["provenance"]["key"] for each in results] == [A, B]
    assert history.raw_results(3) == history.raw_results(0) == b""
    (history.kept(1) / "results.json").write_text("{}")
    assert history.raw_results(1) == b""
    (history.outputs / ".runs" / NAME / "revisions.json").unlink()
    assert history.raw_results(1) == b"{}"


# The clock


def test_the_clock_is_utc_in_whole_seconds(monkeypatch):
    """The time does not depend on the machine's zone."""
    monkeypatch.delenv(CLOCK, raising=False)
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", clock.now())


def test_source_date_epoch_is_the_clock(monkeypatch):
    """31 days of 86,400 seconds after 1970 began, it is 1 February."""
    monkeypatch.setenv(CLOCK, str(31 * 86_400))
    assert clock.now() == "1970-02-01T00:00:00Z"


def test_an_empty_source_date_epoch_is_ignored(monkeypatch):
    """It counts as not set."""
    monkeypatch.setenv(CLOCK, "")
    assert clock.now()[:2] == "20"


@pytest.mark.parametrize("value", ["-1", "1.5", "now", "٣", "9" * 12])
def test_a_source_date_epoch_that_is_not_a_time_is_refused(monkeypatch, value):
    """Anything but a number of seconds is refused; the clock is not used instead."""
    monkeypatch.setenv(CLOCK, value)
    with pytest.raises(Refusal, match=r"^\$SOURCE_DATE_EPOCH: not a number of seconds"):
        clock.now()


def test_published_results_on_record_are_not_parsed(history, monkeypatch):
    """They can be large, and their SHA-256 says which revision they are."""
    first = made(history, A)
    monkeypatch.setattr(revisions, "read_results", lambda raw: pytest.fail("parsed"))
    assert history.revisions() == (first,)
    assert history.altered() == []
