"""A reporting period: whole days, the first inclusive and the last exclusive.

A year is a calendar year, `2025`, also where annual budgets are divided (`params/budget_file.py`,
`params/monthly_budgets.py`, called by `params/budgets.py` and `scenarios/adoption.py`). A fiscal
year starts in the month that a params file says, as in `fiscal_year_start: 7`; the key and its
default are in `params/model.py`, the README of the folder `params` and the parameters of the
notebook. That year is what the year to date (`figures/trend.py`, `report/headline.py`), the
forecast (`figures/forecast.py`), the full year (`figures/full_year.py`) and the budgets ahead
(`params/budgets.py`) are about; `findings/outlook.py` writes its name, FY2026. Another key of it
that moves cost also goes into `MAPPING_PARAMS` of `findings/changes.py`. Periods are also parsed in
`home.py`, `outputs/reports.py`, `mail/body.py` and `commands/names.py`.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, timedelta
from itertools import pairwise
from typing import Final

from finops_nb.errors import BadValue
from finops_nb.month_spelling import meant_month
from finops_nb.words import listing

MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
QUARTER: Final = re.compile(r"(\d{4})-Q([1-4])", re.ASCII)
YEAR: Final = re.compile(r"(\d{4})", re.ASCII)
INTERVAL: Final = re.compile(r"(\d{4}-\d{2}-\d{2})/(\d{4}-\d{2}-\d{2})", re.ASCII)

LONGEST: Final = 10
"""Years of a period; each day is a row of the report's tables, and a longer one is a slip."""

