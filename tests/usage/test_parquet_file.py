"""Parquet: types that hold money and time exactly are read; others are refused by name."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import duckdb
import pytest
from support.usage_files import call, costs, read, refused, write, write_calls, write_parquet

from finops_nb.usage.engine import open_engine
from finops_nb.usage.parquet_file import _top_level
from finops_nb.usage.sources.values import known_type

FIVE = [call(cost_usd=cost) for cost in ("0.10", "0.20", "-3", "0.000001", "7")]


@pytest.mark.parametrize(
    ("kind", "total"),
    [
        ("VARCHAR", "4.300001"),
        ("DECIMAL(12,6)", "4.300001"),
        ("DECIMAL(38,18)", "4.300001"),
        ("DECIMAL(9,2)", "4.3"),
        ("INTEGER", "4"),
        ("TINYINT", "4"),
        ("BIGINT", "4"),
    ],
)
def test_it_reads_the_types_that_hold_money_exactly(tmp_path, kind, total):
    usage = read(write_parquet(tmp_path / "u.parquet", FIVE, cost_usd=kind))
    assert costs(usage, "organization") == {"org-a": total}
    # As integers some of the five costs are equal; with two decimals the least is zero.
    assert all(
        re.search("duplicate rows|tokens but no cost", notice.text) for notice in usage.notices
    )


def test_a_double_is_its_shortest_text_and_a_notice_says_so(tmp_path):
    """0.1 + 0.2 is 0.3 again, because each row is read as what was typed."""
    usage = read(write_parquet(tmp_path / "u.parquet", FIVE, cost_usd="DOUBLE"))
    assert costs(usage, "organization") == {"org-a": "4.300001"}
    (notice,) = usage.notices
    assert (
        notice.text
        == "u.parquet stores cost_usd as floats; each was read as its shortest decimal text."
    )
    assert (notice.rows, notice.money) == (5, usage.cost)


@pytest.mark.parametrize("kind", ["DOUBLE", "DECIMAL(38,18)", "VARCHAR"])
def test_more_than_twelve_decimals_are_rounded_and_counted(tmp_path, kind):
    usage = read(
        write_parquet(tmp_path / "u.parquet", [call(cost_usd="1.0000000000016")], cost_usd=kind)
    )
    assert (format(usage.cost, "f"), format(usage.notices[0].money.normalize(), "f")) == (
        "1.000000000002",
        "0.0000000000004",
    )


@pytest.mark.parametrize(
    ("column", "kind", "value"),
    [
        ("cost_usd", "FLOAT", "1"),
        ("cost_usd", "BOOLEAN", "true"),
        ("cost_usd", "DECIMAL(18,6)[]", "[1]"),
        ("input_tokens", "DECIMAL(18,6)[]", "[1]"),
        ("timestamp", "BIGINT", "1767225599"),
        ("timestamp", "TIME", "10:00"),
        ("organization_id", "DOUBLE", "1"),
        ("customer_id", "DATE", "2025-12-31"),
        ("product_id", "VARCHAR[]", "[a]"),
        ("feature_id", "STRUCT(a VARCHAR)", "{'a': 'b'}"),
    ],
)
def test_it_refuses_other_types_by_name(tmp_path, column, kind, value):
    (problem,) = refused(
        write_parquet(tmp_path / "u.parquet", [call(**{column: value})], **{column: kind})
    )
    assert (problem.file, problem.column) == ("u.parquet", column)
    assert problem.rule.startswith(f"a column of type {kind}, which can't be read as ")


@pytest.mark.parametrize(
    ("kind", "last"),
    [
        ("VARCHAR", "2025-12-31 23:59:59.999999999"),
        ("TIMESTAMP", "2025-12-31 23:59:59.999999"),
        ("TIMESTAMP_S", "2025-12-31 23:59:59"),
        ("TIMESTAMP_MS", "2025-12-31 23:59:59.999"),
        ("TIMESTAMP_NS", "2025-12-31 23:59:59.999999999"),
        ("DATE", "2025-12-31"),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_the_last_moment_of_a_period_is_in_it_in_every_type(tmp_path, kind, last, zone):
    """Local times are not moved by a time zone.

    DuckDB's own cast would round the last nanosecond into the next day.
    """
    calls = [
        call(timestamp=last),
        call(timestamp="2026-01-01 00:00:00", cost_usd="5"),
        call(timestamp="2025-12-01", cost_usd="7"),
    ]
    usage = read(write_parquet(tmp_path / "u.parquet", calls, timestamp=kind), timezone=zone)
    assert list(usage.groups["day",]["day"]) == [date(2025, 12, 1), date(2025, 12, 31)]
    assert (usage.cost, usage.cost_outside) == (8, 5)


def as_aware(file: Path) -> Path:
    """Turn timestamps of nanoseconds into instants, as pandas writes them.

    That is one bit of the schema, in two places.
    """
    local, instant = bytes([0x12, 0x1C, 0x3C, 0, 0]), bytes([0x11, 0x1C, 0x3C, 0, 0])
    assert local in file.read_bytes()
    return write(file, file.read_bytes().replace(local, instant))


@pytest.mark.parametrize("kind", ["TIMESTAMPTZ", "TIMESTAMP_NS"])
def test_an_instant_is_a_day_in_the_zone_of_the_report(tmp_path, kind):
    fraction = ".999999999" if kind == "TIMESTAMP_NS" else ".999999"
    calls = [
        call(timestamp=f"2026-01-01 04:59:59{fraction}"),
        call(timestamp="2026-01-01 05:00:00", cost_usd="5"),
    ]
    file = write_parquet(tmp_path / "u.parquet", calls, timestamp=kind)
    usage = read(as_aware(file) if kind == "TIMESTAMP_NS" else file, timezone="America/New_York")
    assert (usage.cost, usage.cost_outside, usage.last_day) == (1, 5, date(2025, 12, 31))


def test_integer_ids_are_read_as_their_text(tmp_path):
    usage = read(
        write_parquet(
            tmp_path / "u.parquet",
            [call(organization_id="7", customer_id="-3")],
            organization_id="INTEGER",
            customer_id="BIGINT",
        )
    )
    assert costs(usage, "organization") == {"7": "1"}
    assert list(usage.groups[()]["customers"]) == [1]


def test_null_names_are_unallocated(tmp_path):
    usage = read(
        write_parquet(
            tmp_path / "u.parquet", [call(), call(organization_id="", customer_id="", cost_usd="2")]
        )
    )
    assert costs(usage, "organization") == {"(unallocated)": "2", "org-a": "1"}
    assert list(usage.groups[()]["customers"]) == [1]


@pytest.mark.parametrize(
    ("values", "types", "column", "rule"),
    [
        ({"cost_usd": ""}, {}, "cost_usd", "the cost is missing"),
        ({"cost_usd": ""}, {"cost_usd": "DECIMAL(12,6)"}, "cost_usd", "the cost is missing"),
        ({"cost_usd": "nan"}, {"cost_usd": "DOUBLE"}, "cost_usd", "not a plain number"),
        ({"cost_usd": "1e15"}, {"cost_usd": "DOUBLE"}, "cost_usd", "a cost of 10^15 or more"),
        (
            {"cost_usd": "1000000000000000"},
            {"cost_usd": "BIGINT"},
            "cost_usd",
            "a cost of 10^15 or more",
        ),
        ({"cost_usd": "1_000"}, {}, "cost_usd", "not a plain number"),
        ({"timestamp": ""}, {"timestamp": "TIMESTAMP"}, "timestamp", "the time is missing"),
        (
            {"timestamp": "infinity"},
            {"timestamp": "TIMESTAMP"},
            "timestamp",
            "not a readable date or time",
        ),
        (
            {"timestamp": "0001-01-01"},
            {"timestamp": "DATE"},
            "timestamp",
            "not a readable date or time",
        ),
        ({"timestamp": "2025-02-30"}, {}, "timestamp", "no such day in the calendar"),
        (
            {"product_id": "(unallocated)"},
            {},
            "product_id",
            "(unallocated) is the report's word for cost without a name",
        ),
        (
            {"product_id": "other (12)"},
            {},
            "product_id",
            "other (12) is the report's word for names that it adds up",
        ),
        ({"feature_id": "a\0b"}, {}, "feature_id", "a NUL character"),
    ],
)
def test_it_refuses_a_row_with_its_number(tmp_path, values, types, column, rule):
    """Parquet has no lines, so the line is the number of the row."""
    rows = [call(timestamp="2025-11-30"), call(timestamp="2025-11-30") | values]
    (problem,) = refused(write_parquet(tmp_path / "u.parquet", rows, **types))
    assert (problem.line, problem.column, problem.rule) == (
        2,
        column,
        f"{rule}, in row 2 of the Parquet file",
    )


def test_bad_rows_are_counted_and_the_first_twenty_kept(tmp_path):
    problems = refused(write_parquet(tmp_path / "u.parquet", [call(cost_usd="x")] * 30))
    assert [problem.line for problem in problems] == list(range(1, 21))


def test_it_refuses_a_missing_and_a_doubled_column(tmp_path):
    """DuckDB would silently call the second one cost_usd_1."""
    with duckdb.connect() as db:
        db.execute(
            "COPY (SELECT 1 AS cost_usd, 2 AS cost_usx, {'team': 3} AS timestamp) "
            f"TO '{tmp_path / 'u.parquet'}'"
        )
    file = write(
        tmp_path / "u.parquet",
        (tmp_path / "u.parquet").read_bytes().replace(b"cost_usx", b"cost_usd"),
    )
    rules = [(problem.column, problem.rule) for problem in refused(file)]
    assert rules[0] == ("cost_usd", "duplicate column in the header")
    missing = [(column, rule) for column, rule in rules if rule.startswith("no column ")]
    names = ["organization_id", "product_id", "feature_id", "customer_id"]
    assert [column for column, _ in missing] == names
    # The file's columns are listed once, on the first of them.
    listed = [column for column, rule in missing if "cost_usd, cost_usd, timestamp" in rule]
    assert listed == names[:1]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"a,b\n1,2\n", b"PAR1" + bytes(100) + b"PAR1"])
def test_it_refuses_what_is_not_parquet(tmp_path, content):
    (problem,) = refused(write(tmp_path / "u.parquet", content))
    assert problem.rule.startswith("not a complete Parquet file: ")
    assert str(tmp_path) not in str(problem)


@pytest.mark.slow
def test_cut_anywhere_it_is_refused(tmp_path):
    whole = write_parquet(tmp_path / "u.parquet", FIVE).read_bytes()
    for cut in range(0, len(whole), 50):
        assert refused(write(tmp_path / "u.parquet", whole[:cut]))


def test_a_folder_named_like_a_partition_adds_no_column(tmp_path):
    """`organization_id=x/` is a folder like any other."""
    (tmp_path / "organization_id=x").mkdir()
    file = write_parquet(tmp_path / "organization_id=x" / "u.parquet", [call()])
    assert costs(read(file), "organization") == {"org-a": "1"}


def test_csv_and_parquet_can_be_mixed(tmp_path):
    files = (
        write_calls(tmp_path / "a.csv", call()),
        write_parquet(tmp_path / "b.parquet", [call(cost_usd="2")], cost_usd="DECIMAL(12,6)"),
    )
    usage = read(*files)
    assert (usage.cost, [(file.name, file.rows) for file in usage.inputs]) == (
        3,
        [("a.csv", 1), ("b.parquet", 1)],
    )


def test_a_decimal_of_more_digits_than_the_engine_has_is_refused():
    """The file's own type is reported; the engine would read it as a float."""
    schema = [
        ("schema", 2, None, None),
        ("cost_usd", None, 40, 6),
        ("wide", 1, None, None),
        ("list", None, 39, 0),
    ]
    assert _top_level(schema) == [("cost_usd", "DECIMAL(40,6)"), ("wide", "")]
    assert not known_type("cost", "DECIMAL(40,6)")


