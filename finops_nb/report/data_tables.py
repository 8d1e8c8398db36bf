"""The tables on the data: where every row and its money went, and what a reader should know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from finops_nb import schema
from finops_nb.figures.named import named
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import cost_after
from finops_nb.findings.confusable_names import confusable_sentences
from finops_nb.findings.overview import doubtful_names
from finops_nb.findings.tense import tense_of
from finops_nb.money import ZERO, ratio, total
from finops_nb.period import spelled_date
from finops_nb.report.supposed_heads import heads
from finops_nb.report.table import Block, Table

SHOWN: Final = 25
"""How many keys are printed; the others are added up in one line."""

IN_TOTALS_ONLY: Final = (
    "is in total costs, statuses and alerts, but not in the run rate or the figures to date."
)
"""Where usage after the last complete day is counted."""


def sources(data: ReportData) -> Table:
    """What each source of the params holds of the period; empty if the params name no sources.

    The costs add up to the report's total, in a what-if to that of its base.
    """
    usage, lines = data.usage, source_rows(data)
    sums = {"rows": usage.rows_used, "cost": usage.cost - usage.projected}
    return Table(
        "sources",
        "Usage by source",
        (schema.SOURCE, schema.DIALECT, schema.BASIS, schema.CURRENCY, schema.ROWS, schema.COST),
        (Block(lines, sums),) if lines else (),
        data.params.currency,
        title="Sources",
    )


def source_rows(data: ReportData) -> list[dict[str, Any]]:
    """The fields of each `SourceTotal`; none if the params name no sources."""
    return [asdict(each) for each in data.usage.sources] if data.params.sources else []


def charges_by_kind(data: ReportData) -> Table:
    """What a bill charges, by type, each with its sign; empty if the usage is not a bill.

    What other sources cost is a line of its own.
    Types are usage, purchases, credits, taxes, adjustments and corrections.
    """
    lines = [
        {"charge": kind, "rows": rows, "cost": cost} for kind, rows, cost in data.usage.charges
    ]
    other_rows = data.usage.rows_used - sum(rows for _, rows, _ in data.usage.charges)
    if lines and other_rows:
        cost = data.usage.cost - total(cost for *_, cost in data.usage.charges)
        lines.append({"charge": "Not from a bill", "rows": other_rows, "cost": cost})
    sums = {"rows": data.usage.rows_used, "cost": data.usage.cost}
    tense = tense_of(data.params)
    return Table(
        "charges_by_kind",
        tense.caption("Cost by charge type"),
        heads((schema.CHARGE_KIND, schema.ROWS, schema.COST), tense),
        (Block(lines, sums),) if lines else (),
        data.params.currency,
        title=tense.title("Cost by Charge Type"),
    )


def invoices(data: ReportData) -> Table:
    """Each invoice as the params state it and as the bill charges it; empty without invoices.

    The difference is invoice amount − usage amount; an amount that is missing counts as 0.
    """
    reconciliation = data.usage.reconciliation
    found = reconciliation.invoices if reconciliation else ()
    lines = [
        {
            "invoice": invoice.name,
            "stated": invoice.stated,
            "billed": invoice.billed,
            "difference": invoice.difference,
        }
        for invoice in found
    ]
    stated = total(invoice.stated or ZERO for invoice in found)
    billed = total(invoice.billed or ZERO for invoice in found)
    sums = {"stated": stated, "billed": billed, "difference": stated - billed}
    return Table(
        "invoices",
        "Invoice reconciliation: amounts on invoices and in the usage data",
        (schema.INVOICE, schema.STATED, schema.BILLED, schema.DIFFERENCE),
        (Block(lines, sums),) if lines else (),
        data.params.currency,
        title="Invoices",
    )


def unallocated_by_key(data: ReportData) -> Table:
    """The keys of the source that organizations.csv does not map, the most money first.

    The last line has the rows without any key. Empty if every key is mapped.
    """
    keys = list(data.usage.unmapped)
    keyless = data.usage.rows_unallocated - sum(rows for _, rows, _ in keys)
    if keys and keyless:
        cost = data.usage.unallocated - total(cost for _, _, cost in keys)
        keys.append(("no key", keyless, cost))
    lines = [
        {"key": key, "rows": rows, "cost": cost, "share": ratio(cost, data.usage.cost)}
        for key, rows, cost in keys
    ]
    cost = total(cost for _, _, cost in keys)
    rows = sum(rows for _, rows, _ in keys)
    sums = {"rows": rows, "cost": cost, "share": ratio(cost, data.usage.cost)}
    tense = tense_of(data.params)
    return Table(
        "unallocated_by_key",
        "Keys not assigned to an organization",
        heads((schema.SOURCE_KEY, schema.ROWS, schema.COST, schema.SHARE), tense),
        (Block(lines, sums, names=named(lines, "key", SHOWN)),) if lines else (),
        data.params.currency,
        title=tense.title("Unallocated Cost by Key"),
    )


def rows_account(data: ReportData) -> Table:
    """Where every row of the inputs went, with its money."""
    usage = data.usage
    lines = [
        _item("Rows used", usage.rows_used, usage.cost - usage.projected),
        _item("Rows outside the period", usage.rows_outside, usage.cost_outside),
    ]
    if usage.rows_dropped:
        lines.append(_item("Rows left out as no charge", usage.rows_dropped, usage.cost_dropped))
    if usage.projected:
        lines.append(_item("Growth and price changes in the scenario", 0, usage.projected))
    sums = {"rows": usage.rows_read, "cost": usage.cost + usage.cost_outside + usage.cost_dropped}
    return Table(
        "rows",
        "Input rows",
        (schema.ITEM, schema.ROWS, schema.COST),
        (Block(lines, sums),),
        data.params.currency,
    )


def data_quality(data: ReportData) -> Table:
    """What a reader should know about the data and the budgets, with the rows and the money."""
    return Table(
        "data_quality",
        "Data notes",
        (schema.ITEM, schema.ROWS, schema.MONEY),
        (Block(list(_data_notes(data))),),
        data.params.currency,
    )


def parameters(data: ReportData) -> Table:
    """Every parameter of the report, with its default where none was set."""
    lines = [
        {"key": key, "value": _one_line(value)}
        for key, value in data.params.shared_parameters().items()
    ]
    return Table(
        "parameters",
        "Parameters of this report",
        (schema.KEY, schema.VALUE),
        (Block(lines),),
        data.params.currency,
    )


def _item(item: str, rows: int | None, cost: Any) -> dict[str, Any]:
    return {"item": item, "rows": rows, "cost": cost}


def _data_notes(data: ReportData) -> Iterator[dict[str, Any]]:
    usage = data.usage
    unit = "Rows" if "calls" in usage.missing_columns else "Calls"
    yield _item(
        f"{unit} not assigned to an organization", usage.rows_unallocated, usage.unallocated
    )
    for notice in usage.notices:
        yield _item(notice.text, notice.rows, notice.money)
    for dimension in schema.BUDGETED:
        for text, cost in confusable_sentences(usage, dimension):
            yield _item(text, None, cost)
    later = cost_after(usage)
    if later:
        as_of = spelled_date(usage.complete_through)
        yield _item(f"Usage after the as-of date ({as_of}) {IN_TOTALS_ONLY}", None, later)
    for text in (*data.budgets.notices, *doubtful_names(data)):
        yield _item(text, None, None)


def _one_line(value: Any) -> str:
    """A parameter's value as one line of text: "org-alpha: 5000, org-beta: 3000"."""
    if isinstance(value, Mapping):
        text = ", ".join(f"{key}: {_nested(item)}" for key, item in value.items())
    elif isinstance(value, Sequence) and not isinstance(value, str):
        text = ", ".join(map(_nested, value))
    else:
        text = str(value)
    return text or "none"


def _nested(value: Any) -> str:
    text = _one_line(value)
    return f"({text})" if isinstance(value, Mapping) else text
