"""Controlled rounding: a table of exact amounts in whole cents that still adds up both ways.

Every cell, every row sum, every column sum and the total becomes one of its two neighboring cents.
As a flow from rows to columns such a table always exists. Of all such tables one is taken whose
sums are the printed ones, wherever there is one, and whose sums and cells lie near the exact ones.

Source: L. H. Cox, "A Constructive Procedure for Unbiased Controlled Rounding", Journal of the
American Statistical Association 82 (398), 1987, pages 520 to 524.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from finops_nb.money import ZERO, rounded, total

if TYPE_CHECKING:
    import networkx

Pair = tuple[str, str]
"""A cell, by its row and its column."""

Node = str | tuple[str, str]
"""Of the network: "source", "sink", or a row or column by its kind and name."""

SCALE: Final = 10**6
"""Resolution of the distances, parts of a cent."""


class Arc(NamedTuple):
    """One arc of the network.

    Args:
        tail: where it starts.
        head: where it ends.
        amount: the exact amount that flows through it, in cents.
        weight: what it costs, beside the distance, to end on the cent that is not the nearer one.
    """

    tail: Node
    head: Node
    amount: Decimal
    weight: int


def round_table(cells: Mapping[Pair, Decimal], decimals: int) -> dict[Pair, Decimal]:
    """Round a two-way table so that rows, columns and the total add up.

    Args:
        cells: exact amount by (row, column); credits may be negative.
        decimals: decimals of the currency; 2 for cents.

    Returns:
        An amount of that many decimals for each cell. Cells and row and column sums are within one
        unit of exact; the total is the exact total rounded half away from zero.

    Example:
        `round_table({("a", "chat"): Decimal("0.004"), ("b", "chat"): Decimal("0.006")}, 2)` gives
        0.00 and 0.01.
    """
    import networkx

    units = {cell: amount.scaleb(decimals) for cell, amount in sorted(cells.items())}
    _, flow = networkx.network_simplex(_network(units))
    booked = {}
    for (row, column), amount in units.items():
        raised = flow["row", row].get(("column", column), 0)
        booked[row, column] = Decimal(_floor(amount) + raised).scaleb(-decimals)
    return booked


def _network(units: Mapping[Pair, Decimal]) -> networkx.DiGraph:
    """The network total → rows → columns → total; what lies below an arc's floor is demand.

    An arc exists where an amount lies between two cents: a flow of 1 through it rounds up.
    """
    import networkx

    graph = networkx.DiGraph()
    whole = int(rounded(total(units.values()), 0))
    demand: dict[Node, int] = {"source": -whole, "sink": whole}
    for arc in _arcs(units):
        floor = _floor(arc.amount)
        demand[arc.tail] = demand.get(arc.tail, 0) + floor
        demand[arc.head] = demand.get(arc.head, 0) - floor
        if arc.amount != floor:
            distance = _distance(arc.amount, floor)
            weight = arc.weight if distance > 0 else -arc.weight
            graph.add_edge(arc.tail, arc.head, capacity=1, weight=distance + weight)
    for node, needed in demand.items():
        graph.add_node(node, demand=needed)
    return graph


def _arcs(units: Mapping[Pair, Decimal]) -> Iterator[Arc]:
    # A sum that is not the printed one weighs more than all cells together, so that what is booked
    # is what is printed wherever it can be.
    heavy = SCALE * (len(units) + 1)
    for row, amount in _sums(units, 0).items():
        yield Arc("source", ("row", row), amount, heavy)
    for (row, column), amount in units.items():
        yield Arc(("row", row), ("column", column), amount, 0)
    for column, amount in _sums(units, 1).items():
        yield Arc(("column", column), "sink", amount, heavy)


def _distance(amount: Decimal, floor: int) -> int:
    """How much worse rounding up is than rounding down; of two equals the printed one wins by 1."""
    distance = int((1 - 2 * (amount - floor)) * SCALE)
    if distance:
        return distance
    return 1 if int(rounded(amount, 0)) == floor else -1


def _sums(units: Mapping[Pair, Decimal], axis: int) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for cell, amount in units.items():
        sums[cell[axis]] = sums.get(cell[axis], ZERO) + amount
    return dict(sorted(sums.items()))


def _floor(amount: Decimal) -> int:
    return int(amount.to_integral_value(rounding=ROUND_FLOOR))
