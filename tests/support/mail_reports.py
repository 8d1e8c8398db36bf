"""Reports to mail, for tests: results of a few lines with sums that a reader can check."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from support.homes import make_home

from finops_nb.home import Home
from finops_nb.mail import message
from finops_nb.mail.message import Picture, picture
from finops_nb.money import plain
from finops_nb.report.table import Table
from finops_nb.run.job import key_now, open_job

KEY: Final = "0123456789abcdef" * 4
ORGANIZATIONS: Final = {
    "org-a": ("3504.944", "5000"),
    "org-c": ("2695.753", "2000"),
    "org-b": ("2469.203", "3000"),
}
"""Cost and budget by name.

3,504.944 + 2,695.753 + 2,469.203 = 8,669.90; 5,000 + 2,000 + 3,000 = 10,000.
"""

SCENARIO: Final = {"author": "Ana", "date": "2025-12-15", "base": "2025-12", "reason": ""}
PARTIAL: Final = (
    "PARTIAL: usage is complete through December 20, 2025; the period ends December 31, 2025."
)
HEADLINE: Final = (
    {
        "figure": "spend",
        "label": "Spend against budget",
        "value": "(in the summary)",
        "detail": "",
    },
    {
        "figure": "prior_month",
        "label": "Change from November 2025",
        "value": "+$210.35 (+2.5%)",
        "detail": "November, as published: $8,459.55",
    },
)
FINDINGS: Final = (
    {
        "title": "Over Budget",
        "text": "org-c: $695.75 over its budget of $2,000.00",
        "note": "org-c: two more regions",
    },
    {
        "title": "Approval Missing",
        "text": "$3,504.94 with no approval on record: org-a",
        "note": "",
    },
)

Lines = Mapping[str, tuple[str, str | None]]

DRAWN: Final[dict[str, Picture]] = {}


def draw_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw the same lines only once for all tests: a chart takes half a second."""

    def drawn(table: Table) -> Picture:
        lines = f"{table.name} {table.currency} {table.blocks}"
        DRAWN[lines] = DRAWN.get(lines) or picture(table)
        return DRAWN[lines]

    monkeypatch.setattr(message, "picture", drawn)


def results_of(
    organizations: Lines = ORGANIZATIONS,
    products: Lines | None = None,
    *,
    kind: str = "official",
    complete: bool = True,
    status: str = "",
) -> dict[str, Any]:
    """The object of a results.json, as the notebook writes it.

    Args:
        organizations: cost and budget by name.
        products: likewise; those of the organizations if None.
        kind: of the report.
        complete: whether the period is over.
        status: of the total, if it differs from what the sums imply.
    """
    levels = {
        "organization": organizations,
        "product": organizations if products is None else products,
    }
    sums = {by: _sum(lines, status) for by, lines in levels.items()}
    return {
        "name": "2025-12",
        "kind": kind,
        "period": {"start": "2025-12-01", "end": "2026-01-01", "complete": complete},
        "currency": "USD",
        "total": sums["organization"]["cost"],
        "warnings": [] if complete else [PARTIAL],
        "tables": _tables(levels, sums),
        "provenance": {
            "key": KEY,
            "generated": "2026-01-01T00:00:00Z",
            "params": {
                "period": "2025-12",
                "timezone": "UTC",
                "scenario": dict(SCENARIO) if kind == "scenario" else {},
            },
        },
    }


def publish_by_hand(root: Path, name: str = "2025-12", **params: Any) -> Home:
    """A home with one NAME whose report is published and up to date.

    Args:
        root: the home's folder.
        name: the NAME.
        params: keys of its params file.
    """
    home = make_home(root, name=name, **params)
    write_report(home, name)
    return home


def write_report(home: Home, name: str = "2025-12", **changes: Any) -> None:
    """Publish `results_of()` under a NAME, with the key that a run would have now.

    Args:
        home: the home.
        name: the NAME.
        changes: keys of the results to replace.
    """
    kind = str(open_job(home, name).kind)
    results = results_of(kind=kind) | {"name": name} | changes
    results["provenance"] = {**results["provenance"], "key": key_now(open_job(home, name))}
    folder = home.outputs / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(results))
    meta = f'<meta content="{results["provenance"]["key"]}" name="finops-nb-key"/>'
    page = f"<!DOCTYPE html>{meta}<title>The report</title>"
    (folder / "organizational_alignment.html").write_text(page)


def _tables(levels: Mapping[str, Lines], sums: Mapping[str, Any]) -> dict[str, Any]:
    """The tables of the results that a mail reads."""
    total = sums["organization"]
    amounts = {key: total[key] for key in ("budget", "variance", "variance_ratio", "status")}
    summary = {
        "total_spend": total["cost"],
        "calls": 224072,
        "customers": 100,
        "budget_version": "original",
    }
    cost_tables = {
        f"cost_by_{by}": [{by: name} | _line(*line) for name, line in _sorted(lines)]
        for by, lines in levels.items()
    }
    tracking = [
        {"level": f"{by.title()} Level", "actual": line["cost"]} | _without_cost(line)
        for by, line in sums.items()
    ]
    return {
        "executive_summary": [summary | amounts],
        "headline": [dict(figure) for figure in HEADLINE],
        "findings": [dict(finding) for finding in FINDINGS],
        **cost_tables,
        "budget_tracking": tracking,
    }


def _without_cost(line: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key != "cost"}


def _sorted(lines: Lines) -> list[tuple[str, tuple[str, str | None]]]:
    return sorted(lines.items(), key=lambda line: -Decimal(line[1][0]))


def _sum(lines: Lines, status: str) -> dict[str, str | None]:
    cost = sum((Decimal(cost) for cost, _ in lines.values()), Decimal(0))
    budgets = [Decimal(budget) for _, budget in lines.values() if budget is not None]
    return _line(plain(cost), plain(sum(budgets, Decimal(0))) if budgets else None) | (
        {"status": status} if status else {}
    )


def _line(cost: str, budget: str | None) -> dict[str, str | None]:
    if budget is None:
        return dict.fromkeys(("budget", "variance_ratio", "budget_used")) | {
            "cost": cost,
            "variance": cost,
            "status": "NO BUDGET",
        }
    variance, whole = Decimal(cost) - Decimal(budget), Decimal(budget)
    shares = (
        {"variance_ratio": str(variance / whole), "budget_used": str(Decimal(cost) / whole)}
        if whole
        else {}
    )
    figures = {
        "cost": cost,
        "budget": budget,
        "variance": plain(variance),
        "status": "OVER" if variance > 0 else "UNDER",
    }
    return {"variance_ratio": None, "budget_used": None} | figures | shares
