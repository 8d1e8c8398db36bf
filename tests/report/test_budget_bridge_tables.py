"""The table of variances from budget, as printed."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from support.made_usage import Call, data_of, usage_of

from finops_nb.figures.report_data import ReportData
from finops_nb.money import rounded, total
from finops_nb.params.budgets import Budgets, Version
from finops_nb.params.flexible_budget import FlexibleBudget
from finops_nb.report.budget_bridge_tables import variance_from_budget
from finops_nb.report.table import Table

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


costs = st.decimals(-9, 99, places=4).map("{:f}".format)


@given(
    st.dictionaries(st.sampled_from("abcd"), st.tuples(st.integers(0, 99), costs), min_size=1),
    st.dictionaries(st.sampled_from("abcd"), st.decimals(0, 99, places=2).map(str), min_size=1),
    st.sets(st.sampled_from("abcd")),
)
def test_effects_in_cents_add_up_to_the_printed_variance(used, budgets, stated):
    """Budgets and actuals are exact, as in every table, so that all print the same."""
    of = FlexibleBudget(F(100, 7), F(3, 700))
    table = variance_from_budget(report(used, budgets, *(stated & budgets.keys()), of=of))
    for block in table.blocks:
        for line in block.lines:
            parts = [line[key] or D(0) for key in ("volume", "rate", "other")]
            assert total(parts) == rounded(line["variance"], 2)
            assert line["variance"] == line["actual"] - (line["budget"] or D(0))
            assert line["actual"] == (D(used[line["name"]][1]) if line["name"] in used else D(0))
            assert line["budget"] == (D(budgets[line["name"]]) if line["name"] in budgets else None)
