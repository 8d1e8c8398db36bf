"""A kernel that the fork server starts: a provisioner, which is jupyter_client's own place for ways to start a kernel."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from finops_nb.notebook.fork_server import ORDER

if TYPE_CHECKING:
    from jupyter_client.connect import KernelConnectionInfo

NAME: Final = "finops-nb-fork"
"""Of the entry point, in the group `jupyter_client.kernel_provisioners`."""

AVAILABLE: Final = sys.platform == "linux"
"""macOS forks too, but its own libraries do not survive it."""

PATIENCE: Final = 60
"""Seconds within which the fork server has its imports done and the kernel forked."""


class ForkedProcess:
    """As much of `subprocess.Popen` as `LocalProvisioner` asks for, for a process that is another one's child."""

    stdin = stdout = stderr = None

    def __init__(
        self, door: socket.socket, argv: list[str], cwd: str, env: Mapping[str, str], log: int
    ):
        self.returncode: int | None = None
        mine, theirs = socket.socketpair()
        with theirs:
            order = json.dumps({"argv": argv, "cwd": cwd, "env": dict(env)}).encode()
            socket.send_fds(door, [order], [log, theirs.fileno()])
        mine.settimeout(PATIENCE)
        self._control = mine
        self._heard = b""
        self.pid = self._number()

    def _number(self) -> int:
        """The next number that the fork server says.

        Raises:
            OSError: it is gone, or does not answer.
        """
        while b"\n" not in self._heard:
            heard = self._control.recv(100)
            if not heard:
                raise ConnectionError("the fork server is gone")
            self._heard += heard
        number, _, self._heard = self._heard.partition(b"\n")
        return int(number)

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, when it has ended.

        Raises:
            subprocess.TimeoutExpired: it has not, within these seconds.
        """
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("kernel", timeout or 0)
        return code

    def _ended(self, within: float | None) -> int | None:
        if self.returncode is None:
            self._control.settimeout(within)
            try:
                self.returncode = self._number()
            except (BlockingIOError, TimeoutError):
                return None
            except OSError:
                self.returncode = -signal.SIGKILL  # with the fork server, all its kernels end
            self._control.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class ForkProvisioner(LocalProvisioner):
    """Starts the kernel through the door of the manager that asks for it."""

    process: Any

    async def launch_kernel(self, cmd: list[str], **options: Any) -> KernelConnectionInfo:
        manager: Any = self.parent
        argv = cmd[cmd.index("-f") :]
        self.process = ForkedProcess(
            manager.door, argv, options["cwd"], options["env"], options["stdout"].fileno()
        )
        self.pid = self.pgid = self.process.pid
        return self.connection_info


@contextmanager
def fork_server(kernel_environment: Mapping[str, str]) -> Iterator[socket.socket]:
    """A fork server that starts while the block begins; its door, which processes forked in the block may use too.

    Args:
        environment: of the server; what its kernels import stands in it as for `lifeline.preload`.
    """
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    mine.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ORDER)
    with mine:
        with theirs:
            command = [
                sys.executable,
                "-P",
                "-m",
                "finops_nb.notebook.fork_server",
                str(theirs.fileno()),
            ]
            handles = (theirs.fileno(),)
            process = subprocess.Popen(
                command,
                env=dict(kernel_environment),
                pass_fds=handles,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            yield mine
        finally:
            process.kill()  # its kernels die with it
            process.wait()
