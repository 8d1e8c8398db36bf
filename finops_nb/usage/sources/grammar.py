"""Grammar: numbers and dates as a source writes them, turned into those that usage has.

As SQL for the engine, which reads every row, and as Python for the messages: both give the same
text. A text that is not as the source writes it gets a blank at its end, with which it is no number
and no date, and is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from finops_nb.params.column_names import ColumnName
from finops_nb.params.grammar import EXAMPLE
from finops_nb.params.sources import Source
from finops_nb.usage.sources import values
from finops_nb.usage.sources.dialects import TOKENS
from finops_nb.usage.sources.values import CLOCK, FAULTS, TEXT, ZONE, Fault, sql_text

TIMES: Final[tuple[ColumnName, ...]] = ("timestamp", "charge_end", "billing_period")
COSTS: Final[tuple[ColumnName, ...]] = ("cost", "billed_cost")
NUMBERS: Final[tuple[ColumnName, ...]] = (*COSTS, "calls", *TOKENS)

BLANKS: Final = " \u00a0\u202f"
SIGNS: Final = "$€£¥₹"
MINUS: Final = "-\u2212"
NEGATIVE: Final = f"[{MINUS}(]"
"""What an amount below zero has: a minus before or behind it, or brackets."""

AFTERNOON: Final = r"(0?\d|1[0-2]):[0-5]\d(:[0-5]\d)? ?[AaPp][Mm]"
"""A time without a zone says nothing about the day."""

DAYS: Final = {
    "MM/DD/YYYY": (r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})", "312"),
    "DD/MM/YYYY": (r"(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4})", "321"),
    "DD.MM.YYYY": (r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})", "321"),
    "YYYYMMDD": (r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)", "123"),
}
"""The pattern of a day, and which of its groups are year, month and day."""

EPOCHS: Final = {"epoch": (r"\d{9,10}(\.\d+)?", 0), "epoch_ms": (r"\d{12,13}", 3)}
"""The pattern of an instant, and how many digits of it are fractions of a second."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Grammar:
    """How a source writes its values.

    Args:
        numbers: 1234.56 as it writes it; "" where numbers are plain.
        dates: of `DAYS` or `EPOCHS`; "" where dates are ISO 8601.
        exponent: of the power of ten by which its cost is multiplied.
    """

    numbers: str = ""
    dates: str = ""
    exponent: int = 0

    def of_type(self, type_: str) -> Grammar:
        """The grammar of a column of that DuckDB type: only texts are written in some form.

        A number is one already, in cents or not; an integer may be a date, such as 20251231.
        """
        if type_ == TEXT:
            return self
        return replace(self, numbers="", dates=self.dates if type_ in values.INTEGERS else "")

    def rewrites(self, column: ColumnName) -> bool:
        """Whether values of one of our columns are written in another way."""
        if column in TIMES:
            return bool(self.dates)
        scaled = column in COSTS and self.exponent
        return bool((self.numbers and column in NUMBERS) or scaled)

    def sql(self, column: ColumnName, name: str) -> str:
        """The value of one of our columns as usage has it.

        Args:
            column: one that `rewrites`.
            name: the column of the scan, in SQL, of any type.
        """
        text = f"CAST({name} AS {TEXT})"
        if column in TIMES:
            return _day_sql(text, self.dates)
        if self.numbers:
            text = _number_sql(text, self.numbers)
        return _scaled_sql(text, self.exponent) if column in COSTS else text

    def text(self, column: ColumnName, text: str) -> str:
        """The same in Python, of a text that is there."""
        if not self.rewrites(column):
            return text
        if column in TIMES:
            return _day_text(text, self.dates)
        if self.numbers:
            text = _number_text(text, self.numbers)
        return _scaled_text(text, self.exponent) if column in COSTS else text

    def fault(self, column: ColumnName, text: str | None) -> Fault | None:
        """What is wrong with a value as the source has it; None if it can be read."""
        fault = FAULTS[column](text if text is None else self.text(column, text))
        if fault is None or not (text or "").strip() or not self.rewrites(column):
            return fault
        if column in TIMES:
            return f"not a date in the form {self.dates}", "Correct it, or `dates` of the source"
        if self.numbers:
            rule = f"not a number in the form {self.numbers}"
            return rule, "Correct it, or `numbers` of the source"
        return fault


def grammar_of(source: Source) -> Grammar:
    """The grammar of a source."""
    dates = "" if source.dates == "ISO" else source.dates
    return Grammar(source.numbers, dates, source.scale.adjusted())


