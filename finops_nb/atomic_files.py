"""Files on disk, complete or absent: written, synced, and only then put in place."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

FOR_ALL: Final = 0o666
"""The mode of a file for whom the user's umask admits."""
PRIVATE: Final = 0o600
"""The mode of a file for its owner alone."""
NO_LINKS: Final = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""The errors of a disk on which a file can't have two names."""
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def private_folder(folder: Path, above: Path) -> None:
    """Make a folder, and those between it and `above`, for their owner alone.

    Folders that exist are closed to others. One that a link points to is somebody's decision.

    Args:
        folder: at any depth in `above`.
        above: made if missing, for whom the user's umask admits.

    Raises:
        OSError: it can't be made; or it belongs to another account, and others may enter it.
    """
    above.mkdir(parents=True, exist_ok=True)
    for name in folder.relative_to(above).parts:
        above = above / name
        above.mkdir(mode=0o700, exist_ok=True)
        mode = above.stat().st_mode
        if mode & OTHERS and not above.is_symlink():
            above.chmod(stat.S_IMODE(mode) & ~OTHERS)


def make_private(handle: int) -> None:
    """Close an open file to others, such as one that an earlier version made.

    Raises:
        OSError: it belongs to another account, and others may open it.
    """
    if os.fstat(handle).st_mode & OTHERS:
        os.fchmod(handle, PRIVATE)


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


def write_file(path: Path, data: bytes, mode: int = FOR_ALL) -> None:
    """Write a new file; it is on the disk when this returns.

    Args:
        path: must not exist.
        data: its content.
        mode: its permissions, of which the user's umask takes some away.

    Raises:
        OSError: it exists, or could not be written completely; its `filename` is always set.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
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


def create_file(
    file: Path, data: bytes, check: Callable[[Path], None] = lambda draft: None
) -> None:
    """Write a new file, completely or not at all; it replaces none.

    Args:
        file: must not exist; nor need its folder.
        data: its content.
        check: called with the draft, which is in the same folder; if it raises, nothing is written.

    Raises:
        FileExistsError: it exists.
        OSError: nothing was written.
    """
    draft = file.with_name(f".{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        write_file(draft, data)
        check(draft)
        _name_new(draft, file)
        try:
            sync_folder(file.parent)
        except OSError:
            file.unlink()
            raise
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _name_new(draft: Path, file: Path) -> None:
    """Give a draft its name, unless something has it."""
    try:
        os.link(draft, file)
    except FileExistsError:
        raise
    except OSError as error:
        if os.path.lexists(file) or error.errno not in NO_LINKS:
            raise
        draft.rename(file)


def replace_file(
    file: Path, data: bytes, check: Callable[[Path], None], *, private: bool = False
) -> None:
    """Replace `file`, completely or not at all; its permissions stay.

    Args:
        file: may exist; its folder is made.
        data: the new content.
        check: called with the draft, which is in the same folder; if it raises, nothing changes.
        private: it is for its owner alone, whatever its permissions were.

    Raises:
        OSError: nothing was changed.
    """
    file = file.resolve()  # A link stays a link: the file that it names is replaced.
    draft = file.with_name(f".{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        mode = None if private else _mode_of(file)
        write_file(draft, data, PRIVATE if private or mode is not None else FOR_ALL)
        check(draft)
        if mode is not None:
            draft.chmod(mode)
        draft.replace(file)
        sync_folder(file.parent)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _mode_of(file: Path) -> int | None:
    """The permissions of a file; None if it does not exist."""
    try:
        return stat.S_IMODE(file.stat().st_mode)
    except FileNotFoundError:
        return None


def sync_folder(folder: Path) -> None:
    """Write a folder's list of names to the disk, so that new and renamed files survive a crash."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
