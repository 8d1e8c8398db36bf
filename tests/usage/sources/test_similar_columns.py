"""Columns that may be ours by another spelling are read or asked about, never passed over."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from support.usage_files import COLUMNS, call, csv_text, read, refused, write, write_parquet

from finops_nb.errors import Problem
from finops_nb.params.model import make_params
from finops_nb.usage.sources.columns import Place, place_columns
from finops_nb.usage.sources.dialects import DIALECTS

SPELLINGS = (
    *("currency", "Currency", "CURRENCY", " currency ", "currency_code", "Currency Code"),
    *("billing_currency", "BillingCurrency", "billingCurrencyCode", "cost_currency"),
    *("amount_currency", "lineItem/CurrencyCode"),
)


def problems(*more: str, **params) -> list[Problem]:
    """The problems of a header of calls with more columns."""
    made = make_params({"period": "2025-12", "usage": "u.csv"} | params)
    return list(place_columns(made.each_source[0], [*COLUMNS, *more], "u.csv").problems)


def calls_with(folder: Path, column: str, value: str, kind: str) -> Path:
    """One call of 1.00 with one more column, as CSV or as Parquet."""
    if kind == "csv":
        columns = [*COLUMNS, column]
        return write(folder / "u.csv", csv_text([call() | {column: value}], columns))
    file = write_parquet(folder / "plain.parquet", [call()])
    duckdb.sql(f"COPY (SELECT *, '{value}' AS \"{column}\" FROM '{file}') TO '{folder}/u.parquet'")
    return folder / "u.parquet"


@pytest.mark.parametrize("name", DIALECTS)
def test_what_a_dialect_calls_the_currency_is_read(monkeypatch, name):
    """Whichever the dialect is; in all others, the same name is asked about."""
    dialect = DIALECTS[name]
    names = (*dialect.columns.get("currency", ()), "unit_ccy")
    known = replace(dialect, columns={**dialect.columns, "currency": names})
    header = ["unit_ccy", *(each[0] for key, each in dialect.columns.items() if key != "currency")]
    params = {"period": "2025-12", "usage": "u.csv", "dialect": name}
    if name == "table":
        header.append("amount")
        params["columns"] = {"cost": "amount"}
    before = place_columns(make_params(params).each_source[0], header, "u.csv")
    assert ("currency" in before.places, len(before.problems)) == (False, 1)
    monkeypatch.setitem(DIALECTS, name, known)
    after = place_columns(make_params(params).each_source[0], header, "u.csv")
    assert (after.places["currency"], after.problems) == (Place(0), ())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("column", SPELLINGS)
def test_a_currency_is_found_in_every_spelling(tmp_path, column, kind):
    """Euros are not reported as dollars."""
    (problem,) = refused(calls_with(tmp_path, column, "EUR", kind))
    assert problem.rule.startswith("costs are not in USD: ")
    assert problem.column == column
    assert read(calls_with(tmp_path, column, "USD", kind)).cost == 1
    assert read(calls_with(tmp_path, column, "EUR", kind), currency="EUR").cost == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spelling", "advice"),
    [
        ("usd", "Write USD in the file; or, if all of its costs are in USD, write columns: "),
        (" USD", "Write USD in the file; or, if all of its costs are in USD, write columns: "),
        ("eur", "Write EUR in the file, and currency: EUR in the params"),
        ("€", "Write its code, such as USD, in the file; or, if all of its costs are in USD, "),
        ("EUR", "Write currency: EUR in the params"),
    ],
)
def test_the_advice_on_a_currency_is_one_that_the_params_take(tmp_path, spelling, advice):
    """`currency: usd` would be refused; what is advised helps, as it is written."""
    file = calls_with(tmp_path, "currency", spelling, "csv")
    (problem,) = refused(file)
    assert problem.fix.startswith(advice)
    shown = spelling if spelling == "EUR" else f'"{spelling}"'
    assert problem.rule.endswith(f"1.00 {shown} (1 row)")
    _, has_other_column, none = problem.fix.partition("columns: ")
    if has_other_column:
        assert none == "{currency: none} in the params"
        assert read(file, columns={"currency": "none"}).cost == 1
    code = problem.fix.split()[1]
    if code in ("USD", "EUR"):
        assert read(calls_with(tmp_path, "currency", code, "csv"), currency=code).cost == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "columns",
    [
        *(["currency", "Currency"], ["currency", "billing_currency"]),
        *(["pricing_currency"], ["pricing/currency"], ["original currency"], ["ccy"]),
        *(["Währung"], ["devise"], ["iso_currency"], ["currency_id"]),
    ],
)
def test_what_may_be_a_currency_is_asked_about(tmp_path, columns):
    """One of two, or one by a name that may mean another; each advice helps, as it is written."""
    (problem,) = problems(*columns)
    assert (problem.line, problem.column) == (1, columns[0])
    assert "columns: {currency: none}" in problem.fix
    for name in (*columns, "none"):
        assert problems(*columns, columns={"currency": name}) == []
    file = calls_with(tmp_path, columns[0], "EUR", "csv")
    assert read(file, columns={"currency": "none"}).cost == 1
    [problem] = refused(file, columns={"currency": columns[0]})
    assert problem.rule.startswith("costs are not in USD: ")


@pytest.mark.parametrize(
    "column",
    ["concurrency", "max_concurrency", "costInBillingCurrency", "currency_conversion_rate", "cost"],
)
def test_other_columns_are_no_question(column):
    assert problems(column) == []


@pytest.mark.parametrize("twin", ["COST_USD", "Cost USD", "cost-usd", " cost_usd", "CostUsd"])
def test_two_columns_that_are_spelled_almost_alike_are_asked_about(tmp_path, twin):
    """One of them was taken without a word: $1.00 or $999.00."""
    columns = [*COLUMNS, twin]
    file = write(tmp_path / "u.csv", csv_text([call() | {twin: "999"}], columns))
    (problem,) = refused(file)
    assert problem.column == "cost_usd"
    assert "columns: {cost: cost_usd}" in problem.fix
    assert read(file, columns={"cost": "cost_usd"}).cost == 1
    assert read(file, columns={"cost": twin}).cost == Decimal(999)


def test_a_twin_of_any_column_that_is_read_is_asked_about():
    """Of each of them, at once."""
    twins = ["TIMESTAMP", "Organization_ID", "productId", "feature-id", "Customer ID"]
    assert [problem.column for problem in problems(*twins)] == [
        *("timestamp", "organization_id", "product_id", "feature_id", "customer_id")
    ]
    assert problems("Provider", "LATENCY_MS", "Task_Type") == []  # columns that are not read


def test_a_column_that_is_optional_and_spelled_differently_is_asked_about():
    """Requests that are numbered in `Request_ID` would not be searched for duplicates."""
    header = ["startTime", "spend", "team_id", "model", "Request_ID"]
    params = {"period": "2025-12", "usage": "u.csv"}
    (problem,) = place_columns(make_params(params).each_source[0], header, "u.csv").problems
    assert (problem.column, problem.rule) == (
        "Request_ID",
        "this column may be request_id, spelled differently",
    )
    for name, places in (("Request_ID", True), ("none", False)):
        made = make_params(params | {"columns": {"request": name}})
        columns = place_columns(made.each_source[0], header, "u.csv")
        assert (columns.problems, "request" in columns.places) == ((), places)


def test_none_is_no_way_around_a_column_that_is_needed():
    assert [problem.rule.split(";")[0] for problem in problems(columns={"cost": "none"})] == [
        "no column for cost"
    ]
