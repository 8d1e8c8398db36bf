"""Duplicates: identical rows in one file or in two, and equal files."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest
from support.usage_files import call, csv_text, read, refused, write, write_calls, write_parquet

from finops_nb.usage import duplicates
from finops_nb.usage.sources.notice import Notice

WITHIN = "{} has duplicate rows; they were kept."


def test_rows_that_are_identical_are_kept_and_counted(tmp_path):
    """Of 3 × 1.00 + 2 × 2.00 + 3.00, three rows with 2 × 1.00 + 2.00 = 4.00 are duplicates."""
    file = write_calls(
        tmp_path / "u.csv", *[call()] * 3, *[call(cost_usd="2")] * 2, call(cost_usd="3")
    )
    usage = read(file)
    assert (usage.cost, usage.notices) == (10, (Notice(WITHIN.format("u.csv"), 3, Decimal(4)),))


def test_a_column_that_is_not_read_tells_rows_apart(tmp_path):
    """Two calls with different latencies are two calls."""
    assert read(write_calls(tmp_path / "u.csv", call(), call(latency_ms="6"))).notices == ()


def test_rows_that_two_files_share_are_kept_and_counted(tmp_path):
    """Today's export repeats yesterday's two rows: 1.00 + 2.00 = 3.00 counts twice.

    Of a row that is twice in one file and once in another, one row is in common.
    """
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
    """A copy is refused if it is gzipped, has Windows line endings or is shuffled; Parquet, too."""
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


def test_rows_outside_of_the_period_have_no_notice(tmp_path):
    """Two files without rows in December are not copies of each other."""
    november = call(timestamp="2025-11-30")
    files = [
        write_calls(tmp_path / f"{name}.csv", november, call(latency_ms=f"{name}"))
        for name in range(2)
    ]
    assert read(*files).notices == ()


def test_a_file_that_was_not_searched_has_a_notice(tmp_path, monkeypatch):
    """The file that makes the rows too many is named; the others are searched."""
    monkeypatch.setattr(duplicates, "SEARCHED", 3)
    first = write_calls(tmp_path / "a.csv", *[call()] * 2)
    second = write_calls(tmp_path / "b.csv", *[call(cost_usd="2")] * 2)
    unsearched = Notice(
        "Not checked for duplicate rows: b.csv. There are more than 3 rows.", 0, Decimal(0)
    )
    assert read(first, second).notices == (
        Notice(WITHIN.format("a.csv"), 1, Decimal(1)),
        unsearched,
    )


@pytest.mark.parametrize("name", ["source", "row_hash", "row", "inside", "odd"])
def test_a_column_of_any_name_is_a_column(tmp_path, name):
    """A file's own column is never mistaken for one of the query."""
    header, *rows = csv_text([call(), call(latency_ms="6")]).splitlines()
    text = "\n".join([f"{header},{name}", *(f"{row},same" for row in rows), ""])
    csv = write(tmp_path / "u.csv", text)
    duckdb.execute(
        f"COPY (SELECT * FROM read_csv('{csv}', all_varchar = true)) TO '{tmp_path}/u.parquet'"
    )
    assert read(tmp_path / "u.parquet").notices == ()


def test_the_same_usage_in_another_format_has_a_notice(tmp_path):
    """1.00 + 2.00 + 3.00 in CSV and in Parquet count as 12.00, with a notice.

    Files that differ by a cent have no notice, and neither have files of one row.
    """
    calls = [call(cost_usd=f"{day}", timestamp=f"2025-12-0{day}") for day in (1, 2, 3)]
    csv = write_calls(tmp_path / "a.csv", *calls)
    parquet = write_parquet(tmp_path / "b.parquet", calls, cost_usd="DOUBLE", timestamp="TIMESTAMP")
    usage = read(csv, parquet)
    [(text, rows, money)] = [
        (each.text, each.rows, each.money) for each in usage.notices if "counts twice" in each.text
    ]
    assert (usage.cost, rows, money) == (12, 3, 6)
    assert text.startswith("b.parquet has the same rows and cost as a.csv by day")
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
