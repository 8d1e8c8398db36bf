"""The kinds of values that params hold, each with its rule and how to fix it.

Every one raises `BadValue`, which pydantic collects and `params.validation` puts in its place.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

from finops_nb.errors import BadValue
from finops_nb.money import ZERO, parse_amount, plain
from finops_nb.params.stray_quotes import CONTROL, ONE_LINE
from finops_nb.params.text_file import HALF, HALF_REFUSED
from finops_nb.period import MONTH
from finops_nb.schema import reserved_rule

Phasing = Literal["even", "days"]

HIGHEST_RATE: Final = 10
"""A growth of usage, or a change of a price, as a fraction: 1,000%."""

HIGHEST_FRACTION: Final = 5
"""A rate above it is written with a percent sign: 10 may be 10%."""

NO_BUDGET: Final = "none"
"""What takes a budget away, where an amount would change it."""

HIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Control characters other than tabs and line feeds, and those that reorder text (UAX 9)."""

HIDDEN_REFUSED: Final = (
    "a control character, or one that turns the text after it around",
    "Remove it, or write the text again without pasting",
)
DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
CURRENCY: Final = re.compile(r"[A-Z][A-Z0-9]{1,11}", re.ASCII)
MACHINE_ZONES: Final = ("localtime", "posixrules")
"""Zones that are the setting of this machine, which can't be the zone of a report."""

MONTH_NUMBERS: Final = tuple(f"{number}" for number in range(1, 13))
APPROVAL_FIX: Final = "Write who approved it, such as CFO, or each month's approver: {2025-12: CFO}"


def parse_as(kind: Any, value: Any) -> Any:
    """A value outside a params file, such as a field of a table, read as one of the kinds below.

    Args:
        kind: an annotated type with a validator, such as `Name`.
        value: what to read.

    Raises:
        BadValue: the kind refuses the value.

    Example:
        parse_as(KnownDay, "2025-12-31") == date(2025, 12, 31)
    """
    return kind.__metadata__[0].func(value)


def one_line(text: str) -> str:
    """The text itself.

    Raises:
        BadValue: it has a line break, or another control character.
    """
    if CONTROL.search(text):
        raise BadValue(*ONE_LINE)
    return text


def plain_text(text: str) -> str:
    """The text itself, in as many lines as it has.

    Raises:
        BadValue: it has a character that does not show, or that turns other text around.
    """
    if HIDDEN.search(text):
        raise BadValue(*HIDDEN_REFUSED)
    return text


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadValue("not a name", "Write text in quotes")
    _check_characters(value)
    one_line(value)
    if rule := reserved_rule(value):
        raise BadValue(rule, "Use another name")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadValue("not text", "Write text in quotes")
    _check_characters(value)
    return value


def _prose(value: Any) -> str:
    return plain_text(_text(value))


def _prose_or_nothing(value: Any) -> str:
    return "" if value == "" else _prose(value)


def _one_line(value: Any) -> str:
    return one_line(_prose(value))


def _check_characters(value: str) -> None:
    """Refuse half of a character, which no UTF-8 file can hold."""
    if HALF.search(value):
        raise BadValue(*HALF_REFUSED)


def _amount(value: Any) -> Decimal:
    if value in (None, ""):
        raise BadValue("no value", "Write an amount, or remove the line")
    return parse_amount(value)


def _budget(value: Any) -> Decimal:
    amount = _amount(value)
    if amount < ZERO:
        raise BadValue("a budget below zero", "Write 0 or more")
    return amount


def _number(value: Any, otherwise: BadValue) -> Decimal:
    """A decimal number; `otherwise` is raised for what is no number at all."""
    try:
        return parse_amount(value)
    except BadValue as error:
        raise (otherwise if error.rule.startswith("not ") else error) from None


def _fraction(value: Any) -> Decimal:
    rule, fix = "not a fraction", "Write a fraction, such as 0.80 for 80%"
    amount = _number(value, BadValue(rule, fix))
    if not ZERO <= amount <= 10:
        raise BadValue(rule, fix)
    return amount


def _threshold(value: Any) -> Decimal:
    share = _fraction(value)
    if not share:
        # 0,5 in a list is 0 and 5.
        fix = "Write fractions with a decimal point, such as [0.5, 0.8, 1.0]"
        raise BadValue("not above 0", fix)
    return share


def _target(value: Any) -> Decimal | None:
    if value == "":
        return None
    return _share_such_as("0.95 for 95%", value)


def _share(value: Any) -> Decimal:
    return _share_such_as("0.80 for 80%", value)


def _share_such_as(example: str, value: Any) -> Decimal:
    share = _fraction(value)
    if not ZERO < share <= 1:
        raise BadValue("not above 0 and at most 1", f"Write a fraction, such as {example}")
    return share


def _limit(value: Any) -> Decimal | None:
    return None if value == "" else _budget(value)


def _text_if_set(amount: Decimal | None) -> str:
    return "" if amount is None else _digits(amount)


def _change(value: Any) -> Decimal | None:
    return None if value == NO_BUDGET else _budget(value)


def _rate(value: Any) -> Decimal:
    rule = "not a rate of change"
    fix = "Write 0.10 for 10% more or -0.20 for 20% less, with at most four decimals"
    in_percent = isinstance(value, str) and value.endswith("%")
    amount = _number(value.removesuffix("%").rstrip() if in_percent else value, BadValue(rule, fix))
    if in_percent:
        amount = amount.scaleb(-2)
    elif amount > HIGHEST_FRACTION and not isinstance(value, Decimal):  # typed by a person
        raise _maybe_percent(amount)
    if not -1 <= amount <= HIGHEST_RATE or amount != amount.quantize(Decimal("0.0001")):
        raise BadValue(rule, fix)
    return amount


