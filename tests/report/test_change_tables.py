"""The table of changes by name, as printed."""

from __future__ import annotations

from support.months import december, month

from finops_nb.report.change_tables import change_by_name


def rows_of(data) -> list[list[str]]:
    table = change_by_name(data)
    heads = [column.label for column in table.columns]
    return [heads, *([cell.text for cell in row.cells] for row in table.rows(table.blocks[0]))]


def test_cost_and_budget_stand_beside_those_of_the_month_before():
    """10 after 8 and 12 after 6; the only name made all of the change."""
    before = ["$8.00", "$10.00", "+$2.00", "+100.0%", "$6.00", "$12.00", "+$6.00"]
    assert rows_of(december(month("2025-11", "8", "6"))) == [
        [
            *("Name", "Cost Before", "Cost", "Change", "Share of Change"),
            *("Budget Before", "Budget", "Budget Change"),
        ],
        ["org-a", *before],
        ["Total", *before],
    ]


def test_there_is_no_share_of_no_change():
    """10 after 10."""
    heads = rows_of(december(month("2025-11", "10", "12")))[0]
    assert "Share of Change" not in heads


def test_nothing_is_printed_without_a_month_before():
    """Not even a heading."""
    assert change_by_name(december()).is_empty
