"""Scenario effect: each name's budget, cost and status with a scenario and without it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import pandas as pd

from finops_nb.errors import Problem, Refusal, did_you_mean
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.variance import variance_by
from finops_nb.money import ZERO
from finops_nb.params.budgets import Budgets
from finops_nb.params.model import Params
from finops_nb.params.scenario import Scenario
from finops_nb.schema import ALL, BUDGETED, UNALLOCATED, Dimension
from finops_nb.usage.model import Usage

COMPARED: Final = ("budget", "cost", "status")
"""Columns of a variance table whose value without the scenario stands beside it."""

AMOUNTS: Final = ("budget", "cost")
"""Those of them that have a difference."""

COLUMNS: Final = (
    *("budget_before", "budget", "budget_change"),
    *("cost_before", "cost", "cost_change"),
    *("variance", "budget_used", "run_rate", "status_before", "status"),
)
"""The columns of `scenario_difference`, after the name."""


def scenario_effect(data: ReportData, by: Dimension) -> pd.DataFrame:
    """What a scenario changes by organization or product.

    Args:
        data: of a report; without a scenario nothing differs, and the frame is empty.
        by: organization or product.

    Returns:
        As `scenario_difference`.
    """
    if data.params.scenario is None:
        return pd.DataFrame(columns=[by, *COLUMNS], dtype=object)
    approved = data.budgets.before
    without_scenario = replace(data, usage=data.measured, budgets=approved)
    before = variance_by(without_scenario, by)
    return scenario_difference(before, variance_by(data, by, also=approved.of(by)))


def scenario_difference(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """The names of a variance table that a scenario changes.

    Args:
        before: from `variance_by`, with what is approved and what was spent.
        after: likewise, with the scenario; it has every name of `before`, so that a budget that
            the scenario removes is seen.

    Returns:
        The name, `budget_before`, `budget` (None: none), `budget_change` (budget − approved budget,
        none counted as 0), `cost_before`, `cost`, `cost_change`, `variance`, `budget_used`,
        `run_rate`, `status_before`, `status`; in the order of `after`; only names for which budget,
        cost or status differs.
    """
    name = after.columns[0]
    former = {row[name]: row for row in before.to_dict("records")}
    rows = [_compared(former.get(row[name], {}), row) for row in after.to_dict("records")]
    differing = [
        row for row in rows if any(row[column] != row[f"{column}_before"] for column in COMPARED)
    ]
    return pd.DataFrame(differing, columns=[name, *COLUMNS], dtype=object)


def check_names(usage: Usage, budgets: Budgets, params: Params, file: str | None = None) -> None:
    """Refuse a scenario that changes names which do not exist.

    Args:
        usage: from `read_usage`, with its models.
        budgets: from `read_budgets`.
        params: for the scenario; without one there is nothing to check.
        file: the scenario's file in messages, where it is known.

    Raises:
        Refusal: every name of the scenario that neither usage nor budgets know, with the nearest
            known name.

    Example:
        `growth: {org-gama: 0.10}` is refused: "growth.org-gama: no organization of that name. Did
        you mean "org-gamma"?"
    """
    if params.scenario is None:
        return
    problems = list(_unknown_names(params.scenario, usage, budgets))
    if problems:
        raise Refusal([replace(problem, file=file) for problem in problems])


def _compared(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> dict[Any, Any]:
    """A row of a variance table with its values before and its differences; empty if new."""
    row = dict(after)
    for column in COMPARED:
        row[f"{column}_before"] = before.get(column)
    for column in AMOUNTS:
        row[f"{column}_change"] = (after[column] or ZERO) - (before.get(column) or ZERO)
    return row


def _unknown_names(scenario: Scenario, usage: Usage, budgets: Budgets) -> Iterator[Problem]:
    known: dict[str, list[str]] = {
        by: list(dict.fromkeys((*usage.groups[by,][by], *budgets.before.of(by)))) for by in BUDGETED
    }
    for names in known.values():
        if UNALLOCATED in names:
            names.remove(UNALLOCATED)
    for by, changes in (
        ("organization", scenario.organization_budgets),
        ("product", scenario.product_budgets),
    ):
        rule = f"no {by} of that name has usage or a budget"
        yield from _missing(changes, known[by], f"{by}_budgets", rule)
    organizations = known["organization"]
    if ALL in organizations and (scenario.growth or scenario.model_prices):
        rule = f"an organization is called {ALL}, which here means every organization"
        yield Problem(rule, "Rename it in the usage", column="growth")
    scopes = [ALL, *organizations]
    rule = "no organization of that name"
    yield from _missing(scenario.growth, scopes, "growth", rule)
    for model, rates in scenario.model_prices.items():
        yield from _missing(rates, scopes, f"model_prices.{model}", rule)
    rule = "no model of that name in the usage"
    yield from _missing(scenario.model_prices, usage.models, "model_prices", rule)


def _missing(
    names: Iterable[str], known: Collection[str], key: str, rule: str
) -> Iterator[Problem]:
    for name in names:
        if name not in known:
            fix = did_you_mean(name, known) if known else "Remove it"
            yield Problem(rule, fix, column=f"{key}.{name}")
