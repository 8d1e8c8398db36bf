"""Where no budgets are set, the report says so once and how to set them; nothing is red."""

from __future__ import annotations

import json
import re

import pytest
from support.homes import files_of
from support.made_usage import data_of

from finops_nb.figures.run_rate import with_run_rate
from finops_nb.figures.variance import total_of, variance_by
from finops_nb.home import Home
from finops_nb.outputs.artifacts import HTML, RESULTS
from finops_nb.params.budgets import read_budgets
from finops_nb.report import budget_tables
from finops_nb.report import cost_tables as tables
from finops_nb.report.prose import HOW_TO_SET_BUDGETS
from finops_nb.run.run import run

BUDGET_COLUMNS = {"budget", "variance", "budget_used", "status"}


@pytest.fixture
def made(six, params):
    """Report data, with the variance and the total of organizations and of products."""

    def make(usage=six, **keys):
        asked = params(**keys)
        data = data_of(usage=usage, params=asked, budgets=read_budgets(asked))
        frames = [variance_by(data, by) for by in ("organization", "product")]
        return data, frames, [total_of(data, frame) for frame in frames]

    return make


def budget_columns(table) -> set[str]:
    """The columns of a table that speak of budgets."""
    return {column.name for column in table.columns} & BUDGET_COLUMNS


@pytest.mark.parametrize("budgeted", [(), (0,), (1,), (0, 1)])
def test_the_columns_of_a_dimension_stand_aside_without_budgets_in_it(made, budgeted):
    """Of organizations and products, only those with a budget are compared with one."""
    keys = ({"organization_budgets": {"org-a": "5"}}, {"product_budgets": {"chat": "5"}})
    given = {key: value for place in budgeted for key, value in keys[place].items()}
    data, frames, totals = made(**given)
    for place, (frame, total) in enumerate(zip(frames, totals, strict=True)):
        table = tables.cost_by(data, frame, total)
        assert budget_columns(table) == (
            BUDGET_COLUMNS - {"status"} if place in budgeted else set()
        )
        assert ("against budget" in table.caption) is (place in budgeted)


def test_the_two_levels_are_a_sentence_and_stay_in_the_results(made):
    """Both levels cost 10.00, of no budget: the page prints the sentence, results.json has both."""
    data, _, totals = made()
    table = tables.budget_tracking(data, *totals)

    assert table.is_empty
    assert "No budgets are set." in table._repr_html_()
    assert [line["actual"] for line in table.records()] == ["10", "10"]


def test_a_period_in_progress_has_cost_and_run_rate_alone(made, usage_of):
    """Budget to date, budget, run rate − budget and status have nothing to say."""
    from support.made_usage import SIX

    usage = usage_of([call._replace(day="2025-12-20") for call in SIX], complete=False)
    data, frames, totals = made(usage=usage)
    assert "budget" in with_run_rate(data, frames[0]).columns
    table = budget_tables.running_period(data, *frames, totals)

    assert [column.name for column in table.columns] == ["name", "cost_to_date", "run_rate"]
    assert "udget" not in table.caption


@pytest.mark.slow
def test_a_published_page_says_once_how_to_set_budgets(home_without_budgets):
    """No cell is colored as a warning; results.json has the budgets' keys, all without value."""
    files = files_of(run("2025-12", home_without_budgets).parent)
    page, results = files[HTML].decode(), json.loads(files[RESULTS])
    body = page[page.index("<body>") :]

    assert body.count(HOW_TO_SET_BUDGETS) == 1
    assert "NO BUDGET" not in body
    assert not re.findall(r'class="[^"]*\b(?:no-budget|over|at-risk)\b', body)
    for line in results["tables"]["cost_by_organization"]:
        assert (line["budget"], line["variance"], line["status"]) == (None, None, "NO BUDGET")


@pytest.fixture
def home_without_budgets(tmp_path) -> Home:
    """The sample month, without any budget."""
    home = Home(tmp_path.resolve())
    home.params.mkdir()
    home.params_file("2025-12").write_text('period: "2025-12"\nusage: "sample:"\n')
    return home


@pytest.mark.slow
def test_the_index_has_no_warning_either(home_without_budgets):
    """Its row says NO BUDGET in plain text."""
    run("2025-12", home_without_budgets)
    index = (home_without_budgets.outputs / "index.html").read_text()

    assert "NO BUDGET" in index
    assert not re.findall(r'class="[^"]*\bno-budget\b', index)
