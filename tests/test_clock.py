"""The clock: the time in UTC, or what SOURCE_DATE_EPOCH says it is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from finops_nb.clock import CLOCK, LAST_SECOND, now
from finops_nb.errors import Refusal


@pytest.mark.parametrize("epoch", [None, ""])
def test_it_tells_the_time(monkeypatch, epoch):
    """Without the variable, or with an empty one, it is the time in whole seconds."""
    monkeypatch.delenv(CLOCK, raising=False)
    if epoch is not None:
        monkeypatch.setenv(CLOCK, epoch)
    before = datetime.now(UTC).replace(microsecond=0)

    assert before <= datetime.fromisoformat(now()) <= datetime.now(UTC)
    assert now().endswith("Z")


@pytest.mark.parametrize(
    ("epoch", "time"),
    [
        ("0", "1970-01-01T00:00:00Z"),
        ("1767225600", "2026-01-01T00:00:00Z"),
        (str(LAST_SECOND), "9999-12-31T23:59:59Z"),
    ],
)
def test_the_variable_holds_it_still(monkeypatch, epoch, time):
    """The variable has seconds since 1970."""
    monkeypatch.setenv(CLOCK, epoch)

    assert now() == time


@pytest.mark.parametrize(
    "epoch", ["-1", "1.5", "today", " 1", "１", str(LAST_SECOND + 1), "9" * 5000]
)
def test_it_refuses_what_is_not_seconds(monkeypatch, epoch):
    """The message names the variable and how to fix it."""
    monkeypatch.setenv(CLOCK, epoch)
    message = rf"^\${CLOCK}: not a number of seconds since 1970 .*Unset \${CLOCK}, or set it to "
    with pytest.raises(Refusal, match=message):
        now()
