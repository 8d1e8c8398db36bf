"""Money is `Decimal`: read from text, rounded half a cent away from zero, apportioned without loss.

Amounts stay below `LIMIT` and carry at most `DECIMALS` decimals, so that every sum and difference fits the 28 digits
of Python's default decimal context and is exact.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

ZERO: Final = Decimal(0)
DECIMALS: Final = 12
LIMIT: Final = Decimal(10) ** 15

AMOUNT: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
"""What a person may write for an amount: digits and one decimal point."""

MINOR_UNITS: Final = dict.fromkeys(
    (
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ),
    0,
) | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)
"""Decimals of the currencies that do not have two (ISO 4217, list one)."""


def minor_units(currency: str) -> int:
    """Decimals in which an amount of `currency` is printed and booked; 2 for a label that ISO 4217 does not know.

    >>> minor_units("USD"), minor_units("JPY")
    (2, 0)
    """
    return MINOR_UNITS.get(currency, 2)


def parse_amount(value: Any) -> Decimal:
    """The exact amount that a person wrote, in a YAML file or in a notebook cell.

    A float stands for the shortest text that reads back as it (2695.75 is 2695.75), which is what was typed as long
    as that had at most 15 digits.

    Args:
        value: text of digits with a decimal point, an int, a Decimal or a float.

    Returns:
        The amount, with the decimals it was written with.

    Raises:
        ValueError: it is no plain number, has more than 12 decimals, or reaches 10^15; the message is a rule and a
            fix, parted by "; ".
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        raise ValueError("not an amount; write digits and a decimal point, such as 5000 or 5000.50")
    number = Decimal(repr(value)) if isinstance(value, float) else value
    text = format(number, "f") if isinstance(number, Decimal) else str(number)
    if not AMOUNT.fullmatch(text):
        raise ValueError(
            "not a plain amount; write digits and a decimal point only, such as 5000 or 5000.50, "
            "without thousands separator, currency sign, unit or exponent"
        )
    amount = Decimal(text)
    if isinstance(value, float) and len(amount.normalize().as_tuple().digits) > 15:
        raise ValueError(
            'more digits than a float holds exactly; put the amount in quotes, such as "5000.50"'
        )
    if abs(amount) >= LIMIT:
        raise ValueError("an amount of 10^15 or more; write it in the currency's main unit")
    if -int(amount.as_tuple().exponent) > DECIMALS:
        raise ValueError(f"more than {DECIMALS} decimals; round it")
    return amount


def rounded(amount: Decimal, decimals: int) -> Decimal:
    """`amount` to `decimals` places, half away from zero; never minus zero.

    >>> rounded(Decimal("-0.004"), 2), rounded(Decimal("2.675"), 2)
    (Decimal('0.00'), Decimal('2.68'))
    """
    return amount.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP) + ZERO


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum; `Decimal(0)` of nothing."""
    return sum(amounts, ZERO)


def rounding_difference(amounts: Iterable[Decimal], whole: Decimal, decimals: int) -> Decimal:
    """What a "Rounding" line must hold so that the printed lines add up to the printed total.

    >>> rounding_difference([Decimal("0.005"), Decimal("0.005")], Decimal("0.01"), 2)
    Decimal('-0.01')
    """
    return rounded(whole, decimals) - total(rounded(amount, decimals) for amount in amounts)


def ratio(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """`part / whole` as a fraction of 28 digits; None where either is missing or `whole` is not positive."""
    if part is None or whole is None or whole <= 0:
        return None
    return part / whole


def portion(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """`ratio(part, whole)` where one is a portion of the other; None below zero and above one, as it may be beside credits."""
    fraction = ratio(part, whole)
    return fraction if fraction is not None and 0 <= fraction <= 1 else None


def plain(amount: Decimal) -> str:
    """`amount` as unrounded decimal text without exponent or trailing zeros.

    >>> plain(Decimal("8669.894004000000")), plain(Decimal("1E+3")), plain(Decimal("-0.0"))
    ('8669.894004', '1000', '0')
    """
    return format(amount.normalize() + ZERO, "f")
