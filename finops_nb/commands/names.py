"""Names: the reports a command is about, from NAMEs, ranges of months, `last-month`, `--all`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import date
from typing import Final

from finops_nb.clock import CLOCK, now
from finops_nb.errors import FinopsError, Problem, Refusal
from finops_nb.home import Home, bare
from finops_nb.month_spelling import meant_month
from finops_nb.params.params_file import load_params
from finops_nb.period import MONTH, Period, parse_period

LAST_MONTH: Final = "last-month"
RANGE: Final = re.compile(r"(.*?)(?<!/)\.\.(?!/)(.*)")
FIRST_MONTH: Final = "0002"
"""No range starts earlier: it must have a month before it that Python knows."""
LONGEST: Final = 120
"""Months of a range; a longer one is a typing error."""


def select(words: Iterable[str], home: Home, everything: bool = False) -> list[str]:
    """The NAMEs to run, each once, in the order in which their periods end; months come first.

    So a quarter, which looks back on the reports of its months, follows the last of them.

    Args:
        words: NAMEs, `last-month`, or ranges of months that include both ends.
        home: the home whose params are meant.
        everything: add every NAME that has a params file.

    Raises:
        Refusal: a word with ".." is not a range of months, or there is nothing to run.

    Example:
        `select(["2025-12", "2025-10..2025-11"], home)` is `["2025-10", "2025-11", "2025-12"]`.
    """
    # Files that are not read have a NAME too, whose run says why.
    names = expanded(words) + ([*home.names(), *home.names_to_rename()] if everything else [])
    if not names:
        fix = "Create a first one with `finops-nb init FOLDER`"
        raise Refusal(Problem("no params file", fix, file="params/"))
    unique = list(dict.fromkeys(map(bare, names)))
    return sorted(unique, key=lambda name: (*_end_and_days(name, home), unique.index(name)))


def expanded(words: Iterable[str]) -> list[str]:
    """NAMEs in the order given, with ranges and `last-month` written out.

    Raises:
        Refusal: a word with ".." is not a range of months.
    """
    return [name for word in words for name in _expanded(word)]


def one_name(word: str) -> str:
    """The NAME of a command that takes only one; `last-month` is written out.

    Raises:
        Refusal: the word is a range of months.
    """
    if RANGE.fullmatch(word):
        rule, fix = "a range, but this command takes one NAME", "Write one month, such as 2025-12"
        raise Refusal(Problem(rule, fix, column="NAME", value=word))
    return last_month().text if word == LAST_MONTH else word


def last_month() -> Period:
    """The month before this one, by this machine's clock and time zone.

    `$SOURCE_DATE_EPOCH` stands for the clock where it is set, in UTC.
    """
    today = now()[:10] if os.environ.get(CLOCK) else date.today().isoformat()
    return parse_period(today[:7]).preceding()


def _expanded(word: str) -> list[str]:
    if word == LAST_MONTH:
        return [last_month().text]
    match = RANGE.fullmatch(word)
    return _months(word, *match.groups()) if match else [word]


def _months(word: str, first: str, last: str) -> list[str]:
    """The months of a range.

    Args:
        word: the range as it was written.
        first: its first month.
        last: its last month, inclusive.
    """
    if not all(MONTH.fullmatch(end) and end >= FIRST_MONTH for end in (first, last)):
        fix = "Write the first and the last month, both included: 2025-07..2025-12"
        meant = [meant_month(end) or end for end in (first, last)]
        if meant != [first, last] and all(map(MONTH.fullmatch, meant)):
            fix = f'Did you mean "{"..".join(meant)}"?'
        raise Refusal(Problem("not a range of months", fix, column="NAME", value=word))
    if first > last:
        fix = f"Write the earlier month first: {last}..{first}"
        raise Refusal(Problem("the range ends before it begins", fix, column="NAME", value=word))
    months = [parse_period(last)]
    while months[-1].text > first and len(months) <= LONGEST:
        months.append(months[-1].preceding())
    if len(months) > LONGEST:
        rule = f"more than {LONGEST} months"
        raise Refusal(Problem(rule, "Write a shorter range", column="NAME", value=word))
    return [month.text for month in reversed(months)]


def _end_and_days(name: str, home: Home) -> tuple[date, int]:
    """The day after a NAME's period, and how many days the period has.

    Where its params can't be read, the NAME itself is taken for a period; what is no period comes
    last.
    """
    try:
        period = load_params(home, home.check_name(name)).window
    except (FinopsError, OSError):
        try:
            period = parse_period(name)
        except ValueError:
            return date.max, 0
    return period.end, len(period.days)
