"""Columns of tables: which the data has figures for, and what a reader should know of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from finops_nb import schema
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.variance import TotalVariance
from finops_nb.findings.sentence import Sentence, sentence
from finops_nb.schema import Column
from finops_nb.usage.model import Usage

NEEDED_FOR: Final[Mapping[str, tuple[Column, ...]]] = {
    "calls": (
        *(schema.CALLS, schema.AVERAGE_COST, schema.COST_PER_CALL),
        *(schema.EFFICIENCY, schema.RANK),
    ),
    "customer": (schema.CUSTOMERS, schema.COST_PER_CUSTOMER),
}
"""Columns that are left out if the usage has no calls, or no customers."""
NEED_BUDGETS: Final = ("budget", "variance", "budget_used", "status")
"""The names of columns that are left out if the names of a table have no budgets."""

HOW_TO_READ: Final[Mapping[Column, str]] = {
    schema.BUDGET_USED: "% used = actual ÷ budget.",
    schema.CUSTOMERS: (
        "A customer is counted in every row in which it has usage, "
        "so the Customers column can add up to more than its total."
    ),
    schema.AVERAGE_COST: "Avg cost/call = cost ÷ calls.",
    schema.EFFICIENCY: (
        "Efficiency score = calls ÷ cost. "
        "Teams make different kinds of calls, so compare with care."
    ),
    schema.COST_PER_CUSTOMER: "Cost/customer = cost ÷ distinct customers.",
    schema.CACHED_SHARE: "The share below input tokens was read from a cache.",
    schema.COST_PER_MILLION_TOKENS: (
        "Cost/1M tokens = cost ÷ (input tokens + output tokens) × 1,000,000."
    ),
}
"""What a reader should know of a column; printed only above a table that has it."""


def available(columns: tuple[Column, ...], usage: Usage) -> tuple[Column, ...]:
    """The columns that the usage has figures for."""
    missing = {column for needed in usage.missing_columns for column in NEEDED_FOR.get(needed, ())}
    return tuple(column for column in columns if column not in missing)


def budgeted(columns: tuple[Column, ...], totals: TotalVariance) -> tuple[Column, ...]:
    """All columns; without those on budgets if there are none."""
    if totals.budget is not None:
        return columns
    return tuple(column for column in columns if column.name not in NEED_BUDGETS)


def how_to_read(columns: Iterable[Column], data: ReportData | None = None) -> tuple[Sentence, ...]:
    """The sentences on these columns; `data` is needed for the one on the status."""
    return tuple(
        sentence(HOW_TO_READ[column]) if column in HOW_TO_READ or data is None else _statuses(data)
        for column in columns
        if column in HOW_TO_READ or (column is schema.STATUS and data is not None)
    )


def _statuses(data: ReportData) -> Sentence:
    """What the statuses of a report mean; only a period in progress has AT RISK."""
    text = "UNDER: cost is at or below budget. OVER: cost is above budget. "
    if not data.usage.complete:
        text += (
            "AT RISK: cost is within budget, but it has reached {at_risk:percent} of budget or its "
            "run rate is above budget. "
        )
    text += "NO BUDGET: no budget is set. An excess that rounds to zero does not count as OVER."
    return sentence(text, at_risk=data.params.at_risk)


def unexplained(data: ReportData, columns: Iterable[Column]) -> tuple[Column, ...]:
    """The columns on budgets in a table of products, if those of organizations have none."""
    if data.budgets.of("organization"):
        return ()
    return tuple(column for column in columns if column.name in NEED_BUDGETS)
