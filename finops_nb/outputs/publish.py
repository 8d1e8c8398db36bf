"""A folder is published in one step: who opens it sees the whole old report or the whole new one."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from finops_nb.errors import Problem, Refusal

AT_FDCWD: Final = -100
RENAME_EXCHANGE: Final = 2
RENAME_SWAP: Final = 2


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


def publish(folder: Path, target: Path) -> None:
    """Put `folder` where `target` is, in one step; the old report, if there was one, is then at `folder`.

    Args:
        folder: complete and written to the disk, in the same file system.
        target: a folder, or nothing; folders above it are made.

    Raises:
        OSError: nothing was changed; or, from the last syncs, the new report stands and the disk has trouble.
    """
    new = [parent for parent in target.parents if not parent.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        exchange(folder, target)
    else:
        folder.rename(target)
    for parent in (folder.parent, target.parent, *(made.parent for made in new)):
        sync_folder(parent)


def exchange(one: Path, other: Path) -> None:
    """Swap two folders of one file system, in one step.

    Raises:
        OSError: the system or the file system does not do that, or not here; nothing was changed.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    paths = os.fsencode(one), os.fsencode(other)
    try:
        if sys.platform == "darwin":
            failed = libc.renamex_np(*paths, ctypes.c_uint(RENAME_SWAP))
        else:
            failed = libc.renameat2(AT_FDCWD, paths[0], AT_FDCWD, paths[1], ctypes.c_uint(RENAME_EXCHANGE))
    except AttributeError as error:
        raise OSError(0, "the C library cannot exchange two folders", str(other)) from error
    if failed:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(other))


def check_target(outputs: Path, name: str) -> None:
    """See that `outputs/NAME` is a real folder in real folders, or may become one.

    Raises:
        Refusal: something else stands in its place, or in the place of a folder above it.
    """
    place = outputs
    for part in (None, *name.split("/")):
        place = place / part if part else place
        shown = "/".join((outputs.name, *place.relative_to(outputs).parts))
        if part and place.is_symlink():
            rule = "a symbolic link, which cannot be exchanged for a folder"
            raise Refusal(Problem(rule, "Remove the link; the run makes a folder there", shown))
        if os.path.lexists(place) and not place.is_dir():
            raise Refusal(Problem("not a folder", "Move it away; the run makes a folder there", shown))
        if place.is_dir() and not os.access(place, os.W_OK | os.X_OK):
            raise Refusal(Problem("nothing can be written there", "Give yourself the right to write to this folder", shown))
    if place.is_mount():
        raise Refusal(Problem("a mounted disk, which cannot be exchanged for a folder", "Mount it as outputs/ instead", shown))


def probe(staging: Path, target: Path) -> None:
    """Try the exchange with two empty folders, before anything is computed.

    Args:
        staging: where the new folder will be built.
        target: where it will be published.

    Raises:
        Refusal: it cannot be done there.
    """
    beside = next(parent for parent in target.parents if parent.is_dir())
    mine, theirs = staging / "probe", beside / f".probe-{target.name}"
    try:
        for folder in (mine, theirs):
            with suppress(FileExistsError):
                folder.mkdir()
        exchange(mine, theirs)
    except OSError as error:
        raise Refusal(
            Problem(
                f"a report cannot be published in one step there: {error.strerror}",
                "Let outputs/ be a folder, or a symbolic link to one, on a local disk of this machine that you may write to, "
                "all of it on the same disk; network and some container file systems can't exchange two folders",
                file=f"{beside.name}/",
            )
        ) from error
    finally:
        for folder in (mine, theirs):
            with suppress(OSError):
                folder.rmdir()
