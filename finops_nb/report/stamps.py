"""Stamps: what a report must bear at its top, in its title and in its files, so that it is taken for what it is."""

from __future__ import annotations

from typing import Final

from finops_nb.outputs.manifest import Edition, Kind
from finops_nb.errors import listed
from finops_nb.report.format import Format
from finops_nb.params.model import Params
from finops_nb.figures.run_rate import cost_after
from finops_nb.usage.model import Usage

NAMED: Final = 3
"""Invoices that a stamp names."""


def stamps(usage: Usage, params: Params, edition: Edition) -> tuple[tuple[str, str], ...]:
    """Every stamp that the report must bear, and what it means; none on an official report of a period that is over."""
    found = {
        Kind.ANALYSIS: [("ANALYSIS · NOT FOR BOOKING", "Not the official report of a calendar month; it has no ledger.")],
        Kind.DRAFT: [("DRAFT", "Made outside of finops-nb run; only what that command published is a report.")],
    }.get(edition.kind, [])
    if params.scenario:
        made = f"By {params.scenario.author}, {params.scenario.date}, on the budgets of {params.scenario.base}; it has no ledger."
        found.append((f"WHAT-IF: {params.scenario.reason}", made))
    if usage.reconciliation and not usage.reconciliation.reconciled:
        fmt, differing = Format(params.currency), usage.reconciliation.differing
        apart = listed([f"{each.name} {fmt.change(each.difference)}" for each in differing], NAMED)
        meaning = f"Stated on invoices less billed in the usage: {apart}; see Invoices."
        found.append(("NOT RECONCILED", meaning))
    if not usage.complete:
        known = f"Usage is known up to {usage.known_to}; the period ends with {params.window.last_day}."
        late = Format(params.currency).money(cost_after(usage)) if cost_after(usage) else ""
        more = f" {late} of days after that, up to {usage.last_day}, is in the costs and not in the run-rate." if late else ""
        found.append(("PARTIAL", f"{known} Costs are to date, budgets for the whole period.{more}"))
    return tuple(found)


def title(usage: Usage, params: Params, edition: Edition) -> str:
    """What the report is called, its stamps with it: "Organizational alignment · December 2025 · PARTIAL"."""
    return " · ".join(["Organizational alignment", params.window.label, *(stamp for stamp, _ in stamps(usage, params, edition))])
