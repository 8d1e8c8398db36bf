"""Everything that a report prints foots: down a column, across a row, and from table to table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.composed import composed
from support.made_usage import Call, data_of, usage_of
from support.properties import cases
from support.published import amount, text_of

from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import total_to_date
from finops_nb.money import minor_units
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.budgets import read_budgets
from finops_nb.params.model import make_params
from finops_nb.report.footing import ADDED, MONEY
from finops_nb.report.heat_map import HeatMap
from finops_nb.report.prose import Prose
from finops_nb.report.table import Row, Table

D = Decimal
NAMES = [f"n{place:02}" for place in range(40)]

costs = st.decimals(-5, 90, places=4).map(str)
calls = st.lists(
    st.tuples(
        st.sampled_from([*NAMES[:3], ""]),
        st.sampled_from(["x", "y", "z"]),
        st.just("f"),
        st.sampled_from(["c1", "c2"]),
        costs,
        st.integers(1, 12).map("2025-12-{:02}".format),
    ).map(lambda values: Call(*values)),
    min_size=1,
    max_size=12,
)
amounts = st.decimals(0, 90, places=4).map(str)
budgets = st.fixed_dictionaries(
    {},
    optional={
        "organization_budgets": st.dictionaries(st.sampled_from(NAMES[:4]), amounts),
        "product_budgets": st.dictionaries(st.sampled_from(["x", "y"]), amounts),
    },
)
before = st.dictionaries(st.sampled_from(NAMES[:4]), st.decimals(0, 90, places=4), min_size=1)


def data_with(
    made: list[Call], complete: bool = True, spent: dict | None = None, **keys
) -> ReportData:
    """Data of December 2025, after a November of the costs given by organization."""
    params = make_params({"period": "2025-12", "usage": "sample:"} | keys)
    months = []
    if spent:
        cost = sum(spent.values(), D(0))
        days = {date(2025, 11, 1): cost}
        months = [PublishedMonth("2025-11", cost, 3, days, D("7.005"), spent, {"x": cost})]
    return data_of(usage_of(made, complete=complete), params, read_budgets(params), months=months)


def tables_of(data: ReportData) -> list[Table]:
    return [part for part in composed(data, with_charts=False).shown if isinstance(part, Table)]


def cells(row: Row) -> list[Decimal]:
    """The printed figures of a row; what is n/a, or empty, counts as 0."""
    return [D(0) if amount(text) is None else amount(text) for text in texts(row)]


def texts(row: Row) -> list[str]:
    # A count has no decimals and no sign of a currency.
    return [
        f"{cell.text}.00" if re.fullmatch(r"-?[\d,]+", cell.text) else cell.text.replace("+", "")
        for cell in row.cells
    ]


def faults(table: Table) -> Iterator[str]:
    """What does not foot, as printed: a column that adds up, or a difference without Rounding."""
    places = {column.name: place for place, column in enumerate(table.columns)}
    for block in table.printed:
        rows = table.rows(block)
        for place, column in enumerate(table.columns):
            if rows[-1:] and rows[-1].kind == "total" and column.additive and column.unit in ADDED:
                *parts, whole = (cells(row)[place] for row in rows)
                if rows[-1].cells[place].text not in ("n/a", "") and sum(parts) != whole:
                    yield f"{table.name}: {column.label} adds up to {sum(parts)}, not {whole}"
            if block.is_difference and column.unit in MONEY:
                first, second, last = (cells(row)[place] for row in rows)
                if first - second + rounding(rows[-1], place) != last:
                    yield f"{table.name}: {column.label} differs by {first - second}, not {last}"
            if column.difference and set(column.difference) <= set(places):
                own = rows[:-1] if block.is_difference else rows
                of = [places[name] for name in column.difference]
                yield from (f"{table.name}: {texts(row)}" for row in own if wrong(row, *of, place))


def wrong(row: Row, minuend: int, subtrahend: int, place: int) -> bool:
    """Whether a row's printed difference is another one than that of its amounts."""
    if row.kind == "rounding" or row.cells[place].text in ("n/a", ""):
        return False
    figures = cells(row)
    apart = figures[minuend] - figures[subtrahend] + rounding(row, place)
    return apart != figures[place]


