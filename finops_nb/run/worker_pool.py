"""The worker processes of a batch, and the NAME that each of them runs."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Final

from finops_nb.notebook.fork_provisioner import AVAILABLE
from finops_nb.run.failures import folder_number, interruption_text
from finops_nb.run.signals import SIGNALS
from finops_nb.run.worker import Event, Expect, Make, Options, RunState, Tell, work

PATIENCE: Final = 30
"""Seconds that runs have to end after a signal, before they are killed."""


class WorkerPool:
    """Worker processes, started at once.

    Args:
        options: of every run.
        server_socket: of the fork server.
        count: how many processes.

    Attributes:
        busy: the NAME that each busy worker runs, by the pipe to it.
        idle: the pipes to the others.
    """

    def __init__(self, options: Options, server_socket: socket.socket | None, count: int):
        self.busy: dict[Connection, str] = {}
        self.idle: list[Connection] = []
        self._home = options.home
        self._folders_before: dict[str, int | None] = {}
        self._arguments = (options, server_socket, os.getpid())
        self._context = get_context("fork") if AVAILABLE else get_context("spawn")
        self._processes: dict[Connection, BaseProcess] = {}
        self._interrupted = False
        for _ in range(count):
            self._start()

    def order(self, order: Expect | Make) -> None:
        """Give an idle worker something to do."""
        connection = self.idle.pop()
        self.busy[connection] = order.name
        self._folders_before[order.name] = folder_number(self._home, order.name)
        with suppress(OSError):  # if it died meanwhile, `messages` says so
            connection.send(order)

    def messages(self) -> Iterator[tuple[Connection, str, object]]:
        """Wait for busy workers, and yield what they send.

        A worker that died is replaced; its message is the event that ends its run.

        Yields:
            The pipe to the worker, the NAME it runs, and its message.
        """
        for connection in wait([*self.busy]):
            assert isinstance(connection, Connection)
            name = self.busy[connection]
            try:
                message = connection.recv()
            except (EOFError, OSError):
                message = self._replace(connection, name)
            is_last = not isinstance(message, Event) or message.state.ends
            if is_last and connection in self.busy:
                del self.busy[connection]
                self.idle.append(connection)
            yield connection, name, message

    def interrupt(self, tell: Tell) -> None:
        """Ask every run to end, and tell how each did."""
        self._interrupted = True
        for connection in self.busy:
            self._processes[connection].terminate()
        while self.busy and wait([*self.busy], PATIENCE):
            for _, _, message in self.messages():
                if isinstance(message, Event) and message.state is not RunState.READY:
                    tell(message)

    def stop(self) -> None:
        """End all workers: idle ones end themselves, busy ones are killed."""
        for connection, process in self._processes.items():
            if connection in self.busy:
                process.kill()
            else:
                with suppress(OSError):
                    connection.send(None)
            process.join()
            connection.close()

    def _start(self) -> None:
        connection, far_end = self._context.Pipe()
        with far_end:
            arguments = (far_end, *self._arguments)
            process: BaseProcess = self._context.Process(target=work, args=arguments)
            # A signal waits until the worker has handlers of its own.
            signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
            try:
                process.start()
            finally:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        self._processes[connection] = process
        self.idle.append(connection)

    def _replace(self, connection: Connection, name: str) -> Event:
        """The end of a run whose worker died; a new worker is started."""
        process = self._processes.pop(connection)
        process.join()
        connection.close()
        del self.busy[connection]
        if self._interrupted:
            text = interruption_text(self._home, name, self._folders_before[name])
            return Event(name, RunState.INTERRUPTED, text, exit_code=130)
        self._start()
        cause, fix = f"exit code {process.exitcode}", "Run again."
        if process.exitcode == -signal.SIGKILL:
            cause, fix = "killed; out of memory?", "Run again, with fewer --jobs if memory ran out."
        text = f"The run's process ended early ({cause}). Published reports are intact. {fix}"
        return Event(name, RunState.FAILED, text, exit_code=1)
