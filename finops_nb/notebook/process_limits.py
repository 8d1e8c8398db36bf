"""Process limits: what a shell lets a process have, and whether a report can be made with it.

A process that may not open one more file, or get more memory, ends wherever it happens to be: in
a cell, in a library's thread, or without any message. So what a run needs is checked before it
starts, and a run that failed names the limits that it ran under.
"""

from __future__ import annotations

import os
import resource
import stat
from typing import Final

from finops_nb.errors import Problem, Refusal

OPEN_FILES: Final = 128
"""Files that a run may have open; the starter's month needs 70 to 80 of them."""

OPEN_FILES_OF_A_WORKER: Final = 4
"""Files that a batch has open for each of its workers."""

ADDRESS_SPACE: Final = 1_500_000_000
"""Bytes below which no report was ever made; the starter's month needs 1.6 billion."""

KILOBYTE: Final = 1024
"""The unit of `ulimit`."""

LIMITS: Final = {
    "v": ("address space of a process", resource.RLIMIT_AS, KILOBYTE, " kB"),
    "d": ("data memory of a process", resource.RLIMIT_DATA, KILOBYTE, " kB"),
    "t": ("processor time of a process", resource.RLIMIT_CPU, 1, " s"),
    "f": ("size of a file", resource.RLIMIT_FSIZE, KILOBYTE, " kB"),
}
"""Limits that are unlimited unless somebody sets them, by their option of `ulimit`: what they
limit, the limit, and its unit."""

OF_A_LIMIT: Final = (
    *("the kernel died", "didn't start", "memory", "Memory", "new thread", "map segment"),
    *("allocat", "File too large"),
)
"""What a failure says that a limit may have caused."""


def allow_open_files(needed: int = OPEN_FILES) -> None:
    """Let this process, and those that it starts, open enough files for a run.

    Args:
        needed: how many.

    Raises:
        Refusal: the shell forbids it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if _is_enough(soft, needed):
        return
    if not _is_enough(hard, needed):
        rule = f"a process may open only {hard} files here, and this needs {needed}"
        fix = (
            "Open a new shell, run `ulimit -n 1024` in it and try again; "
            "in a unit of systemd, write LimitNOFILE=1024"
        )
        raise Refusal(Problem(rule, fix))
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def refuse_small_memory() -> None:
    """See that the limit of address space is none in which nothing can run.

    Raises:
        Refusal: it is.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if not _is_enough(soft, ADDRESS_SPACE):
        text = f"{soft // KILOBYTE:,} kB"
        rule = f"a process may have only {text} of address space here (`ulimit -v`)"
        fix = f"This needs at least {ADDRESS_SPACE // KILOBYTE:,} kB. {_raising('v')}"
        raise Refusal(Problem(rule, fix))


def refuse_umask() -> None:
    """See that the files that this process creates can be read and written by itself.

    Raises:
        Refusal: its umask takes that away.
    """
    mask = os.umask(0o077)  # there is no other way to read it
    os.umask(mask)
    if mask & stat.S_IRWXU:
        rule = f"you may not read or write the files that you create here (`umask {mask:03o}`)"
        raise Refusal(Problem(rule, "Run `umask 022` and try again"))


def possible_limit(failure: str) -> str:
    """A sentence on each limit that may have caused a failure; empty if there is none.

    Args:
        failure: what is said of it.

    Example:
        "Here, `ulimit -v` limits address space to 1,400,000 kB, which may be the cause. …"
    """
    if not any(sign in failure for sign in OF_A_LIMIT):
        return ""
    return "\n".join(filter(None, map(_sentence, LIMITS)))


def _sentence(option: str) -> str:
    subject, kind, divisor, unit = LIMITS[option]
    soft, _ = resource.getrlimit(kind)
    if soft == resource.RLIM_INFINITY:
        return ""
    amount = f"{soft // divisor:,}{unit}"
    return (
        f"Here, `ulimit -{option}` limits the {subject} to {amount}, which may be the cause. "
        f"{_raising(option)}."
    )


def _raising(option: str) -> str:
    return f"Open a new shell, run `ulimit -{option} unlimited` in it and try again"


def _is_enough(limit: int, needed: int) -> bool:
    return limit == resource.RLIM_INFINITY or limit >= needed
