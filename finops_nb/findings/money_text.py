"""An amount of money as text: the one place where it is printed, for sentences and for the report.

It is in this room because warnings, such as those of `check --json`, are text from the start;
`report.format` calls it for everything else.
"""

from __future__ import annotations

from decimal import Decimal

from finops_nb.money import SIGNS, UNIT_NAMES, minor_units, rounded


def amount_text(amount: Decimal, currency: str, decimals: int) -> str:
    """An amount with a given number of decimals; the sign stands first, and `-0.00` never.

    A currency without a well-known sign is printed by its code and a no-break space.

    >>> amount_text(Decimal("0.03874"), "USD", 4), amount_text(Decimal("-0.001"), "USD", 2)
    ('$0.0387', '$0.00')
    """
    figure = rounded(amount, decimals)
    minus = "-" if figure < 0 else ""
    sign = SIGNS.get(currency, f"{currency}\N{NO-BREAK SPACE}")
    return f"{minus}{sign}{abs(figure):,f}"


def money_text(amount: Decimal, currency: str) -> str:
    """An amount, rounded to the currency's minor unit.

    >>> money_text(Decimal("-1495.0649"), "USD"), money_text(Decimal("1000"), "JPY")
    ('-$1,495.06', '¥1,000')
    """
    return amount_text(amount, currency, minor_units(currency))


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
