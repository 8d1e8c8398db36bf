"""Format: the one place where a value becomes the text that a reader sees."""

from __future__ import annotations

import calendar
import re
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, cast

from markupsafe import Markup, escape

from finops_nb.findings.sentence import Sentence
from finops_nb.money import minor_units, plain, rounded
from finops_nb.period import parse_period
from finops_nb.schema import Unit
from finops_nb.words import listing

MISSING: Final = "n/a"
REORDERING: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
NOT_HELD: Final = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SYMBOLS: Final = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


@dataclass(frozen=True, slots=True)
class Format:
    """How values of one report are printed.

    Every figure is a true rounding, half away from zero; the sign stands before the currency's sign; `-0.00` never.

    Args:
        currency: a code; those with a well-known sign are printed with it, others with the code.
    """

    currency: str

    @property
    def sign(self) -> str:
        """The currency's sign, or its code: "$", "CHF"."""
        return SYMBOLS.get(self.currency, self.currency)

    def money(self, amount: Decimal | None) -> str:
        """-$1,495.06"""
        return self._amount(amount, minor_units(self.currency))

    def change(self, amount: Decimal | None) -> str:
        """+$800.00"""
        return (
            f"+{self.money(amount)}"
            if amount is not None and rounded(amount, minor_units(self.currency)) > 0
            else self.money(amount)
        )

    def unit_cost(self, amount: Decimal | None) -> str:
        """$0.0391: two decimals more than money; two more again where at most one digit would be left."""
        decimals = minor_units(self.currency) + 2
        tiny = amount is not None and 0 < abs(amount) < Decimal(10).scaleb(-decimals)
        return self._amount(amount, decimals + 2 if tiny else decimals)

    def share(self, fraction: Decimal | None) -> str:
        """70.1%; what is a little, and not nothing, is <0.1%, and what is not quite, or more than, the whole never 100.0%"""
        if fraction is None:
            return MISSING
        percent = rounded(fraction * 100, 1)
        if percent == 100 and fraction != 1:
            return ">99.9%" if fraction < 1 else ">100.0%"
        return "<0.1%" if fraction > 0 and not percent else f"{percent:,}%"

    def signed_share(self, fraction: Decimal | None) -> str:
        """+34.8%"""
        return (
            MISSING
            if fraction is None
            else f"{rounded(fraction * 100, 1):+,}%"
            if rounded(fraction * 100, 1)
            else "0.0%"
        )

    def percent(self, fraction: Decimal) -> str:
        """80%: a fraction that a person chose, with the decimals it needs."""
        return f"{plain(fraction * 100)}%"

    def signed_percent(self, fraction: Decimal) -> str:
        """+12.5%: a change that a person chose, with the decimals it needs."""
        return f"{'+' if fraction > 0 else ''}{self.percent(fraction)}"

    def gap(self, score: Decimal) -> str:
        """0.11 calls/$: a difference of two scores, with its unit; two digits are enough for it"""
        return f"{self.calls_per_money(score, digits=2)} calls/{self.sign}"

    def calls_per_money(self, score: Decimal | None, digits: int = 3) -> str:
        """25.92; below one, so many digits, since a call may cost more than the unit of currency: 0.0364"""
        if score is None:
            return MISSING
        decimals = max(2, digits - 1 - score.adjusted()) if score else 2
        return f"{rounded(score, decimals):,.{decimals}f}"

    def trend(self, months: Sequence[str], amounts: Sequence[Decimal | None]) -> str:
        """July to September 2025: $1.00, n/a, $2.00: what a sparkline says to readers who do not see it"""
        first, last = (parse_period(month).label for month in (months[0], months[-1]))
        since = first.removesuffix(last[-5:])  # the year is said once where it is one
        return f"{since} to {last}: {', '.join(map(self.money, amounts))}"

    def variance(self, amount: Decimal | None, fraction: Decimal | None) -> str:
        """-$1,495.06 (-29.9%)"""
        if amount is None:
            return MISSING
        return self.money(amount) + (
            f" ({self.signed_share(fraction)})" if fraction is not None else ""
        )

    def of(self, unit: Unit, value: Any) -> str:
        """`value` as text, by the unit of its column; "n/a" for None."""
        printers: dict[Unit, Callable[[Any], str]] = {
            "text": str,
            "status": str,
            "day": day,
            "date": spelled_day,
            "money": self.money,
            "change": self.change,
            "variance": self.money,
            "signed share": self.signed_share,
            "unit cost": self.unit_cost,
            "calls per money": self.calls_per_money,
            "gap": self.gap,
            "count": count,
            "share": self.share,
            "percent": self.percent,
            "rank": str,
        }
        return MISSING if value is None else printers[unit](value)

    def _amount(self, amount: Decimal | None, decimals: int) -> str:
        if amount is None:
            return MISSING
        figure = rounded(amount, decimals)
        gap = "" if self.currency in SYMBOLS else "\N{NO-BREAK SPACE}"
        return f"{'-' if figure < 0 else ''}{self.sign}{gap}{abs(figure):,.{decimals}f}"


