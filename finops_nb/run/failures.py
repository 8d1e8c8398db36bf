"""What a failed run says: the reason, the place, and where its notebook was kept."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from finops_nb.atomic_files import write_file
from finops_nb.errors import Failure
from finops_nb.home import Home
from finops_nb.outputs.artifacts import FAILED
from finops_nb.run.job import Job

if TYPE_CHECKING:
    from finops_nb.notebook.execute import Execution

FULL: Final = (errno.ENOSPC, errno.EDQUOT)
"""The disk is full, or the user's share of it."""


def with_place(job: Job, failure: Failure, execution: Execution) -> str:
    """The failure's text, and where the notebook was kept, if the disk has room for it."""
    from finops_nb.notebook.sanitize import as_bytes

    lines = [str(failure)]
    if "[Errno 28]" in lines[0]:
        lines.append(free_space(job.home))
    try:
        shutil.rmtree(job.staging)
        job.staging.mkdir()
        write_file(job.staging / FAILED, as_bytes(execution.notebook))
        lines.append(f"The notebook as far as it ran: {job.home.shown(job.staging / FAILED)}")
    except OSError:
        shutil.rmtree(job.staging, ignore_errors=True)
    result = "is unchanged" if job.target.exists() else "was not created"
    lines.append(f"outputs/{job.name} {result}.")
    return "\n".join(lines)


def failure_text(error: OSError, home: Home) -> str:
    """A sentence for an error of the system, with the file; and the free space if that ran out."""
    place = home.shown(Path(os.fsdecode(error.filename))) if error.filename else "outputs"
    text = f"{place}: {error.strerror or error}. Published reports are intact."
    return f"{text}\n{free_space(home)}" if error.errno in FULL else text


def interruption_text(name: str) -> str:
    """A sentence for a run that was interrupted, maybe just after it published."""
    return f"Interrupted. outputs/{name} is complete or absent."


def free_space(home: Home) -> str:
    """How much room the disk of outputs/ has left."""
    free = shutil.disk_usage(home.outputs).free
    return f"The disk of outputs/ has {free:,} bytes free. Free some space, then run again."
