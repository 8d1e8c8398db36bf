"""Columns: found by name, and suggested where one is missing."""

from __future__ import annotations

import pytest

from finops_nb.params.model import make_params
from finops_nb.usage.sources.columns import Place, nearest_column, place_columns


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
    columns = place_columns(params, header, "u.csv")
    found = {ours: place.position for ours, place in columns.places.items()}
    assert found == {
        "timestamp": 5,
        "cost": 2,
        "organization": 3,
        "product": 4,
        "feature": 4,
        "customer": 1,
    }
    assert columns.problems == ()


def test_a_suggestion_that_is_no_plain_word_is_quoted_and_none_is_made_up():
    params = make_params({"period": "2025-12", "usage": "sample:"})
    columns = place_columns(
        params, ["time", "Team name", *"abcdefghijklmnopqrstuvwxyzABCDEF"], "u.csv"
    )
    fixes = {problem.column: problem.fix for problem in columns.problems}
    assert (
        fixes["organization_id"]
        == 'Write columns: {organization: "Team name"} in the params, if that is it'
    )
    assert (
        fixes["cost_usd"]
        == "Say in the params what the file calls it: columns: {cost: its name in the file}"
    )
    assert "A, B and 4 more" in columns.problems[0].rule


def test_a_tag_is_found_in_its_column():
    """It is the column before the first dot, and the key after it; a column of that whole name comes first."""
    params = make_params(
        {
            "period": "2025-12",
            "usage": "u.csv",
            "columns": {"cost": "c", "timestamp": "t", "organization": "Tags.a.b"},
        }
    )
    assert place_columns(params, ["t", "c", "Tags"], "u.csv").places["organization"] == Place(
        2, "a.b"
    )
    assert place_columns(params, ["t", "c", "Tags", "Tags.a.b"], "u.csv").places[
        "organization"
    ] == Place(3)


def test_what_the_params_name_must_be_there():
    """It refuses a column that they name and the file does not have, though the dialect could do without it."""
    params = make_params(
        {
            "period": "2025-12",
            "usage": "u.csv",
            "columns": {"cost": "c", "timestamp": "t", "customer": "who"},
        }
    )
    [problem] = place_columns(params, ["t", "c", "user"], "u.csv").problems
    assert (problem.column, problem.fix) == (
        "who",
        "Write columns: {customer: user} in the params, if that is it",
    )


@pytest.mark.parametrize("ours", ["provider", "model", "input_tokens"])
def test_a_column_that_the_params_name_is_there(ours):
    """It refuses a slip of the pen, also in the name of a column that is not read."""
    params = make_params({"period": "2025-12", "usage": "u.csv", "columns": {ours: "nope"}})
    found = [
        "timestamp",
        "cost_usd",
        "organization_id",
        "product_id",
        "feature_id",
        "customer_id",
        "provider",
        "model",
    ]
    [problem] = place_columns(params, found, "u.csv").problems
    assert (problem.column, problem.rule.partition(";")[0]) == (
        "nope",
        f"the column that tells the {ours} is missing",
    )


@pytest.mark.parametrize("found", ["ProviderName", "ServiceProviderName"])
@pytest.mark.parametrize("named", ["ProviderName", "ServiceProviderName"])
def test_the_two_names_of_a_provider_are_one(named, found):
    """It takes the one that a version of FOCUS has for the one that the params name."""
    params = make_params(
        {
            "period": "2025-12",
            "usage": "u.csv",
            "dialect": "focus",
            "columns": {"organization": named},
        }
    )
    assert place_columns(params, ["x", found], "u.csv").places["organization"] == Place(1)


def test_a_table_with_a_time_called_timestamp_is_a_table():
    """It is no log of calls, whose other columns it has not."""
    params = make_params(
        {
            "period": "2025-12",
            "usage": "u.csv",
            "columns": {"cost": "amount", "organization": "team"},
        }
    )
    columns = place_columns(params, ["timestamp", "team", "amount"], "u.csv")
    assert (columns.dialect.name, columns.problems, sorted(columns.places)) == (
        "table",
        (),
        ["cost", "organization", "timestamp"],
    )
