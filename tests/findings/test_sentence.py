"""A sentence names the first of many names and counts the others."""

from __future__ import annotations

from decimal import Decimal

import pytest

from finops_nb.findings.sentence import first_few, sentence, separated
from finops_nb.report.format import Format, text_sentence


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (1, "n0"),
        (6, "n0, n1, n2, n3, n4 and n5"),
        (7, "n0, n1, n2, n3, n4 and 2 others totaling $11.00"),
        (1005, "n0, n1, n2, n3, n4 and 1,000 others totaling $504,500.00"),
    ],
)
def test_a_sentence_names_the_first_five(count, text):
    """The others' cost is added up: 5 + 6 = 11, and 5 + … + 1,004 = 504,500; six are all named."""
    names = [f"n{number}" for number in range(count)]
    few = first_few(names, [Decimal(number) for number in range(count)])
    assert text_sentence(sentence("{names}", names=few), Format("USD")) == text


def test_the_others_may_have_no_amount():
    """They are only counted then."""
    names = sentence("{names}", names=first_few("abcdefgh"))
    assert text_sentence(names, Format("USD")) == "a, b, c, d, e and 3 others"


def test_it_says_what_the_amount_of_the_others_is():
    """Words such as "over" stand after it; items with commas have semicolons between them."""
    names = first_few("abcdefgh", [Decimal(1)] * 8, "over")
    text = "{names[0]}; {names[1]}; {names[2]}; {names[3]}; {names[4]}; and {names[5]}"
    assert separated("names", names) == text
    assert text_sentence(sentence(text, names=names), Format("USD")) == (
        "a; b; c; d; e; and 3 others totaling $3.00 over"
    )
    assert separated("names", names[:1]) == "{names[0]}"