def count(number: int | Decimal) -> str:
    """90,457; of calls that a what-if made grow, the whole ones"""
    return f"{rounded(Decimal(number), 0):,}"


def elapsed(seconds: float) -> str:
    """Time that has passed, as "1.5 s"."""
    return f"{seconds:.1f} s"


def day(value: date) -> str:
    """2025-12-18"""
    return value.isoformat()


def spelled_day(value: date) -> str:
    """18 December"""
    return f"{value.day} {calendar.month_name[value.month]}"


def noun(number: int | Decimal, singular: str, plural: str | None = None) -> str:
    """A number with its noun: "1 organization", "3 organizations"."""
    return f"{count(number)} {singular if number == 1 else plural or singular + 's'}"


def writable(text: str) -> str:
    """`text` with a mark for each character that HTML, SVG and XLSX can't hold."""
    return NOT_HELD.sub("\N{REPLACEMENT CHARACTER}", text)


def visible(text: str) -> str:
    """`text` to be looked at: `writable`, and with a mark for what would turn around the text beside it."""
    return REORDERING.sub("\N{REPLACEMENT CHARACTER}", writable(text))


NAME_LENGTH: Final = 60
"""Characters of a name that the page prints; results.json and the XLSX have all."""


def named(name: str) -> Markup:
    """A name of the data as HTML: escaped, isolated, and on a few lines at most; a longer one is whole in its title."""
    whole = visible(name)
    if len(whole) <= NAME_LENGTH:
        return Markup("<bdi>{}</bdi>").format(whole)
    return Markup('<bdi title="{}">{}…</bdi>').format(whole, whole[: NAME_LENGTH - 1])


def html_sentence(said: Any, fmt: Format) -> Markup:
    """A fact as HTML: every name escaped and isolated, every figure printed by its unit."""
    return Markup(_Sentence(fmt, named, escape).say(said))


def text_sentence(said: Any, fmt: Format) -> str:
    """A fact as text."""
    return _Sentence(fmt, str, str).say(said)


class _Sentence(string.Formatter):
    """Prints facts; how a name and how a figure is written is the caller's."""

    def __init__(self, fmt: Format, name: Callable[[str], str], figure: Callable[[str], str]):
        self.fmt, self.name, self.figure = fmt, name, figure

    def say(self, said: Any) -> str:
        if isinstance(said, tuple):
            return listing([self.say(each) for each in said])
        return (
            self.vformat(said.text, (), said.values)
            if isinstance(said, Sentence)
            else str(self.name(str(said)))
        )

    def format_field(self, value: Any, unit: str) -> str:
        if unit.startswith("count "):
            return str(self.figure(noun(value, unit.removeprefix("count "))))
        # What stands behind the colon of a fact is a unit.
        return str(self.figure(self.fmt.of(cast(Unit, unit), value))) if unit else self.say(value)
