"""Fixed counts: in a table, choose cells so that each row and column has its count, at least cost.

What the network simplex does too, but in seconds where rows are thousands and most have few cells:
each row takes its cheapest cells, then the columns that have too many pass some on.

Source: R. K. Ahuja, T. L. Magnanti, J. B. Orlin, "Network Flows", 1993, section 9.7 (successive
shortest paths).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple


class Row(NamedTuple):
    """A row: what each of its cells costs if it is chosen, by column, and how many to choose."""

    costs: Mapping[int, int]
    chosen: int


def choose_cells(rows: Sequence[Row], counts: Sequence[int]) -> list[set[int]]:
    """The cells that cost least together.

    Args:
        rows: each with some of the columns.
        counts: how many cells to choose in each column; there is a choice that has all counts.

    Returns:
        The columns chosen in each row.

    Example:
        Both rows want column 0, which has room for one; the second loses less by giving it up:

        >>> choose_cells([Row({0: 1, 1: 9}, 1), Row({0: 1, 1: 3}, 1)], [1, 1])
        [{0}, {1}]
    """
    choice = _Choice(rows, counts)
    while choice.pass_on():
        pass
    assert not any(choice.surplus)
    return choice.chosen


class _Choice:
    """Cells chosen so far: they cost least among all choices that have as many in each column.

    A move gives up a cell of a row for another one. The moves between two columns are a heap; a
    move that is no longer possible is dropped where it comes up.
    """

    def __init__(self, rows: Sequence[Row], counts: Sequence[int]) -> None:
        self.rows = rows
        self.chosen = [_cheapest(row) for row in rows]
        self.surplus = [-count for count in counts]
        for chosen in self.chosen:
            for column in chosen:
                self.surplus[column] += 1
        self.potentials = [0] * len(counts)
        self.moves: list[dict[int, list[tuple[int, int]]]] = [{} for _ in counts]
        for number in range(len(rows)):
            for left, taken, cost in self._moves_of(number):
                self.moves[left].setdefault(taken, []).append((cost, number))
        for heaps in self.moves:
            for heap in heaps.values():
                heapify(heap)

    def pass_on(self) -> bool:
        """Move one cell from a column with too many to one with too few; False if none has."""
        distances: dict[int, int] = {}
        reached = {column: (0, -1) for column, extra in enumerate(self.surplus) if extra > 0}
        before: dict[int, int] = {}
        while reached:
            column = min(reached, key=lambda each: (reached[each][0], each))
            distances[column], before[column] = reached.pop(column)
            if self.surplus[column] < 0:
                self._follow(before, column)
                self._raise_potentials(distances, distances[column])
                return True
            for following in self.moves[column]:
                move = None if following in distances else self._cheapest_move(column, following)
                if move is None:
                    continue
                apart = self.potentials[column] - self.potentials[following]
                distance = distances[column] + move[0] + apart
                if following not in reached or distance < reached[following][0]:
                    reached[following] = distance, column
        return False

    def _follow(self, before: Mapping[int, int], column: int) -> None:
        """Make every move of a path, from its end to its start."""
        self.surplus[column] += 1
        steps = []
        while before[column] >= 0:
            steps.append((before[column], column))
            column = before[column]
        self.surplus[column] -= 1
        # All moves are taken before one is made, since each changes what its row can do.
        taken = [(*step, self._cheapest_move(*step)) for step in steps]
        for left, entered, move in taken:
            assert move is not None
            self._move(move[1], left, entered)

    def _move(self, number: int, left: int, entered: int) -> None:
        chosen, costs = self.chosen[number], self.rows[number].costs
        chosen.remove(left)
        chosen.add(entered)
        for column, cost in costs.items():
            if column in chosen:
                self._push(column, left, costs[left] - cost, number)
            else:
                self._push(entered, column, cost - costs[entered], number)

    def _push(self, left: int, entered: int, cost: int, number: int) -> None:
        heappush(self.moves[left].setdefault(entered, []), (cost, number))

    def _raise_potentials(self, distances: Mapping[int, int], farthest: int) -> None:
        """Keep every move's cost, between its columns' potentials, from falling below zero."""
        for column in range(len(self.potentials)):
            self.potentials[column] += distances.get(column, farthest)

    def _cheapest_move(self, left: int, entered: int) -> tuple[int, int] | None:
        """Cost and row of the cheapest move from one column to another."""
        heap = self.moves[left][entered]
        while heap:
            chosen = self.chosen[heap[0][1]]
            if left in chosen and entered not in chosen:
                return heap[0]
            heappop(heap)
        return None

    def _moves_of(self, number: int) -> Iterator[tuple[int, int, int]]:
        chosen, costs = self.chosen[number], self.rows[number].costs
        others = [column for column in costs if column not in chosen]
        for left in sorted(chosen):
            for entered in others:
                yield left, entered, costs[entered] - costs[left]


def _cheapest(row: Row) -> set[int]:
    """The columns of its cheapest cells."""
    by_cost = sorted(row.costs, key=lambda column: (row.costs[column], column))
    return set(by_cost[: row.chosen])
