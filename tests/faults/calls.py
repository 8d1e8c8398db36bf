"""Runs in this process whose N-th call to the system goes wrong."""

from __future__ import annotations

import os
import signal

import pytest
from faults.home import NAME, Ended, FaultHome
from test_run import Fault

from finops_nb.errors import FinopsError
from finops_nb.run.run import run


class Crash(Fault):
    """Kills the process at the N-th call to the system."""

    def strike(self, call, args, options, path):
        os.kill(os.getpid(), signal.SIGKILL)


class Short(Fault):
    """Lets the N-th call write a part only."""

    def strike(self, call, args, options, path):
        return (
            call(args[0], args[1][: max(1, len(args[1]) // 3)])
            if call.__name__ == "write"
            else call(*args, **options)
        )


def run_here(home: FaultHome) -> Ended:
    """A run in this process."""
    try:
        return Ended(0, str(run(NAME, home.home)), "")
    except FinopsError as error:
        return Ended(error.exit_code, "", str(error))


def run_forked(home: FaultHome, patch: pytest.MonkeyPatch, fail_at: int) -> bool:
    """A run in a copy of this process that is killed at a call; whether there were as many calls."""
    child = os.fork()
    if child == 0:
        Crash(patch, home.home.outputs, fail_at, False)
        run_here(home)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
