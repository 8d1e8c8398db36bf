"""The lines of `what-changed`: totals, cells by the names of the page, and further texts."""

from __future__ import annotations

import random
import re
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from support.composed import composed
from support.made_usage import data_of

from finops_nb.commands.changed_figures import (
    SENTENCES,
    SUMMARY,
    TEXT_TABLES,
    Changed,
    changed_figures,
)
from finops_nb.money import plain
from finops_nb.outputs.artifacts import NOT_SHOWN
from finops_nb.params.budgets import read_budgets
from finops_nb.report.prose import Prose


def results(**tables) -> dict:
    """Results of two organizations: 6 and 4 of 10, each on one product."""
    return {
        "currency": "USD",
        "period": {"start": "2025-12-01", "complete": True},
        "total": "10",
        "organizations": {"org-a": "6", "org-b": "4"},
        "products": {"chat": "6", "search": "4"},
        "tables": {
            "executive_summary": [
                {
                    "total_spend": "10",
                    "budget": "20",
                    "variance": "-10",
                    "variance_ratio": "-0.5",
                    "status": "UNDER",
                    "calls": 3,
                    "customers": 2,
                    "budget_version": "original",
                }
            ],
            "headline": [
                {"figure": "spend", "label": "Spend", "value": "$10.00", "detail": "x"},
                {"figure": "year_to_date", "label": "Year to Date, 2025", "value": "$10.00"},
            ],
            "cost_by_organization": [
                {"organization": "org-a", "cost": "6", "budget": "8", "budget_used": "0.75"},
                {"organization": "org-b", "cost": "4", "budget": None, "budget_used": None},
            ],
            "organization_product_breakdown": [
                {"organization": "org-a", "product": "chat", "cost": "6", "share": "1"},
                {"organization": "org-b", "product": "search", "cost": "4", "share": "1"},
            ],
            "chargeback_by_product": [
                {"product": "chat", "charge": "6", "variance": "-2", "variance_ratio": "-0.25"},
                {"product": "search", "charge": "4", "variance": "1", "variance_ratio": None},
            ],
            "cross_team_comparison": [
                {"rank": 1, "organization": "org-a", "cost": "6", "cost_per_call": "3"},
                {"rank": 2, "organization": "org-b", "cost": "4", "cost_per_call": "4"},
            ],
            "cost_by_month": [
                {"name": "org-a", "2025-12": "6", "change": "1"},
                {"name": "chat", "2025-12": "6", "change": "2"},
            ],
            "recommendations": [
                {"horizon": "Now", "title": "Over", "text": "org-a", "over": [{"excess": "1"}]},
                {"horizon": "Now", "title": "Over", "text": "org-b", "over": [{"excess": "2"}]},
            ],
            **tables,
        },
    }


def changed(table: str, place: int, **columns) -> Changed:
    """The lines on one row that has other figures."""
    after = results()
    after["tables"][table][place] |= columns
    return changed_figures(results(), after)


def test_a_cell_has_its_title_row_and_head():
    """Money has its change; a share and an amount that was n/a have none."""
    after = results()
    rows = after["tables"]["cost_by_organization"]
    rows[0] |= {"cost": "6.005", "budget_used": "0.751"}
    rows[1] |= {"budget": "5000"}
    found = changed_figures(results(), after)
    assert (found.totals, found.further) == ([], [])
    assert found.cells == [
        # 6.005 is printed as $6.01
        "Cost by Organization · org-a · Total Cost: $6.00 → $6.01 (+$0.01)",
        "Cost by Organization · org-a · % Used: 75.0% → 75.1%",
        "Cost by Organization · org-b · Budget: n/a → $5,000.00",
    ]


def test_an_expected_amount_is_printed_as_the_report_prints_it():
    """Rounded to three digits, so there is no difference to the cent; the name stands once."""
    row = {"dimension": "organization", "name": "org-a", "month": "org-a", "expected": "3480"}
    before, after = (results(next_month=[row | {"expected": cost}]) for cost in ("3480", "3490"))
    assert changed_figures(before, after).cells == [
        "Next Month · By Organization · org-a · Expected: $3,480 → $3,490"
    ]


