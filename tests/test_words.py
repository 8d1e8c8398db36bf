"""Words: lists, counts and shortened texts in sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.words import first_of, listing, shortened


@pytest.mark.parametrize(
    ("items", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_it_lists_items(items, text):
    """Two items need no comma, and no items give no text."""
    assert listing(iter(items)) == text


@pytest.mark.parametrize(
    ("count", "text"), [(2, "a and a"), (3, "a, a and 1 more"), (2002, "a, a and 2,000 more")]
)
def test_it_lists_the_first_items_and_counts_the_rest(count, text):
    """The count has thousands separators."""
    assert first_of(["a"] * count, 2) == text


@given(st.text(), st.integers(1, 20))
def test_it_shortens_text(text, length):
    """A longer text ends with an ellipsis in its last place; a shorter one does not change."""
    short = shortened(text, length)

    assert len(short) <= length
    assert short == text or (len(short) == length and short == f"{text[: length - 1]}…")
