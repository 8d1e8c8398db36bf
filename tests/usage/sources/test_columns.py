"""Columns are found by name, and suggested if one is missing."""

from __future__ import annotations

import pytest

from finops_nb.params.model import make_params
from finops_nb.usage.sources.columns import Place, nearest_column, place_columns
from finops_nb.usage.sources.dialects import FOCUS


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
    assert nearest_column(ours, theirs, header) == expected


def test_places_are_by_name_whatever_the_order():
    params = make_params(
        {"period": "2025-12", "usage": "sample:", "columns": {"feature": "product_id"}}
    )
    header = ["x", "customer_id", "cost_usd", "organization_id", "product_id", "timestamp"]
    columns = place_columns(params.each_source[0], header, "u.csv")
    positions = {ours: place.position for ours, place in columns.places.items()}
    assert positions == {
        "timestamp": 5,
        "cost": 2,
        "organization": 3,
        "product": 4,
        "feature": 4,
        "customer": 1,
    }
    assert columns.problems == ()


def test_a_suggestion_is_quoted_if_needed_and_never_made_up():
    params = make_params({"period": "2025-12", "usage": "sample:"})
    columns = place_columns(
        params.each_source[0], ["time", "Team name", *"abcdefghijklmnopqrstuvwxyzABCDEF"], "u.csv"
    )
    fixes = {problem.column: problem.fix for problem in columns.problems}
    assert (
        fixes["organization_id"] == 'Did you mean "Team name"? '
        'Then write columns: {organization: "Team name"} in the params; '
        "if the file has no such column, write columns: {organization: none}"
    )
    assert fixes["cost_usd"] == "Write its name in the params: columns: {cost: name in the file}"
    assert "A, B and 4 more" in columns.problems[0].rule


def test_a_tag_is_found_in_its_column():
    """The column is before the first dot, the key after it; a column with the whole name wins."""
    params = make_params(
        {
            "period": "2025-12",
            "usage": "u.csv",
            "columns": {"cost": "c", "timestamp": "t", "organization": "Tags.a.b"},
        }
    )
    assert place_columns(params.each_source[0], ["t", "c", "Tags"], "u.csv").places[
        "organization"
    ] == Place(2, "a.b")
    assert place_columns(params.each_source[0], ["t", "c", "Tags", "Tags.a.b"], "u.csv").places[
        "organization"
    ] == Place(3)


def test_what_the_params_name_must_be_there():
    """A column that the params name must be in the file, even if the dialect does not need it."""
    params = make_params(
        {
            "period": "2025-12",
            "usage": "u.csv",
            "columns": {"cost": "c", "timestamp": "t", "customer": "who"},
        }
    )
    [problem] = place_columns(params.each_source[0], ["t", "c", "user"], "u.csv").problems
    assert (problem.column, problem.fix) == (
        "who",
        "Did you mean user? Then write columns: {customer: user} in the params; "
        "if the file has no such column, write columns: {customer: none}",
    )


@pytest.mark.parametrize("ours", ["provider", "model", "input_tokens"])
def test_a_column_that_the_params_name_is_there(ours):
    """A typo is refused, even in the name of a column that is not read."""
    params = make_params({"period": "2025-12", "usage": "u.csv", "columns": {ours: "nope"}})
    header = [
        "timestamp",
        "cost_usd",
        "organization_id",
        "product_id",
        "feature_id",
        "customer_id",
        "provider",
        "model",
    ]
    [problem] = place_columns(params.each_source[0], header, "u.csv").problems
    assert (problem.column, problem.rule.partition(";")[0]) == (
        "nope",
        f'no column "nope" for {ours}',
    )


@pytest.mark.parametrize("name", FOCUS.columns["provider"])
@pytest.mark.parametrize("named", FOCUS.columns["provider"])
def test_the_names_of_a_provider_are_one(named, name):
    """Either name in the params finds either name in the file, as FOCUS versions differ."""
    params = make_params(
        {
            "period": "2025-12",
            "usage": "u.csv",
            "dialect": "focus",
            "columns": {"organization": named},
        }
    )
    assert place_columns(params.each_source[0], ["x", name], "u.csv").places[
        "organization"
    ] == Place(1)


def test_a_table_with_a_time_called_timestamp_is_a_table():
    """Without the other columns of a log of calls, it is not one."""
    params = make_params(
        {
            "period": "2025-12",
            "usage": "u.csv",
            "columns": {"cost": "amount", "organization": "team"},
        }
    )
    columns = place_columns(params.each_source[0], ["timestamp", "team", "amount"], "u.csv")
    assert (columns.dialect.name, columns.problems, sorted(columns.places)) == (
        "table",
        (),
        ["cost", "organization", "timestamp"],
    )
