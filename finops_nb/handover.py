"""What an executed notebook leaves for its runner: the files' names, and the mark that it got to its end.

Light, since the runner reads it before it knows whether there is anything to do.
"""

from __future__ import annotations

import json
from typing import Any, Final

from finops_nb.edition import Edition

RESULTS: Final = "results.json"
LEDGER: Final = "chargeback.csv"
WORKBOOK: Final = "organizational_alignment.xlsx"


def marker_text(edition: Edition) -> str:
    """What the last cell of a complete run prints."""
    return f"Results handed over: {edition.name}, key {edition.key}"


def read_results(raw: bytes) -> dict[str, Any]:
    """The object in a `results.json`; empty if it holds none, or one without provenance."""
    try:
        results = json.loads(raw)
    except ValueError:
        return {}
    return results if isinstance(results, dict) and isinstance(results.get("provenance"), dict) else {}
