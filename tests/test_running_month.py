"""A month in progress as a real report: the sample's December up to a day, after its November."""

from __future__ import annotations

import json
from decimal import Decimal

import duckdb
import pytest
from support.checkout import CHECKOUT
from support.published import page_of

from finops_nb.home import Home
from finops_nb.run.run import run

pytestmark = pytest.mark.slow

DAY = "2025-12-18"
ALL_ROWS = CHECKOUT / "finops_nb" / "sample" / "calls-2025-12.parquet"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The published December, complete through the 18th."""
    home = Home(tmp_path_factory.mktemp("home"))
    home.params.mkdir()
    usage = home.root / "usage" / "december.parquet"
    usage.parent.mkdir()
    duckdb.sql(
        f"COPY (SELECT * FROM '{ALL_ROWS}' WHERE timestamp::DATE <= '{DAY}') "
        f"TO '{usage}' (FORMAT parquet)"
    )
    for month in ("2025-11", "2025-12"):
        text = (CHECKOUT / "params" / f"{month}.yaml").read_text(encoding="utf-8")
        if month == "2025-12":
            text = text.replace('"sample:"', "usage/december.parquet") + f"\nas_of: {DAY}\n"
        home.params_file(month).write_text(text, encoding="utf-8")
        run(month, home)
    return home.outputs / "2025-12"


def tables_of(folder):
    return json.loads((folder / "results.json").read_bytes())["tables"]


def test_its_findings_are_about_what_is_expected_over_each_budget(folder):
    """The amount of the first is run rate − budget of its line in the table, to the last digit."""
    tables = tables_of(folder)
    first = tables["findings"][0]
    assert first["title"] == "Expected Overrun"
    [line] = [
        row
        for row in tables["cost_by_product"]
        if first["text"].startswith(f"{row['product']} is expected to cost")
    ]
    excess = Decimal(line["run_rate"]) - Decimal(line["budget"])
    assert Decimal(first["money"]) == excess > 0
    assert "most to the rise in cost of org-gamma, which is expected to cost" in first["text"]


def test_each_name_at_stake_is_in_one_finding_and_has_a_review(folder):
    """org-gamma is in the finding on its product; the reviews name both and what is expected."""
    tables = tables_of(folder)
    assert [each["title"] for each in tables["findings"]].count("Expected Overrun") == 1
    reviews = {each["title"]: each["text"] for each in tables["recommendations"]}
    assert "org-gamma, which is expected to cost" in reviews["Budget Review"]
    assert "product-doc-analyzer, which is expected to cost" in reviews["Product Review"]


def test_no_finding_has_nothing_at_stake(folder):
    """Neither in the results nor on the page."""
    assert all(Decimal(each["money"]) > 0 for each in tables_of(folder)["findings"])
    page = page_of((folder / "organizational_alignment.html").read_text(encoding="utf-8"))
    assert "is expected to cost" in page.text_content()
