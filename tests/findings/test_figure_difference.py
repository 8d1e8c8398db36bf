"""Rows of tables are compared by what they are about, never by their place."""

from __future__ import annotations

import copy

from hypothesis import given
from hypothesis import strategies as st

from finops_nb.findings.figure_difference import is_comparable, row_differences

BEFORE = {
    "period": {"start": "2025-12-01"},
    "organizations": {"a": "6", "search": "4"},
    "products": {"search": "10"},
    "tables": {
        "executive_summary": [{"total_spend": "10", "calls": 5}],
        "cost_by_organization": [
            {"organization": "a", "cost": "6", "trend": ["1", "6"], "trend_months": ["10", "11"]},
            {"organization": "search", "cost": "4", "trend": ["4"], "trend_months": ["11"]},
        ],
        "cost_by_month": [
            {"name": "a", "2025-12": "6"},
            {"name": "search", "2025-12": "4"},
            {"name": "search", "2025-12": "10"},
        ],
        "recommendations": [
            {"horizon": "Now", "title": "Over", "text": "a is over", "organization": "a"},
            {"horizon": "Now", "title": "Over", "text": "b is over", "organization": "b"},
        ],
        "gone": [{"name": "x", "cost": "1"}],
    },
}


def with_table(name: str, rows: list[dict], **others) -> dict:
    return BEFORE | {"tables": BEFORE["tables"] | {name: rows}} | others


def differences(before: dict, after: dict) -> list[tuple]:
    return [
        (row.table, *row.key.values(), name, *pair)
        for row in row_differences(before, after)
        for name, pair in row.figures().items()
    ]


def test_a_figure_is_found_by_table_row_and_column():
    """A row that moved is no difference; new and missing rows are."""
    rows = [
        {"organization": "c", "cost": "1"},
        {"organization": "search", "cost": "5", "trend": ["4"], "trend_months": ["11"]},
    ]
    assert differences(BEFORE, with_table("cost_by_organization", rows)) == [
        ("cost_by_organization", "c", "cost", None, "1"),
        ("cost_by_organization", "search", "cost", "4", "5"),
        ("cost_by_organization", "a", "cost", "6", None),
        ("cost_by_organization", "a", "trend 10", "1", None),
        ("cost_by_organization", "a", "trend 11", "6", None),
    ]


def test_months_of_a_trend_are_compared_by_their_name():
    """One more month before the others moves them all, and changes none."""
    rows = copy.deepcopy(BEFORE["tables"]["cost_by_organization"])
    rows[0] |= {"trend": ["9", "1", "6"], "trend_months": ["09", "10", "11"]}
    assert differences(BEFORE, with_table("cost_by_organization", rows)) == [
        ("cost_by_organization", "a", "trend 09", None, "9")
    ]


def test_one_of_several_rows_of_a_title_is_told_from_the_others():
    """The equal ones belong together; what is left on both sides is the one that changed."""
    [over_a, over_b] = BEFORE["tables"]["recommendations"]
    later = over_a | {"text": "a is far over"}
    assert differences(BEFORE, with_table("recommendations", [over_b, later])) == [
        ("recommendations", "Now", "Over", "text", "a is over", "a is far over")
    ]
    both = [over_b | {"text": "c is over"}, later]
    kinds = [
        (row.before is None, row.after is None)
        for row in row_differences(BEFORE, with_table("recommendations", both))
    ]
    assert sorted(kinds) == [(False, True)] * 2 + [(True, False)] * 2


def test_an_organization_and_a_product_of_one_name_are_told_apart_by_their_cost():
    """Both rose by 1: 4 → 5 as organization, 10 → 11 as product, in whatever order."""
    rows = [
        {"name": "search", "2025-12": "11"},
        {"name": "a", "2025-12": "6"},
        {"name": "search", "2025-12": "5"},
    ]
    later = {"organizations": {"a": "6", "search": "5"}, "products": {"search": "11"}}
    assert differences(BEFORE, with_table("cost_by_month", rows, **later)) == [
        ("cost_by_month", "organization", "search", "2025-12", "4", "5"),
        ("cost_by_month", "product", "search", "2025-12", "10", "11"),
    ]


def test_tables_of_another_shape_are_not_compared():
    """A notebook of one's own may write anything."""
    assert is_comparable(BEFORE)
    for tables in (None, [], {"a": {}}, {"a": ["b"]}):
        assert not is_comparable({"tables": tables})
    assert not is_comparable({})


values = st.sampled_from(["1", "2", 3, None, "OVER"])
rows = st.fixed_dictionaries({"name": st.sampled_from("abc"), "cost": values, "calls": values})
tables = st.dictionaries(st.sampled_from("tuv"), st.lists(rows))


@given(tables, st.randoms())
def test_rows_in_another_order_are_no_difference(one, random):
    """However many rows have the same name."""
    shuffled = {name: random.sample(lines, len(lines)) for name, lines in one.items()}
    assert list(row_differences({"tables": one}, {"tables": shuffled})) == []


@given(tables, tables)
def test_swapped_results_have_swapped_differences(one, other):
    """Swapping the results swaps before and after of every difference."""
    there = [
        (row.table, tuple(row.key.items()), name, was, now)
        for row in row_differences({"tables": one}, {"tables": other})
        for name, (was, now) in row.figures().items()
    ]
    back = [
        (row.table, tuple(row.key.items()), name, now, was)
        for row in row_differences({"tables": other}, {"tables": one})
        for name, (was, now) in row.figures().items()
    ]
    assert sorted(map(repr, there)) == sorted(map(repr, back))
