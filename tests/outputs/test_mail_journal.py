"""The journal of what was mailed: written before and after each sending, so that a re-run sends to nobody twice."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finops_nb.clock import CLOCK
from finops_nb.errors import Failure
from finops_nb.outputs.mail_journal import DeliveryState, Entry, Journal

KEY, OTHER = "ab" * 32, "cd" * 32
ADA, BOB, CFO = "ada@example.com", "bob@example.com", "cfo@example.com"
EVERYONE = (ADA, BOB, CFO)

entries = st.builds(
    Entry,
    key=st.sampled_from((KEY, OTHER)),
    recipient=st.sampled_from((*EVERYONE, ADA.upper(), "Bob@Example.com")),
    state=st.sampled_from(DeliveryState),
    message_id=st.just("<1@example.com>"),
    detail=st.text(max_size=5),
    time=st.just("2026-01-02T03:04:05Z"),
)


def entry(recipient: str, state: DeliveryState, key: str = KEY) -> Entry:
    return Entry(key, recipient, state, "<1@example.com>")


def last_entries(written: Sequence[Entry], key: str) -> dict[str, Entry]:
    """Of each recipient, the last entry of a report, unless one of another report that may have reached them comes after it."""
    reached = (DeliveryState.SENT, DeliveryState.SENDING, DeliveryState.UNKNOWN)
    found = {}
    for recipient in {each.recipient.lower() for each in written}:
        relevant = [
            each
            for each in written
            if each.recipient.lower() == recipient and (each.key == key or each.state in reached)
        ]
        if relevant and relevant[-1].key == key:
            found[recipient] = relevant[-1]
    return found


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "outputs" / ".mail" / "scenarios" / "x" / "journal.jsonl")


def test_a_line_of_it(journal, monkeypatch):
    """It writes one JSON object a line, with the time in UTC."""
    monkeypatch.setenv(CLOCK, "0")
    journal.record([Entry(KEY, ADA, DeliveryState.SENT, "<1@example.com>", "250 Grüße\n")])
    assert journal.file.read_bytes() == (
        b'{"key": "' + KEY.encode() + b'", "recipient": "ada@example.com", "state": "sent", '
        b'"message_id": "<1@example.com>", "detail": "250 Gr\\u00fc\\u00dfe\\n", "time": "1970-01-01T00:00:00Z"}\n'
    )


def test_nobody_was_sent_anything_yet(journal):
    """It takes a missing file for an empty one, and makes none by looking."""
    assert journal.states(KEY) == {}
    assert journal.open_recipients(EVERYONE, KEY) == (list(EVERYONE), {})
    assert not journal.file.parent.exists()


@pytest.mark.parametrize(
    ("state", "is_open"), [(state, state is DeliveryState.DEFERRED) for state in DeliveryState]
)
def test_who_is_sent_it_now(journal, state, is_open):
    """It tries again only what a server put off; SENDING is a run that ended before it knew. `resend` is on purpose."""
    journal.record([entry(ADA, state)])
    open_now, settled = journal.open_recipients(EVERYONE, KEY)
    assert open_now == ([ADA] if is_open else []) + [BOB, CFO]
    assert {each: found.state for each, found in settled.items()} == (
        {} if is_open else {ADA: state}
    )
    assert journal.open_recipients(EVERYONE, KEY, resend=True) == (list(EVERYONE), {})


def test_upper_and_lower_case_are_one_address(journal):
    """It knows an address again however it is spelled, and gives it back as it was asked for."""
    journal.record([entry("Ada@Example.com", DeliveryState.SENT)])
    open_now, settled = journal.open_recipients(["ADA@example.com", BOB], KEY)
    assert (open_now, list(settled)) == ([BOB], ["ADA@example.com"])


def test_another_report_is_another_matter(journal):
    """It keeps reports apart by their keys: a new one goes to everybody."""
    journal.record([entry(ADA, DeliveryState.SENT)])
    assert journal.open_recipients(EVERYONE, OTHER) == (list(EVERYONE), {})


@pytest.mark.parametrize("state", DeliveryState)
def test_a_report_that_comes_back_is_sent_again(journal, state):
    """A month was mailed, then a revision of it, then it was made as it had been: who was reached by the one in between is sent it once
    more; who was not has it.
    """
    journal.record(
        [
            entry(ADA, DeliveryState.SENT),
            entry(BOB, DeliveryState.SENT),
            entry(ADA.upper(), state, OTHER),
        ]
    )
    reached = state in (DeliveryState.SENT, DeliveryState.SENDING, DeliveryState.UNKNOWN)
    assert journal.open_recipients([ADA, BOB], KEY)[0] == ([ADA] if reached else [])


@settings(max_examples=30)
@given(st.lists(st.lists(entries, max_size=3), max_size=5))
def test_the_last_line_counts(written):
    """It gives back the last entry of each recipient of a report, in however many steps they were written."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal.jsonl")
        for some in written:
            journal.record(some)
        whole = [each for some in written for each in some]
        for key in (KEY, OTHER):
            assert journal.states(key) == last_entries(whole, key)


