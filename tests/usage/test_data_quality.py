"""Days without usage, or with next to none."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.usage_files import call, read, write_calls

from finops_nb.usage.sources.notice import Notice


@pytest.fixture
def noticed(tmp_path):
    """The notices on a December with so many calls of 1.00 on each of its days, from the first."""

    def read_back(*rows: int, **params) -> list[Notice]:
        # Each call has another feature, so that none is like another one.
        calls = [
            call(timestamp=f"2025-12-{day:02}", feature_id=f"f{n}")
            for day, count in enumerate(rows, 1)
            for n in range(count)
        ]
        return list(read(write_calls(tmp_path / "calls.csv", *calls), **params).notices)

    return read_back


def test_every_day_with_usage_is_not_worth_a_word(noticed):
    """It says nothing of a month that has some on each day."""
    assert noticed(*[2] * 31) == []


def test_days_without_usage_are_named(noticed):
    """It names the second, and of eight days the first five."""
    text = "There is no usage on {}; the files may not be complete."
    assert noticed(2, 0, *[2] * 29) == [Notice(text.format("2025-12-02"), 0, Decimal(0))]
    first = ", ".join(f"2025-12-0{day}" for day in range(2, 7))
    assert noticed(2, *[0] * 8, *[2] * 22) == [
        Notice(text.format(f"{first} and 3 more days"), 0, Decimal(0))
    ]
    assert noticed(2, *[0] * 6, *[2] * 24)[0].text == text.format(f"{first} and 1 more day")


def test_days_before_the_first_usage_count(noticed):
    """It misses the first as it misses any other."""
    assert noticed(0, *[1] * 30)[0].text.startswith("There is no usage on 2025-12-01;")


def test_days_that_are_not_over_do_not_count(noticed):
    """It misses none after the last day of a month that runs, or after `as_of`."""
    assert noticed(*[1] * 10) == []
    assert noticed(*[1] * 10, 0, 1, as_of="2025-12-10") == []
    assert len(noticed(*[1] * 10, as_of="2025-12-11")) == 1


def test_a_day_with_less_than_a_tenth_of_the_usual_rows_is_named_with_its_money(noticed):
    """It is named with two rows of 2.00 where the median day has 21, and is usual where that has 20."""
    notice = Notice(
        "There is less than a tenth of a usual day's rows on 2025-12-03; the files may not be complete.",
        2,
        Decimal(2),
    )
    assert noticed(21, 21, 2, *[21] * 28) == [notice]
    assert noticed(20, 20, 2, *[20] * 28) == []


def test_what_has_rows_on_half_of_the_days_is_not_daily(noticed):
    """It says nothing of a bill by week, or by month: 5 of 31 days; 16 of 31 are daily."""
    assert noticed(*[1, 0, 0, 0, 0, 0, 0] * 4, 1, 0, 1) == []
    assert noticed(*[1, 0] * 15, 0, as_of="2025-12-31") == []
    assert len(noticed(*[1, 0] * 15, 1)) == 1


def test_half_a_month_that_did_not_arrive_is_told(noticed):
    """It has 14 days and the last one: 16 of 31 are missing, though there was usage every day for a week."""
    assert "and 11 more days" in noticed(*[1] * 14, *[0] * 16, 1)[0].text
