"""The names that every table prints one by one, and those that are "other" in every table."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from finops_nb.figures.budget_status import Status
from finops_nb.figures.named import MARKED, named
from finops_nb.schema import UNALLOCATED

D = Decimal
BY = "organization"


def row(name: str, cost: int, status: Status = Status.UNDER, **more) -> dict:
    """A row of a variance table; a budget of 1,000 where the status has one."""
    budget = None if status is Status.NO_BUDGET else D(1000)
    return {BY: name, "cost": D(cost), "budget": budget, "status": status} | more


def rows_of(number: int, status: Status = Status.UNDER) -> list[dict]:
    """Rows o-000, o-001 … whose costs fall from `number` to 1."""
    return [row(f"o-{place:03}", number - place, status) for place in range(number)]


def test_a_name_with_a_mark_is_never_in_other():
    """(unallocated), NO BUDGET, OVER and AT RISK cost the least of 44, and are all named.

    With them, 20 others fill the 25 lines up to "other (20)".
    """
    marked = [
        row("over", 0, Status.OVER),
        row("at-risk", 0, Status.AT_RISK),
        row("no-budget", -1, Status.NO_BUDGET),
        row(UNALLOCATED, 0, Status.NO_BUDGET),
    ]
    names = named([*rows_of(40), *marked], BY)
    assert {each[BY] for each in marked} <= names.kept
    assert len(names.kept) == 24
    assert list(names.others) == [f"o-{place:03}" for place in range(20, 40)]


def test_a_budget_that_is_used_up_is_named():
    """At 100% of its budget it is UNDER, and the next cent is over."""
    used_up = row("used-up", 1, budget_used=D(1))
    assert "used-up" in named([*rows_of(40), used_up], BY).kept


def test_marks_take_more_lines_than_there_are():
    """40 of 60 are OVER: all 40 are named, and the other 20 are "other"."""
    rows = [*rows_of(40, Status.OVER), *(row(f"u-{place}", 900) for place in range(20))]
    names = named(rows, BY)
    assert names.kept == {each[BY] for each in rows[:40]}
    assert set(names.others.values()) == {""}


def test_beyond_a_hundred_a_mark_has_a_line_of_its_own():
    """Of 150 OVER, the 50 with the least money are counted as OVER, apart from "other"."""
    names = named([*rows_of(150, Status.OVER), *(row(f"u-{each}", 1) for each in range(9))], BY)
    assert list(names.others.values()).count("OVER") == 150 - MARKED
    assert list(names.others.values()).count("") == 9


def test_without_any_budget_no_name_is_marked():
    """Where no budget is set, NO BUDGET says nothing about a name."""
    names = named(rows_of(60, Status.NO_BUDGET), BY)
    assert (len(names.kept), len(names.others)) == (24, 36)


def test_the_ends_of_the_ranking_are_named():
    """o-058 has 100 calls for 2, the most for its money; o-059 has one for 1, o-057 none for 3."""
    rows = [each | {"calls": int(each["cost"])} for each in rows_of(60)]
    rows[57]["calls"], rows[58]["calls"], rows[50]["calls"] = 0, 100, 1
    assert {"o-058", "o-050"} <= named(rows, BY).kept
    assert "o-057" not in named(rows, BY).kept


def test_a_single_name_is_not_other():
    """One name is as short as a line that stands for it: 24 OVER, and one other of 26."""
    rows = [*rows_of(25, Status.OVER), row("u", 1)]
    assert not named(rows, BY).others


def test_a_name_of_an_earlier_month_is_other_only_where_there_is_no_room():
    """It has neither cost nor budget in the period, so only a table of months has it."""
    names = named(rows_of(24), BY)
    assert names.left_out_of([*names.kept, "gone"]) == {}
    many = [*names.kept, *(f"gone-{place}" for place in range(5))]
    assert set(names.left_out_of(many)) == {f"gone-{place}" for place in range(5)}


statuses = st.sampled_from(list(Status))


@given(st.lists(st.tuples(st.integers(-5, 5), statuses), max_size=60), st.integers(2, 30))
def test_every_name_is_printed_or_other(pairs, shown):
    """No name is lost, and the name with the most money is printed, whatever its status is."""
    rows = [row(f"o-{place:03}", cost, status) for place, (cost, status) in enumerate(pairs)]
    names = named(rows, BY)
    assert {each[BY] for each in rows} == {*names.kept, *names.others}
    for each in rows:
        if names.others.get(each[BY]) == "":
            is_marked = each["status"] in (Status.OVER, Status.AT_RISK)
            assert not is_marked
    few = named(rows, BY, shown)
    assert {each[BY] for each in rows} == {*few.kept, *few.others}


def test_names_are_together_by_their_mark():
    """Of 103 that are OVER and one that is not, 3 are "other OVER (3)", and one is "other (1)"."""
    names = named([*rows_of(MARKED + 3, Status.OVER), row("least", 0)], BY)
    every = [*(f"o-{place:03}" for place in range(MARKED + 3)), "least"]
    assert sorted(map(len, names.together(every))) == [1, 3]
    assert ["least"] in names.together(every)
    assert named(rows_of(3), BY).together(["o-000", "former"]) == []
