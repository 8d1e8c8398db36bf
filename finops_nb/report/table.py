"""A presentation table is a value: columns, lines, and totals to which the printed lines add up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from markupsafe import Markup

from finops_nb import schema
from finops_nb.figures.budget_status import Status
from finops_nb.figures.named import MARKS, Named
from finops_nb.findings.sentence import Sentence
from finops_nb.money import ZERO, plain, rounded
from finops_nb.outputs.artifacts import WORKBOOK
from finops_nb.report.beneath import beneath
from finops_nb.report.footing import (
    ROUNDING,
    Line,
    check_footing,
    rounding_across,
    rounding_down,
    rounding_of_difference,
)
from finops_nb.report.format import Format, html_sentence, noun, table_names
from finops_nb.report.jinja_environment import templates
from finops_nb.report.sparkline import sparkline
from finops_nb.report.top_n import TopN, first_n, printed_names, sums_of, top_n
from finops_nb.schema import Column

TOTAL: Final = "Total"
ROUNDING_ROW: Final = (
    f"{ROUNDING}: amounts are rounded one by one, so printed lines can add up to slightly more or "
    "less than the printed total."
)
ROUNDING_OF_DIFFERENCE: Final = (
    f"{ROUNDING}: amounts are rounded one by one, so a printed difference can be slightly more or "
    "less than one amount minus the other."
)
TEXTS: Final = ("text", "status", "day", "date")
"""Units of columns that are text; all others are numbers."""
BUDGET_SCALE: Final = Decimal("1.5")
"""The share of a budget that fills a cell with its bar."""


@dataclass(frozen=True, slots=True)
class Row:
    """One printed row: its kind (`line`, `other`, `rounding`, `total`) and its cells."""

    kind: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One printed cell.

    Args:
        text: what it says.
        classes: of its HTML element.
        beneath: smaller texts under it.
        bar: how long its bar is, in percent of the cell's width; None: no bar.
        drawing: a sparkline under it.
        has_rounding: it is a difference, and its printed amounts have another one.
    """

    text: str
    classes: str
    beneath: tuple[str, ...] = ()
    bar: Decimal | None = None
    drawing: Markup | None = None
    has_rounding: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that add up to a total of their own; a table has one, or one for each group.

    Args:
        lines: raw values by column name; they may have more than the columns print.
        total: raw values of the total line; None if the lines have none.
        heading: what the lines have in common; None if the table is one block.
        kind: how the lines are printed: `line`, or `other` if each stands for a whole group and
            lacks columns.
        is_difference: of its three lines, the last is the first minus the second.
        names: which lines are printed if there are many; None: the first ones.
        last: how many of the last lines are of no name: they are printed in any case, after the
            line that adds up names, and are no part of it. The last of them may be "Rounding": what
            columns in minor units miss of the total.
    """

    lines: Sequence[Line]
    total: Line | None = None
    heading: str | None = None
    kind: str = "line"
    is_difference: bool = False
    names: Named | None = field(default=None, repr=False)
    last: int = 0

    @property
    def of_names(self) -> Sequence[Line]:
        """The lines without the last ones that are of no name."""
        return self.lines[: len(self.lines) - self.last]

    @property
    def of_no_name(self) -> Sequence[Line]:
        """The last lines that are of no name."""
        return self.lines[len(self.lines) - self.last :]

    def rounding(self, label: str) -> Line:
        """The last line, if it is "Rounding", which `label` names; empty if there is none."""
        last = self.lines[-1] if self.last else {}
        return last if last.get(label) == ROUNDING else {}


@dataclass(frozen=True)
class Table:
    """One table of the report; its exact figures add up, or it can't be made (`check_footing`).

    Args:
        name: its key in results.json, and its anchor.
        caption: what it shows, as a sentence without its period.
        columns: what is printed, left to right; the first column of text names the line.
        blocks: the lines.
        currency: of its money.
        title: a heading of its own, for a table that is printed only if it has lines.
        intro: sentences between the title and the table.
        empty: what is printed instead of a table without lines; if empty, nothing is.
        shown: how many lines of a block without `names` are printed; None: all. Lines that are not
            printed are added up in one called "other". `blocks`, `records` and the XLSX always
            have all lines.
        groups: which blocks are printed, by their heading; None: all. The others are one block.
        explains_rounding: it is the first of the report with a "Rounding" row, and says what that
            row is.
        stands_aside: `empty` is printed instead of the lines, which are in `records` only.

    Raises:
        Failure: its figures do not add up.

    Example:
        block = Block([{"product": "chat", "cost": Decimal(5)}], {"cost": Decimal(5)})
        Table("costs", "Cost by product", (schema.PRODUCT, schema.COST), (block,))
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    blocks: tuple[Block, ...] = field(repr=False)
    currency: str = "USD"
    title: str = ""
    intro: tuple[Sentence, ...] = field(default=(), repr=False)
    empty: str = ""
    shown: int | None = None
    groups: Named | None = field(default=None, repr=False)
    explains_rounding: bool = False
    stands_aside: bool = False

    def __post_init__(self) -> None:
        check_footing(self.name, self.columns, self.blocks)

    @property
    def is_empty(self) -> bool:
        """Whether there are no lines to print, so that no table is drawn."""
        return self.stands_aside or not any(block.lines for block in self.blocks)

    def records(self) -> list[dict[str, Any]]:
        """Every line as JSON scalars: money as unrounded decimal text, ratios as fractions."""
        return [
            {name: scalar(value) for name, value in line.items()}
            for block in self.blocks
            for line in block.lines
        ]

    @cached_property
    def printed(self) -> tuple[Block, ...]:
        """The blocks as they are printed: those that are left out are one block."""
        if self.groups is None:
            return self.blocks
        headings = [block.heading or "" for block in self.blocks]
        of = dict(zip(headings, self.blocks, strict=True))
        groups: dict[str, list[Block]] = {}
        for heading, label in printed_names(headings, self.groups).items():
            groups.setdefault(label, []).append(of[heading])
        return tuple(
            blocks[0] if blocks[0].heading == label else self._added_up(blocks, label)
            for label, blocks in groups.items()
        )

    @property
    def left_out(self) -> str:
        """A sentence on the lines that are not printed one by one; empty if all are."""
        others = [row for block in self.blocks for row in self._top(block).others]
        if len(self.printed) == len(self.blocks) and not others:
            return ""
        added = "added up" if any(column.additive for column in self.columns) else "counted"
        all_urgent = not any(row.get("status") for row in others)
        return f"{self._which_lines(all_urgent)}; the others are {added}. All are in {WORKBOOK}."

    @property
    def has_rounding_row(self) -> bool:
        """Whether the printed lines of a block miss their printed total."""
        return any(row.kind == "rounding" for row in self._printed_rows())

    @property
    def rounding_rule(self) -> str:
        """What "Rounding" is, in a row or under a difference; empty if nothing need be said."""
        if self.explains_rounding and self.has_rounding_row:
            return ROUNDING_ROW
        has_difference = any(block.is_difference for block in self.blocks)
        if not has_difference and all(column.difference is None for column in self.columns):
            return ""
        has_rounding = any(cell.has_rounding for row in self._printed_rows() for cell in row.cells)
        return ROUNDING_OF_DIFFERENCE if has_rounding else ""

    def _printed_rows(self) -> Iterator[Row]:
        """The rows of all blocks; none if the table is not drawn."""
        for block in () if self.is_empty else self.printed:
            yield from self.rows(block)

    def rows(self, block: Block) -> list[Row]:
        """The printed rows of a block.

        Returns:
            Its lines; a "Rounding" row if the printed lines miss the printed total; the total.
        """
        label, cut = self._label.name, self._top(block)
        stated = block.rounding(label)
        of_no_name = [line for line in block.of_no_name if line is not stated]
        rows = [self._row(block.kind, line) for line in cut.kept]
        rows += [self._row("other", line) for line in cut.others]
        rows += [self._row(block.kind, line) for line in of_no_name]
        if block.is_difference:
            apart = rounding_of_difference(block.lines, self.columns, self.currency)
            rows[-1] = self._row(block.kind, block.lines[-1], apart)
        if block.total is None:
            return rows
        shown = [*cut.printed, *of_no_name]
        rounding = rounding_down(self.columns, shown, block.total, self.currency)
        if rounding:
            rows.append(self._row("rounding", {label: ROUNDING, **rounding}))
        return [*rows, self._row("total", {label: TOTAL, **block.total})]

    @property
    def named(self) -> int:
        """The place of the column that names a line, from 0: it heads the row."""
        return self.columns.index(self._label)

    def __repr__(self) -> str:
        return f"<table {self.name}: {self.caption}>"

    def _repr_html_(self) -> str:
        fmt = Format(self.currency)
        return (
            templates()
            .get_template("table.html.j2")
            .render(
                table=self,
                intro=[html_sentence(sentence, fmt) for sentence in self.intro],
                texts=TEXTS,
                wide=len(self.columns),
                short=table_names(self._texts()),
            )
        )

    def _texts(self) -> Iterator[str]:
        for block in self.blocks:
            for line in ({"": block.heading}, *block.lines):
                yield from (value for value in line.values() if isinstance(value, str))

    def _top(self, block: Block) -> TopN:
        """The lines of a block that are printed."""
        label = self._label.name
        if block.names is not None:
            return top_n(block.of_names, self.columns, label, block.names)
        return first_n(block.of_names, self.columns, label, self.shown or len(block.lines))

    def _added_up(self, blocks: Sequence[Block], heading: str) -> Block:
        """Blocks as one: lines of the same name, and totals, are added up."""
        label = self._label.name
        lines: dict[str, list[Line]] = {}
        for block in blocks:
            for line in block.lines:
                lines.setdefault(line[label], []).append(line)
        added = [{label: name} | sums_of(same, self.columns) for name, same in lines.items()]
        sums = sums_of([block.total or {} for block in blocks], self.columns)
        return Block(added, sums, heading, "other", names=blocks[0].names)

    def _which_lines(self, all_urgent: bool) -> str:
        """Which lines are printed, in words: "The largest of 120 lines are shown"."""
        lines = [line for block in self.blocks for line in block.of_names]
        if all(block.names is None for block in self.blocks):
            return f"The first lines of {len(lines):,} are shown"
        statuses = {line.get("status") for line in lines} if any(map(_has_budgets, lines)) else ()
        marks = " or ".join(mark for mark in MARKS if mark in statuses)
        also = f" and all that are {marks}" if marks and all_urgent else ""
        return f"The largest of {noun(len(lines), 'line')}{also} are shown"

    def _row(self, kind: str, line: Line, apart: Mapping[str, Decimal] | None = None) -> Row:
        cells = []
        for column in self.columns:
            rounding = ZERO
            if apart is not None:
                rounding = apart.get(column.name, ZERO)
            elif kind != "rounding":
                rounding = rounding_across(column, line, self.columns, self.currency)
            cells.append(self._cell(kind, column, line, rounding))
        return Row(kind, tuple(cells))

    def _cell(self, kind: str, column: Column, line: Line, rounding: Decimal) -> Cell:
        """One cell of a row; under a difference, what its printed amounts miss of it."""
        fmt = Format(self.currency)
        if kind != "line" and (column.name not in line or column is self._label):
            return Cell(line.get(column.name, ""), classes(column, {}))
        if column.unit == "variance":
            text = fmt.variance(line["variance"], line.get("variance_ratio"))
        else:
            text = fmt.of(column.unit, line[column.name])
        name_column = schema.NAME if schema.NAME in self.columns else self._label
        note = (f"{ROUNDING} {fmt.change(rounding)}",) if rounding else ()
        has_bar = kind == "line" or column is schema.BUDGET_USED
        return Cell(
            text,
            classes(column, line),
            (*note, *beneath(column, line, fmt, column is name_column)),
            bar_of(column, line) if has_bar else None,
            _sparkline(line, fmt) if column.name == schema.COST.name else None,
            bool(rounding),
        )

    @property
    def _label(self) -> Column:
        """The column that names a line."""
        return next(column for column in self.columns if column.unit in TEXTS)


