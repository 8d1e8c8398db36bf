"""Policies: the rules for budgets and spend, and each breach with its name, money and remedy.

A new policy is a function here and a line of `breaches`; what its amount means is `schema.AMOUNT`.
`report/budget_tables.py` says what was checked and prints the limit. A key for it goes into
`params/model.py`, the README of the folder `params` and the parameters of the notebook; recorded
exceptions into `params/commentary.py`, `params/budgets.py` (`as_record`), `params/yaml_edit.py`
(`ONE_MONTH_ONLY`) and `findings/overview.py` (`_unknown_names`). `findings/main_findings.py` and
`findings/recommendations.py` may cite it; the notebook's text on policies lists all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final, NamedTuple

import pandas as pd

from finops_nb.figures.allocation import sort_by_cost
from finops_nb.figures.budget_status import Status, is_above
from finops_nb.figures.exact_columns import exact_column
from finops_nb.figures.report_data import ReportData
from finops_nb.money import minor_units
from finops_nb.params.budgets import Budgets
from finops_nb.params.commentary import Commentary
from finops_nb.period import parse_period
from finops_nb.schema import UNALLOCATED

APPROVAL: Final = (
    "Get approval and record it under approvals in the params file, or reduce future spend"
)
BUDGET: Final = "Set a budget, or stop the spend"


class Breach(NamedTuple):
    """One breach of a policy: a row of `breaches`."""

    policy: str
    name: str
    month: str
    amount: Decimal
    action: str


def breaches(data: ReportData, organizations: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """Every breach of a policy.

    Args:
        data: for its usage, the owners and approvals of its budgets, and `approval_limit` of its
            params.
        organizations: from `variance_by`.
        products: from `variance_by`.

    Returns:
        Columns `policy`, `name`, `month` (label of a calendar month, or empty), `amount` (the
        cost, or the budget, that the breach is about), `action` (what to do), `owner` (empty where
        none is known); by policy, then highest amount first, equals by name.

    Example:
        With `approval_limit: 1000` and no `approvals`, $1,200.00 on one product in December 2025
        is a breach of the policy "Approval limit".
    """
    rows = list(_missing_approvals(data))
    for variance in (organizations, products):
        rows += _missing_owners(variance, data.budgets)
        rows += _missing_budgets(variance)
    rows.sort(key=lambda breach: (breach.policy, -breach.amount, breach.name))
    frame = pd.DataFrame(rows, columns=list(Breach._fields), dtype=object)
    owners = (data.budgets.owners.get(name, "") for name in frame["name"])
    frame["owner"] = exact_column(owners, frame)
    return frame


def spend_without_approval(data: ReportData) -> pd.DataFrame:
    """Products that spent more than `approval_limit` in a calendar month without an approval.

    Args:
        data: for its usage, `approval_limit` of its params (None: no approval is required), and
            the approvals of its budgets.

    Returns:
        Columns `month` (text like 2025-12), `product`, `cost`, `calls`; highest cost first.

    Example:
        `approvals: {chat: CFO, search: {2025-12: CFO}}` approves chat in every month and search in
        December 2025.
    """
    spend, limit = data.usage.groups["month", "product"], data.params.approval_limit
    decimals = minor_units(data.params.currency)
    needs_approval = [
        limit is not None
        and is_above(row.cost, limit, decimals)
        and row.product != UNALLOCATED
        and not _is_approved(row.product, row.month, data.budgets.commentary)
        for row in spend.itertuples()
    ]
    rows = spend[pd.Series(needs_approval, index=spend.index, dtype=bool)]
    return sort_by_cost(rows, "product")


def budgets_without_owner(variance: pd.DataFrame, budgets: Budgets) -> dict[str, Decimal]:
    """The names that have a budget and no owner on record, with that budget.

    Args:
        variance: from `variance_by`.
        budgets: for the owners.
    """
    return {
        name: row.budget
        for name, row in _named_rows(variance)
        if row.budget is not None and name not in budgets.owners
    }


def _is_approved(product: str, month: str, commentary: Commentary) -> bool:
    """Whether an approval is recorded for the product as a whole, or for that month of it."""
    approval = commentary.approvals.get(product)
    if approval is None:
        return False
    return isinstance(approval, str) or month in approval


def _missing_approvals(data: ReportData) -> Iterator[Breach]:
    for row in spend_without_approval(data).itertuples():
        month = parse_period(row.month).label
        yield Breach("Approval limit", row.product, month, row.cost, APPROVAL)


def _missing_owners(variance: pd.DataFrame, budgets: Budgets) -> Iterator[Breach]:
    action = f"Name an owner for the {variance.columns[0]}"
    for name, budget in budgets_without_owner(variance, budgets).items():
        yield Breach("Budget without an owner", name, "", budget, action)


def _missing_budgets(variance: pd.DataFrame) -> Iterator[Breach]:
    """Names without a budget, where others have one; where no name has, none is missing."""
    rows = _named_rows(variance)
    if all(row.budget is None for _, row in rows):
        return
    for name, row in rows:
        if row.status == Status.NO_BUDGET and row.cost > 0:
            yield Breach("Spend without a budget", name, "", row.cost, BUDGET)


def _named_rows(variance: pd.DataFrame) -> list[tuple[str, Any]]:
    """The rows of a variance table with their names, without the cost that has no name."""
    rows = zip(variance.iloc[:, 0], variance.itertuples(), strict=True)
    return [(name, row) for name, row in rows if name != UNALLOCATED]
