"""How a source writes numbers and dates, where it does not write them as usage does.

numbers: "1.234,56"    # the example 1234.56 as the source writes it
dates: MM/DD/YYYY      # or one of `DATES`
scale: "0.01"          # the cost is in cents
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BeforeValidator, PlainSerializer

from finops_nb.errors import BadValue
from finops_nb.money import parse_amount

EXAMPLE: Final = re.compile(r"1(?P<thousands>[,.' \u00a0\u202f\u2019]?)234(?P<point>[,.])56")
"""How the number 1234.56 may be written."""

DateStyle: TypeAlias = Literal[
    "", "ISO", "MM/DD/YYYY", "DD/MM/YYYY", "DD.MM.YYYY", "YYYYMMDD", "epoch", "epoch_ms"
]

HIGHEST_SCALE: Final = 12
"""A scale is a power of ten with an exponent of at most so many, above or below zero."""


def _number_style(value: Any) -> str:
    if value == "":
        return ""
    found = EXAMPLE.fullmatch(value) if isinstance(value, str) else None
    if found is None or found["thousands"] == found["point"]:
        fix = 'Write the number 1234.56 as your files do: "1.234,56", "1,234.56" or "1234,56"'
        raise BadValue("not a form of the number 1234.56", fix)
    return found[0]


def _scale(value: Any) -> Decimal:
    rule = "not a power of ten in digits"
    fix = 'Write "0.01" for cents, "0.000001" for millionths, or "1000" for thousands'
    try:
        scale = parse_amount(value)
    except BadValue:
        raise BadValue(rule, fix) from None
    if scale <= 0 or abs(scale.adjusted()) > HIGHEST_SCALE or scale != _power(scale.adjusted()):
        raise BadValue(rule, fix)
    return _power(scale.adjusted())


def _power(exponent: int) -> Decimal:
    return Decimal(1).scaleb(exponent)


NumberStyle = Annotated[str, BeforeValidator(_number_style)]
Scale = Annotated[
    Decimal,
    BeforeValidator(_scale),
    PlainSerializer(lambda scale: format(scale, "f"), when_used="json"),
]
