"""Values: what is a cost, a time and a name; the engine and the messages agree."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.usage_files import COLUMNS, call, read, refused, write_calls

from finops_nb.errors import Refusal
from finops_nb.usage.engine import open_engine
from finops_nb.usage.sources import values

MISSING, NO_NUMBER, NO_TIME = (
    "the cost is missing",
    "not a plain number",
    "not a readable date or time",
)


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("0", "0"),
        ("007", "7"),
        ("+1.50", "1.5"),
        ("-2.", "-2"),
        (".5", "0.5"),
        ("9.75e-05", "0.0000975"),
        ("1.5E3", "1500"),
        ("41e-2", "0.41"),
        ("0e999", "0"),
        ("0.123456789012", "0.123456789012"),
        ("0.1234567890120000000000000000000000000000000000000000000000", "0.123456789012"),
        ("999999999999999.999999999999", "999999999999999.999999999999"),
        ("-999999999999999", "-999999999999999"),
    ],
)
def test_a_cost_is_read_exactly(tmp_path, text, exact):
    usage = read(
        write_calls(
            tmp_path / "u.csv",
            call(cost_usd=text, input_tokens=f"{int(exact != '0')}", output_tokens="0"),
        )
    )
    assert usage.cost == Decimal(exact)
    assert usage.notices == ()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", MISSING),
        ("  ", MISSING),
        *(
            (text, NO_NUMBER)
            for text in (
                "NaN",
                "inf",
                "-Infinity",
                "NULL",
                "-",
                "1_000",
                "1,000.50",
                "1.000,50",
                "$1",
                "1 USD",
            )
        ),
        *(
            (text, NO_NUMBER)
            for text in (
                " 1",
                "1 ",
                "\t1",
                "1\u00a0",
                "(1)",
                "--1",
                "1e",
                "e5",
                ".",
                "0x10",
                "１",
                "1e1000",
                "1%",
                "1\n",
            )
        ),
        *((text, NO_NUMBER) for text in ("1/2", "/", "1.2.3", "..")),
        ("1e15", "a cost of 10^15 or more"),
        ("-1000000000000000", "a cost of 10^15 or more"),
        ("1e400", "a cost of 10^15 or more"),
        ("999999999999999.9999999999996", "a cost of 10^15 or more"),
        (
            "0.00000000000000000000000000001e5",
            "a number with an exponent and more than 28 characters",
        ),
    ],
)
def test_any_other_cost_is_refused(tmp_path, text, rule):
    (problem,) = refused(write_calls(tmp_path / "u.csv", call(), call(cost_usd=text)))
    assert (problem.line, problem.column, problem.value, problem.rule) == (
        3,
        "cost_usd",
        text,
        rule,
    )


@pytest.mark.parametrize(
    ("texts", "total", "rows", "changed"),
    [
        # Half away from zero, on both sides of zero; only the first two are ties.
        (["0.0000000000005", "-0.0000000000005", "0.0000000000004"], "0", 3, "-0.0000000000004"),
        (["0.0000000000005"], "0.000000000001", 1, "0.0000000000005"),
        (["1.0000000000014999999"], "1.000000000001", 1, "-0.0000000000004999999"),
        # A float's shortest text, with and without an exponent.
        (
            ["0.30000000000000004", "4.4999999999999996e-08"],
            "0.300000045",
            2,
            "-0.000000000000000039999996",
        ),
        # More digits than DECIMAL(38,37) holds: 0.1 as a float, written out; and an exponent with
        # two digits before the point.
        (
            ["0.1000000000000000055511151231257827021181583404541015625"],
            "0.1",
            1,
            "-5.5511151231257827021181583404541015625e-18",
        ),
        (["12e-14", "1e-300"], "0", 2, f"-{Fraction(12, 10**14) + Fraction(1, 10**300)}"),
        (
            ["123456.789012345678901234567890123"],
            "123456.789012345679",
            1,
            "0.000000000000098765432109877",
        ),
    ],
)
def test_more_than_twelve_decimals_are_rounded_and_the_change_is_counted_exactly(
    tmp_path, texts, total, rows, changed
):
    calls = [call(cost_usd=text) for text in ("0", *texts)]
    usage = read(
        write_calls(
            tmp_path / "u.csv", *calls, columns=[name for name in COLUMNS if "tokens" not in name]
        )
    )
    (notice,) = usage.notices
    assert usage.cost == Decimal(total)
    assert (notice.rows, Fraction(notice.money)) == (rows, Fraction(changed))
    assert Fraction(usage.cost) - sum(map(Fraction, texts)) == Fraction(notice.money)
    costs, were = ("1 cost", "was") if rows == 1 else (f"{rows} costs", "were")
    assert notice.text == (
        f"{costs} in u.csv had more than 12 decimal places and {were} rounded "
        "(half away from zero)."
    )


def test_costs_that_add_up_to_more_than_is_exact_are_refused(tmp_path):
    """10^15 in absolute amounts is refused, even if credits cancel it."""
    calls = [call(cost_usd="999999999999999"), call(cost_usd="-1")]
    (problem,) = refused(write_calls(tmp_path / "u.csv", *calls))
    assert (problem.file, problem.column) == ("u.csv", "cost_usd")
    assert problem.rule == "the costs add up to 10^15 or more"
    halves = [
        write_calls(tmp_path / name, call(cost_usd=cost))
        for name, cost in (("a.csv", "5e14"), ("b.csv", "6e14"))
    ]
    (problem,) = refused(*halves)  # 5 + 6 = 11, most of it in the second
    assert (problem.file, problem.rule) == (
        "b.csv",
        "with the other files, the costs add up to 10^15 or more",
    )
    assert read(write_calls(tmp_path / "u.csv", *calls[:1])).cost == 999999999999999


COSTS = st.one_of(
    st.decimals(-(10**6), 10**6, allow_nan=False, allow_infinity=False).map(str),
    st.floats(-(10**6), 10**6).map(repr),
    st.from_regex(values.COST, fullmatch=True, alphabet="0123456789+-.eE"),
    st.text("0123456789+-.eE ,_/", max_size=8),
)


@given(st.lists(COSTS, min_size=1, max_size=50))
def test_the_engine_and_python_read_the_same_costs(texts):
    """Both read the same number or none, and the same rounding where the engine can tell."""
    plain = values.is_short_cost_sql("amount", "VARCHAR")
    cost, change = (
        values.cost_sql("amount", "VARCHAR", plain),
        values.rounding_change_sql("amount", "cost", "VARCHAR", plain),
    )
    with open_engine() as db:
        db.execute("CREATE TABLE texts (n INTEGER, amount VARCHAR)")
        db.executemany("INSERT INTO texts VALUES (?, ?)", list(enumerate(texts)))
        query = (
            f"SELECT amount, cost, {change} FROM (SELECT *, {cost} AS cost FROM texts) ORDER BY n"
        )
        for text, read_cost, changed in db.execute(query).fetchall():
            fault = values.cost_fault(text)
            assert (read_cost is None) == (fault is not None), text
            if fault is None:
                assert read_cost == values.read_cost(text)
                exact = Fraction(read_cost) - Fraction(text)
                assert abs(exact) <= Fraction(1, 2 * 10**12)
                assert changed is None or Fraction(changed) == exact


@pytest.mark.parametrize(
    ("text", "zone", "day"),
    [
        ("2025-12-31", "UTC", "2025-12-31"),
        ("2025-12-31 23:59", "UTC", "2025-12-31"),
        ("2025-12-31T23:59:59.999999999", "UTC", "2025-12-31"),
        ("2025-12-31T23:59:59.9999999999999Z", "UTC", "2025-12-31"),
        ("2025-12-01T00:00:00Z", "UTC", "2025-12-01"),
        # Without a zone a time is in the report's: New York's midnight is not UTC's.
        ("2025-12-31 23:59:59", "America/New_York", "2025-12-31"),
        ("2026-01-01T04:59:59Z", "America/New_York", "2025-12-31"),
        ("2026-01-01T05:00:00Z", "Europe/Berlin", None),
        ("2025-11-30T23:00:00Z", "Europe/Berlin", "2025-12-01"),
        ("2025-12-01T00:00:00+05:30", "UTC", None),
        ("2025-12-01T05:30:00+0530", "UTC", "2025-12-01"),
        ("2025-12-31 18:30-05:30", "UTC", None),
        ("2025-12-31T18:29:59-05:30", "UTC", "2025-12-31"),
        ("2025-12-31T18:14:59Z", "Asia/Kathmandu", "2025-12-31"),
        ("2025-12-31T18:15:00Z", "Asia/Kathmandu", None),
    ],
)
def test_a_time_is_a_day_in_the_zone_of_the_report(tmp_path, text, zone, day):
    """None means outside of December."""
    calls = [call(timestamp="2025-12-15", cost_usd="7"), call(timestamp=text)]
    usage = read(write_calls(tmp_path / "u.csv", *calls), timezone=zone)
    assert usage.cost_outside == (day is None)
    days = usage.groups["day",]
    expected = {date(2025, 12, 15): 7} | ({date.fromisoformat(day): 1} if day else {})
    assert dict(zip(days["day"], days["cost"], strict=True)) == expected


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "the time is missing"),
        ("2025-02-30", "no such day in the calendar"),
        ("2025-02-29T10:00:00Z", "no such day in the calendar"),
        *(
            (text, NO_TIME)
            for text in (
                "12/31/2025",
                "31.12.2025",
                "1767225599",
                "20251231",
                "2025-12-31T24:00",
                "2025-12-31 10:60",
            )
        ),
        *(
            (text, NO_TIME)
            for text in (
                "2025-12-31T10:00:60",
                "2025-12-31Z",
                "2025-12-31 10",
                " 2025-12-31",
                "2025-12-31T10:00+1",
            )
        ),
        *(
            (text, NO_TIME)
            for text in (
                "2025-12-31T10:00:00.Z",
                "0025-12-31",
                "2025-1-1",
                "2025-12-31T10:00 CET",
                "２025-12-31",
                "NaT",
            )
        ),
        *(
            (text, NO_TIME)
            for text in (
                "2025-12-31T24:00:00Z",
                "2025-12-31 10:00:0Z",
                " 025-12-31T10:00:00Z",
                "2025-12-3  03:04:05",
            )
        ),
        *(
            (text, NO_TIME)
            for text in (
                "2025-12-31T10:00:0 Z",
                "2025-12-31\t10:00:00",
                "2025-12-31 10:00:00UTC",
                "2025-12-31T 1:00:00.123Z",
            )
        ),
    ],
)
def test_any_other_time_is_refused(tmp_path, text, rule):
    (problem,) = refused(write_calls(tmp_path / "u.csv", call(), call(timestamp=text)))
    assert (problem.line, problem.column, problem.rule) == (3, "timestamp", rule)


def test_a_zone_the_engine_does_not_know_is_refused(tmp_path):
    problems = [
        problem.column
        for problem in refused(write_calls(tmp_path / "u.csv", call()), timezone="localtime")
    ]
    assert problems == ["timezone"]


AWARE = st.datetimes(
    datetime(1900, 1, 2),
    datetime(2100, 1, 1),
    timezones=st.integers(-1439, 1439).map(lambda n: timezone(timedelta(minutes=n))),
)
ZONES = st.sampled_from(
    [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Asia/Kathmandu",
        "Pacific/Apia",
        "Australia/Lord_Howe",
        "America/Sao_Paulo",
    ]
)


@given(
    st.lists(
        st.one_of(AWARE, st.datetimes(datetime(1900, 1, 2), datetime(2100, 1, 1))),
        min_size=1,
        max_size=50,
    ),
    ZONES,
    st.sampled_from(" T"),
)
def test_the_engine_and_python_read_the_same_days(times, zone, parting):
    """Python's zones agree with the engine's, across summer time, date lines and odd offsets."""
    with open_engine() as db:
        db.execute("CREATE TABLE texts (n INTEGER, time VARCHAR)")
        db.executemany(
            "INSERT INTO texts VALUES (?, ?)",
            [(n, time.isoformat(parting)) for n, time in enumerate(times)],
        )
        days = db.execute(
            f"SELECT {values.day_sql('time', 'VARCHAR', zone)} FROM texts ORDER BY n"
        ).fetchall()
    expected = [(time.astimezone(ZoneInfo(zone)) if time.tzinfo else time).date() for time in times]
    assert [day for (day,) in days] == expected
    assert not any(map(values.time_fault, (time.isoformat(parting) for time in times)))


@given(st.from_regex(values.TIME, fullmatch=True, alphabet="0123456789+-: TZ."))
def test_the_engine_and_python_refuse_the_same_times(text):
    with open_engine() as db:
        (day,) = db.execute(
            f"SELECT {values.day_sql('time', 'VARCHAR', 'Europe/Berlin')} FROM (SELECT ? AS time)",
            [text],
        ).fetchone()
    assert (day is None) == (values.time_fault(text) is not None)


@pytest.mark.parametrize(
    "time",
    [
        "2025-12-03 10:41:36",
        "2025-12-03T10:41:36Z",
        "2025-12-03T10:41:36.123Z",
        "2025-12-03T10:41:36.123456Z",
    ],
)
def test_a_time_with_two_wrong_characters_is_not_a_quick_one(time):
    """Any two characters of a usual layout are replaced by those a lenient reader would accept."""
    texts = {time}
    for first, second in combinations(range(len(time)), 2):
        for one, two in product(" 029TZ:.+-é", repeat=2):
            texts.add(time[:first] + one + time[first + 1 : second] + two + time[second + 1 :])
    with open_engine() as db:
        days = db.execute(
            f"SELECT time, {values.day_sql('time', 'VARCHAR', 'UTC')} "
            "FROM (SELECT unnest(?) AS time)",
            [[*texts]],
        ).fetchall()
    assert len(days) == len(texts) > 10_000
    plain = re.compile(values.TIME, re.ASCII)
    assert [text for text, day in days if day and not plain.fullmatch(text)] == []
    assert [text for text, day in days if day and "+" not in text and f"{day}" != text[:10]] == []
    assert dict(days)[time] == date(2025, 12, 3)


@pytest.mark.slow
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"])
def test_the_months_of_any_zone_add_up_to_the_file(tmp_path: Path, zone):
    """Of calls every seven hours from October to March, each is in one month of the zone."""
    start = datetime(2025, 10, 1, tzinfo=UTC)
    times = [start + timedelta(hours=7 * n) for n in range(600)]
    file = write_calls(
        tmp_path / "u.csv",
        *(call(timestamp=time.isoformat(), cost_usd=str(n)) for n, time in enumerate(times)),
    )
    months = ("2025-09", "2025-10", "2025-11", "2025-12", "2026-01", "2026-02", "2026-03")
    total = 0
    for month in months:
        try:
            usage = read(file, period=month, timezone=zone)
        except Refusal:
            continue
        expected = sum(
            n for n, time in enumerate(times) if f"{time.astimezone(ZoneInfo(zone)):%Y-%m}" == month
        )
        assert (usage.cost, usage.cost + usage.cost_outside) == (expected, sum(range(600)))
        total += usage.cost
    assert total == sum(range(600))
