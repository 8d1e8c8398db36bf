"""A heat map: charges by two dimensions as one table that adds up both ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Final

from finops_nb.figures.named import Named, named
from finops_nb.money import ZERO, minor_units, rounded, rounding_difference, total
from finops_nb.report.footing import ROUNDING, Line
from finops_nb.report.format import Format, table_names
from finops_nb.report.jinja_environment import templates
from finops_nb.report.table import TOTAL, Cell, Row, Table
from finops_nb.report.top_n import printed_names
from finops_nb.schema import UNALLOCATED

SHADES: Final = 6
"""The number of the darkest shade; the style sheet has a class for each."""


@dataclass(frozen=True)
class HeatMap(Table):
    """A table whose lines are pairs of names, printed as a row and a column for each name.

    Args:
        outer: the column that names a printed row.
        inner: the column that names a printed column.
        rows_named: which rows are printed by name; None: those with the highest charges.
        columns_named: likewise for columns.

    Example:
        lines = [{"organization": "org-alpha", "product": "chat", "charge": Decimal(5)}]
        columns = (schema.ORGANIZATION, schema.PRODUCT, schema.CHARGE)
        HeatMap("usage", "Charges", columns, (Block(lines),))
    """

    outer: str = field(default="organization", repr=False)
    inner: str = field(default="product", repr=False)
    rows_named: Named | None = field(default=None, repr=False)
    columns_named: Named | None = field(default=None, repr=False)

    def _repr_html_(self) -> str:
        return (
            templates()
            .get_template("heat_map.html.j2")
            .render(table=self, grid=self.grid(), short=table_names(self._texts()))
        )

    @property
    def has_rounding_row(self) -> bool:
        """Whether a row or a column is "Rounding"."""
        return not self.is_empty and self.grid().has_rounding

    def grid(self) -> Grid:
        """The printed rows and columns; the smallest of many are one row, or column, "other"."""
        lines = [line for block in self.blocks for line in block.lines]
        rows = _printed(lines, self.outer, self.rows_named)
        columns = _printed(lines, self.inner, self.columns_named)
        cells: dict[tuple[str, str], list[Line]] = {}
        named = set()
        for line in lines:
            names = line[self.outer], line[self.inner]
            cell = rows[names[0]], columns[names[1]]
            cells.setdefault(cell, []).append(line)
            if cell == names:
                named.add(cell)
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
        cells: the lines of each cell, by the names of its row and column.
        named: the cells that are no sum of others. Only these are shaded, since a sum would
            outshine them all.
        names: of the rows.
        columns: the names of the columns.
        fmt: for the figures.
    """

    cells: Mapping[tuple[str, str], Sequence[Line]]
    named: Set[tuple[str, str]]
    names: tuple[str, ...]
    columns: tuple[str, ...]
    fmt: Format

    @cached_property
    def heads(self) -> tuple[str, ...]:
        """The heads of all columns, with "Rounding" if needed, and the sums."""
        rounding = [ROUNDING] if self._has_column else []
        return (*self.columns, *rounding, TOTAL)

    @property
    def has_rounding(self) -> bool:
        """Whether printed cells miss the sum of a row or of a column."""
        return self._has_column or self._has_row

    @cached_property
    def _has_column(self) -> bool:
        """Whether there is a column of what the printed cells of a row miss."""
        return any(map(self._across, (*self.names, None)))

    @cached_property
    def _has_row(self) -> bool:
        """Whether there is a row of what the printed cells of a column miss."""
        return any(map(self._down, (*self.columns, None)))

    def rows(self) -> list[Row]:
        """A row for each name, one for rounding if columns would not add up, and the sums."""
        rows = [self._row("line", name, name) for name in self.names]
        if self._has_row:
            rows.append(self._rounding_row())
        return [*rows, self._row("total", TOTAL, None)]

    def _row(self, kind: str, label: str, name: str | None) -> Row:
        """The row of a name, or that of the sums, whose name is None."""
        cells = [self._cell(name, column) for column in self.columns]
        if self._has_column:
            cells.append(Cell(self._money(self._across(name)), "number rounding"))
        amount = self.fmt.money(self._sum(name, None))
        cells.append(Cell(amount, "number sum", self._booked(name, None)))
        return Row(kind, (Cell(label, "text"), *cells))

    def _rounding_row(self) -> Row:
        amounts = [self._down(column) for column in self.columns]
        whole = self._down(None)
        if self._has_column:
            amounts.append(whole - total(amounts))
        cells = [Cell(self._money(amount), "number") for amount in (*amounts, whole)]
        return Row("rounding", (Cell(ROUNDING, "text"), *cells))

    def _money(self, difference: Decimal) -> str:
        return self.fmt.money(difference) if difference else ""

    def _cell(self, name: str | None, column: str) -> Cell:
        if name is not None and (name, column) not in self.cells:
            return Cell("", "number")
        cost = self._sum(name, column)
        shade = self._shade(cost) if (name, column) in self.named else ""
        return Cell(self.fmt.money(cost), f"number{shade}", self._booked(name, column))

    def _lines(self, name: str | None, column: str | None) -> list[Line]:
        """The lines of a row and a column; None stands for all of them."""
        return [
            line
            for (row, head), lines in self.cells.items()
            if name in (None, row) and column in (None, head)
            for line in lines
        ]

    def _sum(self, name: str | None, column: str | None) -> Decimal:
        return total(line["charge"] for line in self._lines(name, column))

    def _booked(self, name: str | None, column: str | None) -> tuple[str, ...]:
        """What the ledger books, if that prints differently from the charge."""
        amounts = [line["booked"] for line in self._lines(name, column)]
        if not amounts or None in amounts:
            return ()
        booked = self.fmt.money(total(amounts))
        charge = self.fmt.money(self._sum(name, column))
        return () if booked == charge else (f"booked {booked}",)

    def _across(self, name: str | None) -> Decimal:
        """What the printed cells of a row miss of its printed sum."""
        amounts = [self._sum(name, column) for column in self.columns]
        return rounding_difference(amounts, self._sum(name, None), self._decimals)

    def _down(self, column: str | None) -> Decimal:
        """What the printed cells of a column miss of its printed sum."""
        amounts = [self._sum(name, column) for name in self.names]
        return rounding_difference(amounts, self._sum(None, column), self._decimals)

    @property
    def _decimals(self) -> int:
        return minor_units(self.fmt.currency)

    @cached_property
    def _highest(self) -> Decimal:
        return max((self._sum(*pair) for pair in self.named), default=ZERO)

    def _shade(self, cost: Decimal) -> str:
        """The class of a shade, by the share of the highest cell; credits have none."""
        return f" heat-{rounded(cost / self._highest * SHADES, 0)}" if cost > 0 else ""


def _printed(lines: Sequence[Line], by: str, names: Named | None) -> dict[str, str]:
    """Each name of a column as it is printed.

    The highest charge comes first; cost without a name is last, but before "other".
    """
    sums: dict[str, Decimal] = {}
    for line in lines:
        sums[line[by]] = sums.get(line[by], ZERO) + line["charge"]
    every = sorted(sums, key=lambda name: (name == UNALLOCATED, -sums[name], name))
    rows = ({by: name, "cost": cost} for name, cost in sums.items())
    return printed_names(every, names or named(rows, by))
