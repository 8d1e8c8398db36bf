"""Forecast: expected cost of the months ahead, its range, and the budgets it is set against."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.made_usage import Call, data_of, usage_of
from support.simulated_years import LEVEL, simulated_year

from finops_nb.figures.forecast import (
    TOTAL,
    Forecast,
    Known,
    forecast_of,
    known_months,
    outlook,
)
from finops_nb.figures.forecast_methods import Method, Month, following
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.events import Event
from finops_nb.params.model import make_params
from finops_nb.period import parse_period

D = Decimal
JULY = "2025-07"
COSTS = st.decimals(min_value=-100, max_value=10**6, places=4)
PAIRS = st.tuples(st.sampled_from(["org-a", "org-b"]), st.sampled_from(["chat", "code", "docs"]))


def months(*every: dict[tuple[str, str], str | Decimal], first: str = JULY) -> list[Known]:
    """Consecutive months by the cost of each pair, spread evenly over their days."""
    known = []
    for ahead, pairs in enumerate(every):
        name = following(first, ahead)
        costs = {pair: D(cost) for pair, cost in pairs.items()}
        cost, days = sum(costs.values(), D(0)), parse_period(name).days
        month = Month(name, cost, {day: cost / len(days) for day in days})
        known.append(Known(month, costs))
    return known


def one(*costs: str) -> list[Known]:
    """Months of one pair."""
    return months(*[{("org-a", "chat"): cost} for cost in costs])


def forecast(known: list[Known], ahead: int = 1, budgets=None, events=()) -> Forecast:
    names = [following(known[-1].month.name, each + 1) for each in range(ahead)]
    made = forecast_of(known, names, budgets or {}, 2, events)
    assert made is not None
    return made


@given(
    st.lists(st.dictionaries(PAIRS, COSTS, min_size=1), min_size=1, max_size=8), st.integers(1, 6)
)
def test_organizations_and_products_add_up_to_the_total(every, ahead):
    """Expected is made of pairs, so both dimensions have the same sum, in every month."""
    known = months(*every)
    names = [following(known[-1].month.name, each + 1) for each in range(ahead)]
    made = forecast_of(known, names, {}, 2)
    for month in made.months if made else ():
        total = made.of("total", month)["total"].expected
        for dimension in ("organization", "product"):
            lines = made.of(dimension, month).values()
            assert sum(line.expected for line in lines) == total


@given(st.lists(st.dictionaries(PAIRS, COSTS, min_size=1), min_size=1, max_size=8))
def test_low_expected_and_high_are_in_order(every):
    """Rounding to three digits turns none of them around; low is not below zero."""
    known = months(*every)
    made = forecast_of(known, [following(known[-1].month.name, 1)], {}, 2)
    for line in made.lines if made else ():
        if line.low is not None:
            assert 0 <= line.low <= line.expected <= line.high


@given(st.lists(st.dictionaries(PAIRS, COSTS, min_size=1), min_size=2, max_size=6))
@example(
    [
        {("org-a", "chat"): D("0.0000"), ("org-b", "chat"): D("0.0001")},
        {("org-a", "code"): D("0.7975"), ("org-b", "chat"): D("52477.4345")},
        {("org-a", "chat"): D("0.0338"), ("org-b", "chat"): D("0.0000")},
        {("org-a", "docs"): D("4.8000"), ("org-b", "code"): D("0.1974")},
        {("org-a", "chat"): D("894784.7892")},
    ]
)
def test_the_order_of_names_changes_nothing(every):
    """Backward or forward, every figure is the same, to its 28th digit."""
    backward = [dict(reversed(pairs.items())) for pairs in every]
    names = [following(JULY, len(every))]
    assert forecast_of(months(*every), names, {}, 2) == forecast_of(months(*backward), names, {}, 2)


def test_each_pair_has_three_significant_digits():
    """1234.56 and 0.0456 in cents, as last month had them: 1230 and 0.05."""
    known = months({("org-a", "chat"): "1234.56", ("org-a", "code"): "0.0456"})
    april = months(*[each.pairs for each in known] * 3, first="2025-01")
    lines = forecast(april).of("product", "2025-04")
    assert [lines[name].expected for name in ("chat", "code")] == [1230, D("0.05")]


def test_where_nothing_beats_the_last_month_it_is_the_method():
    """30 days, 31 and 30 at the same cost: the last month is exact, and the simplest."""
    made = forecast(one("100", "100", "100"))
    assert made.method is Method.LAST_MONTH
    assert made.errors[Method.LAST_MONTH] == 0 == made.errors[Method.DRIFT]


def test_the_error_of_a_method_is_what_it_missed_of_what_was_spent():
    """100, 110, 120, 130: the last month misses 10 of 120 and 10 of 130; drift nothing."""
    made = forecast(one("100", "110", "120", "130"))
    assert made.errors[Method.LAST_MONTH] == D(20) / 250
    assert made.errors[Method.DRIFT] == 0
    assert made.method is Method.DRIFT
    assert made.tested == ("2025-09", "2025-10")
    assert made.lines[0].expected == 140


def test_below_three_months_it_is_the_run_rate_without_a_range():
    """31.00 in July is 1.00 a day: 31.00 in August."""
    made = forecast(one("31"))
    assert (made.method, made.errors, made.tested) == (Method.RUN_RATE, {}, ())
    assert made.lines[0] == ("total", "total", "2025-08", None, 31, None, None, None, None)


def test_there_is_a_range_from_three_tested_months():
    """Four months test two, five test three: a constant cost has a range of nothing."""
    assert forecast(one(*["100"] * 4)).lines[0].low is None
    line = forecast(one(*["100"] * 5)).lines[0]
    assert (line.low, line.expected, line.high) == (100, 100, 100)


def test_a_name_with_too_few_months_has_the_range_of_its_dimension():
    """org-b is new in the last of five months; org-a alone has missed before."""
    every = [{("org-a", "chat"): cost} for cost in ("100", "120", "90", "130")]
    known = months(*every, {("org-a", "chat"): "100", ("org-b", "chat"): "100"})
    lines = forecast(known).of("organization", "2025-12")
    assert lines["org-b"].low < lines["org-b"].expected < lines["org-b"].high


def test_a_name_without_cost_in_the_last_month_is_expected_to_have_none():
    """code ended in August."""
    known = months(*[{("org-a", "chat"): "10", ("org-a", "code"): "5"}] * 2)
    known += months({("org-a", "chat"): "10", ("org-a", "code"): "0"}, first="2025-09")
    assert forecast(known).of("product", "2025-10")["code"].expected == 0


def test_credits_go_on_and_nothing_falls_below_zero():
    """−5 as last month; 30, 20, 5 would drift to −7.50, and is 0."""
    every = [{("org-a", "chat"): cost, ("org-b", "docs"): "-5"} for cost in ("30", "20", "5")]
    known = months(*every)
    lines = forecast_of(known, ["2025-10"], {}, 2).of("organization", "2025-10")
    assert lines["org-b"].expected == -5
    assert lines["org-b"].low is None
    assert lines["org-a"].expected >= 0


def test_the_budget_of_the_total_is_the_sum():
    """70 + 20 of the organizations; the expected 100 is above it."""
    budgets = {"2025-12": {"organization": {"org-a": D(70), "org-b": D(20)}, "product": {}}}
    line = forecast(one(*["100"] * 5), budgets=budgets).lines[0]
    assert (line.budget, line.risk, line.probability) == (90, "likely", None)


@pytest.mark.parametrize(("budget", "risk"), [("90", "likely"), ("110", "unlikely")])
def test_the_risk_is_a_word_below_eight_tested_months(budget, risk):
    """A constant 100 with a range of nothing."""
    budgets = {"2025-12": {"organization": {"org-a": D(budget)}}}
    assert forecast(one(*["100"] * 5), budgets=budgets).lines[0].risk == risk


def test_the_probability_is_counted_from_eight_tested_months():
    """Ten months test eight. The expected 100 is above 90 whatever the misses of nothing were."""
    budgets = {"2026-05": {"organization": {"org-a": D(90)}}}
    assert forecast(one(*["100"] * 9), budgets=budgets).lines[0].probability is None
    assert forecast(one(*["100"] * 10), budgets=budgets).lines[0].probability == 1


def test_an_event_changes_cost_from_its_day_on():
    """−20% from the 16th of December: 16 of its 31 days. 100 × (1 − 0.2 × 16 ÷ 31) = 89.68."""
    cut = Event(date=date(2025, 12, 16), what="Price cut", change="-20%")
    made = forecast(one(*["100"] * 5), ahead=2, events=(cut,))
    assert [line.expected for line in made.lines if line.dimension == "total"] == [D("89.7"), 80]


def test_an_event_adds_its_amount_to_a_pair_that_may_be_new():
    """310 a month from the 2nd of December: 300 of it."""
    launch = Event(
        date=date(2025, 12, 2), what="Launch", organization="org-b", product="new", amount=310
    )
    lines = forecast(one(*["100"] * 5), events=(launch,)).of("organization", "2025-12")
    assert lines["org-b"].expected == 300


def test_an_event_before_the_first_month_ahead_is_known():
    """Its cost is in November already."""
    cut = Event(date=date(2025, 11, 30), what="Price cut", change="-20%")
    assert forecast(one(*["100"] * 5), events=(cut,)).lines[0].expected == 100


def test_an_event_after_the_last_known_day_counts_even_in_the_known_month():
    """Known to the 14th of November; −20% from the 20th on is in no cost: 80 of 100 in December."""
    *months_before, last = one("100", "100", "100", "100", "100")
    seen = last.month.name + "-14"
    running = last._replace(month=replace(last.month, through=date.fromisoformat(seen)))
    cut = Event(date=date(2025, 11, 20), what="Price cut", change="-20%")
    made = forecast([*months_before, running], events=(cut,))
    assert made.of("total", "2025-12")["total"].expected == 80
    assert made.through == date(2025, 11, 14)


def test_a_running_month_is_not_tested_on():
    """Its run rate is no actual cost: of five months, the third and the fourth are tested."""
    *months_before, last = one("100", "100", "100", "100", "100")
    running = last._replace(month=replace(last.month, through=date(2025, 11, 14)))
    assert forecast([*months_before, running]).tested == ("2025-09", "2025-10")


def test_a_budget_without_cost_is_in_the_forecast():
    """org-x has 30 and no usage: 70 + 30 is the budget of the total, as of the lines."""
    budgets = {"2025-12": {"organization": {"org-a": D(70), "org-x": D(30)}}}
    made = forecast(one(*["100"] * 5), budgets=budgets)
    lines = made.of("organization", "2025-12")
    assert (lines["org-x"].expected, lines["org-x"].budget) == (0, 30)
    assert made.of("total", "2025-12")["total"].budget == 100


def test_the_total_has_the_budgets_of_one_dimension_in_every_month():
    """By organization: a month that only has product budgets has none."""
    budgets = {"2025-12": {"product": {"chat": D(70)}}}
    made = forecast(one(*["100"] * 5), budgets=budgets)
    assert made.of("total", "2025-12")["total"].budget is None
    assert made.of("product", "2025-12")["chat"].budget == 70


def published(name: str, cost: str) -> PublishedMonth:
    days = {day: D(cost) / 30 for day in parse_period(name).days}
    return PublishedMonth(name, D(cost), 1, days, pairs={("org-a", "chat"): D(cost)})


def test_a_gap_ends_the_history():
    """October and August are published, September is not."""
    usage = usage_of([Call("org-a", "chat", "f", "c", "15")])
    every = [published(name, "10") for name in ("2025-11", "2025-10", "2025-08")]
    known = known_months(data_of(usage=usage, months=every))
    assert [each.month.name for each in known] == ["2025-10", "2025-11", "2025-12"]


def test_the_months_ahead_end_with_the_fiscal_year():
    """One month where the year ends with December; five where it ends in May."""
    usage = usage_of([Call("org-a", "chat", "f", "c", "15")])
    ahead = {}
    for start in (1, 6):
        params = make_params({"period": "2025-12", "usage": "sample:", "fiscal_year_start": start})
        made = outlook(data_of(usage=usage, params=params))
        ahead[start] = made.months
    assert ahead[1] == ("2026-01",)
    assert ahead[6] == ("2026-01", "2026-02", "2026-03", "2026-04", "2026-05")


def test_a_running_month_without_a_run_rate_is_forecast_itself():
    """Three days are no week: December is the first month ahead of November."""
    usage = usage_of([Call("org-a", "chat", "f", "c", "1", "2025-12-03")], complete=False)
    made = outlook(data_of(usage=usage, months=[published("2025-11", "30")]))
    assert made.known == ("2025-11",)
    assert made.months == ("2025-12",)


def test_a_running_month_that_is_forecast_has_its_own_budget():
    """25 of org-a: 31 × 1 are likely to be over."""
    usage = usage_of([Call("org-a", "chat", "f", "c", "1", "2025-12-03")], complete=False)
    keys = {"period": "2025-12", "usage": "sample:", "organization_budgets": {"org-a": 25}}
    data = data_of(usage, make_params(keys), months=[published("2025-11", "30")])
    for dimension, name in (("organization", "org-a"), (TOTAL, TOTAL)):
        line = outlook(data).of(dimension, "2025-12")[name]
        assert (line.expected, line.budget) == (31, 25)


def test_a_quarter_has_no_forecast():
    """Its months have one each."""
    usage = usage_of([Call("org-a", "chat", "f", "c", "15")], period="2025-Q4")
    params = make_params({"period": "2025-Q4", "usage": "sample:"})
    assert outlook(data_of(usage=usage, params=params)) is None


def coverage(kind: str, years: int) -> Decimal:
    """The share of amounts within their ranges, one month ahead of 6, 8, 10 and 12 months."""
    inside = []
    for seed in range(years):
        year = simulated_year(kind, seed)
        for count in (6, 8, 10, 12):
            inside += _inside(year, count)
    return D(sum(inside)) / len(inside)


@pytest.mark.parametrize("kind", sorted(LEVEL.keys() - {"step"}))
def test_four_in_five_months_of_simulated_years_lie_in_the_range(kind):
    """Between 70% and 90% of 480 amounts, for each kind of year."""
    assert D("0.7") <= coverage(kind, 24) <= D("0.9")


def test_after_a_step_more_months_lie_in_the_range():
    """The step is one of the few misses that a range is made from, so that the range is wide.

    With all kinds of years together, it is between 70% and 90%.
    """
    of_kinds = {kind: coverage(kind, 24) for kind in LEVEL}
    assert D("0.9") < of_kinds["step"] < D("0.99")
    assert D("0.7") <= sum(of_kinds.values()) / len(of_kinds) <= D("0.9")


def _inside(year: list[Known], count: int) -> list[bool]:
    """Whether each organization and the total of the next month came out within its range."""
    month = year[count].month.name
    made = forecast_of(year[:count], [month], {}, 2)
    actual = {organization: cost for (organization, _), cost in year[count].pairs.items()}
    lines = made.of("organization", month)
    total = made.of("total", month)["total"]
    return [lines[name].low <= cost <= lines[name].high for name, cost in actual.items()] + [
        total.low <= year[count].month.cost <= total.high
    ]
