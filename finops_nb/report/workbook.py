"""Spreadsheet: every table of the report as a sheet of real numbers and dates, with nothing in it that is computed or linked."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from itertools import takewhile
from textwrap import wrap
from typing import Any, Final

from finops_nb import schema
from finops_nb.report.cell import Line, TEXTS
from finops_nb.outputs.manifest import Edition
from finops_nb.report.narrative import Prose
from finops_nb.params.model import Params
from finops_nb.schema import Column, Unit
from finops_nb.report.sheet import Sheet, held, sheet_name
from finops_nb.report.stamps import stamps, title
from finops_nb.report.table import TOTAL, Table
from finops_nb.usage.model import Usage

OPTIONS: Final = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
SUMMARY: Final = "Summary"
HEAD: Final = 1
"""The row of a sheet, from 0, that holds the heads; the caption stands above it."""

NARROWEST: Final = 12
WIDEST: Final = 44
"""Characters of a column; longer text goes on in the next line of its cell."""

GROUP: Final = "(group)"
"""The key of a block's heading in its lines here; no column of the schema is called so."""

BESIDE: Final = (
    Column("variance_ratio", "Variance %", "signed share", "variance ÷ budget"),
    schema.STATUS,
    Column("status_before", "Status Before", "status", "the status without the scenario"),
    Column("crossed", "Threshold Crossed", "share", "the last alert threshold that was crossed"),
    Column("crossed_on", "Crossed On", "day", "the day on which it was crossed"),
    Column("booked", "Booked", "money", "the charge as the ledger books it"),
    Column("owner", "Owner", "text", "who answers for the budget"),
    Column("cost_centre", "Cost Centre", "text", "where its cost is booked"),
    Column("note", "Note", "text", "the commentary on the name"),
)
"""What the report prints in small beneath a figure, or not at all, and a sheet as columns, where lines have it."""

LABELS: Final = 28
SENTENCES: Final = 90
"""Widths of the summary's columns, in characters."""
LINE: Final = 15
"""Points of a line of text."""
MOST_LINES: Final = 27
"""Excel has rows of at most 409 points."""

UNITS: Final[Mapping[str, Unit]] = {each.name: each.unit for each in vars(schema).values() if isinstance(each, Column)}
NOTES: Final = (
    "Amounts are unrounded and only shown rounded: lines add up to their totals, though what is shown may seem a cent off.",
    "A cell holds 15 digits; results.json has all of them. An empty cell is what the report prints as n/a.",
)

SENTENCE: Final = ("title", "text", "figure", "label", "value", "detail")
"""What a line of prose says in words."""

Entry = tuple[str, Unit, Any]
"""A line of the summary: what, the unit, and the figure or the sentence."""


def workbook_of(parts: Iterable[Any], usage: Usage, params: Params, edition: Edition) -> bytes:
    """The report as an XLSX file: a summary, then a sheet for each table that has lines, with all of them.

    Args:
        parts: the report's tables and prose in its order; the prose that stands before the first table is in the summary.
        usage: for the stamps.
        params: for the period and the currency.
        edition: for the stamps and the key, and the time at which the file says it was made.

    Returns:
        The file; the same bytes for the same report.
    """
    from xlsxwriter import Workbook

    parts = list(parts)
    file = io.BytesIO()
    with Workbook(file, OPTIONS) as book:
        called = title(usage, params, edition)
        made = datetime.fromisoformat(edition.generated).replace(tzinfo=None)
        book.set_properties({"title": held(called), "created": made})
        prose = takewhile(lambda part: isinstance(part, Prose), parts)
        _summarize(Sheet(book, SUMMARY, params.currency), called, _facts(usage, params, edition), prose)
        taken = {SUMMARY.lower(), "history"}  # the latter name is Excel's own
        for table in parts:
            if isinstance(table, Table) and not table.is_empty:
                _tabulate(Sheet(book, sheet_name(table.name, taken), table.currency), table)
    return file.getvalue()


def _summarize(sheet: Sheet, called: str, facts: Iterable[Entry], prose: Iterable[Prose]) -> None:
    """Write two columns: what, and its figure or sentence."""
    sections = [("", facts), *((_label(part.name), _figures(part)) for part in prose if part.lines)]
    sections += [("About this file", (("", "text", note) for note in NOTES))]
    sheet.put(0, 0, "text", called, bold=True, font_size=14)
    row = 1
    for heading, entries in sections:
        sheet.put(row + 1, 0, "text", heading, bold=True)
        row += 2
        for label, unit, value in entries:
            sheet.put(row, 0, "text", label, text_wrap=True, valign="top")
            sheet.put(row, 1, unit, value, text_wrap=True, valign="top", align="left")
            _give_room(sheet, row, ((label, LABELS), (value, SENTENCES)))
            row += 1
    sheet.page.set_column(0, 0, LABELS)
    sheet.page.set_column(1, 1, SENTENCES)


