"""What a failed run says: the reason, the place, and where its notebook was kept."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from finops_nb.atomic_files import write_file
from finops_nb.errors import Failure, Refusal
from finops_nb.home import Home, bare
from finops_nb.notebook.process_limits import possible_limit
from finops_nb.outputs.artifacts import FAILED
from finops_nb.outputs.links import remove_folder
from finops_nb.run.job import Job

if TYPE_CHECKING:
    from finops_nb.notebook.execute import Execution

FULL: Final = (errno.ENOSPC, errno.EDQUOT)
"""The disk is full, or the user's share of it."""

INTACT: Final = "Published reports are intact."


def with_place(job: Job, failure: Failure, execution: Execution) -> str:
    """The failure's text, and where notebook and log were kept, if the disk has room for them."""
    from finops_nb.notebook.kernel import LOG
    from finops_nb.notebook.sanitize import as_bytes

    lines = [str(failure)]
    if limit := possible_limit(lines[0]):
        lines.append(limit)
    if "[Errno 28]" in lines[0]:
        lines.append(free_space(job.home))
    try:
        log = (job.staging / LOG).read_bytes()
        remove_folder(job.staging, job.home.outputs)
        job.staging.mkdir()
        write_file(job.staging / FAILED, as_bytes(execution.notebook))
        lines.append(f"The notebook as far as it ran: {job.home.shown(job.staging / FAILED)}")
        if execution.stopped and log.strip():
            write_file(job.staging / LOG, log)
            lines.append(f"What its kernel printed: {job.home.shown(job.staging / LOG)}")
    except OSError:
        with suppress(Refusal):
            remove_folder(job.staging, job.home.outputs, ignore_errors=True)
    result = "is unchanged" if job.target.exists() else "was not created"
    lines.append(f"outputs/{job.name} {result}.")
    return "\n".join(lines)


def failure_text(error: OSError, home: Home) -> str:
    """A sentence for an error of the system, with the file; and the free space if that ran out."""
    place = home.shown(Path(os.fsdecode(error.filename))) if error.filename else "outputs"
    text = f"{place}: {error.strerror or error}. {INTACT}"
    if limit := possible_limit(text):
        return f"{text}\n{limit}"
    if error.errno in FULL:
        return f"{text}\n{free_space(home)}"
    return f"{text} Fix this, then run again."


def run_failure_text(error: OSError, home: Home, name: str, folder_before: int | None) -> str:
    """`failure_text` for a run, which may have published before the error came.

    Args:
        error: of the system.
        home: the home.
        name: the NAME.
        folder_before: its `folder_number` when the run began.
    """
    text = failure_text(error, home)
    if folder_number(home, name) in (None, folder_before):
        return text
    published = f"The new report is published in outputs/{bare(name)}, but the run did not finish."
    return text.replace(INTACT, published, 1)


def folder_number(home: Home, name: str) -> int | None:
    """The inode of the published folder, which each publication changes; None if there is none."""
    with suppress(OSError, ValueError):  # a NAME that is refused later may be no path at all
        return (home.outputs / bare(name)).stat().st_ino
    return None


def interruption_text(home: Home, name: str, folder_before: int | None) -> str:
    """What is published after a run that was interrupted, maybe just after it published.

    Args:
        home: the home.
        name: the NAME.
        folder_before: its `folder_number` when the run began.
    """
    folder_now = folder_number(home, name)
    if folder_now is None:
        return "Interrupted. No report was published."
    if folder_now != folder_before:
        return f"Interrupted. The new report is published in outputs/{bare(name)}."
    return f"Interrupted. The last report in outputs/{bare(name)} is unchanged."


def free_space(home: Home) -> str:
    """How much room the disk of outputs/ has left."""
    free = shutil.disk_usage(home.outputs).free
    return f"The disk of outputs/ has {free:,} bytes free. Free some space, then run again."