def rounding(row: Row, place: int) -> Decimal:
    """What a note below a cell says of its rounding; 0 without one."""
    said = [re.fullmatch(r"Rounding (.+)", text) for text in row.cells[place].beneath]
    return sum((amount(each[1].replace("+", "")) for each in said if each), D(0))


@pytest.mark.slow
@settings(max_examples=cases(25))
@given(calls, budgets, before, st.booleans())
def test_every_table_of_a_report_foots_down_and_across(made, keys, spent, complete):
    """A printed column adds up to its total, and a printed difference is that of its amounts.

    Where it is not, a line or a note "Rounding" has what is missing.
    """
    data = data_with(made, complete, spent, **keys)
    every = tables_of(data)
    assert [fault for table in every for fault in faults(table)] == []
    assert len([table for table in every if not table.is_empty]) > 10


def test_a_name_without_a_budget_counts_in_run_rate_minus_budget():
    """1 and 2 a day are 31 and 62 in December: 31 − 10 = 21, and 62 − 0; in total 93 − 10 = 83.

    The 62 of org-b, which has no budget, are in the total, as they are in its variance.
    """
    made = [
        Call(name, "x", "f", "c", cost, f"2025-12-{day:02}")
        for day in range(1, 8)
        for name, cost in (("org-a", "1"), ("org-b", "2"))
    ]
    data = data_with(made, complete=False, organization_budgets={"org-a": 10})
    table = next(table for table in tables_of(data) if table.name == "running_period")
    printed = [
        (row.cells[0].text, row.cells[5].text)
        for block in table.blocks
        for row in table.rows(block)
    ]
    assert printed == [
        ("org-b", "+$62.00"),
        ("org-a", "+$21.00"),
        ("Total", "+$83.00"),
        ("x", "n/a"),
        ("Total", "n/a"),
    ]


@pytest.mark.slow
@settings(max_examples=cases(15))
@given(calls, budgets, before)
def test_to_date_exists_once(made, keys, spent):
    """The year to date of the card is November's and the total to date of the table."""
    data = data_with(made, False, spent, **keys)
    known = replace(data.usage, complete_through=date(2025, 12, 5))
    data = replace(data, usage=known, measured=known)
    shown = {part.name: part for part in composed(data, with_charts=False).shown}
    year = next(line for line in shown["headline"].lines if line["figure"] == "year_to_date")
    place = 0 if data.budgets.organizations else 1
    sums = shown["running_period"].blocks[place].total
    assert year["cost"] == sum(spent.values()) + sums["cost_to_date"]
    by = "organization" if place == 0 else "product"
    assert (sums["cost_to_date"], sums["budget_to_date"]) == total_to_date(data, by)
    if sums["budget_to_date"] is None:
        assert year["budget"] is None
    else:
        assert year["budget"] == D("7.005") + sums["budget_to_date"]


@pytest.mark.parametrize(
    ("cost", "budget", "note"),
    [("10.005", "10", ""), ("10.005", "11", " (Rounding -$0.01)"), ("10.00", "11.00", "")],
)
def test_prose_says_what_rounding_adds_to_a_difference(cost, budget, note):
    """10.005 and 11 print as 10.01 and 11.00; 0.995 prints as 1.00, a cent more than 0.99."""
    data = data_with(
        [Call("org-a", "x", "f", "c", cost)],
        organization_budgets={"org-a": budget},
        product_budgets={"x": budget},
    )
    parts = {
        part.name: text_of(part)
        for part in composed(data, with_charts=False).shown
        if isinstance(part, Prose)
    }
    for name in ("executive_summary", "headline"):
        assert ("(Rounding" in parts[name]) is bool(note)
    assert f"the ${D(budget):.2f} budget{note}" in parts["executive_summary"]


def test_the_change_of_the_issue_says_its_rounding():
    """2,425.04 − 1,790.55 = 634.49, but 634.484 prints as 634.48."""
    data = data_with([Call("n00", "x", "f", "c", "2425.036")], spent={"n00": D("1790.552")})
    parts = {part.name: part for part in composed(data, with_charts=False).shown}
    table = parts["cost_by_month"]
    row = table.rows(table.blocks[0])[0]
    assert [cell.text for cell in row.cells] == ["n00", "$1,790.55", "$2,425.04", "+$634.48"]
    assert row.cells[-1].beneath == ("Rounding -$0.01",)
    assert "November, as published: $1,790.55 (Rounding -$0.01)" in text_of(parts["headline"])


