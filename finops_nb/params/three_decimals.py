"""Amounts with three decimals in a currency that has another number: 1.000 may be a thousand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from finops_nb.errors import BadValue, Problem
from finops_nb.money import ZERO, minor_units, rounded

THREE: Final = 3
"""Digits between the separators of thousands."""


def check_decimals(amount: Decimal, currency: str) -> None:
    """See that the point of an amount can't be a separator of thousands.

    An amount below 1 is what it says: no thousands are written as 0.125.

    Raises:
        BadValue: it has exactly three decimals, and the currency has not.

    Example:
        `organization_budgets: {org-a: 1.000}` is a thousand in Europe, and 1 elsewhere.
    """
    decimals = minor_units(currency)
    if decimals == THREE or not may_be_thousands(amount):
        return
    thousands = f"{amount:f}".replace(".", "")
    rule = f"three decimals in {currency}, where the point may stand between thousands"
    raise BadValue(rule, f"Write {thousands} or {rounded(amount, decimals):f}")


def with_clear_decimals(amount: Decimal, currency: str) -> Decimal:
    """A computed amount as `check_decimals` accepts it: with a fourth decimal where it has three.

    >>> with_clear_decimals(Decimal("308.625"), "USD")
    Decimal('308.6250')
    """
    if minor_units(currency) == THREE or not may_be_thousands(amount):
        return amount
    return Decimal(f"{amount:f}0")


def decimals_problems(
    amounts: Mapping[str, Decimal | None], currency: str, key: str
) -> Iterator[Problem]:
    """A problem for each amount that `check_decimals` refuses.

    Args:
        amounts: by name; None is no amount.
        currency: of the amounts.
        key: of the params that holds them.
    """
    for name, amount in amounts.items():
        try:
            check_decimals(amount if amount is not None else ZERO, currency)
        except BadValue as error:
            yield error.problem(column=f"{key}.{name}" if name else key, value=f"{amount:f}")


def may_be_thousands(amount: Decimal) -> bool:
    """Whether the point of an amount may stand between thousands.

    >>> may_be_thousands(Decimal("1.000")), may_be_thousands(Decimal("0.125"))
    (True, False)
    """
    return amount.as_tuple().exponent == -THREE and abs(amount) >= 1
