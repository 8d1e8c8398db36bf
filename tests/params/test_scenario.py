"""A scenario: what it changes, of what, and what is refused in its file."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.scenario_homes import make_scenario_home, write_scenario

from finops_nb.commands.check import check_name
from finops_nb.errors import Refusal
from finops_nb.params.budgets import read_budgets, snapshot
from finops_nb.params.model import load_params, make_params
from finops_nb.params.scenario import changed, differences


@pytest.fixture
def home(tmp_path):
    return make_scenario_home(tmp_path)


def refused(home, text: str) -> str:
    with pytest.raises(Refusal) as refusal:
        load_params(home, write_scenario(home, text))
    return str(refusal.value)


def test_it_is_its_base_with_what_it_changes(home):
    """A budget changed, one taken away, one added; all else is the base's."""
    name = write_scenario(
        home,
        "organization_budgets:\n  org-b: none\n  org-a: 5500\nproduct_budgets:\n  search: 0.50\n",
    )
    params = load_params(home, name)
    budgets = read_budgets(params, home)
    assert params.model_copy(update={"scenario": None}) == load_params(home, "2025-12")
    assert budgets.organizations == {"org-a": Decimal(5500)}
    assert budgets.products == {"chat": Decimal("4000.50"), "search": Decimal("0.50")}
    assert budgets.before.organizations == {"org-a": Decimal(5000), "org-b": Decimal(3000)}


def test_it_reaches_the_notebook_as_parameters(home):
    """As JSON scalars, from which the same params are made again."""
    params = load_params(
        home,
        write_scenario(home, "growth:\n  (all): 0.10\nmodel_prices:\n  big:\n    org-a: -0.2\n"),
    )
    assert make_params(params.as_parameters()) == params
    assert (params.growth, params.model_prices) == (
        {"(all)": Decimal("0.10")},
        {"big": {"org-a": Decimal("-0.2")}},
    )


@pytest.mark.parametrize(
    "amount",
    [
        '"5,000"',
        "5k",
        "$5000",
        "1e3",
        "NaN",
        "-1",
        "",
        "None",
        "0x10",
        "1_000",
        "٥",
        "1000000000000000",
        "inf",
    ],
)
def test_it_refuses_what_is_no_budget(home, amount):
    """Each with its line and its key."""
    assert refused(home, f"organization_budgets:\n  org-a: {amount}\n").startswith(
        "params/scenarios/more.yaml, line 6, organization_budgets.org-a: "
    )


@pytest.mark.parametrize("amount", ["0", "0.00", "5000", "5000.", ".5", "+7", "none"])
def test_it_takes_what_is_one(home, amount):
    budget = load_params(
        home, write_scenario(home, f"organization_budgets:\n  org-a: {amount}\n")
    ).scenario.organization_budgets["org-a"]
    assert budget == (None if amount == "none" else Decimal(amount))


@pytest.mark.parametrize("rate", ["-1.01", "10.01", "0.12345", "10%", "five"])
@pytest.mark.parametrize("key", ["growth:\n  org-a", "model_prices:\n  big:\n    org-a"])
def test_it_refuses_what_is_no_rate(home, key, rate):
    """A fraction from -1 to 10, of four decimals at most."""
    assert "org-a: not a" in refused(home, f"{key}: {rate}\n")


def test_it_refuses_all_problems_at_once(home):
    text = refused(home, "growht:\n  org-a: 1\norganization_budgets:\n  org-a: x\n")
    assert (
        text.splitlines()[0]
        == 'params/scenarios/more.yaml, line 5, growht: an unknown key. Did you mean "growth"?'
    )
    assert text.splitlines()[1].startswith(
        "params/scenarios/more.yaml, line 8, organization_budgets.org-a: not a plain amount"
    )


@pytest.mark.parametrize("missing", ["base", "author", "date", "reason"])
def test_it_says_who_when_and_why(home, missing):
    """Left out, or empty, each is refused with what to write."""
    lines = {"base": '"2025-12"', "author": "Ana", "date": "2025-12-15", "reason": "why"}
    for value in (None, '""'):
        said = {
            key: value if key == missing else text
            for key, text in lines.items()
            if key != missing or value
        }
        home.params_file("scenarios/x").write_text(
            "".join(f"{key}: {text}\n" for key, text in said.items())
        )
        with pytest.raises(Refusal, match=missing):
            load_params(home, "scenarios/x")


