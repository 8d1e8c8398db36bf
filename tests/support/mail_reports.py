"""Reports to mail, for tests: results.json of a few lines whose sums a reader can check, and homes where they are published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from support.homes import make_home

from finops_nb.home import Home
from finops_nb.mail import message as letter
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
"""Name: cost, budget. 3,504.944 + 2,695.753 + 2,469.203 = 8,669.90; 5,000 + 2,000 + 3,000 = 10,000."""

Lines = Mapping[str, tuple[str, str | None]]

DRAWN: Final[dict[str, Picture]] = {}


def draw_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the same lines be drawn once for all tests: a chart takes half a second."""

    def drawn(table: Table) -> Picture:
        lines = f"{table.name} {table.currency} {table.blocks}"
        DRAWN[lines] = DRAWN.get(lines) or picture(table)
        return DRAWN[lines]

    monkeypatch.setattr(letter, "picture", drawn)


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
        complete: the period is over.
        status: of the whole, where it is not what the sums say.
    """
    levels = {
        "organization": organizations,
        "product": organizations if products is None else products,
    }
    sums = {by: _sum(lines, status) for by, lines in levels.items()}
    whole = sums["organization"]
    opened = {
        "total_spend": whole["cost"],
        "calls": 224072,
        "customers": 100,
        "budget_version": "original",
    }
    known = "PARTIAL: usage is known up to 2025-12-20, the period ends with 2025-12-31."
    return {
        "name": "2025-12",
        "kind": kind,
        "period": {"start": "2025-12-01", "end": "2026-01-01", "complete": complete},
        "currency": "USD",
        "total": whole["cost"],
        "warnings": [] if complete else [known],
        "tables": {
            "executive_summary": [
                opened
                | {part: whole[part] for part in ("budget", "variance", "variance_ratio", "status")}
            ],
            "headline": [
                {
                    "figure": "spend",
                    "label": "Spend against budget",
                    "value": "(said above)",
                    "detail": "",
                },
                {
                    "figure": "prior_month",
                    "label": "Against November 2025",
                    "value": "+$210.35 (+2.5%)",
                    "detail": "$8,459.55 published",
                },
            ],
            "findings": [
                {
                    "title": "Over budget",
                    "text": "org-c: $695.75 over its budget of $2,000.00",
                    "note": "org-c: two more regions",
                },
                {
                    "title": "Approval missing",
                    "text": "$3,504.94 with no approval on record: org-a",
                    "note": "",
                },
            ],
            **{
                f"cost_by_{by}": [{by: name} | _line(*line) for name, line in _sorted(lines)]
                for by, lines in levels.items()
            },
            "budget_tracking": [
                {"level": f"{by.title()} Level", "actual": sums[by].pop("cost")} | sums[by]
                for by in levels
            ],
        },
        "provenance": {
            "key": KEY,
            "generated": "2026-01-01T00:00:00Z",
            "params": {"period": "2025-12", "timezone": "UTC", "scenario": {}},
        },
    }


def publish_by_hand(root: Path, name: str = "2025-12", **params: Any) -> Home:
    """A home with one NAME whose report is published and up to date; `params` are keys of its params file."""
    home = make_home(root, name=name, **params)
    write_report(home, name)
    return home


def write_report(home: Home, name: str = "2025-12", **changes: Any) -> None:
    """Publish the results above under a NAME, with the key that a run would have now; `changes` replace keys of them."""
    results = results_of() | {"name": name, "kind": str(open_job(home, name).kind)} | changes
    results["provenance"] = {**results["provenance"], "key": key_now(open_job(home, name))}
    folder = home.outputs / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(results))
    page = f'<!DOCTYPE html><meta content="{results["provenance"]["key"]}" name="finops-nb-key"/><title>The report</title>'
    (folder / "organizational_alignment.html").write_text(page)


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
