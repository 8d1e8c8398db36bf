"""Fork provisioner: has the fork server start a kernel, which saves it two seconds of imports.

A provisioner is the extension point that jupyter_client has for other ways to start a kernel.
"""

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

from finops_nb.notebook.fork_server import REQUEST_BYTES
from finops_nb.notebook.own_python import own_python

if TYPE_CHECKING:
    from jupyter_client.connect import KernelConnectionInfo

NAME: Final = "finops-nb-fork"
"""Name of the entry point in the group `jupyter_client.kernel_provisioners`."""

AVAILABLE: Final = sys.platform == "linux"
"""macOS can fork too, but its own libraries do not survive it."""

PATIENCE: Final = 60
"""Seconds in which the fork server must finish its imports and fork the kernel."""


class ForkedProcess:
    """The part of `subprocess.Popen` that `LocalProvisioner` uses, for a child of the fork server.

    Args:
        server_socket: of the fork server.
        argv: arguments of the kernel, from `-f` on.
        cwd: working folder of the kernel.
        env: the kernel's whole environment.
        log: descriptor of an open file for the kernel's stdout and stderr.

    Raises:
        OSError: the fork server is gone or does not answer.
    """

    stdin = stdout = stderr = None

    def __init__(
        self,
        server_socket: socket.socket,
        argv: list[str],
        cwd: str,
        env: Mapping[str, str],
        log: int,
    ):
        self.returncode: int | None = None
        self._control, far_end = socket.socketpair()
        with far_end:
            request = json.dumps({"argv": argv, "cwd": cwd, "env": dict(env)}).encode()
            socket.send_fds(server_socket, [request], [log, far_end.fileno()])
        self._control.settimeout(PATIENCE)
        self._received = b""
        self.pid = self._next_number()

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._exit_code(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the process.

        Args:
            timeout: seconds; None waits without limit.

        Returns:
            The exit code, negative for a signal.

        Raises:
            subprocess.TimeoutExpired: it is still running after `timeout` seconds.
        """
        code = self._exit_code(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("kernel", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def _next_number(self) -> int:
        """The next line from the fork server: first the process id, then the exit code."""
        while b"\n" not in self._received:
            data = self._control.recv(100)
            if not data:
                raise ConnectionError("the fork server is gone")
            self._received += data
        number, _, self._received = self._received.partition(b"\n")
        return int(number)

    def _exit_code(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            self._control.settimeout(timeout)
            try:
                self.returncode = self._next_number()
            except (BlockingIOError, TimeoutError):
                return None
            except OSError:
                self.returncode = -signal.SIGKILL  # all kernels end with the fork server
            self._control.close()
        return self.returncode


class ForkProvisioner(LocalProvisioner):
    """Starts the kernel through the server socket of the kernel manager that asks for it."""

    process: Any

    async def launch_kernel(self, cmd: list[str], **options: Any) -> KernelConnectionInfo:
        manager: Any = self.parent
        argv = cmd[cmd.index("-f") :]
        log = options["stdout"].fileno()
        self.process = ForkedProcess(
            manager.server_socket, argv, options["cwd"], options["env"], log
        )
        self.pid = self.pgid = self.process.pid
        return self.connection_info


@contextmanager
def fork_server(environment: Mapping[str, str]) -> Iterator[socket.socket]:
    """A fork server that starts while the block begins, and is gone when the block is left.

    Args:
        environment: of the server; `PRELOAD` in it names the modules to import.

    Yields:
        The server socket; processes that are forked inside the block may use it too.

    Example:
        with fork_server(kernel_environment({PRELOAD: "pandas"})) as server_socket:
            with running_kernel(folder, {}, server_socket=server_socket) as kernel:
                ...
    """
    # SEQPACKET keeps each request, and the descriptors sent with it, one message.
    server_socket, far_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    server_socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, REQUEST_BYTES)
    with server_socket:
        with far_end:
            process = _start_server(far_end.fileno(), environment)
        try:
            yield server_socket
        finally:
            process.kill()  # its kernels die with it
            process.wait()


def _start_server(handle: int, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*own_python("finops_nb.notebook.fork_server"), str(handle)],
        env=dict(environment),
        pass_fds=(handle,),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