def _facts(usage: Usage, params: Params, edition: Edition) -> Iterator[Entry]:
    """What the report is of."""
    yield from ((stamp, "text", meaning) for stamp, meaning in stamps(usage, params, edition))
    yield "Period", "text", params.window.label
    yield "First day", "day", params.window.start
    yield "Last day", "day", params.window.last_day
    yield "Currency", "text", params.currency
    yield "Generated", "text", edition.generated
    yield "Key", "text", edition.key


def _figures(prose: Prose) -> Iterator[Entry]:
    """The sentences of a piece of prose, each with its figures below it; or its figures, where it has none."""
    for line in prose.lines:
        if "text" in line:
            yield line.get("title", ""), "text", line["text"]
        elif "detail" in line:
            yield line["label"], "text", f"{line['value']}, {line['detail']}"
        figures = {name: value for name, value in line.items() if name not in SENTENCE and isinstance(value, (Decimal, int, str, date))}
        yield from ((_label(name), _unit(name, value), value) for name, value in figures.items() if value != "")


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _unit(name: str, value: Any) -> Unit:
    """Of a figure in prose, which has no column."""
    if isinstance(value, Decimal):
        return UNITS.get(name, "signed share" if name.endswith("_ratio") else "money")
    return "day" if isinstance(value, date) else "count" if isinstance(value, int) else "text"


def _tabulate(sheet: Sheet, table: Table) -> None:
    """Write the caption, the heads, the lines of all blocks, then their totals, which no filter hides."""
    lines = _lines(table)
    columns = [*_group(table), *table.columns, *_beside(table.columns, lines)]
    label = next(column for column in table.columns if column.unit in TEXTS)
    totals = [{GROUP: block.heading, label.name: TOTAL, **block.total} for block in table.blocks if block.total is not None]
    widths = [_width_of(sheet, column, [*lines, *totals]) for column in columns]
    sheet.put(0, 0, "text", table.caption, bold=True)
    for number, column in enumerate(columns):
        side = "left" if column.unit in TEXTS else "right"
        sheet.put(HEAD, number, "text", column.label, bold=True, bottom=1, text_wrap=True, valign="top", align=side)
        sheet.page.set_column(number, number, widths[number])
    _give_room(sheet, HEAD, zip([column.label for column in columns], widths, strict=True))
    for row, line in enumerate(lines, HEAD + 1):
        _write(sheet, row, columns, line)
        texts = [line.get(column.name) if column.unit in TEXTS else None for column in columns]
        _give_room(sheet, row, zip(texts, widths, strict=True))
    for row, line in enumerate(totals, HEAD + 1 + len(lines)):
        _write(sheet, row, columns, line, bold=True, top=1)
    sheet.page.freeze_panes(HEAD + 1, columns.index(label) + 1)
    sheet.page.autofilter(HEAD, 0, HEAD + len(lines), len(columns) - 1)
    sheet.page.repeat_rows(0, HEAD)


def _width_of(sheet: Sheet, column: Column, lines: Sequence[Line]) -> int:
    """Characters for the longest value and for the longest word of the head, with room for the filter's button."""
    longest = sheet.width(column.unit, (line.get(column.name) for line in lines))
    return min(max(longest + 2, *(len(word) + 3 for word in column.label.split()), NARROWEST), WIDEST)


def _give_room(sheet: Sheet, row: int, texts: Iterable[tuple[Any, int]]) -> None:
    """Make a row as high as its texts are when they are wrapped: not every program does that by itself.

    Args:
        sheet: that has the row.
        row: from 0.
        texts: what is wrapped, and the width of its column; anything but text needs one line.
    """
    lines = max((len(wrap(text, width - 1) or [""]) for text, width in texts if isinstance(text, str)), default=1)
    if lines > 1:
        sheet.page.set_row(row, LINE * min(lines, MOST_LINES))


def _write(sheet: Sheet, row: int, columns: Iterable[Column], line: Line, **style: Any) -> None:
    for number, column in enumerate(columns):
        sheet.put(row, number, column.unit, line.get(column.name), valign="top", text_wrap=column.unit in TEXTS, **style)


def _lines(table: Table) -> list[Line]:
    return [{GROUP: block.heading, **line} for block in table.blocks for line in block.lines]


def _group(table: Table) -> list[Column]:
    """A column for what the lines of a block have in common, where blocks have headings and no column says the same."""
    lines = _lines(table)
    if all(line[GROUP] is None for line in lines):
        return []
    if any(line[GROUP] != line.get("organization") for line in lines):
        return [Column(GROUP, "Group", "text", "what the lines of a block have in common")]
    return [] if schema.ORGANIZATION in table.columns else [replace(schema.ORGANIZATION, name=GROUP)]


def _beside(printed: Collection[Column], lines: Collection[Line]) -> list[Column]:
    """Those of `BESIDE` that the lines have and no printed column shows."""
    names = {column.name for column in printed}
    return [column for column in BESIDE if column.name not in names and any(line.get(column.name) not in (None, "") for line in lines)]