def _maybe_percent(amount: Decimal) -> BadValue:
    """The refusal of a rate that may have been meant in percent."""
    fix = f"Write {plain(amount.scaleb(-2))} for {plain(amount)}%"
    if amount <= HIGHEST_RATE:
        fix = f"{fix}, or {plain(amount.scaleb(2))}% for {plain(amount + 1)} times as much"
    return BadValue(f"a rate above {HIGHEST_FRACTION} without a percent sign", fix)


def rate_text(rate: Decimal) -> str:
    """A rate as a params file has it: a high one in percent, so that nobody takes it for 10%.

    >>> rate_text(Decimal("0.10")), rate_text(Decimal(10))
    ('0.10', '1000%')
    """
    return f"{plain(rate.scaleb(2))}%" if rate > HIGHEST_FRACTION else _digits(rate)


def _rate_if_set(value: Any) -> Decimal | None:
    return None if value in (None, "") else _rate(value)


def _amount_if_set(value: Any) -> Decimal | None:
    return None if value in (None, "") else _amount(value)


def _name_if_set(value: Any) -> str:
    return "" if value in (None, "") else _name(value)


def _approval(value: Any) -> str | dict[str, str]:
    if not isinstance(value, dict):
        return _one_line(value)
    if not value:
        raise BadValue("no month", APPROVAL_FIX)
    for month in value:
        if not MONTH.fullmatch(str(month)):
            raise BadValue(f"{month} is not a month", APPROVAL_FIX)
    return {str(month): _one_line(approver) for month, approver in value.items()}


def _month_number(value: Any) -> int:
    text = f"{value}"
    if not isinstance(value, (str, int)) or text not in MONTH_NUMBERS:
        raise BadValue("not the number of a month", "Write 1 for January, up to 12 for December")
    return int(text)


def _boolean(value: Any) -> bool:
    if value in (True, False):
        return bool(value)
    if value in ("true", "false"):
        return bool(value == "true")
    raise BadValue("neither true nor false", "Write true or false")


def _day(value: Any) -> date | None:
    return None if value in (None, "") else _known_day(value)


def _known_day(value: Any) -> date:
    if type(value) is date:  # A datetime is a date too, and has a time that would be lost.
        return value
    if isinstance(value, str) and DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass  # The form is right, but the calendar has no such day.
    raise BadValue("not a day", "Write it as 2025-12-31")


def _texts(value: Any) -> tuple[str, ...]:
    items = value if isinstance(value, (list, tuple)) else (value,)
    if not all(items):
        raise BadValue("is empty", "Write a path, such as usage/calls-{period}.csv")
    return tuple(_text(item) for item in items)


def _time_zone(value: str) -> str:
    fix = "Write the name of a time zone, such as UTC or Europe/Berlin"
    if value in MACHINE_ZONES:
        raise BadValue("not a time zone", fix)
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise BadValue("not a time zone", fix) from None
    return value


def _currency_code(value: str) -> str:
    if not CURRENCY.fullmatch(value):
        raise BadValue("not a currency", "Write a code of capital letters, such as USD")
    return value


def _change_text(amount: Decimal | None) -> str:
    return NO_BUDGET if amount is None else _digits(amount)


def _digits(amount: Decimal) -> str:
    """`amount` with its own decimals and without an exponent, which `parse_amount` would refuse."""
    return format(amount, "f")


_as_digits: Final = PlainSerializer(_digits, when_used="json")

Name = Annotated[str, BeforeValidator(_name)]
Text = Annotated[str, BeforeValidator(_text)]
Prose = Annotated[str, BeforeValidator(_prose)]
ProseOrNothing = Annotated[str, BeforeValidator(_prose_or_nothing)]
OneLine = Annotated[str, BeforeValidator(_one_line)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Amount = Annotated[Decimal, BeforeValidator(_amount), _as_digits]
Budget = Annotated[Decimal, BeforeValidator(_budget), _as_digits]
BudgetChange = Annotated[
    Decimal | None, BeforeValidator(_change), PlainSerializer(_change_text, when_used="json")
]
Fraction = Annotated[Decimal, BeforeValidator(_fraction), _as_digits]
Share = Annotated[Decimal, BeforeValidator(_share), _as_digits]
Threshold = Annotated[Decimal, BeforeValidator(_threshold), _as_digits]
_as_digits_if_set: Final = PlainSerializer(_text_if_set, when_used="json")
Target = Annotated[Decimal | None, BeforeValidator(_target), _as_digits_if_set]
Limit = Annotated[Decimal | None, BeforeValidator(_limit), _as_digits_if_set]
Rate = Annotated[Decimal, BeforeValidator(_rate), PlainSerializer(rate_text, when_used="json")]
RateIfSet = Annotated[
    Decimal | None,
    BeforeValidator(_rate_if_set),
    PlainSerializer(lambda rate: "" if rate is None else rate_text(rate), when_used="json"),
]
AmountIfSet = Annotated[Decimal | None, BeforeValidator(_amount_if_set), _as_digits_if_set]
NameIfSet = Annotated[str, BeforeValidator(_name_if_set)]
Approval = Annotated[str | dict[str, str], BeforeValidator(_approval)]
Day = Annotated[date | None, BeforeValidator(_day)]
KnownDay = Annotated[date, BeforeValidator(_known_day)]
MonthNumber = Annotated[int, BeforeValidator(_month_number)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
CurrencyCode = Annotated[str, AfterValidator(_currency_code)]
Boolean = Annotated[bool, BeforeValidator(_boolean)]
