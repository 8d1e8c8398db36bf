"""Apportionment: a table of exact amounts in whole cents that still foots along both axes.

Controlled rounding (Cox, "A constructive procedure for unbiased controlled rounding", JASA 82, 1987): every cell, every
row sum, every column sum and the total becomes one of its two neighbouring cents. As a flow from rows to columns such
a table always exists; of all of them one is taken whose sums are the printed ones, wherever there is such a one, and
whose sums and cells lie near the exact ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

from finops_nb.money import ZERO, rounded, total

if TYPE_CHECKING:
    import networkx

Pair = tuple[str, str]
Node = str | tuple[str, str]
"""Of the network: an end of it, or a row or column by its kind and name."""

SCALE = 10**6
"""Resolution of the distances, parts of a cent."""


def apportion(cells: Mapping[Pair, Decimal], decimals: int) -> dict[Pair, Decimal]:
    """Round a two-way table so that rows, columns and the total foot.

    Args:
        cells: exact amount by (row, column); credits may be negative.
        decimals: decimals of the currency; 2 for cents.

    Returns:
        An amount of that many decimals for each cell. Cells and row and column sums are within one unit of exact; the
        total is the exact total rounded half away from zero.
    """
    import networkx

    units = {cell: amount.scaleb(decimals) for cell, amount in sorted(cells.items())}
    graph = _flow(units)
    _, flow = networkx.network_simplex(graph)
    return {
        (row, column): Decimal(_floor(amount) + flow["row", row].get(("column", column), 0)).scaleb(
            -decimals
        )
        for (row, column), amount in units.items()
    }


def _flow(units: Mapping[Pair, Decimal]) -> networkx.DiGraph:
    """The network total → rows → columns → total, each arc above its floor; what lies below it is demand."""
    import networkx

    graph = networkx.DiGraph()
    rows, columns = _sums(units, 0), _sums(units, 1)
    whole = int(rounded(total(units.values()), 0))
    # A sum off its printed one weighs more than all cells together: what is booked is what is printed wherever it can be.
    heavy = SCALE * (len(units) + 1)
    arcs: list[tuple[Node, Node, Decimal, int]] = [
        ("source", ("row", row), amount, heavy) for row, amount in rows.items()
    ]
    arcs += [
        (("row", row), ("column", column), amount, 0) for (row, column), amount in units.items()
    ]
    arcs += [(("column", column), "sink", amount, heavy) for column, amount in columns.items()]
    demand: dict[Node, int] = {"source": -whole, "sink": whole}
    for tail, head, amount, weight in arcs:
        floor = _floor(amount)
        demand[tail] = demand.get(tail, 0) + floor
        demand[head] = demand.get(head, 0) - floor
        if amount != floor:
            distance = _distance(amount, floor)
            graph.add_edge(
                tail, head, capacity=1, weight=distance + (weight if distance > 0 else -weight)
            )
    for node, needed in demand.items():
        graph.add_node(node, demand=needed)
    return graph


def _distance(amount: Decimal, floor: int) -> int:
    """How much worse rounding up is than rounding down; of two equals the one that is printed is better by 1."""
    return int((1 - 2 * (amount - floor)) * SCALE) or (
        1 if int(rounded(amount, 0)) == floor else -1
    )


def _sums(units: Mapping[Pair, Decimal], axis: int) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for cell, amount in units.items():
        sums[cell[axis]] = sums.get(cell[axis], ZERO) + amount
    return dict(sorted(sums.items()))


def _floor(amount: Decimal) -> int:
    return int(amount.to_integral_value(rounding=ROUND_FLOOR))
