"""Format: every figure a true rounding, the sign before the currency, and never -0.00."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import get_args
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.money import rounded
from finops_nb.report.format import (
    MISSING,
    Format,
    blanks_marked,
    count,
    day,
    noun,
    visible,
    visible_name,
)
from finops_nb.schema import Unit
from finops_nb.words import listing

USD = Format("USD")


def decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


@pytest.mark.parametrize(
    ("currency", "amount", "text"),
    [
        ("USD", "1495.06", "$1,495.06"),
        ("USD", "-1495.06", "-$1,495.06"),
        ("USD", "0.005", "$0.01"),
        ("USD", "-0.005", "-$0.01"),
        ("USD", "-0.004999", "$0.00"),
        ("USD", "0", "$0.00"),
        ("USD", "2.675", "$2.68"),
        ("USD", "999.995", "$1,000.00"),
        ("USD", "999999999999999.99", "$999,999,999,999,999.99"),
        ("USD", None, "n/a"),
        ("EUR", "-1234.5", "-€1,234.50"),
        ("GBP", "1", "£1.00"),
        ("JPY", "1234567.5", "¥1,234,568"),
        ("JPY", "-0.5", "-¥1"),
        ("JPY", "-0.4", "¥0"),
        ("KWD", "1.2345", "KWD\u00a01.235"),
        ("CHF", "1234.5", "CHF\u00a01,234.50"),
        ("CHF", "-1234.5", "-CHF\u00a01,234.50"),
        ("TOKENS", "2", "TOKENS\u00a02.00"),
    ],
)
def test_it_prints_money(currency, amount, text):
    """It has the decimals of the currency, rounded half away from zero, and its sign or code."""
    assert Format(currency).money(decimal(amount)) == text


@pytest.mark.parametrize(
    ("rate", "text"), [("0.1", "+10%"), ("0.3333", "+33.33%"), ("-0.2", "-20%"), ("0.00", "0%")]
)
def test_it_prints_a_chosen_change_as_it_was_chosen(rate, text):
    """No digit is rounded away."""
    assert USD.signed_percent(Decimal(rate)) == text


@given(st.decimals(-(10**12), 10**12, places=6))
def test_it_prints_the_rounded_amount_and_nothing_else(amount):
    """Read back, it is the rounded amount; zero has no sign."""
    text = USD.money(amount)

    assert Decimal(text.replace("$", "").replace(",", "")) == rounded(amount, 2)
    assert "-" not in text.lstrip("-")
    assert text != "-$0.00"


@pytest.mark.parametrize(
    ("currency", "amount", "text"),
    [
        ("USD", "0.039149", "$0.0391"),
        ("USD", "0.03915", "$0.0392"),
        ("USD", "12", "$12.0000"),
        ("USD", "0.001", "$0.0010"),
        ("USD", "0.00099999", "$0.001000"),
        ("USD", "0.0005", "$0.000500"),
        ("USD", "0.0000015", "$0.000002"),
        ("USD", "-0.0000015", "-$0.000002"),
        ("USD", "0.0000000001", "$0.000000"),
        ("USD", "0", "$0.0000"),
        ("USD", None, "n/a"),
        ("JPY", "0.1", "¥0.10"),
        ("JPY", "0.039", "¥0.0390"),
        ("KWD", "0.0001", "KWD\u00a00.00010"),
        ("KWD", "0.0000391", "KWD\u00a00.0000391"),
    ],
)
def test_it_prints_the_cost_of_a_call(currency, amount, text):
    """It has two decimals more than money, and four more for an amount of one digit."""
    assert Format(currency).unit_cost(decimal(amount)) == text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        ("0.701", "70.1%"),
        ("0.7005", "70.1%"),
        ("0.70049999", "70.0%"),
        ("-0.7005", "-70.1%"),
        ("-0.0004", "0.0%"),
        ("0.9994", "99.9%"),
        ("0.9995", ">99.9%"),
        ("1", "100.0%"),
        ("1.0004", ">100.0%"),
        ("1.0005", "100.1%"),
        ("0.0005", "0.1%"),
        ("0.0004", "<0.1%"),
        ("12.345", "1,234.5%"),
        ("0", "0.0%"),
        (None, "n/a"),
    ],
)
def test_it_prints_a_share(fraction, text):
    """It has one decimal; 100.0% is exactly the whole, and 0.0% is nothing or a small credit."""
    assert USD.share(decimal(fraction)) == text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        ("0.348", "+34.8%"),
        ("-0.299", "-29.9%"),
        ("0.0005", "+0.1%"),
        ("-0.0004", "0.0%"),
        ("0.0004", "0.0%"),
        ("0", "0.0%"),
        (None, "n/a"),
    ],
)
def test_it_prints_a_change_with_its_sign(fraction, text):
    """A change that rounds to zero has no sign."""
    assert USD.signed_share(decimal(fraction)) == text


@pytest.mark.parametrize(
    ("amount", "fraction", "text"),
    [
        ("-1495.06", "-0.299012", "-$1,495.06 (-29.9%)"),
        ("695.74", "0.34787", "$695.74 (+34.8%)"),
        ("0", "0", "$0.00 (0.0%)"),
        ("5", None, "$5.00"),
        (None, None, "n/a"),
    ],
)
def test_it_prints_a_variance_with_its_fraction(amount, fraction, text):
    """A zero budget has no fraction to print; without a budget there is no variance."""
    assert USD.variance(decimal(amount), decimal(fraction)) == text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [("0.80", "80%"), ("1.0", "100%"), ("0.125", "12.5%"), ("0.333333", "33.3333%"), ("0", "0%")],
)
def test_it_prints_a_fraction_that_a_person_chose(fraction, text):
    """It has the decimals it was given, unrounded."""
    assert USD.percent(Decimal(fraction)) == text


def test_it_prints_efficiency():
    """A score has two decimals, or three digits below one; a gap has two digits and its unit."""
    assert USD.calls_per_money(Decimal("25.915")) == "25.92"
    assert USD.calls_per_money(Decimal("1234.5")) == "1,234.50"
    assert USD.calls_per_money(None) == "n/a"
    assert [
        USD.calls_per_money(Decimal(score)) for score in ("0.036385", "0.5", "0.0123449", "0")
    ] == ["0.0364", "0.500", "0.0123", "0.00"]
    assert [USD.gap(Decimal(gap)) for gap in ("0.105", "0.0364")] == [
        "0.11 calls per dollar",
        "0.036 calls per dollar",
    ]
    assert Format("CHF").gap(Decimal(2)) == "2.00 calls per CHF"


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("text", "a", "a"),
        ("status", "OVER", "OVER"),
        ("day", date(2025, 12, 18), "2025-12-18"),
        ("date", date(2025, 12, 8), "December 8"),
        ("money", Decimal("-1.5"), "-$1.50"),
        ("estimate", Decimal("11100"), "$11,100"),
        ("estimate", Decimal("10.5"), "$10.50"),
        ("change", Decimal("800"), "+$800.00"),
        ("change", Decimal("-1.5"), "-$1.50"),
        ("change", Decimal("0.004"), "$0.00"),
        ("signed share", Decimal("0.3484"), "+34.8%"),
        ("variance", Decimal("-1.5"), "-$1.50"),
        ("unit cost", Decimal("0.0391"), "$0.0391"),
        ("calls per money", Decimal("25.92"), "25.92"),
        ("quantity", Decimal("12500.50"), "12,500.5"),
        ("gap", Decimal("0.11"), "0.11 calls per dollar"),
        ("count", 90457, "90,457"),
        ("share", Decimal("0.701"), "70.1%"),
        ("percent", Decimal("0.8"), "80%"),
        ("rank", 1, "1"),
    ],
)
def test_it_prints_a_value_by_its_unit(unit, value, text):
    """Each unit of the schema has one way to be printed, and "n/a" for None."""
    assert USD.of(unit, value) == text
    assert USD.of(unit, None) == MISSING == "n/a"


def test_every_unit_is_tested_above():
    """A new unit needs a case there."""
    (parameters,) = [
        mark for mark in test_it_prints_a_value_by_its_unit.pytestmark if mark.name == "parametrize"
    ]

    assert {unit for unit, _, _ in parameters.args[1]} == set(get_args(Unit))


def test_it_prints_counts_days_and_lists():
    """Nouns agree with their number; a list ends in "and"."""
    assert (count(90457), day(date(2025, 1, 2))) == ("90,457", "2025-01-02")
    assert [noun(n, "call") for n in (0, 1, 2, 1000)] == [
        "0 calls",
        "1 call",
        "2 calls",
        "1,000 calls",
    ]
    assert noun(2, "day of usage", "days of usage") == "2 days of usage"
    assert [listing(each) for each in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


@pytest.mark.parametrize("char", ["\x00", "\x07", "\x1b", "\r", "\x7f", "\x9b"])
def test_it_replaces_control_characters(char):
    """Characters that HTML can't hold become a mark; letters, emoji and line breaks stay."""
    assert visible(f"a{char}b") == "a\ufffdb"
    assert visible("a\n\tZoë\u00a0日本 👩‍🚀") == "a\n\tZoë\u00a0日本 👩‍🚀"


@given(st.text())
def test_it_shows_what_a_page_and_a_drawing_can_hold(text):
    """Any visible text is well-formed in XML and has as many characters as before."""
    page = ElementTree.fromstring(f"<p>{escape(visible(text))}</p>")

    assert len(page.text or "") == len(text)


@pytest.mark.parametrize(
    ("months", "text"),
    [
        (("2025-10", "2025-11"), "October to November 2025: $1.00, n/a"),
        (("2024-12", "2025-01"), "December 2024 to January 2025: $1.00, n/a"),
    ],
)
def test_a_trend_names_its_months(months, text):
    """The year is printed once if both months have the same; a month without a figure is n/a."""
    assert Format("USD").trend(months, (Decimal(1), None)) == text


@given(st.text(alphabet=st.sampled_from("aZ1-_ \t\n\u00a0\u202eé\x00"), max_size=6))
def test_a_plain_name_takes_the_short_way_to_the_same_text(name):
    """A plain name has neither unseen blanks nor characters that cannot be shown."""
    assert visible_name(name) == visible(blanks_marked(name))
