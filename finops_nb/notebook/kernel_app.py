"""The IPython kernel of a run: no configuration, no startup file, and no port of the machine.

IPython would otherwise read `ipython_config.py` and run `startup/*.py` from /etc/ipython,
/usr/local/etc/ipython and the virtual environment, which can print into a report or change how
figures are computed.
"""

from __future__ import annotations

from typing import Any

from ipykernel import kernelapp
from ipykernel.kernelapp import IPKernelApp

from finops_nb.notebook.private_iopub import PrivateIOPubThread


class KernelApp(IPKernelApp):
    """An IPython kernel that is configured by its command line alone."""

    def load_config_file(self, *_: Any, **__: Any) -> None:
        """Read no configuration file."""

    def _run_startup_files(self) -> None:
        """Run no startup file."""

    def init_iopub(self, context: Any) -> None:
        # ipykernel has no trait for the class, and no types; this process runs no other kernel.
        kernelapp.IOPubThread = PrivateIOPubThread  # type: ignore[attr-defined]
        super().init_iopub(context)  # type: ignore[no-untyped-call]
