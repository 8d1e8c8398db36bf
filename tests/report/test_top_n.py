"""Some rows of many by name, and one row that adds up the others."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from finops_nb import schema
from finops_nb.figures.named import named
from finops_nb.report.top_n import first_n, other_label, printed_names, top_n

COLUMNS = (schema.ORGANIZATION, schema.COST, schema.CUSTOMERS)
D = Decimal


def lines(*costs: str) -> list[dict]:
    return [
        {"organization": f"org-{place}", "cost": D(cost), "customers": 1}
        for place, cost in enumerate(costs)
    ]


def cut_of(rows: list[dict], shown: int, columns=COLUMNS):
    return top_n(rows, columns, "organization", named(rows, "organization", shown))


def test_few_rows_are_all_printed():
    """If all rows find a place, there is no other."""
    few = lines("1", "2", "3")
    assert cut_of(few, 3) == (few, [])
    assert first_n(few, COLUMNS, "organization", 3) == (few, [])


def test_the_largest_stay_in_their_order():
    """It keeps 5 and the large credit of −4, and adds up 1 + 2 = 3; customers do not add."""
    cut = cut_of(lines("1", "-4", "2", "5"), 3)
    assert [line["organization"] for line in cut.kept] == ["org-1", "org-3"]
    assert cut.others == [{"organization": "other (2)", "cost": D(3)}]


def test_a_missing_sum_is_not_zero():
    """The sum of budgets is None if none of the others has one."""
    columns = (schema.ORGANIZATION, schema.COST, schema.BUDGET)
    some = [line | {"budget": None} for line in lines("9", "1", "1")]
    assert cut_of(some, 2, columns).others[0]["budget"] is None
    some[1]["budget"] = D(4)
    assert cut_of(some, 2, columns).others[0]["budget"] == D(4)


def test_the_first_ones_may_be_kept_whatever_they_cost():
    """It keeps 1 and 2, because they come first, and adds up 9 + 9."""
    cut = first_n(lines("1", "2", "9", "9"), COLUMNS, "organization", 3)
    assert [line["cost"] for line in cut.kept] == [D(1), D(2)]
    assert cut.others == [{"organization": "other (2)", "cost": D(18)}]


def test_other_has_what_the_ledger_books():
    """1.005 + 1.005 is 2.01, booked as 1.00 + 1.00 = 2.00."""
    rows = [line | {"booked": D("1.00")} for line in lines("9", "1.005", "1.005")]
    assert cut_of(rows, 2).others[0]["booked"] == D("2.00")


@given(st.lists(st.decimals(-(10**6), 10**6, places=6), max_size=40), st.integers(2, 30))
def test_the_printed_rows_add_up_to_the_whole(costs, shown):
    """It loses no money, whichever rows are kept, and is never longer than asked for."""
    every = lines(*map(str, costs))
    for cut in (cut_of(every, shown), first_n(every, COLUMNS, "organization", shown)):
        assert len(cut.printed) <= shown
        assert sum(line["cost"] for line in cut.printed) == sum(costs)


@given(st.integers(1, 60), st.integers(2, 30))
def test_names_are_printed_as_rows_are(number, shown):
    """Every name is printed as itself or as "other (n)", where n counts the names left out."""
    rows = lines(*(str(number - place) for place in range(number)))
    names = [row["organization"] for row in rows]
    printed = printed_names(names, named(rows, "organization", shown))
    assert list(printed) == names
    assert list(dict.fromkeys(printed.values())) == [
        row["organization"] for row in cut_of(rows, shown).printed
    ]


def test_other_has_thousands_separators():
    """Counts are printed as everywhere in the report."""
    assert other_label(1234) == "other (1,234)"
