"""Looked back on: the NAMEs of the official months that a report compares itself with."""

from __future__ import annotations

from typing import Final

from finops_nb.params.model import Params
from finops_nb.period import Period, parse_period

BACK: Final = 12
"""How many months before its period a report looks back on."""


def compared_period(params: Params) -> Period | None:
    """The period that a report is compared with.

    Args:
        params: of the report.

    Returns:
        That of `compare`, or else the same period before: a month, a quarter, a year, as many whole
        months. None for a period that is not made of whole months, and for the first in the
        calendar.

    Example:
        period: "2025-Q4" is compared with 2025-Q3; with compare: "2024-Q4", with that.
    """
    if params.compare:
        return parse_period(params.compare)
    period = params.window
    months = period.months
    # The calendar starts in the year 1.
    has_one_before = 12 * (period.start.year - 1) + period.start.month > len(months)
    return period.preceding() if months and has_one_before else None


def names_before(params: Params) -> tuple[str, ...]:
    """The NAMEs of the twelve months before whole months, newest first; none before others."""
    window = params.window
    if not window.months:
        return ()
    month = parse_period(window.months[0])
    names: list[str] = []
    while len(names) < BACK and (month.start.year, month.start.month) > (1, 1):
        month = month.preceding()
        names.append(month.text)
    return tuple(names)


def names_looked_back_on(params: Params) -> tuple[str, ...]:
    """The NAMEs of all official months that a report looks at, newest first.

    Args:
        params: of the report.

    Returns:
        The months of a longer period, the twelve before it, and those of `compared_period`.
    """
    window, compared = params.window, compared_period(params)
    within = window.months if len(window.months) > 1 else ()
    names = {*within, *names_before(params), *(compared.months if compared else ())}
    return tuple(sorted(names, reverse=True))