def _number_pattern(style: str) -> str:
    """What RE2 and Python match: an amount with an optional sign, in brackets, with a currency."""
    thousands, point = _separators(style)
    # French thousands stand apart by any of three blanks, which look alike.
    apart = f"[{BLANKS}]" if thousands in BLANKS else re.escape(thousands)
    grouped = rf"\d{{1,3}}({apart}\d{{3}})+|" if thousands else ""
    digits = rf"({grouped}\d+)({re.escape(point)}\d*)?|{re.escape(point)}\d+"
    sign, currency = f"[{MINUS}+]?", f"[{BLANKS}]*[{SIGNS}]?[{BLANKS}]*"
    amount = rf"{currency}({digits}){currency}"
    with_sign = rf"{sign}{amount}|{currency}{sign}({digits})|{amount}[{MINUS}]|\({amount}\)"
    return f"[{BLANKS}]*({with_sign})[{BLANKS}]*"


def _separators(style: str) -> tuple[str, str]:
    found = EXAMPLE.fullmatch(style)
    assert found is not None, "the params were checked"
    return found["thousands"], found["point"]


def _number_sql(text: str, style: str) -> str:
    _, point = _separators(style)
    others = sql_text(f"[^0-9{point}]")
    digits = f"replace(regexp_replace({text}, {others}, '', 'g'), '{point}', '.')"
    is_negative = f"regexp_matches({text}, {sql_text(NEGATIVE)})"
    return (
        f"CASE WHEN regexp_full_match({text}, {sql_text(_number_pattern(style))}) "
        f"THEN CASE WHEN {is_negative} THEN '-' ELSE '' END || {digits} "
        f"ELSE {_refused_sql(text)} END"
    )


def _number_text(text: str, style: str) -> str:
    _, point = _separators(style)
    if not re.fullmatch(_number_pattern(style), text, re.ASCII):
        return _refused(text)
    minus = "-" if re.search(NEGATIVE, text) else ""
    return minus + re.sub(f"[^0-9{point}]", "", text).replace(point, ".")


def _scaled_sql(text: str, exponent: int) -> str:
    """A number times a power of ten: its exponent is another one, its digits are the same."""
    if not exponent:
        return text
    own = f"coalesce(TRY_CAST(regexp_extract({text}, '[eE](.*)', 1) AS INTEGER), 0)"
    mantissa = f"regexp_replace({text}, '[eE].*', '')"
    is_number = f"regexp_full_match({text}, {sql_text(values.COST)})"
    return (
        f"CASE WHEN {is_number} THEN {mantissa} || 'e' || CAST({own} + {exponent} AS {TEXT}) "
        f"ELSE {_refused_sql(text)} END"
    )


def _scaled_text(text: str, exponent: int) -> str:
    if not exponent:
        return text
    if not values.IS_COST(text):
        return _refused(text)
    mantissa, _, own = text.replace("E", "e").partition("e")
    return f"{mantissa}e{int(own or 0) + exponent}"


def _day_pattern(style: str) -> str:
    day, _ = DAYS[style]
    return rf"{day}(?P<time>[T ]{CLOCK}{ZONE}?)?( {AFTERNOON})?"


def _day_sql(text: str, style: str) -> str:
    if style in EPOCHS:
        pattern, decimals = EPOCHS[style]
        seconds = f"CAST(regexp_extract({text}, '^\\d+') AS BIGINT) // {10**decimals}"
        instant = f"strftime(make_timestamp({seconds} * 1000000), '%Y-%m-%dT%H:%M:%SZ')"
        is_instant = f"regexp_full_match({text}, {sql_text(pattern)})"
        return f"CASE WHEN {is_instant} THEN {instant} ELSE {_refused_sql(text)} END"
    pattern = sql_text(_plain_groups(_day_pattern(style)))
    year, month, day = (
        f"lpad(regexp_extract({text}, {pattern}, {group}), 2, '0')"
        if place
        else f"regexp_extract({text}, {pattern}, {group})"
        for place, group in enumerate(DAYS[style][1])
    )
    time = f"regexp_extract({text}, {pattern}, 4)"
    return (
        f"CASE WHEN regexp_full_match({text}, {pattern}) "
        f"THEN {year} || '-' || {month} || '-' || {day} || {time} ELSE {_refused_sql(text)} END"
    )


def _plain_groups(pattern: str) -> str:
    """A pattern whose groups have numbers, as the engine counts them."""
    return re.sub(r"\?P<\w+>", "", pattern)


def _day_text(text: str, style: str) -> str:
    if style in EPOCHS:
        pattern, decimals = EPOCHS[style]
        if not re.fullmatch(pattern, text, re.ASCII):
            return _refused(text)
        seconds = int(text.partition(".")[0]) // 10**decimals
        return f"{EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"
    found = re.fullmatch(_day_pattern(style), text, re.ASCII)
    if found is None:
        return _refused(text)
    year, month, day = found["year"], found["month"].zfill(2), found["day"].zfill(2)
    return f"{year}-{month}-{day}{found['time'] or ''}"


def _refused(text: str) -> str:
    return f"{text} " if text.strip() else text


def _refused_sql(text: str) -> str:
    return f"CASE WHEN {text} IS NULL OR trim({text}) = '' THEN {text} ELSE {text} || ' ' END"
