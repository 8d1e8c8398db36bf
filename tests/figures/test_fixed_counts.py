"""Fixed counts: the cells that cost least, with as many in each row and column as are asked for."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from finops_nb.figures.fixed_counts import Row, choose_cells


@st.composite
def tables_with_a_choice(draw) -> tuple[list[Row], list[int]]:
    """Up to 4 rows of up to 4 columns, and the counts of one choice of cells."""
    costs = draw(
        st.lists(st.dictionaries(st.integers(0, 3), st.integers(-3, 3)), min_size=1, max_size=4)
    )
    chosen = [{column for column in row if draw(st.booleans())} for row in costs]
    rows = [Row(row, len(columns)) for row, columns in zip(costs, chosen, strict=True)]
    return rows, [sum(column in columns for columns in chosen) for column in range(4)]


@given(tables_with_a_choice())
def test_no_choice_with_these_counts_costs_less(table):
    """Among all choices of cells, tried one by one, none has the counts at a lower cost."""
    rows, counts = table
    chosen = choose_cells(rows, counts)

    assert counts_of(chosen) == counts
    assert [len(columns) for columns in chosen] == [row.chosen for row in rows]
    all_choices = itertools.product(
        *(itertools.combinations(row.costs, row.chosen) for row in rows)
    )
    least = min(cost_of(rows, choice) for choice in all_choices if counts_of(choice) == counts)
    assert cost_of(rows, chosen) == least


def test_a_cell_is_passed_on_over_several_columns():
    """Column 0 has one too many, column 2 one too few: 1 takes from 0, 2 takes from 1.

    Passing on costs (2 − 1) + (1 − 0) = 2; from 0 to 2 in one row it would be 9 − 1 = 8.
    """
    rows = [Row({0: 1, 1: 2, 2: 9}, 1), Row({0: 1, 2: 9}, 1), Row({1: 0, 2: 1}, 1)]

    assert choose_cells(rows, [1, 1, 1]) == [{1}, {0}, {2}]


def counts_of(chosen) -> list[int]:
    """How many cells are chosen in each of the 4 columns."""
    return [sum(column in columns for columns in chosen) for column in range(4)]


def cost_of(rows, chosen) -> int:
    """The sum of the costs of the chosen cells."""
    pairs = zip(rows, chosen, strict=True)
    return sum(row.costs[column] for row, columns in pairs for column in columns)
