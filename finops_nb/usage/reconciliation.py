"""Reconciliation: what the invoices state, against what the bill in the usage charges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

import duckdb

from finops_nb.errors import Problem, Refusal
from finops_nb.money import ZERO, minor_units
from finops_nb.params.column_names import ColumnName
from finops_nb.params.invoices import Reconciliation, reconcile
from finops_nb.params.model import Params
from finops_nb.usage import queries
from finops_nb.usage.notices import UsageFile

NEEDED: Final[tuple[ColumnName, ...]] = ("invoice_issuer", "billed_cost", "billing_period")
"""Columns without which nobody knows which invoice has a charge."""


def reconcile_invoices(
    db: duckdb.DuckDBPyConnection, files: Sequence[UsageFile], params: Params
) -> Reconciliation | None:
    """The invoices of the params against the billed costs, by billing period.

    Billed costs are compared even if the report shows another cost.

    Returns:
        None if the params state no invoices.

    Raises:
        Refusal: a file has no column that says which invoice its charges are on.

    Example:
        The params line "invoices: [{issuer: AWS, amount: 8123.45}]" is compared with the sum of
        BilledCost in the rows whose InvoiceIssuerName is AWS.
    """
    if not params.invoices:
        return None
    # Beside a bill, a source without any of the columns has no invoices, as seats have none.
    bills = [file for file in files if set(NEEDED) & set(file.table.columns)]
    problems = [*_missing_columns(bills or files)]
    if problems:
        raise Refusal(problems)
    billed: dict[tuple[str, str], Decimal] = {}
    for file in bills:
        for invoice, cost in queries.billed_by_invoice(db, file.table, params.window).items():
            billed[invoice] = billed.get(invoice, ZERO) + cost
    return reconcile(params.invoices, billed, minor_units(params.currency))


def _missing_columns(files: Sequence[UsageFile]) -> Iterator[Problem]:
    for file in files:
        for column in NEEDED:
            if column not in file.table.columns:
                rule = f"the params list invoices, but the usage has no column for {column}"
                fix = (
                    f"Name the column with columns: {{{column}: …}}, "
                    "or remove invoices from the params"
                )
                yield Problem(rule, fix, file.name)
