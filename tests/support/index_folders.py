"""Folders of published reports, for tests of what lists them."""

from __future__ import annotations

import json
from pathlib import Path


def results_of(name: str, period: str, /, **changed) -> str:
    """Results of a period that cost 1.005 on its first day and 2 on its third, of a budget of 4."""
    year, month = (
        (period[:4], period[5:7])
        if "Q" not in period
        else (period[:4], f"{int(period[-1]) * 3 - 2:02}")
    )
    kind = (
        "scenario"
        if name.startswith("scenarios/")
        else "official"
        if name == period
        else "analysis"
    )
    params = {"period": period, "timezone": "UTC"} | (
        {"scenario": {"reason": "<b> more"}} if kind == "scenario" else {}
    )
    results = {
        "name": name,
        "kind": kind,
        "currency": "USD",
        "total": "3.005",
        "period": {"start": f"{year}-{month}-01", "end": "later", "complete": True},
        "tables": {
            "executive_summary": [
                {
                    "budget": "4",
                    "variance": "-0.995",
                    "variance_ratio": "-0.24875",
                    "status": "UNDER",
                }
            ],
            "spend_by_day": [
                {"day": f"{year}-{month}-01", "cost": "1.005"},
                {"day": f"{year}-{month}-03", "cost": "2"},
            ],
        },
        "provenance": {"key": "ab" * 32, "generated": "2026-01-01T00:00:00Z", "params": params},
    }
    return json.dumps(results | changed)


def publish(
    outputs: Path, name: str, period: str | None = None, text: str | None = None, **changed
) -> Path:
    """A folder with results and a page."""
    folder = outputs / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(
        text if text is not None else results_of(name, period or name, **changed)
    )
    (folder / "organizational_alignment.html").write_text("<p>")
    return folder
