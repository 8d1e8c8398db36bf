"""Outlook tables: the next month, the months ahead and the fiscal year, as printed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from support.months import december, month

from finops_nb.period import parse_period
from finops_nb.report.format import Format, text_sentence
from finops_nb.report.outlook_tables import forecast_rows, months_ahead, next_month, year

STEADY = [month(f"2025-{number:02}", "10", "12") for number in range(11, 6, -1)]
"""July to November, 10.00 each."""


def heads(table) -> list[str]:
    return [column.label for column in table.columns]


def test_the_next_month_has_no_budget_columns_without_budgets():
    """Low and high have no totals; expected adds up."""
    table = next_month(december(*STEADY))
    assert heads(table) == ["Name", "This Month", "Low", "Expected", "High"]
    rows = [[cell.text for cell in row.cells] for row in table.rows(table.blocks[0])]
    assert rows == [
        ["org-a", "$10.00", "$10", "$10", "$10"],
        ["Total", "$10.00", "", "$10", ""],
    ]


def test_a_low_that_would_be_below_zero_is_zero_and_the_caption_says_so():
    """10 a month but for one of 90 in five, which misses by eight times what is expected."""
    costs = ("10", "10", "90", "10", "10", "10")
    months = zip(range(11, 5, -1), costs, strict=True)
    wild = [month(f"2025-{number:02}", cost) for number, cost in months]
    for table in (next_month(december(*wild)), months_ahead(december(*wild, start=7))):
        assert "$0" in [cell.text for cell in table.rows(table.blocks[0])[0].cells]
        assert "; a Low that would be below zero is $0" in table.caption
    for table in (next_month(december(*STEADY)), months_ahead(december(*STEADY, start=7))):
        assert "below zero" not in table.caption


def test_a_dimension_with_budgets_in_some_months_only_is_not_compared():
    """Products have a budget in December alone: 20 to date against its 12 would be no variance."""
    data = december(month("2025-11", "10", "12"))
    products = {"chat": Decimal(12)}
    version = replace(data.budgets.version, products=products)
    table = year(replace(data, budgets=replace(data.budgets, versions=(version,))))
    lines = {block.lines[0]["dimension"]: block.lines[0] for block in table.blocks}
    assert (lines["organization"]["budget"], lines["organization"]["variance"]) == (24, -4)
    assert (lines["product"]["cost"], lines["product"]["budget"]) == (20, None)
    assert lines["product"]["variance"] is None
    assert table.caption.endswith(
        "; November 2025 has no product budgets, so sums of budgets that include it are left out"
    )
    rows = [cell.text for cell in table.rows(table.blocks[1])[-1].cells]
    assert rows[:4] == ["Total", "$20.00", "n/a", "n/a"]


def test_a_dimension_without_any_budget_needs_no_word():
    """Only organizations have budgets, in every month."""
    assert "budgets" not in year(december(month("2025-11", "10", "12"))).caption


def test_a_budget_that_is_missing_in_some_months_is_said():
    """org-b has one in January alone, which is no budget of 0 in the months before."""
    january = {"organization": {"org-a": Decimal(11), "org-b": Decimal(5)}}
    data = december(month("2025-11", "8", "6"), start=2, ahead={"2026-01": january})
    [said] = year(data).intro
    text = text_sentence(said, Format("USD"))
    assert text == "No budget is set for org-b in November to December 2025; it counts as 0."
    assert not year(december(month("2025-11", "8", "6"))).intro


def test_a_budget_is_beside_its_risk():
    """10 expected against 9."""
    ahead = {"2026-01": {"organization": {"org-a": Decimal(9)}}}
    table = next_month(december(*STEADY, ahead=ahead))
    assert heads(table)[-2:] == ["Budget", "Over Budget?"]
    assert [cell.text for cell in table.rows(table.blocks[0])[0].cells][-2:] == ["$9.00", "likely"]


def test_several_months_ahead_have_a_table():
    """January to June of a year that starts in July: 6 × 10."""
    assert months_ahead(december(*STEADY)).is_empty
    table = months_ahead(december(*STEADY, start=7))
    rows = [row.cells[0].text for row in table.rows(table.blocks[0])]
    assert (rows[0], rows[-2], rows[-1]) == ("January 2026", "June 2026", "Total")
    assert table.blocks[0].total["expected"] == 60


def test_the_year_has_only_the_columns_that_it_has_figures_for():
    """Nothing is left of 2025; FY2026 has six months more, which have no budget."""
    assert heads(year(december(*STEADY))) == ["Name", "To Date", "Budget to Date", "Variance"]
    table = year(december(*STEADY, start=7))
    assert heads(table)[-2:] == ["Rest of Year", "Full Year"]
    assert table.caption == (
        "FY2026 by organization and product; "
        "to date is July to December 2025 (6 of 6 months); the rest "
        "of the year is January to June 2026"
    )


def test_every_line_of_the_forecast_is_in_the_results():
    """Total, organization and product in each month, with the method and its error."""
    rows = forecast_rows(december(*STEADY, start=7))
    assert len(rows) == 3 * 6
    assert {row["method"] for row in rows} == {"last month"}
    assert list(rows[0]) == [
        *("dimension", "name", "month", "low", "expected", "high", "budget", "risk"),
        *("probability_over", "method", "backtest_error", "naive_error"),
    ]


def test_why_there_is_no_forecast_is_said_once():
    """The summary above the table says it, so the table prints nothing."""
    data = december()
    data = replace(data, params=data.params.model_copy(update={"period": "2025-Q4"}))
    period = parse_period("2025-Q4")
    data = replace(data, usage=replace(data.usage, period=period), measured=None)
    table = next_month(replace(data, measured=data.usage))
    assert table.is_empty
    assert not table.empty
