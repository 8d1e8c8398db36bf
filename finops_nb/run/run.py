"""One run of a NAME: read, execute, gate, export, publish; whatever goes wrong, the last good report stands."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from finops_nb.atomic_files import write_folder
from finops_nb.clock import now
from finops_nb.errors import Failure, FinopsError, Interrupted, Problem, Refusal
from finops_nb.home import VARIABLE as HOME_VARIABLE
from finops_nb.home import Home
from finops_nb.notebook.kernel_main import PRELOAD
from finops_nb.outputs.artifacts import (
    HTML,
    INDEX,
    LEDGER,
    NOTEBOOK,
    PDF,
    PREVIOUS,
    RESULTS,
    STEM,
    WORKBOOK,
    read_results,
)
from finops_nb.outputs.lock import hold
from finops_nb.outputs.mail_journal import check_reason
from finops_nb.outputs.manifest import VARIABLE as STAGING_VARIABLE
from finops_nb.outputs.manifest import Kind, Manifest
from finops_nb.outputs.months import months_before, save_months
from finops_nb.outputs.publish import check_target, probe
from finops_nb.outputs.reports import are_there
from finops_nb.outputs.revisions import History
from finops_nb.params.budgets import read_budgets
from finops_nb.report.pdf import check_pdf, pdf_of
from finops_nb.run.failures import failure_text, with_place
from finops_nb.run.job import (
    ALONE,
    Fingerprint,
    Job,
    Slot,
    inputs_now,
    key_now,
    key_of,
    open_job,
    origin_of,
)
from finops_nb.run.signals import Interruption

if TYPE_CHECKING:
    from finops_nb.notebook.execute import Execution, Progress

WORKBENCH: Final = "finops_nb.api"
"""What a notebook of the kit imports."""


class Overtaken(Exception):
    """A month before has not come out as this run expected it."""


def run(
    name: str,
    home: Home,
    *,
    force: bool = False,
    reason: str = "",
    progress: Progress | None = None,
    notice: Callable[[str], None] | None = None,
    slot: Slot = ALONE,
) -> Path:
    """Publish the report of a NAME; do nothing if it stands there already, made of the same.

    Args:
        name: the params file's path under `params/`, without suffix.
        home: the home.
        force: make it even so.
        reason: why an official report that is published is replaced; must be said once it was mailed.
        progress: told of each cell that starts.
        notice: given sentences that the user should read.
        lane: where it is one of many.

    Returns:
        The absolute path of the published HTML.

    Raises:
        Refusal: params, usage, notebook or the place of publication.
        Busy: another process runs this NAME.
        Failure: it could not be finished; `outputs/NAME` is as it was.
        Interrupted: SIGINT, SIGTERM or SIGHUP came.
    """
    with Interruption() as interruption:
        try:
            now()  # a clock that can't be read would stop the kernel without a word
            job = open_job(home, name, slot.coming)
            name = job.name
            check_target(home.outputs, name)
            with hold(job.runs, name) as former:
                if former and notice:
                    notice(
                        f"An earlier run of {name} ({former}) was cut off; what it left is removed."
                    )
                try:
                    published = _run(job, force, reason, progress, interruption, slot)
                except Overtaken:
                    published = _run(
                        open_job(home, name), force, reason, progress, interruption, Slot(slot.door)
                    )
                if notice:
                    for remark in _remarks(History(home.outputs, name), reason):
                        notice(remark)
            if slot.index and (published or _index_is_behind(job)):
                with interruption.shielded():
                    rebuild_index(home, notice)
            interruption.check()
        except KeyboardInterrupt as error:
            raise Interrupted(f"Interrupted. outputs/{name} is a whole report, or none.") from error
        except OSError as error:
            raise Failure(failure_text(error, home)) from error
    return job.page


def _remarks(past: History, reason: str) -> Iterator[str]:
    """What the user should know of what is published now."""
    yield from (
        f"{said} `finops-nb run {past.name} --force` makes the last report again."
        for said in past.altered()
    )
    if reason and reason != past.revisions()[-1].reason:
        yield "No new revision was made; the reason is not on record."


def _index_is_behind(job: Job) -> bool:
    """It is not there, could not be rebuilt when the report was published, or links to what is not there any more."""
    index = job.home.outputs / INDEX
    late = (
        not index.is_file() or index.stat().st_mtime_ns < (job.target / RESULTS).stat().st_mtime_ns
    )
    return late or not are_there(index.read_bytes(), job.home.outputs)


def rebuild_index(home: Home, notice: Callable[[str], None] | None) -> None:
    """Rebuild the index; a report that is published is not called off because of it."""
    from finops_nb.run.index_page import write_index

    try:
        write_index(home)
    except (OSError, FinopsError) as error:
        if notice:
            notice(
                f"The report is published; outputs/{INDEX} is as it was: {getattr(error, 'strerror', None) or error}"
            )


def _run(
    job: Job,
    force: bool,
    reason: str,
    progress: Progress | None,
    interruption: Interruption,
    slot: Slot,
) -> bool:
    """The part of a run for which the lock is held; whether something was published.

    Raises:
        Overtaken: nothing was published, and it is to be done again with the months before as they are now.
    """
    if (job.target / LEDGER).exists() and job.kind is not Kind.OFFICIAL:
        rule = f"outputs/{job.name} is an official report, and this would put another kind in its place"
        fix = f"Move the file to params/analysis/, or write its period as {job.name} again"
        raise Refusal(
            Problem(rule, fix, f"params/{job.name}.yaml", column="period", value=job.params.period)
        )
    shutil.rmtree(job.staging, ignore_errors=True)
    job.staging.mkdir(parents=True)
    kept = False
    try:
        probe(job.staging, job.target)
        raw = job.home.notebook(STEM).read_bytes()
        inputs = inputs_now(job)
        key = key_of(job, inputs, raw)
        past = History(job.home.outputs, job.name)
        past.settle()
        revision = past.upcoming(key, job.kind is Kind.OFFICIAL, reason)
        if force or revision.is_new or not _stands(job, key):
            try:
                check_reason(job.home.outputs, job.name, revision)
            except Refusal:
                _await_turn(
                    job, slot
                )  # it may be no new revision once the months before have ended
                raise
            if job.params.wants_pdf:
                check_pdf()
            about = (revision.number, revision.reason, origin_of(raw, job.months))
            manifest = Manifest(job.kind, job.name, key, revision.generated, job.staging, *about)
            (job.staging / PREVIOUS).write_bytes(past.raw_results(revision.number - 1))
            execution = _execute(job, manifest, raw, progress, interruption, slot)
            interruption.check()
            try:
                files = _files(job, manifest, execution, inputs)
                _await_turn(job, slot)
            except Failure as failure:
                text = with_place(job, failure, execution)
                kept = True
                raise Failure(text) from failure
            write_folder(job.staging / "new", files)
            with interruption.held():
                past.publish(job.staging / "new", revision)
            return True
        _await_turn(job, slot)
        return False
    finally:
        if not kept:
            with interruption.shielded():
                shutil.rmtree(job.staging, ignore_errors=True)


def _await_turn(job: Job, slot: Slot) -> None:
    """Wait for the months before, and see that they are what this report says of them."""
    slot.turn()
    if months_before(job.params, job.home) != job.months:
        if slot.coming:
            raise Overtaken
        raise Failure("The report of a month before changed while this report was made. Run again.")


def stands(job: Job) -> bool:
    """The published folder is what a run would make now; a Refusal where usage or notebook can't be read."""
    return job.target.is_dir() and _stands(job, key_now(job))


