"""Own Python: how the processes of a run start, so that no setting of the machine reaches them.

Python reads two dozen variables as it starts, and runs `sitecustomize` and `usercustomize` from
any folder of `PYTHONPATH` or of the user's packages. These could change how figures are computed.
A process of a run has the import path of its runner, but none of these.
"""

from __future__ import annotations

import sys
from typing import Final

PATH: Final = "FINOPS_NB_PATH"
"""The variable with the folders that a process of a run imports from."""

KEPT: Final = (
    *("PYTHONHOME", "PYTHONEXECUTABLE", "PYTHONPLATLIBDIR"),
    *("PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE"),
)
"""Where Python itself lies, and where it keeps compiled files."""

START: Final = (
    "import os, sys; "
    f"sys.path[:] = os.environ['{PATH}'].split(os.pathsep); "
    "from runpy import run_module; "
    "run_module('MODULE', run_name='__main__', alter_sys=True)"
)
"""What the process runs first."""


def own_python(module: str) -> list[str]:
    """The beginning of the command line that runs a module.

    The options leave out the user's packages, whose `usercustomize` would run, and the working
    folder. `PATH` brings both the user's packages and `PYTHONPATH` back as places to import from.

    Args:
        module: its name; further arguments follow it.
    """
    return [sys.executable, "-s", "-P", "-c", START.replace("MODULE", module)]


def import_path() -> list[str]:
    """The folders that this process imports from, without the one it was started in."""
    # Unless Python was told otherwise, the first is the folder of the command or the working one.
    folders = sys.path if sys.flags.safe_path else sys.path[1:]
    return [folder for folder in folders if folder]


def is_of_python(variable: str) -> bool:
    """Whether a variable changes how Python starts, or how it computes."""
    return variable.startswith("PYTHON") and variable not in KEPT
