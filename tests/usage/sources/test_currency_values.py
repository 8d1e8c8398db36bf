"""A column whose values are currencies is never passed over, whatever its name."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from support.usage_files import COLUMNS, call, csv_text, read, refused, write, write_parquet

from finops_nb.money import CURRENCY_CODES, MINOR_UNITS, SIGNS, UNIT_NAMES
from finops_nb.usage import small_files

NAMES = ("Rechnung", "cur", "monnaie", "money_unit", "cost_unit", "unit", "iso", 'a "b"', "x\\y")


def calls_with(folder: Path, column: str, values: list[str], kind: str) -> list[Path]:
    """A call of 1.00 for each value of one more column; "many" is three small files."""
    columns = [*COLUMNS, column]
    calls = [call(request_id=str(n)) | {column: value} for n, value in enumerate(values)]
    if kind != "parquet":
        text = csv_text(calls, columns)
        names = ("a", "b", "c") if kind == "many" else ("a",)
        other = csv_text([call() | {column: "USD"}], columns)
        return [write(folder / f"{name}.csv", text if name == "a" else other) for name in names]
    file = write_parquet(folder / "plain.parquet", calls)
    values_sql = ", ".join(f"({n}, '{value}')" for n, value in enumerate(values))
    quoted = column.replace('"', '""')
    duckdb.sql(
        f"COPY (SELECT plain.*, nullif(v, '') AS \"{quoted}\" FROM (SELECT *, row_number() OVER () "
        f"- 1 AS n FROM '{file}') AS plain JOIN (VALUES {values_sql}) AS more(n, v) USING (n)) "
        f"TO '{folder}/u.parquet'"
    )
    return [folder / "u.parquet"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "parquet", "many"])
@pytest.mark.parametrize("column", NAMES)
def test_currencies_by_another_name_are_refused(tmp_path, column, kind):
    """Euros are not reported as dollars; each advice helps, as it is written."""
    files = calls_with(tmp_path, column, ["EUR", "", "eur", " EUR "], kind)
    (problem,) = refused(*files)
    assert problem.column == column
    assert "with EUR" in problem.rule
    advice = problem.fix.partition("write ")[2].partition(" in the params")[0]
    (asked,) = refused(*files[:1], **yaml.safe_load(advice))
    assert asked.rule.startswith("costs are not all in USD: ")
    read(*files[:1], **yaml.safe_load(problem.fix.rpartition("not, write ")[2]))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "parquet", "many"])
@pytest.mark.parametrize(
    "values",
    [["USD", "usd"], ["", ""], ["EUR", "kilo"], ["team", "EUR"], ["EURO"], ["USD", "usd", ""]],
)
def test_other_columns_pass(tmp_path, values, kind):
    """All the params' currency, no value, or a value that is no currency."""
    assert read(*calls_with(tmp_path, "unit", values, kind)[:1]).rows_read == len(values)


def test_a_currency_in_one_of_many_small_files_is_found(tmp_path, monkeypatch):
    """As if the files were read one after the other."""
    files = calls_with(tmp_path, "unit", ["CHF"], "many")
    (together,) = refused(*files)
    monkeypatch.setattr(small_files, "SMALL", -1)
    assert refused(*files) == [together]


def test_a_column_is_read_to_its_end(tmp_path):
    """The first rows are dollars; the last is not, or is no currency."""
    rows = ["USD"] * 3_000
    (problem,) = refused(*calls_with(tmp_path, "unit", [*rows, "EUR"], "csv"))
    assert "EUR, USD" in problem.rule
    assert read(*calls_with(tmp_path, "unit", [*rows, "EUR", "kg"], "csv")).rows_read == 3_002


@given(st.sampled_from(sorted(CURRENCY_CODES - {"USD"})))
def test_every_currency_is_known(tmp_path_factory, code):
    """Each is refused in a report in dollars."""
    folder = tmp_path_factory.mktemp("usage")
    assert len(refused(*calls_with(folder, "unit", [code], "csv"))) == 1


def test_the_list_has_the_currencies_with_a_rule_of_their_own():
    """And each code is three capitals."""
    assert {*MINOR_UNITS, *SIGNS, *UNIT_NAMES} <= CURRENCY_CODES
    assert all(len(code) == 3 and code.isupper() for code in CURRENCY_CODES)
