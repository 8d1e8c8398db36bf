"""Words: lists, counts and shortened texts in sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.words import first_of, listing, short_names, shortened, shortened_inside


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


@given(st.text(), st.integers(3, 20))
def test_it_shortens_names_inside(name, length):
    """A longer name keeps its beginning and its end, the beginning one longer at most."""
    short = shortened_inside(name, length)

    assert len(short) <= length
    if len(name) > length:
        assert len(short) == length
        assert name.startswith(short[: length // 2])
        assert name.endswith(short[length - (length - 1) // 2 :])
    else:
        assert short == name


SIMILAR = st.lists(st.text("ab", min_size=9, max_size=40), max_size=20)


@given(SIMILAR, st.integers(3, 10))
def test_short_names_differ(names, length):
    """No two names of a table are printed the same; none is over twice as long, but a number."""
    short = short_names(names, length)

    assert short.keys() == set(names)
    assert len(set(short.values())) == len(short)
    assert all(len(each) <= 2 * length + len(" (20)") for each in short.values())


def test_names_that_differ_in_the_middle_alone_are_longer_or_numbered():
    """Of 9 characters of 13, "a" and "b" in the middle are gone, and 13 are allowed with 7."""
    assert short_names(["x" * 6 + mark + "x" * 6 for mark in "ab"], 7) == {
        "xxxxxxaxxxxxx": "xxxxxxaxxxxxx",
        "xxxxxxbxxxxxx": "xxxxxxbxxxxxx",
    }
    long = ["x" * 50 + mark + "x" * 50 for mark in "ab"]
    assert [*short_names(long, 7).values()] == ["xxx…xxx (1)", "xxx…xxx (2)"]
