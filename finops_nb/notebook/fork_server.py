"""Fork server: one process that has done the imports of a report, and forks each kernel.

`fork_server DESCRIPTOR`, started by `own_python`, reads requests from a socket it inherits.
A request is one message with two descriptors: the kernel's log, and a control socket of its own.
On the control socket the server writes the kernel's process id, and later its exit code. It kills
a kernel when the other end of its control socket is closed, and all kernels when the server socket
is closed, so a runner that dies leaves no kernel behind, however it dies.

Before it forks, the server draws nothing, opens no database and starts no thread, because only
memory survives a fork.

Measured against `multiprocessing`'s own 'forkserver' (six months, two workers, median of five
rounds): 9.1 seconds here, 10.0 there, for the same published bytes. There, a kernel also outlived
its killed worker, got the `sys.path` and main module of the runner, and forked workers could reach
the server only through private attributes.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any, Final

from finops_nb.garbage import collect_rarely
from finops_nb.money import use_exact_context
from finops_nb.notebook.background_failures import watch_futures
from finops_nb.notebook.kernel_main import die_with, preload

REQUEST_BYTES: Final = 1_000_000
"""Bytes that a request may have; most of it is the kernel's environment."""


def serve(server_socket: socket.socket) -> None:
    """Fork a kernel for each request, until no process holds the other end of the socket."""
    child_ended = _child_signal()
    kernels = _Kernels()
    with selectors.DefaultSelector() as selector:
        selector.register(server_socket, selectors.EVENT_READ)
        selector.register(child_ended, selectors.EVENT_READ)
        while True:
            for ready in (key.fileobj for key, _ in selector.select()):
                if ready is server_socket:
                    request, handles, _, _ = socket.recv_fds(server_socket, REQUEST_BYTES, 2)
                    if not request:
                        kernels.end_all()
                        return
                    control = kernels.start(json.loads(request), *handles)
                    selector.register(control, selectors.EVENT_READ)
                elif ready is child_ended:
                    with suppress(BlockingIOError):
                        os.read(child_ended, 1000)
                    kernels.report_ends()
                elif isinstance(ready, socket.socket):
                    # Nothing is ever sent on a control socket; readable means closed.
                    selector.unregister(ready)
                    kernels.end(ready)


def _child_signal() -> int:
    """A descriptor that becomes readable when a child ends."""
    readable, writable = os.pipe()
    for end in (readable, writable):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(writable)
    # Python writes to the wake-up descriptor only for signals that have a handler.
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return readable


class _Kernels:
    """The kernels that were forked and whose runner still holds their control socket."""

    def __init__(self) -> None:
        self._pids: dict[socket.socket, int] = {}

    def start(self, request: dict[str, Any], log: int, control_handle: int) -> socket.socket:
        """Fork a kernel and write its process id to its control socket, which is returned."""
        pid = _fork(request, log)
        os.close(log)
        control = socket.socket(fileno=control_handle)
        control.setblocking(False)
        _write(control, pid)
        self._pids[control] = pid
        return control

    def report_ends(self) -> None:
        """Write the exit code of each kernel that ended to its control socket.

        The kernel stays a zombie until its runner closes the socket, so that no other process can
        get its process id while the runner may still send it a signal.
        """
        for control, pid in self._pids.items():
            end = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if end is not None:
                exited = end.si_code == os.CLD_EXITED
                _write(control, end.si_status if exited else -end.si_status)

    def end(self, control: socket.socket) -> None:
        """Kill what is left of a kernel and of the processes it started."""
        pid = self._pids.pop(control)
        control.close()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)  # it may not lead its process group yet
        os.waitpid(pid, 0)

    def end_all(self) -> None:
        for control in [*self._pids]:
            self.end(control)


def _fork(request: dict[str, Any], log: int) -> int:
    """Fork a process that runs the kernel; its process id."""
    server = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        _run_kernel(request, log, server)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _run_kernel(request: dict[str, Any], log: int, server: int) -> None:
    """Turn this forked process into the kernel, and run it until it ends."""
    os.setsid()
    die_with(server)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDONLY)
    for handle, standard in ((null, 0), (log, 1), (log, 2)):
        os.dup2(handle, standard)
    os.closerange(3, 1024)  # the server socket, and the control sockets of other kernels
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv[1:] = request["argv"]

    from finops_nb.notebook.kernel_app import KernelApp

    KernelApp.launch_instance()


def _write(control: socket.socket, number: int) -> None:
    """Write a line to a runner, which may be gone."""
    with suppress(OSError):
        control.send(f"{number}\n".encode())


if __name__ == "__main__":
    die_with(os.getppid())
    preload()
    use_exact_context()
    collect_rarely()
    watch_futures()
    import_module("finops_nb.notebook.kernel_app")
    gc.freeze()  # the collector would write to, and so copy, the memory that kernels share
    serve(socket.socket(fileno=int(sys.argv[1])))
