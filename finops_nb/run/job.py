"""What one run is of, and where it puts things."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from finops_nb.params.budgets import Budgets, read_budgets
from finops_nb.outputs.manifest import Kind, kind_of
from finops_nb.outputs.artifacts import LEDGER, RESULTS, WORKBOOK
from finops_nb.home import Home
from finops_nb.run.key import Fingerprint, run_key
from finops_nb.params.organizations import read_mapping
from finops_nb.params.model import Params, load_params
from finops_nb.outputs.months import PublishedMonth, months_before

STEM: Final = "organizational_alignment"
HTML: Final = f"{STEM}.html"
NOTEBOOK: Final = f"{STEM}.ipynb"
PDF: Final = f"{STEM}.pdf"
INDEX: Final = "index.html"
"""Beside the folders of the reports: the list of them."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a run is of, and where it puts things.

    Args:
        home: the home.
        name: a checked NAME.
        params: as read at the start; the file does not matter after that.
        budgets: likewise.
        months: the months before, as they were published.
        kind: of the report.
    """

    home: Home
    name: str
    params: Params
    budgets: Budgets
    months: tuple[PublishedMonth, ...]
    kind: Kind

    @property
    def target(self) -> Path:
        return self.home.outputs / self.name

    @property
    def page(self) -> Path:
        return self.target / HTML

    @property
    def staging(self) -> Path:
        return self.home.outputs / ".staging" / self.name

    @property
    def local_paths(self) -> list[str]:
        """Folders that no artefact may name: the home, and what lies as deep as to be this machine's or its user's own."""
        own = [Path(sys.prefix), Path(sys.base_prefix), Path(os.environ.get("HOME", ""))]
        return [str(self.home.root), str(self.staging), *(str(folder) for folder in own if len(folder.parts) > 2)]

    @property
    def runs(self) -> Path:
        return self.home.outputs / ".runs"

    @property
    def files(self) -> tuple[str, ...]:
        """The names of what is published."""
        ledger = (LEDGER,) if self.kind is Kind.OFFICIAL else ()
        pdf = (PDF,) if self.params.wants_pdf else ()
        return (NOTEBOOK, HTML, RESULTS, WORKBOOK, *ledger, *pdf)


def open_job(home: Home, name: str, coming: Mapping[str, PublishedMonth | None] | None = None) -> Job:
    """What a run of a NAME would be of, as its params, budgets and the months before stand now.

    Args:
        home: the home.
        name: the NAME.
        coming: months that are about to be published, as for `months_before`.

    Raises:
        Refusal: the NAME, its params or its budgets.
    """
    name = home.check_name(name)
    params = load_params(home, name)
    return Job(home, name, params, read_budgets(params, home), months_before(params, home, coming), kind_of(name, params.period))


def inputs_now(job: Job) -> Fingerprint:
    """The files of usage, and what is in them.

    Raises:
        Refusal: they are not there, or can't be read.
    """
    from finops_nb.usage.sources.discovery import fingerprint, resolve_inputs

    mapping = read_mapping(job.params, job.home)
    usage = tuple(fingerprint(resolve_inputs(job.params, job.home)))
    return (*usage, (mapping.file, mapping.sha256)) if mapping else usage


def key_of(job: Job, inputs: Fingerprint, notebook: bytes) -> str:
    """The key of a run of these inputs by this notebook."""
    return run_key(job.name, job.kind, job.params, job.budgets, job.months, inputs, notebook)


def key_now(job: Job) -> str:
    """The key that a run would have now; another one than the published report's means that this is outdated.

    Raises:
        Refusal: as `inputs_now`, or the notebook is not there.
    """
    return key_of(job, inputs_now(job), job.home.notebook(STEM).read_bytes())
