"""A fact, and how many names of many a sentence has."""

from __future__ import annotations

from decimal import Decimal

import pytest

from finops_nb.findings.sentence import sentence, some
from finops_nb.report.format import Format, text_sentence


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "n0"),
        (6, "n0, n1, n2, n3, n4 and n5"),
        (7, "n0, n1, n2, n3, n4 and 2 others ($11.00)"),
        (1005, "n0, n1, n2, n3, n4 and 1,000 others ($504,500.00)"),
    ],
)
def test_a_sentence_names_the_first_five(count, said):
    """It adds up what the others cost, 5 + 6 = 11 or 5 + … + 1,004 = 504,500; where one is left, that is named."""
    names = [f"n{place}" for place in range(count)]
    listed = some(names, [Decimal(place) for place in range(count)])
    assert text_sentence(sentence("{names}", names=listed), Format("USD")) == said


def test_the_others_may_have_no_amount():
    """It only counts them then."""
    assert (
        text_sentence(sentence("{names}", names=some("abcdefgh")), Format("USD"))
        == "a, b, c, d, e and 3 others"
    )
