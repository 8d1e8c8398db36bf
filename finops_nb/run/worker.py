"""A worker: a process that makes one report after another, on orders from a pipe."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from multiprocessing.connection import Connection
from typing import Final

from finops_nb.errors import Busy, FinopsError, Interrupted
from finops_nb.garbage import collect_rarely
from finops_nb.home import Home
from finops_nb.money import use_exact_context
from finops_nb.notebook.kernel_main import die_with
from finops_nb.outputs.months import PublishedMonth
from finops_nb.run.failures import folder_number
from finops_nb.run.job import Slot
from finops_nb.run.published_warnings import warnings_text
from finops_nb.run.signals import SIGNALS


class RunState(StrEnum):
    """The states of a NAME, in this order; each of the last five ends its run."""

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
        state: its state now.
        text: the path of the HTML, a notice, or why it failed.
        cell: the number of the cell that starts.
        cells: how many cells there are.
        exit_code: of a run that ended.
    """

    name: str
    state: RunState
    text: str = ""
    cell: int = 0
    cells: int = 0
    exit_code: int = 0


Tell = Callable[[Event], None]
"""Called with each event."""


@dataclass(frozen=True, slots=True)
class Options:
    """What all runs of a batch have in common.

    Args:
        home: the home.
        force: run again even if nothing has changed.
        reason: for the revisions that are made.
    """

    home: Home
    force: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Expect:
    """The order to compute the figures that the report of a month will have."""

    name: str


@dataclass(frozen=True, slots=True)
class Make:
    """The order to run a NAME in parallel with others.

    Args:
        name: the NAME.
        expected: months that are still being made, by NAME.
    """

    name: str
    expected: Mapping[str, PublishedMonth | None] = field(default_factory=dict)


def work(
    connection: Connection, options: Options, server_socket: socket.socket | None, parent: int
) -> None:
    """Carry out orders until there are no more.

    A signal to stop ends the current run, and then the worker.

    Args:
        connection: brings `Expect`, answered with a `PublishedMonth` or None, and `Make`, answered
            with events; after READY it waits for any message before it publishes. None ends the
            worker: it can't wait for the end of the pipe, since other workers hold the far end.
        options: of every run.
        server_socket: of the fork server.
        parent: the process to end with.
    """
    die_with(parent)
    use_exact_context()
    collect_rarely()
    _restore_signals()
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        while True:
            match connection.recv():
                case Expect(name):
                    connection.send(_expected(name, options.home))
                case Make(name, expected):
                    connection.send(_made(name, expected, options, server_socket, connection))
                case None:
                    os._exit(0)
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        os._exit(0)


def make(name: str, options: Options, slot: Slot, tell: Tell) -> Event:
    """Run a NAME in this process.

    Args:
        name: the NAME.
        options: of the run.
        slot: its place among runs in parallel.
        tell: called with each event but the last.

    Returns:
        The event that ends the run.
    """
    from finops_nb.run.run import run

    def progress(cell: int, cells: int) -> None:
        tell(Event(name, RunState.CELL, cell=cell, cells=cells))

    def notice(text: str) -> None:
        tell(Event(name, RunState.NOTICE, text))

    tell(Event(name, RunState.STARTED))
    folder_before = folder_number(options.home, name)
    try:
        page = run(
            name,
            options.home,
            force=options.force,
            reason=options.reason,
            progress=progress,
            notice=notice,
            slot=slot,
        )
    except FinopsError as error:
        return Event(name, _undone(error), str(error), exit_code=error.exit_code)
    if folder_before == folder_number(options.home, name):
        return Event(name, RunState.UNCHANGED, str(page))
    if text := warnings_text(page.parent):
        notice(text)
    return Event(name, RunState.PUBLISHED, str(page))


def _restore_signals() -> None:
    """Python's own handlers in place of the parent's; ignored signals stay ignored."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            interrupts = number == signal.SIGINT
            signal.signal(number, signal.default_int_handler if interrupts else signal.SIG_DFL)


def _expected(name: str, home: Home) -> PublishedMonth | None:
    from finops_nb.run.expected_month import expected_month

    return expected_month(name, home)


def _made(
    name: str,
    expected: Mapping[str, PublishedMonth | None],
    options: Options,
    server_socket: socket.socket | None,
    connection: Connection,
) -> Event:
    def wait_for_turn() -> None:
        connection.send(Event(name, RunState.READY))
        connection.recv()

    slot = Slot(server_socket, expected, wait_for_turn, index=False)
    return make(name, options, slot, connection.send)


def _undone(error: FinopsError) -> RunState:
    if error.exit_code == Interrupted.exit_code:
        return RunState.INTERRUPTED
    return RunState.HELD if error.exit_code == Busy.exit_code else RunState.FAILED
