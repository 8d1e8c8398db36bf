"""Columns: found by name, and suggested where one is missing."""

from __future__ import annotations

import pytest

from finops_nb.params import COLUMNS, DIALECTS, make_params
from finops_nb.usage import dialects


def test_every_dialect_of_the_params_is_declared_with_every_column_the_params_know():
    assert tuple(dialects.DIALECTS) == DIALECTS
    for dialect in dialects.DIALECTS.values():
        assert set(dialects.NEEDED) <= set(dialect.columns) <= set(COLUMNS)


@pytest.mark.parametrize(
    ("ours", "theirs", "header", "expected"),
    [
        ("cost", "cost_usd", ["amount"], "amount"),
        ("cost", "cost_usd", ["Cost_USD", "amount"], "Cost_USD"),
        ("organization", "organization_id", ["organisation_id"], "organisation_id"),
        ("organization", "organization_id", ["Team", "x"], "Team"),
        ("timestamp", "timestamp", ["created_at"], "created_at"),
        ("customer", "customer_id", ["user"], "user"),
        ("product", "product_id", ["x", "y"], None),
        ("product", "product_id", [], None),
    ],
)
def test_it_suggests_the_nearest_name_or_a_common_one(ours, theirs, header, expected):
    assert dialects.nearest_column(ours, theirs, header) == expected


def test_places_are_by_name_whatever_the_order():
    params = make_params({"period": "2025-12", "usage": "sample:", "columns": {"feature": "product_id"}})
    header = ["x", "customer_id", "cost_usd", "organization_id", "product_id", "timestamp"]
    places, problems = dialects.place_columns(params, header, "u.csv")
    assert places == {"timestamp": 5, "cost": 2, "organization": 3, "product": 4, "feature": 4, "customer": 1}
    assert problems == []


def test_a_suggestion_that_is_no_plain_word_is_quoted_and_none_is_made_up():
    params = make_params({"period": "2025-12", "usage": "sample:"})
    _, problems = dialects.place_columns(params, ["time", "Team name", *"abcdefghijklmnopqrstuvwxyzABCDEF"], "u.csv")
    fixes = {problem.column: problem.fix for problem in problems}
    assert fixes["organization_id"] == 'Write columns: {organization: "Team name"} in the params, if that is it'
    assert fixes["cost_usd"] == "Say in the params what the file calls it: columns: {cost: its name in the file}"
    assert "A, B and 4 more" in problems[0].rule
