"""Days out of line: each event once, under the name that explains it; quiet years stay quiet."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.made_usage import Call, data_of, usage_of
from support.properties import cases
from support.quiet_years import MONTHS, NOISE_OF, Kind, QuietMonth, quiet_year

from finops_nb.figures.anomalies import Anomaly, anomalies, days_out_of_line, why_not_judged
from finops_nb.figures.day_costs import EVERYTHING, DayCost, Scope
from finops_nb.outputs.cells import Cell
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.model import make_params
from finops_nb.period import parse_period

D = Decimal
DECEMBER = tuple(parse_period("2025-12").days)
NINTH = date(2025, 12, 9)
"""A Tuesday."""

ORGANIZATIONS = {"org-a": 4, "org-b": 3, "org-c": 2}
PRODUCTS = {"chat": 5, "search": 3, "code": 2}
MODELS = {"gpt": 3, "opus": 2}
QUIET = [
    DayCost(day, organization, product, model, D(size * of_product * of_model))
    for day in DECEMBER
    for organization, size in ORGANIZATIONS.items()
    for product, of_product in PRODUCTS.items()
    for model, of_model in MODELS.items()
]
"""9 × 10 × 5 = 450 a day, the same on all days."""


def spiked(factor, days=(NINTH,), **names: str) -> list[DayCost]:
    """The quiet month, with the cost of some names on some days times a factor."""
    return [
        cost._replace(cost=cost.cost * factor)
        if cost.day in days and all(getattr(cost, each) == name for each, name in names.items())
        else cost
        for cost in QUIET
    ]


def found(costs, least="100", months=(), days=DECEMBER) -> list[Anomaly]:
    return days_out_of_line(costs, days, D(least), months)


def november(**amounts: int) -> PublishedMonth:
    """450 a day, and other amounts on single days: `on_30=900`."""
    days = {day: D(amounts.get(f"on_{day.day}", 450)) for day in parse_period("2025-11").days}
    return PublishedMonth("2025-11", sum(days.values(), D(0)), 1, days)


def test_a_quiet_month_has_none():
    """Every day costs the same."""
    assert found(QUIET, least="0") == []


@pytest.mark.parametrize(
    ("names", "usual"),
    [
        ({}, 450),
        ({"product": "chat"}, 9 * 5 * 5),
        ({"organization": "org-a"}, 4 * 10 * 5),
        ({"model": "opus"}, 9 * 10 * 2),
        ({"organization": "org-a", "product": "chat"}, 4 * 5 * 5),
        ({"product": "chat", "model": "opus"}, 9 * 5 * 2),
        ({"organization": "org-b", "product": "chat", "model": "gpt"}, 3 * 5 * 3),
    ],
)
@pytest.mark.parametrize("factor", [4, 0])
def test_an_event_is_one_line_under_the_names_that_explain_it(names, usual, factor):
    """What costs four times as much on the 9th, or nothing, in total, by one name or by more."""
    [event] = found(spiked(factor, **names), least="40")
    assert (event.day, event.scope, event.days) == (NINTH, Scope(**names), 1)
    assert (event.cost, event.usual) == (factor * usual, usual)
    assert event.difference == (factor - 1) * usual


def test_the_driver_has_most_of_the_difference():
    """chat's gpt costs three times as much and its opus twice as much: 270 of 360 by gpt.

    That is not four fifths, so the event is chat's. By organization, 4 of 9 is not most of it.
    """
    costs = [
        cost._replace(cost=cost.cost * (3 if cost.model == "gpt" else 2))
        if (cost.day, cost.product) == (NINTH, "chat")
        else cost
        for cost in QUIET
    ]
    [event] = found(costs)
    assert (event.scope, event.difference) == (Scope(product="chat"), D(360))
    assert (event.driver, event.is_new) == ("gpt", False)


def test_without_a_name_with_most_of_it_there_is_no_driver():
    """All of it doubles: by product 50%, by organization 44%; gpt has 60%."""
    [event] = found(spiked(2))
    assert (event.scope, event.driver) == (EVERYTHING, "gpt")
    one_model = [cost for cost in spiked(2) if cost.model == "gpt"]
    [event] = found(one_model)
    assert (event.scope, event.driver) == (EVERYTHING, "")


def test_two_events_of_a_day_are_two_lines():
    """org-a's chat costs more, org-b's search nothing: in total 200 − 45 more."""
    costs = [
        cost._replace(cost=D(0))
        if (cost.day, cost.organization, cost.product) == (NINTH, "org-b", "search")
        else cost
        for cost in spiked(3, organization="org-a", product="chat")
    ]
    events = found(costs, least="30")
    assert [(each.scope, each.difference) for each in events] == [
        (Scope("org-a", "chat"), D(200)),
        (Scope("org-b", "search"), D(-45)),
    ]


def test_days_in_a_row_are_one_event():
    """chat on December 9 to 11, and again on the 16th: 225 more each day."""
    days = [date(2025, 12, day) for day in (9, 10, 11, 16)]
    events = found(spiked(2, days, product="chat"))
    assert [(each.day.day, each.days, each.cost, each.usual) for each in events] == [
        (9, 3, D(1350), D(675)),
        (16, 1, D(450), D(225)),
    ]


def test_a_difference_below_the_least_is_none():
    """225 more."""
    costs = spiked(2, product="chat")
    assert len(found(costs, least="225")) == 1
    assert found(costs, least="225.01") == []


def test_a_credit_is_out_of_line():
    """500 less on the 9th: the day is below zero."""
    credit = DayCost(NINTH, "org-a", "chat", "gpt", D(-500))
    [event] = found([*QUIET, credit])
    assert event.scope == Scope("org-a", "chat", "gpt")
    assert (event.cost, event.usual) == (60 - 500, 60)


def test_where_credits_are_usual_nothing_is_out_of_line():
    """A name with a credit of 100 a day, once of 5,000: its own days say nothing.

    The total's do, and name it as the driver.
    """
    credits = [
        DayCost(day, "org-d", "credits", "none", D(-5000 if day == NINTH else -100))
        for day in DECEMBER
    ]
    [event] = found([*QUIET, *credits])
    assert (event.scope, event.cost, event.usual) == (EVERYTHING, 450 - 5000, 350)
    assert event.driver in ("org-d", "credits", "none")


def test_a_day_without_any_usage_is_none():
    """Its files may be missing; the data notes say so."""
    assert found([cost for cost in QUIET if cost.day != NINTH]) == []


def test_a_name_without_usage_on_a_day_is_out_of_line():
    """chat has none on the 9th, while others have some."""
    [event] = found([c for c in QUIET if (c.day, c.product) != (NINTH, "chat")])
    assert (event.scope, event.cost, event.usual) == (Scope(product="chat"), 0, 225)


@pytest.mark.parametrize("first", [2, 8, 20, 29])
def test_a_name_that_comes_is_none(first):
    """A product of 300 a day from a day on, to the end."""
    new = [DayCost(day, "org-a", "new", "gpt", D(300)) for day in DECEMBER if day.day >= first]
    assert found([*QUIET, *new]) == []


@pytest.mark.parametrize("days", [(31,), (9,), (30, 31)])
def test_a_name_of_one_or_two_days_is_the_driver_and_new(days):
    """300 by a product that nobody used before: what others pay for it is not known to stay."""
    new = [DayCost(date(2025, 12, day), "org-a", "new", "gpt", D(300)) for day in days]
    [event] = found([*QUIET, *new])
    assert (event.day.day, event.days, event.difference) == (days[0], len(days), 300 * len(days))
    assert event.scope == Scope(organization="org-a", model="gpt")
    assert (event.driver, event.is_new) == ("new", True)


def test_a_name_of_the_month_before_is_not_new():
    """It was used in November, as a product or as a model."""
    once = DayCost(NINTH, "org-a", "rare", "rare-model", D(300))
    month = november()
    for known in (
        PublishedMonth("2025-11", month.cost, 1, month.days, products={"rare": D(1)}),
        PublishedMonth(
            "2025-11",
            month.cost,
            1,
            month.days,
            products={"rare": D(1)},
            cells=(Cell("org-a", "rare", "p", "rare-model", "ask", 1, 1, D(1)),),
        ),
    ):
        [event] = found([*QUIET, once], months=[known])
        assert event.driver in ("rare", "rare-model")
        assert event.is_new == (known.cells is None and event.driver == "rare-model")


def test_what_came_on_the_same_day_of_the_month_before_is_no_surprise():
    """A fee of 450 on the 1st, or on the last day, of both months; not if it was half as much."""
    for december, on in (("2025-12-01", "on_1"), ("2025-12-31", "on_30")):
        costs = spiked(2, [date.fromisoformat(december)])
        assert len(found(costs)) == 1
        assert found(costs, months=[november(**{on: 900})]) == []
        assert found(costs, months=[november(**{on: 675})]) == []
        assert len(found(costs, months=[november(**{on: 674})])) == 1
        assert len(found(costs, months=[november(**{on: 0})])) == 1


def test_a_month_before_with_a_gap_between_is_not_used():
    """The fee of October says nothing where November is not published."""
    days = {day: D(900 if day.day == 1 else 450) for day in parse_period("2025-10").days}
    october = PublishedMonth("2025-10", D(1), 1, days)
    costs = spiked(2, [date(2025, 12, 1)])
    assert len(found(costs, months=[october])) == 1


@pytest.mark.parametrize(("known", "number"), [(20, 0), (21, 1)])
def test_a_running_month_says_nothing_before_21_days(known, number):
    """Each weekday has to be there three times."""
    assert len(found(spiked(3), days=DECEMBER[:known])) == number


def test_a_last_day_that_is_not_complete_is_none():
    """The 25th has a tenth of its usage so far, and usage is known to the 24th."""
    costs = [cost for cost in spiked(D("0.1"), [DECEMBER[24]]) if cost.day <= DECEMBER[24]]
    assert found(costs, days=DECEMBER[:24]) == []


@settings(max_examples=cases(50))
@given(st.permutations(range(len(ORGANIZATIONS))), st.randoms(use_true_random=False))
def test_names_and_order_do_not_matter(order, rng):
    """Renamed and shuffled, with a row in two: the same event under the new name."""
    old = list(ORGANIZATIONS)
    new = {old[place]: old[to] for place, to in enumerate(order)}
    costs = [
        part._replace(organization=new[part.organization])
        for cost in spiked(3, organization="org-a", product="chat")
        for part in (cost._replace(cost=cost.cost / 4), cost._replace(cost=cost.cost * 3 / 4))
    ]
    rng.shuffle(costs)
    [event] = found(costs)
    assert (event.scope, event.difference) == (Scope(new["org-a"], "chat"), 200)


@settings(max_examples=cases(30), deadline=None)
@given(st.sampled_from(NOISE_OF), st.floats(0.05, 0.3), st.integers(0, 10**6))
def test_no_two_events_of_a_day_are_the_same_money(noise_of, noise, seed):
    """Events of a day in the same direction are about different names, or parts of the rest."""
    [month] = quiet_year(Kind(noise, noise_of), seed, MONTHS[:1])
    events = month.anomalies("0.0001")
    for each in events:
        assert each.difference
        assert each.days <= 31
    keys = [(each.day, each.scope, each.difference > 0) for each in events]
    assert len(set(keys)) == len(keys)


QUIET_KINDS = [
    Kind(noise, noise_of, trend)
    for noise in (0.05, 0.15, 0.3)
    for noise_of in NOISE_OF
    for trend in (0, 0.05)
]


def anomalies_a_month(kind: Kind, years: int, months: int, share: str) -> float:
    counts = [
        len(month.anomalies(share))
        for seed in range(years)
        for month in quiet_year(kind, seed, MONTHS[:months])
    ]
    return sum(counts) / len(counts)


def test_a_quiet_quarter_is_quiet():
    """At most one in a month and company, even where a thousandth of the cost is material."""
    assert anomalies_a_month(Kind(0.3, trend=0.02), 4, 3, "0.001") <= 1
    assert anomalies_a_month(Kind(0.15, "product"), 4, 3, "0.001") <= 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", QUIET_KINDS, ids=str)
def test_quiet_years_are_quiet(kind):
    """At most one in a month and company on average: 5% to 30% of noise, of cells or of larger
    parts at once, up to 5% of growth a month. Where 1% of the cost is material, as if nobody sets
    it, there is one in two months at most."""
    assert anomalies_a_month(kind, 3, 12, "0.01") <= 0.5
    assert anomalies_a_month(kind, 3, 12, "0.0001") <= 1


def share_of_spikes_found(kind: Kind, years: int, months: int) -> float:
    """Of days on which a large product costs three times as much, by a material amount."""
    rng, is_found = random.Random(f"{kind}"), []
    for seed in range(years):
        for month in quiet_year(kind, seed, MONTHS[:months]):
            product, day, least = _large_product(month, rng)
            costs = [
                cost._replace(cost=3 * cost.cost)
                if (cost.product, cost.day) == (product, day)
                else cost
                for cost in month.costs
            ]
            events = days_out_of_line(costs, month.days, least, month.before)
            is_found.append(any(_is_about(each, product, day) for each in events))
    return sum(is_found) / len(is_found)


def _large_product(month: QuietMonth, rng: random.Random) -> tuple[str, date, Decimal]:
    """The largest product, a day on which twice its cost is material, and what is material."""
    products: dict[str, dict[date, Decimal]] = {}
    for cost in month.costs:
        days = products.setdefault(cost.product, {})
        days[cost.day] = days.get(cost.day, D(0)) + cost.cost
    product = max(products, key=lambda name: sum(products[name].values()))
    least = month.cost / 100
    days = [day for day, cost in products[product].items() if 2 * cost >= least]
    return product, rng.choice(days), least


def _is_about(event: Anomaly, product: str, day: date) -> bool:
    last = date.fromordinal(event.day.toordinal() + event.days - 1)
    is_named = product in (event.scope.product, event.driver)
    return event.difference > 0 and event.day <= day <= last and is_named


def test_a_large_products_spike_is_found():
    """Nine times in ten, with 15% of noise in every cell."""
    assert share_of_spikes_found(Kind(0.15, trend=0.02), 4, 3) >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    [
        *(Kind(noise, "cell", trend) for noise in (0.05, 0.15, 0.3) for trend in (0, 0.05)),
        *(Kind(noise, noise_of) for noise in (0.05, 0.1) for noise_of in NOISE_OF[1:]),
    ],
    ids=str,
)
def test_large_products_spikes_are_found(kind):
    """Nine times in ten: up to 30% of noise in every cell, or 10% of all of a product at once.

    Where all of a product varies by 30% by itself, three times is no more than chance brings.
    """
    assert share_of_spikes_found(kind, 6, 6) >= 0.9


def calls(period="2025-12", factor=3) -> list[Call]:
    return [
        Call(organization, product, "f", "c", str(cost), f"{day}")
        for day in parse_period(period).days
        for organization, product, usual in (("org-a", "chat", 10), ("org-b", "search", 20))
        for cost in [usual * factor if (day.day, product) == (9, "chat") else usual]
    ]


def test_a_reports_month_is_judged():
    """chat costs 30 instead of 10 on December 9."""
    data = data_of(usage=usage_of(calls()))
    assert why_not_judged(data) == ""
    expected = Anomaly(NINTH, Scope("org-a", "chat"), D(30), D(10))
    assert anomalies(data, D(20)) == (expected,)


def test_other_periods_are_not():
    """A quarter, and a month of which 20 days are known; each says why."""
    quarter = [call for month in (10, 11, 12) for call in calls(f"2025-{month}")]
    data = data_of(
        usage=usage_of(quarter, "2025-Q4"),
        params=make_params({"period": "2025-Q4", "usage": "sample:"}),
    )
    assert anomalies(data, D(1)) == ()
    assert "monthly reports" in why_not_judged(data)
    running = usage_of([call for call in calls() if call.day <= "2025-12-20"], complete=False)
    assert anomalies(data_of(usage=running), D(1)) == ()
    assert "21 days" in why_not_judged(data_of(usage=running))
