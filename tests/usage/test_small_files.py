"""Small files are scanned together, with the same figures and notices as one after the other."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.usage_files import COLUMNS, call, csv_text, read, refused, write, write_calls

from finops_nb.usage import csv_file, small_files
from finops_nb.usage.model import Usage

calls = st.builds(
    lambda day, cost, organization, customer, note: call(
        timestamp=day,
        cost_usd=cost,
        organization_id=organization,
        customer_id=customer,
        task_type=note,
    ),
    st.sampled_from(["2025-12-01", "2025-12-31T23:00:00Z", "2025-11-30", "2026-01-01"]),
    st.sampled_from(["1", "-2.5", "0", "0.0000000000001", "1e-14", "12345678901234.5"]),
    st.sampled_from(["a", "b", "", " ", "=x"]),
    st.sampled_from(["c1", "c2", ""]),
    st.sampled_from(["qa", "two\nlines", 'say "x"']),
)
names = st.sampled_from(["{}.csv", "{}.csv.gz", "it's [{}]*.csv", "{}.csv.zst"])


def read_alone(*files: Path, **params) -> Usage:
    """The usage of files that are read one after the other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small_files, "SMALL", -1)
        return read(*files, **params)


def assert_equal(one: Usage, other: Usage) -> None:
    """All figures and notices are the same."""
    assert one.groups.keys() == other.groups.keys()
    for keys, frame in one.groups.items():
        pd.testing.assert_frame_equal(frame, other.groups[keys])
    for name in ("notices", "inputs", "rows_read", "rows_used", "cost_outside"):
        assert getattr(one, name) == getattr(other, name)


@pytest.mark.slow
@given(st.lists(st.lists(calls, max_size=4), min_size=3, max_size=6), names)
def test_files_that_are_scanned_together_are_read_as_one_by_one(tmp_path_factory, rows, name):
    """Also where files are empty, rows equal another file's, or a name has a pattern's marks."""
    folder = tmp_path_factory.mktemp("small")
    files = [
        write_calls(folder / name.format(number), call(latency_ms=str(number)), *of)
        for number, of in enumerate(rows)
    ]
    assert_equal(read(*files), read_alone(*files))


def test_no_file_is_scanned_alone(tmp_path, monkeypatch):
    """Of 400 files in two layouts, none; 400 costs of 1.25 are 500."""
    monkeypatch.setattr(csv_file, "add_table", None)
    files = [
        write_calls(
            tmp_path / f"{number}.csv",
            call(cost_usd="1.25", latency_ms=str(number)),
            columns=COLUMNS if number % 2 else COLUMNS[::-1],
        )
        for number in range(400)
    ]
    usage = read(*files)
    assert (usage.cost, usage.rows_read, len(usage.inputs)) == (Decimal(500), 400, 400)
    assert [each.rows for each in usage.inputs] == [1] * 400


@pytest.mark.parametrize(
    ("body", "line", "rule"),
    [
        ("2025-12-01,oops,a\n", 2, "not a plain number"),
        ("2025-12-01,1,a,9\n", 2, "4 fields"),
        ('2025-12-01,1,"a\n', 2, "not CSV"),
        ("2025-12-01,1,(unallocated)\n", 2, "(unallocated) is"),
        ("2025-12-01,1,a\nb\n", 3, "1 field"),
    ],
)
def test_a_bad_file_among_good_ones_is_refused_with_its_line(tmp_path, body, line, rule):
    """Nothing of the others is counted twice: without it, all is as before."""
    head = "timestamp,cost,team\n"
    params = {"columns": {"cost": "cost", "organization": "team"}, "dialect": "table"}
    files = [
        write(tmp_path / f"{number}.csv", f"{head}2025-12-0{number},1,a\n") for number in "1234"
    ]
    bad = write(tmp_path / "bad.csv", head + body)
    problems = refused(*files, bad, **params)
    assert {(problem.file, problem.line) for problem in problems} == {("bad.csv", line)}
    assert problems[0].rule.startswith(rule)
    assert read(*files, **params).cost == 4


def test_a_file_that_only_the_strict_reader_reads_is_read_beside_others(tmp_path):
    """An empty line is a doubt, and an unfinished last line has a notice of its own."""
    files = [
        write(tmp_path / f"{number}.csv", csv_text([call(latency_ms=number)])) for number in "123"
    ]
    empty = write(tmp_path / "empty.csv", csv_text([call()]) + "\n")
    open_end = write(tmp_path / "open.csv", csv_text([call(latency_ms="9")]).rstrip("\n"))
    usage = read(*files, empty, open_end)
    assert usage.cost == 5
    assert_equal(usage, read_alone(*files, empty, open_end))


def test_a_copy_among_small_files_is_refused(tmp_path):
    """Its rows are sorted differently and its columns are the same."""
    rows = [call(latency_ms=str(number)) for number in range(5)]
    files = [write_calls(tmp_path / f"{n}.csv", call(latency_ms=f"{n}0")) for n in range(3)]
    one = write_calls(tmp_path / "x.csv", *rows)
    copy = write_calls(tmp_path / "y.csv", *rows[::-1])
    assert [problem.rule for problem in refused(*files, one, copy)] == [
        "the file has the same rows as x.csv"
    ]
    packed = write_calls(tmp_path / "z.csv.gz", *rows)
    assert [problem.file for problem in refused(*files, one, packed)] == ["z.csv.gz"]
