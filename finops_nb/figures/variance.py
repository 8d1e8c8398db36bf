"""Variance: actual cost against budget, name by name and in total."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import pandas as pd

from finops_nb.figures.allocation import allocate, sort_by_cost
from finops_nb.figures.budget_status import Status, budget_status
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import run_rate_variance, run_rates
from finops_nb.money import ZERO, minor_units, ratio, total
from finops_nb.params.budgets import Budgets
from finops_nb.schema import Dimension


class TotalVariance(NamedTuple):
    """The sums of a variance table.

    `budget`, `variance`, `variance_ratio` and `budget_used` are None without any budget; `run_rate`
    is None where there is none.
    """

    actual: Decimal
    budget: Decimal | None
    variance: Decimal | None
    variance_ratio: Decimal | None
    budget_used: Decimal | None
    status: Status
    run_rate: Decimal | None = None

    @property
    def run_rate_variance(self) -> Decimal | None:
        """Run-rate − budget, unfavorable above zero; None where one of them is."""
        return run_rate_variance(self.run_rate, self.budget)


def variance_by(data: ReportData, by: Dimension, also: Iterable[str] = ()) -> pd.DataFrame:
    """The cost of a period against its budgets, name by name.

    Args:
        data: for its usage, its budgets and the `at_risk` of its params.
        by: organization or product.
        also: names that are listed even without cost and budget.

    Returns:
        As `budget_variance`.

    Example:
        `variance_by(data, "organization")`
    """
    return budget_variance(
        allocate(data.usage, by),
        data.budgets.of(by),
        data.params.at_risk,
        data.usage.complete,
        data.params.currency,
        run_rates(data.usage, by),
        also,
    )


def budget_variance(
    costs: pd.DataFrame,
    budgets: Mapping[str, Decimal],
    at_risk: Decimal,
    complete: bool,
    currency: str,
    run_rates: Mapping[str, Decimal] | None = None,
    also: Iterable[str] = (),
) -> pd.DataFrame:
    """Compare actual cost with budget, name by name.

    A name with cost but no budget has status NO BUDGET and its whole cost as variance, so that the
    lines add up to the total's. A budgeted name without cost appears with cost 0. Where no name has
    a budget, there is no variance.

    Args:
        costs: one row for each name, which is in the first column; from `allocate`.
        budgets: budget of the period by name, in the currency of `costs`.
        at_risk: share of budget, as a fraction, from which a name of a running period is AT RISK.
        complete: the period is over; nothing is AT RISK then.
        currency: of the costs; a status follows the variance as printed in it.
        run_rates: from `run_rates`; a name above its budget there is AT RISK.
        also: names that are listed even without cost and budget.

    Returns:
        The name, `cost`, `budget` (None: none set), `variance` (actual − budget, unfavorable above
        zero), `variance_ratio`, `budget_used` (None without a budget above zero), `run_rate`,
        `status`, `calls`, `customers`; one row for each name in either input, highest cost first.
    """
    by, decimals = costs.columns[0], minor_units(currency)
    rows = []
    for row in _with_idle_names(costs, {*budgets, *also}):
        budget = budgets.get(row[by])
        # Without a budget the whole cost is variance, as long as other names have a budget.
        compared_with = (budget or ZERO) if budgets else None
        run_rate = run_rates.get(row[by], ZERO) if run_rates else None
        status = budget_status(row["cost"], budget, run_rate, at_risk, complete, decimals)
        compared = _compared(row["cost"], budget, compared_with, run_rate, status)
        rows.append({by: row[by], "cost": row["cost"], **compared, **_counts(row)})
    return sort_by_cost(pd.DataFrame(rows, dtype=object), by)


def total_variance(
    variance: pd.DataFrame, at_risk: Decimal, complete: bool, currency: str
) -> TotalVariance:
    """The sums of a variance table, compared as one.

    Args:
        variance: from `budget_variance`.
        at_risk: as there.
        complete: as there.
        currency: as there.
    """
    actual = total(variance["cost"])
    budget = _total_of_known(variance["budget"])
    run_rate = _total_of_known(variance["run_rate"])
    status = budget_status(actual, budget, run_rate, at_risk, complete, minor_units(currency))
    compared = _compared(actual, budget, budget, run_rate, status)
    return TotalVariance(actual, **compared)


def total_of(data: ReportData, variance: pd.DataFrame) -> TotalVariance:
    """The sums of a variance table of a report.

    Args:
        data: of the report.
        variance: from `variance_by`.
    """
    params = data.params
    return total_variance(variance, params.at_risk, data.usage.complete, params.currency)


def headline(organizations: TotalVariance, products: TotalVariance) -> TotalVariance:
    """The total that the report opens with.

    It is that of the organizations, or of the products where only they have budgets.
    """
    return products if organizations.budget is None else organizations


def headline_dimension(budgets: Budgets) -> Dimension:
    """The dimension whose total the report opens with, as `headline`."""
    return "organization" if budgets.of("organization") else "product"


def _with_idle_names(costs: pd.DataFrame, names: Iterable[str]) -> list[dict[str, Any]]:
    """The rows of a table of costs, and a row without cost for each other name."""
    by = costs.columns[0]
    rows: list[dict[str, Any]] = costs.astype(object).to_dict("records")
    known = {row[by] for row in rows}
    # If the files have no calls or customers, an idle name has none either: None, not 0.
    no_counts = {
        column: None if rows and all(pd.isna(row[column]) for row in rows) else 0
        for column in ("calls", "customers")
    }
    idle = sorted(set(names) - known)
    return rows + [{by: name, "cost": ZERO, **no_counts} for name in idle]


def _counts(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"calls": row["calls"], "customers": row["customers"]}


def _total_of_known(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of the amounts that are there; None of none."""
    known = [amount for amount in amounts if amount is not None]
    return total(known) if known else None


def _compared(
    actual: Decimal,
    budget: Decimal | None,
    compared_with: Decimal | None,
    run_rate: Decimal | None,
    status: Status,
) -> dict[str, Any]:
    variance = None if compared_with is None else actual - compared_with
    return {
        "budget": budget,
        "variance": variance,
        "variance_ratio": None if budget is None else ratio(variance, budget),
        "budget_used": ratio(actual, budget),
        "run_rate": run_rate,
        "status": status,
    }
