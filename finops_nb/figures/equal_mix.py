"""Equal mix: what a call would cost each organization if all made the same kinds of calls.

With w the share of a kind (model and task type) in all calls, and r an organization's cost per call
of that kind (all organizations' where it has none): cost per call at equal mix = Σ w × r. Who only
uses a cheaper model is not called efficient.

Source: direct standardization; Fleiss, Levin and Paik, Statistical Methods for Rates and
Proportions (3rd ed.), chapter 19.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from finops_nb.money import DECIMALS, ZERO, rounded
from finops_nb.outputs.cells import Cell, cells_of
from finops_nb.usage.model import CELLS, Usage

Kind: TypeAlias = tuple[str, ...]
"""Provider, model and task type."""


def costs_at_equal_mix(usage: Usage, names: Collection[str]) -> dict[str, Decimal]:
    """The cost per call of these organizations at the mix of calls of all organizations.

    Args:
        usage: read by cells.
        names: of organizations.

    Returns:
        By organization, to twelve decimals; empty where usage was not read by cells, or has no
        calls. Cost without calls is left out.

    Example:
        a: 10 small calls for 1.00; b: 10 small ones for 1.00 and 10 large ones for 9.00. At the
        mix of 20 small and 10 large ones both pay (20 × 0.10 + 10 × 0.90) ÷ 30.
    """
    if CELLS not in usage.groups:
        return {}
    counted = [cell for cell in cells_of(usage.groups[CELLS].to_dict("records")) if cell.calls]
    rates = _rates(counted, names)
    calls: dict[Kind, int] = defaultdict(int)
    for cell in counted:
        calls[_kind(cell)] += cell.calls
    whole = sum(calls.values())
    costs = {}
    for name in sorted({cell.organization for cell in counted if cell.organization in names}):
        parts = (count * rates.get((name, kind), rates["", kind]) for kind, count in calls.items())
        costs[name] = _decimal(sum(parts, Fraction(0)) / whole)
    return costs


def _rates(cells: Iterable[Cell], names: Collection[str]) -> dict[tuple[str, Kind], Fraction]:
    """Cost per call of these organizations by kind; of all organizations under an empty name."""
    costs: dict[tuple[str, Kind], Decimal] = defaultdict(lambda: ZERO)
    calls: dict[tuple[str, Kind], int] = defaultdict(int)
    for cell in cells:
        for name in ("", cell.organization) if cell.organization in names else ("",):
            costs[name, _kind(cell)] += cell.cost
            calls[name, _kind(cell)] += cell.calls
    return {key: Fraction(cost) / calls[key] for key, cost in costs.items()}


def _kind(cell: Cell) -> Kind:
    return cell.provider, cell.model, cell.task_type


def _decimal(amount: Fraction) -> Decimal:
    return rounded(Decimal(amount.numerator) / Decimal(amount.denominator), DECIMALS)
