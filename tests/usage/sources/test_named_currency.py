"""The currency in the name of a column of costs."""

from __future__ import annotations

import pytest
from support.usage_files import COLUMNS

from finops_nb.money import SIGNS
from finops_nb.params.model import make_params
from finops_nb.usage.sources.columns import place_columns
from finops_nb.usage.sources.named_currency import other_currency


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Amount (EUR)", "EUR"),
        ("amount_eur", "EUR"),
        ("costEur", "EUR"),
        ("CostInEUR", "EUR"),
        ("EUR", "EUR"),
        ("Spend in €", "EUR"),
        ("total euros", "EUR"),
        ("Cost £", "GBP"),
        ("Amount (TRY)", "TRY"),
        ("COST_CHF", "CHF"),
        ("costs.jpy", "JPY"),
    ],
)
def test_a_name_says_its_currency(name, said):
    """As a code of ISO 4217, or as a sign; that currency itself is no other one."""
    assert other_currency(name, "USD") == said
    assert other_currency(name, said) is None


@pytest.mark.parametrize(
    "name",
    [
        *("price", "cost", "spend", "EffectiveCost", "BilledCost", "costInBillingCurrency"),
        *("top_cost", "TOTAL_ALL", "allCosts", "try_cost", "AMD", "mad_spend", "neurons", "europe"),
        *("lineItem/UnblendedCost", "pre_tax_cost", "cost_usd", "Cost ($)", "USD to EUR", ""),
    ],
)
def test_a_name_that_says_no_other_currency_is_no_alarm(name):
    """Only whole words count, and a code that is a word only in capitals beside other words."""
    assert other_currency(name, "USD") is None


def test_a_dollar_sign_may_be_any_dollar():
    """Canadian costs may be called "Cost ($)", but not cost_usd; euros neither."""
    assert other_currency("Cost ($)", "CAD") is None
    assert other_currency("cost_usd", "CAD") == "USD"
    assert other_currency("Cost ($)", "EUR") == "USD"


@pytest.mark.parametrize("code", SIGNS)
def test_a_sign_that_is_printed_is_read(code):
    """In the name of a column it says the currency that the report prints with it."""
    assert other_currency(f"Cost ({SIGNS[code]})", "CHF") == code


def problems(header, **params):
    made = make_params({"period": "2025-12", "usage": "u.csv"} | params)
    return place_columns(made.each_source[0], header, "u.csv").problems


def test_costs_in_another_currency_are_refused_and_the_advice_helps():
    """`cost_usd` in a report of euros; either of the two ways out is enough."""
    [problem] = problems(COLUMNS, currency="EUR")
    assert (problem.file, problem.line, problem.column) == ("u.csv", 1, "cost_usd")
    assert problem.rule.startswith("the column says USD")
    assert problem.fix == "Write `currency: USD` in the params, or rename the column"
    assert not problems(COLUMNS, currency="USD")
    renamed = ["cost" if name == "cost_usd" else name for name in COLUMNS]
    assert not problems(renamed, currency="EUR", columns={"cost": "cost"})


def test_a_column_that_the_params_name_is_looked_at_too():
    """The billed cost as well."""
    header = [*(name for name in COLUMNS if name != "cost_usd"), "Amount (EUR)", "Billed GBP"]
    columns = {"cost": "Amount (EUR)", "billed_cost": "Billed GBP"}
    assert [each.column for each in problems(header, columns=columns)] == [
        "Amount (EUR)",
        "Billed GBP",
    ]


def test_a_column_with_the_currency_of_each_row_decides():
    """It is compared with the params row by row."""
    assert not problems([*COLUMNS, "currency"], currency="EUR")
    assert problems([*COLUMNS, "currency"], currency="EUR", columns={"currency": "none"})


def test_the_advice_on_a_missing_cost_says_its_currency():
    """Following it literally leads to a file that is read."""
    header = [*(name for name in COLUMNS if name != "cost_usd"), "Amount (EUR)"]
    [problem] = problems(header)
    assert problem.fix.endswith(
        'Then write columns: {cost: "Amount (EUR)"} and currency: EUR in the params'
    )
    assert not problems(header, columns={"cost": "Amount (EUR)"}, currency="EUR")
