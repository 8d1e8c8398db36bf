"""The engine: groupings are exact, every row is accounted for, order and format do not matter."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import date
from decimal import Decimal
from fractions import Fraction

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.properties import cases
from support.usage_files import call, costs, read, refused, write_calls, write_parquet

from finops_nb.errors import Failure
from finops_nb.usage import csv_file, parquet_file
from finops_nb.usage.engine import open_engine
from finops_nb.usage.model import GROUPINGS, Usage

NAMES = ("organization", "product", "feature", "customer")

SIX = [
    call(
        timestamp="2025-12-01 00:00:00",
        organization_id="a",
        product_id="chat",
        customer_id="c1",
        cost_usd="3.00",
    ),
    call(
        timestamp="2025-12-01 23:59:59",
        organization_id="a",
        product_id="chat",
        customer_id="c2",
        cost_usd="1.00",
    ),
    call(
        timestamp="2025-12-02 00:00:00",
        organization_id="a",
        product_id="search",
        customer_id="c1",
        cost_usd="2.00",
    ),
    call(
        timestamp="2025-12-31 23:59:59",
        organization_id="b",
        product_id="chat",
        customer_id="c1",
        cost_usd="-0.50",
    ),
    call(
        timestamp="2025-11-30 23:59:59",
        organization_id="a",
        product_id="chat",
        customer_id="c9",
        cost_usd="10.00",
    ),
    call(
        timestamp="2026-01-01 00:00:00",
        organization_id="z",
        product_id="chat",
        customer_id="c9",
        cost_usd="20.00",
    ),
]
"""5.50 in December: a 6.00 and b -0.50, chat 3.50 and search 2.00; 30.00 outside of it."""


@pytest.fixture
def usage(tmp_path) -> Usage:
    return read(write_calls(tmp_path / "u.csv", *SIX))


def rows(usage: Usage, *keys: str) -> list[tuple]:
    return list(usage.groups[keys].itertuples(index=False, name=None))


def test_it_sums_each_grouping(usage):
    """c1 is one customer of `chat`, though it calls for two organizations."""
    assert list(usage.groups) == list(GROUPINGS)
    assert rows(usage, "organization") == [("a", Decimal(6), 3, 2), ("b", Decimal("-0.5"), 1, 1)]
    assert rows(usage, "product") == [("chat", Decimal("3.5"), 3, 2), ("search", Decimal(2), 1, 1)]
    assert rows(usage, "feature") == [("ask", Decimal("5.5"), 4, 2)]
    assert rows(usage, "organization", "product") == [
        ("a", "chat", Decimal(4), 2, 2),
        ("a", "search", Decimal(2), 1, 1),
        ("b", "chat", Decimal("-0.5"), 1, 1),
    ]
    assert rows(usage, "day") == [
        (date(2025, 12, 1), Decimal(4), 2),
        (date(2025, 12, 2), Decimal(2), 1),
        (date(2025, 12, 31), Decimal("-0.5"), 1),
    ]
    assert rows(usage, "month", "product") == [
        ("2025-12", "chat", Decimal("3.5"), 3, 2),
        ("2025-12", "search", Decimal(2), 1, 1),
    ]
    assert rows(usage) == [(Decimal("5.5"), 4, 2)]


def test_every_row_is_accounted_for_with_its_money(usage):
    assert (usage.rows_read, usage.rows_used, usage.rows_outside) == (6, 4, 2)
    assert (usage.cost, usage.cost_outside) == (Decimal("5.5"), 30)


def test_months_of_a_quarter_are_kept_apart(tmp_path):
    """Customers, too: c9 is in November only."""
    usage = read(write_calls(tmp_path / "u.csv", *SIX), period="2025-Q4")
    assert rows(usage, "month", "product") == [
        ("2025-11", "chat", Decimal(10), 1, 1),
        ("2025-12", "chat", Decimal("3.5"), 3, 2),
        ("2025-12", "search", Decimal(2), 1, 1),
    ]
    assert usage.cost_outside == 20


def test_frames_hold_text_decimals_and_counts(tmp_path):
    """The name "NA" is not a missing value, a sum is not a float, and the index is not a key."""
    usage = read(
        write_calls(
            tmp_path / "u.csv",
            call(organization_id="NA"),
            call(organization_id="007"),
            call(organization_id=""),
        )
    )
    frame = usage.groups["organization",]
    assert list(frame["organization"]) == ["(unallocated)", "007", "NA"]
    assert not frame.isna().any().any()
    for frame in usage.groups.values():
        assert {type(cost) for cost in frame["cost"]} == {Decimal}
        assert frame["calls"].dtype == "int64"
        assert frame.index.equals(pd.RangeIndex(len(frame)))


@pytest.mark.parametrize(
    ("as_of", "last", "complete"),
    [
        (None, "2025-12-31", True),
        (None, "2025-12-30", False),
        ("2025-12-31", "2025-12-30", True),
        ("2026-01-05", "2025-12-30", True),
        ("2025-12-30", "2025-12-31", False),
    ],
)
def test_a_period_is_complete_by_as_of_or_by_its_last_day(tmp_path, as_of, last, complete):
    usage = read(write_calls(tmp_path / "u.csv", call(timestamp=last)), as_of=as_of)
    assert (usage.complete, usage.last_day) == (complete, date.fromisoformat(last))


def test_a_period_without_a_row_is_refused_with_the_days_there_are(tmp_path):
    (problem,) = refused(write_calls(tmp_path / "u.csv", *SIX), period="2024-12")
    assert str(problem) == (
        "period: no usage in December 2024; the file covers only 2025-11-30 to 2026-01-01. "
        "Correct `period`, or name the period's files in `usage`."
    )
    (problem,) = refused(write_calls(tmp_path / "u.csv"))
    assert problem.rule == "no usage in December 2025; u.csv has a header and no rows"


def test_the_sample_is_read_to_the_row():
    """December is as in the reference report; the other five months are outside."""
    usage = read(period="2025-12", usage=["sample:"])
    assert (usage.cost, usage.rows_used, usage.rows_read) == (
        Decimal("8669.894004"),
        224072,
        563373,
    )
    assert usage.groups[()]["customers"][0] == 100
    assert costs(usage, "organization") == {
        "org-alpha": "3504.94004",
        "org-beta": "2469.199975",
        "org-gamma": "2695.753989",
    }
    assert usage.complete
    assert len(usage.inputs) == 6


CALLS = st.builds(
    lambda day, cost, *names: call(
        timestamp=day,
        cost_usd=cost,
        **dict(zip((f"{name}_id" for name in NAMES), names, strict=True)),
    ),
    st.dates(date(2025, 11, 28), date(2026, 1, 3)).map(str),
    st.decimals(-1000, 1000, places=12).map(str),
    *[st.sampled_from(["", "a", "b", "NA", "é", "x, y"])] * 4,
)


def by_hand(calls: list[dict[str, str]], keys: tuple[str, ...]) -> list[tuple]:
    """What the engine must find in December, computed with dicts and fractions."""
    groups: dict[tuple, list] = {} if keys else {(): [Fraction(0), 0, set()]}
    for of in calls:
        if of["timestamp"].startswith("2025-12"):
            named = {name: of[f"{name}_id"] or "(unallocated)" for name in NAMES}
            named |= {"day": date.fromisoformat(of["timestamp"]), "month": "2025-12"}
            sums = groups.setdefault(tuple(named[key] for key in keys), [Fraction(0), 0, set()])
            sums[0] += Fraction(of["cost_usd"])
            sums[1] += 1
            sums[2] |= {of["customer_id"]} - {""}
    return [
        (*key, cost, calls, *([] if "day" in keys else [len(customers)]))
        for key, (cost, calls, customers) in sorted(groups.items())
    ]


@pytest.mark.slow
@settings(max_examples=cases(25))
@given(st.lists(CALLS, min_size=1, max_size=25), st.randoms(), st.integers(1, 4))
def test_order_files_and_formats_change_nothing_and_sums_equal_fractions(
    tmp_path_factory, calls, random, pieces
):
    """Shuffled and split over CSV, gzipped CSV and Parquet, the frames equal an oracle's."""
    calls = [*calls, call(timestamp="2025-12-31", cost_usd="0.000000000001")]
    folder = tmp_path_factory.mktemp("property")
    plain = read(write_calls(folder / "u.csv", *calls))
    shuffled = random.sample(calls, len(calls))
    parts = [
        [*shuffled[n::pieces], call(timestamp="2025-10-01", cost_usd=str(n))] for n in range(pieces)
    ]
    files = [
        write_parquet(folder / f"{n}.parquet", part, timestamp="TIMESTAMP")
        if n % 3 == 2
        else write_calls(folder / (f"{n}.csv.gz" if n % 3 == 1 else f"{n}.csv"), *part)
        for n, part in enumerate(parts)
    ]
    split = read(*files)
    for keys in GROUPINGS:
        pd.testing.assert_frame_equal(plain.groups[keys], split.groups[keys])
        assert rows(plain, *keys) == by_hand(calls, keys)
    assert (plain.rows_read, plain.rows_outside + pieces) == (len(calls), split.rows_outside)
    assert plain.cost + plain.cost_outside == sum(Fraction(of["cost_usd"]) for of in calls)


