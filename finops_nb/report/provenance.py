"""Provenance: from which inputs, parameters and versions the figures were made."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any, Final

from finops_nb.errors import listed
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import cost_after
from finops_nb.findings.changes import Change, changes
from finops_nb.findings.overview import overview
from finops_nb.outputs.artifacts import previous_results
from finops_nb.outputs.manifest import Kind
from finops_nb.report.format import Format, text_sentence
from finops_nb.report.table import scalar
from finops_nb.usage.sources.notice import InputFile

LIBRARIES: Final = ("finops-nb", "duckdb", "pandas", "matplotlib", "papermill", "nbconvert")


def provenance(data: ReportData) -> dict[str, Any]:
    """What to repeat the report from, as JSON.

    Returns:
        `{key, generated, inputs: [{name, sha256, rows}], rows_read, params, budgets, versions, notebook, code, months,
        revision: {number, reason, changes: [{causes, text, money, by_name, rows}]}}`; no local path, no user.
    """
    said = [_recorded(change, Format(data.params.currency)) for change in revision_changes(data)]
    return _made_of(data) | {
        "revision": {
            "number": data.manifest.revision,
            "reason": data.manifest.reason,
            "changes": said,
        }
    }


def revision_changes(data: ReportData) -> tuple[Change, ...]:
    """What changed since the revision before was published; nothing where this is the first, or is not official."""
    if data.manifest.revision < 2:
        return ()
    made = {"provenance": _made_of(data)}
    return changes(
        previous_results(data.manifest),
        overview(data) | made,
    )


def _made_of(data: ReportData) -> dict[str, Any]:
    return {
        "key": data.manifest.key,
        "generated": data.manifest.generated,
        "inputs": [_file(file) for file in data.usage.inputs],
        "mapping": _file(data.usage.mapping) if data.usage.mapping else None,
        "rows_read": data.usage.rows_read,
        "budgets": data.budgets.as_record(),
        "params": data.params.shared_parameters(),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in LIBRARIES},
        **data.manifest.origin,
    }


def _recorded(change: Change, fmt: Format) -> dict[str, Any]:
    """A change as JSON."""
    return {
        "causes": list(change.causes),
        "text": text_sentence(change.said, fmt),
        "money": scalar(change.money),
        "by_name": {name: scalar(amount) for name, amount in change.by_name.items()},
        "rows": change.rows,
    }


def _file(file: InputFile) -> dict[str, Any]:
    return {"name": file.name, "sha256": file.sha256, "rows": file.rows}


NAMED: Final = 3
"""Invoices that a stamp names."""


def stamps(data: ReportData) -> tuple[tuple[str, str], ...]:
    """Every stamp that the report must bear, and what it means; none on an official report of a period that is over."""
    found = {
        Kind.ANALYSIS: [
            (
                "ANALYSIS · NOT FOR BOOKING",
                "Not the official report of a calendar month; it has no ledger.",
            )
        ],
        Kind.DRAFT: [
            (
                "DRAFT",
                "Made outside of finops-nb run; only what that command published is a report.",
            )
        ],
    }.get(data.manifest.kind, [])
    if data.params.scenario:
        made = f"By {data.params.scenario.author}, {data.params.scenario.date}, on the budgets of {data.params.scenario.base}; it has no ledger."
        found.append((f"WHAT-IF: {data.params.scenario.reason}", made))
    if data.usage.reconciliation and not data.usage.reconciliation.reconciled:
        fmt, differing = Format(data.params.currency), data.usage.reconciliation.differing
        apart = listed([f"{each.name} {fmt.change(each.difference)}" for each in differing], NAMED)
        meaning = f"Stated on invoices less billed in the usage: {apart}; see Invoices."
        found.append(("NOT RECONCILED", meaning))
    if not data.usage.complete:
        known = f"Usage is known up to {data.usage.complete_through}; the period ends with {data.params.window.last_day}."
        late = (
            Format(data.params.currency).money(cost_after(data.usage))
            if cost_after(data.usage)
            else ""
        )
        more = (
            f" {late} of days after that, up to {data.usage.last_day}, is in the costs and not in the run-rate."
            if late
            else ""
        )
        found.append(("PARTIAL", f"{known} Costs are to date, budgets for the whole period.{more}"))
    return tuple(found)


def title(data: ReportData) -> str:
    """What the report is called, its stamps with it: "Organizational alignment · December 2025 · PARTIAL"."""
    return " · ".join(
        [
            "Organizational alignment",
            data.params.window.label,
            *(stamp for stamp, _ in stamps(data)),
        ]
    )
