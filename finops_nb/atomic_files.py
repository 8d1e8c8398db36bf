"""Files on disk, complete or absent: written, synced, and only then put in place."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make a new folder with these files; all of it is on the disk when this returns.

    Args:
        folder: must not exist.
        files: content by name.

    Raises:
        OSError: the folder exists, or something could not be written.
    """
    folder.mkdir()
    for name, data in files.items():
        write_file(folder / name, data)
    sync_folder(folder)


def write_file(path: Path, data: bytes) -> None:
    """Write a new file; it is on the disk when this returns.

    Raises:
        OSError: it exists, or could not be written completely; its `filename` is always set.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            rest = memoryview(data)
            while rest:
                # The system may take fewer bytes than it is given, as on a disk that fills up.
                rest = rest[os.write(handle, rest) :]
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def replace_file(file: Path, data: bytes, check: Callable[[Path], None]) -> None:
    """Replace `file`, completely or not at all.

    Args:
        file: may exist; its folder is made.
        data: the new content.
        check: called with the draft, which is in the same folder; if it raises, nothing changes.

    Raises:
        OSError: nothing was changed.
    """
    file = file.resolve()  # A link stays a link: the file that it names is replaced.
    draft = file.with_name(f".{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        write_file(draft, data)
        check(draft)
        draft.replace(file)
        sync_folder(file.parent)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Write a folder's list of names to the disk, so that new and renamed files survive a crash."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