FORMS: Final = (
    'a month "2025-12", a quarter "2025-Q4", a year "2025", '
    'or an interval "2025-11-18/2025-12-18" (the second date is not included)'
)


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days from `start` (inclusive) to `end` (exclusive).

    Args:
        text: how it was written.
        start: first day.
        end: the day after the last.
    """

    text: str
    start: date
    end: date

    @property
    def last_day(self) -> date:
        return self.end - timedelta(days=1)

    @property
    def days(self) -> tuple[date, ...]:
        """Every day, first to last."""
        return tuple(self.start + timedelta(days=n) for n in range((self.end - self.start).days))

    @property
    def is_month(self) -> bool:
        """It is written as a month; an interval that covers a month is not one."""
        return MONTH.fullmatch(self.text) is not None

    @property
    def months(self) -> tuple[str, ...]:
        """Its calendar months, as text such as 2025-12; none where it starts or ends in one."""
        if self.start.day != 1 or self.end.day != 1:
            return ()
        starts = [self.start]
        while (following := _plus_months(starts[-1], 1)) < self.end:
            starts.append(following)
        return tuple(start.isoformat()[:7] for start in starts)

    @property
    def label(self) -> str:
        """What a reader calls it.

        One of "December 2025", "Q4 2025", "2025", "November 18, 2025 to December 17, 2025".
        """
        if self.is_month:
            return f"{calendar.month_name[self.start.month]} {self.start.year}"
        if match := QUARTER.fullmatch(self.text):
            return f"Q{match[2]} {match[1]}"
        if YEAR.fullmatch(self.text):
            return self.text
        return f"{spelled_date(self.start)} to {spelled_date(self.last_day)}"

    def following(self) -> Period:
        """The month after a month.

        Raises:
            ValueError: this period is not a calendar month.
        """
        if not self.is_month:
            raise ValueError(f"{self.text} is not a month")
        return parse_period(self.end.isoformat()[:7])

    def preceding(self) -> Period:
        """The month before a month, the quarter before a quarter, the year before a year.

        Before an interval of whole months it is as many months, before any other as many days.

        >>> parse_period("2025-03").preceding().text
        '2025-02'
        >>> parse_period("2025-Q1").preceding().text
        '2024-Q4'
        """
        if not self.months:
            start = self.start - (self.end - self.start)
            return Period(f"{start}/{self.start}", start, self.start)
        start = _plus_months(self.start, -len(self.months))
        text = f"{start}/{self.start}"
        if self.is_month:
            text = start.isoformat()[:7]
        elif QUARTER.fullmatch(self.text):
            text = f"{start.year:04}-Q{(start.month + 2) // 3}"
        elif YEAR.fullmatch(self.text):
            text = f"{start.year:04}"
        return Period(text, start, self.start)


def parse_period(text: str) -> Period:
    """The period that `text` names.

    Args:
        text: a month, a quarter, a year, or an ISO 8601 interval of two days, the second exclusive.

    Raises:
        BadValue: it is none of these, the interval has no day, or is longer than `LONGEST` years.

    Example:
        period: "2025-11-18/2025-12-18"
    """
    try:
        bounds = _bounds(text)
    except ValueError as error:
        raise BadValue("no such day in the calendar", f"Write {FORMS}") from error
    if bounds is None:
        month = meant_month(text)
        raise BadValue("not a period", f'Write it as "{month}"' if month else f"Write {FORMS}")
    start, end = bounds
    if start >= end:
        fix = "Write a second date after the first; the second date is not included"
        raise BadValue("the interval has no day", fix)
    if (end.year - start.year, end.month, end.day) > (LONGEST, start.month, start.day):
        fix = f"Write a second date at most {LONGEST} years after the first"
        raise BadValue(f"the interval is longer than {LONGEST} years", fix)
    return Period(text, start, end)


def fiscal_year(month: str, first: int) -> tuple[str, ...]:
    """The twelve months of the fiscal year that a month is in; fewer at the calendar's ends.

    Args:
        month: text like 2025-12.
        first: the number of the month in which fiscal years start; 1 is January.

    Example:
        With `fiscal_year_start: 7`, 2025-12 is in the year of 2025-07 to 2026-06.
    """
    year, number = int(month[:4]), int(month[5:])
    start = 12 * year + number - 1 - (number - first) % 12
    months = (divmod(start + each, 12) for each in range(12))
    return tuple(
        f"{year:04}-{place + 1:02}" for year, place in months if MINYEAR <= year <= MAXYEAR
    )


def spelled_date(day: date) -> str:
    """A day with its year, for sentences.

    >>> spelled_date(date(2025, 12, 18))
    'December 18, 2025'
    """
    return f"{calendar.month_name[day.month]} {day.day}, {day.year}"


def spelled_day(day: date) -> str:
    """A day without its year, for sentences whose year is known.

    >>> spelled_day(date(2025, 12, 18))
    'December 18'
    """
    return f"{calendar.month_name[day.month]} {day.day}"


def spelled_months(months: Sequence[str]) -> str:
    """Months in words, in order; those in a row are a range.

    >>> spelled_months(("2026-03", "2026-04", "2026-06"))
    'March to April 2026 and June 2026'
    """
    return listing(map(_spelled_run, month_runs(months)))


def month_runs(months: Sequence[str]) -> list[list[str]]:
    """Months in order, divided where one is missing.

    >>> month_runs(("2025-12", "2026-01", "2026-03"))
    [['2025-12', '2026-01'], ['2026-03']]
    """
    runs = [[months[0]]]
    for month, later in pairwise(months):
        if parse_period(later).preceding().text == month:
            runs[-1].append(later)
        else:
            runs.append([later])
    return runs


def _spelled_run(months: Sequence[str]) -> str:
    """Months in a row, as "January to March 2026"."""
    first, last = (parse_period(month) for month in (months[0], months[-1]))
    if len(months) == 1:
        return first.label
    if first.start.year == last.start.year:
        return f"{first.label.split()[0]} to {last.label}"
    return f"{first.label} to {last.label}"


def _bounds(text: str) -> tuple[date, date] | None:
    """First day and the day after the last; None if `text` has no form of a period.

    Raises:
        ValueError: the calendar has no such day.
    """
    if match := MONTH.fullmatch(text):
        start = date(int(match[1]), int(match[2]), 1)
        return start, _plus_months(start, 1)
    if match := QUARTER.fullmatch(text):
        start = date(int(match[1]), 3 * int(match[2]) - 2, 1)
        return start, _plus_months(start, 3)
    if match := YEAR.fullmatch(text):
        start = date(int(match[1]), 1, 1)
        return start, _plus_months(start, 12)
    if match := INTERVAL.fullmatch(text):
        return date.fromisoformat(match[1]), date.fromisoformat(match[2])
    return None


def _plus_months(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, 1)
