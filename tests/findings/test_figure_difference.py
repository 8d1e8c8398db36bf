"""Every figure that differs between the tables of two results."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from finops_nb.findings.changes import FigureDifference, figure_differences

BEFORE = {
    "whole": [{"total_spend": "10", "calls": 5}],
    "by_organization": [
        {"organization": "a", "cost": "6", "trend": ["1", "6"]},
        {"organization": "b", "cost": "4", "trend": ["2", "4"]},
    ],
    "advice": [
        {"title": "Over", "text": "a is over", "over": [{"name": "a", "excess": "1"}]},
        {"title": "Over", "excess": "3"},
    ],
    "gone": [{"name": "x", "cost": "1"}],
}


def differences(after: dict) -> list[tuple]:
    return [
        (each.table, each.line, each.column, each.before, each.after)
        for each in figure_differences(BEFORE, after)
    ]


def test_a_figure_is_found_by_table_line_and_column():
    """Lines of the same name are compared in any order; new and missing lines count too."""
    after = BEFORE | {
        "whole": [{"total_spend": "22.40", "calls": 5}],
        "by_organization": [
            {"organization": "c", "cost": "1"},
            {"organization": "b", "cost": "16.40", "trend": ["2", "16.40"]},
            {"organization": "a", "cost": "6", "trend": ["1", "6"]},
        ],
    }
    assert differences(after) == [
        ("whole", "", "total_spend", "10", "22.40"),
        ("by_organization", "c", "cost", None, "1"),
        ("by_organization", "b", "cost", "4", "16.40"),
        ("by_organization", "b", "trend 2", "4", "16.40"),
    ]


def test_a_value_with_parts_is_compared_part_by_part():
    """Each part is named; lines of the same name are matched by their order; texts are skipped."""
    after = BEFORE | {
        "advice": [
            {"title": "Over", "text": "a is far over", "over": [{"name": "a", "excess": "2"}]},
            {"title": "Over", "excess": "4"},
        ]
    }
    assert differences(after) == [
        ("advice", "Over", "over 1 excess", "1", "2"),
        ("advice", "Over", "excess", "3", "4"),
    ]


def test_a_new_or_missing_table_comes_with_all_its_figures():
    """Its figures have None on the other side."""
    after = {name: lines for name, lines in BEFORE.items() if name != "gone"} | {
        "new": [{"name": "y", "cost": "2"}]
    }
    assert differences(after) == [("new", "y", "cost", None, "2"), ("gone", "x", "cost", "1", None)]


values = st.sampled_from(["1", "2", 3, None, "OVER"])
tables = st.dictionaries(
    st.sampled_from("tuv"),
    st.lists(
        st.fixed_dictionaries(
            {"name": st.sampled_from("ab"), "cost": values, "part": st.lists(values, max_size=2)}
        )
    ),
)


@given(tables, tables)
def test_equal_tables_have_no_differences_and_swapped_tables_have_them_swapped(one, other):
    """Swapping the tables swaps before and after of every difference."""
    assert list(figure_differences(one, one)) == []
    there = {
        FigureDifference(each.table, each.line, each.column, each.after, each.before)
        for each in figure_differences(one, other)
    }
    assert there == set(figure_differences(other, one))
