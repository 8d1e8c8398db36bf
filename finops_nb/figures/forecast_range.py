"""Forecast range: between which amounts a line is likely to end, and whether above its budget.

Low and high are the expected cost less and plus its usual miss × t × √n, n months ahead. The usual
miss is the root of the mean square of the line's own misses in the tested months, as fractions of
what was expected; that of its whole dimension, where it has too few. With t of Student's
distribution, four in five months lie between low and high if misses are as before, independent and
normal; √n holds for a cost that wanders. A range is about one line: ranges are never added. A jump
in the tested months is one of a few misses, and makes the range after it wide: in simulated years
with a step, more than nine in ten lie within it; in other ones, seven to nine (the test of
`forecast` has them).

Source: Hyndman and Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), 5.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from finops_nb.money import ZERO, rounded, significant, total

LEVEL: Final = Decimal("0.8")
"""The fraction of months that is to lie between low and high."""
DIGITS: Final = 3
"""Significant digits of a forecast: more would claim what nobody knows."""
FEWEST_MISSES: Final = 3
"""Tested months from which there is a range."""
MISSES_FOR_PROBABILITY: Final = 8
"""Tested months from which the risk of an overrun is a number."""

# fmt: off
STUDENT_T: Final = tuple(map(Decimal, (
    "3.078", "1.886", "1.638", "1.533", "1.476", "1.440",
    "1.415", "1.397", "1.383", "1.372", "1.363", "1.356",
)))
# fmt: on
"""The 90th percentile of Student's t with 1 to 12 degrees of freedom: a tenth on each side."""


def range_of(expected: Decimal, misses: Sequence[Decimal], ahead: int) -> tuple[Decimal, Decimal]:
    """Low and high.

    Args:
        expected: not below zero.
        misses: (actual − expected) ÷ expected of tested months; at least one.
        ahead: months ahead; 1 is the next.

    Returns:
        Each to three significant digits; low is not below zero, and `expected` between the two.

    Example:
        Three misses of 0.1: 1000 is between 836 and 1160, since 0.1 × 1.638 = 0.1638.
    """
    mean = total(miss * miss for miss in misses) / len(misses)
    t = STUDENT_T[min(len(misses), len(STUDENT_T)) - 1]
    half = expected * mean.sqrt() * t * Decimal(ahead).sqrt()
    low = max(significant(expected - half, DIGITS), ZERO)
    return min(low, expected), max(significant(expected + half, DIGITS), expected)


def risk_of(expected: Decimal, high: Decimal | None, budget: Decimal | None) -> str | None:
    """Whether a budget will be overrun.

    Args:
        expected: the expected cost.
        high: of its range; None without one.
        budget: None where none is set.

    Returns:
        likely: even the expected cost is above the budget; possible: the high one is; unlikely: it
        is not. None without a budget or a range.
    """
    if budget is None or high is None:
        return None
    if expected > budget:
        return "likely"
    return "possible" if high > budget else "unlikely"


def probability_over(
    expected: Decimal, misses: Sequence[Decimal], ahead: int, budget: Decimal | None
) -> Decimal | None:
    """How often the line would be above its budget if it missed as in the tested months.

    Args:
        expected: the expected cost.
        misses: of the line itself, as for `range_of`.
        ahead: months ahead; 1 is the next.
        budget: None where none is set.

    Returns:
        A fraction in steps of 0.1; None without a budget, or with fewer than eight misses.
    """
    if budget is None or len(misses) < MISSES_FOR_PROBABILITY:
        return None
    scale = Decimal(ahead).sqrt()
    above = sum(expected * (1 + miss * scale) > budget for miss in misses)
    return rounded(Decimal(above) / len(misses), 1)
