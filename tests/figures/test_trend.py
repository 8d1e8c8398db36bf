"""The period beside the months before it, as they were published."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from support.made_usage import SIX, Call, data_of

from finops_nb.figures.allocation import allocate
from finops_nb.figures.trend import cost_by_month, prior_month, with_trend, year_to_date
from finops_nb.figures.variance import TotalVariance, total_variance, variance_by
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.budgets import read_budgets

D = Decimal


def month(name: str, budget: str | None = "6", **organizations: str) -> PublishedMonth:
    """A month whose whole cost came on its first and on its 30th day, half each."""
    spent = {each.replace("_", "-"): D(cost) for each, cost in organizations.items()}
    cost = sum(spent.values(), D(0))
    days = {date.fromisoformat(f"{name}-01"): cost / 2, date.fromisoformat(f"{name}-28"): cost / 2}
    return PublishedMonth(
        name, cost, 2, days, None if budget is None else D(budget), spent, {"chat": cost}
    )


def totals(cost: str, budget: str | None) -> TotalVariance:
    return TotalVariance(D(cost), None if budget is None else D(budget), None, None, None, "UNDER")


def test_the_month_before_is_compared_as_published(six):
    """It takes 10 − 8 = 2, a quarter of 8."""
    prior = prior_month(
        data_of(
            usage=six, months=[month("2025-11", org_a="5", org_b="3"), month("2025-10", org_a="1")]
        )
    )
    assert prior == ("2025-11", D(10), D(8), D(2), D("0.25"), None)


def test_a_running_month_is_compared_with_as_many_days(usage_of):
    """It has seen 5 days that cost 3; the first 5 days of November cost 4 of 8: 1 less."""
    usage = usage_of([Call("org-a", "chat", "ask", "c", "3.00", "2025-12-05")], complete=False)
    prior = prior_month(data_of(usage=usage, months=[month("2025-11", org_a="8")]))
    assert prior == ("2025-11", D(3), D(4), D(-1), D("-0.25"), 5)


def test_what_was_spent_after_the_days_seen_is_not_compared(usage_of):
    """It has 3 by 5 December, as_of, and 9 more after that; 3 − 4 = −1 is compared, and not 12 − 4."""
    calls = [
        Call("org-a", "chat", "ask", "c", "3.00", "2025-12-05"),
        Call("org-a", "chat", "ask", "c", "9.00", "2025-12-06"),
    ]
    usage = replace(usage_of(calls, complete=False), complete_through=date(2025, 12, 5))
    assert prior_month(data_of(usage=usage, months=[month("2025-11", org_a="8")]))[1:4] == (
        D(3),
        D(4),
        D(-1),
    )


def test_a_longer_month_is_compared_by_the_days_that_both_have(usage_of):
    """It has seen 30 days of March, and February has 28: what came on the 30th is not compared."""
    calls = [
        Call("org-a", "chat", "ask", "c", "3.00", "2025-03-05"),
        Call("org-a", "chat", "ask", "c", "9.00", "2025-03-30"),
    ]
    prior = prior_month(
        data_of(
            usage=usage_of(calls, "2025-03", complete=False), months=[month("2025-02", org_a="8")]
        )
    )
    assert (prior.compared, prior.cost, prior.days) == (D(3), D(8), 28)


def test_a_month_that_was_not_published_is_named(six):
    """It is said that the month before is not there, rather than another one taken."""
    assert prior_month(data_of(usage=six, months=[month("2025-10", org_a="1")])) == (
        "2025-11",
        D(10),
        None,
        None,
        None,
        None,
    )


def test_another_period_has_no_month_before_and_no_year(usage_of):
    """A quarter is compared with nothing."""
    quarter = usage_of(SIX, period="2025-Q4")
    assert prior_month(data_of(usage=quarter, months=[])) is None
    assert year_to_date(data_of(usage=quarter, months=[]), totals("10", "9")) is None


def test_the_year_adds_up_what_was_published(six):
    """It is 10 of this month and 3 + 4 of two others, of a budget of 12 + 6 + 6; last year's month is not in it."""
    months = [
        month("2025-11", org_a="3"),
        month("2025-02", org_a="4"),
        month("2024-12", org_a="100"),
    ]
    year = year_to_date(data_of(usage=six, months=months), totals("10", "12"))
    assert (year.cost, year.budget, year.variance) == (D(17), D(24), D(-7))
    assert year.budget_used == D(17) / 24
    assert year.months == ("2025-02", "2025-11", "2025-12")
    assert year.missing == ("2025-01", *(f"2025-{number:02}" for number in range(3, 11)))


