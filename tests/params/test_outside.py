"""Files that a report reads outside of its home."""

from __future__ import annotations

import pytest

from finops_nb.params.outside import is_outside, read_outside


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"usage": "usage/calls.csv", "budgets": "b.csv", "mapping": "m.csv"}, None),
        ({"usage": ["sample:", "usage/*.csv", "*.csv", "a/../b.csv"]}, None),
        ({"usage": "usage", "budgets": "months:"}, None),
        ({"usage": "../calls.csv"}, "usage: ../calls.csv"),
        ({"usage": "/exports/{period}/*.csv"}, "usage: /exports/{period}/*.csv"),
        ({"usage": ["usage", "/*.csv"]}, "usage: /*.csv"),
        ({"usage": "linked/*.csv"}, "usage: linked/*.csv"),
        ({"usage": "a/../../b.csv"}, "usage: a/../../b.csv"),
        (
            {"usage": "usage", "drivers": "../d.csv", "budgets": "/b.csv", "mapping": "../m.csv"},
            "mapping: ../m.csv, budgets: /b.csv, drivers: ../d.csv",
        ),
    ],
)
def test_what_is_read_outside_of_the_home_is_named(params, home, tmp_path, keys, named):
    """With its key, as the params have it; a link or ".." may lead out of the home too."""
    (home.root / "linked").symlink_to(tmp_path.parent)
    sentence = read_outside(params(**keys), home)
    assert sentence == (f"Reads outside the home: {named}." if named else "")


def test_a_home_that_is_itself_a_link_is_not_outside(tmp_path, home):
    """Both ends are compared with their links followed."""
    other = tmp_path / "linked"
    other.symlink_to(home.root)
    assert not is_outside(other / "budgets.csv", home)
    assert is_outside(tmp_path.parent / "budgets.csv", home)
