"""Phasing: a year's amount divided among its months, exactly."""

from __future__ import annotations

import calendar
from decimal import Decimal, localcontext
from itertools import accumulate, pairwise
from typing import Final, Literal

from finops_nb.money import ZERO, rounded

Phasing = Literal["even", "days"]

PRECISION: Final = 60
"""Digits of a share: 15 before the point, 12 behind it, and so many left that a share looks like half a unit only if it is."""


def phase(amount: Decimal, year: int, phasing: Phasing, decimals: int) -> tuple[Decimal, ...]:
    """A year's amount, month by month: what is due up to a month's end, rounded, less what was due up to its beginning.

    Args:
        amount: of the whole year, in currency.
        year: for the days of its months.
        phasing: "even" is a twelfth a month, "days" is by calendar days.
        decimals: decimals of the currency; 2 for cents. An amount with more of them is divided in its own smallest unit,
            since nothing else would add up to it.

    Returns:
        January to December. They add up to `amount` exactly, and each is less than one unit off its exact share; none is
        negative where `amount` is not.

    >>> [str(month) for month in phase(Decimal(100), 2025, "even", 2)[:4]]
    ['8.33', '8.34', '8.33', '8.33']
    """
    weights = [1] * 12 if phasing == "even" else [calendar.monthrange(year, month)[1] for month in range(1, 13)]
    places = max(decimals, -int(amount.normalize().as_tuple().exponent))
    with localcontext(prec=PRECISION):
        due = [rounded(amount * weight / sum(weights), places) for weight in accumulate(weights)]
        return tuple(later - earlier for earlier, later in pairwise([ZERO, *due]))
