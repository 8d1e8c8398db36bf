"""One run of a NAME at a time. The system releases the lock when its holder ends."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from finops_nb.atomic_files import PRIVATE, make_private, private_folder
from finops_nb.errors import Busy, Problem, Refusal
from finops_nb.outputs.links import refuse_links
from finops_nb.outputs.other_account import refuse_other_account

UNKNOWN_HOLDER: Final = "another process"


@contextmanager
def hold(runs: Path, name: str, doing: str = "run") -> Iterator[str]:
    """Hold the lock of a NAME during the block. Other NAMEs are not affected.

    Args:
        runs: `outputs/.runs`, created if missing.
        name: a checked NAME, or another thing that one process at a time may change. A slash
            becomes `~` in the lock file's name; no NAME contains one.
        doing: what is done to it, for the message.

    Yields:
        Who held it before and was killed ("process 123 on host, since ..."); empty if nobody was.

    Raises:
        Busy: another process holds it.
        Failure: the folder belongs to another account.
        Refusal: a link or a folder is in the place of the lock.

    Example:
        with hold(home.runs, "2025-12"):
            ...
    """
    handle = _open_lock(runs, f".{name.replace('/', '~')}.lock")
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(handle, name, doing) from None
        former = _holder(handle)
        os.ftruncate(handle, 0)
        os.pwrite(handle, _own_record(), 0)
        try:
            yield former
        finally:
            # A run that failed empties the file too; only one that was killed stays named in it.
            os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def holders(runs: Path) -> dict[str, str]:
    """What is locked now, and by whom. Looking changes nothing.

    Returns:
        Holder by name: `{"2025-12": "process 123 on host, since ..."}`.
    """
    holder_by_name = {}
    for file in sorted(runs.glob(".*.lock")):
        try:
            # Without O_NONBLOCK, a pipe in its place would wait for a writer.
            handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:  # another account's, or a link in its place
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            name = file.name.removeprefix(".").removesuffix(".lock").replace("~", "/")
            holder_by_name[name] = _holder(handle) or UNKNOWN_HOLDER
        finally:
            os.close(handle)
    return holder_by_name


def _open_lock(runs: Path, name: str) -> int:
    """A handle of a lock file that its owner alone may open: whoever reads it could hold it."""
    refuse_links(runs.parent, runs / name)
    if (runs / name).exists() and not (runs / name).is_file():
        shown = f"{runs.parent.name}/{runs.name}/{name}"
        raise Refusal(Problem("not a file", "Move it away, then run again", shown))
    try:
        private_folder(runs, runs.parent)
        handle = os.open(runs / name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, PRIVATE)
        try:
            make_private(handle)
        except OSError:
            os.close(handle)
            raise
    except PermissionError:
        refuse_other_account(runs)
        raise
    return handle


def _busy(handle: int, name: str, doing: str) -> Busy:
    holder = _holder(handle) or UNKNOWN_HOLDER
    thing = name.strip("~").partition("~")[0]
    retry = "run" if doing == "run" else "try"
    return Busy(f"{thing} is being {doing} by {holder}. Wait for it to end, then {retry} again.")


def _own_record() -> bytes:
    """This process as a line of JSON."""
    record = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "started": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
    }
    return json.dumps(record).encode() + b"\n"


def _holder(handle: int) -> str:
    """The process named in a lock file; empty if it names none, or only half of one."""
    try:
        record = json.loads(os.pread(handle, 4096, 0))
        return f"process {record['pid']} on {record['host']}, since {record['started']}"
    except (ValueError, KeyError, TypeError):
        return ""
