"""Efficiency: what a call and a customer cost, and the rank by calls for the money."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from finops_nb.figures.allocation import allocate
from finops_nb.figures.efficiency import overall, rank_efficiency, unit_costs
from finops_nb.schema import UNALLOCATED


def calls(**costs: str) -> list[tuple]:
    """Calls by organization: each text is the cost of one."""
    return [
        (name, "x", "f", f"{name}-{n}", cost)
        for name, each in costs.items()
        for n, cost in enumerate(each.split())
    ]


def ranks(usage) -> list[tuple]:
    frame = rank_efficiency(allocate(usage, "organization"))
    return list(zip(frame["rank"], frame["organization"], frame["calls_per_unit"], strict=True))


def test_it_divides_cost_by_calls_and_customers(six):
    """org-a: 6.00 ÷ 3 calls, 6.00 ÷ 2 customers, 3 calls ÷ 6.00.

    Without customers there is no cost per customer.
    """
    frame = unit_costs(allocate(six, "organization")).set_index("organization")

    assert list(frame.columns) == [
        "cost",
        "calls",
        "customers",
        "cost_per_call",
        "cost_per_customer",
        "calls_per_unit",
    ]
    assert list(frame.loc["org-a"]) == [Decimal(6), 3, 2, Decimal(2), Decimal(3), Decimal("0.5")]
    assert list(frame.loc["org-b"]) == [Decimal(2), 2, 1, Decimal(1), Decimal(2), Decimal(1)]
    assert list(frame.loc[UNALLOCATED]) == [Decimal(2), 1, 0, Decimal(2), None, Decimal("0.5")]


def test_it_keeps_the_order_it_was_given(six):
    """The rows are in the order of the table given."""
    given_order = allocate(six, "organization")

    assert list(unit_costs(given_order)["organization"]) == list(given_order["organization"])


def test_it_ranks_by_calls_per_unit_of_currency(usage_of):
    """2 calls ÷ 1.00 come before 1 ÷ 1.00, and that before 1 ÷ 4.00."""
    assert ranks(usage_of(calls(a="1", b="0.5 0.5", c="4"))) == [
        (1, "b", 2),
        (2, "a", 1),
        (3, "c", Decimal("0.25")),
    ]


def test_a_name_without_calls_has_no_rank(usage_of):
    """A fixed fee of 5.00 has 0 calls: 0 ÷ 5.00 would rank it as the least efficient."""
    fee = ("b", "x", "f", "b-1", "5", "2025-12-31", "gpt", 0)
    assert ranks(usage_of([*calls(a="4"), fee])) == [(1, "a", Decimal("0.25")), (None, "b", None)]


def test_it_puts_the_rank_before_the_name(usage_of):
    """The rank comes first, then the columns of `unit_costs`."""
    costs = allocate(usage_of(calls(a="1", b="2")), "organization")

    assert list(rank_efficiency(costs).columns) == ["rank", *unit_costs(costs).columns]


def test_it_lets_equals_share_a_rank(usage_of):
    """Two are first, sorted by name; the next is third."""
    assert ranks(usage_of(calls(c="4", b="1", a="0.5 1.5"))) == [
        (1, "a", 1),
        (1, "b", 1),
        (3, "c", Decimal("0.25")),
    ]


def test_it_does_not_rank_names_without_a_score(usage_of):
    """Free calls and net credits have no calls per dollar; they come last, sorted by name."""
    assert ranks(usage_of(calls(free="0", credit="1 -2", a="4", b="1"))) == [
        (1, "b", 1),
        (2, "a", Decimal("0.25")),
        (None, "credit", None),
        (None, "free", None),
    ]


def test_it_does_not_rank_cost_without_a_name(six):
    """Cost without an organization has calls per dollar, but no rank."""
    assert ranks(six) == [
        (1, "org-b", 1),
        (2, "org-a", Decimal("0.5")),
        (None, UNALLOCATED, Decimal("0.5")),
    ]


@given(
    st.dictionaries(
        st.sampled_from(["a", "b", "c", "d", ""]),
        st.lists(st.integers(-3, 3).map(str), min_size=1, max_size=4),
        min_size=1,
    )
)
def test_its_ranks_follow_the_scores(usage_of, costs):
    """A rank is 1 + the number of better scores; every name with a cost above zero has one."""
    frame = ranks(usage_of(calls(**{name: " ".join(each) for name, each in costs.items()})))
    scored = {name: score for _, name, score in frame if score is not None and name != UNALLOCATED}

    assert {name: rank for rank, name, _ in frame if rank is not None} == {
        name: 1 + sum(other > score for other in scored.values()) for name, score in scored.items()
    }
    assert [rank for rank, _, _ in frame] == sorted(
        (rank for rank, _, _ in frame), key=lambda rank: (rank is None, rank or 0)
    )


def test_it_has_the_unit_costs_of_the_whole_period(six):
    """10.00 for 6 calls of 3 customers, who are distinct and not the sum of the lines."""
    assert overall(six) == {
        "cost": Decimal(10),
        "calls": 6,
        "customers": 3,
        "cost_per_call": Decimal(10) / 6,
        "cost_per_customer": Decimal(10) / 3,
        "calls_per_unit": Decimal("0.6"),
    }


def test_it_leaves_the_frame_it_was_given_alone(six):
    """Ranking returns another frame."""
    costs = allocate(six, "organization")
    before = costs.copy()
    rank_efficiency(costs)

    assert costs.equals(before)
