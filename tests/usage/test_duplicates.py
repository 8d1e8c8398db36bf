"""Rows that are identical to another one, in one file or in two."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest
from support.usage_files import call, csv_text, read, refused, write, write_calls, write_parquet

from finops_nb.usage import duplicates as repeats
from finops_nb.usage.sources.notice import Notice

WITHIN = "{} has rows that are identical to another one; they were kept."


def test_rows_that_are_identical_are_kept_and_counted(tmp_path):
    """It keeps 3 × 1.00 + 2 × 2.00 = 7.00, and tells of 2 × 1.00 + 1 × 2.00 = 4.00 in three rows."""
    file = write_calls(
        tmp_path / "u.csv", *[call()] * 3, *[call(cost_usd="2")] * 2, call(cost_usd="3")
    )
    usage = read(file)
    assert (usage.cost, usage.notices) == (10, (Notice(WITHIN.format("u.csv"), 3, Decimal(4)),))


def test_a_column_that_is_not_read_tells_rows_apart(tmp_path):
    """It takes another latency for another call."""
    assert read(write_calls(tmp_path / "u.csv", call(), call(latency_ms="6"))).notices == ()


def test_rows_that_two_files_share_are_kept_and_counted(tmp_path):
    """It tells of yesterday's two rows in today's export of three: 1.00 + 2.00; of a row twice in one and once in another, the one."""
    first = write_calls(tmp_path / "a.csv", call(), call(cost_usd="2"))
    longer = write_calls(tmp_path / "b.csv", call(), call(cost_usd="2"), call(cost_usd="3"))
    text = "a.csv and b.csv have rows in common, which were kept and count more than once."
    assert (read(first, longer).cost, read(first, longer).notices) == (
        9,
        (Notice(text, 2, Decimal(3)),),
    )
    twice = write_calls(tmp_path / "b.csv", *[call()] * 2)
    assert read(first, twice).notices == (
        Notice(WITHIN.format("b.csv"), 1, Decimal(1)),
        Notice(text, 1, Decimal(1)),
    )


def test_files_in_another_packing_or_order_are_the_same_rows(tmp_path):
    """It refuses a file beside its copy in gzip, with Windows line ends, or shuffled; and Parquet beside Parquet."""
    calls = [call(), call(cost_usd="2"), call(cost_usd="3")]
    first = write_calls(tmp_path / "a.csv", *calls)
    copies = [
        write(tmp_path / "b.csv.gz", csv_text(calls)),
        write(tmp_path / "c.csv", csv_text(calls, lineterminator="\r\n")),
        write_calls(tmp_path / "d.csv", *reversed(calls)),
    ]
    for copy in copies:
        [problem] = refused(first, copy)
        assert (problem.file, problem.rule) == (copy.name, "the file has the same rows as a.csv")
    parquet = [
        write_parquet(tmp_path / f"{name}.parquet", each)
        for name, each in (("a", calls), ("b", calls[::-1]))
    ]
    assert refused(*parquet)[0].rule == "the file has the same rows as a.parquet"


def test_rows_outside_of_the_period_are_left_to_their_own(tmp_path):
    """It takes two files that hold nothing of December for no copies."""
    november = call(timestamp="2025-11-30")
    files = [
        write_calls(tmp_path / f"{name}.csv", november, call(latency_ms=f"{name}"))
        for name in range(2)
    ]
    assert read(*files).notices == ()


def test_it_says_where_it_has_not_searched(tmp_path, monkeypatch):
    """It names the file with which the rows would be too many, and searches the others."""
    monkeypatch.setattr(repeats, "SEARCHED", 3)
    first = write_calls(tmp_path / "a.csv", *[call()] * 2)
    second = write_calls(tmp_path / "b.csv", *[call(cost_usd="2")] * 2)
    unsearched = Notice(
        "Identical rows were not looked for in b.csv: there are more than 3 rows.", 0, Decimal(0)
    )
    assert read(first, second).notices == (
        Notice(WITHIN.format("a.csv"), 1, Decimal(1)),
        unsearched,
    )


@pytest.mark.parametrize("name", ["source", "print", "row", "inside", "odd"])
def test_a_column_of_any_name_is_a_column(tmp_path, name):
    """It does not take one of the file's own columns for the row."""
    header, *rows = csv_text([call(), call(latency_ms="6")]).splitlines()
    text = "\n".join([f"{header},{name}", *(f"{row},same" for row in rows), ""])
    csv = write(tmp_path / "u.csv", text)
    duckdb.execute(
        f"COPY (SELECT * FROM read_csv('{csv}', all_varchar = true)) TO '{tmp_path}/u.parquet'"
    )
    assert read(tmp_path / "u.parquet").notices == ()


def test_the_same_usage_in_another_format_is_told(tmp_path):
    """It tells of 1.00 + 2.00 + 3.00 in CSV and in Parquet, which count as 12.00; not of files that differ by a cent, nor of a row."""
    calls = [call(cost_usd=f"{day}", timestamp=f"2025-12-0{day}") for day in (1, 2, 3)]
    csv = write_calls(tmp_path / "a.csv", *calls)
    parquet = write_parquet(tmp_path / "b.parquet", calls, cost_usd="DOUBLE", timestamp="TIMESTAMP")
    usage = read(csv, parquet)
    [(text, rows, money)] = [
        (each.text, each.rows, each.money) for each in usage.notices if "counts twice" in each.text
    ]
    assert (usage.cost, rows, money) == (12, 3, 6)
    assert text.startswith("b.parquet has the rows and the cost of a.csv, by day")
    other = write_parquet(
        tmp_path / "c.parquet",
        [*calls[:2], call(cost_usd="3.01", timestamp="2025-12-03")],
        timestamp="TIMESTAMP",
    )
    one = [write_calls(tmp_path / f"{n}.csv", call(latency_ms=f"{n}")) for n in range(2)]
    assert not [
        each
        for pair in ((csv, other), one)
        for each in read(*pair).notices
        if "counts twice" in each.text
    ]
