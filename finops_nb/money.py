"""Money is `Decimal`: read from text, rounded half a cent away from zero, added without loss.

Amounts stay below `LIMIT` and have at most `DECIMALS` decimals, so that every sum and difference
fits the 28 digits of Python's default decimal context and is exact.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from decimal import (
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DefaultContext,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    setcontext,
)
from fractions import Fraction
from typing import Any, Final, TypeVar

from finops_nb.errors import BadValue

Key = TypeVar("Key", bound=Hashable)

ZERO: Final = Decimal(0)
DECIMALS: Final = 12
LIMIT: Final = Decimal(10) ** 15

CONTEXT: Final = Context(
    prec=28,
    rounding=ROUND_HALF_EVEN,
    Emin=-999_999,
    Emax=999_999,
    capitals=1,
    clamp=0,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)
"""Python's default context, written out: `rounded` alone rounds another way."""

EXACT_FLOAT_DIGITS: Final = 15
"""A double gives back every decimal number of so many digits."""

AMOUNT: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
"""What a person may write for an amount: digits and one decimal point."""

# fmt: off
WITHOUT_DECIMALS: Final = (
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW",
    "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
)
WITH_THREE_DECIMALS: Final = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
# fmt: on
MINOR_UNITS: Final = dict.fromkeys(WITHOUT_DECIMALS, 0) | dict.fromkeys(WITH_THREE_DECIMALS, 3)
"""Decimals of the currencies that do not have two (ISO 4217, list one).

A new code also goes into `CURRENCY_CODES`, and into `usage/sources/named_currency.py` if it is a
word or has a sign.
"""

# fmt: off
CURRENCY_CODES: Final = frozenset((
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT",
    "BGN", "BHD", "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD",
    "CDF", "CHF", "CLP", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD",
    "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ",
    "GYD", "HKD", "HNL", "HRK", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "IRR", "ISK", "JMD",
    "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP",
    "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR",
    "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB",
    "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD",
    "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL",
    "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU",
    "UZS", "VES", "VND", "VUV", "WST", "XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW",
    "ZWG",
))
# fmt: on
"""The currencies in use by their codes (ISO 4217, list one), and those that ended since 2023."""

SIGNS: Final = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
"""How well-known currencies are printed; any other is printed by its code.

A new sign also goes into `SAID` of `usage/sources/named_currency.py`.
"""

UNIT_NAMES: Final = {"USD": "dollar", "EUR": "euro", "GBP": "pound", "JPY": "yen"}
"""One unit of a currency in a sentence."""


def use_exact_context() -> None:
    """Compute in `CONTEXT` from now on, in every thread, whatever was set before.

    A `sitecustomize`, or an extension of IPython, may have changed precision or rounding.
    """
    for name in ("prec", "rounding", "Emin", "Emax", "capitals", "clamp", "traps"):
        # Threads and tasks that start later copy this one.
        setattr(DefaultContext, name, getattr(CONTEXT, name))
    setcontext(CONTEXT.copy())


def minor_units(currency: str) -> int:
    """Decimals in which an amount of `currency` is printed and booked.

    Args:
        currency: an ISO 4217 code; any other label has two decimals.

    >>> minor_units("USD"), minor_units("JPY"), minor_units("TOKENS")
    (2, 0, 2)
    """
    return MINOR_UNITS.get(currency, 2)


def parse_amount(value: Any) -> Decimal:
    """The exact amount that a person wrote, in a YAML file or in a notebook cell.

    A float stands for the shortest text that reads back as it (2695.75 is 2695.75). That is what
    was typed, as long as it had at most 15 digits.

    Args:
        value: text of digits with a decimal point, an int, a Decimal or a float.

    Returns:
        The amount, with the decimals it was written with.

    Raises:
        BadValue: it is not a plain number, has more than 12 decimals, or reaches 10^15.

    Example:
        organization_budgets: {org-a: 5000.50}

    >>> parse_amount("5000.50"), parse_amount(2695.75)
    (Decimal('5000.50'), Decimal('2695.75'))
    """
    text = _amount_text(value)
    if not AMOUNT.fullmatch(text):
        raise BadValue(
            "not a plain amount",
            "Write digits and a decimal point only, such as 5000 or 5000.50, "
            "without thousands separator, currency sign, unit or exponent",
        )
    amount = Decimal(text)
    if isinstance(value, float) and len(amount.normalize().as_tuple().digits) > EXACT_FLOAT_DIGITS:
        raise BadValue(
            "more digits than a float holds exactly", 'Put the amount in quotes, such as "5000.50"'
        )
    if abs(amount) >= LIMIT:
        raise BadValue("an amount of 10^15 or more", "Write it in the currency's main unit")
    if -int(amount.as_tuple().exponent) > DECIMALS:
        raise BadValue(f"more than {DECIMALS} decimal places", "Round it")
    return amount


