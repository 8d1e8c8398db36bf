"""Policies: rules that budgets and spend must keep, and each breach with its name, its money and what to do."""

from __future__ import annotations

import pandas as pd

from finops_nb.figures.allocation import highest_first
from finops_nb.figures.budget_status import Status
from finops_nb.figures.report_data import ReportData
from finops_nb.params.model import Params
from finops_nb.period import parse_period
from finops_nb.schema import UNALLOCATED


def breaches(data: ReportData, organizations: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """Every breach of a policy.

    Args:
        usage: from `read_usage`.
        organizations: from `budget_variance`.
        products: from `budget_variance`.
        budgets: for the owners.
        params: for `approval_limit` and `approvals`.

    Returns:
        Columns `policy`, `name`, `month` (label of a calendar month, or empty), `amount` (the cost, or the budget, it is
        about), `action`, `owner` (empty where none is known); by policy, then highest amount first.
    """
    rows = [
        (
            "Approval limit",
            row.product,
            parse_period(row.month).label,
            row.cost,
            "Record who approved it, under approvals, or spend less",
        )
        for row in unapproved(data).itertuples()
    ]
    for variance in (organizations, products):
        named = [row for row in variance.itertuples() if row[1] != UNALLOCATED]
        ownerless = [
            row for row in named if row.budget is not None and row[1] not in data.budgets.owners
        ]
        rows += [
            (
                "Budget without an owner",
                row[1],
                "",
                row.budget,
                f"Name the {variance.columns[0]}'s owner",
            )
            for row in ownerless
        ]
        if any(row.budget is not None for row in named):
            unplanned = [row for row in named if row.status == Status.NO_BUDGET]
            rows += [
                ("Spend without a budget", row[1], "", row.cost, "Set a budget, or end the spend")
                for row in unplanned
            ]
    rows.sort(key=lambda row: (row[0], -row[3], row[1]))
    frame = pd.DataFrame(
        rows, columns=["policy", "name", "month", "amount", "action"], dtype=object
    )
    frame["owner"] = pd.Series(
        [data.budgets.owners.get(name, "") for name in frame["name"]],
        index=frame.index,
        dtype=object,
    )
    return frame


def unapproved(data: ReportData) -> pd.DataFrame:
    """Products that spent more than `approval_limit` in a calendar month with no approval on record.

    Returns:
        Columns `month` (text like 2025-12), `product`, `cost`, `calls`; highest cost first.
    """
    spend = data.usage.groups["month", "product"]
    asked = [
        row.cost > data.params.approval_limit
        and row.product != UNALLOCATED
        and not _approved(row.product, row.month, data.params)
        for row in spend.itertuples()
    ]
    return highest_first(spend[pd.Series(asked, index=spend.index, dtype=bool)], "product")


def _approved(product: str, month: str, params: Params) -> bool:
    """An approval is recorded for the product as a whole, or for that month of it."""
    approval = params.approvals.get(product)
    return approval is not None and (isinstance(approval, str) or month in approval)
