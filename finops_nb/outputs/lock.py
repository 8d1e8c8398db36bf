"""One run of a NAME at a time; the system itself lets go of the lock when its holder ends, however it ends."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from finops_nb.errors import Busy


@contextmanager
def hold(runs: Path, name: str, doing: str = "run") -> Iterator[str]:
    """Hold the lock of a NAME for the time of the block. Other NAMEs are not affected.

    Args:
        runs: `outputs/.runs`, made if missing.
        name: a checked NAME, or another thing that one process at a time may change; a slash in it is `~` in the file's
            name, which no NAME has.
        doing: what is done to it, for the message.

    Yields:
        Who held it and never let go of it properly ("process 123 on host, since ..."); empty if nobody did.

    Raises:
        Busy: somebody else holds it.
    """
    runs.mkdir(parents=True, exist_ok=True)
    file = runs / f".{name.replace('/', '~')}.lock"
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = _holder(handle) or "another process"
            what = name.strip("~").partition("~")[0]
            raise Busy(
                f"{what} is being {doing} by {who}. Wait for it to end, then {'run' if doing == 'run' else 'try'} again."
            ) from None
        former = _holder(handle)
        os.ftruncate(handle, 0)
        mine = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "started": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
        }
        os.pwrite(handle, json.dumps(mine).encode() + b"\n", 0)
        try:
            yield former
        finally:
            # A run that failed let go of it too; only one that was killed leaves its name behind.
            os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def holders(runs: Path) -> dict[str, str]:
    """What is at work now, by what it holds: `{"2025-12": "process 123 on host, since ..."}`; nothing is changed by looking."""
    found = {}
    for file in sorted(runs.glob(".*.lock")):
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            found[file.name.removeprefix(".").removesuffix(".lock").replace("~", "/")] = (
                _holder(handle) or "another process"
            )
        finally:
            os.close(handle)
    return found


def _holder(handle: int) -> str:
    """Whom the file names; empty where it names nobody, or only half."""
    try:
        record = json.loads(os.pread(handle, 4096, 0))
        return f"process {record['pid']} on {record['host']}, since {record['started']}"
    except (ValueError, KeyError, TypeError):
        return ""
