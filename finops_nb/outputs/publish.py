"""A folder is published in one step: a reader sees the whole old report or the whole new one."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from finops_nb.atomic_files import sync_folder
from finops_nb.errors import Problem, Refusal
from finops_nb.home import runs_of, staging_of
from finops_nb.outputs.links import refuse_links

# Of <fcntl.h> and <stdio.h> on Linux, and of <sys/stdio.h> on macOS.
AT_FDCWD: Final = -100
RENAME_NOREPLACE: Final = 1
RENAME_EXCHANGE: Final = 2
RENAME_SWAP: Final = 2
RENAME_EXCL: Final = 4

LOCAL_DISK: Final = (
    "Keep all of outputs/ on one local disk where you may write, or make it a symbolic link to "
    "such a folder; network and some container file systems can't swap two folders"
)


def publish(folder: Path, target: Path) -> None:
    """Put `folder` in the place of `target`, in one step; an old report is then at `folder`.

    Args:
        folder: complete and written to the disk, in the same file system.
        target: a folder, or nothing; folders above it are created.

    Raises:
        OSError: nothing was changed; or, from the last syncs, the new report is published and the
            disk has a problem.
    """
    new_parents = [parent for parent in target.parents if not parent.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        exchange(folder, target)
    else:
        folder.rename(target)
    for parent in (folder.parent, target.parent, *(new.parent for new in new_parents)):
        sync_folder(parent)


def exchange(one: Path, other: Path) -> None:
    """Swap two folders of one file system, in one step.

    Raises:
        OSError: the system or the file system can't do that, or not here; nothing was changed.
    """
    # Python has no call for it: `os.rename` replaces an empty folder only.
    _rename(one, other, RENAME_EXCHANGE, RENAME_SWAP)


def move(path: Path, new: Path) -> None:
    """Give a file or a folder another name in its file system, in one step.

    Raises:
        FileExistsError: something has the new name; unlike with `os.rename`, it is not replaced.
        OSError: it can't be done; nothing was changed.
    """
    _rename(path, new, RENAME_NOREPLACE, RENAME_EXCL)


def _rename(path: Path, new: Path, linux: int, macos: int) -> None:
    """Call the C library's rename with flags."""
    libc = ctypes.CDLL(None, use_errno=True)
    paths = os.fsencode(path), os.fsencode(new)
    try:
        if sys.platform == "darwin":
            failed = libc.renamex_np(*paths, ctypes.c_uint(macos))
        else:
            flags = ctypes.c_uint(linux)
            failed = libc.renameat2(AT_FDCWD, paths[0], AT_FDCWD, paths[1], flags)
    except AttributeError as error:
        raise OSError(0, "the C library can't swap two folders", str(new)) from error
    if failed:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(new))


def check_target(outputs: Path, name: str) -> None:
    """See that `outputs/NAME` is a real folder in real folders, or may become one.

    Raises:
        Refusal: something else is in its place, or in the place of a folder above it, or in that
            of a folder in which its run works.
    """
    for folder in (outputs / name, runs_of(outputs) / name, staging_of(outputs) / name):
        refuse_links(outputs, folder)
    place = outputs
    for part in (None, *name.split("/")):
        place = place / part if part else place
        shown = "/".join((outputs.name, *place.relative_to(outputs).parts))
        if os.path.lexists(place) and not place.is_dir():
            fix = "Move it away; the run creates a folder there"
            raise Refusal(Problem("not a folder", fix, shown))
        if place.is_dir() and not os.access(place, os.W_OK | os.X_OK):
            fix = "Give yourself write permission on this folder"
            raise Refusal(Problem("not a folder you can write to", fix, shown))
    if place.is_mount():
        rule = "a mounted disk, which can't be swapped with a folder"
        raise Refusal(Problem(rule, "Mount it as outputs/ instead", shown))


def probe(staging: Path, target: Path) -> None:
    """Try the exchange with two empty folders, before anything is computed.

    Args:
        staging: where the new folder will be built.
        target: where it will be published.

    Raises:
        Refusal: it can't be done there.
    """
    parent = next(parent for parent in target.parents if parent.is_dir())
    folders = staging / "probe", parent / f".probe-{target.name}"
    try:
        for folder in folders:
            with suppress(FileNotFoundError):
                folder.rmdir()  # of a probe that was killed; one that is not empty stays, an error
            folder.mkdir()
        exchange(*folders)
    except OSError as error:
        rule = f"reports can't be published here in one step: {error.strerror}"
        raise Refusal(Problem(rule, LOCAL_DISK, file=f"{parent.name}/")) from error
    finally:
        for folder in folders:
            with suppress(OSError):
                folder.rmdir()
