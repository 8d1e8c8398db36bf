"""Runs in this process whose N-th call to the system fails, is cut short, or kills it."""

from __future__ import annotations

import os
import signal

import pytest
from faults.home import NAME, Ended, FaultHome
from support.failing_calls import FailingCalls

from finops_nb.errors import FinopsError
from finops_nb.run.run import run


class Crash(FailingCalls):
    """Kills the process at the N-th call to the system."""

    def fail(self, call, args, options, path):
        os.kill(os.getpid(), signal.SIGKILL)


class Short(FailingCalls):
    """Lets the N-th call write only a third of its bytes."""

    def fail(self, call, args, options, path):
        if call.__name__ != "write":
            return call(*args, **options)
        handle, data = args
        return call(handle, data[: max(1, len(data) // 3)])


def run_here(home: FaultHome) -> Ended:
    """A run in this process."""
    try:
        return Ended(0, str(run(NAME, home.home)), "")
    except FinopsError as error:
        return Ended(error.exit_code, "", str(error))


def run_forked(home: FaultHome, patch: pytest.MonkeyPatch, fail_at: int) -> bool:
    """A run in a copy of this process, killed at a call; whether there were that many calls."""
    child = os.fork()
    if child == 0:
        Crash(patch, home.home.outputs, fail_at, False)
        run_here(home)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
