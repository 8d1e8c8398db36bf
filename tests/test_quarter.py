"""A quarter and a year as real reports, published after the sample's months."""

from __future__ import annotations

import json
import shutil
import zipfile
from decimal import Decimal

import pytest
from support.checkout import CHECKOUT
from support.published import page_of

from finops_nb.home import Home
from finops_nb.run.run import run

pytestmark = pytest.mark.slow

MONTHS = [f"2025-{month:02}" for month in range(7, 13)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The published fourth quarter of the sample, and its year beside it."""
    home = Home(tmp_path_factory.mktemp("home"))
    shutil.copytree(CHECKOUT / "params", home.params)
    (home.params / "analysis").mkdir()
    for period, more in (("2025-Q4", 'budgets: "months:"\n'), ("2025", "list_days: true\n")):
        text = f'period: "{period}"\nusage: "sample:"\n{more}'
        (home.params / "analysis" / f"{period}.yaml").write_text(text, encoding="utf-8")
    for name in (*MONTHS, "analysis/2025-Q4", "analysis/2025"):
        run(name, home)
    return home.outputs / "analysis" / "2025-Q4"


def tables_of(folder):
    return json.loads((folder / "results.json").read_bytes())["tables"]


def test_its_bridge_adds_up_to_the_change_from_the_quarter_before(folder):
    """Every line of the table `bridge`, to the last digit, from Q3 to Q4."""
    tables = tables_of(folder)
    changes: dict[tuple[str, str], Decimal] = {}
    assert {row["from"] for row in tables["bridge"]} == {"2025-Q3", "budget"}
    for row in tables["bridge"]:
        if row["from"] == "budget":
            continue
        key = (row["dimension"], row["name"])
        changes[key] = changes.get(key, Decimal(0)) + Decimal(row["amount"])
    for row in tables["change_by_name"]:
        assert changes[row["dimension"], row["name"]] == Decimal(row["change"])
    [prior] = [row for row in tables["headline"] if row["figure"] == "prior_period"]
    assert changes["total", "total"] == Decimal(prior["change"])


def test_its_months_are_columns_that_add_up_to_its_cost(folder):
    """Each organization's three months are its cost in the quarter."""
    tables = tables_of(folder)
    costs = {row["organization"]: Decimal(row["cost"]) for row in tables["cost_by_organization"]}
    rows = [row for row in tables["cost_by_month"] if row["name"] in costs]
    assert {row["name"]: sum(Decimal(row[month]) for month in MONTHS[3:]) for row in rows} == costs


def test_it_says_how_long_a_budget_has_been_exceeded(folder):
    """product-doc-analyzer was OVER from August to December."""
    text = page_of((folder / "organizational_alignment.html").read_text()).text_content()
    assert "It has been over budget for 5 straight months" in text


def test_a_year_without_half_its_months_says_so_first(folder):
    """The stamp is in the title, and results.json has every day with usage."""
    year = folder.with_name("2025")
    page = page_of((year / "organizational_alignment.html").read_text())
    assert page.findtext(".//title").endswith("· PARTIAL")
    assert "There is no usage for January to June 2025." in page.text_content()
    results = json.loads((year / "results.json").read_bytes())
    assert results["period"]["complete"] is False
    assert len(results["tables"]["spend_by_day"]) == 184  # July to December


def test_its_days_are_on_the_page_and_in_the_workbook_on_request_only(folder):
    """The quarter says how to list them, and the year, whose params say so, lists them."""
    year = folder.with_name("2025")
    for report, listed in ((folder, False), (year, True)):
        page = page_of((report / "organizational_alignment.html").read_text()).text_content()
        assert ("2025-10-02" in page) == listed
        assert ("write list_days: true in the params" in page) != listed
        with zipfile.ZipFile(report / "organizational_alignment.xlsx") as workbook:
            assert (b'name="Spend by day"' in workbook.read("xl/workbook.xml")) == listed


def test_it_is_compared_with_the_period_of_compare(folder):
    """December after July, by how much the two months' reports differ."""
    home = Home(folder.parents[2])
    text = 'period: "2025-12"\nusage: "sample:"\ncompare: "2025-07"\n'
    (home.params / "analysis" / "since-july.yaml").write_text(text, encoding="utf-8")
    run("analysis/since-july", home)
    tables = tables_of(folder.with_name("since-july"))
    [prior] = [row for row in tables["headline"] if row["figure"] == "prior_period"]
    totals = [
        Decimal(json.loads((home.outputs / name / "results.json").read_bytes())["total"])
        for name in ("2025-07", "2025-12")
    ]
    assert Decimal(prior["change"]) == totals[1] - totals[0]
    assert {row["from"] for row in tables["bridge"]} == {"2025-07"}