def test_a_running_month_counts_with_its_budget_to_date(usage_of):
    """It has 3 of the 10 days seen, not the 9 after as_of, and 10 ÷ 31 of its budget of 31: 3 + 5 of 10 + 6 is −8."""
    calls = [
        Call("org-a", "chat", "ask", "c", "3.00", "2025-12-10"),
        Call("org-a", "chat", "ask", "c", "9.00", "2025-12-11"),
    ]
    usage = replace(usage_of(calls, complete=False), complete_through=date(2025, 12, 10))
    year = year_to_date(
        data_of(usage=usage, months=[month("2025-11", org_a="5")]), totals("12", "31")
    )
    assert (year.cost, year.budget, year.variance, year.budget_used) == (
        D(8),
        D(16),
        D(-8),
        D("0.5"),
    )


def test_a_month_without_a_budget_leaves_the_year_without_one(six):
    """It sums no budgets where one is missing, and names the month."""
    year = year_to_date(
        data_of(usage=six, months=[month("2025-11", None, org_a="3")]), totals("10", "12")
    )
    assert (year.cost, year.budget, year.variance, year.without_budget) == (
        D(13),
        None,
        None,
        ("2025-11",),
    )


def test_each_name_has_its_months_oldest_first(six, params):
    """It has 0 where the name had no cost, and the period last; the lines stay as they are."""
    keys = params()
    variance = variance_by(
        data_of(usage=six, budgets=read_budgets(keys), params=keys), "organization"
    )
    frame = with_trend(
        data_of(usage=six, months=[month("2025-11", org_a="5"), month("2025-10", org_b="1")]),
        variance,
    )
    trends = dict(zip(frame["organization"], frame["trend"], strict=True))
    assert trends == {
        "org-a": (D(0), D(5), D(6)),
        "org-b": (D(1), D(0), D(2)),
        "(unallocated)": (D(0), D(0), D(2)),
    }
    assert set(frame["trend_months"]) == {("2025-10", "2025-11", "2025-12")}
    assert total_variance(frame, keys.at_risk, True).actual == D(10)


def trend_of(usage, keys, *months) -> tuple:
    """The months, and the cost of org-a in each."""
    frame = with_trend(
        data_of(usage=usage, months=months),
        variance_by(data_of(usage=usage, budgets=read_budgets(keys), params=keys), "organization"),
    )
    [row] = [row for row in frame.itertuples() if row.organization == "org-a"]
    return row.trend_months, row.trend


def test_a_month_that_was_not_published_is_a_gap(six, params):
    """It has no figure for October and November, rather than September beside December."""
    months = ("2025-09", "2025-10", "2025-11", "2025-12")
    assert trend_of(six, params(), month("2025-09", org_a="5")) == (
        months,
        (D(5), None, None, D(6)),
    )
    assert trend_of(six, params()) == (("2025-12",), (D(6),))


def test_a_running_month_is_not_in_the_trend(usage_of, params):
    """It would fall there, beside whole months."""
    running = usage_of(SIX, complete=False)
    months = [month("2025-11", org_a="5"), month("2025-09", org_a="4")]
    assert trend_of(running, params(), *months) == (
        ("2025-09", "2025-10", "2025-11"),
        (D(4), None, D(5)),
    )
    assert trend_of(running, params()) == ((), ())


def test_the_table_of_months_foots(six):
    """It has every name of any month, whether or not it has cost now, and its columns add up to the months."""
    months = [month("2025-11", org_a="5", org_gone="3"), month("2025-10", org_b="1")]
    frame = cost_by_month(data_of(usage=six, months=months), "organization")
    assert list(frame.columns) == ["organization", "2025-10", "2025-11", "2025-12", "change"]
    assert list(frame["organization"]) == ["org-a", "org-b", "org-gone", "(unallocated)"]
    assert [sum(frame[name]) for name in frame.columns[1:]] == [D(1), D(8), D(10), D(2)]
    assert sum(frame["2025-12"]) == sum(allocate(six, "organization")["cost"])


def test_the_table_has_six_months_at_most(six):
    """It has the five newest before the period."""
    months = [month(f"2025-{number:02}", org_a="1") for number in range(11, 0, -1)]
    assert list(cost_by_month(data_of(usage=six, months=months), "organization").columns[1:-1]) == [
        f"2025-{number:02}" for number in range(7, 13)
    ]


def test_without_a_month_before_there_is_no_change(six, usage_of):
    """It compares neither with an older month nor a running one with a whole one; without any month there is no table."""
    assert set(
        cost_by_month(data_of(usage=six, months=[month("2025-10", org_a="1")]), "product")["change"]
    ) == {None}
    running = usage_of(SIX, complete=False)
    assert set(
        cost_by_month(data_of(usage=running, months=[month("2025-11", org_a="1")]), "organization")[
            "change"
        ]
    ) == {None}
    assert cost_by_month(data_of(usage=six, months=[]), "organization").empty
