"""Many reports in parallel, published in the order of their months; a failure stops no other."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Final

from finops_nb.errors import FinopsError
from finops_nb.home import Home
from finops_nb.notebook.fork_provisioner import fork_server
from finops_nb.notebook.kernel import kernel_environment
from finops_nb.notebook.kernel_main import PRELOAD
from finops_nb.notebook.old_imports import INSTEAD
from finops_nb.notebook.process_limits import OPEN_FILES, OPEN_FILES_OF_A_WORKER, allow_open_files
from finops_nb.outputs.looked_back import names_looked_back_on
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.params_file import load_params
from finops_nb.run.job import ALONE, open_job
from finops_nb.run.run import EXPORTERS, NOTEBOOK_API, is_current, rebuild_index
from finops_nb.run.signals import Interruption
from finops_nb.run.worker import Event, Expect, Make, Options, RunState, Tell, make
from finops_nb.run.worker_pool import WorkerPool

IMPORTS: Final = (
    *EXPORTERS,
    "finops_nb.run.expected_month",
    "finops_nb.notebook.sanitize",
    "finops_nb.notebook.gate",
)
"""What a run imports when it needs it; workers forked after that share it."""
PRELOADED: Final = (NOTEBOOK_API, "networkx", "matplotlib.style", "PIL.features")
"""What every report imports, networkx for the ledger; kernels forked after that share it."""


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
        names: each once, in the order in which they start; months before the months that look
            back on them.
        home: the home.
        jobs: how many at a time, at least 1.
        forked: kernels are forked from one process with the imports done; else each is a new
            interpreter.
        force: run again even if nothing has changed.
        reason: for the revisions that are made.
        tell: called with each event.

    Returns:
        The event that ended each NAME, in the order given.
    """
    home.enter_if_lost()
    batch = _Batch(names, Options(home, force, reason), tell)
    waiting = batch.outdated() if len(names) > 1 else [*names]
    if len(waiting) == 1:
        batch.hear(make(waiting[0], batch.options, ALONE, batch.hear))
    elif waiting:
        _run_in_parallel(batch, waiting, jobs, forked)
    for name in names:
        if name not in batch.ended:
            batch.hear(Event(name, RunState.INTERRUPTED, "Not started.", exit_code=130))
    return [batch.ended[name] for name in names]


@dataclass
class _Batch:
    """What is to be run, and what came of it so far.

    Args:
        names: in the order in which they start.
        options: of every run.
        tell: called with each event.

    Attributes:
        before: by NAME, the earlier ones in the batch whose reports it looks back on.
        ended: by NAME, the event that ended it.
    """

    names: Sequence[str]
    options: Options
    tell: Tell
    before: Mapping[str, set[str]] = field(init=False)
    ended: dict[str, Event] = field(default_factory=dict)
    _advised: bool = False

    def __post_init__(self) -> None:
        # A run waits only for runs that start earlier: it occupies a worker while it waits, and
        # a later run may need the last free one.
        self.before = {
            name: _months_before(name, self.options.home) & {*self.names[:place]}
            for place, name in enumerate(self.names)
        }

    def hear(self, event: Event) -> None:
        """Pass an event on, and remember ends; advice that holds for all NAMEs is given once."""
        if event.text == INSTEAD:
            if self._advised:
                return
            self._advised = True
        self.tell(event)
        if event.state.ends:
            self.ended[event.name] = event

    def outdated(self) -> list[str]:
        """The NAMEs that need a run; the others end as unchanged.

        A NAME also needs one if a month before it does, since its report may then change.
        """
        waiting: list[str] = []
        for name in self.names:
            if self.options.force or self.before[name] & {*waiting} or not self._is_current(name):
                waiting.append(name)
                continue
            try:
                end = make(name, self.options, ALONE, self.hear)
            except OSError:
                waiting.append(name)  # its run will say what is wrong
                continue
            self.hear(end)
            if end.state is RunState.INTERRUPTED:
                return []
        return waiting

    def _is_current(self, name: str) -> bool:
        try:
            return is_current(open_job(self.options.home, name))
        except (FinopsError, OSError):
            return False  # its run will say what is wrong


def _months_before(name: str, home: Home) -> set[str]:
    """The NAMEs whose reports this one looks back on."""
    try:
        return set(names_looked_back_on(load_params(home, home.check_name(name))))
    except (FinopsError, OSError):
        return set()  # as above


def _run_in_parallel(batch: _Batch, waiting: Sequence[str], jobs: int, forked: bool) -> None:
    workers = min(jobs, len(waiting))
    allow_open_files(OPEN_FILES + OPEN_FILES_OF_A_WORKER * workers)
    with Interruption() as interruption, _server(forked) as server_socket:
        pool = WorkerPool(batch.options, server_socket, workers)
        try:
            _make_all(deque(waiting), batch, pool)
        except KeyboardInterrupt:
            with interruption.shielded():
                pool.interrupt(batch.hear)
        finally:
            with interruption.shielded():
                pool.stop()
                _rebuild_index(batch)


@contextmanager
def _server(forked: bool) -> Iterator[socket.socket | None]:
    """The socket of a fork server; the runner makes its own imports while the server starts."""
    environment = kernel_environment({PRELOAD: " ".join(PRELOADED)})
    with fork_server(environment) if forked else nullcontext() as server_socket:
        for module in IMPORTS:
            import_module(module)
        yield server_socket


def _make_all(waiting: deque[str], batch: _Batch, pool: WorkerPool) -> None:
    """Run all: as many at a time as there are workers, each published after the months before."""
    unfinished = {*waiting}
    looked_back_on = set().union(*(batch.before[name] for name in waiting))
    expected = _expectations([name for name in waiting if name in looked_back_on], pool)
    ready: dict[Connection, str] = {}
    while unfinished:
        while pool.idle and waiting:
            name = waiting.popleft()
            months = {month: expected[month] for month in batch.before[name] & unfinished}
            pool.order(Make(name, months))
        for connection, name, event in pool.messages():
            assert isinstance(event, Event)
            if event.state is RunState.READY:
                ready[connection] = name
            else:
                ready.pop(connection, None)
                batch.hear(event)
                unfinished -= {*batch.ended}
        for connection, name in [*ready.items()]:
            if not batch.before[name] & unfinished:
                del ready[connection]
                with suppress(OSError):
                    connection.send("your turn")


def _expectations(names: Sequence[str], pool: WorkerPool) -> dict[str, PublishedMonth | None]:
    """What the reports of these months will show, as far as it can be computed now."""
    expected: dict[str, PublishedMonth | None] = {}
    waiting = deque(names)
    while len(expected) < len(names):
        while pool.idle and waiting:
            pool.order(Expect(waiting.popleft()))
        for _, name, message in pool.messages():
            expected[name] = message if isinstance(message, PublishedMonth) else None
    return expected


def _rebuild_index(batch: _Batch) -> None:
    """Rebuild the index once if anything was published."""
    published = [end for end in batch.ended.values() if end.state is RunState.PUBLISHED]
    if published:
        name = published[-1].name
        rebuild_index(
            batch.options.home, lambda text: batch.hear(Event(name, RunState.NOTICE, text))
        )
