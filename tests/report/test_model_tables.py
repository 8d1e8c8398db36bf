"""The table of models as it is printed: columns that are known, rows that add up, and why not."""

from __future__ import annotations

import pytest
from support.made_usage import SIX, Call, data_of, usage_of
from support.published import cells_of, text_of

from finops_nb.figures.models import cost_by_model
from finops_nb.figures.projection import project
from finops_nb.report.prose import concentration
from finops_nb.report.table import Table
from finops_nb.report.tables import cost_by_model as table_of

CALL = Call(
    *("org-a", "chat", "f", "c1", "3"),
    provider="openai",
    input_tokens=400_000,
    cached_tokens=100_000,
    output_tokens=100_000,
)


def shown(*calls: Call, usage=None) -> Table:
    data = data_of(usage=usage or usage_of(calls))
    return table_of(data, cost_by_model(data))


def test_a_row_has_the_tokens_and_the_provider_of_a_model():
    """3.00 ÷ 500,000 × 1,000,000 = 6.00; 100,000 ÷ 400,000 = 25%."""
    table = shown(CALL)
    assert cells_of(table)["gpt"] == {
        "Model": "gpt",
        "Total Cost": "$3.00",
        "Share": "100.0%",
        "Calls": "1",
        "Input Tokens": "400,000",
        "Output Tokens": "100,000",
        "Cost/1M Tokens": "$6.0000",
    }
    assert "gptopenai$3.00" in text_of(table)
    assert "400,00025.0% cached" in text_of(table)


def test_columns_of_nothing_are_left_out():
    """Usage without tokens, and without a month before, has neither."""
    assert list(cells_of(shown(*SIX))["gpt"]) == ["Model", "Total Cost", "Share", "Calls"]


def test_rows_without_tokens_are_counted():
    """One call of two: its model, and the total, are n/a."""
    table = shown(CALL, CALL._replace(output_tokens=None), CALL._replace(model="opus"))
    assert cells_of(table)["gpt"]["Output Tokens"] == "n/a"
    assert cells_of(table)["gpt"]["Cost/1M Tokens"] == "n/a"
    assert cells_of(table)["Total"]["Output Tokens"] == "n/a"
    assert cells_of(table)["Total"]["Input Tokens"] == "1,200,000"
    assert "Tokens are n/a in 1 row, and so in the total" in text_of(table)


def test_many_models_are_cut_and_cost_without_one_is_kept():
    """30 models and cost without one: 24 by name, 6 as "other", and "(no model)"."""
    calls = [CALL._replace(model=f"m{n:02}", cost=f"{50 - n}") for n in range(30)]
    cells = cells_of(shown(*calls, CALL._replace(model="", cost="1")))
    assert len(cells) == 24 + 3
    # m24 to m29: 26 + 25 + 24 + 23 + 22 + 21 = 141.
    assert cells["other (6)"]["Total Cost"] == "$141.00"
    assert cells["(no model)"]["Total Cost"] == "$1.00"
    # 50 + 49 + … + 21 = 30 × 35.5 = 1,065, and 1.
    assert cells["Total"]["Total Cost"] == "$1,066.00"


@pytest.mark.parametrize(
    ("usage", "why"),
    [
        (usage_of([CALL._replace(model="")]), "because the usage names no models."),
        (
            project(usage_of([CALL]), {"(all)": 1}, {}),
            "in a scenario with growth or price changes.",
        ),
    ],
    ids=["a bill", "a what-if"],
)
def test_the_table_steps_aside_with_a_sentence(usage, why):
    """A bill has no models; the tokens of supposed usage are not known."""
    assert text_of(shown(usage=usage)) == f"Not available {why}"


def test_concentration_is_a_sentence_with_figures():
    """The largest of 3 customers, c1, has 5.00 of 10.00; nobody is named."""
    data = data_of()
    prose = concentration(data, cost_by_model(data))
    assert text_of(prose).startswith("The largest of 3 customers caused 50.0% of cost.")
    [line] = prose.records()
    assert (line["customers"], line["largest_customer"]) == (3, "0.5")
    assert "c1" not in text_of(prose)


def test_concentration_of_nothing_is_not_printed():
    """One organization, product and model; no customer."""
    data = data_of(usage=usage_of([CALL._replace(customer="")]))
    prose = concentration(data, cost_by_model(data))
    assert (text_of(prose), prose.records()) == ("", [])
