"""What a shell forbids is said before a run, or named as what may have ended it."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from finops_nb.errors import Refusal
from finops_nb.notebook import process_limits
from finops_nb.notebook.process_limits import refuse_umask

RUN = """\
import sys
from finops_nb.errors import Refusal
from finops_nb.notebook.process_limits import allow_open_files, possible_limit, refuse_small_memory
try:
    allow_open_files()
    refuse_small_memory()
except Refusal as refusal:
    sys.exit(str(refusal))
print(possible_limit(sys.argv[1]))
"""


def under(limits: str, failure: str = "") -> subprocess.CompletedProcess[str]:
    """`RUN` in a shell of its own that first sets these limits."""
    command = f'{limits}; exec "$@"'
    arguments = ["sh", "-c", command, "sh", sys.executable, "-c", RUN, failure]
    return subprocess.run(arguments, capture_output=True, text=True, check=False)


def advice(text: str) -> list[str]:
    """The commands for a shell that a message gives."""
    return re.findall(r"run `(ulimit [^`]+)`", text)


@pytest.mark.parametrize(
    ("limits", "rule"),
    [
        ("ulimit -n 64", "a process may open only 64 files here, and this needs 128"),
        (
            "ulimit -v 1000000",  # kB: 1,024,000,000 bytes
            "a process may have only 1,000,000 kB of address space here (`ulimit -v`)",
        ),
    ],
)
def test_a_limit_in_which_nothing_runs_is_refused_and_its_advice_works(limits, rule):
    """The first sentence names it; a new shell that follows the advice is not refused."""
    refused = under(limits)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"{rule}. ")
    [command] = advice(refused.stderr)
    assert under(command).returncode == 0


def test_a_limit_that_may_be_raised_is_raised():
    """A soft limit of 64 open files does not stop a run."""
    assert under("ulimit -S -n 64").returncode == 0


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ("ulimit -v 4000000", "`ulimit -v` limits the address space of a process to 4,000,000 kB"),
        ("ulimit -t 60", "`ulimit -t` limits the processor time of a process to 60 s"),
    ],
)
def test_a_failure_that_a_limit_may_have_caused_names_it(limits, says):
    """It does not for a failure that says its cause; without limits there is nothing to name."""
    named = under(limits, "the kernel died (SIGSEGV)")
    assert says in named.stdout
    [command] = advice(named.stdout)
    assert under(command, "the kernel died (SIGSEGV)").stdout == "\n"
    assert under(limits, "division by zero").stdout == "\n"


def test_each_limit_it_names_exists_here():
    """Every option is one of the shell's, with the limit that Python has by that name."""
    for option, (_, kind, _, _) in process_limits.LIMITS.items():
        asked = subprocess.run(["sh", "-c", f"ulimit -{option}"], capture_output=True, check=False)
        assert asked.returncode == 0
        assert isinstance(kind, int)


@pytest.mark.parametrize(("mask", "refused"), [(0o777, True), (0o400, True), (0o077, False)])
def test_a_umask_that_locks_its_owner_out_is_named(mask, refused):
    """As the cause, with what to run; the umask itself stays as it was."""
    before = os.umask(mask)
    try:
        if refused:
            with pytest.raises(Refusal, match=rf"\(`umask {mask:03o}`\)\. Run `umask 022`"):
                refuse_umask()
        else:
            refuse_umask()
    finally:
        assert os.umask(before) == mask
