"""Two stray quotes make rows part of a text: no such file is read as other numbers."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from support.stray_quotes import read_otherwise
from support.usage_files import (
    COLUMNS,
    call,
    csv_text,
    read,
    refused,
    write,
    write_calls,
    write_parquet,
)

from finops_nb.params.stray_quotes import SWALLOWED


def torn(text: str, column: str, first: int, last: int) -> str:
    """The text with a quote before a field of one row, and one behind that of a later row."""
    lines = text.splitlines()
    at = COLUMNS.index(column)
    for row, mark in ((first, '"{}'), (last, '{}"')):
        fields = lines[row].split(",")
        fields[at] = mark.format(fields[at])
        lines[row] = ",".join(fields)
    return "\n".join([*lines, ""])


def three_and_more() -> str:
    """A costs 1, B 2, C 4, and between B and C come 100 rows of 1,000.00."""
    rows = [call(organization_id="a"), call(organization_id="b", cost_usd="2.00")]
    rows += [call(organization_id="lost", cost_usd="1000.00")] * 100
    return csv_text([*rows, call(organization_id="c", cost_usd="4.00")])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["u.csv", "u.csv.gz", "u.csv.zst"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(("column", "last"), [("task_type", 103), ("provider", 4), ("model", 3)])
def test_rows_in_a_column_that_is_not_read_are_found(tmp_path, name, end, column, last):
    """100 rows and $100,000.00 would be gone; or one row only."""
    text = torn(three_and_more(), column, 2, last).replace("\n", end)
    (problem,) = refused(write(tmp_path / name, text))
    assert (problem.file, problem.line, problem.column) == (name, 3, column)
    assert (problem.rule, problem.fix) == SWALLOWED


@pytest.mark.parametrize(
    "column", ["organization_id", "product_id", "feature_id", "customer_id", "timestamp"]
)
def test_rows_in_a_column_that_is_read_are_found(tmp_path, column):
    """B would be charged what C spent; also outside of the period."""
    for day in ("2025-12-31", "2025-11-30"):
        text = torn(csv_text([call(), call(timestamp=day), call()]), column, 2, 3)
        (problem,) = refused(write(tmp_path / "u.csv", text))
        assert (problem.line, problem.column) == (3, column)


def test_rows_in_the_header_are_found(tmp_path):
    """The first row would be part of a column's name."""
    text = torn(csv_text([call(), call(), call()]), "subscription_tier", 0, 1)
    assert str(refused(write(tmp_path / "u.csv", text))[0]).startswith(
        f"u.csv, line 1: {SWALLOWED[0]}"
    )


def test_rows_in_the_last_column_and_before_an_end_without_a_break_are_found(tmp_path):
    """The tier is the last column: its text ends with the first twelve fields and a tier."""
    text = torn(three_and_more(), "subscription_tier", 1, 103).rstrip("\n")
    assert [problem.line for problem in refused(write(tmp_path / "u.csv", text))] == [2]


def test_text_of_many_lines_is_read(tmp_path):
    """Also with commas, quotes, days, and numbers of commas that a row may have."""
    texts = [
        "Dear all,\n\nthe total of 2025-12-01, 5 items, is 1.25.\nBye",
        "2025-12-01," * 20 + "\n" + "2025-12-01," * 20,
        "\n".join([",".join("abcdefghijklm")] * 3),
        '{\n  "a": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13],\n  "b": 2\n}',
        "a\rb\r\nc",
        "\n" * 5,
    ]
    calls = [call(task_type=text, model=text) for text in texts]
    for name in ("u.csv", "u.csv.gz"):
        assert read(write_calls(tmp_path / name, *calls)).cost == len(texts)


def test_text_of_many_lines_across_the_blocks_of_a_file_is_read_and_searched(tmp_path):
    """A text may be longer than what is read at once (131,072 bytes)."""
    long = "a, b and c\n" * 30_000
    good = csv_text([call(task_type=long), call()] * 3)
    assert read(write(tmp_path / "u.csv", good)).cost == 6
    rows = "\n".join(three_and_more().splitlines()[1:] * 40)
    (problem,) = refused(write_calls(tmp_path / "u.csv", call(), call(task_type=f"qa\n{rows}")))
    assert (problem.line, problem.rule) == (3, SWALLOWED[0])


@pytest.mark.slow
@pytest.mark.parametrize("mark", ["\n", "\r", "\r\n", "\t", "\x1b", "\x7f", "\x85", "\u2028"])
def test_a_name_with_a_control_character_is_refused(tmp_path, mark):
    """In CSV and in Parquet, in the period and outside: it would tear a ledger or a table."""
    for column in ("organization_id", "product_id", "feature_id", "customer_id"):
        for day in ("2025-12-31", "2025-11-30"):
            calls = [call(), call(timestamp=day, **{column: f"a{mark}=1+1"})]
            for file in (
                write_calls(tmp_path / "u.csv", *calls, quoting=csv.QUOTE_ALL),
                write_parquet(tmp_path / "u.parquet", calls),
            ):
                problems = refused(file)
                assert [problem.column for problem in problems] == [column]
                assert problems[0].rule.startswith("a line break or another control character")


def test_a_key_with_a_control_character_is_refused(tmp_path):
    """Keys are names of the usage, too; organizations.csv maps none of that kind."""
    mapping = write(tmp_path / "organizations.csv", "key,organization\norg-a,a\n")
    file = write_calls(tmp_path / "u.csv", call(), call(organization_id="a\tb"))
    assert [problem.line for problem in refused(file, mapping=str(mapping))] == [3]


def some_are_read(folder: Path, seeds: range) -> None:
    """None is read as other numbers, and both ends of the test are reached."""
    results = {seed: read_otherwise(folder, seed) for seed in seeds}
    assert [seed for seed, other in results.items() if other] == []
    assert {None, False} == set(results.values())


@pytest.mark.slow
def test_of_100_files_with_two_stray_quotes_none_is_read_as_other_numbers(tmp_path):
    some_are_read(tmp_path, range(100))


@pytest.mark.slow
def test_of_2_000_files_with_two_stray_quotes_none_is_read_as_other_numbers(tmp_path):
    some_are_read(tmp_path, range(2_000))
