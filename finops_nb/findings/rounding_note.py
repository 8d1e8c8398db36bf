"""The rounding beside a difference in a sentence: what its printed amounts miss of it."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from finops_nb.money import ZERO, minor_units, printed_rounding


class RoundingNote(NamedTuple):
    """Words for after a difference, and the value that they print.

    Args:
        text: " (Rounding {rounding:change})"; empty if the printed amounts have the difference.
        rounding: printed difference − difference of the printed amounts.
    """

    text: str
    rounding: Decimal


def rounding_note(
    minuend: Decimal | None, subtrahend: Decimal | None, currency: str
) -> RoundingNote:
    """The note for a sentence that prints two amounts and their difference.

    It is the note that tables print below such a difference.

    Args:
        minuend: None counts as 0.
        subtrahend: likewise.
        currency: decides the decimals.

    Example:
        $2,425.036 − $1,790.552 is $634.484: "$634.48 (Rounding -$0.01)".
    """
    difference = (minuend or ZERO) - (subtrahend or ZERO)
    rounding = printed_rounding(difference, minuend, subtrahend, minor_units(currency))
    return RoundingNote(" (Rounding {rounding:change})" if rounding else "", rounding)
