"""Folders of published reports, for tests of what lists them."""

from __future__ import annotations

import json
from pathlib import Path


def kind_of(name: str, period: str) -> str:
    if name.startswith("scenarios/"):
        return "scenario"
    return "official" if name == period else "analysis"


def first_month(period: str) -> str:
    """The first month of a month or quarter, as text like 2025-10."""
    if "Q" not in period:
        return period[:7]
    return f"{period[:4]}-{int(period[-1]) * 3 - 2:02}"


def results_of(name: str, period: str, /, **changed) -> str:
    """Results of a period with a budget of 4, costs of 1.005 on day 1 and of 2 on day 3."""
    kind, month = kind_of(name, period), first_month(period)
    params = {"period": period, "timezone": "UTC"}
    if kind == "scenario":
        params["scenario"] = {"reason": "<b> more"}
    summary = {"budget": "4", "variance": "-0.995", "variance_ratio": "-0.24875", "status": "UNDER"}
    results = {
        "name": name,
        "kind": kind,
        "currency": "USD",
        "total": "3.005",
        "period": {"start": f"{month}-01", "end": "later", "complete": True},
        "tables": {
            "executive_summary": [summary],
            "spend_by_day": [
                {"day": f"{month}-01", "cost": "1.005"},
                {"day": f"{month}-03", "cost": "2"},
            ],
        },
        "provenance": {"key": "ab" * 32, "generated": "2026-01-01T00:00:00Z", "params": params},
    }
    return json.dumps(results | changed)


def publish(
    outputs: Path, name: str, period: str | None = None, text: str | None = None, **changed
) -> Path:
    """A folder with results and a page.

    Args:
        outputs: the folder of outputs.
        name: the NAME.
        period: of the results; the NAME if None.
        text: the whole `results.json`; made by `results_of` if None.
        changed: keys of the results, for `results_of`.
    """
    folder = outputs / name
    folder.mkdir(parents=True, exist_ok=True)
    results = results_of(name, period or name, **changed) if text is None else text
    (folder / "results.json").write_text(results)
    (folder / "organizational_alignment.html").write_text("<p>")
    return folder