@pytest.mark.slow
def test_ctrl_c_during_a_query_is_a_keyboard_interrupt():
    """DuckDB turns Ctrl-C into a RuntimeError, which no command expects."""
    former = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), open_engine() as db:
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            db.execute("SELECT sum(sqrt(range)) FROM range(1000000000)")
    finally:
        signal.signal(signal.SIGALRM, former)


def test_an_engine_that_stops_is_a_failure_not_a_refusal(tmp_path, monkeypatch):
    def out_of_memory(*_):
        raise duckdb.OutOfMemoryException("Out of Memory Error: 1 GB of 1 GB")

    monkeypatch.setattr(csv_file, "add_table", out_of_memory)
    monkeypatch.setattr(parquet_file, "add_table", out_of_memory)
    for file in write_calls(tmp_path / "u.csv", *SIX), write_parquet(tmp_path / "u.parquet", SIX):
        with pytest.raises(Failure, match="The usage could not be read: Out of Memory Error"):
            read(file)


def test_nothing_heavy_is_imported():
    heavy = "('papermill', 'nbconvert', 'matplotlib')"
    code = (
        "import sys, finops_nb.usage.reader;"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.slow
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_the_time_zone_of_the_machine_does_not_matter(tmp_path, zone):
    file = write_calls(
        tmp_path / "u.csv", *SIX, call(timestamp="2025-12-31T23:30:00Z", cost_usd="100")
    )
    code = (
        "from finops_nb.params.model import make_params;"
        "from finops_nb.usage.reader import read_usage;"
        f"params = make_params({{'period': '2025-12', 'usage': {str(file)!r}}});"
        "print(read_usage(params).cost.normalize())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"TZ": zone}
    )
    assert done.stdout == "105.5\n"
