"""The tables on the data: where every row and its money went, what it is in, and what a reader should know about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from finops_nb import schema
from finops_nb.figures.run_rate import cost_after
from finops_nb.findings.confusable_names import apart
from finops_nb.findings.overview import doubtful_names
from finops_nb.money import ZERO, ratio, total
from finops_nb.params.budgets import Budgets
from finops_nb.params.model import Params
from finops_nb.report.table import Block, Table
from finops_nb.schema import BUDGETED
from finops_nb.usage.model import Usage

SHOWN: Final = 25
"""Keys that are printed; the others are added up in one line."""


def charges_by_kind(usage: Usage, params: Params) -> Table:
    """What a bill charges, by kind: usage, purchases, credits, taxes, adjustments and corrections, each with its sign."""
    lines = [{"charge": kind, "rows": rows, "cost": cost} for kind, rows, cost in usage.charges]
    foot = {"rows": usage.rows_used, "cost": usage.cost - usage.projected}
    columns = (schema.CHARGE_KIND, schema.ROWS, schema.COST)
    blocks = (Block(lines, foot),) if lines else ()
    return Table(
        "charges_by_kind",
        "Cost by kind of charge",
        columns,
        blocks,
        params.currency,
        title="Cost by Kind of Charge",
    )


def invoices(usage: Usage, params: Params) -> Table:
    """Each invoice as the params state it and as the bill charges it; the difference is stated less billed."""
    found = usage.reconciliation.invoices if usage.reconciliation else ()
    lines = [
        {
            "invoice": each.name,
            "stated": each.stated,
            "billed": each.billed,
            "difference": each.difference,
        }
        for each in found
    ]
    sums = {
        "stated": total(each.stated or ZERO for each in found),
        "billed": total(each.billed or ZERO for each in found),
    }
    blocks = (
        (Block(lines, sums | {"difference": sums["stated"] - sums["billed"]}),) if lines else ()
    )
    columns = (schema.INVOICE, schema.STATED, schema.BILLED, schema.DIFFERENCE)
    return Table(
        "invoices",
        "Invoices, and what the usage bills for them",
        columns,
        blocks,
        params.currency,
        title="Invoices",
    )


def unallocated_by_key(usage: Usage, params: Params) -> Table:
    """The keys of the source that organizations.csv maps nowhere, the most money first; last, what has no key at all."""
    found = list(usage.unmapped)
    keyless = usage.rows_unallocated - sum(rows for _, rows, _ in found)
    if found and keyless and not usage.projected:  # a projection is not of rows
        found.append(("no key", keyless, usage.unallocated - total(cost for *_, cost in found)))
    lines = [
        {"key": key, "rows": rows, "cost": cost, "share": ratio(cost, usage.cost)}
        for key, rows, cost in found
    ]
    cost = total(cost for *_, cost in found)
    foot = {
        "rows": sum(rows for _, rows, _ in found),
        "cost": cost,
        "share": ratio(cost, usage.cost),
    }
    columns = (schema.SOURCE_KEY, schema.ROWS, schema.COST, schema.SHARE)
    blocks = (Block(lines, foot),) if lines else ()
    heading = "Unallocated Cost by Key"
    return Table(
        "unallocated_by_key",
        "Keys that map to no organization",
        columns,
        blocks,
        params.currency,
        heading,
        shown=SHOWN,
    )


def rows_account(usage: Usage, params: Params) -> Table:
    """Where every row of the inputs went, with its money."""
    lines = [
        {"item": "Rows used", "rows": usage.rows_used, "cost": usage.cost - usage.projected},
        {"item": "Rows outside the period", "rows": usage.rows_outside, "cost": usage.cost_outside},
    ]
    lines += (
        [{"item": "Growth and prices of the scenario", "rows": 0, "cost": usage.projected}]
        if usage.projected
        else []
    )
    foot = {"rows": usage.rows_read, "cost": usage.cost + usage.cost_outside}
    return Table(
        "rows",
        "Rows of the inputs",
        (schema.ITEM, schema.ROWS, schema.COST),
        (Block(lines, foot),),
        params.currency,
    )


def data_quality(usage: Usage, budgets: Budgets, params: Params) -> Table:
    """What a reader should know about the data: what has no organization, what was done to it, with the money; and of budgets."""
    what = "Rows" if "calls" in usage.missing_columns else "Calls"
    lines = [
        {
            "item": f"{what} without an organization",
            "rows": usage.rows_unallocated,
            "cost": usage.unallocated,
        }
    ]
    lines += [
        {"item": notice.text, "rows": notice.rows, "cost": notice.money} for notice in usage.notices
    ]
    lines += [
        {"item": text, "rows": None, "cost": cost}
        for by in BUDGETED
        for text, cost in apart(usage, by)
    ]
    late = f"Usage of days after as_of, {usage.complete_through}: in the cost, the statuses and the alerts, and not in the run-rate or what is to date"
    lines += [{"item": late, "rows": None, "cost": cost_after(usage)}] if cost_after(usage) else []
    said = [*budgets.notices, *doubtful_names(usage, budgets, params)]
    lines += [{"item": each, "rows": None, "cost": None} for each in said]
    return Table(
        "data_quality",
        "What to know about the data",
        (schema.ITEM, schema.ROWS, schema.MONEY),
        (Block(lines),),
        params.currency,
    )


def parameters(params: Params) -> Table:
    """Every parameter that is set, and every default."""
    lines = [
        {"key": key, "value": _spelled(value)} for key, value in params.shared_parameters().items()
    ]
    return Table(
        "parameters",
        "Parameters of this report",
        (schema.KEY, schema.VALUE),
        (Block(lines),),
        params.currency,
    )


def _spelled(value: Any) -> str:
    """A parameter's value as one line of text."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_nested(each)}" for key, each in value.items()) or "none"
    return (
        ", ".join(map(_nested, value))
        if isinstance(value, Sequence) and not isinstance(value, str)
        else str(value)
    ) or "none"


def _nested(value: Any) -> str:
    return f"({_spelled(value)})" if isinstance(value, Mapping) else _spelled(value)
