"""Full year: what it has cost so far, is expected to cost in all, and may cost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from support.made_usage import Call, data_of, usage_of
from support.months import december, month

from finops_nb.figures.forecast import outlook
from finops_nb.figures.full_year import full_year
from finops_nb.params.model import make_params

D = Decimal


def test_the_year_to_date_is_of_the_same_months_on_both_sides():
    """10 + 8 of budgets of 12 + 6; October is not published, so neither side has it."""
    year = full_year(
        december(month("2025-11", "8", "6"), month("2025-09", "4", "3")), "organization"
    )
    [line] = year.lines
    assert (line.cost, line.budget, line.variance) == (22, 21, 1)
    assert year.months == ("2025-09", "2025-11", "2025-12")
    assert "2025-10" in year.missing and len(year.missing) == 9


def test_a_month_without_budgets_leaves_the_year_without_one():
    """November had none: 18 against 12 would be no comparison."""
    year = full_year(december(month("2025-11", "8")), "organization")
    [line] = year.lines
    assert (line.cost, line.budget, line.variance, line.year_budget) == (18, None, None, None)
    assert year.without_budget == ("2025-11",)


def test_the_outlook_adds_the_months_ahead():
    """A year that ends in February: 10 to date, and twice the run rate of the month."""
    data = december(start=3)
    ahead = outlook(data)
    expected = sum(ahead.of("organization", each)["org-a"].expected for each in ahead.months)
    [line] = full_year(data, "organization").lines
    assert ahead.months == ("2026-01", "2026-02")
    assert (line.rest, line.outlook) == (expected, 10 + expected)


def test_the_year_has_a_budget_where_every_month_has():
    """12 + 11 + 9 of three months; without February's there is none, and it is named."""
    both = {
        "2026-01": {"organization": {"org-a": D(11)}},
        "2026-02": {"organization": {"org-a": D(9)}},
    }
    [line] = full_year(december(start=3, ahead=both), "organization").lines
    assert line.year_budget == 32
    assert line.outlook_variance == line.outlook - 32
    year = full_year(december(start=3, ahead={"2026-01": both["2026-01"]}), "organization")
    assert year.lines[0].year_budget is None
    assert year.ahead_without_budget == ("2026-02",)


def test_a_name_without_a_budget_in_some_months_is_named_with_them():
    """org-b has 5 in January alone: 0 in November, December and February."""
    january = {"organization": {"org-a": D(11), "org-b": D(5)}}
    february = {"organization": {"org-a": D(9)}}
    november, both = month("2025-11", "8", "6"), {"2026-01": january, "2026-02": february}
    year = full_year(december(november, start=3, ahead=both), "organization")
    assert year.names_without_budget == {"org-b": ("2025-11", "2025-12", "2026-02")}
    [line] = [line for line in year.lines if line.name == "org-b"]
    assert line.year_budget == 5
    # Where February has no budgets at all, only the months to date are compared.
    only = full_year(december(november, start=3, ahead={"2026-01": january}), "organization")
    assert only.names_without_budget == {}


def test_a_name_of_an_earlier_month_is_in_the_year():
    """org-b ended in November."""
    november = month("2025-11", "8", "6")
    november = replace(november, organizations={"org-a": D(5), "org-b": D(3)})
    lines = {line.name: line for line in full_year(december(november), "organization").lines}
    assert lines["org-b"].cost == 3
    assert lines["org-b"].budget is None
    assert lines["org-b"].variance == 3


def test_a_quarter_has_no_year():
    """Its months have."""
    usage = usage_of([Call("org-a", "chat", "f", "c", "15")], period="2025-Q4")
    params = make_params({"period": "2025-Q4", "usage": "sample:"})
    assert full_year(data_of(usage=usage, params=params), "product") is None


def test_the_rest_of_a_running_month_is_its_run_rate_less_its_cost():
    """10 a day for ten days: 210 to come. A credit of 1 a day: 21 of credits to come."""
    days = [f"2025-12-{day:02}" for day in range(1, 11)]
    calls = [Call("org-a", "chat", "f", "c", "10", day) for day in days]
    calls += [Call("org-c", "refund", "f", "c", "-1", day) for day in days]
    data = december()
    usage = usage_of(calls, complete=False)
    data = replace(data, usage=usage, measured=usage)
    lines = {line.name: line for line in full_year(data, "organization").lines}
    assert {name: (line.cost, line.rest) for name, line in lines.items()} == {
        "org-a": (100, 210),
        "org-c": (-10, -21),
    }