def test_a_cause_that_no_table_prints_is_named_in_words():
    """Each effect is a row of its own; that of the whole report has no name."""
    whole = {"dimension": "total", "name": "total", "from": "2025-11", "effect": "tokens_per_call"}
    part = {"dimension": "product", "name": "chat", "from": "budget", "effect": "volume"}
    before, after = (
        results(bridge=[whole | {"amount": amount}, part | {"amount": amount}])
        for amount in ("1", "3")
    )
    assert changed_figures(before, after).further == [
        "Causes of Change · Total · from 2025-11 · Tokens per Call · Amount: $1.00 → $3.00 "
        "(+$2.00)",
        "Causes of Change · By Product · chat · from budget · Volume · Amount: $1.00 → $3.00 "
        "(+$2.00)",
    ]


def test_the_change_is_that_of_the_printed_amounts():
    """1,790.549 → 2,425.044 prints $1,790.55 → $2,425.04: +$634.49, not the exact +$634.50."""
    before, after = results(), results()
    before["tables"]["cost_by_organization"][0]["cost"] = "1790.549"
    after["tables"]["cost_by_organization"][0]["cost"] = "2425.044"
    [line] = changed_figures(before, after).cells
    assert line.endswith("Total Cost: $1,790.55 → $2,425.04 (+$634.49)")


def test_totals_come_apart_from_cells():
    """The summary, and the key figures but for the first, which repeats it."""
    found = changed("executive_summary", 0, total_spend="12.4", variance="-7.6", calls=4)
    assert found.totals == [
        "Executive Summary · Total Spend: $10.00 → $12.40 (+$2.40)",
        "Executive Summary · Budget Variance: -$10.00 (-50.0%) → -$7.60 (-50.0%) (+$2.40)",
        "Executive Summary · Calls: 3 → 4 (+1)",
    ]
    assert changed("headline", 1, value="$12.40").totals == [
        "Key Figures · Year to Date, 2025: $10.00 → $12.40"
    ]
    spend = changed("headline", 0, value="$12.40", detail="y")
    assert (spend.totals, len(spend.further)) == ([], 2)


def test_a_variance_is_printed_with_its_ratio():
    """As in the chargeback tables of the page."""
    found = changed("chargeback_by_product", 0, variance="1", variance_ratio="0.125")
    assert found.cells == [
        "Product Chargeback Summary · chat · Variance: -$2.00 (-25.0%) → $1.00 (+12.5%) (+$3.00)"
    ]


def test_texts_and_figures_that_no_table_prints_are_further_lines():
    """A rank is the place of a row; a difference below a cent prints nothing else."""
    assert changed("recommendations", 1, text="org-c").further == [
        'Recommendations · Now · Over: "org-b" → "org-c"'
    ]
    assert changed("cross_team_comparison", 1, rank=1).further == [
        "Cross-Team Comparison · org-b · Rank: 2 → 1"
    ]
    assert changed("cost_by_organization", 0, cost="6.000000000000000001").further == [
        "Cost by Organization · org-a · Total Cost: changed by less than is printed"
    ]
    for table, columns in (
        ("recommendations", {"text": "org-c"}),
        ("cross_team_comparison", {"rank": 1}),
        ("cost_by_organization", {"cost": "4.000000000000000001"}),
    ):
        found = changed(table, 1, **columns)
        assert (found.totals, found.cells) == ([], [])


def test_rows_that_are_new_or_gone_are_said_so():
    """With what the table prints of them."""
    after = results()
    after["tables"]["cost_by_organization"][1] = {"organization": "org-c", "cost": "4"}
    assert changed_figures(results(), after).cells == [
        "Cost by Organization · org-c: new (Total Cost $4.00)",
        "Cost by Organization · org-b: gone (Total Cost $4.00)",
    ]


def test_a_table_or_column_that_is_new_is_one_line():
    """Its rows and cells are further lines."""
    rows = [{"item": "Rows used", "rows": 3, "cost": "10"}, {"item": "Outside", "rows": 0}]
    found = changed_figures(results(), results(rows=rows))
    assert (found.cells, len(found.further)) == (["Input Rows: new (2 rows)"], 2)
    gone = changed_figures(results(rows=rows), results())
    assert (gone.cells, len(gone.further)) == (["Input Rows: gone (2 rows)"], 2)
    after = results()
    for row in after["tables"]["cost_by_month"]:
        row["2025-11"] = "5"
    found = changed_figures(results(), after)
    assert (found.cells, len(found.further)) == (["Month by Month · Nov 2025: new column"], 2)


