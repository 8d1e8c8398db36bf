"""The files that a run publishes: checked, cleaned, and exported from the executed notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from finops_nb.errors import Failure
from finops_nb.outputs.artifacts import (
    HTML,
    LEDGERS,
    NOTEBOOK,
    PDF,
    RESULTS,
    WORKBOOK,
    ledger_of_results,
    read_results,
)
from finops_nb.outputs.manifest import Kind, Manifest
from finops_nb.params.budgets import read_budgets
from finops_nb.report.pdf import pdf_of
from finops_nb.run.job import Fingerprint, Job, inputs_now
from finops_nb.words import first_of

if TYPE_CHECKING:
    from finops_nb.notebook.execute import Execution

SHOWN: Final = 3
"""How many changed files a message names."""


def files_to_publish(
    job: Job, manifest: Manifest, execution: Execution, inputs: Fingerprint
) -> dict[str, bytes]:
    """The bytes of every file to publish, by name.

    Args:
        job: the run.
        manifest: that its notebook was given.
        execution: the notebook after its run.
        inputs: what `inputs_of` returned before it.

    Raises:
        Failure: what must not be published, and why.
    """
    from finops_nb.notebook.gate import find_faults, find_local_paths, find_paths_in_files
    from finops_nb.notebook.sanitize import as_bytes, sanitize
    from finops_nb.read_back.finished_files import finished_faults
    from finops_nb.report.html_export import export_html

    written = _written(job)
    _fail_if(
        find_faults(execution, manifest, job.params.window, written) or _changed_inputs(job, inputs)
    )
    results = read_results(written[RESULTS])
    parameters = job.params.shared_parameters()
    clean = sanitize(execution.notebook, manifest, results.get("title"), parameters)
    page = export_html(clean)
    files = written | {NOTEBOOK: as_bytes(clean), HTML: page.encode("utf-8")}
    if PDF in job.files:
        files[PDF] = pdf_of(page)
    _fail_if(
        find_local_paths(clean, job.local_paths)
        or find_paths_in_files(files, job.local_paths)
        or finished_faults(files, clean)
    )
    ledger = ledger_of_results(results) if job.kind is Kind.OFFICIAL else ()
    return {name: files[name] for name in (*job.files, *ledger)}


def _written(job: Job) -> dict[str, bytes]:
    """What the notebook wrote itself."""
    files = {name: job.staging / name for name in (RESULTS, WORKBOOK, *LEDGERS)}
    return {name: file.read_bytes() for name, file in files.items() if file.is_file()}


def _changed_inputs(job: Job, inputs: Fingerprint) -> list[str]:
    """A sentence if usage, organizations or budgets changed during the run."""
    changed = sorted({name for name, _ in {*inputs_now(job)} ^ {*inputs}})
    if changed:
        files = first_of(changed, SHOWN)
        return [f"The inputs changed during the run: {files}. Run again when they are complete."]
    # The inputs are as before, so organizations.csv is what the job has read.
    if read_budgets(job.params, job.home, mapping=job.mapping) != job.budgets:
        return ["The budgets changed during the run. Run again."]
    return []


def _fail_if(faults: list[str]) -> None:
    if faults:
        raise Failure("\n".join(faults))
