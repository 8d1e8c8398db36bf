"""The fork server: one process that has the imports of a report behind it, and of which each kernel is a copy.

`python -P -m finops_nb.notebook.fork_server DESCRIPTOR` takes its orders from a socket it inherits: a message, with the kernel's
log and a control socket of its own beside it. On the control socket it says the kernel's process id, and how that
process ended. A kernel is killed when the other end of its control socket is closed, and all are when the door is:
so a runner that dies leaves none, however it dies.

It draws nothing, opens no database and starts no thread before it forks, since only memory survives a fork.
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

from finops_nb.notebook.background_failures import watch_futures
from finops_nb.notebook.kernel_main import die_with, preload

ORDER: Final = 1_000_000
"""Bytes that an order may have; most of it is the kernel's environment."""


def serve(door: socket.socket) -> None:
    """Fork a kernel for each order until nobody is left who could give one."""
    woken, waker = os.pipe()
    for end in (woken, waker):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # a handler is needed for the wake-up
    kernels: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as watch:
        watch.register(door, selectors.EVENT_READ)
        watch.register(woken, selectors.EVENT_READ)
        while True:
            for ready in (key.fileobj for key, _ in watch.select()):
                if ready is door:
                    order, handles, _, _ = socket.recv_fds(door, ORDER, 2)
                    if not order:
                        for pid, control in [*kernels.items()]:
                            _let_go(pid, control)
                        return
                    pid, control = _fork(json.loads(order), *handles)
                    kernels[pid] = control
                    watch.register(control, selectors.EVENT_READ)
                elif ready is woken:
                    with suppress(BlockingIOError):
                        os.read(woken, 1000)
                    for pid, control in kernels.items():
                        _say_the_end(pid, control)
                else:
                    [pid] = [each for each, control in kernels.items() if control is ready]
                    watch.unregister(ready)
                    _let_go(pid, kernels.pop(pid))


def _fork(order: dict[str, Any], log: int, control: int) -> tuple[int, socket.socket]:
    server = os.getpid()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            _become(order, log, control, server)
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    os.close(log)
    told = socket.socket(fileno=control)
    told.setblocking(False)
    with suppress(OSError):
        told.send(f"{pid}\n".encode())
    return pid, told


def _become(order: dict[str, Any], log: int, control: int, server: int) -> None:
    """Be the kernel, until it ends."""
    os.setsid()
    die_with(server)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDONLY)
    for handle, standard in ((null, 0), (log, 1), (log, 2)):
        os.dup2(handle, standard)
    os.closerange(3, 1024)  # the door, and what other kernels are told by
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    sys.argv[1:] = order["argv"]

    from ipykernel import kernelapp

    kernelapp.launch_new_instance()


def _say_the_end(pid: int, control: socket.socket) -> None:
    """Tell how a kernel ended. It stays a zombie until its runner lets go: nobody else can get its number before."""
    end = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if end is not None:
        with suppress(OSError):
            control.send(
                f"{end.si_status if end.si_code == os.CLD_EXITED else -end.si_status}\n".encode()
            )


def _let_go(pid: int, control: socket.socket) -> None:
    """Kill what is left of a kernel and of what it started."""
    control.close()
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)  # it may not have come to be the first of its group yet
    os.waitpid(pid, 0)


if __name__ == "__main__":
    die_with(os.getppid())
    preload()
    watch_futures()
    import_module("ipykernel.kernelapp")
    gc.freeze()
    serve(socket.socket(fileno=int(sys.argv[1])))
