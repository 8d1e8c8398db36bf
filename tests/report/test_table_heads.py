"""What `what-changed` calls a table and its columns is what the page calls them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from support.checkout import CHECKOUT
from support.composed import composed
from support.made_usage import SIX, data_of, usage_of

from finops_nb.findings.figure_difference import IN_BLOCKS, KEY_COLUMNS, OWN_KEYS
from finops_nb.params.budgets import read_budgets
from finops_nb.report.table import TEXTS, Table
from finops_nb.report.table_heads import COLUMNS, TITLES, column_of, title_of

PARAMS = {
    "period": "2025-12",
    "usage": "sample:",
    "organization_budgets": {"org-a": 5, "org-b": 9},
    "product_budgets": {"chat": 7},
    "alert_thresholds": [0.5, 0.8, 1],
    "approval_limit": 1,
}


@pytest.fixture(params=[True, False], ids=["complete", "in progress"])
def tables(request, params) -> list[Table]:
    """The tables of a report, of a month that is over and of one that is not."""
    calls = [call._replace(day=f"2025-12-{day:02}") for call in SIX for day in range(1, 9)]
    usage = usage_of(calls, complete=request.param)
    usage = replace(
        usage,
        charges=(("Usage", 48, Decimal(80)),),
        unmapped=(("team-17", 1, Decimal(1)),),
        rows_unallocated=1,
    )
    made = params(**PARAMS)
    data = data_of(usage, made, read_budgets(made))
    shown = composed(data).shown
    return [part for part in shown if isinstance(part, Table)]


def test_every_printed_column_has_its_head(tables):
    """Name, head and unit of each column, but for those that name the rows."""
    partial = any(table.name == "running_period" and not table.is_empty for table in tables)
    results = {"period": {"start": "2025-12-01", "complete": not partial}}
    for table in tables:
        keys = OWN_KEYS.get(table.name, KEY_COLUMNS)
        for column in table.columns:
            if column.name in (*keys, "rank"):
                continue
            found, printed = column_of(table.name, column.name, results)
            assert printed, (table.name, column.name)
            assert (found.label, found.unit) == (column.label, column.unit), table.name


def test_no_other_column_is_taken_for_printed(tables):
    """What only results.json has is further detail; a column of nothing is not printed."""
    for table in tables:
        heads = {column.name for column in table.columns}
        for record in table.records():
            figures = {name for name, value in record.items() if value is not None}
            others = figures - heads - set(OWN_KEYS.get(table.name, KEY_COLUMNS))
            assert not [name for name in others if column_of(table.name, name, {})[1]], table.name


def test_every_table_of_the_report_is_known(tables):
    """A new table gets its columns in `table_heads`."""
    assert {table.name for table in tables} == set(COLUMNS)


def test_the_columns_that_name_a_row_are_known(tables):
    """A new one is a key in `figure_difference`; together they tell the rows of a table apart."""
    for table in tables:
        keys = OWN_KEYS.get(table.name, KEY_COLUMNS)
        named = next(column.name for column in table.columns if column.unit in TEXTS)
        assert named in keys, table.name
        rows = [tuple(record.get(key) for key in keys) for record in table.records()]
        assert len(set(rows)) == len(rows) or table.name in IN_BLOCKS, table.name


def test_titles_are_those_of_the_page(tables):
    """A table's own title, or the heading above it; else it is known by its caption."""
    headings = set()
    notebook = json.loads((CHECKOUT / "notebooks/organizational_alignment.ipynb").read_text())
    for cell in notebook["cells"]:
        for line in "".join(cell["source"]).splitlines():
            if cell["cell_type"] == "markdown" and line.startswith("#"):
                headings.add(re.sub(r"^#+ (Appendix: )?", "", line))
    own = {table.name: table.title for table in tables if table.title}
    for table in tables:
        title = title_of(table.name)
        assert title == own.get(table.name, title)
        captioned = ("rows", "data_quality", "parameters", "run_rate_misses")
        assert title in {*headings, *own.values()} or table.name in captioned, table.name
    assert set(TITLES) > {"headline"}


def test_months_and_versions_are_columns_too():
    """Their heads are made from their keys; the month in progress says so."""
    running = {"period": {"start": "2025-12-01", "complete": False}}
    heads = {
        name: column_of(table, name, running)[0].label
        for table, name in (
            ("cost_by_month", "2025-11"),
            ("cost_by_month", "2025-12"),
            ("budget_alerts", "crossed_80%"),
            ("budget_versions", "revised 1"),
            ("cost_by_product", "trend 2025-11"),
            ("cost_by_feature", "calls_per_unit"),
        )
    }
    assert list(heads.values()) == [
        *("Nov 2025", "Dec 2025 (partial)", "80%", "Revised 1"),
        *("Trend Nov 2025", "Efficiency Score"),
    ]
