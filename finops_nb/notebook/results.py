"""Results: what a report's notebook writes for its runner, and the mark that it is complete."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import pandas as pd

from finops_nb.figures.bridge import bridge_rows
from finops_nb.figures.budget_bridge import budget_bridge_rows
from finops_nb.figures.chargeback import is_final, ledger_csv
from finops_nb.figures.report_data import ReportData
from finops_nb.findings.overview import overview
from finops_nb.notebook.background_failures import print_lost_futures
from finops_nb.outputs.artifacts import (
    DRAFT_LEDGER,
    LEDGER,
    NOT_SHOWN,
    RESULTS,
    WORKBOOK,
    marker_text,
)
from finops_nb.outputs.manifest import Kind
from finops_nb.report.outlook_tables import forecast_rows
from finops_nb.report.provenance import provenance, title
from finops_nb.report.table import Table, scalar
from finops_nb.report.workbook import workbook_of
from finops_nb.usage.model import CELLS, DAYS

DRAFT: Final = "Draft: nothing was written. `finops-nb run NAME` publishes params/NAME.yaml."


class Part(Protocol):
    """A table or a piece of prose: its name, and its figures as JSON."""

    @property
    def name(self) -> str: ...

    def records(self) -> list[dict[str, Any]]: ...


Shown = TypeVar("Shown", bound=Part)


@dataclass(frozen=True)
class Marker:
    """The output of the last cell. The runner publishes only a notebook that ends with it."""

    text: str

    def __repr__(self) -> str:
        return self.text


class Parts:
    """The parts of a report, collected as its cells show them.

    Args:
        data: from `read_report_data`.
        book: from `ledger_of`; None if the report has no ledger.

    Example:
        show = Parts(data, book)
        show(tables.cost_by_feature(data, features))
        write_results(show)
    """

    def __init__(self, data: ReportData, book: pd.DataFrame | None = None):
        self.data = data
        self.book = book
        self.shown: list[Part] = []
        self._explained = ""

    def __call__(self, part: Shown) -> Shown:
        """Collect a table or a piece of prose, and return it, so that the cell shows it.

        The first table with a "Rounding" row explains it, and again if its cell is run again.
        """
        if isinstance(part, Table) and part.has_rounding_row:
            self._explained = self._explained or part.name
            if part.name == self._explained:
                part = replace(part, explains_rounding=True)
        self.shown.append(part)
        return part


def write_results(show: Parts) -> Marker:
    """Write the results into the runner's staging folder; a draft writes nothing.

    The files are results.json, the workbook and, for an official report, the ledger:
    chargeback.csv, or chargeback.DRAFT.csv until the month is complete and reconciled.

    Args:
        show: every table and piece of prose that the report shows.

    Returns:
        The marker, which the last cell must show.

    Example:
        write_results(show)
    """
    print_lost_futures()
    data, folder = show.data, show.data.manifest.staging
    if folder is None:
        return Marker(DRAFT)
    results = overview(data) | {
        "title": title(data),
        "ledger": _ledger_file(show),
        "tables": {part.name: part.records() for part in show.shown} | not_shown(data),
        "provenance": provenance(data),
    }
    text = json.dumps(results, ensure_ascii=False, indent=1, allow_nan=False)
    _write(folder / RESULTS, text + "\n")
    (folder / WORKBOOK).write_bytes(workbook_of(data, show.shown))
    if show.book is not None and (ledger := results["ledger"]):
        _write(folder / ledger, ledger_csv(data, show.book))
    return Marker(marker_text(data.manifest))


def not_shown(data: ReportData) -> dict[str, list[dict[str, Any]]]:
    """The tables of `artifacts.NOT_SHOWN`, of usage that was read by cells."""
    groups = data.usage.groups
    if CELLS not in groups:
        return {}
    bridge = pd.concat([bridge_rows(data), budget_bridge_rows(data)])
    frames = (groups[CELLS], groups[DAYS], bridge)
    tables = [*(frame.to_dict("records") for frame in frames), forecast_rows(data)]
    return {
        name: [{key: scalar(value) for key, value in row.items()} for row in rows]
        for name, rows in zip(NOT_SHOWN, tables, strict=True)
    }


def _ledger_file(show: Parts) -> str | None:
    """The name of the ledger's file; None if the report has no ledger."""
    if show.data.manifest.kind is not Kind.OFFICIAL or show.book is None:
        return None
    return LEDGER if is_final(show.data.usage) else DRAFT_LEDGER


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
