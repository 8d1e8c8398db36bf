"""The kernel's side of a run: an IPython kernel that lives no longer than its runner, however that one dies.

`python -P -m finops_nb.notebook.kernel_main` stands for `python -m ipykernel_launcher`. ipykernel itself looks once a second for its
parent: a runner killed while the kernel starts under a subreaper (systemd, many containers), or while a cell holds the
interpreter, left a kernel behind for good. Linux tells a process of its parent's death if it asks; on macOS, where
there are no subreapers, the look at the parent is enough.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from typing import Final

from finops_nb.notebook.background_failures import watch_futures

PR_SET_PDEATHSIG: Final = 1
PRELOAD: Final = "FINOPS_NB_PRELOAD"
"""The variable that names the modules to import while the kernel starts, parted by blanks."""


def die_with(parent: int) -> None:
    """Have the system kill this process when `parent` is gone; end at once if it already is."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(1)


def preload() -> None:
    """Import what the notebook will, two seconds of it, while the runner itself imports papermill and nbconvert."""
    for module in os.environ.get(PRELOAD, "").split():
        with suppress(ImportError):
            import_module(module)


if __name__ == "__main__":
    die_with(int(os.environ["JPY_PARENT_PID"]))  # set by jupyter_client
    preload()
    watch_futures()

    from ipykernel import kernelapp

    kernelapp.launch_new_instance()
