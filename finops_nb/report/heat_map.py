"""A heat map: cost by two dimensions as one table, each cell shaded by its share of the largest, footing both ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from finops_nb.money import ZERO, minor_units, rounded, rounding_difference, total
from finops_nb.report.format import Format
from finops_nb.report.table import ROUNDING, TOTAL, Cell, Line, Row, Table, templates
from finops_nb.schema import UNALLOCATED

ROWS: Final = 25
COLUMNS: Final = 8
"""How many names are printed of each dimension, that of the others included."""
SHADES: Final = 6


@dataclass(frozen=True)
class HeatMap(Table):
    """A table whose lines are pairs of names, printed as one row a first name and one column a second.

    Args:
        outer: the column that names a row.
        inner: the column that names a printed column.
    """

    outer: str = field(default="organization", repr=False)
    inner: str = field(default="product", repr=False)

    def _repr_html_(self) -> str:
        return templates().get_template("heat_map.html.j2").render(table=self, grid=self.grid())

    def grid(self) -> Grid:
        """The printed rows and columns; those past the largest are one row, or one column, called "other"."""
        lines = [line for block in self.blocks for line in block.lines]
        rows, columns = _names(lines, self.outer, ROWS), _names(lines, self.inner, COLUMNS)
        cells: dict[tuple[str, str], list[Line]] = {}
        named = set()
        for line in lines:
            pair = rows[line[self.outer]], columns[line[self.inner]]
            cells.setdefault(pair, []).append(line)
            named |= {pair} if pair == (line[self.outer], line[self.inner]) else set()
        return Grid(
            cells,
            named,
            tuple(dict.fromkeys(rows.values())),
            tuple(dict.fromkeys(columns.values())),
            Format(self.currency),
        )


@dataclass(frozen=True)
class Grid:
    """Lines by row and column, with what their printed figures miss of the printed sums.

    Args:
        cells: the lines of each.
        named: the cells of one pair of names; only these are shaded, since a sum over others would outshine them all.
        names: of the rows.
        columns: their names.
        fmt: for the figures.
    """

    cells: Mapping[tuple[str, str], Sequence[Line]]
    named: Set[tuple[str, str]]
    names: tuple[str, ...]
    columns: tuple[str, ...]
    fmt: Format

    @property
    def heads(self) -> tuple[str, ...]:
        """The columns' heads, the sums' with them."""
        return (
            *self.columns,
            *([ROUNDING] if any(self._across(name) for name in (*self.names, None)) else []),
            TOTAL,
        )

    def rows(self) -> list[Row]:
        """A row for each name, what rounding asks for, and the sums."""
        found = [self._row("line", name, name) for name in self.names]
        if any(self._down(column) for column in (*self.columns, None)):
            figures = [self._down(column) for column in self.columns]
            figures += [self._down(None) - total(figures)] if ROUNDING in self.heads else []
            cells = [
                Cell(self.fmt.money(each) if each else "", "number")
                for each in (*figures, self._down(None))
            ]
            found.append(Row("rounding", (Cell(ROUNDING, "text"), *cells)))
        return [*found, self._row("total", TOTAL, None)]

    def _row(self, kind: str, label: str, name: str | None) -> Row:
        cells = [self._cell(name, column) for column in self.columns]
        if ROUNDING in self.heads:
            cells.append(
                Cell(
                    self.fmt.money(self._across(name)) if self._across(name) else "",
                    "number rounding",
                )
            )
        cells.append(
            Cell(self.fmt.money(self._sum(name, None)), "number sum", self._booked(name, None))
        )
        return Row(kind, (Cell(label, "text"), *cells))

    def _cell(self, name: str | None, column: str) -> Cell:
        if name is not None and (name, column) not in self.cells:
            return Cell("", "number")
        cost = self._sum(name, column)
        return Cell(
            self.fmt.money(cost),
            f"number{self._shade(cost) if (name, column) in self.named else ''}",
            self._booked(name, column),
        )

    def _lines(self, name: str | None, column: str | None) -> list[Line]:
        pairs = (
            (row, head)
            for row, head in self.cells
            if name in (None, row) and column in (None, head)
        )
        return [line for pair in pairs for line in self.cells[pair]]

    def _sum(self, name: str | None, column: str | None) -> Decimal:
        return total(line["charge"] for line in self._lines(name, column))

    def _booked(self, name: str | None, column: str | None) -> tuple[str, ...]:
        booked = [line["booked"] for line in self._lines(name, column)]
        said = self.fmt.money(total(booked)) if booked and None not in booked else None
        return (
            () if said in (None, self.fmt.money(self._sum(name, column))) else (f"booked {said}",)
        )

    def _across(self, name: str | None) -> Decimal:
        """What the printed cells of a row miss of its printed sum."""
        return rounding_difference(
            (self._sum(name, column) for column in self.columns),
            self._sum(name, None),
            self._decimals,
        )

    def _down(self, column: str | None) -> Decimal:
        """What the printed cells of a column miss of its printed sum."""
        return rounding_difference(
            (self._sum(name, column) for name in self.names),
            self._sum(None, column),
            self._decimals,
        )

    @property
    def _decimals(self) -> int:
        return minor_units(self.fmt.currency)

    @cached_property
    def _highest(self) -> Decimal:
        return max((self._sum(*pair) for pair in self.named), default=ZERO)

    def _shade(self, cost: Decimal) -> str:
        return f" heat-{rounded(cost / self._highest * SHADES, 0)}" if cost > 0 else ""


def _names(lines: Sequence[Any], by: str, shown: int) -> dict[str, str]:
    """Each name as it is printed: itself, highest charge first and what has no name last, or "other (n)"."""
    sums: dict[str, Decimal] = {}
    for line in lines:
        sums[line[by]] = sums.get(line[by], ZERO) + line["charge"]
    order = sorted(sums, key=lambda name: (name == UNALLOCATED, -sums[name], name))
    kept = order if len(order) <= shown else order[: shown - 1]
    return {name: name if name in kept else f"other ({len(order) - len(kept):,})" for name in order}
