"""Money in text sentences reads as the report prints it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.findings.money_text import change_text, money_text, unit_name
from finops_nb.report.format import Format

CURRENCIES = ("USD", "EUR", "GBP", "JPY", "CHF", "KWD")


@given(st.decimals(-(10**9), 10**9, places=12), st.sampled_from(CURRENCIES))
def test_it_is_printed_as_in_the_report(amount, currency):
    """A code is followed by a plain blank, which is easier to search for in JSON."""
    fmt = Format(currency)

    assert money_text(amount, currency) == fmt.money(amount).replace("\N{NO-BREAK SPACE}", " ")
    assert change_text(amount, currency) == fmt.change(amount).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("amount", "text"), [("0.405", "$0.41"), ("-0.004", "$0.00"), ("-1495.0649", "-$1,495.06")]
)
def test_it_is_rounded_to_the_cent(amount, text):
    """Half a cent away from zero; never -0.00."""
    assert money_text(Decimal(amount), "USD") == text


def test_a_unit_has_a_name_or_a_code():
    """Calls are counted per dollar, and per CHF."""
    assert (unit_name("USD"), unit_name("CHF")) == ("dollar", "CHF")
    assert all(unit_name(currency) == Format(currency).unit for currency in CURRENCIES)
