"""When a key was first run."""

from __future__ import annotations

import re

import pytest

from finops_nb import history
from finops_nb.errors import Failure, Refusal

KEY = "ab" * 32


@pytest.fixture
def runs(tmp_path):
    return tmp_path / "outputs" / ".runs"


def test_the_first_time_is_kept(runs):
    """It gives back what was recorded, for this NAME and key only."""
    assert history.generated(runs, "analysis/q4", KEY) is None
    history.record(runs, "analysis/q4", KEY, "2026-01-02T03:04:05Z")
    assert history.generated(runs, "analysis/q4", KEY) == "2026-01-02T03:04:05Z"
    assert history.generated(runs, "analysis/q3", KEY) is None
    assert history.generated(runs, "analysis/q4", "cd" * 32) is None
    assert (runs / "analysis" / "q4" / f"{KEY}.json").read_text() == '{"generated": "2026-01-02T03:04:05Z"}\n'


def test_a_record_can_be_taken_back(runs):
    """It forgets, also what it never knew."""
    history.record(runs, "2025-12", KEY, "2026-01-02T03:04:05Z")
    history.forget(runs, "2025-12", KEY)
    history.forget(runs, "2025-12", KEY)
    assert history.generated(runs, "2025-12", KEY) is None


def test_a_draft_left_by_a_crash_is_no_record(runs):
    """It writes over what a killed run had begun."""
    (runs / "2025-12").mkdir(parents=True)
    (runs / "2025-12" / f"{KEY}.new").write_text('{"gen')
    assert history.generated(runs, "2025-12", KEY) is None
    history.record(runs, "2025-12", KEY, "2026-01-02T03:04:05Z")
    assert history.generated(runs, "2025-12", KEY) == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"made": 1}'])
def test_a_spoilt_record_is_named(runs, text):
    """It does not put another time in place of one it can't read."""
    (runs / "2025-12").mkdir(parents=True)
    (runs / "2025-12" / f"{KEY}.json").write_text(text)
    with pytest.raises(Failure, match=rf"^outputs/\.runs/2025-12/{KEY}\.json does not hold .* Remove it"):
        history.generated(runs, "2025-12", KEY)


def test_the_clock_is_utc_in_whole_seconds(monkeypatch):
    """It gives the time, without a zone of the machine."""
    monkeypatch.delenv(history.CLOCK, raising=False)
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", history.now())


def test_source_date_epoch_is_the_clock(monkeypatch):
    """It takes $SOURCE_DATE_EPOCH: 86,400 seconds a day, so 31 days after 1970 began is 1 February."""
    monkeypatch.setenv(history.CLOCK, str(31 * 86_400))
    assert history.now() == "1970-02-01T00:00:00Z"


@pytest.mark.parametrize("value", ["", "-1", "1.5", "now", "٣", "9" * 12])
def test_a_source_date_epoch_that_is_no_time_is_refused(monkeypatch, value):
    """It refuses what is no number of seconds, rather than take the clock."""
    monkeypatch.setenv(history.CLOCK, value)
    with pytest.raises(Refusal, match=r"^\$SOURCE_DATE_EPOCH: not a number of seconds"):
        history.now()
