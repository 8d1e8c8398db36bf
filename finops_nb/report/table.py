"""A presentation table is a value: columns, lines, and totals to which the printed lines add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, Final

import jinja2
from markupsafe import Markup

from finops_nb import schema
from finops_nb.errors import Failure
from finops_nb.findings.sentence import Sentence
from finops_nb.money import ZERO, minor_units, plain, rounded, rounding_difference, total
from finops_nb.outputs.artifacts import WORKBOOK
from finops_nb.report.alerts import crossed_text
from finops_nb.report.format import Format, html_sentence, named, noun, visible
from finops_nb.report.sparkline import sparkline
from finops_nb.report.top_n import Keep, other_label, sums_of, top_groups, top_n, urgent
from finops_nb.schema import Column

Line = Mapping[str, Any]
"""One line of a table: raw values by column name."""

ROUNDING: Final = "Rounding"
TOTAL: Final = "Total"
TEXTS: Final = ("text", "status", "day", "date")
"""Units of columns that are text; all others are numbers."""
MONEY: Final = ("money", "change", "variance")
BUDGET_SCALE: Final = Decimal("1.5")
"""The share of a budget that fills a cell with its bar."""
LABELS_BENEATH: Final = {"owner": "owner", "cost_centre": "cost center"}
"""What is printed beneath a name, by column, and what it is called there."""


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
    """

    text: str
    classes: str
    beneath: tuple[str, ...] = ()
    bar: Decimal | None = None
    drawing: Markup | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that add up to a total of their own; a table has one, or one for each group.

    Args:
        lines: raw values by column name; they may have more than the columns print.
        total: raw values of the total line; None if the lines have none.
        heading: what the lines have in common; None if the table is one block.
        kind: how the lines are printed: `line`, or `other` if each stands for a whole group and
            lacks columns.
    """

    lines: Sequence[Line]
    total: Line | None = None
    heading: str | None = None
    kind: str = "line"


@dataclass(frozen=True)
class Table:
    """One table of the report.

    Args:
        name: its key in results.json, and its anchor.
        caption: what it shows, as a sentence without its period.
        columns: what is printed, left to right; the first column of text names the line.
        blocks: the lines.
        currency: of its money.
        title: a heading of its own, for a table that is printed only if it has lines.
        intro: sentences between the title and the table.
        empty: what is printed instead of a table without lines; if empty, nothing is.
        shown: how many lines of a block are printed. If there are more, the others are added up in
            one line called "other", and groups past the twelve largest in one group. `blocks`,
            `records` and the XLSX always have all lines. None: all are printed.
        keep: which lines are printed then.

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
    keep: Keep = "largest"

    @property
    def is_empty(self) -> bool:
        """Whether there are no lines, so that no table is drawn."""
        return not any(block.lines for block in self.blocks)

    def records(self) -> list[dict[str, Any]]:
        """Every line as JSON scalars: money as unrounded decimal text, ratios as fractions."""
        return [
            {name: scalar(value) for name, value in line.items()}
            for block in self.blocks
            for line in block.lines
        ]

    @property
    def printed(self) -> tuple[Block, ...]:
        """The blocks as they are printed: the smallest groups of many are one block."""
        if self.shown is None:
            return self.blocks
        kept, rest = top_groups(self.blocks, self.columns, self._label.name)
        if not rest:
            return tuple(kept)
        sums = {name: value or ZERO for name, value in sums_of(rest, self.columns).items()}
        return (*kept, Block(rest, sums, other_label(len(rest)), "other"))

    @property
    def left_out(self) -> str:
        """A sentence on the lines that are not printed one by one; empty if all are."""
        if self.shown is None:
            return ""
        whole = len(self.printed) == len(self.blocks)
        if whole and all(len(block.lines) <= self.shown for block in self.blocks):
            return ""
        added = "added up" if any(column.additive for column in self.columns) else "counted"
        return f"{self._which_lines(self.shown)}; the others are {added}. All are in {WORKBOOK}."

    def rows(self, block: Block) -> list[Row]:
        """The printed rows of a block.

        Returns:
            Its lines; a "Rounding" row if the printed lines miss the printed total; the total.

        Raises:
            Failure: the exact lines miss the exact total; no rounding may cover that.
        """
        label = self._label.name
        cut = top_n(block.lines, self.columns, label, self.shown or len(block.lines), self.keep)
        rows = [self._row(block.kind, line) for line in cut.before]
        rows += [] if cut.other is None else [self._row("other", cut.other)]
        rows += [self._row(block.kind, line) for line in cut.after]
        if block.total is None:
            return rows
        rounding = self._rounding(cut.printed, block.total)
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
            )
        )

    def _which_lines(self, shown: int) -> str:
        """Which lines are printed, in words: "The largest of 120 lines are shown"."""
        lines = [line for block in self.blocks for line in block.lines]
        if self.keep == "first":
            return f"The first lines of {len(lines):,} are shown"
        if self.keep == "ends":
            return f"The first and last lines of {len(lines):,} are shown"
        urgent_counts = [sum(map(urgent, block.lines)) for block in self.blocks]
        if any(number >= shown for number in urgent_counts):
            some = noun(sum(urgent_counts), "line")
            which = f"The largest of {some} that are OVER or AT RISK"
            return f"{which}, of {len(lines):,} in all, are shown"
        which = f"The largest of {noun(len(lines), 'line')}"
        which += " and all that are OVER or AT RISK" if any(urgent_counts) else ""
        return f"{which} are shown"

    def _rounding(self, lines: Sequence[Line], sums: Line) -> dict[str, Decimal]:
        """What the printed lines miss of the printed total, by column that does not add up."""
        differences = {}
        for column in self.columns:
            whole = sums.get(column.name)
            if column.additive and whole is not None and column.unit in (*MONEY, "count"):
                values = [line[column.name] for line in lines]
                amounts = [Decimal(value) for value in values if value is not None]
                if total(amounts) != whole:
                    raise self._does_not_add_up(column, total(amounts), whole)
                decimals = 0 if column.unit == "count" else minor_units(self.currency)
                differences[column.name] = rounding_difference(amounts, Decimal(whole), decimals)
        return {name: difference for name, difference in differences.items() if difference}

    def _does_not_add_up(self, column: Column, added: Decimal, whole: Decimal | int) -> Failure:
        sums = f"{column.label} sums to {plain(added)}, but its total is {plain(Decimal(whole))}"
        return Failure(f"The table {self.name} does not add up: {sums}.")

    def _row(self, kind: str, line: Line) -> Row:
        return Row(kind, tuple(self._cell(kind, column, line) for column in self.columns))

    def _cell(self, kind: str, column: Column, line: Line) -> Cell:
        fmt = Format(self.currency)
        if kind != "line" and (column.name not in line or column is self._label):
            return Cell(line.get(column.name, ""), classes(column, {}))
        if column.unit == "variance":
            text = fmt.variance(line["variance"], line.get("variance_ratio"))
        else:
            text = fmt.of(column.unit, line[column.name])
        name_column = schema.NAME if schema.NAME in self.columns else self._label
        has_bar = kind == "line" or column is schema.BUDGET_USED
        return Cell(
            text,
            classes(column, line),
            beneath(column, line, fmt, column is name_column),
            bar_of(column, line) if has_bar else None,
            _sparkline(line, fmt) if column is schema.COST else None,
        )

    @property
    def _label(self) -> Column:
        """The column that names a line."""
        return next(column for column in self.columns if column.unit in TEXTS)