def test_its_base_is_no_scenario(home):
    """Nor a file that is not there; and no other file may hold a scenario."""
    write_scenario(home, "")
    home.params_file("scenarios/other").write_text(
        home.params_file("scenarios/more").read_text().replace('"2025-12"', "scenarios/more", 1)
    )
    with pytest.raises(Refusal, match="a scenario of a scenario"):
        load_params(home, "scenarios/other")
    home.params_file("scenarios/other").write_text(
        home.params_file("scenarios/more").read_text().replace('"2025-12"', '"2024-12"', 1)
    )
    with pytest.raises(Refusal, match=r"params/2024-12\.yaml: there is no such params file"):
        load_params(home, "scenarios/other")
    home.params_file("2025-12").write_text(
        home.params_file("2025-12").read_text() + "scenario:\n  base: x\n"
    )
    with pytest.raises(
        Refusal, match=r"2025-12\.yaml, line \d+, scenario: a what-if in a file that is none"
    ):
        load_params(home, "2025-12")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "organization_budgets:\n  org-aa: 5\n",
            'organization_budgets.org-aa: no organization of that name .*Did you mean "org-a"',
        ),
        (
            "product_budgets:\n  chta: 5\n",
            'product_budgets.chta: no product of that name .*Did you mean "chat"',
        ),
        ("growth:\n  org-c: 0.1\n", "growth.org-c: no organization of that name"),
        (
            "model_prices:\n  bigg:\n    (all): 0\n",
            'model_prices.bigg: no model of that name in the usage. Did you mean "big"',
        ),
        (
            "model_prices:\n  big:\n    (al): 0.1\n",
            r'model_prices.big.\(al\): no organization of that name. Did you mean "\(all\)"',
        ),
    ],
)
def test_it_changes_nothing_that_is_not_there(home, text, said):
    """A name that neither usage nor budget knows is refused, with the nearest that is known."""
    with pytest.raises(Refusal, match=said):
        check_name(write_scenario(home, text), home)


def test_an_organization_that_is_called_all_has_no_rate_of_its_own(home):
    """Nobody could tell whose rate it is."""
    file = home.root / "usage" / "calls.csv"
    file.write_text(file.read_text().replace("org-b", "(all)"))
    with pytest.raises(Refusal, match=r"growth: an organization is called \(all\)"):
        check_name(write_scenario(home, "growth:\n  (all): 0.1\n"), home)


def test_it_says_what_of_its_base_has_changed_since(home):
    """An amount, a name more, another key; the order of names and the way an amount is written change nothing."""
    name = write_scenario(home, "")
    base = load_params(home, "2025-12")
    was = snapshot(base, read_budgets(base, home))
    scenario = load_params(home, name).scenario.model_copy(update={"base_was": was})
    for old, new, said in (
        ("org-a: 5000 ", "org-a: 5500 ", ["organization_budgets.org-a was 5000, is 5500"]),
        (
            "org-a: 5000 ",
            "org-c: 1\n  org-a: 5000 ",
            ["organization_budgets.org-c was not set, is 1"],
        ),
        ('  org-b: "3000"\n', "", ["organization_budgets.org-b was 3000, is not set"]),
        ("owners:", "at_risk: 0.9\nowners:", ["at_risk was not set, is 0.9"]),
        ("usage/calls.csv", "[usage/calls.csv]", []),
        ("5000 ", "5000.00 ", []),
    ):
        text = home.params_file("2025-12").read_text()
        home.params_file("2025-12").write_text(text.replace(old, new))
        now = load_params(home, "2025-12").model_copy(update={"scenario": scenario})
        assert list(read_budgets(now, home).notices) == (
            [f"The base 2025-12 has changed since this scenario was saved: {said[0]}."]
            if said
            else []
        )
        home.params_file("2025-12").write_text(text)


def test_its_base_may_be_written_as_a_file(home):
    """It is called by its name all the same."""
    name = write_scenario(home, "")
    home.params_file(name).write_text(
        home.params_file(name).read_text().replace('"2025-12"', "2025-12.yaml", 1)
    )
    assert load_params(home, name).scenario.base == "2025-12"


def test_half_a_character_is_refused(home):
    """It could be written into no file."""
    assert "half of a character" in refused(home, 'organization_budgets:\n  "org-\\ud83d": 5\n')


def test_changes_lie_over_budgets():
    """None takes away; the budgets given stay as they are."""
    budgets = {"a": Decimal(1), "b": Decimal(2)}
    assert changed(budgets, {"a": None, "c": Decimal(3)}) == {"b": Decimal(2), "c": Decimal(3)}
    assert budgets == {"a": Decimal(1), "b": Decimal(2)}


def test_differences_are_told_key_by_key():
    assert list(differences({"a": 1, "m": {"x": 1}}, {"b": [1, 2], "m": {"x": 2, "y": 3}})) == [
        "a was 1, is not set",
        "m.x was 1, is 2",
        "m.y was not set, is 3",
        "b was not set, is 1, 2",
    ]
