"""What is usual for a name of a month: new names, rare usage, and days without any usage."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from finops_nb.figures.day_costs import EVERYTHING, DayCost, Scope
from finops_nb.figures.usual_days import score_of
from finops_nb.figures.usual_lines import daily_costs, usual_lines
from finops_nb.period import parse_period

D = Decimal
DECEMBER = tuple(parse_period("2025-12").days)
"""From a Monday to a Wednesday."""


def costs_of(
    by_day: Callable[[date], object], organization="org-a", product="chat", model="gpt"
) -> list[DayCost]:
    """The costs of one cell; a day of None has none."""
    amounts = {day: by_day(day) for day in DECEMBER}
    return [
        DayCost(day, organization, product, model, D(str(amount)))
        for day, amount in amounts.items()
        if amount is not None
    ]


BASE = costs_of(lambda day: 10) + costs_of(lambda day: 20, "org-b", "search")


def lines_of(costs, days=DECEMBER, before=None, least="0"):
    return usual_lines(daily_costs(costs, days, before or {}), D(least))[1]


def usual_of(line) -> set[Decimal]:
    return {each.usual for each in line.values()}


def test_the_total_and_every_name_have_usual_days():
    """10 a day of org-a's chat and 20 of org-b's search; the one model tells nothing."""
    lines = lines_of(BASE)
    expected = {
        EVERYTHING: 30,
        Scope(organization="org-a"): 10,
        Scope(organization="org-b"): 20,
        Scope(product="chat"): 10,
        Scope(product="search"): 20,
    }
    assert {scope: usual_of(line) for scope, line in lines.items()} == {
        scope: {D(usual)} for scope, usual in expected.items()
    }
    assert all(len(line) == 31 for line in lines.values())


def test_the_score_follows_from_the_number_of_lines():
    """Five lines above; where 15 or more matter, three: the total, org-b and search."""
    for least, number in (("0", 5), ("15", 3)):
        month, lines = usual_lines(daily_costs(BASE, DECEMBER, {}), D(least))
        assert len(lines) == number
        assert month.score == score_of(number)


@pytest.mark.parametrize(("first", "has_usual"), [(11, True), (12, False)])
def test_a_name_needs_21_days_from_its_first_usage(first, has_usual):
    """December 11 to 31 are 21 days."""
    new = costs_of(lambda day: 50 if day.day >= first else None, product="new")
    assert (Scope(product="new") in lines_of(BASE + new)) == has_usual


@pytest.mark.parametrize(("every", "has_usual"), [(2, True), (3, False)])
def test_a_name_that_is_used_on_few_days_has_no_usual(every, has_usual):
    """On 16 days from December 1 to 31, or on 11."""
    rare = costs_of(lambda day: 50 if day.day % every == 1 else None, product="rare")
    assert (Scope(product="rare") in lines_of(BASE + rare)) == has_usual


def test_a_name_without_usage_on_a_day_of_others_costs_zero_on_it():
    """chat has none on December 9, while search has."""
    costs = costs_of(lambda day: 10 if day.day != 9 else None) + BASE[31:]
    assert lines_of(costs)[Scope(product="chat")][date(2025, 12, 9)].cost == 0


def test_a_day_without_any_usage_counts_for_nothing():
    """It is no day of any line: the files may lack it."""
    lines = lines_of([cost for cost in BASE if cost.day.day != 9])
    assert all(date(2025, 12, 9) not in line and len(line) == 30 for line in lines.values())
    assert usual_of(lines[EVERYTHING]) == {D(30)}


def test_days_after_those_that_are_known_count_for_nothing():
    """25 days are known; what came of the 26th is not complete."""
    lines = lines_of(BASE, DECEMBER[:25])
    assert max(lines[EVERYTHING]) == date(2025, 12, 25)


@pytest.mark.parametrize("first", [2, 3, 8, 20, 29])
def test_a_product_that_comes_is_usual_from_its_first_day(first):
    """50 a day from then on: the total and the organization are in line on every day."""
    new = costs_of(lambda day: 50 if day.day >= first else None, product="new")
    lines = lines_of(BASE + new)
    assert not any(each.is_out_of_line(D(0)) for line in lines.values() for each in line.values())
    assert lines[EVERYTHING][date(2025, 12, 31)].usual == 80


@pytest.mark.parametrize("last", [3, 12, 29])
def test_a_product_that_goes_was_usual_to_its_last_day(last):
    """50 a day until then."""
    old = costs_of(lambda day: 50 if day.day <= last else None, product="old")
    assert not any(
        each.is_out_of_line(D(0))
        for line in lines_of(BASE + old).values()
        for each in line.values()
    )


def test_a_product_of_workdays_neither_comes_nor_goes():
    """In November 2025, which begins on a Saturday and ends on a Sunday: 60 on a Friday are out."""
    november = tuple(parse_period("2025-11").days)
    costs = [
        DayCost(day, "org-a", product, "gpt", D(amount))
        for day in november
        for product, amount in (("chat", 10), ("workdays", 60 if day.day == 14 else 20))
        if product == "chat" or day.weekday() < 5
    ]
    friday = lines_of(costs, november)[EVERYTHING][date(2025, 11, 14)]
    assert (friday.cost, friday.usual) == (70, 30)


def test_a_single_charge_is_not_usual():
    """500 on December 9 only: the total is out of line."""
    once = costs_of(lambda day: 500 if day.day == 9 else None, product="once")
    tuesday = lines_of(BASE + once)[EVERYTHING][date(2025, 12, 9)]
    assert (tuesday.cost, tuesday.usual) == (530, 30)


def test_a_model_in_place_of_another_leaves_the_organization_as_it_is():
    """gpt until December 14, opus from then on: the same 10 a day."""
    costs = [
        *costs_of(lambda day: 10 if day.day <= 14 else None),
        *costs_of(lambda day: 10 if day.day > 14 else None, model="opus"),
        *BASE[31:],
    ]
    lines = lines_of(costs)
    assert usual_of(lines[Scope(organization="org-a")]) == {D(10)}
    assert len(lines[Scope(organization="org-a")]) == 31


def test_the_days_before_count_for_the_total():
    """Sundays of November cost nothing, and those of December before the last are not known."""
    days = {day: D(0 if day.weekday() == 6 else 30) for day in parse_period("2025-11").days}
    costs = [cost for cost in BASE if cost.day.weekday() != 6 or cost.day.day == 28]
    assert date(2025, 12, 28) not in lines_of(costs)[EVERYTHING]
    assert lines_of(costs, before=days)[EVERYTHING][date(2025, 12, 28)].usual == 0


def test_without_usage_there_is_no_line():
    """An empty month."""
    assert lines_of([]) == {}
