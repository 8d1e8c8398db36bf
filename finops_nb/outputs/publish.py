"""A folder is published in one step: who opens it sees the whole old report or the whole new one."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from finops_nb.atomic_files import sync_folder
from finops_nb.errors import Problem, Refusal

AT_FDCWD: Final = -100
RENAME_EXCHANGE: Final = 2
RENAME_SWAP: Final = 2


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
            failed = libc.renameat2(
                AT_FDCWD, paths[0], AT_FDCWD, paths[1], ctypes.c_uint(RENAME_EXCHANGE)
            )
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
            raise Refusal(
                Problem("not a folder", "Move it away; the run makes a folder there", shown)
            )
        if place.is_dir() and not os.access(place, os.W_OK | os.X_OK):
            raise Refusal(
                Problem(
                    "nothing can be written there",
                    "Give yourself the right to write to this folder",
                    shown,
                )
            )
    if place.is_mount():
        raise Refusal(
            Problem(
                "a mounted disk, which cannot be exchanged for a folder",
                "Mount it as outputs/ instead",
                shown,
            )
        )


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
