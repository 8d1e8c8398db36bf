"""What is said of a run that failed: why, with the place, and where the notebook was kept."""

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


def with_place(job: Job, failure: Failure, execution: Execution) -> str:
    """The failure's text, and where the notebook was kept, if the disk still takes it."""
    from finops_nb.notebook.sanitize import as_bytes

    lines = [str(failure)]
    lines += [room(job.home)] if "[Errno 28]" in lines[0] else []
    try:
        shutil.rmtree(job.staging)
        job.staging.mkdir()
        write_file(job.staging / FAILED, as_bytes(execution.notebook))
        lines.append(f"The notebook as far as it ran: {job.home.shown(job.staging / FAILED)}")
    except OSError:
        shutil.rmtree(job.staging, ignore_errors=True)
    stands = "is unchanged" if job.target.exists() else "was not made"
    return "\n".join([*lines, f"outputs/{job.name} {stands}."])


def failure_text(error: OSError, home: Home) -> str:
    """A sentence for what the system refused, with the place."""
    place = home.shown(Path(os.fsdecode(error.filename))) if error.filename else "outputs"
    text = f"{place}: {error.strerror or error}. What was published before stands."
    return f"{text}\n{room(home)}" if error.errno in FULL else text


def room(home: Home) -> str:
    """How much the disk still takes."""
    return f"The disk of outputs/ has {shutil.disk_usage(home.outputs).free:,} bytes free. Make room, then run again."
