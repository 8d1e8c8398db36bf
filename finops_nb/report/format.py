"""Format: the one place where a value becomes the text that a reader sees."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, cast

from markupsafe import Markup, escape

from finops_nb.findings.money_text import amount_text, change_text, money_text, unit_name
from finops_nb.findings.sentence import Sentence
from finops_nb.money import SIGNS, minor_units, plain, rounded
from finops_nb.period import parse_period, spelled_day
from finops_nb.schema import Unit
from finops_nb.words import listing, short_names, shortened_inside

MISSING: Final = "n/a"
NAME_LENGTH: Final = 60
"""Characters of a name that the page prints; results.json and the XLSX have all."""
LONG_WORD: Final = 13
"""Characters of the longest word that is never broken: "(unallocated)"."""

# Bidirectional controls: they would turn around the text that follows a name.
REORDERING: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
# The complement of the characters that XML 1.0 allows, less the C1 controls.
NOT_WRITABLE: Final = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"

# Blanks of a name that a page does not show, or shows as a plain blank.
UNSEEN_BLANKS: Final = re.compile(r"^\s+|\s+$|(?<=\s)\s+|[^\S ]+")
BLANK: Final = "\N{OPEN BOX}"


@dataclass(frozen=True, slots=True)
class Format:
    """How values of one report are printed.

    Every figure is a true rounding, half away from zero. The minus sign stands before the
    currency's sign. `-0.00` is never printed.

    Args:
        currency: a code; a well-known one is printed as its sign, another as the code.

    Example:
        Format("USD").money(Decimal("-1495.06"))  # "-$1,495.06"
    """

    currency: str

    @property
    def sign(self) -> str:
        """The currency's sign, or its code: "$", "CHF"."""
        return SIGNS.get(self.currency, self.currency)

    @property
    def unit(self) -> str:
        """One unit of the currency in a sentence, or its code: "dollar", "CHF"."""
        return unit_name(self.currency)

    def money(self, amount: Decimal | None) -> str:
        """-$1,495.06"""
        return MISSING if amount is None else money_text(amount, self.currency)

    def estimate(self, amount: Decimal | None) -> str:
        """$11,100: money whose decimals are printed only where it has some."""
        if amount is None:
            return MISSING
        is_whole = amount == amount.to_integral_value()
        decimals = 0 if is_whole else minor_units(self.currency)
        return amount_text(amount, self.currency, decimals)

    def change(self, amount: Decimal | None) -> str:
        """+$800.00"""
        return MISSING if amount is None else change_text(amount, self.currency)

    def unit_cost(self, amount: Decimal | None) -> str:
        """$0.0391: two decimals more than money; four more if only one digit would be left."""
        if amount is None:
            return MISSING
        decimals = minor_units(self.currency) + 2
        tiny = 0 < abs(amount) < Decimal(10).scaleb(-decimals)
        return amount_text(amount, self.currency, decimals + 2 if tiny else decimals)

    def share(self, fraction: Decimal | None) -> str:
        """70.1%; never 0.0% for a small share, and never 100.0% for more or less than the whole."""
        if fraction is None:
            return MISSING
        percent = rounded(fraction * 100, 1)
        if fraction > 0 and percent == 0:
            return "<0.1%"
        if fraction < 1 and percent == 100:
            return ">99.9%"
        if fraction > 1 and percent == 100:
            return ">100.0%"
        return f"{percent:,}%"

    def signed_share(self, fraction: Decimal | None) -> str:
        """+34.8%"""
        if fraction is None:
            return MISSING
        percent = rounded(fraction * 100, 1)
        return f"{percent:+,}%" if percent else "0.0%"

    def percent(self, fraction: Decimal) -> str:
        """80%: a fraction that a person chose, with the decimals it needs."""
        return f"{plain(fraction * 100)}%"

    def signed_percent(self, fraction: Decimal) -> str:
        """+12.5%: a change that a person chose, with the decimals it needs."""
        plus = "+" if fraction > 0 else ""
        return plus + self.percent(fraction)

    def gap(self, score: Decimal) -> str:
        """0.11 calls per dollar: a difference of two scores; two digits are enough for it."""
        return f"{self.calls_per_money(score, digits=2)} calls per {self.unit}"

    def calls_per_money(self, score: Decimal | None, digits: int = 3) -> str:
        """25.92; a score below one has `digits` digits, since a call may cost over $1: 0.0364."""
        if score is None:
            return MISSING
        decimals = max(2, digits - 1 - score.adjusted()) if score else 2
        return f"{rounded(score, decimals):,.{decimals}f}"

    def trend(self, months: Sequence[str], amounts: Sequence[Decimal | None]) -> str:
        """A sparkline in words: "July to September 2025: $1.00, n/a, $2.00".

        Args:
            months: text like 2025-07; at least one.
            amounts: of all months from the first to the last; None prints as "n/a".
        """
        first, last = (parse_period(month).label for month in (months[0], months[-1]))
        year = last[-5:]  # " 2025": printed once if both months are of it
        return f"{first.removesuffix(year)} to {last}: {', '.join(map(self.money, amounts))}"

    def variance(self, amount: Decimal | None, fraction: Decimal | None) -> str:
        """-$1,495.06 (-29.9%); the fraction is left out if it is None."""
        if amount is None or fraction is None:
            return self.money(amount)
        return f"{self.money(amount)} ({self.signed_share(fraction)})"

    def of(self, unit: Unit, value: Any) -> str:
        """`value` as text, by the unit of its column; "n/a" for None."""
        printers: dict[Unit, Callable[[Any], str]] = {
            "text": str,
            "status": str,
            "day": day,
            "date": spelled_day,
            "money": self.money,
            "estimate": self.estimate,
            "change": self.change,
            "variance": self.money,
            "signed share": self.signed_share,
            "unit cost": self.unit_cost,
            "calls per money": self.calls_per_money,
            "gap": self.gap,
            "count": count,
            "quantity": quantity,
            "share": self.share,
            "percent": self.percent,
            "rank": str,
        }
        return MISSING if value is None else printers[unit](value)


