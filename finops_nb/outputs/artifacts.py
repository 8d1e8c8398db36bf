"""What an executed notebook leaves for its runner: the files' names, and the mark that it got to its end.

Light, since the runner reads it before it knows whether there is anything to do.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from finops_nb.outputs.manifest import Manifest

if TYPE_CHECKING:
    pass

STEM: Final = "organizational_alignment"


HTML: Final = f"{STEM}.html"


NOTEBOOK: Final = f"{STEM}.ipynb"


PDF: Final = f"{STEM}.pdf"


INDEX: Final = "index.html"
"""Beside the folders of the reports: the list of them."""


FAILED: Final = "failed.ipynb"


RESULTS: Final = "results.json"
LEDGER: Final = "chargeback.csv"
WORKBOOK: Final = "organizational_alignment.xlsx"
PREVIOUS: Final = "previous.json"
"""In the staging folder: the results of the revision before, where there is one and its results are as they were published."""


def marker_text(manifest: Manifest) -> str:
    """What the last cell of a complete run prints."""
    return f"Results handed over: {manifest.name}, key {manifest.key}"


def previous_results(manifest: Manifest) -> dict[str, Any]:
    """The results of the revision before; empty where they are not known."""
    file = manifest.staging / PREVIOUS if manifest.staging else None
    return read_results(file.read_bytes()) if file and file.is_file() else {}


def read_results(raw: bytes) -> dict[str, Any]:
    """The object in a `results.json`; empty if it holds none, or one without provenance."""
    try:
        results = json.loads(raw)
    except ValueError:
        return {}
    return (
        results if isinstance(results, dict) and isinstance(results.get("provenance"), dict) else {}
    )
