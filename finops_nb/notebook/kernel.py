"""Kernel: always this interpreter, in an environment of its own, and gone when the run ends."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Final

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_core.utils import ensure_event_loop, run_sync
from traitlets import Type

from finops_nb.clock import CLOCK
from finops_nb.notebook import fork_provisioner
from finops_nb.notebook.own_python import PATH, import_path, is_of_python, own_python
from finops_nb.notebook.process_limits import allow_open_files
from finops_nb.temporary_folders import temporary_folder
from finops_nb.words import shortened

LOG: Final = "kernel.log"
TELLING: Final = re.compile(r"error|exception|fatal|abort|terminate|cannot|can't|failed", re.I)
"""What a line of the log has in it that names a cause."""

LOG_LINE: Final = 200
"""Characters of a line of the log in a message."""

ARGV: Final = (
    *own_python("finops_nb.notebook.kernel_main"),
    "-f",
    "{connection_file}",
    "--HistoryManager.enabled=False",
)
SOCKET_PATH: Final = 103
"""Characters that the path of a socket may have on macOS; Linux allows four more."""

OUTPUTS: Final = 10_000_000
"""Bytes that all outputs of a run may have together."""

SAME_EVERYWHERE: Final = {
    "MPLBACKEND": "agg",
    "MATPLOTLIBRC": os.devnull,
    "PYTHONUTF8": "1",
    "PYTHONHASHSEED": "0",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
}
"""Settings that are the same for all runs, so that a report does not depend on machine, user or
time of day."""

USERS_OWN: Final = ("IPYKERNEL_", "IPYTHON", "NETWORKX_", "PANDAS_", "PYDEVD_")
"""Beginnings of variables with a user's own settings, which could change a report: how IPython
starts, how pandas computes, which code does the work of networkx."""

SECRETS: Final = "FINOPS_NB_SMTP_"
"""Prefix of the variables for mail, such as the password. Cells cannot see them."""


class _Outputs(AsyncZMQSocketChannel):
    """The channel on which a kernel sends its outputs; counts their bytes."""

    received = 0
    kernel: Kernel

    # jupyter_client's asynchronous classes inherit from the synchronous ones, and return
    # coroutines where those return values.
    async def _recv(self, **options: Any) -> dict[str, Any]:  # type: ignore[override]
        frames = await self.socket.recv_multipart(**options)
        self.received += sum(map(len, frames))
        if self.received > OUTPUTS:
            self.kernel.flooded = True
            self.kernel.kill()
        return self.session.deserialize(self.session.feed_identities(frames)[1])


class _Client(AsyncKernelClient):
    iopub_channel_class = Type(_Outputs)

    @property
    def iopub_channel(self) -> _Outputs:
        channel: _Outputs = super().iopub_channel
        assert isinstance(self.parent, Kernel)
        channel.kernel = self.parent
        return channel


class Kernel(AsyncKernelManager):
    """A kernel manager with one kernel: this interpreter, whatever kernelspecs the machine has.

    It kills a kernel whose outputs exceed `OUTPUTS`, before they fill the runner's memory.

    Args:
        log: gets the stdout and stderr of its process.
        server_socket: of the fork server that starts the kernel; None starts a fresh interpreter.
        sockets: folder of the sockets between kernel and runner.
    """

    def __init__(self, log: Path, server_socket: socket.socket | None, sockets: Path):
        file = str(sockets / "k.json")
        super().__init__(client_factory=_Client, transport="ipc", connection_file=file)
        self.log_file = log
        self.server_socket = server_socket
        self.clients: list[AsyncKernelClient] = []
        self.flooded = False

    @property
    def kernel_spec(self) -> KernelSpec:
        forked = self.server_socket is not None
        provisioner = fork_provisioner.NAME if forked else "local-provisioner"
        return KernelSpec(
            argv=list(ARGV),
            display_name="Python 3",
            language="python",
            interrupt_mode="signal",
            metadata={"kernel_provisioner": {"provisioner_name": provisioner}},
        )

    # A coroutine, as for `_recv` above.
    def client(self, **traits: Any) -> AsyncKernelClient:  # type: ignore[override]
        self.clients.append(super().client(**traits))
        return self.clients[-1]

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        return self.provisioner.process if isinstance(self.provisioner, LocalProvisioner) else None

    def start(self, folder: Path, variables: Mapping[str, str]) -> None:
        """Start it in a folder, with variables added to its environment."""
        with self.log_file.open("ab") as log:
            run_sync(self.start_kernel)(
                cwd=str(folder),
                env=kernel_environment({**variables, "IPYTHONDIR": str(folder / "ipython")}),
                stdout=log,
                stderr=log,
            )

    def hide(self) -> None:
        """Remove the socket files once both sides have them open.

        A runner that is killed later then leaves none behind.
        """
        shutil.rmtree(Path(self.connection_file).parent, ignore_errors=True)

    def kill(self) -> None:
        """Kill the kernel and the processes it started; safe in a signal handler and in a timer."""
        process = self.process
        if process is not None and process.poll() is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)

    def death(self) -> str | None:
        """How the process ended, as a phrase ("killed; out of memory?"); None while it runs."""
        code = self.process.poll() if self.process else None
        if code is None:
            return None
        if self.flooded:
            return f"its outputs exceeded {OUTPUTS:,} bytes; show less"
        if code == -signal.SIGKILL:
            return "killed; out of memory?"
        if code < 0:
            return signal.Signals(-code).name
        return f"it ended itself with exit code {code}"

    def last_words(self) -> str:
        """The last line of its log that names a cause; "" if there is none.

        It goes behind a phrase such as "the kernel died", so a line begins with ": ".
        """
        text = self.log_file.read_text(encoding="utf-8", errors="replace")
        telling = [line.strip() for line in text.splitlines() if TELLING.search(line)]
        return f": {shortened(telling[-1], LOG_LINE)}" if telling else ""

    def end(self) -> None:
        """Kill the kernel and close everything: no process, socket or pending task is left."""
        self.kill()
        if self.process is not None:
            self.process.wait()
        for client in self.clients:
            client.stop_channels()
        run_sync(self._async_cleanup_resources)()


@contextmanager
def running_kernel(
    folder: Path,
    variables: Mapping[str, str],
    shielded: Callable[[], AbstractContextManager[None]] = nullcontext,
    server_socket: socket.socket | None = None,
) -> Iterator[Kernel]:
    """A kernel that starts while the block begins, and is gone when the block is left.

    It listens on sockets in a private folder, because other users of the machine could connect to
    TCP ports.

    Args:
        folder: its working folder, which also gets its IPython profile and `kernel.log` with the
            stdout and stderr of its process.
        variables: added to the environment.
        shielded: a context in which no signal interrupts the cleanup.
        server_socket: of a fork server; None starts a fresh interpreter.

    Raises:
        Refusal: a process may not open the files that a run needs.

    Example:
        with running_kernel(folder, {"FINOPS_NB_HOME": str(home.root)}) as kernel:
            execution = execute(notebook, parameters, kernel)
    """
    allow_open_files()
    loop = ensure_event_loop()
    earlier = asyncio.all_tasks(loop)
    with temporary_folder(_parent_of_sockets()) as sockets:
        kernel = Kernel(folder / LOG, server_socket, sockets)
        try:
            kernel.start(folder, variables)
            yield kernel
        finally:
            with shielded():
                kernel.end()
                _cancel(asyncio.all_tasks(loop) - earlier, loop)
                kernel.hide()


def kernel_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of a kernel.

    Args:
        variables: added to it, last.

    Returns:
        The user's environment without secrets and personal settings, then `SAME_EVERYWHERE`, then
        `variables`.
    """
    unset = set()
    if not os.environ.get(CLOCK):
        # We read an empty clock as unset; matplotlib and zipfile, which read it too, would fail.
        unset.add(CLOCK)
    users = {
        name: value
        for name, value in os.environ.items()
        if name not in unset and not name.startswith((SECRETS, *USERS_OWN))
        if not is_of_python(name)
    }
    path = {PATH: os.pathsep.join(import_path())}
    return users | SAME_EVERYWHERE | path | dict(variables)


def _parent_of_sockets() -> str:
    """A folder for temporary folders in which the paths of sockets are short enough."""
    longest = SOCKET_PATH - len("/finops-nb-12345678/k-ipc-5")
    parent = tempfile.gettempdir()
    return parent if len(os.fsencode(parent)) <= longest else "/tmp"


def _cancel(tasks: set[asyncio.Task[Any]], loop: asyncio.AbstractEventLoop) -> None:
    """End tasks that an interruption left behind; otherwise asyncio complains when we exit."""
    if tasks and not loop.is_running():
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
