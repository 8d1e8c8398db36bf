"""Materiality: which differences from a budget are worth a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from finops_nb.figures.budget_status import Status
from finops_nb.figures.period_end import AtEnd
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
        expected: at the end of a running period, from `period_end`; None where nothing is.
    """

    name: str
    cost: Decimal
    budget: Decimal
    variance: Decimal
    budget_used: Decimal | None
    material: bool
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

    The amount is the variance.

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
            lines.append(VarianceLine(name, *figures, material))
    return tuple(sorted(lines, key=lambda line: (-abs(line.variance), line.name)))
