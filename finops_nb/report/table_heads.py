"""Table heads: the title of each table of the report, and the columns that it prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from finops_nb import schema
from finops_nb.period import MONTH, parse_period
from finops_nb.report.anomaly_tables import COLUMNS as ANOMALY_COLUMNS
from finops_nb.report.bridge_tables import CHANGE, HEADS
from finops_nb.report.budget_bridge_tables import BUDGET_BRIDGE_COLUMNS
from finops_nb.report.budget_tables import RUNNING_COLUMNS
from finops_nb.report.change_tables import CHANGE_COLUMNS
from finops_nb.report.cost_tables import COST_COLUMNS, EFFICIENCY_COLUMNS, FEATURE_COLUMNS
from finops_nb.report.model_tables import MODEL_COLUMNS
from finops_nb.report.outlook_tables import MONTH_COLUMNS, NEXT_MONTH_COLUMNS, YEAR_COLUMNS
from finops_nb.report.sheet_texts import EXTRA_COLUMNS
from finops_nb.report.summary_labels import HEADINGS, LABELS, title_case
from finops_nb.report.summary_sheet import UNITS
from finops_nb.report.unit_cost_tables import UNIT_COST_COLUMNS
from finops_nb.schema import Column, Unit

TITLES: Final[Mapping[str, str]] = HEADINGS | {
    "anomalies": "Days out of Line",
    "bridge": "Causes of Change",
    "budget_tracking": "Budget Tracking",
    "chargeback_by_organization": "Chargeback Report",
    "chargeback_by_product": "Product Chargeback Summary",
    "charges_by_kind": "Cost by Charge Type",
    "cost_bridge": "Why Cost Changed",
    "cost_by_model": "Models and Tokens",
    "cost_by_month": "Month by Month",
    "cross_organization_product_usage": "Cross-Organization Product Usage",
    "cross_team_comparison": "Cross-Team Comparison",
    "data_quality": "Data Notes",
    "full_year": "The Fiscal Year",
    "months_ahead": "Months Ahead",
    "next_month": "Next Month",
    "rows": "Input Rows",
    "run_rate_misses": "Run Rate in Earlier Months",
    "running_period": "Period to Date",
    "scenario_changes": "What This Scenario Changes",
    "unallocated_by_key": "Unallocated Cost by Key",
    "unit_costs": "Unit Costs by Driver",
    "variance_from_budget": "Variance from Budget",
}
"""Titles of tables whose name is not their title."""

_CHARGED: Final = (schema.CHARGE, schema.BUDGET, schema.VARIANCE_OF_BUDGET, schema.STATUS)

COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "anomalies": ANOMALY_COLUMNS,
    "budget_alerts": (schema.BUDGET,),
    "budget_tracking": (schema.TOTAL_BUDGET, schema.TOTAL_ACTUAL, schema.VARIANCE_OF_BUDGET),
    "budget_versions": (),
    "change_by_name": CHANGE_COLUMNS,
    "chargeback_by_organization": _CHARGED,
    "chargeback_by_product": _CHARGED,
    "charges_by_kind": (schema.ROWS, schema.COST),
    "cost_bridge": (*HEADS.values(), CHANGE),
    "cost_by_feature": FEATURE_COLUMNS,
    "cost_by_model": MODEL_COLUMNS,
    "cost_by_month": (schema.CHANGE,),
    "cost_by_organization": COST_COLUMNS,
    "cost_by_product": COST_COLUMNS,
    "cross_organization_product_usage": (schema.CHARGE,),
    "cross_team_comparison": EFFICIENCY_COLUMNS,
    "data_quality": (schema.ROWS, schema.MONEY),
    "full_year": YEAR_COLUMNS,
    "invoices": (schema.STATED, schema.BILLED, schema.DIFFERENCE),
    "months_ahead": MONTH_COLUMNS,
    "next_month": NEXT_MONTH_COLUMNS,
    "organization_product_breakdown": (schema.COST, schema.SHARE),
    "parameters": (schema.VALUE,),
    "policies": (schema.AMOUNT, schema.ACTION),
    "rows": (schema.ROWS, schema.COST),
    "run_rate_misses": (schema.RUN_RATE, schema.ACTUAL, schema.ERROR),
    "running_period": RUNNING_COLUMNS,
    "scenario_changes": (
        *(schema.BUDGET_BEFORE, schema.BUDGET, schema.BUDGET_CHANGE, schema.COST_CHANGE),
        *(schema.VARIANCE, schema.STATUS),
    ),
    "sources": (schema.DIALECT, schema.BASIS, schema.CURRENCY, schema.ROWS, schema.COST),
    "spend_by_day": (schema.COST, schema.CALLS),
    "unallocated_by_key": (schema.ROWS, schema.COST, schema.SHARE),
    "unit_costs": UNIT_COST_COLUMNS,
    "variance_from_budget": BUDGET_BRIDGE_COLUMNS,
}
"""The columns of each table that its page prints, beside those of months, versions and thresholds
and those that name its rows. Of a table that is not here, all are printed."""

SCHEMA_LABELS: Final[Mapping[str, str]] = {
    column.name: column.label for column in vars(schema).values() if isinstance(column, Column)
}
"""The head of every column of the schema, by its name."""

CROSSED: Final = "crossed_"
"""The key of a column with the days on which a share of the budgets was crossed begins so."""

OTHER_UNITS: Final[Mapping[str, Unit]] = {
    **dict.fromkeys(
        ("total_spend", "money", "excess", "trend", "unallocated", "compared"), "money"
    ),
    **dict.fromkeys(("variance_ratio", "change_ratio"), "signed share"),
    "crossed": "percent",
    "actual": "money",
}
"""Units of figures that no column of the page has."""


def title_of(table: str) -> str:
    """The title of a table, or of a piece of prose, as the report prints it.

    >>> title_of("cost_by_product"), title_of("cost_by_month")
    ('Cost by Product', 'Month by Month')
    """
    return TITLES.get(table) or title_case(table)


def column_of(table: str, name: str, results: Mapping[str, Any]) -> tuple[Column, bool]:
    """The column of a figure, and whether the page prints it.

    Args:
        table: its name.
        name: of the figure in results.json.
        results: the object of a `results.json` with the table.

    Example:
        `column_of("cost_by_month", "2025-12", results)` has the label "Dec 2025".
    """
    for column in COLUMNS.get(table, ()):
        if column.name == name:
            return column, column is not schema.RANK
    if table == "cost_by_month" and MONTH.fullmatch(name):
        partial = " (partial)" if name == _unfinished_month(results) else ""
        return Column(name, f"{_month_label(name)}{partial}", "money", ""), True
    if table == "budget_alerts" and name.startswith(CROSSED):
        return Column(name, name.removeprefix(CROSSED), "day", ""), True
    if table == "budget_versions":
        return Column(name, name.capitalize(), "money", ""), True
    return _unprinted(name), table not in COLUMNS


def _unprinted(name: str) -> Column:
    """The column of a figure that the page does not print, or prints as small text."""
    for column in EXTRA_COLUMNS:
        if column.name == name:
            return column
    first, _, month = name.partition(" ")
    label = LABELS.get(first) or SCHEMA_LABELS.get(first) or title_case(first)
    if MONTH.fullmatch(month):
        label = f"{label} {_month_label(month)}"
    return Column(name, label, OTHER_UNITS.get(first) or UNITS.get(first, "text"), "")


def _unfinished_month(results: Mapping[str, Any]) -> str:
    """The month in progress, as text like 2025-12; empty if the period is over."""
    period = results.get("period") or {}
    return "" if period.get("complete", True) else str(period.get("start", ""))[:7]


def _month_label(month: str) -> str:
    """2025-12 as "Dec 2025"."""
    name, year = parse_period(month).label.split()
    return f"{name[:3]} {year}"
