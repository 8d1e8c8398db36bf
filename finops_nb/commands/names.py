"""Which NAMEs a command is about: named, a range of months, the last month, or all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from typing import Final

from finops_nb.clock import CLOCK, now
from finops_nb.errors import FinopsError, Problem, Refusal
from finops_nb.home import Home, bare
from finops_nb.params.model import load_params
from finops_nb.period import MONTH, Period, parse_period

LAST_MONTH: Final = "last-month"
RANGE: Final = re.compile(r"(.*?)\.\.(.*)")
LONGEST: Final = 120
"""Months in a range: more is a slip of the finger."""


def select(words: Iterable[str], home: Home, everything: bool = False) -> list[str]:
    """The NAMEs meant, each once, earlier periods first.

    Args:
        words: NAMEs, ranges of months with both ends in it such as `2025-07..2025-12`, or `last-month`.
        home: whose params.
        everything: every NAME that has a params file, too.

    Raises:
        Refusal: a range that is none, or all are meant and there is none.
    """
    names = meant(words) + (home.names() if everything else [])
    if not names:
        raise Refusal(
            Problem(
                "no params file is there",
                "`finops-nb init FOLDER` lays out a first one",
                file="params/",
            )
        )
    once = list(dict.fromkeys(map(bare, names)))
    return sorted(once, key=lambda name: (_start(name, home), once.index(name)))


def meant(words: Iterable[str]) -> list[str]:
    """The NAMEs that words stand for, in the order given.

    Raises:
        Refusal: a range that is none.
    """
    return [name for word in words for name in _meant(word)]


def _meant(word: str) -> list[str]:
    if word == LAST_MONTH:
        return [last_month().text]
    span = RANGE.fullmatch(word)
    if span is None:
        return [word]
    first, last = span.groups()
    if not all(MONTH.fullmatch(end) and end >= "0002" for end in (first, last)):
        fix = "Write the first and the last month, both of them meant: 2025-07..2025-12"
        raise Refusal(Problem("not a range of months", fix, column="NAME", value=word))
    if first > last:
        fix = f"Write the earlier month first: {last}..{first}"
        raise Refusal(Problem("a range that ends before it begins", fix, column="NAME", value=word))
    months = [parse_period(last)]
    while months[-1].text > first and len(months) <= LONGEST:
        months.append(months[-1].preceding())
    if len(months) > LONGEST:
        raise Refusal(
            Problem(
                f"more than {LONGEST} months", "Write a shorter range", column="NAME", value=word
            )
        )
    return [month.text for month in reversed(months)]


def one_name(word: str) -> str:
    """The NAME that a word stands for, which is no range."""
    return last_month().text if word == LAST_MONTH else word


def last_month() -> Period:
    """The calendar month before that of today, by this machine's clock and time zone, or by `$SOURCE_DATE_EPOCH`."""
    today = now()[:10] if os.environ.get(CLOCK) else date.today().isoformat()
    return parse_period(today[:7]).preceding()


def _start(name: str, home: Home) -> date:
    """The first day of a NAME's period, or else of the period it is named after; the end of time where that is not known."""
    try:
        return load_params(home, home.check_name(name)).window.start
    except FinopsError:
        with suppress(ValueError):
            return parse_period(name).start
        return date.max
