"""Three decimals in a currency with another number of them: 1.000 may be a thousand."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.scenario_homes import make_scenario_home, write_scenario

from finops_nb.errors import BadValue, Refusal
from finops_nb.money import parse_amount, plain
from finops_nb.params.budgets import read_budgets
from finops_nb.params.params_file import load_params
from finops_nb.params.three_decimals import check_decimals, with_clear_decimals
from finops_nb.scenarios.adoption import adopt
from finops_nb.scenarios.typed_values import TypedValues

HEAD = 'period: "2025-12"\nusage: "sample:"\n'
KEY = ("organization_budgets", "org-a")


@pytest.mark.parametrize(
    ("currency", "text", "fix"),
    [
        ("USD", "1.000", "Write 1000 or 1.00"),
        ("USD", "12.500", "Write 12500 or 12.50"),
        ("EUR", "1234.567", "Write 1234567 or 1234.57"),
        ("JPY", "1.000", "Write 1000 or 1"),
        ("TOKENS", "2.500", "Write 2500 or 2.50"),
        ("USD", "-9.463", "Write -9463 or -9.46"),
    ],
)
def test_three_decimals_are_refused_with_both_readings(currency, text, fix):
    """The first reading takes the point for a separator of thousands."""
    with pytest.raises(BadValue) as refused:
        check_decimals(Decimal(text), currency)
    assert refused.value.fix == fix
    for reading in re.findall(r"-?[\d.]+\d|-?\d", fix):
        check_decimals(Decimal(reading), currency)


@pytest.mark.parametrize(
    ("currency", "text"),
    [
        ("KWD", "1.000"),
        ("USD", "1.00"),
        ("USD", "1000"),
        ("USD", "0.125"),
        ("USD", "1.0005"),
        ("USD", "0.000"),
        ("JPY", "1000"),
    ],
)
def test_other_amounts_are_accepted(currency, text):
    """KWD has three decimals; nobody writes thousands as 0.125."""
    check_decimals(Decimal(text), currency)


@pytest.mark.parametrize(
    ("lines", "column"),
    [
        ("organization_budgets: {org-a: 1.000}", "organization_budgets.org-a"),
        ("product_budgets:\n  chat: 1.000", "product_budgets.chat"),
        ("approval_limit: 1.000", "approval_limit"),
        ("materiality_amount: 1.000", "materiality_amount"),
        ("invoices:\n  - {issuer: AWS, amount: 1.000}", "invoices, item 1, amount"),
    ],
)
def test_every_amount_of_the_params_is_looked_at(home, lines, column):
    """The refusal names its line; in KWD the same file is read."""
    file = home.params_file("2025-12")
    file.write_text(HEAD + lines + "\n")
    with pytest.raises(Refusal) as refused:
        load_params(home, "2025-12")
    [problem] = refused.value.problems
    assert (problem.column, problem.value) == (column, "1.000")
    assert problem.line == 2 + len(lines.splitlines())
    assert problem.file == "params/2025-12.yaml"
    file.write_text(f"{HEAD}currency: KWD\n{lines}\n")
    load_params(home, "2025-12")


def test_budgets_csv_is_looked_at_line_by_line(home):
    """Two lines are named, and the one in cents is not."""
    csv = "dimension,name,month,amount\norganization,a,2025-12,1.000\n"
    csv += "organization,b,2025-12,1.00\nproduct,c,2025-12,2.500\n"
    (home.root / "budgets.csv").write_text(csv)
    home.params_file("2025-12").write_text(f"{HEAD}budgets: budgets.csv\n")
    with pytest.raises(Refusal) as refused:
        read_budgets(load_params(home, "2025-12"), home)
    places = [(each.file, each.line, each.column) for each in refused.value.problems]
    assert places == [("budgets.csv", 2, "amount"), ("budgets.csv", 4, "amount")]


def test_a_scenario_is_looked_at_in_its_own_file(tmp_path):
    """The currency is its base's."""
    home = make_scenario_home(tmp_path)
    name = write_scenario(home, "organization_budgets:\n  org-a: 5.500\n")
    with pytest.raises(Refusal) as refused:
        load_params(home, name)
    [problem] = refused.value.problems
    assert (problem.file, problem.line) == ("params/scenarios/more.yaml", 6)
    assert problem.fix == "Write 5500 or 5.50"


def test_the_panel_refuses_what_the_file_refuses():
    """2.800 typed as a budget in dollars may be 2,800; in dinars it is 2.8."""
    with pytest.raises(BadValue, match="three decimals in USD"):
        TypedValues("USD").budget(KEY, "2.800")
    assert TypedValues("KWD").budget(KEY, "2.800") == "2.800"


def test_a_computed_budget_can_be_saved_adopted_and_read(tmp_path):
    """25% of 1,234.50 is 308.625, written with a fourth decimal."""
    text = TypedValues("USD", {KEY: Decimal("1234.50")}).budget(KEY, "25%")
    assert text == "308.6250"
    home = make_scenario_home(tmp_path)
    name = write_scenario(home, f"organization_budgets:\n  org-a: {text}\n")
    adopt(home, name, "a quarter", date(2025, 12, 16))
    budgets = read_budgets(load_params(home, "2025-12"), home)
    assert plain(budgets.organizations["org-a"]) == "308.625"


@given(st.decimals(0, 10**6, places=5), st.sampled_from(["USD", "JPY", "KWD"]))
def test_a_computed_amount_is_never_refused_and_never_changed(amount, currency):
    """Only its zeros may be more."""
    clear = with_clear_decimals(parse_amount(plain(amount)), currency)
    check_decimals(clear, currency)
    assert clear == amount
