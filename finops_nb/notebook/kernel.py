"""The kernel of a run: always this interpreter, in an environment of its own, and gone when the run is."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
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

LOG: Final = "kernel.log"
ARGV: Final = (
    sys.executable,
    "-P",
    "-m",
    "finops_nb.notebook.kernel_main",
    "-f",
    "{connection_file}",
    "--HistoryManager.enabled=False",
)
SOCKET_PATH: Final = 103
"""Characters a socket's path may have on macOS; Linux has room for four more."""

OUTPUTS: Final = 10_000_000
"""Bytes that all outputs of a run may have."""

SAME_EVERYWHERE: Final = {
    "MPLBACKEND": "agg",
    "MATPLOTLIBRC": os.devnull,
    "PYTHONUTF8": "1",
    "PYTHONHASHSEED": "0",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
}
"""What would let the machine, its user or the hour of a run show in a report, set alike for all."""

USERS_OWN: Final = ("PYTHONSTARTUP", "PYTHONWARNINGS", "IPYKERNEL_CELL_NAME")
"""What would let a user's own habits take part, and is taken out."""

SECRETS: Final = "FINOPS_NB_SMTP_"
"""How the variables begin that are for the mail only, the password among them; no cell sees them."""


class _Outputs(AsyncZMQSocketChannel):
    """The channel on which a kernel sends what it shows; it counts the bytes."""

    received = 0
    kernel: Kernel

    # jupyter_client's asynchronous classes are subclasses of the others, and return what these do not.
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
    """A kernel manager that knows one kernel: this interpreter, whatever kernelspecs the machine has.

    It ends a kernel that shows more than a page can hold, before it fills the runner's memory.

    Args:
        door: of the fork server that starts it; None starts a fresh interpreter.
    """

    def __init__(self, door: socket.socket | None = None, **traits: Any):
        super().__init__(client_factory=_Client, **traits)
        self.door = door
        self.clients: list[AsyncKernelClient] = []
        self.flooded = False

    @property
    def kernel_spec(self) -> KernelSpec:
        way = {
            "kernel_provisioner": {
                "provisioner_name": "local-provisioner"
                if self.door is None
                else fork_provisioner.NAME
            }
        }
        return KernelSpec(
            argv=list(ARGV),
            display_name="Python 3",
            language="python",
            interrupt_mode="signal",
            metadata=way,
        )

    # As for `_recv` above.
    def client(self, **traits: Any) -> AsyncKernelClient:  # type: ignore[override]
        self.clients.append(super().client(**traits))
        return self.clients[-1]

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        return self.provisioner.process if isinstance(self.provisioner, LocalProvisioner) else None

    def hide(self) -> None:
        """Remove the names of the sockets, which both sides have open now, so that a runner that is killed leaves none."""
        shutil.rmtree(Path(self.connection_file).parent, ignore_errors=True)

    def kill(self) -> None:
        """End the kernel and what it started, at once; safe in a signal handler and from a timer."""
        process = self.process
        if process is not None and process.poll() is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)

    def death(self) -> str | None:
        """How the kernel's process ended, as a phrase; None while it runs."""
        code = self.process.poll() if self.process else None
        if code is None:
            return None
        if self.flooded:
            return f"its outputs passed {OUTPUTS:,} bytes; show less"
        if code == -signal.SIGKILL:
            return "killed; out of memory?"
        return signal.Signals(-code).name if code < 0 else f"it ended itself with exit code {code}"

    def end(self) -> None:
        """Kill, reap and close, leaving no process, socket or pending task."""
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
    door: socket.socket | None = None,
) -> Iterator[Kernel]:
    """A kernel that starts while the block begins, and is gone when the block is left.

    It listens on sockets in a private folder, not on TCP ports that others of the machine could reach.

    Args:
        folder: its working folder; what its process itself says goes to `kernel.log` there, and its IPython profile.
        variables: added to the environment.
        shielded: a context in which no signal breaks the clearing up.
        door: of a fork server; None starts a fresh interpreter.
    """
    loop = ensure_event_loop()
    former = asyncio.all_tasks(loop)
    sockets = _short_folder()
    kernel = Kernel(door, transport="ipc", connection_file=str(sockets / "k.json"))
    try:
        with (folder / LOG).open("ab") as log:
            run_sync(kernel.start_kernel)(
                cwd=str(folder),
                env=kernel_environment({**variables, "IPYTHONDIR": str(folder / "ipython")}),
                stdout=log,
                stderr=log,
            )
        yield kernel
    finally:
        with shielded():
            kernel.end()
            _cancel(asyncio.all_tasks(loop) - former, loop)
            kernel.hide()


def kernel_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """What a kernel has for its environment: the user's, without what would show in a report, and these variables."""
    # An empty clock is none; matplotlib and zipfile, which read it too, do not know that.
    unset = (*USERS_OWN, *(() if os.environ.get(CLOCK) else (CLOCK,)))
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in unset and not name.startswith(SECRETS)
    }
    return kept | SAME_EVERYWHERE | dict(variables)


def _short_folder() -> Path:
    """A new private folder whose sockets' paths are short enough."""
    room = SOCKET_PATH - len("/finops-nb-12345678/k-ipc-5")
    usual = tempfile.gettempdir()
    return Path(
        tempfile.mkdtemp(
            prefix="finops-nb-", dir=usual if len(os.fsencode(usual)) <= room else "/tmp"
        )
    )


def _cancel(tasks: set[asyncio.Task[Any]], loop: asyncio.AbstractEventLoop) -> None:
    """Let tasks that an interruption left behind end quietly, which else complain when the process does."""
    if tasks and not loop.is_running():
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
