"""Budget proposal: `new --budgets forecast` writes a scenario, which can be adopted."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from finops_nb.cli import main
from finops_nb.home import VARIABLE, Home
from finops_nb.params.budgets import read_budgets
from finops_nb.params.params_file import load_params

PARAMS = """\
period: "2025-12"
usage: "sample:"
organization_budgets:
  org-a: 7
  org-b: 9
"""


def line(name: str, expected: str, low: str | None, dimension: str = "organization") -> dict:
    """A line of the forecast of January."""
    high = None if low is None else "20"
    return {
        "dimension": dimension,
        "name": name,
        "month": "2026-01",
        "low": low,
        "expected": expected,
        "high": high,
    }


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with December's params and its published forecast."""
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "2025-12.yaml").write_text(PARAMS)
    forecast = [
        line("org-a", "10", "8"),
        line("org-b", "4.5", None),
        line("org-credit", "-3", None),
        line("(unallocated)", "2", "1"),
        line("chat", "14.5", "9", "product"),
    ]
    publish(tmp_path, forecast)
    return Home(tmp_path)


def publish(root: Path, forecast: list[dict]) -> None:
    folder = root / "outputs" / "2025-12"
    folder.mkdir(parents=True, exist_ok=True)
    results = {"provenance": {}, "tables": {"forecast": forecast}}
    (folder / "results.json").write_text(json.dumps(results))


def invoke(*arguments: str):
    return CliRunner().invoke(main, arguments)


def test_it_proposes_what_is_expected_where_there_are_budgets(home):
    """By organization only, as December's budgets are; credits and no name get none."""
    result = invoke("new", "2026-01", "--budgets", "forecast")
    assert [Path(each).name for each in result.stdout.split()] == [
        *("2026-01.yaml", "2026-01-forecast.yaml")
    ]
    params = load_params(home, "scenarios/2026-01-forecast")
    assert dict(read_budgets(params, home).organizations) == {
        "org-a": Decimal(10),
        "org-b": Decimal("4.5"),
    }
    assert dict(read_budgets(params, home).products) == {}


def test_low_and_high_are_comments(home):
    """And so is what gets no budget."""
    invoke("new", "2026-01", "--budgets", "forecast")
    text = (home.params / "scenarios" / "2026-01-forecast.yaml").read_text()
    assert text.splitlines()[:3] == [
        "# organization org-a: low 8, expected 10, high 20",
        "# organization org-credit: expected -3, no budget proposed",
        "# organization (unallocated): expected 2, no budget proposed",
    ]


def test_budgets_of_names_without_expected_cost_are_named_and_can_be_dropped(home):
    """org-c has 5 in December and is in no line of the forecast; 007 is expected to cost 0.

    What the line says to write drops the budget, once the rest is adopted.
    """
    file = home.params_file("2025-12")
    file.write_text(PARAMS.replace("org-b: 9", "org-b: 9\n  '007': 5\n  org-c: 6.50"))
    publish(home.root, [line("org-a", "10", "8"), line("org-b", "4", None), line("007", "0", None)])
    result = invoke("new", "2026-01", "--budgets", "forecast")
    said = (
        "Unchanged, since no cost is expected: organization 007 (5) and organization org-c (6.5). "
        "To drop a budget, write, for example, \"'007': none\" under organization_budgets."
    )
    assert said in result.stderr
    scenario = home.params / "scenarios" / "2026-01-forecast.yaml"
    text = scenario.read_text()
    assert f"# {said}" in text
    changed = text.replace("organization_budgets:\n", "organization_budgets:\n  '007': none\n", 1)
    scenario.write_text(changed)
    adopted = invoke("adopt", "scenarios/2026-01-forecast", "--reason", "Forecast")
    assert adopted.exit_code == 0, adopted.stderr
    assert dict(read_budgets(load_params(home, "2026-01"), home).organizations) == {
        "org-a": Decimal(10),
        "org-b": Decimal(4),
        "org-c": Decimal("6.50"),
    }


def test_where_every_name_has_a_proposal_nothing_is_unchanged(home):
    """org-a and org-b."""
    assert "Unchanged" not in invoke("new", "2026-01", "--budgets", "forecast").stderr


def test_it_can_be_adopted_as_it_says(home):
    """The command in its own comment makes the budgets those of January."""
    invoke("new", "2026-01", "--budgets", "forecast")
    text = (home.params / "scenarios" / "2026-01-forecast.yaml").read_text()
    [advice] = [each for each in text.splitlines() if each.startswith("# finops-nb adopt")]
    arguments = advice.removeprefix("# finops-nb ").replace('"..."', "Forecast").split()
    result = invoke(*arguments)
    assert result.exit_code == 0, result.stderr
    budgets = read_budgets(load_params(home, "2026-01"), home)
    assert dict(budgets.organizations) == {"org-a": Decimal(10), "org-b": Decimal("4.5")}


def test_it_proposes_in_a_fiscal_year_and_with_customer_names(home):
    """What the base was is read back as text: 7 and true, too."""
    file = home.params_file("2025-12")
    file.write_text(f"{PARAMS}fiscal_year_start: 7\ncustomer_names: true\n")
    result = invoke("new", "2026-01", "--budgets", "forecast")
    assert result.exit_code == 0, result.stderr
    assert "Then: finops-nb adopt scenarios/2026-01-forecast --by WHO" in result.stderr


def test_params_that_exist_stay(home):
    """Only the scenario is new."""
    invoke("new", "2026-01")
    before = home.params_file("2026-01").read_bytes()
    assert invoke("new", "2026-01", "--budgets", "forecast").exit_code == 0
    assert home.params_file("2026-01").read_bytes() == before


def test_without_a_forecast_it_says_what_to_run(home):
    """A report of before has none."""
    publish(home.root, [])
    result = invoke("new", "2026-01", "--budgets", "forecast")
    assert result.exit_code == 1
    assert "the 2025-12 report has no forecast of 2026-01" in result.stderr
    assert "Run it again: finops-nb run 2025-12" in result.stderr
    assert not (home.params / "scenarios").exists()
