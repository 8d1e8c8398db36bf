"""The table of a what-if: each budget, what it was, and where spend stands against it."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import pandas as pd

from finops_nb import schema
from finops_nb.money import ZERO, total
from finops_nb.params.model import Params
from finops_nb.schema import Column
from finops_nb.report.table import Block, Table
from finops_nb.figures.variance import TotalVariance

BUDGET: Final = Column("budget", "Budget", "money", "the amount supposed; change it", additive=True)
COLUMNS: Final = (schema.NAME, schema.COST, schema.BUDGET_BEFORE, BUDGET, schema.BUDGET_CHANGE, schema.VARIANCE, schema.BUDGET_USED)


def what_if_table(
    organizations: pd.DataFrame,
    products: pd.DataFrame,
    totals: tuple[TotalVariance, TotalVariance],
    before: tuple[pd.DataFrame, pd.DataFrame],
    params: Params,
) -> Table:
    """Every organization and product with its budget before and now.

    Args:
        organizations: from `variance_by`, with the budgets supposed.
        products: likewise.
        totals: of both, in that order.
        before: both with the approved budgets, in that order.
        params: for the currency.
    """
    rated = any(each.run_rate is not None for each in totals)
    columns = (*COLUMNS, *((schema.RUN_RATE,) if rated else ()), schema.STATUS)
    blocks = tuple(_block(*each) for each in zip((organizations, products), totals, before, strict=True))
    return Table("what_if", "Budgets as supposed, against what is approved and what was spent", columns, blocks, params.currency)


def _block(variance: pd.DataFrame, totals: TotalVariance, before: pd.DataFrame) -> Block:
    name = variance.columns[0]
    approved = dict(zip(before[name], before["budget"], strict=True))
    lines = [
        row | {"name": row[name], "budget_before": approved.get(row[name])} | _change(row["budget"], approved.get(row[name]))
        for row in variance.to_dict("records")
    ]
    sums = [amount for amount in approved.values() if amount is not None]
    was = total(sums) if sums else None
    foot = totals._asdict() | {"cost": totals.actual, "budget_before": was} | _change(totals.budget, was)
    return Block(lines, foot, name.title())


def _change(budget: Decimal | None, approved: Decimal | None) -> dict[str, Decimal]:
    return {"budget_change": (budget or ZERO) - (approved or ZERO)}
