"""Files on disk, whole or not at all: written, synced, and only then put in place."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make `folder`, which must not exist, with these files, all of it on the disk when this returns."""
    folder.mkdir()
    for name, data in files.items():
        write_file(folder / name, data)
    sync_folder(folder)


def write_file(path: Path, data: bytes) -> None:
    """Write a new file, to the disk.

    Raises:
        OSError: it exists, or could not be written whole; its `filename` is always set.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(handle, left) :]
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def replace_file(file: Path, data: bytes, check: Callable[[Path], None]) -> None:
    """Put a file in the place of `file`, whole or not at all.

    Args:
        file: there already, or not; its folder is made.
        data: what it will hold.
        check: given the draft of it, beside `file`; what it raises leaves everything as it was.

    Raises:
        OSError: nothing was changed.
    """
    file = file.resolve()  # a link stays one; what it names is replaced
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
    """Bring a folder's list of names to the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