@given(st.lists(entries, min_size=1, max_size=4), st.data(), entries)
def test_a_line_that_a_crash_tore(written, data, more):
    """It passes over a torn last line, wherever it was torn, and the next entry stands on a line of its own."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal.jsonl")
        journal.record(written)
        text = journal.file.read_bytes()
        size = data.draw(st.integers(0, len(text)))
        journal.file.write_bytes(text[:size])
        # A line whose end alone is missing is whole.
        kept = written[: (text[:size] + b"\n").replace(b"}\n", b"\0").count(b"\0")]
        assert journal.states(KEY) == last_entries(kept, KEY)
        assert journal.is_torn is (text[:size] != b"" and not text[:size].endswith((b"}\n", b'"}')))
        journal.record([more])
        assert not journal.is_torn
        assert journal.states(KEY) == last_entries([*kept, more], KEY)


def test_a_last_line_without_its_end_counts(journal):
    """It forgets no entry because an editor left out the last line's end, and mends that."""
    journal.record([entry(ADA, DeliveryState.SENT)])
    text = journal.file.read_bytes()
    journal.file.write_bytes(text.removesuffix(b"\n"))
    assert journal.states(KEY)[ADA].state is DeliveryState.SENT
    journal.record([entry(BOB, DeliveryState.SENT)])
    assert journal.file.read_bytes().startswith(text)
    assert list(journal.states(KEY)) == [ADA, BOB]


runs = st.lists(
    st.dictionaries(
        st.sampled_from(EVERYONE),
        st.sampled_from(("sent", "refused", "deferred", "cut", "lost", "killed")),
    ),
    max_size=6,
)


@given(runs)
def test_a_rerun_sends_to_nobody_twice(runs):
    """It keeps each recipient to one delivery, whatever the server does and wherever a run is killed."""
    delivered: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal.jsonl")
        for fate_of in runs:
            for recipient in journal.open_recipients(EVERYONE, KEY)[0]:
                fate = fate_of.get(recipient, "sent")
                journal.record([entry(recipient, DeliveryState.SENDING)])
                if fate in ("sent", "cut", "killed"):
                    delivered.append(recipient)
                if fate == "killed":
                    break
                journal.record(
                    [
                        entry(
                            recipient,
                            DeliveryState.UNKNOWN
                            if fate in ("cut", "lost")
                            else DeliveryState(fate),
                        )
                    ]
                )
    assert len(delivered) == len(set(delivered))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\0\0\0",
        b"\xff",
        b"[]",
        b"{}",
        b'{"key": "k", "recipient": "a@b.c", "state": "sen',
        b'{"key": "k", "recipient": "a@b.c", "state": "mailed", "message_id": "", "detail": "", "time": ""}',
        b'{"key": "k", "recipient": "a@b.c", "state": ["sent"], "message_id": "", "detail": "", "time": ""}',
        b'{"key": "k", "recipient": null, "state": "sent", "message_id": "", "detail": "", "time": ""}',
        b'{"key": "k", "recipient": "a@b.c", "state": "sent"}',
        b'{"key": "k", "recipient": "a@b.c", "state": "sent", "message_id": "", "detail": "", "time": "", "more": ""}',
    ],
)
def test_a_spoilt_line_is_named(journal, line):
    """It does not forget what it can't read, since somebody might be sent the report twice."""
    journal.record([entry(ADA, DeliveryState.SENT), entry(BOB, DeliveryState.SENT)])
    first, second = journal.file.read_bytes().splitlines()
    journal.file.write_bytes(b"\n".join([first, line, second, b""]))
    with pytest.raises(
        Failure,
        match=r"journal\.jsonl, line 2: not an entry of a journal\. Mend the line\. .*twice",
    ):
        journal.open_recipients(EVERYONE, KEY)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace(b"\n", b" "),
        lambda text: text.replace(b"\n", b"\r"),
        lambda text: b"\xff\xfe",
        lambda text: text.decode().encode("utf-16"),
        lambda text: text + b"\0\0",
        lambda text: text + b"see my notes",
        lambda text: text + b'{"key": "k", "recipient": "a@b.c"}',
        lambda text: b"[" * 100_000,
    ],
    ids=[
        "one line",
        "CR",
        "no text",
        "UTF-16",
        "zeros",
        "notes",
        "half an entry, closed",
        "brackets",
    ],
)
def test_a_last_line_that_no_crash_leaves_is_no_torn_entry(journal, spoil):
    """It takes a spoilt journal for no empty one, since everybody would be sent the report twice."""
    journal.record([entry(ADA, DeliveryState.SENT), entry(BOB, DeliveryState.SENT)])
    journal.file.write_bytes(spoil(journal.file.read_bytes()))
    assert not journal.is_torn
    with pytest.raises(Failure, match=r"line \d: not an entry of a journal"):
        journal.open_recipients(EVERYONE, KEY)


def test_an_entry_is_on_the_disk_when_record_returns(journal, monkeypatch):
    """It brings the file to the disk, and then the list of every folder that it made."""
    synced = []
    fsync = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda handle: (synced.append(os.fstat(handle).st_ino), fsync(handle))
    )
    home = journal.file.parents[4]
    journal.record([entry(ADA, DeliveryState.SENDING)])
    places = (journal.file, *journal.file.parents[:4], home)
    assert synced[0] == journal.file.stat().st_ino
    assert set(synced) == {place.stat().st_ino for place in places}


def test_what_cannot_be_written_is_said(journal, monkeypatch):
    """It does not go on without a journal, and loses nothing of what stands there."""
    journal.record([entry(ADA, DeliveryState.SENT)])

    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with (
        monkeypatch.context() as patch,
        pytest.raises(
            Failure,
            match=r"journal\.jsonl can't be written: No space left on device\. Nothing more",
        ),
    ):
        patch.setattr(os, "fsync", full)
        journal.record([entry(BOB, DeliveryState.SENDING)])
    assert journal.states(KEY)[ADA].state is DeliveryState.SENT


def test_what_cannot_be_read_is_said(journal):
    """It takes no folder for an empty journal."""
    journal.file.mkdir(parents=True)
    with pytest.raises(Failure, match=r"journal\.jsonl can't be read: Is a directory\."):
        journal.states(KEY)
    with pytest.raises(Failure, match=r"journal\.jsonl can't be read: Is a directory\."):
        journal.record([entry(ADA, DeliveryState.SENDING)])
