"""Grammar: numbers and dates as a source writes them, the same in the engine and in Python."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.properties import cases

from finops_nb.usage.sources.grammar import DAYS, EPOCHS, Grammar

GERMAN, AMERICAN, PLAIN_COMMA = "1.234,56", "1,234.56", "1234,56"
STYLES = (GERMAN, AMERICAN, PLAIN_COMMA, "1'234.56", "1 234,56", "1234.56")


@pytest.fixture(scope="module")
def db():
    with duckdb.connect() as connection:
        yield connection


def both(db, grammar: Grammar, column: str, text: str) -> str:
    """The text in the usual form, which the engine and Python agree on."""
    query = f"SELECT {grammar.sql(column, 'x')} FROM (SELECT CAST(? AS VARCHAR) AS x)"
    ((of_engine,),) = db.execute(query, [text]).fetchall()
    assert of_engine == grammar.text(column, text)
    return of_engine


@pytest.mark.parametrize(
    ("style", "text", "usual"),
    [
        (GERMAN, "1.234,56", "1234.56"),
        (GERMAN, "-1.234.567,8", "-1234567.8"),
        (GERMAN, "5", "5"),
        (GERMAN, "0,5 €", "0.5"),
        (AMERICAN, "$1,234.56", "1234.56"),
        (AMERICAN, "-$5.00", "-5.00"),
        (AMERICAN, "$-5.00", "-5.00"),
        (AMERICAN, "(5.00)", "-5.00"),
        (AMERICAN, "($1,005.00)", "-1005.00"),
        (AMERICAN, "5.00-", "-5.00"),
        (AMERICAN, "\u22123.00", "-3.00"),
        (AMERICAN, " 7.25\u00a0", "7.25"),
        ("1 234,56", "12 345,6", "12345.6"),
        ("1 234,56", "12\u202f345,6", "12345.6"),
        ("1'234.56", "1'000", "1000"),
    ],
)
def test_an_amount_as_the_source_writes_it(db, style, text, usual):
    """Thousands, decimal sign, currency sign, brackets and minus signs."""
    assert both(db, Grammar(numbers=style), "cost", text) == usual


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (GERMAN, "5.50"),  # a decimal point, or half of a thousand?
        (GERMAN, "1.23,4"),
        (GERMAN, "12.34.567,00"),
        (AMERICAN, "1,23"),
        (AMERICAN, "1.234,56"),
        (AMERICAN, "5.00 USD"),
        (AMERICAN, "Included"),
        (AMERICAN, "-"),
        (AMERICAN, "(-5.00"),
        (AMERICAN, "1e5"),
        (PLAIN_COMMA, "1.234"),
        (PLAIN_COMMA, "1.5"),
    ],
)
def test_an_amount_in_another_form_is_refused(db, style, text):
    """It gets a blank, so it is no number to anybody; the message names the form."""
    grammar = Grammar(numbers=style)
    assert both(db, grammar, "cost", text) == text + " "
    assert grammar.fault("cost", text) == (
        f"not a number in the form {style}",
        "Correct it, or `numbers` of the source",
    )


@settings(max_examples=cases(200), deadline=None)
@given(
    st.decimals(-(10**9), 10**9, places=6, allow_nan=False),
    st.sampled_from(STYLES),
    st.integers(-6, 6),
)
def test_an_amount_reads_back_from_every_form(db, amount, style, exponent):
    """Written with the source's separators, and multiplied by its scale, it is the same number."""
    point = style[-3]
    thousands = "" if style.startswith("1234") else style[1]
    text = f"{amount:,f}".replace(",", "T").replace(".", point).replace("T", thousands)
    grammar = Grammar(numbers=style, exponent=exponent)
    assert Decimal(both(db, grammar, "cost", text)) == amount.scaleb(exponent)


@settings(max_examples=cases(300), deadline=None)
@given(st.text("0123456789.,-+()$€ '\u2212eE", max_size=12), st.sampled_from(STYLES))
def test_the_engine_and_python_agree_on_any_text(db, text, style):
    """Also on what is refused."""
    both(db, Grammar(numbers=style, exponent=-2), "cost", text)


@pytest.mark.parametrize(
    ("text", "usual"), [("250", "250e-2"), ("1.5e-3", "1.5e-5"), ("x", "x "), ("", "")]
)
def test_cents_keep_their_digits(db, text, usual):
    """A scale moves the point, by the exponent."""
    assert both(db, Grammar(exponent=-2), "cost", text) == usual


@pytest.mark.parametrize(
    ("style", "text", "usual"),
    [
        ("MM/DD/YYYY", "12/01/2025", "2025-12-01"),
        ("MM/DD/YYYY", "2/1/2025 13:05", "2025-02-01 13:05"),
        ("MM/DD/YYYY", "2/1/2025 1:05 PM", "2025-02-01"),
        ("DD/MM/YYYY", "01/12/2025", "2025-12-01"),
        ("DD.MM.YYYY", "31.12.2025", "2025-12-31"),
        ("YYYYMMDD", "20251231", "2025-12-31"),
        ("epoch", "1767225599", "2025-12-31T23:59:59Z"),
        ("epoch", "1767225599.999", "2025-12-31T23:59:59Z"),
        ("epoch_ms", "1767225599999", "2025-12-31T23:59:59Z"),
        ("epoch_ms", "1767225599", "1767225599 "),
        ("MM/DD/YYYY", "2025-12-01", "2025-12-01 "),
        ("YYYYMMDD", "2025123", "2025123 "),
    ],
)
def test_a_date_as_the_source_writes_it(db, style, text, usual):
    """In another form it gets a blank, and is refused."""
    assert both(db, Grammar(dates=style), "timestamp", text) == usual


@settings(max_examples=cases(200), deadline=None)
@given(st.dates(), st.sampled_from([*DAYS]))
def test_a_day_reads_back_from_every_form(db, day, style):
    """Whatever the order of day and month."""
    form = {"YYYY": f"{day.year:04}", "MM": f"{day.month:02}", "DD": f"{day.day:02}"}
    text = style
    for part, digits in form.items():
        text = text.replace(part, digits)
    assert both(db, Grammar(dates=style), "timestamp", text) == day.isoformat()


@settings(max_examples=cases(200), deadline=None)
@given(st.text("0123456789/. :APMTZ", max_size=20), st.sampled_from([*DAYS, *EPOCHS]))
def test_the_engine_and_python_agree_on_any_date(db, text, style):
    """Also on what is refused."""
    both(db, Grammar(dates=style), "timestamp", text)


def test_a_plain_source_rewrites_nothing():
    """Names are never rewritten, and without a form nothing is."""
    assert not Grammar().rewrites("cost")
    assert not Grammar(numbers=GERMAN, dates="epoch", exponent=2).rewrites("organization")
