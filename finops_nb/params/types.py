"""The kinds of values that params hold, each with its rule and its way out; a message is both, parted by "; "."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, PlainSerializer

from finops_nb.money import ZERO, parse_amount
from finops_nb.period import MONTH
from finops_nb.schema import UNALLOCATED

Phasing = Literal["even", "days"]


NO_BUDGET: Final = "none"
"""What takes a budget away, where an amount would change it."""


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("not a name; write text in quotes")
    _whole(value)
    if value == UNALLOCATED:
        raise ValueError(
            f"{UNALLOCATED} is the report's word for cost without a name; use another name"
        )
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("not text; write text in quotes")
    _whole(value)
    return value


def _whole(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(
            "half of a character, written as \\ud800 or the like; write the character itself"
        ) from None


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


def _change(value: Any) -> Decimal | None:
    return None if value == NO_BUDGET else _budget(value)


def _rate(value: Any) -> Decimal:
    amount = parse_amount(value)
    if not -1 <= amount <= 10 or amount != amount.quantize(Decimal("0.0001")):
        raise ValueError(
            "not a rate of change; write 0.10 for 10% more, -0.20 for 20% less, to four decimals at most"
        )
    return amount


def _approval(value: Any) -> str | dict[str, str]:
    if not isinstance(value, dict):
        return _text(value)
    if not value:
        raise ValueError(
            "no month; write who approved, or a month such as 2025-12 and who approved"
        )
    for month in value:
        if not MONTH.fullmatch(str(month)):
            raise ValueError(
                f"{month} is no month; write who approved, or a month such as 2025-12 and who approved"
            )
    return {str(month): _text(who) for month, who in value.items()}


def _boolean(value: Any) -> bool:
    if value in (True, False):
        return bool(value)
    if value in ("true", "false"):
        return bool(value == "true")
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


def _known_day(value: Any) -> date:
    return _day(value) or _no_day()


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(item) for item in (value if isinstance(value, (list, tuple)) else (value,)))


def _change_text(amount: Decimal | None) -> str:
    return NO_BUDGET if amount is None else _digits(amount)


def _digits(amount: Decimal) -> str:
    """`amount` with the decimals it was written with, and never with the exponent that `_budget` would refuse."""
    return format(amount, "f")


def parse_as(kind: Any, value: Any) -> Any:
    """What one of the kinds below makes of a value that stands outside a params file, such as in a table.

    Raises:
        ValueError: it refuses the value; the message is a rule and a fix, parted by "; ".
    """
    return kind.__metadata__[0].func(value)


Name = Annotated[str, BeforeValidator(_name)]
Text = Annotated[str, BeforeValidator(_text)]
Amount = Annotated[
    Decimal, BeforeValidator(parse_amount), PlainSerializer(_digits, when_used="json")
]
Budget = Annotated[Decimal, BeforeValidator(_budget), PlainSerializer(_digits, when_used="json")]
Fraction = Annotated[
    Decimal, BeforeValidator(_fraction), PlainSerializer(_digits, when_used="json")
]
Approval = Annotated[str | dict[str, str], BeforeValidator(_approval)]
BudgetChange = Annotated[
    Decimal | None, BeforeValidator(_change), PlainSerializer(_change_text, when_used="json")
]
Rate = Annotated[Decimal, BeforeValidator(_rate), PlainSerializer(_digits, when_used="json")]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Day = Annotated[date | None, BeforeValidator(_day)]
KnownDay = Annotated[date, BeforeValidator(_known_day)]
Boolean = Annotated[bool, BeforeValidator(_boolean)]