def bar(used: Decimal, scale: Decimal = BUDGET_SCALE) -> Decimal:
    """How long the bar of a fraction is, in percent of its place.

    Args:
        used: the fraction; below zero, there is no bar.
        scale: the fraction that fills the place.
    """
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
        return f"{kind} {_slug(status)}" if status else kind
    status = line.get("status")
    if not status:
        return kind
    if column is schema.BUDGET_USED:
        return f"{kind} used-{_slug(status)}"
    if column.name == "variance" and line.get("variance") is not None:
        return f"{kind} {_slug(status)}"
    return kind


def beneath(column: Column, line: Line, fmt: Format, names: bool) -> tuple[str, ...]:
    """The smaller texts under a cell.

    Args:
        column: of the cell.
        line: of the cell.
        fmt: for the figures.
        names: whether the column says whom the line is about.

    Returns:
        Under a charge, the booked amount if it prints differently; under a status, the one it was
        or the last alert; under a name, its owner, cost center and commentary.
    """
    if column.name == "charge":
        text = _booked(line, fmt)
        return (text,) if text else ()
    if column.name == "status":
        text = _status_history(line, fmt)
        return (text,) if text else ()
    if not names:
        return ()
    labels = [f"{label}: {line[key]}" for key, label in LABELS_BENEATH.items() if line.get(key)]
    note = line.get("note")
    return (*labels, note) if note else tuple(labels)


def scalar(value: Any) -> Any:
    """A value as JSON holds it: money as decimal text, a day as ISO text, a tuple as a list."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [scalar(item) for item in value]
    return str(value) if isinstance(value, StrEnum) else value


@cache
def templates(room: str = "report") -> jinja2.Environment:
    """The templates of a room.

    Every value they print is escaped, so this is the one exit for names of the data.

    Args:
        room: the folder of the package whose `templates/` are meant.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(f"finops_nb.{room}"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["visible"] = visible
    environment.filters["named"] = named
    environment.globals["noun"] = noun
    return environment


def _slug(status: str) -> str:
    return str(status).lower().replace(" ", "-")


def _booked(line: Line, fmt: Format) -> str:
    """What the ledger books, if that prints differently from the charge."""
    if line.get("booked") is None:
        return ""
    booked = fmt.money(line["booked"])
    return "" if booked == fmt.money(line["charge"]) else f"booked {booked}"


def _status_history(line: Line, fmt: Format) -> str:
    """The status without the scenario, or the highest threshold that was crossed, and when."""
    before = line.get("status_before")
    if before is not None and before != line["status"]:
        return f"was {before}"
    if line.get("crossed_on") is None:
        return ""
    return crossed_text(line["crossed"], line["crossed_on"], fmt)


def _sparkline(line: Line, fmt: Format) -> Markup | None:
    """The months before, drawn; None if there are none."""
    trend = line.get("trend", ())
    return sparkline(trend, fmt.trend(line["trend_months"], trend)) if len(trend) > 1 else None
