"""Months as people write them, where this kit wants 2025-12."""

from __future__ import annotations

import calendar
import re
from typing import Final

APART: Final = r"[-_./, ]+"
FORMS: Final = tuple(
    re.compile(form, re.ASCII)
    for form in (
        rf"(?P<year>\d{{4}})(?:{APART})?(?P<month>\d\d|[a-z]+)",
        rf"(?P<year>\d{{4}}){APART}(?P<month>\d)",
        rf"(?P<month>\d{{1,2}}){APART}(?P<year>\d{{4}})",
        rf"(?P<month>[a-z]+)(?:{APART})?(?P<year>\d{{4}})",
    )
)
"""Year and month in either order; the month as a number or a name."""

NAMES: Final = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
SHORTEST: Final = 3
"""Letters of a month's name that tell it from the others."""


def meant_month(text: str) -> str | None:
    """The month that is written in another way.

    Args:
        text: what somebody wrote where a month is due.

    Returns:
        The month as 2025-12; None where it is written so already, or is no month.

    >>> meant_month("2025_12"), meant_month("dec-2025"), meant_month("2025-1")
    ('2025-12', '2025-12', '2025-01')
    >>> meant_month("2025-12"), meant_month("2025-13"), meant_month("2025-Q4")
    (None, None, None)
    """
    for form in FORMS:
        match = form.fullmatch(text.strip().lower())
        number = _number(match["month"]) if match else None
        if match and number:
            month = f"{match['year']}-{number:02}"
            return None if month == text else month
    return None


def _number(month: str) -> int | None:
    """The number of a month, from its number or the beginning of its name."""
    if month.isdecimal():
        return int(month) if 1 <= int(month) <= len(NAMES) else None
    if len(month) < SHORTEST:
        return None
    return next((number for name, number in NAMES.items() if name.startswith(month)), None)
