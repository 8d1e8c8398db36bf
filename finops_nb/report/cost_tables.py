"""The tables of cost: by name, by month and by day, what is charged, and how efficient it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pandas as pd

from finops_nb import schema
from finops_nb.figures.efficiency import overall
from finops_nb.figures.named import Named, names_of
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.variance import TotalVariance
from finops_nb.findings.draft_ledger import draft_ledger_sentences
from finops_nb.findings.left_out import why_not_compared
from finops_nb.findings.sentence import Sentence
from finops_nb.findings.tense import tense_of
from finops_nb.money import ratio, total
from finops_nb.period import parse_period
from finops_nb.report.alerts import NO_BUDGETS
from finops_nb.report.format import Format
from finops_nb.report.heat_map import HeatMap
from finops_nb.report.supposed_heads import heads
from finops_nb.report.table import Block, Table
from finops_nb.report.table_columns import available, budgeted, how_to_read, unexplained
from finops_nb.schema import Column, Dimension
from finops_nb.usage.model import Usage

NAME_COLUMNS: Final = {
    "organization": schema.ORGANIZATION,
    "product": schema.PRODUCT,
    "feature": schema.FEATURE,
}
"""The column that names a line, by dimension."""
COST_COLUMNS: Final = (
    *(schema.COST, schema.BUDGET, schema.VARIANCE, schema.BUDGET_USED),
    *(schema.CALLS, schema.CUSTOMERS),
)
CHARGE_COLUMNS: Final = (*(schema.CHARGE, schema.BUDGET, schema.VARIANCE_OF_CHARGE, schema.STATUS),)
FEATURE_COLUMNS: Final = (
    *(schema.FEATURE, schema.COST, schema.CALLS, schema.CUSTOMERS, schema.AVERAGE_COST),
)
EFFICIENCY_COLUMNS: Final = (
    *(schema.RANK, schema.ORGANIZATION, schema.COST),
    *(schema.COST_PER_CALL, schema.COST_PER_CUSTOMER, schema.EFFICIENCY),
)
DAYS_NOT_LISTED: Final = (
    "This period is longer than a month, so its days are not listed. To list them here and in the "
    "workbook, write list_days: true in the params."
)


def cost_by(data: ReportData, variance: pd.DataFrame, totals: TotalVariance) -> Table:
    """Cost against budget, by organization or by product.

    Args:
        data: the report data; notes and owners are printed beneath names.
        variance: from `variance_by`, or from `with_trend`, which adds the months before as
            sparklines beneath the cost.
        totals: its sums, from `total_of`.

    Example:
        cost_by(data, with_trend(data, organizations), total_of(data, organizations))
    """
    by: Dimension = variance.columns[0]
    tense = tense_of(data.params)
    columns = budgeted(available((NAME_COLUMNS[by], *COST_COLUMNS), data.usage), totals)
    sums = _sums(totals) | {"cost": totals.actual} | _counts(data.usage)
    compared = "" if totals.budget is None else " against budget"
    return Table(
        f"cost_by_{by}",
        tense.caption(f"Cost{compared} by {by}, highest cost first"),
        heads(columns, tense),
        (Block(_with_owners(data, variance), sums, names=names_of(data)[by]),),
        data.params.currency,
        intro=how_to_read(columns if by == "organization" else unexplained(data, columns)),
    )


def product_breakdown(data: ReportData, breakdown: pd.DataFrame) -> Table:
    """Which products each organization used, and how its cost divides among them.

    Args:
        data: the report data.
        breakdown: from `allocate_within`, products within organizations.
    """
    tense = tense_of(data.params)
    return Table(
        "organization_product_breakdown",
        tense.caption("Cost of each organization by product"),
        heads((schema.PRODUCT, schema.COST, schema.SHARE), tense),
        _by_organization(breakdown, names_of(data)["product"]),
        data.params.currency,
        groups=names_of(data)["organization"],
    )


def cost_by_feature(data: ReportData, features: pd.DataFrame) -> Table:
    """Cost and cost per call by feature; features have no budgets.

    Args:
        data: the report data.
        features: from `unit_costs`.
    """
    columns = available(FEATURE_COLUMNS, data.usage)
    lines, tense = _lines(features), tense_of(data.params)
    block = Block(lines, overall(data.usage), names=names_of(data)["feature"])
    return Table(
        "cost_by_feature",
        tense.caption("Cost by feature, highest cost first"),
        heads(columns, tense),
        (block,) if lines else (),
        data.params.currency,
        intro=how_to_read(columns) if lines else (),
        empty="Not available because the usage has no features.",
    )


def chargeback_by(data: ReportData, charges: pd.DataFrame, totals: TotalVariance) -> Table:
    """What each organization, or each product, is charged.

    Args:
        data: the report data; owners, cost centers and notes are printed beneath names. Above the
            organizations stands how to make a draft ledger final.
        charges: from `chargeback.charges`; its last alert is printed beneath a status.
        totals: from `total_of`.
    """
    by: Dimension = charges.columns[0]
    lines = _with_owners(data, charges)
    if by == "organization":
        centers = data.budgets.cost_centres
        lines = [line | {"cost_centre": centers.get(line[by], "")} for line in lines]
    sums = _sums(totals) | {"charge": totals.actual, "status": totals.status}
    booked = [line["booked"] for line in lines if line["booked"] is not None]
    sums |= {"booked": total(booked)} if booked else {}
    columns = budgeted((NAME_COLUMNS[by], *CHARGE_COLUMNS), totals)
    tense = tense_of(data.params)
    return Table(
        f"chargeback_by_{by}",
        tense.caption(f"Charges by {by}"),
        heads(columns, tense),
        (Block(lines, sums, names=names_of(data)[by]),),
        data.params.currency,
        intro=_above_charges(data, by, columns),
    )


def cross_organization_usage(data: ReportData, lines: pd.DataFrame) -> HeatMap:
    """What each organization is charged for each product, as a heat map.

    Args:
        data: the report data.
        lines: from `chargeback.cross_usage`.
    """
    tense = tense_of(data.params)
    return HeatMap(
        "cross_organization_product_usage",
        tense.caption("Charges by organization and product; darker means higher"),
        heads((schema.ORGANIZATION, schema.PRODUCT, schema.CHARGE), tense),
        (Block(_lines(lines), {"charge": total(lines["charge"])}),),
        data.params.currency,
        rows_named=names_of(data)["organization"],
        columns_named=names_of(data)["product"],
    )


def cost_by_month(data: ReportData, organizations: pd.DataFrame, products: pd.DataFrame) -> Table:
    """The cost of each name by month: of a longer period, or of a month and those before it.

    Args:
        data: the report data.
        organizations: from `trend.cost_by_month`; empty if there are no two months to show.
        products: likewise.

    Returns:
        A table of one block by organization and one by product; a sentence if it has no months.
    """
    other = ("organization", "change")
    months = [column for column in organizations.columns if column not in other]
    columns = [
        Column(month, _month_label(month, data), "money", "the cost of the month", True)
        for month in months
    ]
    caption = "Cost by month"
    if not data.usage.period.months or data.usage.period.is_month:
        caption += "; change is from the month before" + _without_change(data, organizations)
        last_two = (months[-1], months[-2]) if months else None
        columns.append(replace(schema.CHANGE, difference=last_two))
    frames = (organizations, products) if months else ()
    return Table(
        "cost_by_month",
        caption,
        (schema.NAME, *columns),
        tuple(_month_block(data, frame) for frame in frames),
        data.params.currency,
        empty=_why_no_months(data),
    )


def _why_no_months(data: ReportData) -> str:
    """Why there are no months to show, as a sentence."""
    if not data.usage.period.is_month:
        return "Only reports on whole months show cost by month."
    if data.left_out:
        return f"{why_not_compared(data, max(data.left_out))}."
    return "No earlier month was published."


def budget_tracking(
    data: ReportData, organizations: TotalVariance, products: TotalVariance
) -> Table:
    """The budgets at both levels, and their difference if they do not agree.

    Args:
        data: the report data.
        organizations: from `total_of`.
        products: from `total_of`.
    """
    lines: list[dict[str, Any]] = [
        {"level": "Organization Level", **organizations._asdict()},
        {"level": "Product Level", **products._asdict()},
    ]
    budgets = (organizations.budget, products.budget)
    differ = None not in budgets and organizations.budget != products.budget
    if differ:
        lines.append(_level_difference(organizations, products))
    tense = tense_of(data.params)
    columns = (schema.LEVEL, schema.TOTAL_BUDGET, schema.TOTAL_ACTUAL, schema.VARIANCE_OF_BUDGET)
    return Table(
        "budget_tracking",
        f"Budget and {'what-if cost' if tense.supposed else 'actual'} at both levels",
        heads(columns, tense),
        (Block(lines, is_difference=differ),),
        data.params.currency,
        empty=NO_BUDGETS,
        stands_aside=budgets == (None, None),
    )


def efficiency(data: ReportData, ranked: pd.DataFrame) -> Table:
    """Organizations by calls per unit of currency; a sentence if the usage has no calls.

    Args:
        data: the report data.
        ranked: from `rank_efficiency`.
    """
    has_calls = "calls" not in data.usage.missing_columns
    columns = available(EFFICIENCY_COLUMNS, data.usage)
    unit = Format(data.params.currency).unit
    block = Block(
        _with_notes(data, ranked), overall(data.usage), names=names_of(data)["organization"]
    )
    return Table(
        "cross_team_comparison",
        f"Calls per {unit}, by organization; higher is better",
        heads(columns, tense_of(data.params)),
        (block,) if has_calls else (),
        data.params.currency,
        intro=how_to_read(columns) if has_calls else (),
        empty="Not available for bills, which have no call counts.",
    )


def spend_by_day(data: ReportData) -> Table:
    """Cost and calls of every day of the period with usage.

    The days of a longer period than a month are printed only on request.
    """
    sums = {"cost": data.usage.cost, "calls": overall(data.usage)["calls"]}
    tense = tense_of(data.params)
    return Table(
        "spend_by_day",
        tense.caption("Spend by day"),
        heads(available((schema.DAY, schema.COST, schema.CALLS), data.usage), tense),
        (Block(_lines(data.usage.groups["day",]), sums),),
        data.params.currency,
        empty=DAYS_NOT_LISTED,
        stands_aside=len(data.usage.period.months) > 1 and not data.params.list_days,
    )


def _lines(frame: pd.DataFrame) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = frame.to_dict("records")
    return lines


def _with_notes(data: ReportData, frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The lines of a frame, with the commentary on its names."""
    by = next(column for column in frame.columns if column in NAME_COLUMNS)
    lines, notes = _lines(frame), data.budgets.commentary.notes
    for line in lines:
        if line[by] in notes:
            line["note"] = notes[line[by]]
    return lines


