"""The inputs and paths of a run, and the key that tells one run from another."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from finops_nb import __version__
from finops_nb.home import PACKAGE, Home
from finops_nb.outputs.artifacts import HTML, NOTEBOOK, PDF, RESULTS, STEM, WORKBOOK
from finops_nb.outputs.manifest import Kind, kind_of
from finops_nb.outputs.months import PublishedMonth, months_before, months_left_out
from finops_nb.params.budgets import Budgets, read_budgets
from finops_nb.params.drivers import Drivers, read_drivers
from finops_nb.params.model import Params
from finops_nb.params.organizations import OrganizationMap, read_mapping
from finops_nb.params.params_file import load_params, naming_params_file

Fingerprint = tuple[tuple[str, str], ...]
"""Name, as a reader may see it, and SHA-256 of each input file."""

NOT_CODE: Final = ("sample", "notebooks", "__pycache__")
"""Folders of the package that are inputs with their own place in the key, or Python's cache."""


@dataclass(frozen=True, slots=True)
class Job:
    """The inputs and paths of a run.

    Args:
        home: the home.
        name: a checked NAME.
        params: as read at the start; later changes of the file do not matter.
        budgets: likewise.
        months: the months before, as published.
        kind: of the report.
        mapping: organizations.csv, from which the budgets have owners; None if the params name
            none.
        left_out: the months before that can't be compared, and why.
        drivers: drivers.csv; None if the params name none.
    """

    home: Home
    name: str
    params: Params
    budgets: Budgets
    months: tuple[PublishedMonth, ...]
    kind: Kind
    mapping: OrganizationMap | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    drivers: Drivers | None = None

    @property
    def target(self) -> Path:
        """Where the report is published."""
        return self.home.outputs / self.name

    @property
    def page(self) -> Path:
        """The published HTML."""
        return self.target / HTML

    @property
    def staging(self) -> Path:
        """Where the run works before it publishes."""
        return self.home.staging / self.name

    @property
    def runs(self) -> Path:
        return self.home.runs

    @property
    def local_paths(self) -> list[str]:
        """Folders that no published file may name: the home, Python's, and the user's own."""
        folders = [Path(sys.prefix), Path(sys.base_prefix), Path(os.environ.get("HOME", ""))]
        # Short ones, such as /usr or /root, say nothing of this machine.
        telling = [str(folder) for folder in folders if len(folder.parts) > 2]
        return [str(self.home.root), str(self.staging), *telling]

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files to publish, besides the ledger that the results name."""
        pdf = (PDF,) if self.params.wants_pdf else ()
        return (NOTEBOOK, HTML, RESULTS, WORKBOOK, *pdf)


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a run among runs in parallel.

    Args:
        server_socket: of the fork server that starts its kernel; None starts a new interpreter.
        expected: by NAME, the months that parallel runs are about to publish; None where nothing
            is expected.
        wait_for_turn: called when the report is ready to be published; returns when the runs of
            the months before have ended.
        index: it rebuilds the list of all reports.
    """

    server_socket: socket.socket | None = None
    expected: Mapping[str, PublishedMonth | None] = field(default_factory=dict)
    wait_for_turn: Callable[[], None] = lambda: None
    index: bool = True


ALONE: Final = Slot()
"""The slot of a run with no other run in parallel."""


def open_job(
    home: Home, name: str, expected: Mapping[str, PublishedMonth | None] | None = None
) -> Job:
    """The job of a NAME, with its params, budgets and the months before as they are now.

    Args:
        home: the home.
        name: the NAME.
        expected: months that are about to be published, as for `months_before`.

    Raises:
        Refusal: the NAME, its params or its budgets.
    """
    name = home.check_name(name)
    params = load_params(home, name)
    with naming_params_file(home, name, params):
        mapping = read_mapping(params, home)
        budgets = read_budgets(params, home, mapping=mapping)
        drivers = read_drivers(params, home)
    months = months_before(params, home, expected)
    left_out = months_left_out(params, home)
    kind = kind_of(name, params.period)
    return Job(home, name, params, budgets, months, kind, mapping, left_out, drivers)


