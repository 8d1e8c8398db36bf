"""The kinds of values that params hold, each with its rule and its way out; a message is both, parted by "; "."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

from finops_nb.money import ZERO, parse_amount
from finops_nb.schema import UNALLOCATED


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("not a name; write text in quotes")
    if value == UNALLOCATED:
        raise ValueError(f"{UNALLOCATED} is the report's word for cost without a name; use another name")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("not text; write text in quotes")
    return value


def _budget(value: Any) -> Decimal:
    amount = parse_amount(value)
    if amount < ZERO:
        raise ValueError("a budget below zero; write 0 or more")
    return amount


def _fraction(value: Any) -> Decimal:
    amount = parse_amount(value)
    if not ZERO <= amount <= 10:
        raise ValueError("not a fraction; write 0.80 for 80%")
    return amount


def _boolean(value: Any) -> bool:
    if value in (True, False):
        return bool(value)
    if value in ("true", "false"):
        return value == "true"
    raise ValueError("neither true nor false; write true or false")


def _day(value: Any) -> date | None:
    if value in (None, ""):
        return None
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(value) if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else _no_day()
    except (TypeError, ValueError):
        return _no_day()


def _no_day() -> date:
    raise ValueError("not a day; write it as 2025-12-31")


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(item) for item in (value if isinstance(value, (list, tuple)) else (value,)))


def _digits(amount: Decimal) -> str:
    """`amount` with the decimals it was written with, and never with the exponent that `_budget` would refuse."""
    return format(amount, "f")


Name = Annotated[str, BeforeValidator(_name)]
Text = Annotated[str, BeforeValidator(_text)]
Budget = Annotated[Decimal, BeforeValidator(_budget), PlainSerializer(_digits, when_used="json")]
Fraction = Annotated[Decimal, BeforeValidator(_fraction), PlainSerializer(_digits, when_used="json")]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Day = Annotated[date | None, BeforeValidator(_day)]
Boolean = Annotated[bool, BeforeValidator(_boolean)]
