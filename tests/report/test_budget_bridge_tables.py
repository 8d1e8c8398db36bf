"""The table of variances from budget, as printed."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from support.made_usage import Call, data_of, usage_of

from finops_nb.figures.named import named, names_of
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.variance import variance_by
from finops_nb.money import rounded, total
from finops_nb.params.budgets import Budgets, Version
from finops_nb.params.flexible_budget import FlexibleBudget
from finops_nb.read_back.figures import figure
from finops_nb.read_back.page import read_page
from finops_nb.read_back.printed_tables import table_faults
from finops_nb.report import budget_bridge_tables
from finops_nb.report.budget_bridge_tables import EFFECTS, variance_from_budget
from finops_nb.report.format import Format
from finops_nb.report.table import Cell, Table

D, F = Decimal, Fraction
THOUSAND = FlexibleBudget(F(1000), F(1, 50))


def report(
    used: dict[str, tuple[int, str]], budgets: dict[str, str], *stated: str, of=THOUSAND
) -> ReportData:
    """A report of organizations: calls and cost, budgets, and the names that state calls."""
    calls = [Call(name, "x", "f", "c", cost, calls=count) for name, (count, cost) in used.items()]
    amounts = {name: D(amount) for name, amount in budgets.items()}
    flexible = {("organization", name): of for name in stated}
    version = Version("original", amounts, {"x": D(5)})
    return data_of(usage_of(calls), budgets=Budgets({}, (version,), flexible=flexible))


def printed(table: Table) -> list[list[str]]:
    heads = [column.label for column in table.columns]
    rows = [row for block in table.blocks for row in table.rows(block)]
    return [heads, *([cell.text for cell in row.cells] for row in rows)]


def amount_of(cell: Cell) -> Decimal:
    """The amount that a cell prints; n/a and a name are 0."""
    return figure(cell.text, Format("USD")) or D(0)


def read_back_faults(table: Table) -> list[str]:
    """What the printed table says other than its records."""
    if table.is_empty:
        return []
    shown = read_page(table._repr_html_()).tables[table.name]
    return list(table_faults(shown, table.records(), Format(table.currency)))


def test_it_says_what_is_volume_and_what_is_rate():
    """1,500 calls for 33.00 instead of 1,000 for 20.00; products have amounts alone."""
    table = variance_from_budget(report({"a": (1500, "33")}, {"a": "20"}, "a"))
    amounts = ["$20.00", "$33.00", "+$13.00", "+$10.00", "+$3.00"]
    assert printed(table) == [
        ["Name", "Budget", "Actual", "Variance", "Volume", "Rate"],
        ["a", *amounts],
        ["Total", *amounts],
    ]
    assert table.caption == (
        "Variance from budget; volume = (actual − budgeted calls) × budgeted cost per call, rate = "
        "actual cost − actual calls × budgeted cost per call"
    )
    assert not table.intro


def test_names_without_calls_are_other():
    """4 of 5 for b, and 2 without budget: n/a, and the whole variance is other."""
    used = {"a": (1500, "33"), "b": (1, "4"), "c": (1, "2")}
    table = variance_from_budget(report(used, {"a": "20", "b": "5"}, "a"))
    assert printed(table) == [
        ["Name", "Budget", "Actual", "Variance", "Volume", "Rate", "Other"],
        ["a", "$20.00", "$33.00", "+$13.00", "+$10.00", "+$3.00", "$0.00"],
        ["c", "n/a", "$2.00", "+$2.00", "n/a", "n/a", "+$2.00"],
        ["b", "$5.00", "$4.00", "-$1.00", "n/a", "n/a", "-$1.00"],
        ["Total", "$25.00", "$39.00", "+$14.00", "+$10.00", "+$3.00", "+$1.00"],
    ]
    assert [text.text for text in table.intro] == [
        "Volume and rate are n/a where a budget is an amount without calls."
    ]


def test_nothing_is_printed_where_no_budget_states_calls():
    """Not even a heading."""
    assert variance_from_budget(report({"a": (1500, "33")}, {"a": "20"})).is_empty


def test_the_rounding_row_adds_up_across():
    """0.004 over each budget prints as 0.00, and 0.008 over both as 0.01: 0.01 is missed, of rate.

    1 call for 1.004 and 2.004 after 1 call at 1.00 and 2.00, whose budgets are those amounts.
    """
    used = {"a": (1, "1.004"), "b": (1, "2.004")}
    budgets = {"a": "1", "b": "2"}
    calls = [Call(name, "x", "f", "c", cost, calls=count) for name, (count, cost) in used.items()]
    flexible = {
        ("organization", name): FlexibleBudget(F(1), F(amount)) for name, amount in budgets.items()
    }
    version = Version("original", {name: D(amount) for name, amount in budgets.items()}, {})
    data = data_of(usage_of(calls), budgets=Budgets({}, (version,), flexible=flexible))
    table = variance_from_budget(data)
    assert printed(table) == [
        ["Name", "Budget", "Actual", "Variance", "Volume", "Rate"],
        ["a", "$1.00", "$1.00", "$0.00", "$0.00", "$0.00"],
        ["b", "$2.00", "$2.00", "$0.00", "$0.00", "$0.00"],
        ["Rounding", "", "$0.01", "+$0.01", "", "+$0.01"],
        ["Total", "$3.00", "$3.01", "+$0.01", "$0.00", "+$0.01"],
    ]
    assert table.has_rounding_row
    assert not read_back_faults(table)


costs = st.decimals(-9, 99, places=4).map("{:f}".format)
names = st.sampled_from("abcdefgh")


@given(
    st.dictionaries(names, st.tuples(st.integers(0, 99), costs), min_size=1),
    st.dictionaries(names, st.decimals(0, 99, places=3).map(str), min_size=1),
    st.sets(names),
    st.integers(3, 9),
)
@settings(deadline=None)
def test_it_adds_up_across_and_down(used, budgets, stated, shown):
    """Every printed row, the Rounding and the Total too, and every column, to the cent.

    Volume + rate + other is the printed variance; that and the actual cost print as in every other
    table. All is as true where several names are printed as one line.
    """
    of = FlexibleBudget(F(100, 7), F(3, 700))
    data = report(used, budgets, *(stated & budgets.keys()), of=of)
    few = named(variance_by(data, "organization").to_dict("records"), "organization", shown)
    by_name = dict(names_of(data)) | {"organization": few}
    with patch.object(budget_bridge_tables, "names_of", lambda _: by_name):
        table = variance_from_budget(data)
    heads = [column.name for column in table.columns]
    for block in table.blocks:
        rows = [[amount_of(cell) for cell in row.cells] for row in table.rows(block)]
        *lines, last = [dict(zip(heads, row, strict=True)) for row in rows]
        for line in (*lines, last):
            assert line["variance"] == total(line.get(each, D(0)) for each in EFFECTS)
        for head in heads[1:]:
            assert total(line[head] for line in lines) == last[head]
    assert not read_back_faults(table)


@given(
    st.dictionaries(names, st.tuples(st.integers(0, 99), costs), min_size=1),
    st.dictionaries(names, st.decimals(0, 99, places=2).map(str), min_size=1),
    st.sets(names),
)
def test_variances_are_those_of_every_table(used, budgets, stated):
    """Budgets and actuals are exact; the effects of a name add up to its variance, rounded."""
    of = FlexibleBudget(F(100, 7), F(3, 700))
    table = variance_from_budget(report(used, budgets, *(stated & budgets.keys()), of=of))
    for line in (line for block in table.blocks for line in block.of_names):
        parts = [line[key] or D(0) for key in EFFECTS]
        assert total(parts) == rounded(line["variance"], 2)
        assert line["variance"] == line["actual"] - (line["budget"] or D(0))
        assert line["actual"] == (D(used[line["name"]][1]) if line["name"] in used else D(0))
        assert line["budget"] == (D(budgets[line["name"]]) if line["name"] in budgets else None)
