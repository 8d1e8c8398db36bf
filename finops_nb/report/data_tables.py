"""The tables on the data: where every row and its money went, what it is in, and what a reader should know about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from finops_nb import schema
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import cost_after
from finops_nb.findings.confusable_names import apart
from finops_nb.findings.overview import doubtful_names
from finops_nb.money import ZERO, ratio, total
from finops_nb.report.table import Block, Table
from finops_nb.schema import BUDGETED

SHOWN: Final = 25
"""Keys that are printed; the others are added up in one line."""


def charges_by_kind(data: ReportData) -> Table:
    """What a bill charges, by kind: usage, purchases, credits, taxes, adjustments and corrections, each with its sign."""
    lines = [
        {"charge": kind, "rows": rows, "cost": cost} for kind, rows, cost in data.usage.charges
    ]
    foot = {"rows": data.usage.rows_used, "cost": data.usage.cost - data.usage.projected}
    columns = (schema.CHARGE_KIND, schema.ROWS, schema.COST)
    blocks = (Block(lines, foot),) if lines else ()
    return Table(
        "charges_by_kind",
        "Cost by kind of charge",
        columns,
        blocks,
        data.params.currency,
        title="Cost by Kind of Charge",
    )


def invoices(data: ReportData) -> Table:
    """Each invoice as the params state it and as the bill charges it; the difference is stated less billed."""
    found = data.usage.reconciliation.invoices if data.usage.reconciliation else ()
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
        data.params.currency,
        title="Invoices",
    )


def unallocated_by_key(data: ReportData) -> Table:
    """The keys of the source that organizations.csv maps nowhere, the most money first; last, what has no key at all."""
    found = list(data.usage.unmapped)
    keyless = data.usage.rows_unallocated - sum(rows for _, rows, _ in found)
    if found and keyless and not data.usage.projected:  # a projection is not of rows
        found.append(
            ("no key", keyless, data.usage.unallocated - total(cost for *_, cost in found))
        )
    lines = [
        {"key": key, "rows": rows, "cost": cost, "share": ratio(cost, data.usage.cost)}
        for key, rows, cost in found
    ]
    cost = total(cost for *_, cost in found)
    foot = {
        "rows": sum(rows for _, rows, _ in found),
        "cost": cost,
        "share": ratio(cost, data.usage.cost),
    }
    columns = (schema.SOURCE_KEY, schema.ROWS, schema.COST, schema.SHARE)
    blocks = (Block(lines, foot),) if lines else ()
    heading = "Unallocated Cost by Key"
    return Table(
        "unallocated_by_key",
        "Keys that map to no organization",
        columns,
        blocks,
        data.params.currency,
        heading,
        shown=SHOWN,
    )


def rows_account(data: ReportData) -> Table:
    """Where every row of the inputs went, with its money."""
    lines = [
        {
            "item": "Rows used",
            "rows": data.usage.rows_used,
            "cost": data.usage.cost - data.usage.projected,
        },
        {
            "item": "Rows outside the period",
            "rows": data.usage.rows_outside,
            "cost": data.usage.cost_outside,
        },
    ]
    lines += (
        [{"item": "Growth and prices of the scenario", "rows": 0, "cost": data.usage.projected}]
        if data.usage.projected
        else []
    )
    foot = {"rows": data.usage.rows_read, "cost": data.usage.cost + data.usage.cost_outside}
    return Table(
        "rows",
        "Rows of the inputs",
        (schema.ITEM, schema.ROWS, schema.COST),
        (Block(lines, foot),),
        data.params.currency,
    )


def data_quality(data: ReportData) -> Table:
    """What a reader should know about the data: what has no organization, what was done to it, with the money; and of budgets."""
    what = "Rows" if "calls" in data.usage.missing_columns else "Calls"
    lines = [
        {
            "item": f"{what} without an organization",
            "rows": data.usage.rows_unallocated,
            "cost": data.usage.unallocated,
        }
    ]
    lines += [
        {"item": notice.text, "rows": notice.rows, "cost": notice.money}
        for notice in data.usage.notices
    ]
    lines += [
        {"item": text, "rows": None, "cost": cost}
        for by in BUDGETED
        for text, cost in apart(data.usage, by)
    ]
    late = f"Usage of days after as_of, {data.usage.complete_through}: in the cost, the statuses and the alerts, and not in the run-rate or what is to date"
    lines += (
        [{"item": late, "rows": None, "cost": cost_after(data.usage)}]
        if cost_after(data.usage)
        else []
    )
    said = [*data.budgets.notices, *doubtful_names(data)]
    lines += [{"item": each, "rows": None, "cost": None} for each in said]
    return Table(
        "data_quality",
        "What to know about the data",
        (schema.ITEM, schema.ROWS, schema.MONEY),
        (Block(lines),),
        data.params.currency,
    )


def parameters(data: ReportData) -> Table:
    """Every parameter that is set, and every default."""
    lines = [
        {"key": key, "value": _spelled(value)}
        for key, value in data.params.shared_parameters().items()
    ]
    return Table(
        "parameters",
        "Parameters of this report",
        (schema.KEY, schema.VALUE),
        (Block(lines),),
        data.params.currency,
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
