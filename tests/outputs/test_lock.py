"""One run of a NAME at a time."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys

import pytest
from support.other_accounts import generous_umask, open_to_others

from finops_nb.errors import Busy, Failure
from finops_nb.outputs import lock
from finops_nb.outputs.lock import hold, holders

HOLDER = """\
import pathlib, sys, time
from finops_nb.outputs.lock import hold
with hold(pathlib.Path(sys.argv[1]), "2025-12"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of 2025-12."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_held_name_is_busy(tmp_path, holder):
    """The error names the holder and exits with 75; other NAMEs are free."""
    who = rf"^2025-12 is being run by process {holder.pid} on \S+, since \d{{4}}-.* UTC\. Wait"
    with pytest.raises(Busy, match=who) as busy, hold(tmp_path, "2025-12"):
        raise AssertionError("both hold it")
    assert busy.value.exit_code == 75
    with hold(tmp_path, "2025-11") as former:
        assert former == ""


def test_the_lock_of_a_killed_run_is_free(tmp_path, holder):
    """The lock of a killed process is free, and the next holder learns which process it was."""
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with hold(tmp_path, "2025-12") as former:
        assert former.startswith(f"process {holder.pid} on ")
    with hold(tmp_path, "2025-12") as former:
        assert former == ""


def test_names_do_not_share_locks(tmp_path):
    """A NAME with a slash, or one that looks like a lock file, has a lock of its own."""
    with (
        hold(tmp_path, "a/b"),
        hold(tmp_path, "a-b"),
        hold(tmp_path, "a.b"),
        hold(tmp_path, "a.lock"),
        hold(tmp_path, "a"),
    ):
        assert len(list(tmp_path.iterdir())) == 5


def test_a_half_written_lock_names_nobody(tmp_path):
    """A lock file that a crash left half written names no former holder."""
    (tmp_path / ".2025-12.lock").write_bytes(b'{"pid": 1')
    with hold(tmp_path, "2025-12") as former:
        assert former == ""


def test_children_do_not_inherit_the_lock(tmp_path):
    """The NAME is free although a child process, such as a kernel, still runs."""
    with hold(tmp_path, "2025-12"):
        child = subprocess.Popen(["sleep", "60"])
    try:
        with hold(tmp_path, "2025-12") as former:
            assert former == ""
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()


def test_a_failed_run_releases_the_lock(tmp_path):
    """When the block raises, no former holder is named: nothing was killed."""
    with pytest.raises(ValueError, match="refused"), hold(tmp_path, "2025-12"):
        raise ValueError("refused")
    with hold(tmp_path, "2025-12") as former:
        assert former == ""


def test_nobody_else_can_open_a_lock(tmp_path):
    """Who can read a lock file can hold it, and stop every run; one that is wider is closed."""
    runs = tmp_path / "outputs" / ".runs"
    with generous_umask(), hold(runs, "2025-12"):
        assert open_to_others(runs.parent) == []
        assert open_to_others(runs) == []
    (runs / ".2025-12.lock").chmod(0o644)
    runs.chmod(0o755)
    with hold(runs, "2025-12"):
        assert open_to_others(runs.parent) == []
        assert open_to_others(runs) == []


def refuse(*_):
    """What the system says about another account's file."""
    raise PermissionError(errno.EACCES, "Permission denied", "/x")


def test_another_account_s_reports_are_not_run(tmp_path, monkeypatch):
    """The message names the account to use."""
    runs = tmp_path / "outputs" / ".runs"
    with hold(runs, "2025-12"):
        pass
    monkeypatch.setattr(lock.os, "open", refuse)
    with pytest.raises(PermissionError), hold(runs, "2025-12"):
        pass
    monkeypatch.setattr(lock.os, "geteuid", lambda: runs.stat().st_uid + 1)
    rule = rf"^outputs/\.runs belongs to {runs.owner()}, .*Run the command as {runs.owner()}, or "
    with pytest.raises(Failure, match=rule), hold(runs, "2025-12"):
        pass


def test_another_account_s_locks_are_not_listed(tmp_path, monkeypatch):
    """`status` says what it can see, and does not fail."""
    with hold(tmp_path, "2025-12"):
        assert list(holders(tmp_path)) == ["2025-12"]
        monkeypatch.setattr(lock.os, "open", refuse)
        assert holders(tmp_path) == {}
