"""A scenario: its base, what it changes, and what is refused in its file."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from support.scenario_homes import make_scenario_home, write_scenario

from finops_nb.commands.check import check_name
from finops_nb.errors import Refusal
from finops_nb.params.budgets import read_budgets, snapshot
from finops_nb.params.model import make_params
from finops_nb.params.params_file import load_params
from finops_nb.params.scenario import changed, differences, save_scenario


@pytest.fixture
def scenario_home(tmp_path):
    return make_scenario_home(tmp_path)


def refused(scenario_home, text: str) -> str:
    """The message about a scenario's file."""
    with pytest.raises(Refusal) as refusal:
        load_params(scenario_home, write_scenario(scenario_home, text))
    return str(refusal.value)


def test_it_is_its_base_with_what_it_changes(scenario_home):
    """One budget is changed, one is taken away, one is added; the rest is the base's."""
    name = write_scenario(
        scenario_home,
        "organization_budgets:\n  org-b: none\n  org-a: 5500\nproduct_budgets:\n  search: 0.50\n",
    )
    params = load_params(scenario_home, name)
    budgets = read_budgets(params, scenario_home)
    assert params.model_copy(update={"scenario": None}) == load_params(scenario_home, "2025-12")
    assert budgets.organizations == {"org-a": Decimal(5500)}
    assert budgets.products == {"chat": Decimal("4000.50"), "search": Decimal("0.50")}
    assert budgets.before.organizations == {"org-a": Decimal(5000), "org-b": Decimal(3000)}


def test_it_reaches_the_notebook_as_parameters(scenario_home):
    """Its parameters as JSON give the same params again."""
    params = load_params(
        scenario_home,
        write_scenario(
            scenario_home, "growth:\n  (all): 0.10\nmodel_prices:\n  big:\n    org-a: -0.2\n"
        ),
    )
    assert make_params(params.as_parameters()) == params
    assert (params.growth, params.model_prices) == (
        {"(all)": Decimal("0.10")},
        {"big": {"org-a": Decimal("-0.2")}},
    )


@pytest.mark.parametrize(
    "amount",
    [
        *('"5,000"', "5k", "$5000", "1e3", "NaN", "-1", "", "None", "0x10", "1_000", "٥", "inf"),
        "1000000000000000",
    ],
)
def test_it_refuses_what_is_not_a_budget(scenario_home, amount):
    """The problem has its line and key."""
    assert refused(scenario_home, f"organization_budgets:\n  org-a: {amount}\n").startswith(
        "params/scenarios/more.yaml, line 6, organization_budgets.org-a: "
    )


@pytest.mark.parametrize("amount", ["0", "0.00", "5000", "5000.", ".5", "+7", "none"])
def test_it_accepts_what_is_a_budget(scenario_home, amount):
    """A budget is 0 or more in plain digits, or none."""
    name = write_scenario(scenario_home, f"organization_budgets:\n  org-a: {amount}\n")
    budget = load_params(scenario_home, name).scenario.organization_budgets["org-a"]
    assert budget == (None if amount == "none" else Decimal(amount))


@pytest.mark.parametrize("rate", ["-1.01", "1001%", "0.12345", "0.001%", '"%"', "10 %%", "five"])
@pytest.mark.parametrize("key", ["growth:\n  org-a", "model_prices:\n  big:\n    org-a"])
def test_it_refuses_what_is_not_a_rate(scenario_home, key, rate):
    """A rate is a fraction from -1 to 10 with at most four decimals."""
    assert "org-a: not a" in refused(scenario_home, f"{key}: {rate}\n")


