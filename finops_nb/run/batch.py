"""A batch: many reports side by side, each published in the order of its months; one that fails stops no other."""

from __future__ import annotations

import os
import signal
import socket
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from importlib import import_module
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Final

from finops_nb.errors import FinopsError
from finops_nb.home import Home
from finops_nb.notebook.fork_provisioner import AVAILABLE, fork_server
from finops_nb.notebook.kernel import kernel_environment
from finops_nb.notebook.kernel_main import PRELOAD
from finops_nb.outputs.months import PublishedMonth, names_before
from finops_nb.params.model import load_params
from finops_nb.run.job import ALONE, open_job
from finops_nb.run.run import WORKBENCH, rebuild_index, stands
from finops_nb.run.signals import SIGNALS, Interruption
from finops_nb.run.worker import Event, Expect, Make, RunState, make, work

Tell = Callable[[Event], None]
IMPORTS: Final = (
    "papermill",
    "finops_nb.report.html_page",
    "finops_nb.run.expected_month",
    "finops_nb.notebook.sanitize",
    "finops_nb.notebook.gate",
)
"""What a run imports when it comes to it; workers forked after that share it."""
PRELOADED: Final = (WORKBENCH, "networkx", "matplotlib.style", "PIL.features")
"""What every report imports sooner or later, networkx when it books; kernels forked after that share it."""
PATIENCE: Final = 30
"""Seconds that runs have to end after a signal, before they are killed."""


def run_batch(
    names: Sequence[str],
    home: Home,
    *,
    jobs: int,
    forked: bool,
    force: bool,
    reason: str,
    tell: Tell,
) -> list[Event]:
    """Run NAMEs, several at a time.

    Args:
        names: each once, in the order in which they start; months before the months that look back on them.
        home: the home.
        jobs: how many at a time, at least 1.
        forked: kernels are forked from one process with the imports done; else each is a fresh interpreter.
        force: make them even where they stand.
        reason: for the revisions that come of it.
        tell: called with each event.

    Returns:
        How each NAME ended, in the order given.
    """
    # Only those that start earlier are waited for: what waits holds a hand, and the last of all hands may be needed.
    before = {name: _before(name, home) & {*names[:place]} for place, name in enumerate(names)}
    ended: dict[str, Event] = {}

    def heard(event: Event) -> None:
        tell(event)
        if event.state.ends:
            ended[event.name] = event

    waiting = _that_do_not_stand(names, before, home, force, reason, heard)
    if len(waiting) == 1:
        heard(make(waiting[0], home, force, reason, ALONE, heard))
    elif waiting:
        with Interruption() as interruption, _doors(forked) as door:
            hands = _Hands(home, force, reason, door, min(jobs, len(waiting)))
            try:
                _side_by_side(deque(waiting), before, hands, heard, ended)
            except KeyboardInterrupt:
                with interruption.shielded():
                    hands.stop(heard)
            finally:
                with interruption.shielded():
                    hands.dismiss()
                    done = [end for end in ended.values() if end.state is RunState.PUBLISHED]
                    if done:
                        rebuild_index(
                            home, lambda text: heard(Event(done[-1].name, RunState.NOTICE, text))
                        )
    for name in names:
        if name not in ended:
            heard(Event(name, RunState.INTERRUPTED, "Not started.", exit_code=130))
    return [ended[name] for name in names]


def _before(name: str, home: Home) -> set[str]:
    """The NAMEs whose reports this one looks back on."""
    try:
        return set(names_before(load_params(home, home.check_name(name))))
    except FinopsError:
        return set()


def _that_do_not_stand(
    names: Sequence[str],
    before: Mapping[str, set[str]],
    home: Home,
    force: bool,
    reason: str,
    heard: Tell,
) -> list[str]:
    """The NAMEs for which there is something to do, or that are not known to stand because a month before them does not."""
    waiting: list[str] = []
    for name in names:
        try:
            job = None if force or before[name] & set(waiting) else open_job(home, name)
            if job is not None and stands(job):
                end = make(name, home, force, reason, ALONE, heard)
                heard(end)
                if end.state is RunState.INTERRUPTED:
                    return []
                continue
        except (FinopsError, OSError):
            pass  # its run will say what is wrong
        waiting.append(name)
    return waiting


@contextmanager
def _doors(forked: bool) -> Iterator[socket.socket | None]:
    """The fork server's door, with the runner's own imports made while the server makes its."""
    with (
        fork_server(kernel_environment({PRELOAD: " ".join(PRELOADED)}))
        if forked
        else nullcontext() as door
    ):
        for module in IMPORTS:
            import_module(module)
        yield door


