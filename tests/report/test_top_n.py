"""The largest lines of many, and one line that adds up the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from finops_nb import schema
from finops_nb.report.top_n import GROUPS, Keep, top_groups, top_n

COLUMNS = (schema.ORGANIZATION, schema.COST, schema.CUSTOMERS)
D = Decimal


def lines(*costs: str) -> list[dict]:
    return [
        {"organization": f"org-{place}", "cost": D(cost), "customers": 1}
        for place, cost in enumerate(costs)
    ]


def test_few_lines_are_left_alone():
    """It adds up nothing where all lines find a place."""
    few = lines("1", "2", "3")
    assert top_n(few, COLUMNS, "organization", 3) == (few, None, [])


def test_the_largest_stay_in_their_order():
    """It keeps 5 and −4, a large credit, and adds up 1 + 2 = 3; customers do not add."""
    kept, other, _ = top_n(lines("1", "-4", "2", "5"), COLUMNS, "organization", 3)
    assert [line["organization"] for line in kept] == ["org-1", "org-3"]
    assert other == {"organization": "other (2)", "cost": D(3)}


def test_lines_without_money_stay_as_they_come():
    """It keeps the first ones, and says how many follow."""
    kept, other, _ = top_n(
        lines("1", "9", "9"), (schema.ORGANIZATION, schema.CUSTOMERS), "organization", 2
    )
    assert [line["organization"] for line in kept] == ["org-0"]
    assert other == {"organization": "other (2)"}


def test_what_nobody_has_is_no_zero():
    """It has no sum of budgets where none of the others has one, and the sum of those that have."""
    columns = (schema.ORGANIZATION, schema.COST, schema.BUDGET)
    some = [
        line | {"budget": budget}
        for line, budget in zip(lines("9", "1", "1"), (None, None, None), strict=True)
    ]
    assert top_n(some, columns, "organization", 2).other["budget"] is None
    some[1]["budget"] = D(4)
    assert top_n(some, columns, "organization", 2).other["budget"] == D(4)


def test_who_is_over_budget_or_at_risk_is_not_left_out():
    """It prints 1 OVER and 2 AT RISK before 9 and 8, of which the larger one finds a place too; in their order."""
    statuses = ("UNDER", "UNDER", "OVER", "AT RISK", "NO BUDGET")
    some = [
        line | {"status": status}
        for line, status in zip(lines("9", "8", "1", "2", "0"), statuses, strict=True)
    ]
    kept, other, _ = top_n(some, COLUMNS, "organization", 4)
    assert [line["organization"] for line in kept] == ["org-0", "org-2", "org-3"]
    assert other == {"organization": "other (2)", "cost": D(8)}


def test_the_first_ones_may_be_kept_whatever_they_cost():
    """It prints 1 and 2 of four, since they come first, and adds up 9 + 9."""
    kept, other, _ = top_n(lines("1", "2", "9", "9"), COLUMNS, "organization", 3, "first")
    assert [line["cost"] for line in kept] == [D(1), D(2)]
    assert other == {"organization": "other (2)", "cost": D(18)}


def test_a_ranking_keeps_its_ends():
    """It prints the first two and the last two of seven, and 3 + 4 + 5 = 12 between them."""
    cut = top_n(lines("1", "2", "3", "4", "5", "6", "7"), COLUMNS, "organization", 5, "ends")
    assert [line["organization"] for line in cut.printed] == [
        "org-0",
        "org-1",
        "other (3)",
        "org-5",
        "org-6",
    ]
    assert cut.printed[2]["cost"] == D(12)


@given(
    st.lists(st.decimals(-(10**6), 10**6, places=6), max_size=40),
    st.integers(2, 30),
    st.sampled_from(get_args(Keep)),
)
def test_an_excerpt_adds_up_as_the_whole_does(costs, shown, keep):
    """It loses no money, whatever the lines and whichever are kept, and is never longer than asked for."""
    every = lines(*map(str, costs))
    printed = top_n(every, COLUMNS, "organization", shown, keep).printed
    assert len(printed) <= shown
    assert sum(line["cost"] for line in printed) == sum(costs)


@dataclass
class Group:
    heading: str
    lines: list[dict] = field(default_factory=list)
    total: dict | None = None


def test_groups_past_the_twelve_largest_are_lines():
    """It keeps eleven groups of fifteen, and gives the four smallest by their heading and sum."""
    groups = [Group(f"group-{place}", lines("1", str(place))) for place in range(15)]
    kept, rest = top_groups(groups, COLUMNS, "organization")
    assert len(kept) == GROUPS - 1
    assert [group.heading for group in kept] == [f"group-{place}" for place in range(4, 15)]
    assert rest == [{"organization": f"group-{place}", "cost": D(1 + place)} for place in range(4)]
