"""What an executed notebook leaves for its runner: the files' names, and the mark that it finished.

It imports little, since the runner reads it before it knows whether there is anything to do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from finops_nb.outputs.manifest import Manifest

REPORT_NAME: Final = "Organizational Alignment"
STEM: Final = "organizational_alignment"
HTML: Final = f"{STEM}.html"
NOTEBOOK: Final = f"{STEM}.ipynb"
PDF: Final = f"{STEM}.pdf"
WORKBOOK: Final = f"{STEM}.xlsx"
RESULTS: Final = "results.json"
LEDGER: Final = "chargeback.csv"
DRAFT_LEDGER: Final = "chargeback.DRAFT.csv"
"""The ledger of an official month that is not complete, or whose invoices differ."""
LEDGERS: Final = (LEDGER, DRAFT_LEDGER)
"""An official report has exactly one of them."""
NOT_RECONCILED: Final = "NOT RECONCILED"
"""The warning of results.json on invoices that differ begins so."""
PUBLISHED: Final = (HTML, NOTEBOOK, PDF, WORKBOOK, RESULTS, *LEDGERS)
"""Every file that a run may publish under a NAME."""
FAILED: Final = "failed.ipynb"
"""In the staging folder: a notebook as far as it ran."""
INDEX: Final = "index.html"
"""In the folder of outputs: the list of all reports."""
PREVIOUS: Final = "previous.json"
"""In the staging folder: the results of the revision before, if they are still as published."""


CELLS: Final = "cells"
NOT_SHOWN: Final = (CELLS, "days", "bridge", "forecast")
"""Tables of results.json that no page prints as they are: what later months are computed from, the
effects of the bridge one by one, and each line of the forecast."""


def ledger_of_results(results: Mapping[str, Any]) -> tuple[str, ...]:
    """The file of the ledger that goes with a `results.json`; empty if it has none."""
    return tuple(name for name in LEDGERS if name == results.get("ledger"))


def marker_text(manifest: Manifest) -> str:
    """What the last cell of a complete run prints; the key comes last."""
    return f"Results written: {manifest.name}, key {manifest.key}"


def previous_results(manifest: Manifest) -> dict[str, Any]:
    """The results of the revision before; empty if they are not known."""
    file = manifest.staging / PREVIOUS if manifest.staging else None
    return read_results(file.read_bytes()) if file and file.is_file() else {}


def read_results(raw: bytes) -> dict[str, Any]:
    """The object in a `results.json`; empty if it holds none, or one without provenance."""
    try:
        results = json.loads(raw)
    except ValueError:
        return {}
    if not isinstance(results, dict) or not isinstance(results.get("provenance"), dict):
        return {}
    return results
