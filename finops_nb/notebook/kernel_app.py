"""The IPython kernel of a run: it reads no configuration and no startup file of the machine.

IPython would otherwise read `ipython_config.py` and run `startup/*.py` from /etc/ipython,
/usr/local/etc/ipython and the virtual environment, which can print into a report or change how
figures are computed.
"""

from __future__ import annotations

from typing import Any

from ipykernel.kernelapp import IPKernelApp


class KernelApp(IPKernelApp):
    """An IPython kernel that is configured by its command line alone."""

    def load_config_file(self, *_: Any, **__: Any) -> None:
        """Read no configuration file."""

    def _run_startup_files(self) -> None:
        """Run no startup file."""