def test_a_column_without_any_value_has_no_names(tmp_path):
    """An empty column of unknown type is read; only time and cost need values."""
    file = write_parquet(tmp_path / "u.parquet", [call()])
    again = tmp_path / "null.parquet"
    duckdb.sql(
        f"COPY (SELECT * REPLACE (NULL AS customer_id, NULL AS input_tokens) FROM '{file}') "
        f"TO '{again}'"
    )
    assert (read(again).cost, known_type("customer", '"NULL"'), known_type("cost", '"NULL"')) == (
        1,
        True,
        False,
    )


def test_statistics_of_a_file_are_not_trusted():
    """The engine does not trust a file's statistics.

    Those of a damaged file may deny that a cost is missing.
    """
    with open_engine() as db:
        assert db.execute("SELECT current_setting('disabled_optimizers')").fetchone() == (
            "statistics_propagation",
        )


def test_a_number_of_calls_that_is_too_large_is_refused(tmp_path):
    """At most fifteen digits are read, as in text."""
    file = write_parquet(tmp_path / "u.parquet", [call()])
    for calls, found in (
        ("999999999999999", None),
        ("4611686018427387904", "not a number of calls, in row 1 of the Parquet file"),
    ):
        again = tmp_path / f"{calls}.parquet"
        duckdb.sql(f"COPY (SELECT *, CAST({calls} AS BIGINT) AS n FROM '{file}') TO '{again}'")
        columns = {"calls": "n"}
        assert (refused(again, columns=columns)[0].rule if found else None) == found
    assert (
        read(tmp_path / "999999999999999.parquet", columns={"calls": "n"})
        .groups[()]["calls"]
        .iloc[0]
        == 10**15 - 1
    )
