"""Scopes: what a cost is about, and which costs are part of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.figures.day_costs import (
    EVERYTHING,
    DayCost,
    Scope,
    cost_by_day,
    costs_by_name,
    filled,
    part_of,
)

D = Decimal
names = st.sampled_from([None, "a", "b"])
scopes = st.builds(Scope, names, names, names)
days = st.dates(date(2025, 12, 1), date(2025, 12, 5))
costs = st.lists(
    st.builds(DayCost, days, *[st.sampled_from("ab")] * 3, st.decimals(-9, 9, places=12))
)


@given(scopes, scopes, costs)
def test_what_two_scopes_share_is_the_costs_of_both(one, other, every):
    """Nothing, if they have different names in a dimension."""
    both = [cost for cost in part_of(every, one) if cost in part_of(every, other)]
    shared = one.shared_with(other)
    assert both == ([] if shared is None else part_of(every, shared))
    assert shared == other.shared_with(one)


@given(scopes, scopes, costs)
def test_a_scope_covers_what_is_part_of_it(one, other, every):
    """Everything covers all, and a narrowed scope is covered."""
    assert EVERYTHING.covers(one)
    if one.covers(other):
        assert one.shared_with(other) == other
        assert all(cost in part_of(every, one) for cost in part_of(every, other))


@given(costs, st.sampled_from(Scope._fields))
def test_the_names_of_a_dimension_add_up(every, dimension):
    """To the last decimal, by day."""
    parts = costs_by_name(every, dimension)
    sums: dict[date, Decimal] = {}
    for name, own in parts.items():
        assert own == part_of(every, EVERYTHING.narrowed(dimension, name))
        for day, cost in cost_by_day(own).items():
            sums[day] = sums.get(day, D(0)) + cost
    assert sums == cost_by_day(every)


@pytest.mark.parametrize(
    ("scopes", "widest"),
    [
        ([Scope("a"), EVERYTHING], EVERYTHING),
        ([Scope("a", "x"), Scope(model="m")], Scope(model="m")),
        ([Scope(model="m"), Scope(product="x"), Scope("a")], Scope("a")),
        ([Scope("b"), Scope("a")], Scope("a")),
    ],
)
def test_the_widest_comes_first(scopes, widest):
    """Then by name."""
    assert min(scopes, key=lambda scope: scope.order) == widest


def test_a_series_is_zero_on_days_of_others():
    """From its first day to its last: the 3rd has usage of others, the 5th and 1st are outside."""
    known = [date(2025, 12, day) for day in (1, 2, 3, 4, 5)]
    series = {known[1]: D(7), known[3]: D(9)}
    assert filled(series, known) == {known[1]: D(7), known[2]: D(0), known[3]: D(9)}
