"""Reconciling: what the invoices state against what the bill in the usage charges."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import duckdb

from finops_nb.errors import Problem, Refusal
from finops_nb.money import ZERO, minor_units
from finops_nb.params.invoices import Reconciliation, reconcile
from finops_nb.params.model import ColumnName, Params
from finops_nb.usage import queries
from finops_nb.usage.notices import File

NEEDED: tuple[ColumnName, ...] = ("invoice_issuer", "billed_cost", "billing_period")
"""Columns without which no charge is known to be of an invoice."""


def reconciled(
    db: duckdb.DuckDBPyConnection, files: Sequence[File], params: Params
) -> Reconciliation | None:
    """The invoices of the params against the files, by billing period, whichever cost is reported; None where none are stated.

    Raises:
        Refusal: a file does not say of which invoice its charges are.
    """
    if not params.invoices:
        return None
    tables = [file.table for file in files]
    problems = [
        Problem(
            f"invoices are stated, and the usage does not tell the {ours}",
            f"Name its column, columns: {{{ours}: …}}, or take invoices out of the params",
            table.source.name,
        )
        for table in tables
        for ours in NEEDED
        if ours not in table.columns
    ]
    if problems:
        raise Refusal(problems)
    billed: dict[tuple[str, str], Decimal] = {}
    for table in tables:
        for number, cost in queries.billed_by_invoice(db, table, params.window).items():
            billed[number] = billed.get(number, ZERO) + cost
    return reconcile(params.invoices, billed, minor_units(params.currency))