def test_another_currency_prints_each_amount_in_its_own():
    """No difference is computed between dollars and euros."""
    after = results() | {"currency": "EUR"}
    after["tables"]["cost_by_organization"][0]["cost"] = "5"
    lines = changed_figures(results(), after).cells
    assert lines == ["Cost by Organization · org-a · Total Cost: $6.00 → €5.00"]


def test_a_report_without_a_summary_has_its_total():
    """A notebook of one's own has tables of its own, whose columns are called by their names."""
    before = results() | {"tables": {"spend_per_seat": [{"name": "x", "seat_cost": "1"}]}}
    after = before | {
        "total": "12",
        "tables": {"spend_per_seat": [{"name": "x", "seat_cost": "2"}]},
    }
    found = changed_figures(before, after)
    assert found.totals == ["Total Cost: $10.00 → $12.00 (+$2.00)"]
    assert found.cells == ["Spend per Seat · x · Seat Cost: 1 → 2"]


def test_every_prose_of_the_report_is_known(six, params):
    """A new one goes into `SENTENCES` or `TEXT_TABLES`, and one that is gone out of them."""
    made = params()
    shown = composed(data_of(six, made, read_budgets(made)), with_charts=False).shown
    prose = {part.name for part in shown if isinstance(part, Prose)}
    tables = {part.name for part in shown} - prose
    assert prose == {SUMMARY, *TEXT_TABLES} - tables - set(NOT_SHOWN)
    assert prose >= set(SENTENCES)


def test_a_name_stands_on_one_line():
    """Line breaks and characters that turn text around are marks; a long one is shortened."""
    rows = [{"organization": "a\n\u202eb" + "x" * 100, "cost": "1"}]
    after = results(cost_by_organization=rows)
    [new] = [line for line in changed_figures(results(), after).cells if ": new (" in line]
    # 60 characters: "a", a mark for the line break and the other, "b", 26 x, "…" and 29 x.
    name = f"a␣\ufffdb{'x' * 26}…{'x' * 29}"
    assert new == f"Cost by Organization · {name}: new (Total Cost $1.00)"


# Properties

TABLES = tuple(name for name in results()["tables"] if name != "executive_summary")


@given(st.randoms(use_true_random=False))
def test_rows_in_another_order_are_no_change(order: random.Random):
    """Of any table, at once."""
    after = results()
    for rows in after["tables"].values():
        order.shuffle(rows)
    assert changed_figures(results(), after) == Changed()


CELLS = [
    (table, place, column)
    for table, rows in results()["tables"].items()
    if table not in ("executive_summary", "headline", "recommendations")
    for place, row in enumerate(rows)
    for column, value in row.items()
    if column not in ("organization", "product", "name", "rank", "variance_ratio")
]
amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=12)


@given(st.sampled_from(CELLS), amounts)
def test_one_changed_cell_is_one_line(cell, amount):
    """In the cells, or further down where it is printed alike; no total has changed."""
    table, place, column = cell
    found = changed(table, place, **{column: plain(amount)})
    assert found.totals == []
    was = results()["tables"][table][place][column]
    assert len(found.cells) + len(found.further) == (was is None or Decimal(was) != amount)
    row = results()["tables"][table][place]
    name = next(row[key] for key in ("product", "organization", "name") if key in row)
    assert all(f" {name} · " in line for line in found.cells)


@given(st.lists(amounts, min_size=2, max_size=2, unique=True))
def test_swapped_money_lists_both_names(costs):
    """Each with the amount that the other one had."""
    before, after = results(), results()
    for place, (was, now) in enumerate(zip(costs, reversed(costs), strict=True)):
        before["tables"]["cost_by_organization"][place]["cost"] = plain(was)
        after["tables"]["cost_by_organization"][place]["cost"] = plain(now)
    found = changed_figures(before, after)
    names = [re.search(r"org-.", line).group() for line in (*found.cells, *found.further)]
    assert sorted(names) == ["org-a", "org-b"]


@given(st.sampled_from(TABLES))
def test_no_key_of_a_column_is_printed(table):
    """A reader sees the heads of the page."""
    after = results(**{table: []})
    lines = changed_figures(results(), after)
    assert not re.search(r"[a-z]_[a-z]", "\n".join((*lines.totals, *lines.cells)))