def count(number: int | Decimal) -> str:
    """90,457; a what-if may have fractions of calls, which are rounded."""
    return f"{rounded(Decimal(number), 0):,}"


def quantity(number: Decimal) -> str:
    """12,500 or 0.5: with the decimals that it has."""
    return f"{Decimal(plain(number)):,f}"


def elapsed(seconds: float) -> str:
    """Time that has passed, as "1.5 s"."""
    return f"{seconds:.1f} s"


def day(value: date) -> str:
    """2025-12-18"""
    return value.isoformat()


def noun(number: int | Decimal, singular: str, plural: str | None = None) -> str:
    """A number with its noun: "1 organization", "3 organizations".

    Args:
        number: how many.
        singular: the noun.
        plural: its plural; None adds an "s".
    """
    word = singular if number == 1 else plural or f"{singular}s"
    return f"{count(number)} {word}"


def writable(text: str) -> str:
    """`text` with a mark for each character that HTML, SVG and XLSX can't hold."""
    return NOT_WRITABLE.sub(REPLACEMENT, text)


def visible(text: str) -> str:
    """`writable`, with a mark also for each character that would reorder the text around it."""
    return REORDERING.sub(REPLACEMENT, writable(text))


def has_long_word(text: str) -> bool:
    """Whether a word, or a part of one between hyphens, may be longer than a cell of a phone."""
    return any(len(word) > LONG_WORD for word in re.split(r"[\s-]", text))


def blanks_marked(name: str) -> str:
    """A name with a mark for each blank that nobody would see, for a text that stays exact."""
    return UNSEEN_BLANKS.sub(lambda found: BLANK * len(found[0]), name)


def visible_name(name: str) -> str:
    """A name of the data, `visible`, with a mark also for each blank that nobody would see.

    Those are at its beginning, at its end and after another blank, and all but plain blanks.

    Example:
        visible_name("Acme ")  # "Acme␣"
    """
    if name.isascii() and name.isprintable() and name == name.strip() and "  " not in name:
        return name  # as most are, and looking closer takes many times as long
    return visible(blanks_marked(name))


def table_names(names: Iterable[str]) -> dict[str, str]:
    """How the long names of a table are printed, by `visible_name`; no two are the same."""
    long = (visible_name(name) for name in names if len(name) >= NAME_LENGTH)
    return short_names(long, NAME_LENGTH)


def named(name: str, short: Mapping[str, str] | None = None) -> Markup:
    """A name of the data as HTML: escaped, isolated and shortened; its title has it whole.

    Args:
        name: from the data.
        short: `table_names` of the table in which it stands.
    """
    whole = visible_name(name)
    printed = (short or {}).get(whole) or shortened_inside(whole, NAME_LENGTH)
    if printed == whole:
        return Markup("<bdi>{}</bdi>").format(whole)
    return Markup('<bdi title="{}">{}</bdi>').format(whole, printed)


def html_sentence(value: Any, fmt: Format) -> Markup:
    """A sentence as HTML: every name escaped and isolated, every figure printed by its unit.

    Args:
        value: a `Sentence`, a name, or a tuple of these, which prints as a list.
        fmt: for the figures.
    """
    return Markup(_SentencePrinter(fmt, named, escape).print(value))


def text_sentence(value: Any, fmt: Format) -> str:
    """A sentence as text; the arguments are those of `html_sentence`."""
    return _SentencePrinter(fmt, blanks_marked, str).print(value)


class _SentencePrinter(string.Formatter):
    """Prints sentences.

    Args:
        fmt: for the figures.
        name: turns a name into output.
        figure: turns a printed figure into output.
    """

    def __init__(self, fmt: Format, name: Callable[[str], str], figure: Callable[[str], str]):
        self.fmt, self.name, self.figure = fmt, name, figure

    def print(self, value: Any) -> str:
        if isinstance(value, tuple):
            return listing(self.print(each) for each in value)
        if isinstance(value, Sentence):
            return self.vformat(value.text, (), value.values)
        return str(self.name(str(value)))

    def format_field(self, value: Any, unit: str) -> str:
        if not unit:
            return self.print(value)
        if unit.startswith("count "):
            return str(self.figure(noun(value, unit.removeprefix("count "))))
        # A sentence has a unit of the schema after the colon of a figure.
        return str(self.figure(self.fmt.of(cast(Unit, unit), value)))
