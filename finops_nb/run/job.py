"""What one run is of, and where it puts things."""

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
from finops_nb.outputs.artifacts import HTML, LEDGER, NOTEBOOK, PDF, RESULTS, STEM, WORKBOOK
from finops_nb.outputs.manifest import Kind, kind_of
from finops_nb.outputs.months import PublishedMonth, months_before
from finops_nb.params.budgets import Budgets, read_budgets
from finops_nb.params.model import Params, load_params
from finops_nb.params.organizations import read_mapping

Fingerprint = tuple[tuple[str, str], ...]
"""Name, as a reader may see it, and SHA-256 of each input file."""

NOT_CODE: Final = ("sample", "notebooks", "__pycache__")
"""Folders of the package that are inputs, with their own place in the key, or made by Python."""


def run_key(
    name: str,
    kind: Kind,
    params: Params,
    budgets: Budgets,
    months: Iterable[PublishedMonth],
    inputs: Fingerprint,
    notebook: bytes,
) -> str:
    """64 hexadecimal digits for what goes into a report.

    Args:
        name: its NAME.
        kind: its kind.
        params: all of them.
        budgets: what they are, wherever they come from.
        months: the months before, as they were published; only their figures count, not what made them.
        inputs: the files of usage.
        notebook: the notebook's file.
    """
    parts = {
        "name": name,
        "kind": str(kind),
        "params": params.as_parameters(),
        "budgets": budgets.as_record(),
        "inputs": sorted(inputs),
        "version": __version__,
    }
    return _digest(parts | origin_of(notebook, months))


def origin_of(notebook: bytes, months: Iterable[PublishedMonth]) -> dict[str, Any]:
    """What goes into a report beside params, budgets and usage: `notebook` and `code`, and `months` by name, each as SHA-256.

    Args:
        notebook: its file.
        months: the months before, as they were published.
    """
    sha256 = hashlib.sha256(notebook).hexdigest()
    return {
        "notebook": sha256,
        "code": code_digest(),
        "months": {month.name: _digest(month.as_record()) for month in months},
    }


@cache
def code_digest() -> str:
    """Of the package's own files: in a checkout the code moves while its version stands still."""
    digest = hashlib.sha256()
    for file in sorted(_code(PACKAGE)):
        digest.update(
            file.relative_to(PACKAGE).as_posix().encode()
            + b"\0"
            + hashlib.sha256(file.read_bytes()).digest()
        )
    return digest.hexdigest()


def _digest(value: Any) -> str:
    return hashlib.sha256(
        json.dumps(value, sort_keys=True, ensure_ascii=False).encode("utf-8")
    ).hexdigest()


def _code(folder: Path) -> Iterable[Path]:
    return (
        file
        for file in folder.rglob("*")
        if file.is_file()
        and not any(
            part in NOT_CODE or part.startswith(".") for part in file.relative_to(folder).parts
        )
    )


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
        return self.home.staging / self.name

    @property
    def local_paths(self) -> list[str]:
        """Folders that no artefact may name: the home, and what lies as deep as to be this machine's or its user's own."""
        own = [Path(sys.prefix), Path(sys.base_prefix), Path(os.environ.get("HOME", ""))]
        return [
            str(self.home.root),
            str(self.staging),
            *(str(folder) for folder in own if len(folder.parts) > 2),
        ]

    @property
    def runs(self) -> Path:
        return self.home.runs

    @property
    def files(self) -> tuple[str, ...]:
        """The names of what is published."""
        ledger = (LEDGER,) if self.kind is Kind.OFFICIAL else ()
        pdf = (PDF,) if self.params.wants_pdf else ()
        return (NOTEBOOK, HTML, RESULTS, WORKBOOK, *ledger, *pdf)


def open_job(
    home: Home, name: str, coming: Mapping[str, PublishedMonth | None] | None = None
) -> Job:
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
    return Job(
        home,
        name,
        params,
        read_budgets(params, home),
        months_before(params, home, coming),
        kind_of(name, params.period),
    )


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


@dataclass(frozen=True, slots=True)
class Slot:
    """One of the lanes in which runs go side by side.

    Args:
        door: of the fork server that starts its kernel; None starts a fresh interpreter.
        coming: by NAME, the months that runs beside it are about to publish; None where nothing is to be expected.
        turn: called when all is ready to be published; returns when the runs of the months before have ended.
        index: it rebuilds the list of all reports.
    """

    door: socket.socket | None = None
    coming: Mapping[str, PublishedMonth | None] = field(default_factory=dict)
    turn: Callable[[], None] = lambda: None
    index: bool = True


ALONE: Final = Slot()
