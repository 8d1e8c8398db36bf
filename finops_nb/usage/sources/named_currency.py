"""The currency that the name of a column says: "Amount (EUR)", `cost_usd`, "Spend in €"."""

from __future__ import annotations

import re
from typing import Final

from finops_nb.errors import Problem
from finops_nb.money import CURRENCY_CODES

# fmt: off
_ALSO_WORDS: Final = """
    ALL AMD BAM BOB COP CUP GEL GIP KES LAK MAD MOP NAD PAB PEN PHP RON SOS STN SAR SCR TOP TRY
"""
ALSO_WORDS: Final = frozenset(_ALSO_WORDS.split())
"""Codes that are words or names, too: they count in capitals, beside words that are not."""

DOLLARS: Final = (
    "USD", "ARS", "AUD", "BBD", "BMD", "BND", "BSD", "BZD", "CAD", "CLP", "COP", "FJD", "HKD",
    "JMD", "KYD", "LRD", "MXN", "NAD", "NZD", "SBD", "SGD", "SRD", "TTD", "TWD", "UYU", "XCD",
)
"""Currencies written with a dollar sign; it says the first one."""

SAID: Final = {
    "$": DOLLARS, "dollar": DOLLARS, "dollars": DOLLARS,
    "€": ("EUR",), "euro": ("EUR",), "euros": ("EUR",),
    "£": ("GBP", "EGP", "GIP", "SHP", "FKP", "LBP", "SYP", "SDG", "SSP"), "sterling": ("GBP",),
    "¥": ("JPY", "CNY"), "yen": ("JPY",), "₹": ("INR",), "₩": ("KRW", "KPW"), "₽": ("RUB",),
    "₺": ("TRY",), "₪": ("ILS",), "₫": ("VND",), "₦": ("NGN",), "₴": ("UAH",), "฿": ("THB",),
    "₱": ("PHP",),
}
# fmt: on
"""Signs and words, and the currencies that they may mean, the likeliest first."""

_SIGNS: Final = "".join(each for each in SAID if not each.isalpha())
TOKEN: Final = re.compile(rf"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[{_SIGNS}]")
"""A word, as blanks, underscores and capitals part them; or a sign."""


def other_currency(name: str, currency: str) -> str | None:
    """The currency that the name of a column says; None if none, or if it may be the params'.

    Args:
        name: of the column, in the file.
        currency: of the params.

    >>> other_currency("Amount (EUR)", "USD"), other_currency("cost_usd", "USD")
    ('EUR', None)
    >>> other_currency("price", "USD"), other_currency("top_cost", "USD")
    (None, None)
    """
    choices = [said for token in TOKEN.findall(name) if (said := _said(token, name))]
    if not choices or any(currency in said for said in choices):
        return None
    return choices[0][0]


def currency_problem(name: str, said: str, currency: str, file: str) -> Problem:
    """The problem of a column of costs whose name says another currency than the params do.

    Args:
        name: of the column.
        said: the currency in its name.
        currency: of the params.
        file: what messages call the file.
    """
    fix = f"Write `currency: {said}` in the params, or rename the column"
    return Problem(f"the column says {said}, but the params say {currency}", fix, file, 1, name)


def _said(token: str, name: str) -> tuple[str, ...]:
    """The currencies that a word of a name may mean; none if it is no currency."""
    code = token.upper()
    if code not in CURRENCY_CODES:
        return SAID.get(token.lower(), ())
    is_word = code in ALSO_WORDS and (token != code or name == name.upper())
    return () if is_word else (code,)
