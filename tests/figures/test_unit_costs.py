"""Unit costs: cost ÷ driver amount where both are known for the whole period, else n/a."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.made_usage import Call, data_of, drivers_of, usage_of

from finops_nb.figures.report_data import ReportData
from finops_nb.figures.unit_costs import UnitCost, unit_costs_by_driver, why_no_unit_costs
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.drivers import COMPANY
from finops_nb.params.model import make_params
from finops_nb.schema import UNALLOCATED

D = Decimal
CALLS = (
    Call("org-a", "chat", "f", "c", "6720"),
    Call("org-b", "chat", "f", "c", "1500"),
    Call("", "chat", "f", "c", "280"),
)
"""8,500.00 in December: org-a 6,720.00, org-b 1,500.00, without organization 280.00."""

NOVEMBER = PublishedMonth(
    "2025-11", D(7000), 3, {}, organizations={"org-a": D(5500), UNALLOCATED: D(1500)}
)


def december(*lines, months=(NOVEMBER,), **usage) -> ReportData:
    """The report of December with a drivers.csv of these lines."""
    return data_of(usage=usage_of(CALLS, **usage), months=months, drivers=drivers_of(*lines))


def by_name(data: ReportData) -> dict[tuple[str, str], UnitCost]:
    """Each line by driver and organization."""
    return {(line.driver, line.organization): line for line in unit_costs_by_driver(data)}


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(["2025-11", "2025-12"]), st.sampled_from(["org-a", "org-b", ""])),
        st.decimals(0, 10**6, places=2),
    )
)
def test_the_cost_per_unit_times_the_amount_is_the_cost(stated):
    """In 28 digits, and n/a exactly where there is no amount above zero."""
    lines = [(*key, "orders", f"{amount}") for key, amount in stated.items()]
    costs = {"org-a": D(6720), "org-b": D(1500), COMPANY: D(8500)}
    for line in unit_costs_by_driver(december(*lines)):
        amount = stated.get(("2025-12", line.organization))
        assert (line.cost, line.amount) == (costs[line.organization], amount)
        assert (line.unit_cost is None) == (not amount)
        if line.unit_cost is not None:
            assert abs(Fraction(line.unit_cost) * Fraction(amount) - Fraction(line.cost)) < 1e-15
        assert line.missing == (() if amount is not None else ("2025-12",))


LINES = [
    ("2025-12", "org-a", "orders", "12000"),
    ("2025-11", "org-a", "orders", "11000"),
    ("2025-12", "", "orders", "9"),
    ("2025-12", "org-b", "seats", "3"),
    ("2025-11", "", "seats", "4"),
]


@given(st.permutations(LINES))
def test_the_order_of_the_lines_does_not_matter(lines):
    """Drivers by name, the company first."""
    found = unit_costs_by_driver(december(*lines))
    assert [(line.driver, line.organization) for line in found] == [
        *(("orders", ""), ("orders", "org-a"), ("seats", ""), ("seats", "org-b")),
    ]
    assert found == unit_costs_by_driver(december(*LINES))


def test_the_month_before_is_compared():
    """6,720 ÷ 12,000 = 0.56 after 5,500 ÷ 11,000 = 0.50: + 12%; 0.06 × 12,000 = 720.00."""
    data = december(
        ("2025-12", "org-a", "orders", "12000"), ("2025-11", "org-a", "orders", "11000")
    )
    line = by_name(data)["orders", "org-a"]
    assert (line.unit_cost, line.before) == (D("0.56"), D("0.5"))
    assert (line.change, line.moved) == (D("0.12"), D(720))


def test_the_company_is_divided_by_its_own_amount_only():
    """8,500 ÷ 17,000 = 0.50, cost without an organization included; else n/a, not a sum."""
    stated = december(("2025-12", "", "orders", "17000"), ("2025-11", "", "orders", "17500"))
    line = by_name(stated)["orders", COMPANY]
    assert (line.cost, line.unit_cost, line.before) == (D(8500), D("0.5"), D("0.4"))
    every = december(*(("2025-12", name, "orders", "5") for name in ("org-a", "org-b")))
    line = by_name(every)["orders", COMPANY]
    assert (line.cost, line.amount, line.unit_cost, line.missing) == (
        *(D(8500), None, None, ("2025-12",)),
    )


def test_an_amount_of_zero_has_no_cost_per_unit():
    """Nor has a zero in the month before."""
    data = december(("2025-12", "org-a", "orders", "0"), ("2025-11", "org-a", "orders", "1"))
    line = by_name(data)["orders", "org-a"]
    assert (line.amount, line.unit_cost, line.before, line.change) == (D(0), None, D(5500), None)
    data = december(("2025-12", "org-a", "orders", "1"), ("2025-11", "org-a", "orders", "0"))
    line = by_name(data)["orders", "org-a"]
    assert (line.unit_cost, line.before, line.change, line.moved) == (D(6720), None, None, None)


def test_an_organization_without_usage_has_no_cost():
    """It may be misspelled."""
    line = by_name(december(("2025-12", "org-aa", "orders", "5")))["orders", "org-aa"]
    assert (line.cost, line.amount, line.unit_cost) == (None, D(5), None)


def test_what_is_not_stated_any_more_is_listed_once():
    """A driver of November is listed in December as missing; one of October is not."""
    data = december(("2025-11", "org-a", "orders", "11000"), ("2025-10", "org-b", "seats", "1"))
    assert {pair: line.missing for pair, line in by_name(data).items()} == {
        ("orders", COMPANY): ("2025-12",),
        ("orders", "org-a"): ("2025-12",),
    }


@pytest.mark.parametrize("months", [(), (replace(NOVEMBER, name="2025-10"),)])
def test_a_month_before_that_is_not_published_is_not_compared(months):
    """Only the month directly before counts."""
    lines = [("2025-12", "org-a", "orders", "12000"), ("2025-11", "org-a", "orders", "11000")]
    line = by_name(december(*lines, months=months))["orders", "org-a"]
    assert (line.unit_cost, line.before, line.change) == (D("0.56"), None, None)


def test_a_month_in_progress_has_no_cost_per_unit():
    """The amount is that of the whole month, the cost is not."""
    data = december(("2025-12", "org-a", "orders", "12000"), complete=False)
    line = by_name(data)["orders", "org-a"]
    assert (line.cost, line.amount, line.unit_cost, line.before) == (D(6720), D(12000), None, None)
    assert "not available while the period is in progress" in why_no_unit_costs(data)


def of_period(period: str, *lines) -> ReportData:
    """The report of another period, with 90.00 of org-a in December."""
    usage = usage_of([Call("org-a", "chat", "f", "c", "90")], period)
    params = make_params({"period": period, "usage": "sample:"})
    return data_of(usage=usage, params=params, drivers=drivers_of(*lines))


QUARTER = tuple((f"2025-1{month}", "org-a", "orders", f"{10 + month}") for month in range(3))


def test_a_quarter_has_the_sum_of_its_months():
    """10 + 11 + 12 = 33, and 90 ÷ 33; there is no period before."""
    line = by_name(of_period("2025-Q4", *QUARTER))["orders", "org-a"]
    assert (line.amount, line.unit_cost) == (D(33), D(90) / 33)
    assert (line.before, line.missing) == (None, ())


@pytest.mark.parametrize("left_out", range(3))
def test_a_quarter_without_one_of_its_months_is_not_available(left_out):
    """The missing month is named."""
    lines = [line for place, line in enumerate(QUARTER) if place != left_out]
    line = by_name(of_period("2025-Q4", *lines))["orders", "org-a"]
    assert (line.amount, line.unit_cost, line.missing) == (None, None, (f"2025-1{left_out}",))


def test_a_period_that_is_not_made_of_whole_months_is_not_available():
    """What its months state is listed, without amounts."""
    data = of_period("2025-11-15/2025-12-15", *QUARTER)
    line = by_name(data)["orders", "org-a"]
    assert (line.cost, line.amount, line.unit_cost, line.missing) == (D(90), None, None, ())
    assert "not available because the period is not made of" in why_no_unit_costs(data)


def test_a_scenario_that_changes_usage_is_not_compared():
    """Its own cost per unit is that of the supposed cost."""
    lines = [("2025-12", "org-a", "orders", "12000"), ("2025-11", "org-a", "orders", "11000")]
    data = december(*lines)
    line = by_name(replace(data, usage=replace(data.usage)))["orders", "org-a"]
    assert (line.unit_cost, line.before) == (D("0.56"), None)


def test_without_drivers_there_is_nothing():
    """Nor with drivers of other months."""
    assert unit_costs_by_driver(data_of()) == ()
    assert unit_costs_by_driver(december(("2024-12", "org-a", "orders", "5"))) == ()


def test_the_first_month_of_the_calendar_has_no_month_before():
    """The year 0 is not a year."""
    line = by_name(of_period("0001-01", ("0001-01", "org-a", "orders", "9")))["orders", "org-a"]
    assert (line.unit_cost, line.before) == (D(10), None)


def test_a_quarter_is_compared_with_the_quarter_before():
    """6,720 ÷ (1,000 + 2,000 + 3,000) = 1.12 after (1,000 + 2,000) ÷ (1 + 1 + 1) = 1,000."""
    usage = usage_of(CALLS, period="2025-Q4")
    amounts = {"10": "1000", "11": "2000", "12": "3000", "07": "1", "08": "1", "09": "1"}
    lines = [(f"2025-{month}", "org-a", "orders", amount) for month, amount in amounts.items()]
    costs = {"2025-07": D(1000), "2025-08": D(2000), "2025-09": D(0)}
    months = [
        PublishedMonth(name, cost, 1, {}, organizations={"org-a": cost})
        for name, cost in costs.items()
    ]
    data = data_of(usage=usage, months=months, drivers=drivers_of(*lines))
    line = by_name(data)["orders", "org-a"]
    assert (line.unit_cost, line.before) == (D("1.12"), D(1000))
    fewer = data_of(usage=usage, months=months[1:], drivers=drivers_of(*lines))
    assert by_name(fewer)["orders", "org-a"].before is None


def test_a_quarter_with_a_month_without_usage_has_no_cost_per_unit():
    """The orders of November would divide the cost of October and December alone."""
    calls = [Call("org-a", "chat", "f", "c", "6", day) for day in ("2025-10-01", "2025-12-31")]
    params = make_params({"period": "2025-Q4", "usage": "sample:"})
    lines = [(f"2025-{month}", "org-a", "orders", "2") for month in (10, 11, 12)]
    whole = data_of(usage_of(calls, period="2025-Q4"), params=params, drivers=drivers_of(*lines))
    assert by_name(whole)["orders", "org-a"].unit_cost == D(2)  # 12 ÷ 6
    gap = replace(whole.usage, months_missing=("2025-11",))
    data = replace(whole, usage=gap, measured=gap)
    assert by_name(data)["orders", "org-a"].unit_cost is None
    assert "because there is no usage for November 2025, " in why_no_unit_costs(data)
