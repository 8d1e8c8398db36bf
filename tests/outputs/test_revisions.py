"""The revisions of a NAME: what is on record, what is kept, and what of it was altered since."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from finops_nb.clock import CLOCK
from finops_nb.errors import Failure, Refusal
from finops_nb.outputs import revisions as history
from finops_nb.outputs.revisions import History, Revision, digests

A, B, C = "aa" * 32, "bb" * 32, "cc" * 32
TIMES = {1: "2026-01-01T00:00:00Z", 2: "2026-01-02T00:00:00Z", 3: "2026-01-03T00:00:00Z"}
NAME = "2025-12"


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setenv(CLOCK, "1767225600")


@pytest.fixture
def past(tmp_path) -> History:
    return History(tmp_path / "outputs", NAME)


def made(
    past: History, key: str, official: bool = True, reason: str = "", say: bool = True
) -> Revision:
    """Publish a report of this key, of three files; `say`: it tells of its own revision."""
    revision = past.upcoming(key, official, reason)
    folder = past.outputs / ".staging" / "new"
    folder.mkdir(parents=True)
    about = {"key": key, "generated": revision.generated}
    about |= {"revision": {"number": revision.number, "reason": revision.reason}} if say else {}
    results = {"kind": "official" if official else "analysis", "provenance": about}
    (folder / "results.json").write_text(json.dumps(results))
    (folder / "page.html").write_text(f"{revision.number} {key}")
    (folder / "ledger.csv").write_text(key)
    past.publish(folder, revision)
    return past.revisions()[-1]


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


# What a run makes


def test_the_same_key_is_the_same_revision(past):
    """Its number and its time stay, whatever the clock says, and so does why it was made."""
    assert past.upcoming(A, True) == Revision(1, A, "2026-01-01T00:00:00Z")
    first = made(past, A, reason="first")
    assert (
        past.upcoming(A, True, "another reason")
        == first
        == Revision(1, A, "2026-01-01T00:00:00Z", "first", first.files)
    )
    assert not first.is_new
    assert made(past, A) == first
    assert past.revisions() == (first,)


def test_another_key_is_the_next_revision(past, monkeypatch):
    """It counts up; the one before is kept, its bytes untouched, and the first key again is a third revision."""
    before = []
    for number, key in ((1, A), (2, B), (3, A)):
        monkeypatch.setenv(CLOCK, f"{1767225600 + 86400 * (number - 1)}")
        assert past.upcoming(key, True, "late usage") == Revision(
            number, key, TIMES[number], "late usage"
        )
        made(past, key, reason="late usage")
        before.append(files(past.outputs / NAME))
    assert [(each.number, each.key, each.generated) for each in past.revisions()] == [
        (1, A, TIMES[1]),
        (2, B, TIMES[2]),
        (3, A, TIMES[3]),
    ]
    assert [files(past.folder(number)) for number in (1, 2, 3)] == before
    assert past.folder(1) == past.kept(1) == past.outputs / ".runs" / NAME / "revision-1"
    assert past.folder(3) == past.outputs / NAME
    assert past.altered() == []


def test_what_is_not_official_has_no_revisions(tmp_path):
    """Of an analysis only the last report is remembered, as number 0, and nothing is kept; an official one begins with 1."""
    past = History(tmp_path / "outputs", "analysis/q4")
    for key in (A, B):
        last = made(past, key, official=False)
        assert past.revisions() == (last,)
        assert (last.number, last.key) == (0, key)
    assert past.upcoming(B, False) == last
    assert past.upcoming(B, True).number == past.upcoming(C, True).number == 1
    assert [file.name for file in (past.outputs / ".runs" / "analysis" / "q4").iterdir()] == [
        "revisions.json"
    ]


def test_the_record_is_a_list_that_a_person_can_read(past):
    """It names for each revision its key, time, reason, and the hashes of its files."""
    made(past, A, reason="Späte Nutzung")
    [record] = json.loads(
        (past.outputs / ".runs" / NAME / "revisions.json").read_text(encoding="utf-8")
    )
    assert list(record) == ["revision", "key", "generated", "reason", "files"]
    assert record["files"] == digests(past.outputs / NAME)
    assert "Späte" in (past.outputs / ".runs" / NAME / "revisions.json").read_text(encoding="utf-8")


# What a crash, or a person, left


@pytest.mark.parametrize("keys", [(A,), (A, B)], ids=["first", "second"])
def test_what_is_published_and_not_on_record_tells_of_itself(past, keys):
    """A run that was cut off before it wrote its record loses neither number nor time; the next one makes up for it."""
    for number, key in enumerate(keys, 1):
        record = (
            (past.outputs / ".runs" / NAME / "revisions.json").read_bytes() if number > 1 else None
        )
        made(past, key, reason="why")
    known = past.revisions()
    file = past.outputs / ".runs" / NAME / "revisions.json"
    file.unlink() if record is None else file.write_bytes(record)
    assert past.revisions() == known
    assert past.upcoming(keys[-1], True) == known[-1]
    past.settle()
    assert json.loads(file.read_text())[-1] == known[-1].as_record()


def test_a_record_removed_by_hand_is_told_by_what_is_published(past):
    """Then the last revision alone is known, under its own number; an older notebook that tells no number made the first."""
    made(past, A)
    last = made(past, B)
    (past.outputs / ".runs" / NAME / "revisions.json").unlink()
    assert past.revisions() == (last,)
    assert past.upcoming(C, True).number == 3
    other = History(past.outputs, "2025-11")
    made(other, A, say=False)
    (past.outputs / ".runs" / "2025-11" / "revisions.json").unlink()
    assert [(each.number, each.key, each.reason) for each in other.revisions()] == [(1, A, "")]


def test_a_folder_that_was_not_exchanged_is_no_revision(past):
    """What a run that was cut off before the exchange left in the place of the one before is removed, and nothing else."""
    made(past, A)
    before = files(past.outputs / NAME)
    past.kept(1).mkdir()
    (past.kept(1) / "results.json").write_text("of the next one")
    assert past.altered() == []
    past.settle()
    assert not past.kept(1).exists()
    made(past, B)
    past.settle()
    assert files(past.kept(1)) == before


def test_a_kept_revision_is_not_lost_with_the_published_one(past):
    """Where the published folder was removed by hand, those before it stay, and the count goes on."""
    made(past, A)
    before = files(past.outputs / NAME)
    made(past, B)
    for file in (past.outputs / NAME).iterdir():
        file.unlink()
    (past.outputs / NAME).rmdir()
    past.settle()
    assert past.upcoming(B, True).number == 2
    assert made(past, C).number == 3
    assert files(past.kept(1)) == before
    assert past.altered() == [f"outputs/.runs/{NAME}/revision-2, revision 2, is gone."]


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
def test_published_results_that_tell_nothing_are_no_revision(past, results):
    """It goes by the record alone then."""
    known = made(past, A)
    (past.outputs / NAME / "results.json").write_text(results)
    assert past.revisions() == (known,)
    (past.outputs / ".runs" / NAME / "revisions.json").unlink()
    assert past.revisions() == ()


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
def test_a_spoilt_record_is_named(past, text):
    """It does not go on without what it can't read, and says how to."""
    file = past.outputs / ".runs" / NAME / "revisions.json"
    file.parent.mkdir(parents=True)
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(
        Failure,
        match=rf"^outputs/\.runs/{NAME}/revisions\.json is not a list of revisions.* remove it",
    ):
        past.revisions()


