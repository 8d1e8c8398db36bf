"""The tables of a what-if: what a scenario changes, and the stamp that tells whose it is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from support.made_usage import data_of
from support.published import cells_of, text_of

from finops_nb.figures.projection import project
from finops_nb.figures.scenario_effect import scenario_difference
from finops_nb.figures.variance import variance_by
from finops_nb.findings.overview import overview
from finops_nb.outputs.manifest import Kind, Manifest
from finops_nb.params.budgets import read_budgets
from finops_nb.params.model import Params
from finops_nb.report import prose
from finops_nb.report.data_tables import rows_account
from finops_nb.report.format import Format
from finops_nb.report.scenario_tables import rate_changes, scenario_changes
from finops_nb.report.table import Table
from finops_nb.usage.model import Usage

SCENARIO = {"base": "2025-12", "author": "Ana", "date": "2025-12-15", "reason": "two more regions"}


def changes_of(usage: Usage, params: Params) -> Table:
    """The table of what the scenario of these params changes."""
    budgets = read_budgets(params)
    before = data_of(usage=usage, budgets=budgets.before, params=params)
    projected = project(usage, params.growth, params.model_prices)
    after = data_of(usage=projected, budgets=budgets, params=params)
    frames = [
        scenario_difference(variance_by(before, by), variance_by(after, by, budgets.before.of(by)))
        for by in ("organization", "product")
    ]
    return scenario_changes(after, *frames)


def test_a_scenario_prints_what_it_changes(six, params):
    """org-b's 2.00 are over a budget of 1 and under one of 3; org-a does not change."""
    scenario = SCENARIO | {"organization_budgets": {"org-b": 3}}
    made = params(organization_budgets={"org-a": 9, "org-b": 1}, scenario=scenario)
    table = changes_of(six, made)
    assert cells_of(table).keys() == {"org-b"}
    assert cells_of(table)["org-b"] == {
        "Name": "org-b",
        "Approved Budget": "$1.00",
        "Budget": "$3.00",
        "Budget Change": "+$2.00",
        "Variance": "-$1.00",
        "Status": "UNDER",
    }
    text = text_of(table)
    assert "was OVER" in text
    assert "Organization budgets total $12.00, $2.00 above the approved $10.00." in text


def test_a_budget_that_is_removed_or_added_is_a_change(six, params):
    """This holds for a name without spend, too."""
    scenario = SCENARIO | {"organization_budgets": {"idle": "none", "org-b": 3}}
    rows = cells_of(changes_of(six, params(organization_budgets={"idle": 4}, scenario=scenario)))
    heads = ("Approved Budget", "Budget", "Budget Change")
    assert [rows["idle"][head] for head in heads] == ["$4.00", "n/a", "-$4.00"]
    assert rows["org-b"]["Approved Budget"] == "n/a"


def test_budgets_that_are_all_removed_have_a_sentence(six, params):
    """It names the sum that was approved."""
    scenario = SCENARIO | {"organization_budgets": {"org-a": "none"}}
    table = changes_of(six, params(organization_budgets={"org-a": 9}, scenario=scenario))
    assert "All organization budgets are removed; $9.00 was approved." in text_of(table)


def test_growth_changes_every_cost(six, params):
    """org-a has 6.00 × 0.1 more; in the account of rows, the 10.00 + 1.00 add up to 11.00."""
    made = params(
        organization_budgets={"org-a": 9}, scenario=SCENARIO | {"growth": {"(all)": "0.1"}}
    )
    table = changes_of(six, made)
    assert cells_of(table)["org-a"]["Cost Change"] == "+$0.60"
    assert "Usage is 10% higher for all organizations." in text_of(table)

    grown = project(six, made.growth, {})
    manifest = Manifest(Kind.SCENARIO, "scenarios/x")
    data = data_of(usage=grown, budgets=read_budgets(made), params=made, manifest=manifest)
    rows = cells_of(rows_account(data))
    items = ("Rows used", "Growth and price changes in the scenario", "Total")
    assert [rows[item]["Total Cost"] for item in items] == ["$10.00", "$1.00", "$11.00"]
    change = "WHAT-IF: the scenario's growth and prices would change the cost by +$1.00."
    assert change in overview(data)["warnings"]


def test_a_scenario_without_changes_has_a_sentence(six, params):
    """A report without a scenario has nothing."""
    budgets = {"org-a": 9}
    unchanged = changes_of(six, params(organization_budgets=budgets, scenario=SCENARIO))
    assert text_of(unchanged) == "This scenario changes nothing."
    assert text_of(changes_of(six, params(organization_budgets=budgets))) == ""


def test_a_scenario_without_changes_still_has_its_notices(six, params):
    """The notice of a changed base is printed above "changes nothing"."""
    made, approved = params(scenario=SCENARIO), read_budgets(params())
    budgets = replace(approved, notices=("The base has changed since.",), approved=approved)
    data = data_of(usage=six, budgets=budgets, params=made)
    variance = variance_by(data, "organization")
    difference = scenario_difference(variance, variance)
    text = text_of(scenario_changes(data, difference, difference))
    assert text == (
        "What This Scenario Changes The base has changed since. This scenario changes nothing."
    )


@pytest.mark.parametrize("kind", [Kind.SCENARIO, Kind.DRAFT])
def test_a_scenario_is_stamped_wherever_it_is_shown(six, params, kind):
    """JupyterLab has the stamp beside DRAFT, with the reason, the author, the day and the base."""
    data = data_of(usage=six, params=params(scenario=SCENARIO), manifest=Manifest(kind=kind))
    text = text_of(prose.heading(data))
    assert (
        "WHAT-IF: two more regions "
        "By Ana on December 15, 2025, based on the 2025-12 budgets; not for booking." in text
    )
    assert ("DRAFT" in text) is (kind is Kind.DRAFT)


@pytest.mark.parametrize(
    ("growth", "texts"),
    [
        ({"(all)": "0.1"}, ["usage of all organizations +10%"]),
        ({"(all)": "0.1", "a": "0"}, ["usage of all other organizations +10%", "usage of a 0%"]),
        ({"a": "-0.0555"}, ["usage of a -5.55%"]),
        ({"(all)": "0"}, []),
    ],
)
def test_a_rate_names_its_organizations(growth, texts):
    """A rate of zero is printed only as an exception from another rate."""
    rates = {scope: Decimal(rate) for scope, rate in growth.items()}
    assert rate_changes(rates, {}, Format("USD")) == texts


def test_a_price_names_its_model():
    """It is of one organization, or of all."""
    prices = {"gpt": {"(all)": Decimal("-0.2"), "org-a": Decimal("0.05")}}
    assert rate_changes({}, prices, Format("USD")) == [
        "price of gpt for all other organizations -20%",
        "price of gpt for org-a +5%",
    ]