def inputs_of(job: Job) -> Fingerprint:
    """What a run starts from: the files of usage now, and the tables as the job read them.

    The tables are organizations.csv and drivers.csv; budgets are in the key by their amounts.

    Raises:
        Refusal: they do not exist, or can't be read.
    """
    from finops_nb.usage.sources.discovery import fingerprint, resolve_inputs

    with naming_params_file(job.home, job.name, job.params):
        usage = fingerprint(resolve_inputs(job.params, job.home))
    tables = (table for table in (job.mapping, job.drivers) if table)
    return (*usage, *((table.file, table.sha256) for table in tables))


def inputs_now(job: Job) -> Fingerprint:
    """The files of `inputs_of`, with the SHA-256 that they have now.

    Raises:
        Refusal: they do not exist, or can't be read.
    """
    from finops_nb.usage.sources.discovery import SourceFile, fingerprint, resolve_inputs

    with naming_params_file(job.home, job.name, job.params):
        sources = [*resolve_inputs(job.params, job.home)]
    tables = ((job.mapping, job.params.mapping), (job.drivers, job.params.drivers))
    # Their bytes are enough here: the job has read and checked what they say.
    sources += (
        SourceFile(table.file, job.home.root / path, ".csv") for table, path in tables if table
    )
    return fingerprint(sources)


def key_of(job: Job, inputs: Fingerprint, notebook: bytes) -> str:
    """The key of a run of these inputs with this notebook's file."""
    origin = origin_of(notebook, job.months, job.left_out)
    return run_key(job.name, job.kind, job.params, job.budgets, inputs, origin)


def key_now(job: Job) -> str:
    """The key that a run would have now; a published report with another key is outdated.

    Raises:
        Refusal: as for `inputs_of`; or the notebook does not exist.
    """
    return key_of(job, inputs_of(job), job.home.notebook(STEM).read_bytes())


def run_key(
    name: str,
    kind: Kind,
    params: Params,
    budgets: Budgets,
    inputs: Fingerprint,
    origin: Mapping[str, Any],
) -> str:
    """A digest of everything a report is made from.

    Args:
        name: its NAME.
        kind: its kind.
        params: all of them.
        budgets: their amounts, wherever they come from.
        inputs: the files of usage.
        origin: from `origin_of`.

    Returns:
        64 hexadecimal digits.
    """
    parts = {
        "name": name,
        "kind": str(kind),
        "params": params.as_parameters(),
        "budgets": budgets.as_record(),
        "inputs": sorted(inputs),
        "version": __version__,
    }
    return _digest({**parts, **origin})


def origin_of(
    notebook: bytes, months: Iterable[PublishedMonth], left_out: Mapping[str, str]
) -> dict[str, Any]:
    """What a report is made from besides params, budgets and usage.

    Args:
        notebook: its file.
        months: the months before, as published.
        left_out: those that can't be compared, and why.

    Returns:
        `notebook` and `code` as SHA-256, and `months` as SHA-256, or the reason, by name.
    """
    return {
        "notebook": hashlib.sha256(notebook).hexdigest(),
        "code": code_digest(),
        "months": {month.name: _digest(month.as_record()) for month in months} | {**left_out},
    }


@cache
def code_digest() -> str:
    """SHA-256 of the package's files: in a checkout the code changes while its version does not."""
    digest = hashlib.sha256()
    for file in sorted(_code_files(PACKAGE)):
        digest.update(file.relative_to(PACKAGE).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _code_files(folder: Path) -> Iterable[Path]:
    for file in folder.rglob("*"):
        parts = file.relative_to(folder).parts
        left_out = any(part in NOT_CODE or part.startswith(".") for part in parts)
        if file.is_file() and not left_out:
            yield file


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
