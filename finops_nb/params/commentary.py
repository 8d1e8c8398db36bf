"""Approvals and notes of a report: its own, and for a quarter or year those of its months."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from finops_nb.params.model import Params
from finops_nb.period import parse_period

Approvals: TypeAlias = Mapping[str, str | Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Commentary:
    """What people recorded beside the budgets.

    Args:
        approvals: by product: who approved all of its spend, or who approved it by month.
        notes: by organization or product.
    """

    approvals: Approvals = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)


def commentary_of(params: Params, months: Mapping[str, Params]) -> Commentary:
    """The approvals and notes of some params, completed with those of its months.

    Args:
        params: of the report; where both say something, an approval here comes first, and a note
            here stands before those of the months.
        months: params by month, such as 2025-12, if their budgets are added up; else empty.

    Example:
        In params/2025-11.yaml, `approvals: {chat: CFO}` and `notes: {chat: Launch in Spain}` are,
        for 2025-Q4, an approval of chat in November and the note "November 2025: Launch in Spain".
    """
    approvals: dict[str, str | Mapping[str, str]] = {}
    notes: dict[str, list[str]] = {name: [note] for name, note in params.notes.items()}
    for month, part in months.items():
        label = parse_period(month).label
        for name, note in part.notes.items():
            notes.setdefault(name, []).append(f"{label}: {note}")
        for product, approval in part.approvals.items():
            who = approval if isinstance(approval, str) else approval.get(month)
            if who is not None:
                approvals[product] = {**_by_month(approvals.get(product)), month: who}
    for product, approval in params.approvals.items():
        if not isinstance(approval, str):
            approval = {**_by_month(approvals.get(product)), **approval}
        approvals[product] = approval
    return Commentary(approvals, {name: "; ".join(texts) for name, texts in notes.items()})


def _by_month(approval: str | Mapping[str, str] | None) -> Mapping[str, str]:
    return {} if approval is None or isinstance(approval, str) else approval
