"""Kernel main: an IPython kernel that ends with its runner, however the runner dies.

This module, started by `own_python`, replaces `python -m ipykernel_launcher`. ipykernel
only checks once a second whether its parent is alive. A runner that was killed left a kernel
behind for good if the kernel was still starting under a subreaper (systemd, many containers) or
if a cell held the interpreter lock. Linux kills a process with its parent on request. macOS has
no subreapers, so there the check of ipykernel is enough.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from typing import Final

from finops_nb.garbage import collect_rarely
from finops_nb.money import use_exact_context
from finops_nb.notebook.background_failures import watch_futures

PR_SET_PDEATHSIG: Final = 1
PRELOAD: Final = "FINOPS_NB_PRELOAD"
"""The variable that names the modules to import while the kernel starts, separated by spaces."""


def die_with(parent: int) -> None:
    """Have the system kill this process when `parent` ends; end at once if it already has.

    Args:
        parent: process id of the parent. Linux only; elsewhere only the second half applies.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(1)


def preload() -> None:
    """Import what the notebook will import, while the runner imports papermill and nbconvert.

    This takes about two seconds. A module that cannot be imported is skipped; the notebook's own
    import will say why.
    """
    for module in os.environ.get(PRELOAD, "").split():
        with suppress(ImportError):
            import_module(module)


if __name__ == "__main__":
    die_with(int(os.environ["JPY_PARENT_PID"]))  # set by jupyter_client
    preload()
    use_exact_context()
    collect_rarely()
    watch_futures()

    from finops_nb.notebook.kernel_app import KernelApp

    KernelApp.launch_instance()
