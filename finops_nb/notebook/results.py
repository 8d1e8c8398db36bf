"""Results: what a report's notebook hands over to its runner, and the mark that it got to its end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from finops_nb.figures.chargeback import ledger_text
from finops_nb.findings.overview import overview
from finops_nb.notebook.background_failures import tell_lost_futures
from finops_nb.outputs.artifacts import LEDGER, RESULTS, WORKBOOK, marker_text
from finops_nb.outputs.manifest import Kind, Manifest
from finops_nb.params.budgets import Budgets
from finops_nb.params.model import Params
from finops_nb.report.provenance import provenance, title
from finops_nb.report.workbook import workbook_of
from finops_nb.usage.model import Usage


class Part(Protocol):
    """A table or a piece of prose: what it is called, and its figures as JSON."""

    @property
    def name(self) -> str: ...

    def records(self) -> list[dict[str, Any]]: ...


@dataclass(frozen=True)
class Marker:
    """The last cell's output; the runner publishes only what ends with it."""

    text: str

    def __repr__(self) -> str:
        return self.text


def write_results(
    parts: Sequence[Part],
    usage: Usage,
    budgets: Budgets,
    params: Params,
    manifest: Manifest,
    book: pd.DataFrame | None,
) -> Marker:
    """Write the results into the runner's staging folder; in a draft, write nothing.

    Args:
        parts: every table and piece of prose that the report shows.
        usage: from `read_usage`.
        budgets: from `read_budgets`.
        params: of the report.
        manifest: from `current_manifest`.
        book: from `ledger_of`; written for an official manifest only.
    """
    tell_lost_futures()
    if manifest.staging is None:
        return Marker(
            "A draft: nothing is written. `finops-nb run NAME` publishes the report of params/NAME.yaml."
        )
    results = overview(usage, budgets, params, manifest.name, manifest.kind) | {
        "title": title(usage, params, manifest),
        "tables": {part.name: part.records() for part in parts},
        "provenance": provenance(usage, budgets, params, manifest),
    }
    _write(
        manifest.staging / RESULTS,
        json.dumps(results, ensure_ascii=False, indent=1, allow_nan=False) + "\n",
    )
    (manifest.staging / WORKBOOK).write_bytes(workbook_of(parts, usage, params, manifest))
    if manifest.kind is Kind.OFFICIAL and book is not None:
        _write(manifest.staging / LEDGER, ledger_text(book, usage, params))
    return Marker(marker_text(manifest))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
