"""What a scenario changes: each name's budget, cost and status with it and without it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Final

import pandas as pd

from finops_nb.errors import Problem, Refusal, did_you_mean
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.variance import variance_by
from finops_nb.money import ZERO
from finops_nb.params.budgets import Budgets
from finops_nb.params.model import Params
from finops_nb.params.scenario import Scenario
from finops_nb.schema import ALL, BUDGETED, Dimension
from finops_nb.usage.model import Usage

BEFORE_AND_AFTER: Final = ("budget", "cost", "status")


def scenario_effect(data: ReportData, by: Dimension) -> pd.DataFrame:
    """What a scenario changes by organization or product, as `scenario_difference` returns it.

    Args:
        data: of a report; without a scenario nothing differs, and the frame is empty.
        by: organization or product.
    """
    approved = data.budgets.before
    without = replace(data, usage=data.measured, budgets=approved)
    return scenario_difference(
        variance_by(without, by), variance_by(data, by, also=approved.of(by))
    )


def scenario_difference(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """The names of a variance table that a scenario changes.

    Args:
        before: from `variance_by`, with what is approved and what was spent.
        after: likewise, with the scenario; with every name of `before`, so that a budget that is taken away is seen.

    Returns:
        The name, `budget_before`, `budget` (None: none), `budget_change` (budget − approved budget, none counted as
        0), `cost_before`, `cost`, `cost_change`, `variance`, `budget_used`, `run_rate`, `status_before`, `status`; in
        the order of `after`; only names of which one of them differs.
    """
    name = after.columns[0]
    former = before.set_index(name)
    rows = []
    for row in after.to_dict("records"):
        known = row[name] in former.index
        was = {each: former.at[row[name], each] if known else None for each in BEFORE_AND_AFTER}
        rows.append(
            row
            | {f"{each}_before": value for each, value in was.items()}
            | {
                f"{each}_change": (row[each] or ZERO) - (was[each] or ZERO)
                for each in ("budget", "cost")
            }
        )
    differing = [
        row for row in rows if any(row[each] != row[f"{each}_before"] for each in BEFORE_AND_AFTER)
    ]
    columns = [
        name,
        *(f"{each}{when}" for each in ("budget", "cost") for when in ("_before", "", "_change")),
    ]
    return pd.DataFrame(
        differing,
        columns=[*columns, "variance", "budget_used", "run_rate", "status_before", "status"],
        dtype=object,
    )


def check_names(usage: Usage, budgets: Budgets, params: Params) -> None:
    """See that a scenario changes something that is there.

    Args:
        usage: from `read_usage`, with its models.
        budgets: from `read_budgets`.
        params: for the scenario; without one there is nothing to check.

    Raises:
        Refusal: every name of the scenario that neither usage nor budget knows, with the nearest one that they do.
    """
    if params.scenario is not None:
        problems = list(_unknown(params.scenario, usage, budgets))
        if problems:
            raise Refusal(problems)


def _unknown(scenario: Scenario, usage: Usage, budgets: Budgets) -> Iterator[Problem]:
    known: dict[str, list[str]] = {
        by: list(dict.fromkeys((*usage.groups[by,][by], *budgets.before.of(by)))) for by in BUDGETED
    }
    for by, changes in (
        ("organization", scenario.organization_budgets),
        ("product", scenario.product_budgets),
    ):
        rule = f"no {by} of that name has usage or a budget"
        yield from _missing(changes, known[by], f"{by}_budgets", rule)
    scopes = [ALL, *known["organization"]]
    if ALL in known["organization"] and (scenario.growth or scenario.model_prices):
        yield Problem(
            f"an organization is called {ALL}, which here means every one",
            "Rename it in the usage",
            column="growth",
        )
    yield from _missing(scenario.growth, scopes, "growth", "no organization of that name")
    for model, rates in scenario.model_prices.items():
        yield from _missing(rates, scopes, f"model_prices.{model}", "no organization of that name")
    yield from _missing(
        scenario.model_prices, usage.models, "model_prices", "no model of that name in the usage"
    )


def _missing(
    names: Iterable[str], known: Collection[str], key: str, rule: str
) -> Iterator[Problem]:
    for name in names:
        if name not in known:
            fix = did_you_mean(name, known) if known else "Take it out"
            yield Problem(rule, fix, column=f"{key}.{name}")
