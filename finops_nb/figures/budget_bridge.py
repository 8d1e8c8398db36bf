"""Budget bridge: why cost differs from budget, in effects that add up exactly.

With Q1 the actual calls of a name and C1 their cost; Q0 the budgeted calls and u the budgeted cost
per call, where budgets.csv states them (a flexible budget):

    volume variance = (Q1 − Q0) × u
    rate variance   = C1 − Q1 × u
    other           = cost without calls, such as fees and credits, and Q0 × u − budget, which is
                      what rounding the budget left out

Cost without calls is that of cells without any, as in `bridge`: a fee beside calls of the same kind
is in C1, and so in the rate variance.

They add up to actual − budget, and above zero they are unfavorable. A name whose budget is an
amount alone has neither volume nor rate; its whole variance is other. So is the cost of a name
without budget. In the table `bridge` of results.json, the rate variance is the effect `price`.

The budget's own change is the approved amount in force − that of the first version, of the same
period. It is an effect of that table, `budget_change`, because there the walk from `budget` starts
at the first version: first version + budget_change + volume + price + other = actual. The change of
a budget from one month to the next is no part of a variance; it is in the table `change_by_name`.

Source: flexible-budget variances of standard costing (sales-volume and rate variance).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import chain
from typing import Final

import pandas as pd

from finops_nb.figures.bridge import NOTHING, OTHER, PRICE, TOTAL, VOLUME, Amounts
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.variance import headline_dimension
from finops_nb.money import ZERO, decimal_of, total
from finops_nb.outputs.cells import cells_of
from finops_nb.params.flexible_budget import FlexibleBudget
from finops_nb.schema import BUDGETED, Dimension
from finops_nb.usage.model import CELLS

BUDGET: Final = "budget"
"""What the walk to actual cost starts from, in the column `from`."""

BUDGET_CHANGE: Final = "budget_change"


@dataclass(frozen=True, slots=True)
class BudgetBridge:
    """Budget and actual cost of one name, and the effects between them.

    Args:
        dimension: total, organization or product.
        name: of the organization or product; `total` for the total.
        first: its budget in the first version; None where none was set.
        budget: in force; None where none is set.
        actual: its cost.
        volume: volume variance; None without a flexible budget.
        rate: rate variance; None without a flexible budget.
        other: the rest of the variance.
    """

    dimension: str
    name: str
    first: Decimal | None
    budget: Decimal | None
    actual: Decimal
    volume: Decimal | None
    rate: Decimal | None
    other: Decimal

    @property
    def variance(self) -> Decimal:
        """`actual − budget`, a missing budget being 0: volume, rate and other together."""
        return self.actual - (self.budget or ZERO)

    @property
    def budget_change(self) -> Decimal:
        """The budget in force − that of the first version; a missing one counts as 0."""
        return (self.budget or ZERO) - (self.first or ZERO)

    def effects(self) -> dict[str, Decimal]:
        """The effects of the table `bridge`: they add up to `actual − first` exactly."""
        return {
            BUDGET_CHANGE: self.budget_change,
            VOLUME: self.volume or ZERO,
            PRICE: self.rate or ZERO,
            OTHER: self.other,
        }


@lru_cache(maxsize=4)  # the table, the sentences and results.json ask for the same
def budget_bridges(data: ReportData) -> tuple[BudgetBridge, ...]:
    """Why the cost of the total and of every organization and product differs from its budget.

    Args:
        data: for its usage, read by cells, and its budgets.

    Returns:
        The total first, which is the sum of the organizations, or of the products where only they
        have budgets; then each dimension with budgets, by name. Empty for a period in progress, in
        a what-if that changes usage, and without budgets.

    Example:
        1,000 calls budgeted at 0.02, then 1,500 for 33.00: 500 × 0.02 = 10.00 of volume and
        33.00 − 1,500 × 0.02 = 3.00 of rate are the 13.00 over the budget of 20.00.
    """
    if not data.usage.complete or data.usage is not data.measured or CELLS not in data.usage.groups:
        return ()
    lines = {by: _lines(data, by) for by in BUDGETED if data.budgets.of(by)}
    if not lines:
        return ()
    return (_total(lines[headline_dimension(data.budgets)]), *chain(*lines.values()))


@lru_cache(maxsize=4)  # asked for each name over its budget
def budget_bridge_by_name(data: ReportData) -> Mapping[tuple[str, str], BudgetBridge]:
    """`budget_bridges` by dimension and name."""
    return {(line.dimension, line.name): line for line in budget_bridges(data)}


def budget_bridge_rows(data: ReportData) -> pd.DataFrame:
    """The effects of `budget_bridges`, one a row.

    Args:
        data: as for `budget_bridges`.

    Returns:
        Columns `dimension` (total, organization, product), `name`, `from` (always `budget`),
        `effect` (budget_change, volume, price, other) and `amount`, unfavorable above zero; effects
        that are zero have no row. Those of a name add up to its cost − its budget in the first
        version; without `budget_change`, to its cost − its budget in force.
    """
    rows = [
        (each.dimension, each.name, BUDGET, effect, amount)
        for each in budget_bridges(data)
        for effect, amount in each.effects().items()
        if amount
    ]
    columns = ["dimension", "name", "from", "effect", "amount"]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def of_budget(
    flexible: FlexibleBudget, budget: Decimal, actual: Amounts
) -> tuple[Decimal, Decimal, Decimal]:
    """The volume, rate and other variance of a name with a flexible budget.

    Args:
        flexible: its budgeted calls and cost per call.
        budget: its amount.
        actual: its calls and their cost, with the cost without calls apart.

    Returns:
        Amounts to the twelfth decimal, which add up to actual − budget to the last one.
    """
    volume = decimal_of((actual.calls - flexible.calls) * flexible.unit_cost)
    other = actual.uncounted + decimal_of(flexible.cost - Fraction(budget))
    return volume, actual.cost + actual.uncounted - budget - volume - other, other


def _lines(data: ReportData, by: Dimension) -> list[BudgetBridge]:
    """The bridge of each name that has a cost or a budget, by name."""
    actual = _actual(data, by)
    first, budgets = data.budgets.versions[0].of(by), data.budgets.of(by)
    return [
        _line(data, by, name, first.get(name), budgets.get(name), actual.get(name, NOTHING))
        for name in sorted({*actual, *first, *budgets})
    ]


def _line(
    data: ReportData,
    by: Dimension,
    name: str,
    first: Decimal | None,
    budget: Decimal | None,
    actual: Amounts,
) -> BudgetBridge:
    cost = actual.cost + actual.uncounted
    flexible = data.budgets.flexible.get((by, name))
    if flexible is None or budget is None or "calls" in data.usage.missing_columns:
        return BudgetBridge(by, name, first, budget, cost, None, None, cost - (budget or ZERO))
    effects = of_budget(flexible, budget, actual)
    return BudgetBridge(by, name, first, budget, cost, *effects)


def _actual(data: ReportData, by: Dimension) -> Mapping[str, Amounts]:
    """Calls and their cost by name, with the cost without calls apart."""
    amounts: dict[str, Amounts] = defaultdict(Amounts)
    for cell in cells_of(data.usage.groups[CELLS].to_dict("records")):
        if cell.calls:
            amounts[getattr(cell, by)] += Amounts(cell.calls, cell.tokens, cell.cost)
        else:
            amounts[getattr(cell, by)] += Amounts(uncounted=cell.cost)
    return amounts


def _total(lines: Sequence[BudgetBridge]) -> BudgetBridge:
    """The sum of the names of a dimension."""
    return BudgetBridge(
        TOTAL,
        TOTAL,
        _known(line.first for line in lines),
        _known(line.budget for line in lines),
        total(line.actual for line in lines),
        _known(line.volume for line in lines),
        _known(line.rate for line in lines),
        total(line.other for line in lines),
    )


def _known(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of the amounts that are there; None of none."""
    known = [amount for amount in amounts if amount is not None]
    return total(known) if known else None