# What was altered


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("how", ["changed", "gone"])
def test_an_altered_file_is_named(past, number, how):
    """Of the published revision and of a kept one; what is there beside is nobody's business."""
    made(past, A)
    made(past, B)
    folder = past.folder(number)
    (folder / "ledger.csv").write_text("more") if how == "changed" else (
        folder / "ledger.csv"
    ).unlink()
    (folder / "notes.txt").write_text("mine")
    said = "is gone" if how == "gone" else "is not as it was published"
    assert past.altered() == [
        f"outputs/{(folder / 'ledger.csv').relative_to(past.outputs)} {said}."
    ]


def test_altered_results_are_not_read(past):
    """The results of a revision are those that were published, or none; those of a kept one without a record are taken as they are."""
    made(past, A)
    made(past, B)
    assert [json.loads(past.raw_results(number))["provenance"]["key"] for number in (1, 2)] == [
        A,
        B,
    ]
    assert past.raw_results(3) == past.raw_results(0) == b""
    (past.kept(1) / "results.json").write_text("{}")
    assert past.raw_results(1) == b""
    (past.outputs / ".runs" / NAME / "revisions.json").unlink()
    assert past.raw_results(1) == b"{}"


# The clock


def test_the_clock_is_utc_in_whole_seconds(monkeypatch):
    """It gives the time, without a zone of the machine."""
    monkeypatch.delenv(CLOCK, raising=False)
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", history.now())


def test_source_date_epoch_is_the_clock(monkeypatch):
    """It takes $SOURCE_DATE_EPOCH: 86,400 seconds a day, so 31 days after 1970 began is 1 February."""
    monkeypatch.setenv(CLOCK, str(31 * 86_400))
    assert history.now() == "1970-02-01T00:00:00Z"


def test_an_empty_source_date_epoch_is_none(monkeypatch):
    """It is the clock then, as where the variable is not set."""
    monkeypatch.setenv(CLOCK, "")
    assert history.now()[:2] == "20"


@pytest.mark.parametrize("value", ["-1", "1.5", "now", "٣", "9" * 12])
def test_a_source_date_epoch_that_is_no_time_is_refused(monkeypatch, value):
    """It refuses what is no number of seconds, rather than take the clock."""
    monkeypatch.setenv(CLOCK, value)
    with pytest.raises(Refusal, match=r"^\$SOURCE_DATE_EPOCH: not a number of seconds"):
        history.now()
