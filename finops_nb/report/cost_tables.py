"""The tables of the report: which columns each shows, under which caption, with which total."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd

from finops_nb import schema
from finops_nb.figures.efficiency import overall
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.variance import TotalVariance
from finops_nb.findings.sentence import Sentence, sentence
from finops_nb.money import ratio, total
from finops_nb.params.budgets import Budgets
from finops_nb.params.model import Params
from finops_nb.period import parse_period
from finops_nb.report.heat_map import HeatMap
from finops_nb.report.table import Block, Table
from finops_nb.schema import Column
from finops_nb.usage.model import Usage

SHOWN: Final = 25
SHOWN_WITHIN: Final = 8
"""Lines that a table, or each group of one, has before the smallest are added up in one."""
HEADS: Final = {
    "organization": schema.ORGANIZATION,
    "product": schema.PRODUCT,
    "feature": schema.FEATURE,
}
NEEDED_FOR: Final[Mapping[str, tuple[Column, ...]]] = {
    "calls": (
        schema.CALLS,
        schema.AVERAGE_COST,
        schema.COST_PER_CALL,
        schema.EFFICIENCY,
        schema.RANK,
    ),
    "customer": (schema.CUSTOMERS, schema.COST_PER_CUSTOMER),
}
"""Columns that a source which does not tell calls, or customers, has nothing for."""
HOW_TO_READ: Final[Mapping[Column, str]] = {
    schema.CUSTOMERS: "A customer is counted once in a line, whatever number of calls; customers do not add up where one uses several "
    "products or features.",
    schema.AVERAGE_COST: "Avg cost/call = cost ÷ calls.",
    schema.EFFICIENCY: "Efficiency score = calls ÷ cost: calls per unit of currency, more is better. A call of one team need not do the "
    "work of a call of another: read the score with that in mind.",
    schema.COST_PER_CUSTOMER: "Cost/customer = cost ÷ distinct customers.",
}
"""What a reader should know of a column; said only where the table has it."""


def cost_by(data: ReportData, variance: pd.DataFrame, totals: TotalVariance) -> Table:
    """Cost against budget, by organization or by product.

    Args:
        variance: from `budget_variance`, or from `with_trend`, which draws the months before beside the cost.
        totals: its sums, from `total_variance`.
        usage: for the total's calls and customers.
        budgets: for the owners.
        params: for `notes` and the currency.
    """
    name = variance.columns[0]
    columns = (
        HEADS[name],
        schema.COST,
        schema.BUDGET,
        schema.VARIANCE,
        schema.BUDGET_USED,
        schema.CALLS,
        schema.CUSTOMERS,
    )
    foot = _totals(totals) | {"cost": totals.actual} | _counts(data.usage)
    caption = f"Cost against budget by {name}, highest cost first"
    block = Block(_owned(variance, data.budgets, data.params), foot)
    told = _told(columns, data.usage)
    intro = _how_to_read(told) if name == "organization" else ()
    return Table(
        f"cost_by_{name}", caption, told, (block,), data.params.currency, intro=intro, shown=SHOWN
    )


def product_breakdown(data: ReportData, breakdown: pd.DataFrame) -> Table:
    """Which products each organization used, and how its cost divides among them."""
    columns = (schema.PRODUCT, schema.COST, schema.SHARE)
    caption = "Cost of each organization by product"
    return Table(
        "organization_product_breakdown",
        caption,
        columns,
        _grouped(breakdown),
        data.params.currency,
        shown=SHOWN_WITHIN,
    )


def cost_by_feature(data: ReportData, features: pd.DataFrame) -> Table:
    """Cost and cost per call by feature; features have no budgets.

    Args:
        features: from `unit_costs`.
        usage: for the totals.
        params: for the currency.
    """
    columns = (schema.FEATURE, schema.COST, schema.CALLS, schema.CUSTOMERS, schema.AVERAGE_COST)
    caption = "Cost by feature, highest cost first"
    empty = "The usage does not tell which feature caused a cost."
    told, block = _told(columns, data.usage), Block(_lines(features), overall(data.usage))
    intro = (
        _how_to_read(column for column in told if column is not schema.CUSTOMERS)
        if block.lines
        else ()
    )
    return Table(
        "cost_by_feature",
        caption,
        told,
        (block,),
        data.params.currency,
        intro=intro,
        empty=empty,
        shown=SHOWN,
    )


def chargeback_by(data: ReportData, charges: pd.DataFrame, totals: TotalVariance) -> Table:
    """What each organization, or each product, is charged.

    Args:
        charges: from `chargeback.charges`; the alert it crossed last stands beneath a status.
        totals: from `total_variance`.
        budgets: for the owners, and the cost centres of organizations.
        params: for `notes` and the currency.
    """
    name = charges.columns[0]
    columns = (HEADS[name], schema.CHARGE, schema.BUDGET, schema.VARIANCE_OF_BUDGET, schema.STATUS)
    foot = _totals(totals) | {"charge": totals.actual, "status": totals.status}
    lines = _owned(charges, data.budgets, data.params)
    if name == "organization":
        lines = [
            line | {"cost_centre": data.budgets.cost_centres.get(line[name], "")} for line in lines
        ]
    return Table(
        f"chargeback_by_{name}",
        f"Charges by {name}",
        columns,
        (Block(lines, foot),),
        data.params.currency,
        shown=SHOWN,
    )


def cross_organization_usage(data: ReportData, lines: pd.DataFrame) -> HeatMap:
    """What each organization is charged for each product, as a heat map; from `chargeback.cross_usage`."""
    columns = (schema.ORGANIZATION, schema.PRODUCT, schema.CHARGE)
    sums = {"charge": total(lines["charge"])}
    caption = "Charges by organization and product; the stronger the shade, the higher"
    return HeatMap(
        "cross_organization_product_usage",
        caption,
        columns,
        (Block(_lines(lines), sums),),
        data.params.currency,
    )


def cost_by_month(data: ReportData, organizations: pd.DataFrame, products: pd.DataFrame) -> Table:
    """The cost of each name in the last months, as they were published, and in this one; a sentence where none was published.

    Args:
        organizations: from `trend.cost_by_month`.
        products: likewise.
        usage: for the period.
        params: for the currency.
    """
    months = [
        column for column in organizations.columns if column not in ("organization", "change")
    ]
    running = "" if data.usage.complete else " to date"
    labels = [
        f"{_short(month)}{running if month == data.usage.period.text else ''}" for month in months
    ]
    columns = [
        schema.Column(month, label, "money", "the cost of the month", True)
        for month, label in zip(months, labels, strict=True)
    ]
    blocks = []
    for frame in (organizations, products) if months else ():
        by = frame.columns[0]
        sums = {
            name: None if frame[name].isna().any() else total(frame[name])
            for name in (*months, "change")
        }
        blocks.append(Block(_lines(frame.rename(columns={by: "name"})), sums, f"By {by}"))
    caption = (
        "Cost by month, as published; the change is that of the last month against the one before"
    )
    none = (
        "No earlier month is published."
        if data.usage.period.is_month
        else "Only a calendar month is shown beside the months before it."
    )
    return Table(
        "cost_by_month",
        caption,
        (schema.NAME, *columns, schema.CHANGE),
        tuple(blocks),
        data.params.currency,
        empty=none,
        shown=SHOWN,
    )


def _short(month: str) -> str:
    """2025-12 as "Dec 2025"."""
    name, year = parse_period(month).label.split()
    return f"{name[:3]} {year}"


def budget_tracking(
    data: ReportData, organizations: TotalVariance, products: TotalVariance
) -> Table:
    """Both levels of budgets, and their difference where they do not agree."""
    columns = (schema.LEVEL, schema.TOTAL_BUDGET, schema.TOTAL_ACTUAL, schema.VARIANCE_OF_BUDGET)
    lines = [
        {"level": level, **totals._asdict()}
        for level, totals in (("Organization Level", organizations), ("Product Level", products))
    ]
    if (
        organizations.budget is not None
        and products.budget is not None
        and organizations.budget != products.budget
    ):
        difference = organizations.budget - products.budget
        lines.append(
            {
                "level": "Difference",
                "actual": organizations.actual - products.actual,
                "budget": difference,
                "variance": -difference,
            }
        )
    return Table(
        "budget_tracking",
        "Budget and actual at both levels",
        columns,
        (Block(lines),),
        data.params.currency,
    )


def efficiency(data: ReportData, ranked: pd.DataFrame) -> Table:
    """Organizations by calls per unit of currency; from `rank_efficiency`."""
    columns = (
        schema.RANK,
        schema.ORGANIZATION,
        schema.COST,
        schema.COST_PER_CALL,
        schema.COST_PER_CUSTOMER,
        schema.EFFICIENCY,
    )
    caption = "Organizations by efficiency, most calls per unit of currency first"
    blocks = (
        ()
        if "calls" in data.usage.missing_columns
        else (Block(_noted(ranked, data.params), overall(data.usage)),)
    )
    empty = "The usage has no calls, as a bill has none: there is no efficiency to compare."
    told = _told(columns, data.usage)
    intro = _how_to_read(told) if blocks else ()
    return Table(
        "cross_team_comparison",
        caption,
        told,
        blocks,
        data.params.currency,
        intro=intro,
        empty=empty,
        shown=SHOWN,
        keep="ends",
    )


def spend_by_day(data: ReportData) -> Table:
    """Cost and calls of every day of the period with usage."""
    columns = (schema.DAY, schema.COST, schema.CALLS)
    foot = {"cost": data.usage.cost, "calls": overall(data.usage)["calls"]}
    return Table(
        "spend_by_day",
        "Cost by day",
        _told(columns, data.usage),
        (Block(_lines(data.usage.groups["day",]), foot),),
        data.params.currency,
    )


def _lines(frame: pd.DataFrame) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = frame.to_dict("records")
    return lines


def _noted(frame: pd.DataFrame, params: Params) -> list[dict[str, Any]]:
    """The lines of a frame, with the commentary on its names beside them."""
    name = next(column for column in frame.columns if column in HEADS)
    return [
        line | ({"note": params.notes[line[name]]} if line[name] in params.notes else {})
        for line in _lines(frame)
    ]


def _owned(frame: pd.DataFrame, budgets: Budgets, params: Params) -> list[dict[str, Any]]:
    """The lines of a frame, with who answers for a name and the commentary on it beside them."""
    name = frame.columns[0]
    return [line | {"owner": budgets.owners.get(line[name], "")} for line in _noted(frame, params)]


def _totals(totals: TotalVariance) -> dict[str, Any]:
    return {name: value for name, value in totals._asdict().items() if name != "actual"}


def _counts(usage: Usage) -> dict[str, int | None]:
    return {name: overall(usage)[name] for name in ("calls", "customers")}


def _told(columns: tuple[Column, ...], usage: Usage) -> tuple[Column, ...]:
    """The columns but for those that need what the usage does not tell."""
    missing_columns = [
        column for what in usage.missing_columns for column in NEEDED_FOR.get(what, ())
    ]
    return tuple(column for column in columns if column not in missing_columns)


def _how_to_read(columns: Iterable[Column]) -> tuple[Sentence, ...]:
    """The sentences on these columns."""
    return tuple(sentence(HOW_TO_READ[column]) for column in columns if column in HOW_TO_READ)


def _grouped(frame: pd.DataFrame) -> tuple[Block, ...]:
    """A block for each organization, with the sum of its lines."""
    blocks = []
    for name in frame["organization"].unique():
        part = frame[frame["organization"] == name]
        sums = {
            column: total(part[column])
            for column in ("cost", "charge", "booked")
            if column in part and part[column].notna().all()
        }
        blocks.append(
            Block(
                _lines(part),
                sums | ({"share": ratio(sums["cost"], sums["cost"])} if "share" in part else {}),
                name,
            )
        )
    return tuple(blocks)
