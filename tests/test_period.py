"""Period: whole days, the first inclusive and the last exclusive."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.errors import BadValue
from finops_nb.period import fiscal_year, parse_period

years = st.integers(2, 9998)
months = st.builds(lambda year, month: f"{year:04}-{month:02}", years, st.integers(1, 12))


@pytest.mark.parametrize(
    ("text", "start", "end", "days", "label"),
    [
        ("2025-12", date(2025, 12, 1), date(2026, 1, 1), 31, "December 2025"),
        ("2025-02", date(2025, 2, 1), date(2025, 3, 1), 28, "February 2025"),
        ("2028-02", date(2028, 2, 1), date(2028, 3, 1), 29, "February 2028"),
        ("2100-02", date(2100, 2, 1), date(2100, 3, 1), 28, "February 2100"),
        ("2025-Q1", date(2025, 1, 1), date(2025, 4, 1), 31 + 28 + 31, "Q1 2025"),
        ("2025-Q4", date(2025, 10, 1), date(2026, 1, 1), 31 + 30 + 31, "Q4 2025"),
        ("2025", date(2025, 1, 1), date(2026, 1, 1), 365, "2025"),
        ("2028", date(2028, 1, 1), date(2029, 1, 1), 366, "2028"),
        (
            "2025-11-18/2025-12-18",
            date(2025, 11, 18),
            date(2025, 12, 18),
            13 + 17,
            "November 18, 2025 to December 17, 2025",
        ),
        (
            "2025-12-31/2026-01-01",
            date(2025, 12, 31),
            date(2026, 1, 1),
            1,
            "December 31, 2025 to December 31, 2025",
        ),
    ],
)
def test_it_is_half_open(text, start, end, days, label):
    """Every form starts on its first day and ends before the day after its last."""
    period = parse_period(text)

    assert (period.text, period.start, period.end, period.label) == (text, start, end, label)
    assert (len(period.days), period.days[0], period.days[-1]) == (days, start, period.last_day)
    assert period.last_day == end - timedelta(days=1)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "2025-13",
            "2025-00",
            "2025-1",
            "25-12",
            "2025-Q0",
            "2025-Q5",
            "2025-q4",
            "2025Q4",
            "December 2025",
        ),
        *(
            "2025-12-01",
            "2025/12",
            "2025-12\n",
            " 2025-12",
            "2025-12 ",
            "-2025",
            "12025",
            "２０２５-12",
            "2025-12/2026-01",
        ),
        *(
            "2025-12-18/2025-12-18",
            "2025-12-18/2025-12-17",
            "2025-02-30/2025-03-05",
            "2025-02-01/2025-02-29",
            "2025-12-01/P1M",
        ),
        *("0000", "0000-01", "9999", "9999-12", "9999-Q4", "2025-12-18/2025-12-19/2025-12-20"),
    ],
)
def test_it_refuses_what_is_not_a_period(text):
    """A refusal has a rule and a fix."""
    with pytest.raises(BadValue) as refused:
        parse_period(text)
    assert refused.value.rule
    assert refused.value.fix.startswith(("Write a", "Write it as "))
    if refused.value.fix.startswith("Write it as "):
        assert parse_period(refused.value.fix.split('"')[1]).is_month


def test_it_understands_a_month_in_another_spelling():
    """The month is in the fix as it should be written."""
    for text in ("dec-2025", "2025_12", "2025-12 ", "December 2025"):
        with pytest.raises(BadValue, match=r'Write it as "2025-12"'):
            parse_period(text)


@given(st.dates(date(1, 1, 1), date(9980, 12, 31)), st.integers(-3, 3))
def test_an_interval_of_ten_years_is_accepted_and_no_longer_one(start, days):
    """The last second date is the same day ten years later; from February 29, March 1 is none."""
    anniversary = date(start.year + 10, start.month, min(start.day, 28))
    end = anniversary + timedelta(days=start.day - anniversary.day + days)
    text = f"{start}/{end}"
    if (end.month, end.day) <= (start.month, start.day) or end.year < start.year + 10:
        assert parse_period(text).end == end
    else:
        with pytest.raises(BadValue, match="the interval is longer than 10 years") as refused:
            parse_period(text)
        assert refused.value.fix == "Write a second date at most 10 years after the first"
    with pytest.raises(BadValue, match="longer than 10 years"):
        parse_period(f"{start}/9999-12-31")


def test_it_says_that_the_second_day_is_exclusive():
    """Whoever meant one day and wrote it twice reads why there is none."""
    with pytest.raises(BadValue) as refused:
        parse_period("2025-12-18/2025-12-18")
    assert str(refused.value) == (
        "the interval has no day. Write a second date after the first; the second date is not "
        "included."
    )


@given(years)
def test_it_divides_a_year_without_gap_or_overlap(year):
    """Twelve months, and four quarters, have exactly the days of the year."""
    days = parse_period(f"{year:04}").days

    assert sum((parse_period(f"{year:04}-{month:02}").days for month in range(1, 13)), ()) == days
    assert sum((parse_period(f"{year:04}-Q{quarter}").days for quarter in range(1, 5)), ()) == days


@given(months)
def test_it_steps_from_month_to_month(text):
    """The next month starts where a month ends, and the month before that is the same again."""
    month = parse_period(text)

    assert month.following().start == month.end
    assert month.following().preceding() == month == month.preceding().following()


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("2026-01", "2025-12"),
        ("2025-03", "2025-02"),
        ("2025-11-18/2025-12-18", "2025-10-19/2025-11-18"),  # 30 days before 18 November
        ("2025-Q1", "2024-Q4"),
        ("2025-Q4", "2025-Q3"),
        ("2025", "2024"),
        ("2025-04-01/2025-06-01", "2025-02-01/2025-04-01"),  # two months before April
    ],
)
def test_it_knows_what_came_before(text, before):
    """Before whole months come as many months, and before anything else as many days."""
    period, preceding = parse_period(text), parse_period(text).preceding()

    assert preceding == parse_period(before)
    assert preceding.end == period.start
    assert len(preceding.months) == len(period.months)
    assert period.months or len(preceding.days) == len(period.days)


@pytest.mark.parametrize("text", ["2025", "2025-Q4", "2025-12-01/2026-01-01"])
def test_only_a_month_has_a_month_after_it(text):
    """An interval that covers a month is not written as a month, and is not one."""
    assert not parse_period(text).is_month
    with pytest.raises(ValueError, match="is not a month"):
        parse_period(text).following()


@pytest.mark.parametrize(
    ("month", "first", "start", "end"),
    [
        ("2025-12", 1, "2025-01", "2025-12"),
        ("2025-12", 7, "2025-07", "2026-06"),
        ("2026-06", 7, "2025-07", "2026-06"),
        ("2026-07", 7, "2026-07", "2027-06"),
    ],
)
def test_a_fiscal_year_has_twelve_months(month, first, start, end):
    """From the month it starts in to the one before."""
    year = fiscal_year(month, first)
    assert (len(year), year[0], year[-1]) == (12, start, end)
    assert month in year


def test_a_fiscal_year_ends_with_the_calendar():
    """There is no year 10000."""
    assert fiscal_year("9999-12", 7)[-1] == "9999-12"
