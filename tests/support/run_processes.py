"""Runs in processes of their own, for tests of signals, limits and other surroundings."""

from __future__ import annotations

import os
import subprocess
import sys

from support.homes import NAME

from finops_nb.home import Home

RUN = """\
import faulthandler, pathlib, sys
faulthandler.dump_traceback_later(100, exit=True)
from finops_nb.run import job
from finops_nb.errors import FinopsError
from finops_nb.home import Home
from finops_nb.run.run import run
job.code_digest = lambda: "0" * 64
print("begins", flush=True)
try:
    print(run(sys.argv[2], Home(pathlib.Path(sys.argv[1])), force="force" in sys.argv))
except FinopsError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""


def start(home: Home, name: str = NAME, *options: str, **variables: str) -> subprocess.Popen:
    """A run in another process; it has begun when this returns."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(home.root), name, *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | variables,
    )  # fmt: skip
    assert process.stdout.readline() == "begins\n"
    return process
