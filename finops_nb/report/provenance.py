"""Provenance: from which inputs, parameters and versions the figures were made."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any, Final

from finops_nb.errors import listed
from finops_nb.figures.run_rate import cost_after
from finops_nb.findings.changes import Change, changes
from finops_nb.findings.overview import overview
from finops_nb.outputs.artifacts import previous_results
from finops_nb.outputs.manifest import Kind, Manifest
from finops_nb.params.budgets import Budgets
from finops_nb.params.model import Params
from finops_nb.report.format import Format, text_sentence
from finops_nb.report.table import scalar
from finops_nb.usage.model import Usage
from finops_nb.usage.sources.notice import InputFile

LIBRARIES: Final = ("finops-nb", "duckdb", "pandas", "matplotlib", "papermill", "nbconvert")


def provenance(
    usage: Usage, budgets: Budgets, params: Params, manifest: Manifest
) -> dict[str, Any]:
    """What to repeat the report from, as JSON.

    Returns:
        `{key, generated, inputs: [{name, sha256, rows}], rows_read, params, budgets, versions, notebook, code, months,
        revision: {number, reason, changes: [{causes, text, money, by_name, rows}]}}`; no local path, no user.
    """
    said = [
        _recorded(change, Format(params.currency))
        for change in revision_changes(usage, budgets, params, manifest)
    ]
    return _made_of(usage, budgets, params, manifest) | {
        "revision": {"number": manifest.revision, "reason": manifest.reason, "changes": said}
    }


def revision_changes(
    usage: Usage, budgets: Budgets, params: Params, manifest: Manifest
) -> tuple[Change, ...]:
    """What changed since the revision before was published; nothing where this is the first, or is not official."""
    if manifest.revision < 2:
        return ()
    made = {"provenance": _made_of(usage, budgets, params, manifest)}
    return changes(
        previous_results(manifest),
        overview(usage, budgets, params, manifest.name, manifest.kind) | made,
    )


def _made_of(usage: Usage, budgets: Budgets, params: Params, manifest: Manifest) -> dict[str, Any]:
    return {
        "key": manifest.key,
        "generated": manifest.generated,
        "inputs": [_file(file) for file in usage.inputs],
        "mapping": _file(usage.mapping) if usage.mapping else None,
        "rows_read": usage.rows_read,
        "budgets": budgets.as_record(),
        "params": params.shared_parameters(),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in LIBRARIES},
        **manifest.origin,
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


def stamps(usage: Usage, params: Params, manifest: Manifest) -> tuple[tuple[str, str], ...]:
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
    }.get(manifest.kind, [])
    if params.scenario:
        made = f"By {params.scenario.author}, {params.scenario.date}, on the budgets of {params.scenario.base}; it has no ledger."
        found.append((f"WHAT-IF: {params.scenario.reason}", made))
    if usage.reconciliation and not usage.reconciliation.reconciled:
        fmt, differing = Format(params.currency), usage.reconciliation.differing
        apart = listed([f"{each.name} {fmt.change(each.difference)}" for each in differing], NAMED)
        meaning = f"Stated on invoices less billed in the usage: {apart}; see Invoices."
        found.append(("NOT RECONCILED", meaning))
    if not usage.complete:
        known = f"Usage is known up to {usage.complete_through}; the period ends with {params.window.last_day}."
        late = Format(params.currency).money(cost_after(usage)) if cost_after(usage) else ""
        more = (
            f" {late} of days after that, up to {usage.last_day}, is in the costs and not in the run-rate."
            if late
            else ""
        )
        found.append(("PARTIAL", f"{known} Costs are to date, budgets for the whole period.{more}"))
    return tuple(found)


def title(usage: Usage, params: Params, manifest: Manifest) -> str:
    """What the report is called, its stamps with it: "Organizational alignment · December 2025 · PARTIAL"."""
    return " · ".join(
        [
            "Organizational alignment",
            params.window.label,
            *(stamp for stamp, _ in stamps(usage, params, manifest)),
        ]
    )