class _Hands:
    """The workers, and what each has in hand."""

    def __init__(
        self, home: Home, force: bool, reason: str, door: socket.socket | None, count: int
    ):
        self._about = (home, force, reason, door, os.getpid())
        self._context = get_context("fork") if AVAILABLE else get_context("spawn")
        self.busy: dict[Connection, str] = {}
        self.idle: list[Connection] = []
        self._processes: dict[Connection, BaseProcess] = {}
        self._stopping = False
        for _ in range(count):
            self._hire()

    def _hire(self) -> None:
        ours, theirs = self._context.Pipe()
        with theirs:
            process: BaseProcess = self._context.Process(target=work, args=(theirs, *self._about))
            # A signal waits until the worker has handlers of its own.
            signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
            try:
                process.start()
            finally:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        self._processes[ours] = process
        self.idle.append(ours)

    def order(self, order: Expect | Make) -> None:
        """Give the next idle worker something to do."""
        line = self.idle.pop()
        self.busy[line] = order.name
        with suppress(OSError):  # one that died meanwhile is heard of
            line.send(order)

    def hear(self) -> Iterator[tuple[Connection, str, object]]:
        """What the busy workers say next, with their NAMEs; a dead one is replaced, and says how its run ended."""
        for line in connection.wait([*self.busy]):
            assert isinstance(line, Connection)
            name = self.busy[line]
            try:
                said = line.recv()
            except (EOFError, OSError):
                said = self._dead(line, name)
            if not isinstance(said, Event) or (said.state.ends and line in self.busy):
                del self.busy[line]
                self.idle.append(line)
            yield line, name, said

    def _dead(self, line: Connection, name: str) -> Event:
        process = self._processes.pop(line)
        process.join()
        line.close()
        del self.busy[line]
        if self._stopping:
            return Event(
                name,
                RunState.INTERRUPTED,
                f"Interrupted. outputs/{name} is a whole report, or none.",
                exit_code=130,
            )
        self._hire()
        how = (
            "killed; out of memory?"
            if process.exitcode == -signal.SIGKILL
            else f"exit code {process.exitcode}"
        )
        return Event(
            name,
            RunState.FAILED,
            f"The process of the run ended ({how}). What was published before stands.",
            exit_code=1,
        )

    def stop(self, heard: Tell) -> None:
        """Have every run end, and hear how."""
        self._stopping = True
        for line in self.busy:
            self._processes[line].terminate()
        while self.busy and connection.wait([*self.busy], PATIENCE):
            for _, _, said in self.hear():
                if isinstance(said, Event) and said.state is not RunState.READY:
                    heard(said)

    def dismiss(self) -> None:
        """Let all go: the idle by themselves, whatever is still busy at once."""
        for line, process in self._processes.items():
            if line in self.busy:
                process.kill()
            else:
                with suppress(OSError):
                    line.send(None)
            process.join()
            line.close()


def _side_by_side(
    waiting: deque[str],
    before: Mapping[str, set[str]],
    hands: _Hands,
    heard: Tell,
    ended: Mapping[str, Event],
) -> None:
    """Have all runs made: no more at a time than there are hands, each published after those of the months before it."""
    open_names = {*waiting}
    expected = _expectations(
        [name for name in waiting if any(name in before[other] for other in waiting)], hands
    )
    ready: dict[Connection, str] = {}
    while open_names:
        while hands.idle and waiting:
            name = waiting.popleft()
            hands.order(Make(name, {each: expected[each] for each in before[name] & open_names}))
        for line, name, said in hands.hear():
            assert isinstance(said, Event)
            if said.state is RunState.READY:
                ready[line] = name
            else:
                ready.pop(line, None)
                heard(said)
                open_names -= {*ended}
        for line, name in [*ready.items()]:
            if not before[name] & open_names:
                del ready[line]
                with suppress(OSError):
                    line.send("your turn")


def _expectations(names: Sequence[str], hands: _Hands) -> dict[str, PublishedMonth | None]:
    """What the reports of these months will be, as far as that can be told."""
    expected: dict[str, PublishedMonth | None] = {}
    waiting = deque(names)
    while len(expected) < len(names):
        while hands.idle and waiting:
            hands.order(Expect(waiting.popleft()))
        for _, name, said in hands.hear():
            expected[name] = said if isinstance(said, PublishedMonth) else None
    return expected
