"""Recommendations: each one is evaluated, cites its figure, names, owner and money, and is absent where nothing is behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from finops_nb.findings import governance, immediate_actions, process_improvements
from finops_nb.findings.sentence import Fact
from finops_nb.findings.evidence import Findings


class Horizon(StrEnum):
    IMMEDIATE = "Immediate Actions"
    PROCESS = "Process Improvements"
    GOVERNANCE = "Governance"


@dataclass(frozen=True, slots=True)
class Recommendation:
    horizon: Horizon
    title: str
    action: Fact


def recommend(**findings: Any) -> tuple[Recommendation, ...]:
    """Every recommendation that has something behind it, grouped by horizon.

    Args:
        findings: the fields of `Findings`, by keyword.
    """
    evidence = Findings(**findings)
    evaluated = [(horizon, title, action(evidence)) for horizon, title, action in ACTIONS]
    return tuple(Recommendation(horizon, title, action) for horizon, title, action in evaluated if action is not None)


ACTIONS: Final[tuple[tuple[Horizon, str, Callable[[Findings], Fact | None]], ...]] = (
    (Horizon.IMMEDIATE, "Budget Review", immediate_actions.budget_review),
    (Horizon.IMMEDIATE, "Product Review", immediate_actions.product_review),
    (Horizon.IMMEDIATE, "Chargeback Implementation", immediate_actions.chargeback),
    (Horizon.IMMEDIATE, "Budget Alerts", immediate_actions.alerts),
    (Horizon.PROCESS, "Cost Allocation", process_improvements.tagging),
    (Horizon.PROCESS, "Showback Reports", process_improvements.showback),
    (Horizon.PROCESS, "Budget Planning", process_improvements.budget_planning),
    (Horizon.PROCESS, "Efficiency Sharing", process_improvements.efficiency),
    (Horizon.GOVERNANCE, "Approval Process", governance.approvals),
    (Horizon.GOVERNANCE, "Cost Centers", governance.cost_centers),
    (Horizon.GOVERNANCE, "Budget Coverage", governance.budget_coverage),
    (Horizon.GOVERNANCE, "KPIs", governance.unit_costs),
    (Horizon.GOVERNANCE, "Review Cadence", governance.review),
)
"""In the order of the reference report; Budget Coverage is ours."""
