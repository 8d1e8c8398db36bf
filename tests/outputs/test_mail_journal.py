"""The mail journal is written before and after each sending, so that nobody gets a mail twice."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.properties import cases

from finops_nb.clock import CLOCK
from finops_nb.errors import Failure
from finops_nb.outputs.mail_journal import DeliveryState, Entry, Journal

KEY, OTHER = "ab" * 32, "cd" * 32
ADA, BOB, CFO = "ada@example.com", "bob@example.com", "cfo@example.com"
EVERYONE = (ADA, BOB, CFO)
LINE = (
    b'{"key": "k", "recipient": "a@b.c", "state": "sent", '
    b'"message_id": "", "detail": "", "time": ""}'
)

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
    """The last entry of each recipient of a report, unless another report reached them later."""
    reached = (DeliveryState.SENT, DeliveryState.SENDING, DeliveryState.UNKNOWN)
    last = {}
    for recipient in {each.recipient.lower() for each in written}:
        own = [each for each in written if each.recipient.lower() == recipient]
        relevant = [each for each in own if each.key == key or each.state in reached]
        if relevant and relevant[-1].key == key:
            last[recipient] = relevant[-1]
    return last


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "outputs" / ".mail" / "scenarios" / "x" / "journal.jsonl")


def test_a_line_of_the_journal(journal, monkeypatch):
    """Each line is one JSON object, with the time in UTC."""
    monkeypatch.setenv(CLOCK, "0")
    journal.record([Entry(KEY, ADA, DeliveryState.SENT, "<1@example.com>", "250 Grüße\n")])
    assert journal.file.read_bytes() == (
        b'{"key": "' + KEY.encode() + b'", "recipient": "ada@example.com", "state": "sent", '
        b'"message_id": "<1@example.com>", "detail": "250 Gr\\u00fc\\u00dfe\\n", '
        b'"time": "1970-01-01T00:00:00Z"}\n'
    )


def test_nobody_was_sent_anything_yet(journal):
    """A missing file counts as empty, and looking does not create it."""
    assert journal.states(KEY) == {}
    assert journal.open_recipients(EVERYONE, KEY) == (list(EVERYONE), {})
    assert not journal.file.parent.exists()


@pytest.mark.parametrize(
    ("state", "is_open"), [(state, state is DeliveryState.DEFERRED) for state in DeliveryState]
)
def test_who_is_still_to_be_sent_the_report(journal, state, is_open):
    """Only a deferred message is tried again, unless `resend` asks for all."""
    journal.record([entry(ADA, state)])
    open_now, settled = journal.open_recipients(EVERYONE, KEY)
    assert open_now == ([ADA] if is_open else []) + [BOB, CFO]
    assert {address: last.state for address, last in settled.items()} == (
        {} if is_open else {ADA: state}
    )
    assert journal.open_recipients(EVERYONE, KEY, resend=True) == (list(EVERYONE), {})


def test_upper_and_lower_case_are_one_address(journal):
    """An address is recognized in any case, and returned as the caller spelled it."""
    journal.record([entry("Ada@Example.com", DeliveryState.SENT)])
    open_now, settled = journal.open_recipients(["ADA@example.com", BOB], KEY)
    assert (open_now, list(settled)) == ([BOB], ["ADA@example.com"])


def test_a_new_report_goes_to_everybody(journal):
    """Reports are told apart by their keys."""
    journal.record([entry(ADA, DeliveryState.SENT)])
    assert journal.open_recipients(EVERYONE, OTHER) == (list(EVERYONE), {})


@pytest.mark.parametrize("state", DeliveryState)
def test_a_report_that_comes_back_is_sent_again(journal, state):
    """A month is mailed, then revised and mailed, then made as it was at first.

    Whoever the revision reached is sent the first report again; the others still have it.
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


@settings(max_examples=cases(30))
@given(st.lists(st.lists(entries, max_size=3), max_size=5))
def test_the_last_line_counts(written):
    """`states` has the last entry of each recipient, in however many steps they were written."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal.jsonl")
        for some in written:
            journal.record(some)
        whole = [each for some in written for each in some]
        for key in (KEY, OTHER):
            assert journal.states(key) == last_entries(whole, key)


@given(st.lists(entries, min_size=1, max_size=4), st.data(), entries)
def test_a_line_that_a_crash_tore(written, data, more):
    """A last line is ignored wherever it is torn, and the next entry is a line of its own."""
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
    """If an editor dropped the last line end, no entry is lost, and the next entry restores it."""
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
    """Each recipient gets one delivery, whatever the server does and wherever a run is killed."""
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
                state = "unknown" if fate in ("cut", "lost") else fate
                journal.record([entry(recipient, DeliveryState(state))])
    assert len(delivered) == len(set(delivered))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\0\0\0",
        b"\xff",
        b"[]",
        b"{}",
        LINE[:50],
        LINE.replace(b'"sent"', b'"mailed"'),
        LINE.replace(b'"sent"', b'["sent"]'),
        LINE.replace(b'"a@b.c"', b"null"),
        b'{"key": "k", "recipient": "a@b.c", "state": "sent"}',
        LINE.replace(b"}", b', "more": ""}'),
    ],
)
def test_an_unreadable_line_is_named(journal, line):
    """A line that can't be read is an error, since somebody might get the report twice."""
    journal.record([entry(ADA, DeliveryState.SENT), entry(BOB, DeliveryState.SENT)])
    first, second = journal.file.read_bytes().splitlines()
    journal.file.write_bytes(b"\n".join([first, line, second, b""]))
    with pytest.raises(
        Failure,
        match=r"journal\.jsonl, line 2: not an entry of a journal\. Fix the line\. .*twice",
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
def test_a_last_line_that_no_crash_leaves_is_not_torn(journal, spoil):
    """A damaged journal is an error, since everybody might get the report twice."""
    journal.record([entry(ADA, DeliveryState.SENT), entry(BOB, DeliveryState.SENT)])
    journal.file.write_bytes(spoil(journal.file.read_bytes()))
    assert not journal.is_torn
    with pytest.raises(Failure, match=r"line \d: not an entry of a journal"):
        journal.open_recipients(EVERYONE, KEY)


def test_an_entry_is_on_the_disk_when_record_returns(journal, monkeypatch):
    """The file is synced first, and then every folder that was created for it."""
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


def test_a_failed_write_is_reported(journal, monkeypatch):
    """A failed write is an error, and no earlier entry is lost."""
    journal.record([entry(ADA, DeliveryState.SENT)])

    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with (
        monkeypatch.context() as patch,
        pytest.raises(
            Failure,
            match=r"journal\.jsonl can't be written: No space left on device\. No mail",
        ),
    ):
        patch.setattr(os, "fsync", full)
        journal.record([entry(BOB, DeliveryState.SENDING)])
    assert journal.states(KEY)[ADA].state is DeliveryState.SENT


def test_a_failed_read_is_reported(journal):
    """A folder in its place is an error, not an empty journal."""
    journal.file.mkdir(parents=True)
    with pytest.raises(Failure, match=r"journal\.jsonl can't be read: Is a directory\."):
        journal.states(KEY)
    with pytest.raises(Failure, match=r"journal\.jsonl can't be read: Is a directory\."):
        journal.record([entry(ADA, DeliveryState.SENDING)])
