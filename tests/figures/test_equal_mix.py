"""Equal mix: cost per call of each organization for the same kinds of calls."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from support.made_usage import Call, usage_of

from finops_nb.figures.equal_mix import costs_at_equal_mix
from finops_nb.usage.model import CELLS, Usage

D = Decimal
COLUMNS = [*CELLS, "cost", "calls", "input_tokens", "output_tokens"]


def usage(*cells: tuple[str, str, str, int]) -> Usage:
    """Usage of these organizations and models, with their cost and calls."""
    rows = [
        (name, "p", "x", model, "t", D(cost), calls, 0, 0) for name, model, cost, calls in cells
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS, dtype=object)
    made = usage_of([Call("org-a", "chat", "f", "c", "1")])
    return replace(made, groups={**made.groups, CELLS: frame})


def test_the_same_rates_cost_the_same_at_equal_mix():
    """a: 10 small for 1.00. b: 10 small for 1.00, 10 large for 9.00.

    Of 30 calls, 20 are small and 10 large: (20 × 0.10 + 10 × 0.90) ÷ 30 = 0.366666666667.
    """
    costs = costs_at_equal_mix(
        usage(("a", "small", "1", 10), ("b", "small", "1", 10), ("b", "large", "9", 10)), ["a", "b"]
    )
    assert costs == {"a": D("0.366666666667"), "b": D("0.366666666667")}


def test_a_dearer_rate_of_the_same_kind_shows():
    """b pays 0.20 where a pays 0.10."""
    costs = costs_at_equal_mix(usage(("a", "small", "1", 10), ("b", "small", "2", 10)), ["a", "b"])
    assert costs == {"a": D("0.1"), "b": D("0.2")}


def test_the_mix_is_that_of_all_organizations():
    """a alone: of 30 calls 20 are small, at its 0.10, and 10 large, at 0.90, which only b pays."""
    cells = ("a", "small", "1", 10), ("b", "small", "2", 10), ("b", "large", "9", 10)
    costs = costs_at_equal_mix(usage(*cells), ["a"])
    assert costs == {"a": D("0.366666666667")}


def test_cost_without_calls_has_no_rate():
    """A fixed fee of b."""
    costs = costs_at_equal_mix(usage(("a", "small", "1", 10), ("b", "fee", "5", 0)), ["a", "b"])
    assert costs == {"a": D("0.1")}


def test_usage_not_read_by_cells_has_none():
    """As in a what-if that changes prices."""
    made = usage_of([Call("org-a", "chat", "f", "c", "1")])
    without = {keys: frame for keys, frame in made.groups.items() if keys != CELLS}
    assert costs_at_equal_mix(replace(made, groups=without), ["org-a"]) == {}


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.sampled_from(["small", "large"]),
            st.decimals(min_value=0, max_value=100, places=2).map(str),
            st.integers(1, 50),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_one_organization_of_everything_has_the_average(cells):
    """Its mix is the company's: cost ÷ calls."""
    every = [("only", model, cost, calls) for _, model, cost, calls in cells]
    whole = sum(D(cost) for _, _, cost, _ in every), sum(calls for *_, calls in every)
    assert abs(costs_at_equal_mix(usage(*every), ["only"])["only"] - whole[0] / whole[1]) < D(
        "1e-11"
    )
