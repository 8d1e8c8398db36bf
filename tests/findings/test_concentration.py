"""Concentration in words: short, without the names of customers, quiet where nothing is known."""

from __future__ import annotations

from decimal import Decimal

from finops_nb.figures.concentration import Concentration, Largest
from finops_nb.findings.concentration import concentration_sentence
from finops_nb.findings.tense import FACT, SUPPOSED
from finops_nb.report.format import Format, text_sentence

D = Decimal
NAMES = {"organization": Largest("org-a", D("0.6")), "product": Largest("chat, v2", D("0.404"))}


def text(found: Concentration, tense=FACT) -> str:
    sentence = concentration_sentence(found, tense)
    return text_sentence(sentence, Format("USD")) if sentence else ""


def test_customers_come_first_then_the_largest_names():
    """Their shares of cost."""
    assert text(Concentration(100, D("0.34"), D("0.71"), NAMES)) == (
        "The largest of 100 customers caused 34.0% of cost, the ten largest 71.0%. "
        "By cost, the largest organization is org-a (60.0%) "
        "and the largest product is chat, v2 (40.4%)."
    )


def test_few_customers_have_no_ten_largest():
    assert text(Concentration(3, D("0.5"))) == ("The largest of 3 customers caused 50.0% of cost.")


def test_a_scenario_supposes():
    assert text(Concentration(names=NAMES), SUPPOSED).startswith(
        "By cost, the largest organization would be org-a (60.0%)"
    )


def test_nothing_known_is_nothing_said():
    assert text(Concentration()) == ""
