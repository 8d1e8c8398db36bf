"""Folders for temporary files: their owner removes them, or the next command if it was killed."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

PREFIX: Final = "finops-nb-"
NAME: Final = re.compile(rf"{PREFIX}[a-z0-9_]{{8}}")
"""What `tempfile` makes of the prefix."""

OWNER: Final = ".owner"
"""A file in the folder that its owner locks; the system releases the lock when the owner ends."""


@contextmanager
def temporary_folder(parent: str | None = None) -> Iterator[Path]:
    """A new private folder during the block; those of commands that were killed are removed first.

    Args:
        parent: the folder it is in; the system's folder for temporary files if None.

    Raises:
        OSError: it can't be made.

    Example:
        with temporary_folder() as folder:
            (folder / "part").write_bytes(data)
    """
    parent = parent or tempfile.gettempdir()
    sweep(parent)
    folder, handle = _owned_folder(parent)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def sweep(parent: str) -> None:
    """Remove this user's temporary folders whose owner has ended; what can't be removed stays."""
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if not NAME.fullmatch(entry.name) or not entry.is_dir(follow_symlinks=False):
                continue
            if entry.stat(follow_symlinks=False).st_uid == os.geteuid():
                _remove_if_dead(Path(entry.path))


def _owned_folder(parent: str) -> tuple[Path, int]:
    """A new folder, and the handle that holds its lock."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        try:
            handle = os.open(folder / OWNER, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except FileNotFoundError:
            continue  # another command took it for dead before it was locked
        except OSError:
            with suppress(OSError):
                folder.rmdir()
            raise
        with suppress(OSError):  # where a file can't be locked, nobody takes it for dead
            fcntl.flock(handle, fcntl.LOCK_EX)
        if (folder / OWNER).exists():
            return folder, handle
        os.close(handle)


def _remove_if_dead(folder: Path) -> None:
    """Remove a folder whose lock nobody holds, or that is empty: its owner was just making it."""
    try:
        handle = os.open(folder / OWNER, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        with suppress(OSError):
            folder.rmdir()
        return
    except OSError:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        pass  # its owner is at work
    finally:
        os.close(handle)
