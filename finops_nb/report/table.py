"""A presentation table is a value: its columns, its lines, and the foot that makes the printed lines add up."""

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
from finops_nb.report.format import Format, html_sentence, named, noun, visible
from finops_nb.report.sparkline import sparkline
from finops_nb.report.top_n import Keep, top_groups, top_n, urgent
from finops_nb.schema import Column

Line = Mapping[str, Any]

BUDGET_SCALE: Final = Decimal("1.5")
"""The share of a budget that fills a cell with its bar."""
ABOUT: Final = {"owner": "owner", "cost_centre": "cost centre"}
"""What stands beneath a name, and what it is called there."""
TEXTS: Final = ("text", "status", "day", "date")


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
        classes: of its element.
        beneath: smaller text under it.
        bar: how long the bar in it is, in percent of the cell's width; None: no bar.
        drawing: a sparkline under it.
    """

    text: str
    classes: str
    beneath: tuple[str, ...] = ()
    bar: Decimal | None = None
    drawing: Markup | None = None


def bar(used: Decimal, scale: Decimal = BUDGET_SCALE) -> Decimal:
    """How long the bar of a fraction is, in percent of its place; `scale` is the fraction that fills it."""
    return rounded(min(max(used, ZERO), scale) / scale * 100, 1)


def bar_of(column: Column, line: Line) -> Decimal | None:
    """The length of the bar in a cell; None of a column that holds no share."""
    value = line.get(column.name)
    if column.unit != "share" or value is None:
        return None
    return bar(value) if column is schema.BUDGET_USED else bar(value, Decimal(1))


def classes(column: Column, line: Line) -> str:
    """The classes of a cell: text or number, and the status that colours it."""
    kind = "text" if column.unit in TEXTS else "number"
    status = line.get(column.name if column.unit == "status" else "status")
    if column is schema.BUDGET_USED and status:
        return f"{kind} used-{_slug(status)}"
    if column.unit != "status" and (column.name != "variance" or line.get("variance") is None):
        return kind
    return f"{kind} {_slug(status)}" if status else kind


def _slug(status: str) -> str:
    return str(status).lower().replace(" ", "-")


def beneath(column: Column, line: Line, fmt: Format, names: bool) -> tuple[str, ...]:
    """What stands beneath a cell: what is booked, the status before, the last alert, owner, cost centre and commentary.

    Args:
        column: of the cell.
        line: of the cell.
        fmt: for the figures.
        names: the column says whom the line is about.
    """
    if (
        column.name == "charge"
        and line.get("booked") is not None
        and fmt.money(line["booked"]) != fmt.money(line["charge"])
    ):
        return (f"booked {fmt.money(line['booked'])}",)
    if column.name == "status" and line.get("status_before") not in (None, line["status"]):
        return (f"was {line['status_before']}",)
    if column.name == "status" and line.get("crossed_on") is not None:
        return (f"{fmt.percent(line['crossed'])} crossed on {fmt.of('date', line['crossed_on'])}",)
    if not names:
        return ()
    about = [f"{what}: {line[name]}" for name, what in ABOUT.items() if line.get(name)]
    return (*about, *([line["note"]] if line.get("note") else []))


ROUNDING: Final = "Rounding"
TOTAL: Final = "Total"
MONEY: Final = ("money", "change", "variance")


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that add up to a total of their own; a table has one, or one for each group.

    Args:
        lines: raw values by column name; more than the columns print.
        total: raw values of the total line; None where the lines have none.
        heading: what the lines have in common; None where the table is one block.
        kind: what the lines are printed as: `line`, or `other` where each stands for a whole group and lacks columns.
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
        caption: what it shows, as a sentence.
        columns: what is printed, left to right; the first names the line.
        blocks: the lines.
        currency: of its money.
        title: a heading of its own, for a table that is there only where it has lines.
        intro: sentences between the title and the table.
        empty: what is said where it has no lines; nothing at all is shown then if this is empty.
        shown: how many lines of a block are printed; where there are more, the others are added up in one called
            "other", and groups past the twelve largest in one group. `blocks`, `records` and the XLSX always have all.
        keep: which lines are printed then.
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
        """It has no lines, and so no table is drawn."""
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
        """The blocks as they are printed: the smallest groups of many are one."""
        if self.shown is None:
            return self.blocks
        kept, rest = top_groups(self.blocks, self.columns, self._label.name)
        sums = (
            {
                name: total(line[name] or ZERO for line in rest)
                for name in rest[0]
                if name != self._label.name
            }
            if rest
            else {}
        )
        return (
            (*kept, Block(rest, sums, f"other ({len(rest):,})", "other")) if rest else tuple(kept)
        )

    @property
    def left_out(self) -> str:
        """A sentence on lines that are not printed one by one; empty where all are."""
        if self.shown is None or (
            len(self.printed) == len(self.blocks)
            and all(len(each.lines) <= self.shown for each in self.blocks)
        ):
            return ""
        lines = [line for block in self.blocks for line in block.lines]
        every, pressing = noun(len(lines), "line"), sum(map(urgent, lines))
        if self.keep != "largest":
            which = f"The {'first and last' if self.keep == 'ends' else 'first'} lines of {len(lines):,}"
        elif any(sum(map(urgent, block.lines)) >= self.shown for block in self.blocks):
            which = f"The largest of {noun(pressing, 'line')} that are OVER or AT RISK, of {len(lines):,} in all"
        else:
            which = f"The largest of {every}" + (
                " and all that are OVER or AT RISK" if pressing else ""
            )
        added = "added up" if any(column.additive for column in self.columns) else "counted"
        return f"{which}; the others are {added}. Every line is in {WORKBOOK}."

    def rows(self, block: Block) -> list[Row]:
        """The printed rows of a block: its lines, a "Rounding" row where the printed lines miss the printed total, the total.

        Raises:
            Failure: the exact lines miss the exact total; no rounding may cover that.
        """
        cut = top_n(
            block.lines, self.columns, self._label.name, self.shown or len(block.lines), self.keep
        )
        rows = [
            self._row("other" if line is cut.other else block.kind, line) for line in cut.printed
        ]
        if block.total is not None:
            rounding = self._rounding(block, cut.printed)
            rows += (
                [self._row("rounding", {self._label.name: ROUNDING, **rounding})]
                if rounding
                else []
            )
            rows += [self._row("total", {self._label.name: TOTAL, **block.total})]
        return rows

    def _rounding(self, block: Block, lines: Sequence[Line]) -> dict[str, Decimal]:
        assert block.total is not None
        differences = {}
        for column in self.columns:
            whole = block.total.get(column.name)
            if column.unit in (*MONEY, "count") and column.additive and whole is not None:
                amounts = [
                    Decimal(line[column.name]) for line in lines if line[column.name] is not None
                ]
                if total(amounts) != whole:
                    sums = f"{plain(total(amounts))}, its total is {plain(whole)}"
                    raise Failure(
                        f"The table {self.name} does not foot: {column.label} adds up to {sums}."
                    )
                decimals = 0 if column.unit == "count" else minor_units(self.currency)
                differences[column.name] = rounding_difference(amounts, Decimal(whole), decimals)
        return {name: difference for name, difference in differences.items() if difference}

    def _row(self, kind: str, line: Line) -> Row:
        return Row(kind, tuple(self._cell(kind, column, line) for column in self.columns))

    def _cell(self, kind: str, column: Column, line: Line) -> Cell:
        fmt = Format(self.currency)
        if kind != "line" and (column.name not in line or column is self._label):
            return Cell(line.get(column.name, ""), classes(column, {}))
        text = (
            fmt.variance(line["variance"], line.get("variance_ratio"))
            if column.unit == "variance"
            else fmt.of(column.unit, line[column.name])
        )
        named = schema.NAME if schema.NAME in self.columns else self._label
        small = beneath(column, line, fmt, column is named)
        trend = line.get("trend", ()) if column is schema.COST else ()
        drawing = (
            sparkline(trend, fmt.trend(line["trend_months"], trend)) if len(trend) > 1 else None
        )
        length = bar_of(column, line) if kind == "line" or column is schema.BUDGET_USED else None
        return Cell(text, classes(column, line), small, length, drawing)

    @property
    def named(self) -> int:
        """Where the column that names a line stands, from 0: it heads the row."""
        return self.columns.index(self._label)

    @property
    def _label(self) -> Column:
        """The column that names a line."""
        return next(column for column in self.columns if column.unit in TEXTS)

    def __repr__(self) -> str:
        return f"<table {self.name}: {self.caption}>"

    def _repr_html_(self) -> str:
        intro = [html_sentence(said, Format(self.currency)) for said in self.intro]
        return (
            templates()
            .get_template("table.html.j2")
            .render(table=self, intro=intro, texts=TEXTS, wide=len(self.columns))
        )


def scalar(value: Any) -> Any:
    """A value as JSON holds it."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [scalar(each) for each in value]
    return str(value) if isinstance(value, StrEnum) else value


@cache
def templates(room: str = "report") -> jinja2.Environment:
    """The templates of a room.

    Every value they print is escaped, so this is the one exit for names of the data.

    Args:
        room: the folder of the package whose `templates/` are meant.
    """
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader(f"finops_nb.{room}"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    templates.filters["visible"] = visible
    templates.filters["named"] = named
    templates.globals["noun"] = noun
    return templates
