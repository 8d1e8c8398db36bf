"""Cells: usage by kind, of one period or of several together."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from finops_nb.outputs.cells import Cell, cells_of, merged

cells = st.builds(
    lambda organization, *values: Cell(organization, "x", "p", "gpt", "ask", *values),
    st.sampled_from(["a", "b"]),
    st.integers(0, 9),
    st.sampled_from([None, 0, 7]),
    st.decimals(-9, 9, places=12),
)
periods = st.lists(st.lists(cells, max_size=4), max_size=3)


def test_tokens_that_a_row_does_not_say_are_not_zero():
    """A cell of rows without tokens has None; one of rows of 0 tokens has 0."""
    names = dict.fromkeys(("organization", "product", "provider", "model", "task_type"), "a")
    of_rows = [
        names | {"calls": 1, "cost": "1", "input_tokens": read, "output_tokens": "0"}
        for read in ("0", "5", None)
    ]
    assert [cell.tokens for cell in cells_of(of_rows)] == [0, 5, None]


@given(periods)
def test_several_periods_are_one(of_periods):
    """Each kind is there once, with all of its calls and cost; a fee in one of the months too."""
    every = [cell for cells in of_periods for cell in cells]
    whole = merged(of_periods)
    assert [cell.key for cell in whole] == sorted({cell.key for cell in every})
    for one in whole:
        same = [cell for cell in every if cell.key == one.key]
        tokens = [cell.tokens for cell in same]
        assert one.calls == sum(cell.calls for cell in same)
        assert one.cost == sum((cell.cost for cell in same), Decimal(0))
        assert one.tokens == (None if None in tokens else sum(tokens))


@given(periods)
def test_periods_together_are_the_same_in_any_grouping(of_periods):
    """Two quarters of three months are six months."""
    assert merged([merged(of_periods[:1]), merged(of_periods[1:])]) == merged(of_periods)
