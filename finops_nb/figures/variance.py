"""Variance: actual cost against budget, name by name and in total."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import pandas as pd

from finops_nb.figures.allocation import allocate, highest_first
from finops_nb.figures.budget_status import Status, _status
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import run_rates
from finops_nb.money import ZERO, ratio, total
from finops_nb.schema import Dimension


class TotalVariance(NamedTuple):
    """The sums of a variance table.

    `budget`, `variance`, `variance_ratio`, `budget_used` are None without any budget, `run_rate` where there is none.
    """

    actual: Decimal
    budget: Decimal | None
    variance: Decimal | None
    variance_ratio: Decimal | None
    budget_used: Decimal | None
    status: Status
    run_rate: Decimal | None = None


def variance_by(data: ReportData, by: Dimension, also: Iterable[str] = ()) -> pd.DataFrame:
    """The cost of a period against its budgets, name by name, as `budget_variance` returns it.

    Args:
        usage: from `read_usage`, or from `projected`.
        by: organization or product.
        budgets: from `read_budgets`.
        params: for `at_risk`.
        also: names that are listed even without cost and budget.
    """
    return budget_variance(
        allocate(data.usage, by),
        data.budgets.of(by),
        data.params.at_risk,
        data.usage.complete,
        run_rates(data.usage, by),
        also,
    )


def budget_variance(
    costs: pd.DataFrame,
    budgets: Mapping[str, Decimal],
    at_risk: Decimal,
    complete: bool,
    run_rates: Mapping[str, Decimal] | None = None,
    also: Iterable[str] = (),
) -> pd.DataFrame:
    """Compare actual cost with budget, name by name.

    A name with cost but no budget has status NO BUDGET and its whole cost as variance, so that the lines add up to
    the total's. A budgeted name without cost appears with cost 0. Where no name has a budget, there is no variance.

    Args:
        costs: one row a name, its first column, from `allocate`.
        budgets: budget of the period by name, in the currency of `costs`.
        at_risk: share of budget, as a fraction, from which a name of a running period is AT RISK.
        complete: the period is over; nothing is AT RISK then.
        run_rates: cost at the end of a running period by name, from `run_rates`; a name above its budget there is AT RISK.
        also: names that are listed even without cost and budget.

    Returns:
        The name, `cost`, `budget` (None: none set), `variance` (actual − budget, unfavorable above zero),
        `variance_ratio`, `budget_used` (fractions of budget, None without a budget above zero), `run_rate` (None where
        there is none), `status`, `calls`, `customers`; one row for each name in either input, highest cost first.
    """
    name = costs.columns[0]
    spent = costs.astype(object).set_index(name)
    none = {
        each: None if len(spent) and spent[each].isna().all() else 0
        for each in ("calls", "customers")
    }
    rows = []
    for each in [*spent.index, *sorted({*budgets, *also} - set(spent.index))]:
        actual = spent.at[each, "cost"] if each in spent.index else ZERO
        budget = budgets.get(each)
        run_rate = run_rates.get(each, ZERO) if run_rates else None
        rows.append(
            {
                name: each,
                "cost": actual,
                **_compared(
                    actual,
                    budget,
                    (budget or ZERO) if budgets else None,
                    run_rate,
                    at_risk,
                    complete,
                ),
                "calls": spent.at[each, "calls"] if each in spent.index else none["calls"],
                "customers": spent.at[each, "customers"]
                if each in spent.index
                else none["customers"],
            }
        )
    return highest_first(pd.DataFrame(rows, dtype=object), name)


def total_variance(variance: pd.DataFrame, at_risk: Decimal, complete: bool) -> TotalVariance:
    """The sums of a table of `budget_variance`, compared as one.

    Args:
        variance: from `budget_variance`.
        at_risk: as there.
        complete: as there.
    """
    actual = total(variance["cost"])
    budgets = [budget for budget in variance["budget"] if budget is not None]
    budget = total(budgets) if budgets else None
    rates = [rate for rate in variance["run_rate"] if rate is not None]
    return TotalVariance(
        actual,
        **_compared(actual, budget, budget, total(rates) if rates else None, at_risk, complete),
    )


def total_of(data: ReportData, variance: pd.DataFrame) -> TotalVariance:
    """The sums of a variance table of a report, as `total_variance` returns them.

    Args:
        data: of the report.
        variance: from `variance_by`.
    """
    return total_variance(variance, data.params.at_risk, data.usage.complete)


def headline(organizations: TotalVariance, products: TotalVariance) -> TotalVariance:
    """The total that the report opens with: that of the organizations, or of the products where only they have budgets."""
    return products if organizations.budget is None else organizations


def _compared(
    actual: Decimal,
    budget: Decimal | None,
    against: Decimal | None,
    run_rate: Decimal | None,
    at_risk: Decimal,
    complete: bool,
) -> dict[str, Any]:
    variance = None if against is None else actual - against
    return {
        "budget": budget,
        "variance": variance,
        "variance_ratio": None if budget is None else ratio(variance, budget),
        "budget_used": ratio(actual, budget),
        "run_rate": run_rate,
        "status": _status(actual, budget, run_rate, at_risk, complete),
    }
