"""What another account of this machine could get at, by the permissions of files and folders."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OTHERS = stat.S_IRWXG | stat.S_IRWXO
ENTER = stat.S_IXGRP | stat.S_IXOTH


def open_to_others(folder: Path) -> list[str]:
    """Paths in a folder, itself open to all, that others may read, write or enter; sorted."""
    found: list[str] = []
    folders = [folder]
    while folders:
        for path in folders.pop().iterdir():
            mode = path.lstat().st_mode
            if mode & OTHERS:
                found.append(path.relative_to(folder).as_posix())
            if stat.S_ISDIR(mode) and mode & ENTER:
                folders.append(path)
    return sorted(found)


def opened_to_all(folder: Path) -> None:
    """Give everybody every right to a folder and what is in it, as an earlier version may have."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)


@contextmanager
def generous_umask() -> Iterator[None]:
    """A user who hides nothing from anybody."""
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)
