"""Allocation divides the cost of a period among the names that caused it, and loses none."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.figures.allocation import allocate, allocate_within, name_sort_key, sort_by_cost
from finops_nb.money import total
from finops_nb.schema import UNALLOCATED

costs = st.decimals(-1000, 1000, places=6).map(str)
calls = st.lists(
    st.tuples(
        st.sampled_from(["", "a", "b", "NA"]),
        st.sampled_from(["", "x", "y"]),
        st.sampled_from(["", "f"]),
        st.sampled_from(["", "c"]),
        costs,
    ),
    min_size=1,
    max_size=12,
)
dimensions = st.sampled_from(["organization", "product", "feature"])


def rows(frame) -> list[tuple]:
    return list(frame.itertuples(index=False, name=None))


def test_it_divides_the_cost_by_organization(six):
    """3.00 + 1.00 + 2.00, and 1.50 + 0.50; the call without an organization is the last line."""
    assert rows(allocate(six, "organization")) == [
        ("org-a", Decimal("6.00"), Decimal("0.6"), 3, 2),
        ("org-b", Decimal("2.00"), Decimal("0.2"), 2, 1),
        (UNALLOCATED, Decimal("2.00"), Decimal("0.2"), 1, 0),
    ]


def test_it_divides_the_cost_by_product(six):
    """Chat 3.00 + 1.00 + 0.50 + 2.00, search 2.00 + 1.50; customers are distinct and named."""
    assert rows(allocate(six, "product")) == [
        ("chat", Decimal("6.50"), Decimal("0.65"), 4, 3),
        ("search", Decimal("3.50"), Decimal("0.35"), 2, 2),
    ]


def test_it_divides_each_organization_by_product(six):
    """A share is of the organization's cost: 4.00 ÷ 6.00, and 1.50 ÷ 2.00."""
    assert rows(allocate_within(six, "organization", "product")) == [
        ("org-a", "chat", Decimal("4.00"), Decimal(4) / 6, 2, 2),
        ("org-a", "search", Decimal("2.00"), Decimal(2) / 6, 1, 1),
        ("org-b", "search", Decimal("1.50"), Decimal("0.75"), 1, 1),
        ("org-b", "chat", Decimal("0.50"), Decimal("0.25"), 1, 1),
        (UNALLOCATED, "chat", Decimal("2.00"), Decimal(1), 1, 0),
    ]


def test_it_names_its_columns(six):
    """The first column is the dimension; the second one is the inner dimension, if there is one."""
    assert list(allocate(six, "feature").columns) == [
        "feature",
        "cost",
        "share",
        "calls",
        "customers",
    ]
    assert list(allocate_within(six, "organization", "product").columns)[:4] == [
        "organization",
        "product",
        "cost",
        "share",
    ]
    assert list(allocate_within(six, "organization", "product").index) == [0, 1, 2, 3, 4]


@given(calls, dimensions)
def test_it_conserves_cost_and_calls(usage_of, calls, by):
    """The lines of any usage add up to the whole, exactly."""
    usage = usage_of(calls)
    frame = allocate(usage, by)

    assert total(frame["cost"]) == usage.cost == total(Decimal(call[4]) for call in calls)
    assert sum(frame["calls"]) == len(calls)


@given(calls)
def test_it_conserves_within_each_organization(usage_of, calls):
    """The products of an organization add up to its own line."""
    usage = usage_of(calls)
    outer = allocate(usage, "organization")
    inner = allocate_within(usage, "organization", "product")

    for organization, cost in zip(outer["organization"], outer["cost"], strict=True):
        assert total(inner.loc[inner["organization"] == organization, "cost"]) == cost


@given(calls, dimensions, st.randoms(use_true_random=False))
def test_it_does_not_depend_on_the_order_of_calls(usage_of, calls, by, random):
    """Shuffled calls give the same lines in the same order."""
    shuffled = calls.copy()
    random.shuffle(shuffled)

    assert rows(allocate(usage_of(shuffled), by)) == rows(allocate(usage_of(calls), by))


@given(calls)
def test_its_shares_add_up_to_one(usage_of, calls):
    """They add up as far as 28 digits go; credits have negative shares.

    A whole that is not above zero has no shares.
    """
    usage = usage_of(calls)
    shares = list(allocate(usage, "organization")["share"])

    if usage.cost > 0:
        assert abs(total(shares) - 1) < Decimal("1E-15")
    else:
        assert shares == [None] * len(shares)


def test_it_sorts_equals_by_name_and_cost_without_a_name_last(usage_of):
    """Two names of 1.00 are sorted by name, after 2.00, and before 9.00 without a name."""
    usage = usage_of(
        [
            (name, "x", "f", "c", cost)
            for name, cost in [("b", "1"), ("a", "1"), ("c", "2"), ("d", "-3"), ("", "9")]
        ]
    )

    assert list(allocate(usage, "organization")["organization"]) == [
        "c",
        "a",
        "b",
        "d",
        UNALLOCATED,
    ]


def test_it_sorts_names_with_unallocated_last():
    """A parenthesis sorts before every letter, but "(unallocated)" is last."""
    assert sorted([UNALLOCATED, "z", "a", "Z"], key=name_sort_key) == ["Z", "a", "z", UNALLOCATED]


def test_it_leaves_the_frames_it_was_given_alone(six):
    """The summaries of the usage have no column `share` afterwards."""
    before = six.groups["organization",].copy()
    allocate(six, "organization")
    allocate_within(six, "organization", "product")
    sort_by_cost(six.groups["organization",], "organization")

    assert six.groups["organization",].equals(before)


@pytest.mark.parametrize("cost", ["0", "-5"])
def test_it_has_no_shares_of_a_cost_that_is_not_above_zero(usage_of, cost):
    """A month of 0.00, or of credits, has lines but no shares."""
    usage = usage_of([("a", "x", "f", "c", cost)])

    assert rows(allocate(usage, "organization")) == [("a", Decimal(cost), None, 1, 1)]
    assert rows(allocate_within(usage, "organization", "product")) == [
        ("a", "x", Decimal(cost), None, 1, 1)
    ]
