"""Money in text sentences reads as the report prints it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.findings.money_text import amount_text, change_text, money_text, unit_name
from finops_nb.report.format import Format

PRINTED = {"USD": ("$", 2), "EUR": ("€", 2), "JPY": ("¥", 0), "CHF": ("CHF\xa0", 2)}
"""Sign or code, and decimals."""


@given(st.decimals(-(10**9), 10**9, places=12), st.sampled_from(sorted(PRINTED)))
def test_it_is_a_true_rounding_with_the_sign_of_the_currency(amount, currency):
    """Half away from zero, by an integer division of its own; the minus stands first."""
    sign, decimals = PRINTED[currency]
    units = (abs(Fraction(amount)) * 10**decimals * 2 + 1) // 2
    whole, part = divmod(units, 10**decimals)
    digits = f"{whole:,}" + (f".{part:0{decimals}}" if decimals else "")
    text = ("-" if amount < 0 and units else "") + sign + digits

    assert money_text(amount, currency) == Format(currency).money(amount) == text
    plus = "+" if amount > 0 and units else ""
    assert change_text(amount, currency) == Format(currency).change(amount) == plus + text


@pytest.mark.parametrize(
    ("amount", "text"), [("0.405", "$0.41"), ("-0.004", "$0.00"), ("-1495.0649", "-$1,495.06")]
)
def test_it_is_rounded_to_the_cent(amount, text):
    """Half a cent away from zero; never -0.00."""
    assert money_text(Decimal(amount), "USD") == text


def test_a_tiny_amount_is_not_in_scientific_notation():
    """A currency of three decimals prints the cost of a cheap call with seven."""
    assert amount_text(Decimal("0.0000003"), "KWD", 7) == "KWD\xa00.0000003"
    assert Format("KWD").unit_cost(Decimal("1E-12")) == "KWD\xa00.0000000"


def test_a_unit_has_a_name_or_a_code():
    """Calls are counted per dollar, and per CHF."""
    assert (unit_name("USD"), unit_name("CHF")) == ("dollar", "CHF")
