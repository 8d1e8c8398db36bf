"""The period beside the months before it, as they were published."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from support.made_usage import SIX, Call, data_of

from finops_nb.figures.allocation import allocate
from finops_nb.figures.bridge import bridge
from finops_nb.figures.change_by_name import changes_by_name
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import total_to_date
from finops_nb.figures.trend import cost_by_month, prior_period, with_trend, year_to_date
from finops_nb.figures.variance import total_variance, variance_by
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.budgets import read_budgets
from finops_nb.params.model import make_params

D = Decimal


def month(name: str, budget: str | None = "6", **organizations: str) -> PublishedMonth:
    """A published month with half of its cost on its first day and half on its 28th."""
    spent = {each.replace("_", "-"): D(cost) for each, cost in organizations.items()}
    cost = sum(spent.values(), D(0))
    days = {date.fromisoformat(f"{name}-01"): cost / 2, date.fromisoformat(f"{name}-28"): cost / 2}
    amount = None if budget is None else D(budget)
    return PublishedMonth(name, cost, 2, days, amount, spent, {"chat": cost})


def budgeted(usage, budget: str, *months: PublishedMonth) -> ReportData:
    """Data with a budget of org-a, after some published months."""
    made = make_params(
        {"period": "2025-12", "usage": "sample:", "organization_budgets": {"org-a": budget}}
    )
    return data_of(usage=usage, params=made, budgets=read_budgets(made), months=months)


def test_the_month_before_is_compared_as_published(six):
    """10 − 8 = 2, a quarter of 8."""
    months = [month("2025-11", org_a="5", org_b="3"), month("2025-10", org_a="1")]
    prior = prior_period(data_of(usage=six, months=months))
    assert prior == ("2025-11", D(10), D(8), D(2), D("0.25"), None)


def test_a_running_month_is_compared_with_as_many_days(usage_of):
    """Its first 5 days cost 3, those of November 4 of 8: 1 less."""
    usage = usage_of([Call("org-a", "chat", "ask", "c", "3.00", "2025-12-05")], complete=False)
    prior = prior_period(data_of(usage=usage, months=[month("2025-11", org_a="8")]))
    assert prior == ("2025-11", D(3), D(4), D(-1), D("-0.25"), 5)


def test_what_was_spent_after_the_days_seen_is_not_compared(usage_of):
    """3 by December 5 (as_of) and 9 after that: the change is 3 − 4 = −1, not 12 − 4."""
    calls = [
        Call("org-a", "chat", "ask", "c", "3.00", "2025-12-05"),
        Call("org-a", "chat", "ask", "c", "9.00", "2025-12-06"),
    ]
    usage = replace(usage_of(calls, complete=False), complete_through=date(2025, 12, 5))
    prior = prior_period(data_of(usage=usage, months=[month("2025-11", org_a="8")]))
    assert prior[1:4] == (D(3), D(4), D(-1))


def test_a_longer_month_is_compared_by_the_days_that_both_have(usage_of):
    """30 days of March are seen, and February has 28: the cost of March 30 is not compared."""
    calls = [
        Call("org-a", "chat", "ask", "c", "3.00", "2025-03-05"),
        Call("org-a", "chat", "ask", "c", "9.00", "2025-03-30"),
    ]
    usage = usage_of(calls, "2025-03", complete=False)
    prior = prior_period(data_of(usage=usage, months=[month("2025-02", org_a="8")]))
    assert (prior.compared, prior.cost, prior.days) == (D(3), D(8), 28)


def test_a_month_before_that_was_not_published_is_named(six):
    """An older month is not compared instead."""
    prior = prior_period(data_of(usage=six, months=[month("2025-10", org_a="1")]))
    assert prior == ("2025-11", D(10), None, None, None, None)


def test_a_quarter_is_compared_with_the_quarter_before(usage_of):
    """10 after 1 + 2 + 3 = 6: 4 more, two thirds of 6. October is in the quarter itself."""
    quarter = usage_of(SIX, period="2025-Q4")
    months = [month(f"2025-{number:02}", org_a=str(number - 6)) for number in (7, 8, 9, 10)]
    prior = prior_period(data_of(usage=quarter, months=months))
    assert prior == ("2025-Q3", D(10), D(6), D(4), D(4) / 6, None)


def test_a_quarter_before_with_a_month_missing_is_not_compared(usage_of):
    """Two months of three would look like a fall."""
    quarter = usage_of(SIX, period="2025-Q4")
    months = [month("2025-07", org_a="1"), month("2025-09", org_a="3")]
    assert prior_period(data_of(usage=quarter, months=months))[2:] == (None, None, None, None)


def test_a_running_quarter_is_compared_with_as_many_days(usage_of):
    """Its first 36 days, to November 5, cost 3; those of Q3, to August 5, 4 + 6 ÷ 2 = 7."""
    calls = [Call("org-a", "chat", "ask", "c", "3.00", "2025-11-05")]
    quarter = usage_of(calls, period="2025-Q4", complete=False)
    costs = {"2025-07": "4", "2025-08": "6", "2025-09": "9"}
    months = [month(name, org_a=cost) for name, cost in costs.items()]
    prior = prior_period(data_of(usage=quarter, months=months))
    assert (prior.compared, prior.cost, prior.days) == (D(3), D(7), 36)


def test_a_quarter_that_lacks_a_month_is_not_compared(usage_of):
    """Without November it would look like a fall."""
    quarter = replace(usage_of(SIX, period="2025-Q4"), months_missing=("2025-11",))
    months = [month(f"2025-{number:02}", org_a="1") for number in (7, 8, 9)]
    data = data_of(usage=quarter, months=months)
    assert prior_period(data)[2:] == (None, None, None, None)
    assert changes_by_name(data, "organization") == ()
    assert bridge(data) == ()


def test_a_report_is_compared_with_the_period_that_its_params_name(six):
    """December after 4 of last December: 6 more; November is not asked for."""
    months = [month("2025-11", org_a="8"), month("2024-12", org_a="4")]
    params = make_params({"period": "2025-12", "usage": "sample:", "compare": "2024-12"})
    prior = prior_period(data_of(usage=six, params=params, months=months))
    assert prior == ("2024-12", D(10), D(4), D(6), D("1.5"), None)


def test_the_month_of_compare_is_no_part_of_the_trend(six):
    """2024-11 is further back than twelve months."""
    params = make_params({"period": "2025-12", "usage": "sample:", "compare": "2024-11"})
    data = data_of(usage=six, params=params, months=[month("2024-11", org_a="4")])
    frame = with_trend(data, variance_by(data, "organization"))
    assert list(frame["trend_months"]) == [("2025-12",)] * len(frame)
    assert cost_by_month(data, "organization").empty


def test_days_and_other_periods_have_no_period_before(usage_of):
    """An interval that starts within a month is not compared with published months."""
    usage = usage_of(SIX, period="2025-11-18/2026-01-18")
    assert prior_period(data_of(usage=usage)) is None
    assert year_to_date(data_of(usage=usage)) is None
    assert year_to_date(data_of(usage=usage_of(SIX, period="2025-Q4"))) is None


def test_the_months_of_a_quarter_are_its_own_usage(usage_of):
    """1 in October, 2 in November and 3 + 4 in December, whatever was published."""
    days = {"2025-10-01": "1", "2025-11-05": "2", "2025-12-01": "3", "2025-12-31": "4"}
    calls = [Call("org-a", "chat", "ask", "c", cost, day) for day, cost in days.items()]
    data = data_of(usage=usage_of(calls, period="2025-Q4"), months=[month("2025-11", org_a="99")])
    frame = cost_by_month(data, "organization")
    assert list(frame.columns) == ["organization", "2025-10", "2025-11", "2025-12"]
    assert list(frame.iloc[0]) == ["org-a", D(1), D(2), D(7)]


def test_the_year_adds_up_the_published_months(six):
    """10 of this month and 3 + 4 of two others, of a budget of 12 + 6 + 6.

    A month of last year does not count.
    """
    months = [
        month("2025-11", org_a="3"),
        month("2025-02", org_a="4"),
        month("2024-12", org_a="100"),
    ]
    year = year_to_date(budgeted(six, "12", *months))
    assert (year.cost, year.budget, year.variance) == (D(17), D(24), D(-7))
    assert year.budget_used == D(17) / 24
    assert year.months == ("2025-02", "2025-11", "2025-12")
    assert year.missing == ("2025-01", *(f"2025-{number:02}" for number in range(3, 11)))


def test_a_fiscal_year_starts_in_its_month(six):
    """From July on: 10 of December and 3 of July; June is of the year before."""
    data = budgeted(six, "12", month("2025-07", org_a="3"), month("2025-06", org_a="4"))
    params = data.params.model_copy(update={"fiscal_year_start": 7})
    year = year_to_date(replace(data, params=params))
    assert (year.cost, year.months) == (D(13), ("2025-07", "2025-12"))
    assert year.missing == ("2025-08", "2025-09", "2025-10", "2025-11")


def test_a_running_month_counts_with_its_budget_to_date(usage_of):
    """3 of the 10 days seen, not the 9 after as_of, and 10 ÷ 31 of the budget of 31.

    With November, 3 + 5 of a budget of 10 + 6 are 8 below it.
    """
    calls = [
        Call("org-a", "chat", "ask", "c", "3.00", "2025-12-10"),
        Call("org-a", "chat", "ask", "c", "9.00", "2025-12-11"),
    ]
    usage = replace(usage_of(calls, complete=False), complete_through=date(2025, 12, 10))
    data = budgeted(usage, "31", month("2025-11", org_a="5"))
    year = year_to_date(data)
    assert (year.cost, year.budget, year.variance) == (D(8), D(16), D(-8))
    assert year.budget_used == D("0.5")
    assert total_to_date(data, "organization") == (D(3), D(10))


def test_a_month_without_a_budget_leaves_the_year_without_one(six):
    """The budgets of the other months are not summed; the month is named."""
    year = year_to_date(budgeted(six, "12", month("2025-11", None, org_a="3")))
    assert (year.cost, year.budget, year.variance) == (D(13), None, None)
    assert year.without_budget == ("2025-11",)


def test_each_name_has_its_months_oldest_first(six, params):
    """It has 0 where the name had no cost, and the period last; the rows stay as they are."""
    keys = params()
    months = [month("2025-11", org_a="5"), month("2025-10", org_b="1")]
    data = data_of(usage=six, budgets=read_budgets(keys), params=keys, months=months)
    frame = with_trend(data, variance_by(data, "organization"))
    trends = dict(zip(frame["organization"], frame["trend"], strict=True))
    assert trends == {
        "org-a": (D(0), D(5), D(6)),
        "org-b": (D(1), D(0), D(2)),
        "(unallocated)": (D(0), D(0), D(2)),
    }
    assert set(frame["trend_months"]) == {("2025-10", "2025-11", "2025-12")}
    assert total_variance(frame, keys.at_risk, True, "USD").actual == D(10)


def trend_of(usage, keys, *months) -> tuple:
    """The months, and the cost of org-a in each."""
    data = data_of(usage=usage, budgets=read_budgets(keys), params=keys, months=months)
    frame = with_trend(data, variance_by(data, "organization"))
    [row] = [row for row in frame.itertuples() if row.organization == "org-a"]
    return row.trend_months, row.trend


def test_a_month_that_was_not_published_is_a_gap(six, params):
    """October and November have no figure between September and December."""
    months = ("2025-09", "2025-10", "2025-11", "2025-12")
    assert trend_of(six, params(), month("2025-09", org_a="5")) == (
        months,
        (D(5), None, None, D(6)),
    )
    assert trend_of(six, params()) == (("2025-12",), (D(6),))


def test_a_running_month_is_not_in_the_trend(usage_of, params):
    """Beside whole months it would look like a fall."""
    running = usage_of([call._replace(day="2025-12-20") for call in SIX], complete=False)
    months = [month("2025-11", org_a="5"), month("2025-09", org_a="4")]
    assert trend_of(running, params(), *months) == (
        ("2025-09", "2025-10", "2025-11"),
        (D(4), None, D(5)),
    )
    assert trend_of(running, params()) == ((), ())


def test_the_table_of_months_adds_up(six):
    """It has every name of any month, with or without cost now; columns add up to the months."""
    months = [month("2025-11", org_a="5", org_gone="3"), month("2025-10", org_b="1")]
    frame = cost_by_month(data_of(usage=six, months=months), "organization")
    assert list(frame.columns) == ["organization", "2025-10", "2025-11", "2025-12", "change"]
    assert list(frame["organization"]) == ["org-a", "org-b", "org-gone", "(unallocated)"]
    assert [sum(frame[name]) for name in frame.columns[1:]] == [D(1), D(8), D(10), D(2)]
    assert sum(frame["2025-12"]) == sum(allocate(six, "organization")["cost"])


def test_the_table_has_six_months_at_most(six):
    """They are the period and the five newest months before it."""
    months = [month(f"2025-{number:02}", org_a="1") for number in range(11, 0, -1)]
    frame = cost_by_month(data_of(usage=six, months=months), "organization")
    assert list(frame.columns[1:-1]) == [f"2025-{number:02}" for number in range(7, 13)]


def test_without_a_month_before_there_is_no_change(six, usage_of):
    """An older month is not compared, nor is a running month with a whole one.

    Without any published month there is no table.
    """
    older = data_of(usage=six, months=[month("2025-10", org_a="1")])
    assert set(cost_by_month(older, "product")["change"]) == {None}
    running = usage_of(SIX, complete=False)
    data = data_of(usage=running, months=[month("2025-11", org_a="1")])
    assert set(cost_by_month(data, "organization")["change"]) == {None}
    assert cost_by_month(data_of(usage=six, months=[]), "organization").empty
