"""One run of a NAME: read, execute, check, export, publish. The last report survives a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from finops_nb.atomic_files import private_folder, write_folder
from finops_nb.clock import now
from finops_nb.errors import Failure, FinopsError, Interrupted, Refusal
from finops_nb.home import VARIABLE as HOME_VARIABLE
from finops_nb.home import Home
from finops_nb.notebook.kernel_main import PRELOAD
from finops_nb.notebook.old_imports import INSTEAD, imports_workbench
from finops_nb.outputs.artifacts import (
    INDEX,
    PREVIOUS,
    RESULTS,
    STEM,
    ledger_of_results,
    read_results,
)
from finops_nb.outputs.links import refuse_links, remove_folder
from finops_nb.outputs.lock import hold
from finops_nb.outputs.mail_journal import check_reason
from finops_nb.outputs.manifest import VARIABLE as STAGING_VARIABLE
from finops_nb.outputs.manifest import Kind, Manifest
from finops_nb.outputs.months import months_before, months_left_out, save_months
from finops_nb.outputs.official_place import refuse_other_kind
from finops_nb.outputs.publish import check_target, probe
from finops_nb.outputs.reports import are_there
from finops_nb.outputs.revisions import History, Revision
from finops_nb.params.outside import read_outside
from finops_nb.report.pdf import check_pdf
from finops_nb.run.failures import (
    folder_number,
    interruption_text,
    run_failure_text,
    with_place,
)
from finops_nb.run.job import (
    ALONE,
    Job,
    Slot,
    inputs_of,
    key_now,
    key_of,
    open_job,
    origin_of,
)
from finops_nb.run.published_files import files_to_publish
from finops_nb.run.signals import Interruption

if TYPE_CHECKING:
    from finops_nb.notebook.execute import Execution, Progress

Notice = Callable[[str], None]
"""Called with a sentence that the user should read."""

EXPORTERS: Final = (
    "papermill",
    "finops_nb.report.html_export",
    "finops_nb.read_back.finished_files",
)
"""What a run imports to execute a notebook, to export it, and to read the files back."""

NOTEBOOK_API: Final = "finops_nb.api"
"""What a notebook of the kit imports."""


class Overtaken(Exception):
    """An earlier month did not turn out as this run expected."""


class NotebookKept(Failure):
    """The run failed, and its notebook stays in the staging folder."""


@dataclass(frozen=True, slots=True)
class _Options:
    """What the caller of a run asks for; the fields are arguments of `run`."""

    force: bool
    reason: str
    progress: Progress | None
    notice: Notice
    slot: Slot


def run(
    name: str,
    home: Home,
    *,
    force: bool = False,
    reason: str = "",
    progress: Progress | None = None,
    notice: Notice | None = None,
    slot: Slot = ALONE,
) -> Path:
    """Publish the report of a NAME; do nothing if it is published and nothing has changed.

    Args:
        name: the params file's path under `params/`, without suffix.
        home: the home.
        force: run again even so.
        reason: why a published official report is replaced; required once it was mailed.
        progress: called for each cell that starts.
        notice: called with sentences that the user should read.
        slot: its place among runs in parallel.

    Returns:
        The absolute path of the published HTML.

    Raises:
        Refusal: params, usage, notebook or the place of publication.
        Busy: another process runs this NAME.
        Failure: it could not be finished; `outputs/NAME` is unchanged.
        Interrupted: SIGINT, SIGTERM or SIGHUP came.
    """
    options = _Options(force, reason, progress, notice or _ignore, slot)
    home.enter_if_lost()
    folder_before = folder_number(home, name)
    with Interruption() as interruption:
        try:
            return _run(name, home, options, interruption)
        except KeyboardInterrupt as error:
            raise Interrupted(interruption_text(home, name, folder_before)) from error
        except OSError as error:
            raise Failure(run_failure_text(error, home, name, folder_before)) from error


def rebuild_index(home: Home, notice: Notice | None) -> None:
    """Rebuild the index; a failure is a notice, since the report is already published."""
    from finops_nb.run.index_page import write_index

    try:
        write_index(home, notice or _ignore)
    except (OSError, FinopsError) as error:
        if notice:
            cause = getattr(error, "strerror", None) or error
            text = f"The report is published, but outputs/{INDEX} was not updated: {cause}"
            notice(f"{text.rstrip('.')}. Fix this, then run again.")


def is_current(job: Job) -> bool:
    """The published report is what a run would make now.

    Raises:
        Refusal: usage or notebook can't be read.
    """
    return job.target.is_dir() and _has_key(job, key_now(job))


def _run(name: str, home: Home, options: _Options, interruption: Interruption) -> Path:
    now()  # a clock that can't be read would stop the kernel without a message
    job = open_job(home, name, options.slot.expected)
    check_target(home.outputs, job.name)
    with hold(job.runs, job.name) as former:
        for sentence in _warnings(job, former):
            options.notice(sentence)
        try:
            published = _publish(job, options, interruption)
        except Overtaken:
            job = open_job(home, name)
            alone = replace(options, slot=Slot(options.slot.server_socket))
            published = _publish(job, alone, interruption)
        for sentence in _remarks(History(home.outputs, job.name), options.reason):
            options.notice(sentence)
    if options.slot.index and (published or _index_is_outdated(job)):
        with interruption.shielded():
            rebuild_index(home, options.notice)
    interruption.check()
    return job.page


def _ignore(_: str) -> None:
    """No notice is wanted."""


def _warnings(job: Job, former: str) -> Iterator[str]:
    """What the user should know before the run."""
    if former:
        yield f"An earlier run of {job.name} ({former}) was killed; its leftovers are removed."
    if sentence := job.home.misnamed(job.name, job.params.period):
        yield sentence
    if imports_workbench(job.home.notebook(STEM).read_bytes()):
        yield INSTEAD
    outside = read_outside(job.params, job.home)
    if outside:
        yield outside


def _remarks(history: History, reason: str) -> Iterator[str]:
    """What the user should know about the published report."""
    yield from history.altered()
    if reason and reason != history.revisions()[-1].reason:
        yield "No new revision was made, so the reason was not recorded."


def _index_is_outdated(job: Job) -> bool:
    """It is missing, older than the report, or links to a report that no longer exists."""
    index, results = job.home.outputs / INDEX, job.target / RESULTS
    if not index.is_file() or index.stat().st_mtime_ns < results.stat().st_mtime_ns:
        return True
    return not are_there(index.read_bytes(), job.home.outputs)


def _publish(job: Job, options: _Options, interruption: Interruption) -> bool:
    """The part of a run that needs the lock.

    Returns:
        Whether anything was published.

    Raises:
        Overtaken: nothing was published; the months before must be read again.
    """
    refuse_other_kind(job.home, job.name, job.params.period)
    if job.staging.exists():
        remove_folder(job.staging, job.home.outputs)
    refuse_links(job.home.outputs, job.staging)
    private_folder(job.home.staging, job.home.outputs)
    job.staging.mkdir(parents=True)
    kept = False
    try:
        return _publish_changes(job, options, interruption)
    except NotebookKept:
        kept = True
        raise
    finally:
        if not kept:
            with interruption.shielded(), suppress(Refusal):
                remove_folder(job.staging, job.home.outputs, ignore_errors=True)


def _publish_changes(job: Job, options: _Options, interruption: Interruption) -> bool:
    probe(job.staging, job.target)
    notebook = job.home.notebook(STEM).read_bytes()
    inputs = inputs_of(job)
    key = key_of(job, inputs, notebook)
    history = History(job.home.outputs, job.name)
    for sentence in history.settle():
        options.notice(sentence)
    revision = history.upcoming(key, job.kind is Kind.OFFICIAL, options.reason)
    if not options.force and not revision.is_new and _has_key(job, key):
        _await_turn(job, options.slot)
        return False
    _check_before(job, revision, options.slot)
    manifest = Manifest(
        job.kind,
        job.name,
        key,
        revision.generated,
        job.staging,
        revision.number,
        revision.reason,
        origin_of(notebook, job.months, job.left_out),
    )
    (job.staging / PREVIOUS).write_bytes(history.raw_results(revision.number - 1))
    execution = _execute(job, manifest, notebook, options, interruption)
    interruption.check()
    try:
        files = files_to_publish(job, manifest, execution, inputs)
        _await_turn(job, options.slot)
    except Failure as failure:
        raise NotebookKept(with_place(job, failure, execution)) from failure
    write_folder(job.staging / "new", files)
    with interruption.held():
        for sentence in history.publish(job.staging / "new", revision):
            options.notice(sentence)
    return True


def _check_before(job: Job, revision: Revision, slot: Slot) -> None:
    """See, before anything is executed, that the revision may be made and its PDF too."""
    try:
        check_reason(job.home.outputs, job.name, revision)
    except Refusal:
        # It may turn out to be no new revision once the months before have ended.
        _await_turn(job, slot)
        raise
    if job.params.wants_pdf:
        check_pdf()


def _await_turn(job: Job, slot: Slot) -> None:
    """Wait for the months before, and see that they are as this report has them."""
    slot.wait_for_turn()
    now = months_before(job.params, job.home), months_left_out(job.params, job.home)
    if now != (job.months, job.left_out):
        if slot.expected:
            raise Overtaken
        raise Failure("An earlier month's report changed during the run. Run again.")


def _has_key(job: Job, key: str) -> bool:
    """The published report has this key, and all its files exist."""
    if not all((job.target / name).is_file() for name in job.files):
        return False
    results = read_results((job.target / RESULTS).read_bytes())
    if not all((job.target / name).is_file() for name in ledger_of_results(results)):
        return False
    return bool(results.get("provenance", {}).get("key") == key)


def _execute(
    job: Job, manifest: Manifest, raw: bytes, options: _Options, interruption: Interruption
) -> Execution:
    from finops_nb.notebook.execute import execute
    from finops_nb.notebook.kernel import running_kernel
    from finops_nb.notebook.preflight import (
        check_notebook,
        declared_parameters,
        read_notebook,
    )

    shown = job.home.shown(job.home.notebook(STEM))
    notebook = read_notebook(raw, shown)
    parameters = job.params.parameters_for(declared_parameters(notebook))
    check_notebook(notebook, parameters, shown)
    manifest.save(job.staging)
    save_months(job.months, job.left_out, job.staging)
    variables = {STAGING_VARIABLE: str(job.staging), HOME_VARIABLE: str(job.home.root)}
    if NOTEBOOK_API.encode() in raw or imports_workbench(raw):
        variables[PRELOAD] = NOTEBOOK_API
    interruption.check()
    server_socket = options.slot.server_socket
    with running_kernel(job.staging, variables, interruption.shielded, server_socket) as kernel:
        interruption.stop = kernel.kill
        # Two seconds of imports while the kernel starts. Not in a thread, because an interruption
        # could leave an import lock held.
        for module in EXPORTERS:
            import_module(module)
        return execute(notebook, parameters, kernel, progress=options.progress)