@pytest.mark.parametrize(
    ("rate", "fix"),
    [
        ("10", "Write 0.1 for 10%, or 1000% for 11 times as much"),
        ("5.5", "Write 0.055 for 5.5%, or 550% for 6.5 times as much"),
        ("25", "Write 0.25 for 25%"),
    ],
)
@pytest.mark.parametrize("key", ["growth:\n  org-a", "model_prices:\n  big:\n    org-a"])
def test_a_rate_that_may_be_meant_in_percent_is_refused(scenario_home, key, rate, fix):
    """10 is 1,000% as a fraction, and mostly meant as 10%; each advice is accepted."""
    text = refused(scenario_home, f"{key}: {rate}\n")
    assert text.endswith(f"{fix}.")
    for advice in re.findall(r"(?:Write|or) (\S+) for", text):
        params = load_params(scenario_home, write_scenario(scenario_home, f"{key}: {advice}\n"))
        assert make_params(params.as_parameters()) == params


@pytest.mark.parametrize(
    ("rate", "fraction"), [("10%", "0.1"), ("1000%", "10"), ("-20%", "-0.2"), ("5", "5")]
)
def test_a_rate_may_be_written_in_percent(scenario_home, rate, fraction):
    """10% is 0.10; 5, which is 500%, is the highest without a percent sign."""
    name = write_scenario(scenario_home, f"growth:\n  (all): {rate}\n")
    params = load_params(scenario_home, name)
    assert params.growth == {"(all)": Decimal(fraction)}
    save_scenario(scenario_home, "saved", params.scenario)
    assert load_params(scenario_home, "scenarios/saved").scenario == params.scenario


def test_it_reports_all_problems_together(scenario_home):
    """An unknown key and a bad amount come in one message, by line."""
    text = refused(scenario_home, "growht:\n  org-a: 1\norganization_budgets:\n  org-a: x\n")
    assert (
        text.splitlines()[0]
        == 'params/scenarios/more.yaml, line 5, growht: an unknown key. Did you mean "growth"?'
    )
    assert text.splitlines()[1].startswith(
        "params/scenarios/more.yaml, line 8, organization_budgets.org-a: not a plain amount"
    )


@pytest.mark.parametrize("missing", ["base", "author", "date", "reason"])
def test_it_needs_who_when_and_why(scenario_home, missing):
    """A missing or empty one is refused by name."""
    lines = {"base": '"2025-12"', "author": "Ana", "date": "2025-12-15", "reason": "why"}
    for value in (None, '""'):
        given = lines | {missing: value}
        text = "".join(f"{key}: {text}\n" for key, text in given.items() if text)
        scenario_home.params_file("scenarios/x").write_text(text)
        with pytest.raises(Refusal, match=missing):
            load_params(scenario_home, "scenarios/x")


@pytest.mark.parametrize(
    ("base", "message"),
    [
        (
            "scenarios/more",
            r"params/scenarios/other\.yaml, line 1, base: the base is a scenario too",
        ),
        (
            "params/scenarios/other.yaml",
            r"params/scenarios/other\.yaml, line 1, base: the base is a scenario too",
        ),
        ('"2024-12"', r"params/2024-12\.yaml: there is no such params file"),
    ],
)
def test_its_base_is_an_existing_params_file(scenario_home, base, message):
    """Another scenario, the scenario itself or a missing file can't be its base."""
    text = scenario_home.params_file(write_scenario(scenario_home, "")).read_text()
    scenario_home.params_file("scenarios/other").write_text(text.replace('"2025-12"', base, 1))
    with pytest.raises(Refusal, match=rf"^{message}"):
        load_params(scenario_home, "scenarios/other")


def test_a_key_of_its_base_is_refused_with_the_file_of_its_base(scenario_home):
    """Usage is named in the base, and the changed budgets in the scenario."""
    name = write_scenario(scenario_home, "organization_budgets:\n  org-a: 6\n")
    (scenario_home.root / "usage" / "calls.csv").unlink()
    with pytest.raises(Refusal, match=r"^params/2025-12\.yaml, line 3, usage: no such file"):
        check_name(name, scenario_home)


