"""Text files that people write: their bytes, their byte order mark and their line breaks."""

from __future__ import annotations

import errno
import os
import re
import stat
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Final

from finops_nb.errors import Problem, Refusal

BOM: Final = "\ufeff"
BREAK: Final = re.compile(r"\r\n|\r|\n")
HALF: Final = re.compile("[\ud800-\udfff]")
"""Half of a character, which no UTF-8 file can hold."""

HALF_REFUSED: Final = (
    "half of a character, written as \\ud800 or similar",
    "Write the character itself",
)
"""Rule and fix where there is one."""


def read_bytes(path: Path, shown: str, largest: int, fix: str) -> bytes:
    """The bytes of a file, of which no more is read than it may have.

    Args:
        path: the file.
        shown: its name in messages.
        largest: how many bytes it may have.
        fix: what to do about a larger one.

    Raises:
        Refusal: it can't be read, is too large, or is a pipe or a device: that would be waited
            for, or read without an end.
    """
    try:
        status, raw = _read(path, largest + 1)
    except OSError as error:
        rule, fix = f"cannot be read: {error.strerror}", "Check the path and the permissions"
        raise Refusal(Problem(rule, fix, shown)) from error
    if len(raw) > largest:
        rule = f"too large: {max(status.st_size, len(raw)):,} bytes"
        raise Refusal(Problem(rule, fix, shown))
    return raw


def open_regular(path: Path) -> FileIO:
    """A file, unbuffered, for the caller to close.

    Raises:
        OSError: it can't be opened, or is a pipe, a device or a folder.
    """
    # Opening a pipe that nobody writes to would wait.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        raise OSError(errno.EINVAL, "it is not a regular file")
    return FileIO(handle, "rb")


def _read(path: Path, most: int) -> tuple[os.stat_result, bytes]:
    """What the system says about a file, and its first bytes."""
    with open_regular(path) as raw, BufferedReader(raw) as file:
        return os.fstat(raw.fileno()), file.read(most)


def check_exists(path: Path, key: str, value: str) -> None:
    """See that the file that a key of the params names exists.

    Args:
        path: the file.
        key: the key.
        value: its value.

    Raises:
        Refusal: it does not; the problem's column is the key, so that its line can be named.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        fix = (
            "Put the file there, or correct the path; "
            "the path is relative to the home (the folder that contains params/)"
        )
        raise Refusal(Problem("no such file", fix, column=key, value=value)) from None
    except OSError:
        return  # whoever reads it says why that fails


def line_end(text: str) -> str:
    r"""The line break of a file: its first one.

    >>> line_end("a\r\nb\r\n"), line_end("a")
    ('\r\n', '\n')
    """
    first = BREAK.search(text)
    return first[0] if first else "\n"
