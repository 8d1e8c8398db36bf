"""Compared period: what `compare:` may name."""

from __future__ import annotations

from finops_nb.errors import BadValue
from finops_nb.period import Period, parse_period


def check_compared(period: Period, text: str) -> None:
    """See that a report of a period can be compared with another.

    Args:
        period: of the report.
        text: of `compare`.

    Raises:
        BadValue: one of the two is not made of whole months, they have different numbers of months,
            or the second does not end before the first starts.

    Example:
        compare: "2024-12"
    """
    compared = parse_period(text)
    count = len(period.months)
    if not count:
        rule = f"{period.label} is not made of whole months, so it can't be compared"
        raise BadValue(rule, "Remove compare, or write a month, quarter or year as the period")
    before = period.preceding().text
    if len(compared.months) != count:
        months = "1 month" if count == 1 else f"{count} months"
        rule = f"not as long as the period, which has {months}"
        raise BadValue(rule, f'Write a period of {months}, such as "{before}"')
    if compared.end > period.start:
        rule = f"it does not end before {period.label} starts"
        raise BadValue(rule, f'Write an earlier period, such as "{before}"')
