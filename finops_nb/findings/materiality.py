"""Materiality: which differences from a budget are worth a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from finops_nb.figures.budget_status import Status, is_above
from finops_nb.figures.period_end import AtEnd
from finops_nb.money import ZERO, minor_units
from finops_nb.params.model import Params


@dataclass(frozen=True, slots=True)
class VarianceLine:
    """A name against its budget.

    Args:
        name: an organization or a product.
        cost: of the period.
        budget: of the period.
        variance: cost − budget, unfavorable above zero.
        budget_used: cost ÷ budget; None for a budget of zero.
        material: by `is_material`.
        run_rate: the cost at the period's end; None where there is no run rate.
        run_rate_excess: how far it is above the budget; zero where it is not, or is not known.
        expected: at the end of a running period, from `period_end`; None where nothing is.
    """

    name: str
    cost: Decimal
    budget: Decimal
    variance: Decimal
    budget_used: Decimal | None
    material: bool
    run_rate: Decimal | None = None
    run_rate_excess: Decimal = ZERO
    expected: AtEnd | None = None

    @property
    def at_stake(self) -> Decimal:
        """Cost − budget, or expected cost − budget if that is more; unfavorable above zero."""
        if self.expected is None:
            return self.variance
        return max(self.variance, self.expected.expected - self.budget)


def is_material(amount: Decimal, whole: Decimal, params: Params) -> bool:
    """Whether a difference is one to act on.

    Args:
        amount: the difference, of either sign.
        whole: what it is a difference to.
        params: it is material from `materiality` of the whole, or from `materiality_amount` if
            that is set.

    Example:
        With `materiality: 0.01` and `materiality_amount: 50`, $0.40 over a budget of $100.00 is
        not material; $1.00 is.
    """
    return abs(amount) >= least_material(whole, params)


def least_material(whole: Decimal, params: Params) -> Decimal:
    """The smallest difference that `is_material`.

    Args:
        whole: what it is a difference to.
        params: for the share of it, and the amount if one is set: the smaller of the two.

    Example:
        With `materiality: 0.01` and `materiality_amount: 50`, $1.00 of $100.00.
    """
    share = params.materiality * abs(whole)
    amount = params.materiality_amount
    return share if amount is None else min(share, amount)


def lines_with_status(
    status: Status, variance: pd.DataFrame, params: Params
) -> tuple[VarianceLine, ...]:
    """The budgeted names of one status, the largest amount first.

    The amount is the variance; of a name at risk, it is how far the run rate is over the budget.

    Args:
        status: UNDER, OVER or AT RISK.
        variance: from `variance_by`.
        params: for what is material.
    """
    lines = []
    for name, row in zip(variance.iloc[:, 0], variance.itertuples(), strict=True):
        if row.status == status and row.budget is not None:
            material = is_material(row.variance, row.budget, params)
            figures = (row.cost, row.budget, row.variance, row.budget_used)
            excess = _run_rate_excess(row.run_rate, row.budget, params.currency)
            lines.append(VarianceLine(name, *figures, material, row.run_rate, excess))
    at_risk = status == Status.AT_RISK

    def sort_key(line: VarianceLine) -> tuple[Decimal, Decimal, str]:
        return -line.run_rate_excess if at_risk else ZERO, -abs(line.variance), line.name

    return tuple(sorted(lines, key=sort_key))


def _run_rate_excess(run_rate: Decimal | None, budget: Decimal, currency: str) -> Decimal:
    if run_rate is None or not is_above(run_rate, budget, minor_units(currency)):
        return ZERO
    return run_rate - budget
