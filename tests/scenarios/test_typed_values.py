"""What a person types: the amount that it means, and when it counts."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.errors import BadValue
from finops_nb.money import plain
from finops_nb.scenarios.edits import Edits
from finops_nb.scenarios.typed_values import TypedValues

KEY = ("organization_budgets", "org-a")
NEW = ("organization_budgets", "org-new")
GROWTH = ("growth", "(all)")
TYPED = TypedValues("USD", {KEY: Decimal(2000)})


@pytest.mark.parametrize(
    ("currency", "text", "amount"),
    [
        ("USD", "2800", "2800"),
        ("USD", "2,800", "2800"),
        ("USD", "1,234,567.50", "1234567.50"),
        ("USD", "$2,800.00", "2800.00"),
        ("USD", "$ 2,800", "2800"),
        ("USD", "USD 2,800", "2800"),
        ("USD", " 2800 ", "2800"),
        ("EUR", "€2,800.00", "2800.00"),
        ("JPY", "¥2,800", "2800"),
        ("CHF", "CHF\N{NO-BREAK SPACE}2,800.00", "2800.00"),
        ("KWD", "KWD 2,800.125", "2800.125"),
        ("USD", "25%", "500"),
        ("USD", "12.5 %", "250"),
        ("USD", "0%", "0"),
        ("USD", "1,000%", "20000"),
        ("USD", "", "none"),
        ("USD", "none", "none"),
    ],
)
def test_an_amount_is_read_as_the_report_prints_it(currency, text, amount):
    """With commas, with the report's sign or code; 25% is 2,000 × 0.25 = 500."""
    assert TypedValues(currency, TYPED.approved).budget(KEY, text) == amount


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("2,80", "not an amount"),
        ("2,8000", "not an amount"),
        (",800", "not an amount"),
        ("2.800,00", "not an amount"),
        ("28,00.50", "not an amount"),
        ("€2,800", "not an amount"),
        ("2,800 €", "not an amount"),
        ("$", "not an amount"),
        ("%", "not an amount"),
        ("$25%", "not an amount"),
        ("5k", "not an amount"),
        ("1e3", "not an amount"),
        ("2 800", "not an amount"),
        ("+25%", "a percentage with a sign, which may be a share or a change"),
        ("-25%", "a percentage with a sign, which may be a share or a change"),
        ("0.0000000000001%", "more than 12 decimal places"),
        ("1,000,000,000,000,000", "an amount of 10^15 or more"),
    ],
)
def test_what_may_be_another_amount_is_refused(text, rule):
    """A comma that does not part thousands, another currency's sign, a signed percentage."""
    with pytest.raises(BadValue) as refused:
        TYPED.budget(KEY, text)
    assert refused.value.rule == rule


def test_a_percentage_needs_an_approved_budget():
    """25% of nothing is not 0."""
    with pytest.raises(BadValue, match="a percentage, but no budget is approved"):
        TYPED.budget(NEW, "25%")


def test_the_amounts_that_a_refusal_advises_are_read():
    """Each example in the advice is an amount."""
    with pytest.raises(BadValue) as refused:
        TYPED.budget(KEY, "5k")
    examples = re.findall(r"[$\d][\d,.%]*[\d%]", refused.value.fix)
    assert examples == ["2,800", "$2,800.00", "25%"]
    assert [TYPED.budget(KEY, text) for text in examples] == ["2800", "2800.00", "500"]


amounts = st.decimals(0, 10**14, places=2)
percentages = st.decimals(0, 999, places=1)
written = st.one_of(
    amounts.map(lambda amount: (f"{amount:f}", amount)),
    amounts.map(lambda amount: (f"{amount:,f}", amount)),
    amounts.map(lambda amount: (f"${amount:,f}", amount)),
    percentages.map(lambda share: (f"{share:f}%", 2000 * share / 100)),
)


@given(written)
def test_an_amount_is_read_exactly(form):
    """However it is written, it is the amount to the last digit."""
    text, amount = form
    assert Decimal(TYPED.budget(KEY, text)) == amount


@given(written, st.one_of(st.none(), written), st.data())
def test_half_an_amount_never_counts(form, before, data):
    """While an amount is typed or deleted letter by letter, the last valid one stays in force."""
    text, amount = form
    edits = Edits() if before is None else Edits().with_text(KEY, before[0], TYPED)
    last = edits.valid
    ends = data.draw(st.lists(st.integers(0, len(text)), max_size=5))
    prefixes = [text[:end] for end in (*range(1, len(text)), *ends, len(text))]
    for prefix in prefixes:
        edits = edits.while_typing(KEY, prefix)
        assert (edits.valid, edits.pending) == (last, (KEY,))
    edits = edits.finished(TYPED, KEY)
    assert (Decimal(edits.valid[KEY]), edits.pending) == (amount, ())


@given(written, st.text(alphabet="0123456789,.$%k-", max_size=6))
def test_what_is_refused_leaves_the_last_valid_amount(form, text):
    """A text is read as a whole: it is the new amount, or the old one stays."""
    edits = Edits().with_text(KEY, form[0], TYPED)
    after = edits.while_typing(KEY, text).finished(TYPED)
    if KEY in after.errors:
        assert (after.valid, after.pending, after.typed[KEY]) == (edits.valid, (KEY,), text)
    else:
        assert (after.valid[KEY], after.pending) == (TYPED.budget(KEY, text), ())


@given(st.integers(-10000, 50000), st.sampled_from(["", "%", " %"]))
def test_half_a_rate_never_counts(hundredths, unit):
    """Rates too: -5 on the way to -50 is another rate; a rate may be typed with its unit."""
    percent = Decimal(hundredths) / 100
    text = f"{percent:f}{unit}"
    edits = Edits()
    for end in range(1, len(text) + 1):
        edits = edits.while_typing(GROWTH, text[:end])
        assert edits.as_keys() == {}
    valid = edits.finished(TYPED).valid[GROWTH]
    assert valid == plain(percent / 100)


def test_a_field_shows_how_its_text_was_read():
    """The amount stands in the field, so that nobody has to guess what 25% meant."""
    texts = [Edits().with_text(KEY, text, TYPED).typed[KEY] for text in ("$2,800.00", "25%", " ")]
    assert texts == ["2800.00", "500", ""]
    assert Edits().with_text(GROWTH, "10 %", TYPED).typed[GROWTH] == "10"


def test_a_high_rate_of_the_panel_is_saved_in_percent():
    """1000 in the field is 1,000%, which a file has as 1000% and never as 10."""
    edits = Edits().with_text(GROWTH, "1000")
    assert (edits.as_keys(), edits.errors) == ({"growth": {"(all)": "1000%"}}, {})
