"""Budget proposal: the next month's budgets from the forecast, as a scenario to adopt."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

from finops_nb.clock import now
from finops_nb.errors import Problem, Refusal
from finops_nb.home import Home
from finops_nb.money import plain
from finops_nb.outputs.artifacts import RESULTS, read_results
from finops_nb.params.budgets import Budgets, read_budgets, snapshot
from finops_nb.params.params_file import load_params
from finops_nb.params.scenario import Scenario, save_scenario
from finops_nb.params.types import NO_BUDGET
from finops_nb.params.yaml_file import yaml_text
from finops_nb.period import parse_period
from finops_nb.schema import BUDGETED, UNALLOCATED, Dimension
from finops_nb.words import listing

NAME: Final = "{month}-forecast"
"""The scenario's name."""


class Proposal(NamedTuple):
    """What `propose_budgets` wrote.

    Args:
        file: the scenario's file.
        unchanged: one line on the budgets that it leaves as they are, and how to drop one; empty if
            there are none.
    """

    file: Path
    unchanged: str = ""


def propose_budgets(home: Home, month: str) -> Proposal:
    """Write `params/scenarios/MONTH-forecast.yaml`: what each name is expected to cost.

    The forecast is that of the published report of the month before. Low and high of each name are
    comments at the top. Names that are expected to cost nothing, or less, get no budget; those they
    have stay, as the last comment says.

    Args:
        home: the home; it has the params of the month.
        month: text like 2026-01.

    Raises:
        Refusal: the month before is not published with a forecast, or the scenario exists.

    Example:
        `finops-nb new 2026-01 --budgets forecast`, then
        `finops-nb adopt scenarios/2026-01-forecast --reason "Forecast of December"`
    """
    before = parse_period(month).preceding()
    rows = [row for row in _forecast(home, before.text) if row["month"] == month]
    if not rows:
        raise Refusal(_no_forecast(home, before.text, month))
    params = load_params(home, month)
    budgets = read_budgets(params, home)
    dimensions = [each for each in BUDGETED if budgets.of(each)] or [BUDGETED[0]]
    proposed = {each: _proposed(rows, each, dimensions) for each in BUDGETED}
    scenario = Scenario(
        base=month,
        author="finops-nb, from the forecast",
        date=date.fromisoformat(now()[:10]),
        reason=f"Expected cost in the {before.label} report",
        organization_budgets=proposed["organization"],
        product_budgets=proposed["product"],
        base_was=snapshot(params, budgets),
    )
    unchanged = _unchanged(budgets, proposed)
    comments = [line for each in dimensions for line in _comments(rows, each)] + unchanged
    file = save_scenario(home, NAME.format(month=month), scenario, comments=comments)
    return Proposal(file, *unchanged)


def _unchanged(budgets: Budgets, proposed: Mapping[Dimension, Mapping[str, Any]]) -> list[str]:
    """One line on the budgets of names that are not expected to cost anything, if there are any.

    Example:
        Unchanged, since no cost is expected: organization org-c (5). To drop its budget, write
        "org-c: none" under organization_budgets.
    """
    kept = [
        (each, name, amount)
        for each, names in proposed.items()
        for name, amount in budgets.of(each).items()
        if name not in names
    ]
    if not kept:
        return []
    listed = listing([f"{each} {name} ({plain(amount)})" for each, name, amount in kept])
    by, first, _ = kept[0]
    write = yaml_text({first: NO_BUDGET}).strip()
    example, its = ("", "its") if len(kept) == 1 else (", for example,", "a")
    text = f"Unchanged, since no cost is expected: {listed}. To drop {its} budget, write{example} "
    return [f'{text}"{write}" under {by}_budgets.']


def _no_forecast(home: Home, before: str, month: str) -> Problem:
    rule, then = f"there is no {before} report with a forecast", "Publish it first"
    if (home.outputs / before / RESULTS).is_file():
        rule, then = f"the {before} report has no forecast of {month}", "Run it again"
    return Problem(rule, f"{then}: finops-nb run {before}", column="--budgets", value="forecast")


def _proposed(
    rows: Iterable[Mapping[str, Any]], dimension: Dimension, dimensions: Collection[Dimension]
) -> dict[str, Decimal | None]:
    """The budget of each name: what it is expected to cost; none in a dimension without budgets."""
    if dimension not in dimensions:
        return {}
    return {row["name"]: Decimal(row["expected"]) for row in rows if _fits(row, dimension)}


def _forecast(home: Home, name: str) -> list[Mapping[str, Any]]:
    file = home.outputs / name / RESULTS
    results = read_results(file.read_bytes()) if file.is_file() else {}
    rows: list[Mapping[str, Any]] = results.get("tables", {}).get("forecast", [])
    return rows


def _fits(row: Mapping[str, Any], dimension: str) -> bool:
    """Whether a budget can be made of a line of the forecast."""
    is_named = row["dimension"] == dimension and row["name"] != UNALLOCATED
    return is_named and Decimal(row["expected"]) > 0


def _comments(rows: list[Mapping[str, Any]], dimension: str) -> Iterator[str]:
    """The range of each name, or why it has no budget."""
    for row in rows:
        if row["dimension"] != dimension:
            continue
        expected = plain(Decimal(row["expected"]))
        if not _fits(row, dimension):
            yield f"{dimension} {row['name']}: expected {expected}, no budget proposed"
        elif row["low"] is not None:
            low, high = (plain(Decimal(row[key])) for key in ("low", "high"))
            yield f"{dimension} {row['name']}: low {low}, expected {expected}, high {high}"