def test_no_other_file_has_a_scenario(scenario_home):
    """The key `scenario` is refused outside params/scenarios/."""
    file = scenario_home.params_file("2025-12")
    file.write_text(file.read_text() + "scenario:\n  base: x\n")
    message = (
        r"2025-12\.yaml, line \d+, scenario: only a file in params/scenarios/ may have this key"
    )
    with pytest.raises(Refusal, match=message):
        load_params(scenario_home, "2025-12")


@pytest.mark.parametrize(
    ("text", "message"),
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
def test_it_changes_known_names_only(scenario_home, text, message):
    """A name in neither usage nor budgets is refused with the nearest known name."""
    with pytest.raises(Refusal, match=rf"^params/scenarios/more\.yaml, {message}"):
        check_name(write_scenario(scenario_home, text), scenario_home)


def test_cost_without_a_name_is_not_offered_as_a_name(scenario_home):
    """A scenario can't change it."""
    file = scenario_home.root / "usage" / "calls.csv"
    file.write_text(file.read_text().replace("org-b", ""))
    with pytest.raises(Refusal) as refused:
        check_name(write_scenario(scenario_home, "growth:\n  (unallocate): 0.1\n"), scenario_home)
    (problem,) = refused.value.problems
    assert problem.fix.startswith(("Choose from: (all), org-a", 'Did you mean "(all)"'))
    assert "(unallocated)" not in problem.fix


def test_an_organization_called_all_is_refused(scenario_home):
    """The rate (all) could mean that organization or every other one."""
    file = scenario_home.root / "usage" / "calls.csv"
    file.write_text(file.read_text().replace("org-b", "(all)"))
    with pytest.raises(Refusal, match=r"growth: an organization is called \(all\)"):
        check_name(write_scenario(scenario_home, "growth:\n  (all): 0.1\n"), scenario_home)


def test_it_says_how_its_base_has_changed(scenario_home):
    """Amounts, names and keys count; the form of an amount or of a list does not."""
    name = write_scenario(scenario_home, "")
    base = load_params(scenario_home, "2025-12")
    was = snapshot(base, read_budgets(base, scenario_home))
    scenario = load_params(scenario_home, name).scenario.model_copy(update={"base_was": was})
    for old, new, changes in (
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
        text = scenario_home.params_file("2025-12").read_text()
        scenario_home.params_file("2025-12").write_text(text.replace(old, new))
        now = load_params(scenario_home, "2025-12").model_copy(update={"scenario": scenario})
        assert list(read_budgets(now, scenario_home).notices) == [
            f"The base 2025-12 has changed since this scenario was saved: {change}."
            for change in changes
        ]
        scenario_home.params_file("2025-12").write_text(text)


def test_its_base_may_be_the_name_of_a_file(scenario_home):
    """The params have its NAME."""
    name = write_scenario(scenario_home, "")
    scenario_home.params_file(name).write_text(
        scenario_home.params_file(name).read_text().replace('"2025-12"', "2025-12.yaml", 1)
    )
    assert load_params(scenario_home, name).scenario.base == "2025-12"


def test_half_a_character_is_refused(scenario_home):
    """No file can hold it."""
    assert "half of a character" in refused(
        scenario_home, 'organization_budgets:\n  "org-\\ud83d": 5\n'
    )


def test_changes_are_applied_to_budgets():
    """None takes a budget away; the given budgets do not change."""
    budgets = {"a": Decimal(1), "b": Decimal(2)}
    assert changed(budgets, {"a": None, "c": Decimal(3)}) == {"b": Decimal(2), "c": Decimal(3)}
    assert budgets == {"a": Decimal(1), "b": Decimal(2)}


def test_differences_are_listed_key_by_key():
    """Names come below their key, and lists as one text."""
    assert list(differences({"a": 1, "m": {"x": 1}}, {"b": [1, 2], "m": {"x": 2, "y": 3}})) == [
        "a was 1, is not set",
        "m.x was 1, is 2",
        "m.y was not set, is 3",
        "b was not set, is 1, 2",
    ]
