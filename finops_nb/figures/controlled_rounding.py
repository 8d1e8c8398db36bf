"""Controlled rounding: a table of exact amounts in whole cents that still adds up both ways.

Every cell, every row sum, every column sum and the total becomes one of its two neighboring cents.
As a flow from rows to columns such a table always exists. Of all such tables one is taken whose
sums are the printed ones, wherever there is one, and whose sums and cells lie near the exact ones.

Source: L. H. Cox, "A Constructive Procedure for Unbiased Controlled Rounding", Journal of the
American Statistical Association 82 (398), 1987, pages 520 to 524.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from finops_nb.figures.fixed_counts import Row, choose_cells
from finops_nb.money import ZERO, rounded, total

if TYPE_CHECKING:
    import networkx

Pair = tuple[str, str]
"""A cell, by its row and its column."""

Node = str | tuple[str, str]
"""Of the network: "source", "sink", or a row or column by its kind and name."""

SCALE: Final = 10**6
"""Resolution of the distances, parts of a cent."""


LARGE: Final = 10_000
"""Cells from which on the network simplex takes too long; `fixed_counts` takes its place.

Where several tables are equally near, the two may take different ones. A smaller table keeps the
simplex, so that a month that is booked keeps its cents.
"""


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

    @property
    def has_choice(self) -> bool:
        """Its amount lies between two cents."""
        return self.amount != _floor(self.amount)

    @property
    def cost(self) -> int:
        """What it costs to round up, compared with rounding down."""
        distance = _distance(self.amount, _floor(self.amount))
        return distance + (self.weight if distance > 0 else -self.weight)


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
    units = {cell: amount.scaleb(decimals) for cell, amount in sorted(cells.items())}
    raised = _raised_by_counts(units) if len(units) > LARGE else _raised_by_simplex(units)
    return {
        cell: Decimal(_floor(amount) + (cell in raised)).scaleb(-decimals)
        for cell, amount in units.items()
    }


def _raised_by_simplex(units: Mapping[Pair, Decimal]) -> set[Pair]:
    """The cells to round up, as the flow that costs least."""
    import networkx

    _, flow = networkx.network_simplex(_network(units))
    return {pair for pair in units if flow["row", pair[0]].get(("column", pair[1]))}


def _network(units: Mapping[Pair, Decimal]) -> networkx.DiGraph:
    """The network total → rows → columns → total; what lies below an arc's floor is demand.

    An arc exists where an amount lies between two cents: a flow of 1 through it rounds up.
    """
    import networkx

    graph = networkx.DiGraph()
    arcs = list(_arcs(units))
    for arc in arcs:
        if arc.has_choice:
            graph.add_edge(arc.tail, arc.head, capacity=1, weight=arc.cost)
    for node, needed in _demands(arcs).items():
        graph.add_node(node, demand=needed)
    return graph


def _demands(arcs: Sequence[Arc]) -> dict[Node, int]:
    """How much more must flow into a node than out of it, beside the floors of its arcs."""
    whole = int(rounded(total(arc.amount for arc in arcs if arc.head == "sink"), 0))
    demands: dict[Node, int] = {"source": -whole, "sink": whole}
    for arc in arcs:
        floor = _floor(arc.amount)
        demands[arc.tail] = demands.get(arc.tail, 0) + floor
        demands[arc.head] = demands.get(arc.head, 0) - floor
    return demands


def _raised_by_counts(units: Mapping[Pair, Decimal]) -> set[Pair]:
    """The cells to round up, as a choice with so many cells in each row and column.

    An arc of a sum is a cell too, which is chosen where the sum is rounded *down*: those of rows
    are one more column, "source", and those of columns one more row, "sink". So every row and
    column has a fixed count of chosen cells.
    """
    by_column = {pair[::-1]: amount for pair, amount in units.items()}
    turned = _crowding(units) > _crowding(by_column)
    arcs = list(_arcs(by_column if turned else units))
    counts: Counter[Node] = Counter()
    costs: dict[Node, dict[Node, int]] = {}
    for arc in arcs:
        if not arc.has_choice:
            continue
        if arc.weight:
            costs.setdefault(arc.head, {})[arc.tail] = -arc.cost
            counts.update((arc.head, arc.tail))
        else:
            costs.setdefault(arc.tail, {})[arc.head] = arc.cost
    demands = _demands(arcs)
    columns = {node: place for place, node in enumerate(dict.fromkeys(chain(*costs.values())))}
    rows = [
        Row({columns[node]: cost for node, cost in cells.items()}, counts[row] - demands[row])
        for row, cells in costs.items()
    ]
    chosen = choose_cells(rows, [counts[column] + demands[column] for column in columns])
    names = list(columns)
    pairs = {
        (str(row[1]), str(names[place][1]))
        for row, places in zip(costs, chosen, strict=True)
        for place in places
        if row != "sink" and names[place] != "source"
    }
    return {pair[::-1] for pair in pairs} if turned else pairs


def _crowding(units: Mapping[Pair, Decimal]) -> int:
    """How many pairs of cells share a row: what a choice by rows takes in time."""
    return sum(cells * cells for cells in Counter(row for row, _ in units).values())


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