def other_sets(data: ReportData) -> dict[str, dict[str, set[str]]]:
    """By dimension: which names each table and heat map has in "other", where it has any."""
    found: dict[str, dict[str, set[str]]] = {"organization": {}, "product": {}}
    for table in tables_of(data):
        if isinstance(table, HeatMap):
            grid = table.grid()
            shown = {"organization": set(grid.names), "product": set(grid.columns)}
            for by, names in shown.items():
                every = {line[by] for line in table.blocks[0].lines}
                found[by][table.name] = every - names
            continue
        for block in table.blocks:
            by = table.columns[table.named].name
            if by == "name":
                by = (block.heading or "").removeprefix("By ").lower()
            if by in found:
                printed = {row.cells[table.named].text for row in table.rows(block)}
                every = {line.get(by, line.get("name")) for line in block.lines}
                found[by].setdefault(f"{table.name} {block.heading}", every - printed)
    return found


OF_NOVEMBER = {"gone", "x"}
"""Names that only the table of months has, since they have neither cost nor budget in December."""


def many(statuses: dict[str, str]) -> ReportData:
    """40 organizations and 40 products; budgets by name, all of those at the cost plus one."""
    made = [
        Call(name, f"p-{name}", "f", f"c-{name}", str(place + 1), f"2025-12-{place % 12 + 1:02}")
        for place, name in enumerate(NAMES)
    ]
    made.append(Call("", "p-n00", "f", "c", "0.5"))
    budgets = {name: str(place + 2) for place, name in enumerate(NAMES)} | statuses
    kept = {name: budget for name, budget in budgets.items() if budget}
    products = {f"p-{name}": budget for name, budget in kept.items()}
    spent = {name: D(1) for name in (*NAMES, "gone")}
    return data_with(made, True, spent, organization_budgets=kept, product_budgets=products)


def test_other_is_the_same_names_in_every_table_of_a_dimension():
    """n03 is OVER, n05 has NO BUDGET: with (unallocated), 24 of 41 organizations are printed.

    The others are "other" in each table that has them; that of months has one name more, of
    November. Of 40 products, 11 are printed.
    """
    found = other_sets(many({"n03": "1", "n05": ""}))
    for by, number in (("organization", 17), ("product", 29)):
        whole = max(found[by].values(), key=len) - OF_NOVEMBER
        assert len(whole) == number
        assert not whole & {"n03", "n05", "(unallocated)", "p-n03", "p-n05"}
        for name, names in found[by].items():
            assert names - OF_NOVEMBER <= whole, name
        full = [name for name in found[by] if "breakdown" not in name]
        assert len(full) > 4
        for name in full:
            expected = whole - ({"n05", "p-n05"} if "alerts" in name else set())
            assert found[by][name] - OF_NOVEMBER == expected, name


def test_no_urgent_name_is_other_however_many_there_are():
    """All 40 are OVER, so each has its own line in every table."""
    found = other_sets(many(dict.fromkeys(NAMES, "0.25")))
    assert all(not names - OF_NOVEMBER for of in found.values() for names in of.values())


@pytest.mark.parametrize("currency", ["JPY", "KWD"])
def test_it_foots_in_other_decimals(currency):
    """0.5 + 0.5 yen, and fils: the decimals are those of the currency."""
    made = [Call(name, "x", "f", "c", "0.5555") for name in NAMES[:3]]
    data = data_with(made, currency=currency, organization_budgets={"n00": "0.1"})
    assert minor_units(currency) != 2
    table = next(table for table in tables_of(data) if table.name == "cost_by_organization")
    *_, last_but_one, last = table.rows(table.blocks[0])
    assert [row.cells[1].text for row in (last_but_one, last)] == {
        "JPY": ["-¥1", "¥2"],
        "KWD": ["-KWD\xa00.001", "KWD\xa01.667"],
    }[currency]