def rounded(amount: Decimal, decimals: int) -> Decimal:
    """`amount` to `decimals` places, half away from zero; never minus zero.

    >>> rounded(Decimal("-0.004"), 2), rounded(Decimal("2.675"), 2)
    (Decimal('0.00'), Decimal('2.68'))
    """
    return amount.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP) + ZERO


def decimal_of(amount: Fraction, decimals: int = DECIMALS) -> Decimal:
    """A fraction to `decimals` places, half away from zero.

    >>> decimal_of(Fraction(2, 3), 2), decimal_of(Fraction(-1, 200), 2)
    (Decimal('0.67'), Decimal('-0.01'))
    """
    part, whole = abs(amount.numerator) * 10**decimals, amount.denominator
    units = Decimal((2 * part + whole) // (2 * whole)).scaleb(-decimals)
    return units if amount >= 0 else -units


def significant(amount: Decimal, digits: int, decimals: int = DECIMALS) -> Decimal:
    """`amount` to so many significant digits, with at most `decimals` places.

    >>> significant(Decimal("8669.89"), 3), significant(Decimal("0.0456"), 3, 2)
    (Decimal('8670'), Decimal('0.05'))
    """
    return rounded(amount, min(decimals, digits - 1 - amount.adjusted()))


def added(parts: Iterable[Mapping[Key, Decimal]]) -> dict[Key, Decimal]:
    """Amounts by name, added up; names in the order in which they first stand.

    >>> added([{"a": Decimal(1)}, {"b": Decimal(2), "a": Decimal(3)}])
    {'a': Decimal('4'), 'b': Decimal('2')}
    """
    sums: dict[Key, Decimal] = {}
    for part in parts:
        for name, amount in part.items():
            sums[name] = sums.get(name, ZERO) + amount
    return sums


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum; `Decimal(0)` of nothing."""
    return sum(amounts, ZERO)


def rounding_difference(amounts: Iterable[Decimal], whole: Decimal, decimals: int) -> Decimal:
    """What a "Rounding" line must hold so that the printed lines add up to the printed total.

    >>> rounding_difference([Decimal("0.005"), Decimal("0.005")], Decimal("0.01"), 2)
    Decimal('-0.01')
    """
    return rounded(whole, decimals) - total(rounded(amount, decimals) for amount in amounts)


def printed_rounding(
    difference: Decimal, minuend: Decimal | None, subtrahend: Decimal | None, decimals: int
) -> Decimal:
    """What a printed difference has beyond the difference of the two printed amounts.

    Args:
        difference: exact: minuend − subtrahend.
        minuend: None counts as 0.
        subtrahend: likewise.
        decimals: of what is printed.

    >>> printed_rounding(Decimal("634.484"), Decimal("2425.036"), Decimal("1790.552"), 2)
    Decimal('-0.01')
    """
    amounts = rounded(minuend or ZERO, decimals) - rounded(subtrahend or ZERO, decimals)
    return rounded(difference, decimals) - amounts


def ratio(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """`part / whole` as a fraction of 28 digits.

    Returns:
        None where either is missing, or `whole` is not above zero.
    """
    if part is None or whole is None or whole <= 0:
        return None
    return part / whole


def portion(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """`ratio(part, whole)` where it is a share of the whole.

    Returns:
        None below zero and above one, which happens when there are credits.
    """
    fraction = ratio(part, whole)
    return fraction if fraction is not None and 0 <= fraction <= 1 else None


def plain(amount: Decimal) -> str:
    """`amount` as unrounded decimal text without exponent or trailing zeros.

    >>> plain(Decimal("8669.894004000000")), plain(Decimal("1E+3")), plain(Decimal("-0.0"))
    ('8669.894004', '1000', '0')
    """
    return format(amount.normalize() + ZERO, "f")


def _amount_text(value: Any) -> str:
    """The digits of a value; a float's are the shortest that read back as it."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        raise BadValue("not an amount", "Write digits and a decimal point, such as 5000 or 5000.50")
    number = Decimal(repr(value)) if isinstance(value, float) else value
    return format(number, "f") if isinstance(number, Decimal) else str(number)
