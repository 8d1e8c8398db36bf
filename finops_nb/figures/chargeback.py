"""Chargeback: what each organization and product is charged, and the ledger that books it in whole cents."""

from __future__ import annotations

import csv
import io
from typing import Final

import pandas as pd

from finops_nb.figures.alerts import highest_crossing
from finops_nb.figures.allocation import name_order
from finops_nb.figures.controlled_rounding import apportion
from finops_nb.figures.report_data import ReportData
from finops_nb.money import ZERO, minor_units, total
from finops_nb.outputs.manifest import Kind
from finops_nb.schema import Dimension
from finops_nb.usage.model import Usage

FORMULA_STARTS: Final = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
    "'",
)
"""First characters that make a spreadsheet read a name as a formula, the full-width forms too; and the apostrophe
itself, so that taking one off always gives the name back."""


def ledger_text(data: ReportData, book: pd.DataFrame) -> str:
    """The ledger as CSV: `period_start,period_end,organization,product,amount,currency`; ISO days, end exclusive, LF."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["period_start", "period_end", "organization", "product", "amount", "currency"])
    for line in book.itertuples():
        names = (_inert(line.organization), _inert(line.product))
        writer.writerow(
            [
                data.usage.period.start,
                data.usage.period.end,
                *names,
                f"{line.amount:f}",
                data.params.currency,
            ]
        )
    return text.getvalue()


def _inert(name: str) -> str:
    """`name`, with a leading apostrophe if a spreadsheet could take it for a formula."""
    return (
        f"'{name}"
        if name.startswith(FORMULA_STARTS) or name.lstrip().startswith(FORMULA_STARTS)
        else name
    )


def ledger(usage: Usage, currency: str) -> pd.DataFrame:
    """The lines that book the period's cost, in whole cents, footing by organization, by product and in total.

    Cost without an organization is a line of "(unallocated)", so that the lines add up to the report's total.

    Args:
        usage: from `read_usage`.
        currency: decides how many decimals are booked.

    Returns:
        Columns `organization`, `product`, `amount` (Decimal with the currency's decimals); a line for each pair with
        usage, also at 0.00, sorted by name; within a cent of exact each, and each sum of them too.
    """
    pairs = usage.groups["organization", "product"]
    exact = {(row.organization, row.product): row.cost for row in pairs.itertuples()}
    booked = apportion(exact, minor_units(currency))
    lines = sorted(booked.items(), key=lambda line: tuple(map(name_order, line[0])))
    return pd.DataFrame(
        [(*pair, amount) for pair, amount in lines],
        columns=["organization", "product", "amount"],
        dtype=object,
    )


def ledger_of(data: ReportData) -> pd.DataFrame | None:
    """The ledger, where this manifest of the report has one: official ones do, and drafts of a calendar month."""
    books = data.manifest.kind is Kind.OFFICIAL or (
        data.manifest.kind is Kind.DRAFT and data.usage.period.is_month
    )
    return ledger(data.usage, data.params.currency) if books else None


def charges(
    variance: pd.DataFrame, book: pd.DataFrame | None, alerts: pd.DataFrame
) -> pd.DataFrame:
    """What each name is charged, beside its budget.

    Args:
        variance: by organization or by product, from `budget_variance`.
        book: from `ledger_of`.
        alerts: from `budget_alerts`.

    Returns:
        The name, `charge` (exact), `booked` (sum of the ledger's lines; None without a ledger), `budget`, `variance`,
        `variance_ratio`, `status`, `crossed` (the highest alert threshold that was crossed, a fraction; None: none)
        and `crossed_on` (its day), sorted by name.
    """
    name: Dimension = variance.columns[0]
    frame = variance[[name, "cost", "budget", "variance", "variance_ratio", "status"]].rename(
        columns={"cost": "charge"}
    )
    sums = {} if book is None else book.groupby(name)["amount"].agg(total).to_dict()
    booked = [None if book is None else sums.get(each, ZERO) for each in frame[name]]
    frame.insert(2, "booked", pd.Series(booked, index=frame.index, dtype=object))
    crossed = [highest_crossing(alerts, name).get(each, (None, None)) for each in frame[name]]
    for column, values in zip(("crossed", "crossed_on"), zip(*crossed, strict=True), strict=True):
        frame[column] = pd.Series(values, index=frame.index, dtype=object)
    return frame.sort_values(name, key=lambda names: names.map(name_order)).reset_index(drop=True)


def cross_usage(breakdown: pd.DataFrame, book: pd.DataFrame | None) -> pd.DataFrame:
    """What each organization is charged for each product it used.

    Args:
        breakdown: `allocate_within(usage, "organization", "product")`.
        book: from `ledger_of`.

    Returns:
        Columns `organization`, `product`, `charge` (exact), `booked` (None without a ledger), in the order of `breakdown`.
    """
    frame = breakdown[["organization", "product", "cost"]].rename(columns={"cost": "charge"})
    lines = (
        {}
        if book is None
        else {(row.organization, row.product): row.amount for row in book.itertuples()}
    )
    frame["booked"] = pd.Series(
        [lines.get((row.organization, row.product)) for row in frame.itertuples()],
        index=frame.index,
        dtype=object,
    )
    return frame