def bar(used: Decimal, scale: Decimal = BUDGET_SCALE) -> Decimal:
    """How long the bar of a fraction is, in percent of its place, which `scale` fills."""
    return rounded(min(max(used, ZERO), scale) / scale * 100, 1)


def bar_of(column: Column, line: Line) -> Decimal | None:
    """The length of the bar in a cell; None for a column that holds no share."""
    value = line.get(column.name)
    if column.unit != "share" or value is None:
        return None
    return bar(value) if column is schema.BUDGET_USED else bar(value, Decimal(1))


def classes(column: Column, line: Line) -> str:
    """The HTML classes of a cell: text or number, and the status that colors it."""
    kind = "text" if column.unit in TEXTS else "number"
    if column.unit == "status":
        status = line.get(column.name)
        return f"{kind} {_slug(status)}" if status and _has_budgets(line) else kind
    status = line.get("status")
    if not status:
        return kind
    if column is schema.BUDGET_USED:
        return f"{kind} used-{_slug(status)}"
    if column.name == "variance" and line.get("variance") is not None:
        return f"{kind} {_slug(status)}"
    return kind


def scalar(value: Any) -> Any:
    """A value as JSON holds it: money as decimal text, a day as ISO text, a tuple as a list."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [scalar(item) for item in value]
    return str(value) if isinstance(value, StrEnum) else value


def _has_budgets(line: Line) -> bool:
    """Whether names like that of a line have budgets; if none has, NO BUDGET is no warning."""
    return line.get("status") != Status.NO_BUDGET or line.get("variance") is not None


def _slug(status: str) -> str:
    return str(status).lower().replace(" ", "-")


def _sparkline(line: Line, fmt: Format) -> Markup | None:
    """The months before, drawn; None if there are none."""
    trend = line.get("trend", ())
    return sparkline(trend, fmt.trend(line["trend_months"], trend)) if len(trend) > 1 else None