def _stands(job: Job, key: str) -> bool:
    """The published folder is of this key, with all its files."""
    if not all((job.target / name).is_file() for name in job.files):
        return False
    key_there: str | None = (
        read_results((job.target / RESULTS).read_bytes()).get("provenance", {}).get("key")
    )
    return key_there == key


def _execute(
    job: Job,
    manifest: Manifest,
    raw: bytes,
    progress: Progress | None,
    interruption: Interruption,
    slot: Slot,
) -> Execution:
    from finops_nb.notebook.execute import execute
    from finops_nb.notebook.kernel import running_kernel
    from finops_nb.notebook.preflight import check_notebook, read_notebook

    parameters = job.params.as_parameters()
    shown = job.home.shown(job.home.notebook(STEM))
    notebook = read_notebook(raw, shown)
    check_notebook(notebook, parameters, shown)
    manifest.save(job.staging)
    save_months(job.months, job.staging)
    variables = {STAGING_VARIABLE: str(job.staging), HOME_VARIABLE: str(job.home.root)}
    variables |= {PRELOAD: WORKBENCH} if WORKBENCH.encode() in raw else {}
    interruption.check()
    with running_kernel(job.staging, variables, interruption.shielded, slot.door) as kernel:
        interruption.stop = kernel.kill
        # Two seconds of imports, while the kernel starts; in a thread, an interruption could leave an import lock held.
        for module in ("papermill", "finops_nb.report.html_page"):
            import_module(module)
        return execute(notebook, parameters, kernel, progress=progress)


def _files(
    job: Job, manifest: Manifest, execution: Execution, inputs: Fingerprint
) -> dict[str, bytes]:
    """Everything to publish, as bytes.

    Raises:
        Failure: what must not be published, and why.
    """
    from finops_nb.notebook.gate import find_faults, find_local_paths, find_paths_in_files
    from finops_nb.notebook.sanitize import as_bytes, sanitize
    from finops_nb.report.html_page import export_html

    written = {
        name: (job.staging / name).read_bytes()
        for name in (RESULTS, WORKBOOK, LEDGER)
        if (job.staging / name).is_file()
    }
    faults = find_faults(execution, manifest, job.params.window, written)
    if not faults and inputs_now(job) != inputs:
        faults = [
            "The usage changed while the report was made of it. Run again when its export has ended."
        ]
    if not faults and read_budgets(job.params, job.home) != job.budgets:
        faults = ["The budgets changed while this report was made. Run again."]
    if faults:
        raise Failure("\n".join(faults))
    title = read_results(written[RESULTS]).get("title")
    fair = sanitize(execution.notebook, manifest, title, job.params.shared_parameters())
    page = export_html(fair)
    files = (
        written
        | {NOTEBOOK: as_bytes(fair), HTML: page.encode("utf-8")}
        | ({PDF: pdf_of(page)} if PDF in job.files else {})
    )
    faults = find_local_paths(fair, job.local_paths) or find_paths_in_files(files, job.local_paths)
    if faults:
        raise Failure("\n".join(faults))
    return {name: files[name] for name in job.files}
