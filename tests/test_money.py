"""Money: read exactly or not at all, rounded half a cent away from zero, lines that add up."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.errors import BadValue
from finops_nb.money import (
    LIMIT,
    minor_units,
    parse_amount,
    plain,
    portion,
    ratio,
    rounded,
    rounding_difference,
    total,
)

amounts = st.decimals(min_value=-LIMIT + 1, max_value=LIMIT - 1, places=12)
places = st.integers(0, 6)


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("5000", "5000"),
        ("5000.50", "5000.50"),
        ("+5", "5"),
        ("-3", "-3"),
        (".5", "0.5"),
        ("5.", "5"),
        ("007", "7"),
        ("0.000000000001", "0.000000000001"),
        ("999999999999999.999999999999", "999999999999999.999999999999"),
        (5000, "5000"),
        (-1, "-1"),
        (5.5, "5.5"),
        (0.1, "0.1"),
        (2695.75, "2695.75"),
        (999999999999.125, "999999999999.125"),
        (1e-5, "0.00001"),
        (Decimal("1.25"), "1.25"),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("5E+3"), "5000"),
    ],
)
def test_it_reads_an_amount_exactly(written, amount):
    """Digits with a decimal point are read exactly, and a float as it was typed."""
    assert parse_amount(written) == Decimal(amount)


@pytest.mark.parametrize(
    "written",
    [
        *(
            "5,000",
            "5 000",
            "5'000",
            "5_000",
            "5.000,50",
            "5\u00a0000",
            "5k",
            "$5000",
            "5000 USD",
            "(5)",
            "50%",
            "1e3",
            "1E+3",
            "0x1F",
            "1/3",
        ),
        *(
            "NaN",
            "nan",
            "inf",
            "-inf",
            "Infinity",
            "",
            " ",
            " 5",
            "5 ",
            "5\n",
            "-",
            "+",
            ".",
            "--5",
            "five",
            "null",
            "1.2.3",
        ),
        *("٥", "５", "५", "²"),
        *(True, False, None, [], {}, b"5", 5j, object(), Path("5"), Fraction(5)),
        *(float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity")),
        *(1e16, 1e15, "1000000000000000", -(10**15), "9" * 4000),
        *("0.0000000000001", 1e-13, "5.0000000000000"),
        *(0.1 + 0.2, 1234567890123.456),
    ],
)
def test_it_refuses_what_is_not_a_plain_amount(written):
    """Everything else is refused with a rule and a fix; nothing is guessed."""
    with pytest.raises(BadValue) as refused:
        parse_amount(written)
    assert refused.value.rule
    assert refused.value.fix[0].isupper()


@given(amounts)
def test_it_reads_back_what_it_prints(amount):
    """`plain` and `parse_amount` are inverse, whatever the amount."""
    assert parse_amount(plain(amount)) == amount


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=6))
def test_it_reads_a_float_as_the_digits_that_were_typed(amount):
    """With up to 15 digits, 0.1 typed in a notebook is one tenth, not the float next to it."""
    assert parse_amount(float(amount)) == amount


@pytest.mark.parametrize(
    ("amount", "decimals", "cents"),
    [
        ("0.005", 2, "0.01"),
        ("-0.005", 2, "-0.01"),
        ("0.004999999999", 2, "0.00"),
        ("2.665", 2, "2.67"),
        ("2.675", 2, "2.68"),
        ("-2.675", 2, "-2.68"),
        ("1.0049", 2, "1.00"),
        ("0.5", 0, "1"),
        ("-0.5", 0, "-1"),
        ("1.5", 0, "2"),
        ("2.5", 0, "3"),
        ("0.0005", 3, "0.001"),
        ("7", 2, "7.00"),
        ("999999999999999.995", 2, "1000000000000000.00"),
    ],
)
def test_it_rounds_half_away_from_zero(amount, decimals, cents):
    """A tie goes away from zero on both sides, never to the even neighbor."""
    assert str(rounded(Decimal(amount), decimals)) == cents


@pytest.mark.parametrize("amount", ["0", "-0", "-0.0", "-0.001", "-0.004999999999", "-1E-12"])
def test_it_never_rounds_to_minus_zero(amount):
    """Nothing prints as -0.00."""
    assert str(rounded(Decimal(amount), 2)) == "0.00"


@given(amounts, places)
def test_it_rounds_to_the_nearest(amount, decimals):
    """A rounding is at most half a unit off, mirrors at zero, and does not change again."""
    unit = Decimal(1).scaleb(-decimals)

    assert abs(rounded(amount, decimals) - amount) <= unit / 2
    assert rounded(-amount, decimals) == -rounded(amount, decimals)
    assert rounded(rounded(amount, decimals), decimals) == rounded(amount, decimals)


def test_it_says_what_a_rounding_line_must_hold():
    """Three lines of 0.005 print as 3 × 0.01; their total, 0.015, as 0.02."""
    up = rounding_difference([Decimal("0.005")] * 3, Decimal("0.015"), 2)
    down = rounding_difference([Decimal("0.004")] * 3, Decimal("0.012"), 2)

    assert up == Decimal("-0.01")  # 0.02 - 3 × 0.01
    assert down == Decimal("0.01")  # 0.01 - 3 × 0.00
    assert rounding_difference([Decimal("1.10"), Decimal("2.20")], Decimal("3.30"), 2) == 0
    assert rounding_difference([], Decimal(0), 2) == 0


@given(st.lists(st.decimals(-(10**6), 10**6, places=6), max_size=20), places)
def test_it_makes_printed_lines_foot(lines, decimals):
    """Printed lines and their rounding line add up to the printed total, always."""
    printed = [rounded(line, decimals) for line in lines]

    assert total(printed) + rounding_difference(lines, total(lines), decimals) == rounded(
        total(lines), decimals
    )


@given(st.lists(st.decimals(-(10**9), 10**9, places=12), max_size=20))
def test_it_adds_exactly_in_any_order(lines):
    """A sum is the same forward, backward and in integers of 10^-12."""
    units = sum(int(line.scaleb(12)) for line in lines)

    assert total(lines) == total(reversed(lines)) == Decimal(units).scaleb(-12)


def test_it_adds_nothing_to_zero():
    """The sum of no amounts is a Decimal too."""
    assert isinstance(total([]), Decimal)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("8669.894004000000", "8669.894004"),
        ("1E+3", "1000"),
        ("1E-12", "0.000000000001"),
        ("100", "100"),
        ("-0.0", "0"),
        ("0E-12", "0"),
        ("-12.50", "-12.5"),
    ],
)
def test_it_prints_plain_text(amount, text):
    """Unrounded text has no exponent, no trailing zeros and no minus before zero."""
    assert plain(Decimal(amount)) == text


@given(amounts)
def test_it_prints_one_text_for_one_amount(amount):
    """Equal amounts have equal texts, however many zeros they were written with."""
    text = plain(amount)

    assert plain(Decimal(f"{text}{'' if '.' in text else '.'}000")) == text
    assert text == "0" or not text.startswith("-0" if "." not in text else "-00")
    assert "." not in text or not text.endswith(("0", "."))


@pytest.mark.parametrize(
    ("part", "whole", "quotient"),
    [
        ("1", "4", "0.25"),
        ("-1", "4", "-0.25"),
        ("0", "4", "0"),
        ("1", "0.5", "2"),
        ("1", "0", None),
        ("1", "-4", None),
        (None, "4", None),
        ("1", None, None),
    ],
)
def test_it_divides_by_what_is_above_zero_only(part, whole, quotient):
    """There is no share of nothing or of a net credit."""

    def amount(text: str | None) -> Decimal | None:
        return None if text is None else Decimal(text)

    assert ratio(amount(part), amount(whole)) == amount(quotient)


@pytest.mark.parametrize(
    ("part", "whole", "share"),
    [
        ("1", "4", "0.25"),
        ("0", "4", "0"),
        ("4", "4", "1"),
        ("5", "4", None),
        ("-1", "4", None),
        ("1", "0", None),
    ],
)
def test_a_portion_is_between_nothing_and_all(part, whole, share):
    """With credits a part may exceed the whole, and then it is not a share of it."""
    assert portion(Decimal(part), Decimal(whole)) == (None if share is None else Decimal(share))


@pytest.mark.parametrize(
    ("currency", "decimals"),
    [("USD", 2), ("EUR", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("TOKENS", 2)],
)
def test_it_knows_the_minor_units(currency, decimals):
    """Yen have no cents, dinars have thousandths, and other labels have two decimals."""
    assert minor_units(currency) == decimals
