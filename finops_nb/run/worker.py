"""A worker: a process that makes one report after the other, as it is told over a line."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from multiprocessing.connection import Connection
from typing import Final

from finops_nb.errors import Busy, FinopsError, Interrupted
from finops_nb.home import Home, bare
from finops_nb.notebook.kernel_main import die_with
from finops_nb.outputs.months import PublishedMonth
from finops_nb.run.job import Slot
from finops_nb.run.signals import SIGNALS


class RunState(StrEnum):
    """What is heard of a NAME, in this order; one of the last five ends it."""

    STARTED = "started"
    CELL = "cell"
    NOTICE = "notice"
    READY = "ready"
    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    HELD = "held"

    @property
    def ends(self) -> bool:
        return self in (RunState.PUBLISHED, RunState.UNCHANGED, *UNDONE)


UNDONE: Final = (RunState.FAILED, RunState.INTERRUPTED, RunState.HELD)
"""Ends of a run that published nothing."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a NAME.

    Args:
        name: the NAME.
        state: what.
        text: the path of the HTML, a notice, or why it failed.
        cell: the number of the cell that starts.
        cells: how many there are.
        exit_code: of what ended.
    """

    name: str
    state: RunState
    text: str = ""
    cell: int = 0
    cells: int = 0
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Expect:
    """The order to say which figures the report of a month will have."""

    name: str


@dataclass(frozen=True, slots=True)
class Make:
    """The order to run a NAME beside others.

    Args:
        name: the NAME.
        coming: months that are still being made, by NAME.
    """

    name: str
    coming: Mapping[str, PublishedMonth | None] = field(default_factory=dict)


def work(
    line: Connection, home: Home, force: bool, reason: str, door: socket.socket | None, parent: int
) -> None:
    """Carry out orders until there are no more; a stop signal ends the run at hand, and then the worker.

    Args:
        line: brings `Expect`, answered with a `PublishedMonth` or None, and `Make`, answered with events; on READY it
            waits for any word before it publishes. None ends it: other workers hold the line's other end too.
        home: the home.
        force: make reports even where they stand.
        reason: for the revisions that come of it.
        door: of the fork server.
        parent: the process to end with.
    """
    die_with(parent)
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(
                number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
            )
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        while True:
            match line.recv():
                case Expect(name):
                    line.send(_expected(name, home))
                case Make(name, coming):
                    line.send(_made(name, coming, home, force, reason, door, line))
                case None:
                    os._exit(0)
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        os._exit(0)


def _expected(name: str, home: Home) -> PublishedMonth | None:
    from finops_nb.run.expected_month import coming_month

    return coming_month(name, home)


def _made(
    name: str,
    coming: Mapping[str, PublishedMonth | None],
    home: Home,
    force: bool,
    reason: str,
    door: socket.socket | None,
    line: Connection,
) -> Event:
    """Run the NAME; the event that ends it."""

    def turn() -> None:
        line.send(Event(name, RunState.READY))
        line.recv()

    return make(name, home, force, reason, Slot(door, coming, turn, index=False), line.send)


def make(
    name: str, home: Home, force: bool, reason: str, slot: Slot, tell: Callable[[Event], None]
) -> Event:
    """Run a NAME in this process; the event that ends it.

    Args:
        name: the NAME.
        home: the home.
        force: make it even where it stands.
        reason: for the revision that comes of it.
        lane: for `run`.
        tell: called with each event before that.
    """
    from finops_nb.run.run import run

    def progress(cell: int, cells: int) -> None:
        tell(Event(name, RunState.CELL, cell=cell, cells=cells))

    def notice(text: str) -> None:
        tell(Event(name, RunState.NOTICE, text))

    tell(Event(name, RunState.STARTED))
    was = _folder(home, name)
    try:
        page = run(
            name, home, force=force, reason=reason, progress=progress, notice=notice, slot=slot
        )
    except FinopsError as error:
        state = {Interrupted.exit_code: RunState.INTERRUPTED, Busy.exit_code: RunState.HELD}.get(
            error.exit_code, RunState.FAILED
        )
        return Event(name, state, str(error), exit_code=error.exit_code)
    return Event(
        name,
        RunState.UNCHANGED if was == page.parent.stat().st_ino else RunState.PUBLISHED,
        str(page),
    )


def _folder(home: Home, name: str) -> int | None:
    """The number of the folder that is published, which is another one with each report."""
    with suppress(OSError):
        return (home.outputs / bare(name)).stat().st_ino
    return None
