"""The largest rows of many, and one row that adds up the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from finops_nb import schema
from finops_nb.report.top_n import GROUPS, Keep, other_label, top_groups, top_n, top_names

COLUMNS = (schema.ORGANIZATION, schema.COST, schema.CUSTOMERS)
D = Decimal


def lines(*costs: str) -> list[dict]:
    return [
        {"organization": f"org-{place}", "cost": D(cost), "customers": 1}
        for place, cost in enumerate(costs)
    ]


def test_few_rows_are_all_printed():
    """If all rows find a place, there is no other."""
    few = lines("1", "2", "3")
    assert top_n(few, COLUMNS, "organization", 3) == (few, None, [])


def test_the_largest_stay_in_their_order():
    """It keeps 5 and the large credit of −4, and adds up 1 + 2 = 3; customers do not add."""
    kept, other, _ = top_n(lines("1", "-4", "2", "5"), COLUMNS, "organization", 3)
    assert [line["organization"] for line in kept] == ["org-1", "org-3"]
    assert other == {"organization": "other (2)", "cost": D(3)}


def test_lines_without_money_stay_as_they_come():
    """It keeps the first ones and counts the others."""
    kept, other, _ = top_n(
        lines("1", "9", "9"), (schema.ORGANIZATION, schema.CUSTOMERS), "organization", 2
    )
    assert [line["organization"] for line in kept] == ["org-0"]
    assert other == {"organization": "other (2)"}


def test_a_missing_sum_is_not_zero():
    """The sum of budgets is None if none of the others has one."""
    columns = (schema.ORGANIZATION, schema.COST, schema.BUDGET)
    some = [
        line | {"budget": budget}
        for line, budget in zip(lines("9", "1", "1"), (None, None, None), strict=True)
    ]
    assert top_n(some, columns, "organization", 2).other["budget"] is None
    some[1]["budget"] = D(4)
    assert top_n(some, columns, "organization", 2).other["budget"] == D(4)


def test_rows_over_budget_or_at_risk_are_not_left_out():
    """1 OVER and 2 AT RISK come before 9 and 8; the 9 finds a place too, all in their order."""
    statuses = ("UNDER", "UNDER", "OVER", "AT RISK", "NO BUDGET")
    some = [
        line | {"status": status}
        for line, status in zip(lines("9", "8", "1", "2", "0"), statuses, strict=True)
    ]
    kept, other, _ = top_n(some, COLUMNS, "organization", 4)
    assert [line["organization"] for line in kept] == ["org-0", "org-2", "org-3"]
    assert other == {"organization": "other (2)", "cost": D(8)}


def test_the_first_ones_may_be_kept_whatever_they_cost():
    """It keeps 1 and 2, because they come first, and adds up 9 + 9."""
    kept, other, _ = top_n(lines("1", "2", "9", "9"), COLUMNS, "organization", 3, "first")
    assert [line["cost"] for line in kept] == [D(1), D(2)]
    assert other == {"organization": "other (2)", "cost": D(18)}


def test_a_ranking_keeps_its_ends():
    """It keeps the first two and the last two of seven; between them, 3 + 4 + 5 = 12."""
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
def test_the_printed_rows_add_up_to_the_whole(costs, shown, keep):
    """It loses no money, whichever rows are kept, and is never longer than asked for."""
    every = lines(*map(str, costs))
    printed = top_n(every, COLUMNS, "organization", shown, keep).printed
    assert len(printed) <= shown
    assert sum(line["cost"] for line in printed) == sum(costs)


@given(st.integers(1, 30), st.integers(2, 30))
def test_top_names_keep_the_first_names(number, shown):
    """Every name is printed as itself or as "other (n)", where n counts the names left out."""
    names = [f"n{place}" for place in range(number)]
    printed = top_names(names, shown)
    assert list(printed) == names
    assert len(set(printed.values())) == min(number, shown)
    left_out = [name for name in names if printed[name] != name]
    assert {printed[name] for name in left_out} <= {f"other ({len(left_out)})"}


def test_other_has_thousands_separators():
    """Counts are printed as everywhere in the report."""
    assert other_label(1234) == "other (1,234)"


@dataclass
class Group:
    heading: str
    lines: list[dict] = field(default_factory=list)
    total: dict | None = None


def test_groups_past_the_twelve_largest_are_lines():
    """It keeps 11 groups of 15; the 4 smallest are rows with their heading and sums."""
    groups = [Group(f"group-{place}", lines("1", str(place))) for place in range(15)]
    kept, rest = top_groups(groups, COLUMNS, "organization")
    assert len(kept) == GROUPS - 1
    assert [group.heading for group in kept] == [f"group-{place}" for place in range(4, 15)]
    assert rest == [{"organization": f"group-{place}", "cost": D(1 + place)} for place in range(4)]