def _with_owners(data: ReportData, frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The lines of a frame, with the owners of its names and the commentary on them."""
    by, owners = frame.columns[0], data.budgets.owners
    return [line | {"owner": owners.get(line[by], "")} for line in _with_notes(data, frame)]


def _sums(totals: TotalVariance) -> dict[str, Any]:
    return {name: value for name, value in totals._asdict().items() if name != "actual"}


def _counts(usage: Usage) -> dict[str, int | None]:
    return {name: overall(usage)[name] for name in ("calls", "customers")}


def _above_charges(
    data: ReportData, by: Dimension, columns: tuple[Column, ...]
) -> tuple[Sentence, ...]:
    """How to make a draft ledger final, and what the statuses mean where they come first."""
    if by == "organization":
        return (*draft_ledger_sentences(data), *how_to_read(columns, data))
    return how_to_read(unexplained(data, columns), data)


def _by_organization(frame: pd.DataFrame, products: Named) -> tuple[Block, ...]:
    """A block for each organization, with the sum of its lines."""
    by_name: dict[str, list[dict[str, Any]]] = {}
    for line in _lines(frame):
        by_name.setdefault(line["organization"], []).append(line)
    blocks = []
    for name, lines in by_name.items():
        cost = total(line["cost"] for line in lines)
        sums = {"cost": cost, "share": ratio(cost, cost)}
        blocks.append(Block(lines, sums, name, names=products))
    return tuple(blocks)


def _month_block(data: ReportData, frame: pd.DataFrame) -> Block:
    """Names by month, with the sum of each month; a sum is None if a line has None."""
    by: Dimension = frame.columns[0]
    sums = {
        column: None if frame[column].isna().any() else total(frame[column])
        for column in frame.columns[1:]
    }
    lines = _lines(frame.rename(columns={by: "name"}))
    return Block(lines, sums, f"By {by.title()}", names=names_of(data)[by])


def _without_change(data: ReportData, frame: pd.DataFrame) -> str:
    """Why no name has a change from the month before; empty if one has."""
    if frame.empty or frame["change"].notna().any():
        return ""
    if not data.usage.complete:
        return "; n/a while the month is in progress"
    if data.usage.period.preceding().text in data.left_out:
        return "; n/a: the month before can't be compared"
    return "; n/a: the month before was not published"


def _month_label(month: str, data: ReportData) -> str:
    """2025-12 as "Dec 2025"; the report's own may be "Dec 2025 (partial, what-if)"."""
    name, year = parse_period(month).label.split()
    is_own = month in data.usage.period.months
    is_seen = parse_period(month).last_day <= data.usage.complete_through
    marks = {
        "partial": is_own and not is_seen,
        "what-if": is_own and tense_of(data.params).supposed,
    }
    marked = ", ".join(mark for mark, holds in marks.items() if holds)
    return f"{name[:3]} {year} ({marked})" if marked else f"{name[:3]} {year}"


def _level_difference(organizations: TotalVariance, products: TotalVariance) -> dict[str, Any]:
    """Organizations − products; both have budgets."""
    assert organizations.budget is not None
    assert products.budget is not None
    difference = organizations.budget - products.budget
    return {
        "level": "Difference",
        "actual": organizations.actual - products.actual,
        "budget": difference,
        "variance": -difference,
    }
