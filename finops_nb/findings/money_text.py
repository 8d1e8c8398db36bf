"""Money in sentences that are text from the start, such as the warnings of `check --json`.

It reads as `report.format` prints it, which is a higher room and can't be used here.
"""

from __future__ import annotations

from decimal import Decimal

from finops_nb.money import SIGNS, UNIT_NAMES, minor_units, rounded


def money_text(amount: Decimal, currency: str) -> str:
    """An amount, rounded to the currency's minor unit.

    >>> money_text(Decimal("-1495.0649"), "USD"), money_text(Decimal("0.405"), "CHF")
    ('-$1,495.06', 'CHF 0.41')
    """
    figure = rounded(amount, minor_units(currency))
    minus = "-" if figure < 0 else ""
    sign = SIGNS.get(currency, f"{currency} ")
    return f"{minus}{sign}{abs(figure):,}"


def change_text(amount: Decimal, currency: str) -> str:
    """A difference, with its sign.

    >>> change_text(Decimal(800), "USD"), change_text(Decimal(-1), "USD")
    ('+$800.00', '-$1.00')
    """
    text = money_text(amount, currency)
    return f"+{text}" if rounded(amount, minor_units(currency)) > 0 else text


def unit_name(currency: str) -> str:
    """One unit of a currency in a sentence; of a less common one, its code.

    >>> unit_name("USD"), unit_name("CHF")
    ('dollar', 'CHF')
    """
    return UNIT_NAMES.get(currency, currency)
