"""Change by name: each name's part of a change, and how its budget changed with it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from support.made_usage import Call, data_of, usage_of

from finops_nb.figures import change_by_name
from finops_nb.figures.change_by_name import changes_by_name, largest_part, model_share
from finops_nb.outputs.cells import Cell
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.budgets import read_budgets
from finops_nb.params.model import make_params
from finops_nb.usage.model import CELLS

D = Decimal
COSTS = st.decimals(min_value=-100, max_value=1000, places=2)
PAIRS = st.tuples(st.sampled_from(["org-a", "org-b"]), st.sampled_from(["chat", "code"]))
USED = st.dictionaries(PAIRS, COSTS, min_size=1)


def november(pairs: dict[tuple[str, str], str | Decimal], **budgets: str) -> PublishedMonth:
    """A published month of these pairs, with budgets of organizations."""
    costs = {pair: D(cost) for pair, cost in pairs.items()}
    sums: tuple[dict[str, Decimal], dict[str, Decimal]] = ({}, {})
    for pair, cost in costs.items():
        for place, name in enumerate(pair):
            sums[place][name] = sums[place].get(name, D(0)) + cost
    amounts = {name.replace("_", "-"): D(budget) for name, budget in budgets.items()}
    return PublishedMonth(
        "2025-11",
        sum(costs.values(), D(0)),
        1,
        {},
        organizations=sums[0],
        products=sums[1],
        budgets={"organization": amounts},
        pairs=costs,
    )


def december(pairs: dict[tuple[str, str], str | Decimal], before: PublishedMonth, **budgets: str):
    """The report of a month of these pairs."""
    calls = [Call(*pair, "f", "c", str(cost), "2025-12-31") for pair, cost in pairs.items()]
    amounts = {name.replace("_", "-"): budget for name, budget in budgets.items()}
    params = make_params({"period": "2025-12", "usage": "sample:", "organization_budgets": amounts})
    return data_of(
        usage=usage_of(calls), params=params, budgets=read_budgets(params), months=[before]
    )


BEFORE = {("org-a", "chat"): "3", ("org-b", "chat"): "1", ("org-b", "code"): "2"}
NOW = {("org-a", "chat"): "5", ("org-b", "chat"): "2", ("org-b", "code"): "4"}


def test_each_name_has_its_share_of_the_change():
    """11 after 6: org-b 6 after 3 is 3 of 5, org-a 5 after 3 is 2 of 5."""
    lines = changes_by_name(december(NOW, november(BEFORE)), "organization")
    assert [(line.name, line.change, line.share) for line in lines] == [
        ("org-b", 3, D("0.6")),
        ("org-a", 2, D("0.4")),
    ]


def test_a_budget_changes_against_the_one_in_force_then():
    """12 after 10; a new budget of 4 is 4 more, one that is gone 7 less."""
    data = december(NOW, november(BEFORE, org_a="10", org_x="7"), org_a="12", org_b="4")
    lines = {line.name: line for line in changes_by_name(data, "organization")}
    assert {name: line.budget_change for name, line in lines.items()} == {
        "org-a": 2,
        "org-b": 4,
        "org-x": -7,
    }


def test_a_quarter_changes_against_the_budgets_of_the_quarter_before():
    """75 after 10 + 20 + 30 of July to September: 15 more. Without September, nothing is said."""
    before = [
        replace(november(BEFORE, org_a=amount), name=name)
        for name, amount in (("2025-07", "10"), ("2025-08", "20"), ("2025-09", "30"))
    ]
    quarter = {"period": "2025-Q4", "usage": "sample:", "organization_budgets": {"org-a": "75"}}
    params = make_params(quarter)
    usage = usage_of([Call("org-a", "chat", "f", "c", "90", "2025-12-31")], period="2025-Q4")
    data = data_of(usage=usage, params=params, budgets=read_budgets(params), months=before)
    line = {line.name: line for line in changes_by_name(data, "organization")}["org-a"]
    assert (line.budget_before, line.budget, line.budget_change) == (60, 75, 15)
    assert changes_by_name(replace(data, months=before[:2]), "organization") == ()


@given(USED, USED)
def test_changes_and_shares_add_up(before, now):
    """To the change of the total, and to one."""
    month = november(before)
    data = december(now, month)
    for by in ("organization", "product"):
        lines = changes_by_name(data, by)
        change = data.usage.cost - month.cost
        assert sum(line.change for line in lines) == change
        if change:
            assert abs(sum(line.share for line in lines) - 1) < D("1e-20")


def test_a_running_month_is_not_compared():
    """A part of December beside a whole November would look like a fall."""
    data = december(NOW, november(BEFORE))
    assert (
        changes_by_name(replace(data, usage=replace(data.usage, complete=False)), "product") == ()
    )


def test_without_the_month_before_there_is_nothing():
    """October is not November."""
    assert (
        changes_by_name(december(NOW, replace(november(BEFORE), name="2025-10")), "product") == ()
    )


def test_the_largest_part_of_an_organization_is_a_product_and_the_reverse():
    """org-b rose by 3, code in it by 2; chat rose by 3, org-a in it by 2."""
    data = december(NOW, november(BEFORE))
    assert largest_part(data, "organization", "org-b") == ("code", 2, 3, D(2) / 3)
    assert largest_part(data, "product", "chat") == ("org-a", 2, 3, D(2) / 3)


def test_a_part_can_be_more_than_the_whole():
    """code rose by 3, chat fell by 1: 3 of 2."""
    now = {("org-b", "chat"): "0", ("org-b", "code"): "5"}
    part = largest_part(december(now, november(BEFORE)), "organization", "org-b")
    assert (part.name, part.share) == ("code", D("1.5"))


def test_the_only_part_is_none():
    """org-a has one product."""
    assert largest_part(december(NOW, november(BEFORE)), "organization", "org-a") is None


def mixed(**calls: tuple[int, str]) -> tuple[Cell, ...]:
    """Cells of org-a by model: calls and their cost."""
    return tuple(
        Cell("org-a", "chat", "p", model, "t", count, 0, D(cost))
        for model, (count, cost) in calls.items()
    )


def compared(before: tuple[Cell, ...], now: tuple[Cell, ...]):
    """December of these cells after a November of others."""
    data = december({("org-a", "chat"): "1"}, replace(november(BEFORE), cells=before))
    columns = ["organization", "product", "provider", "model", "task_type", "calls"]
    rows = [(*cell.key, cell.calls, 0, 0, cell.cost) for cell in now]
    frame = pd.DataFrame(rows, columns=[*columns, "input_tokens", "output_tokens", "cost"])
    usage = replace(data.usage, groups={**data.usage.groups, CELLS: frame.astype(object)})
    return replace(data, usage=usage, measured=usage)


def test_the_model_that_moved_the_mix_moved_it_that_way():
    """Of 10 calls each: dear, at 9.00, falls from 5 to 4, and middle, at 5.00, from 3 to 2.

    A call cost 6.20 on average. Less of dear makes it cheaper by 0.1 × 2.80, more of small, at
    1.00, by 0.2 × 5.20; less of middle makes it dearer by 0.1 × 1.20.
    """
    before = mixed(dear=(5, "45"), middle=(3, "15"), small=(2, "2"))
    now = mixed(dear=(4, "36"), middle=(2, "10"), small=(4, "4"))
    data = compared(before, now)
    assert model_share(data, dearer=False) == ("small", D("0.2"), D("0.4"))
    assert model_share(data, dearer=True) == ("middle", D("0.3"), D("0.2"))


def test_no_model_moves_a_mix_that_stayed():
    """The same shares of twice the calls."""
    data = compared(mixed(a=(1, "1"), b=(3, "9")), mixed(a=(2, "2"), b=(6, "18")))
    assert model_share(data, dearer=True) is None


def test_the_pairs_are_gone_through_once_for_all_names(monkeypatch):
    """Thousands of names ask; the changes of all of them are computed when the first does."""
    asked = []
    moved = change_by_name._moved
    monkeypatch.setattr(
        change_by_name, "_moved", lambda *pairs: asked.append(pairs) or moved(*pairs)
    )
    data = december(NOW, november(BEFORE))
    for name in ("org-a", "org-b", "org-c"):
        largest_part(data, "organization", name)
    assert len(asked) == 1
