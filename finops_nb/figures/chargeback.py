"""Chargeback: what each organization and product is charged, and the ledger that books it.

The ledger is published as chargeback.csv; its columns are named in `outputs/ledger_columns.py`, and
the values of a line are in `ledger_csv` below. Until the month is complete and reconciled it is a
draft, chargeback.DRAFT.csv, with one more column. `read_back/ledger_file.py` checks the lines
before they are published. README.md lists the columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import pandas as pd

from finops_nb.figures.allocation import name_sort_key
from finops_nb.figures.controlled_rounding import round_table
from finops_nb.figures.crossings import highest_crossing
from finops_nb.figures.exact_columns import exact_column
from finops_nb.figures.report_data import ReportData
from finops_nb.money import ZERO, minor_units, total
from finops_nb.outputs.ledger_columns import DRAFT, LEDGER_COLUMNS
from finops_nb.outputs.manifest import Kind
from finops_nb.params.csv_file import csv_line
from finops_nb.schema import Dimension
from finops_nb.usage.model import Usage

FORMULA_STARTS: Final = tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20'")
"""First characters that make a spreadsheet read a name as a formula, the full-width forms too.

The apostrophe itself is one of them, so that removing one always gives the name back.
"""


def ledger_of(data: ReportData) -> pd.DataFrame | None:
    """The ledger of a report; None for a report that has none.

    Official reports have one, and drafts of a calendar month show what it would be.

    Args:
        data: of the report.

    Returns:
        As `ledger`.
    """
    kind = data.manifest.kind
    is_monthly_draft = kind is Kind.DRAFT and data.usage.period.is_month
    if kind is Kind.OFFICIAL or is_monthly_draft:
        return ledger(data.usage, data.params.currency)
    return None


def ledger(usage: Usage, currency: str) -> pd.DataFrame:
    """The lines that book the period's cost, in whole cents.

    They add up by organization, by product and in total. Cost without an organization is a line
    of "(unallocated)", so that the lines add up to the report's total.

    Args:
        usage: from `read_usage`.
        currency: decides how many decimals are booked.

    Returns:
        Columns `organization`, `product`, `amount` (Decimal with the currency's decimals); a line
        for each pair with usage, also at 0.00, sorted by name. Each amount, and each sum by
        organization or product, is within a cent of the exact one.
    """
    pairs = usage.groups["organization", "product"]
    exact = {(row.organization, row.product): row.cost for row in pairs.itertuples()}
    booked = round_table(exact, minor_units(currency))
    rows = [(*pair, amount) for pair, amount in booked.items()]
    rows.sort(key=lambda row: (name_sort_key(row[0]), name_sort_key(row[1])))
    return pd.DataFrame(rows, columns=["organization", "product", "amount"], dtype=object)


def is_final(usage: Usage) -> bool:
    """A month's ledger can be booked: all its usage is there, and its invoices agree with it.

    A month without invoices counts as reconciled.
    """
    reconciliation = usage.reconciliation
    return usage.complete and (reconciliation is None or reconciliation.reconciled)


def ledger_csv(data: ReportData, book: pd.DataFrame) -> str:
    """The ledger as CSV.

    Args:
        data: for the period and the currency.
        book: from `ledger_of`.

    Returns:
        The columns `period_start,period_end,organization,product,amount,currency`; ISO days, the
        end exclusive; lines end with LF. The lines of a draft, its header too, end with ",DRAFT".

    Example:
        `2025-12-01,2026-01-01,org-alpha,product-x,5000.00,USD`
    """
    mark = () if is_final(data.usage) else (DRAFT,)
    lines = [csv_line((*LEDGER_COLUMNS, *mark))]
    period = data.usage.period
    for row in book.itertuples():
        names = (_inert(row.organization), _inert(row.product))
        amount = (f"{row.amount:f}", data.params.currency)
        lines.append(csv_line((period.start, period.end, *names, *amount, *mark)))
    return "".join(lines)


def charges(
    variance: pd.DataFrame, book: pd.DataFrame | None, alerts: pd.DataFrame
) -> pd.DataFrame:
    """What each name is charged, beside its budget.

    Args:
        variance: by organization or by product, from `variance_by`.
        book: from `ledger_of`.
        alerts: from `budget_alerts`.

    Returns:
        The name, `charge` (exact), `booked` (sum of the ledger's lines; None without a ledger),
        `budget`, `variance`, `variance_ratio`, `status`, `crossed` (the highest alert threshold
        that was reached, a fraction; None: none) and `crossed_on` (its day), sorted by name.
    """
    name: Dimension = variance.columns[0]
    frame = variance[[name, "cost", "budget", "variance", "variance_ratio", "status"]]
    frame = frame.rename(columns={"cost": "charge"})
    frame.insert(2, "booked", _booked_by_name(frame[name], book))
    crossings = highest_crossing(alerts, name)
    thresholds = {each: crossing.threshold for each, crossing in crossings.items()}
    days = {each: crossing.day for each, crossing in crossings.items()}
    frame["crossed"] = exact_column(map(thresholds.get, frame[name]), frame)
    frame["crossed_on"] = exact_column(map(days.get, frame[name]), frame)
    frame = frame.sort_values(name, key=lambda names: names.map(name_sort_key))
    return frame.reset_index(drop=True)


def cross_usage(breakdown: pd.DataFrame, book: pd.DataFrame | None) -> pd.DataFrame:
    """What each organization is charged for each product it used.

    Args:
        breakdown: `allocate_within(usage, "organization", "product")`.
        book: from `ledger_of`.

    Returns:
        Columns `organization`, `product`, `charge` (exact), `booked` (None without a ledger), in
        the order of `breakdown`.
    """
    frame = breakdown[["organization", "product", "cost"]].rename(columns={"cost": "charge"})
    amounts: Mapping[tuple[str, str], Decimal] = {}
    if book is not None:
        amounts = {(row.organization, row.product): row.amount for row in book.itertuples()}
    pairs = zip(frame["organization"], frame["product"], strict=True)
    frame["booked"] = exact_column((amounts.get(pair) for pair in pairs), frame)
    return frame


def _booked_by_name(names: pd.Series, book: pd.DataFrame | None) -> pd.Series:
    """The sum of each name's ledger lines, 0 where it has none; None without a ledger."""
    if book is None:
        return exact_column([None] * len(names), names)
    sums = book.groupby(names.name)["amount"].agg(total).to_dict()
    return exact_column((sums.get(name, ZERO) for name in names), names)


def _inert(name: str) -> str:
    """`name`, after an apostrophe if a spreadsheet could take it for a formula."""
    # Some spreadsheets skip blanks before a formula.
    if name.startswith(FORMULA_STARTS) or name.lstrip().startswith(FORMULA_STARTS):
        return f"'{name}"
    return name
