"""Spreadsheet: every table of the report as a sheet of real numbers and dates, with nothing in it that is computed or linked."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from itertools import takewhile
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

from finops_nb import schema
from finops_nb.figures.report_data import ReportData
from finops_nb.money import minor_units
from finops_nb.report.format import Format, writable
from finops_nb.report.prose import Prose
from finops_nb.report.provenance import stamps, title
from finops_nb.report.table import TEXTS, TOTAL, Line, Table
from finops_nb.schema import Column, Unit

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format as Style
    from xlsxwriter.worksheet import Worksheet

NAME_LENGTH: Final = 31
CELL_LENGTH: Final = 32_767
"""Characters of 16 bits that Excel takes in a cell."""

A4: Final = 9


class Sheet:
    """One sheet, which prints on A4 across, as wide as the paper.

    Args:
        book: that gets it.
        name: from `sheet_name`.
        currency: of its money.
    """

    def __init__(self, book: Workbook, name: str, currency: str):
        self.page: Worksheet = book.add_worksheet(name)
        self._book, self._currency = book, currency
        self._styles: dict[tuple[Any, ...], Style] = {}
        self.page.set_landscape()
        self.page.set_paper(A4)
        self.page.fit_to_pages(1, 0)
        self.page.set_footer("&L&A&R&P / &N")

    def put(self, row: int, column: int, unit: Unit, value: Any, **style: Any) -> None:
        """Write one cell.

        Args:
            row: from 0.
            column: from 0.
            unit: of the value.
            value: None, or empty text, leaves the cell empty.
            style: properties of an XlsxWriter format.
        """
        if unit not in TEXTS or isinstance(value, date):
            style["num_format"] = number_format(
                unit, self._currency, tiny=unit == "unit cost" and _is_tiny(value, self._currency)
            )
        look = self._style(style)
        if value is None or value == "":
            self.page.write_blank(row, column, None, look)
        elif isinstance(value, date):
            self.page.write_datetime(row, column, value, look)
        elif unit in TEXTS:
            self.page.write_string(row, column, held(str(value)), look)
        else:
            self.page.write_number(row, column, value, look)

    def width(self, unit: Unit, values: Iterable[Any]) -> int:
        """Of the longest value of a column as it is shown, in characters."""
        known = [value for value in values if value is not None]
        figures = [value for value in known if not isinstance(value, str)]
        texts = {value for value in known if isinstance(value, str)}
        texts |= (
            {Format(self._currency).of(unit, value) for value in (min(figures), max(figures))}
            if figures
            else set()
        )
        return max(map(_width, texts), default=0)

    def _style(self, properties: dict[str, Any]) -> Style:
        known = tuple(properties.items())
        if known not in self._styles:
            self._styles[known] = self._book.add_format(properties)
        return self._styles[known]


def sheet_name(name: str, taken: set[str]) -> str:
    """What the sheet of a table is called by Excel's rules; it is added, in lower case, to those that are taken.

    >>> sheet_name("cost_by_product", {"cost by product"})
    'Cost by product (2)'
    """
    plain = re.sub(r"[\[\]:*?/\\'\s_]+", " ", name).strip().capitalize()
    plain = (
        plain if len(plain) <= NAME_LENGTH else plain[: NAME_LENGTH + 1].rpartition(" ")[0] or plain
    )
    marks = ("", *(f" ({number})" for number in range(2, len(taken) + 3)))
    candidates = (plain[: NAME_LENGTH - len(mark)] + mark for mark in marks)
    found = next(each for each in candidates if each.lower() not in taken)
    taken.add(found.lower())
    return found


@cache
def number_format(unit: Unit, currency: str, *, tiny: bool = False) -> str:
    """Excel's code for figures of a unit, as `Format` prints them.

    Args:
        unit: of the figure, or of a day.
        currency: of its money.
        tiny: it is a cost of a unit that needs more decimals.
    """
    decimals = minor_units(currency) + (4 if tiny else 2 if unit == "unit cost" else 0)
    sign = Format(currency).money(Decimal(0)).partition("0")[0]
    amount = f'"{sign}"#,##0' + ("." + "0" * decimals if decimals else "")
    codes: dict[Unit, str] = {
        "day": "yyyy-mm-dd",
        "date": "yyyy-mm-dd",
        "rank": "0",
        "count": "#,##0",
        "share": "0.0%",
        "percent": "0.0%",
        "signed share": "+0.0%;-0.0%;0.0%",
        "calls per money": "[<1]0.00##;#,##0.00",
        "gap": "#,##0.00",
        "change": f"+{amount};-{amount};{amount}",
    }
    return codes.get(unit, f"{amount};-{amount}")


def held(text: str) -> str:
    """`text` as a cell can hold it; where it is cut, it ends in an ellipsis."""
    shown = writable(text)
    units = shown.encode("utf-16-le")
    return (
        shown
        if len(units) <= 2 * CELL_LENGTH
        else units[: 2 * (CELL_LENGTH - 1)].decode("utf-16-le", "ignore") + "…"
    )


def _is_tiny(cost: Decimal | None, currency: str) -> bool:
    return cost is not None and 0 < abs(cost) < Decimal(10).scaleb(-minor_units(currency) - 2)


def _width(text: str) -> int:
    """Characters of the longest line, of which the East Asian are two wide."""
    return max(
        sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)
        for line in text.split("\n")
    )


OPTIONS: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
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

UNITS: Final[Mapping[str, Unit]] = {
    each.name: each.unit for each in vars(schema).values() if isinstance(each, Column)
}
NOTES: Final = (
    "Amounts are unrounded and only shown rounded: lines add up to their totals, though what is shown may seem a cent off.",
    "A cell holds 15 digits; results.json has all of them. An empty cell is what the report prints as n/a.",
)

SENTENCE: Final = ("title", "text", "figure", "label", "value", "detail")
"""What a line of prose says in words."""

SheetEntry = tuple[str, Unit, Any]
"""A line of the summary: what, the unit, and the figure or the sentence."""


def workbook_of(data: ReportData, parts: Iterable[Any]) -> bytes:
    """The report as an XLSX file: a summary, then a sheet for each table that has lines, with all of them.

    Args:
        parts: the report's tables and prose in its order; the prose that stands before the first table is in the summary.
        usage: for the stamps.
        params: for the period and the currency.
        manifest: for the stamps and the key, and the time at which the file says it was made.

    Returns:
        The file; the same bytes for the same report.
    """
    from xlsxwriter import Workbook

    parts = list(parts)
    file = io.BytesIO()
    with Workbook(file, OPTIONS) as book:
        called = title(data)
        made = datetime.fromisoformat(data.manifest.generated).replace(tzinfo=None)
        book.set_properties({"title": held(called), "created": made})
        prose = takewhile(lambda part: isinstance(part, Prose), parts)
        _summarize(Sheet(book, SUMMARY, data.params.currency), called, _facts(data), prose)
        taken = {SUMMARY.lower(), "history"}  # the latter name is Excel's own
        for table in parts:
            if isinstance(table, Table) and not table.is_empty:
                _tabulate(Sheet(book, sheet_name(table.name, taken), table.currency), table)
    return file.getvalue()


def _summarize(
    sheet: Sheet, called: str, facts: Iterable[SheetEntry], prose: Iterable[Prose]
) -> None:
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


def _facts(data: ReportData) -> Iterator[SheetEntry]:
    """What the report is of."""
    yield from ((stamp, "text", meaning) for stamp, meaning in stamps(data))
    yield "Period", "text", data.params.window.label
    yield "First day", "day", data.params.window.start
    yield "Last day", "day", data.params.window.last_day
    yield "Currency", "text", data.params.currency
    yield "Generated", "text", data.manifest.generated
    yield "Key", "text", data.manifest.key


def _figures(prose: Prose) -> Iterator[SheetEntry]:
    """The sentences of a piece of prose, each with its figures below it; or its figures, where it has none."""
    for line in prose.lines:
        if "text" in line:
            yield line.get("title", ""), "text", line["text"]
        elif "detail" in line:
            yield line["label"], "text", f"{line['value']}, {line['detail']}"
        figures = {
            name: value
            for name, value in line.items()
            if name not in SENTENCE and isinstance(value, (Decimal, int, str, date))
        }
        yield from (
            (_label(name), _unit(name, value), value)
            for name, value in figures.items()
            if value != ""
        )


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
    totals = [
        {GROUP: block.heading, label.name: TOTAL, **block.total}
        for block in table.blocks
        if block.total is not None
    ]
    widths = [_width_of(sheet, column, [*lines, *totals]) for column in columns]
    sheet.put(0, 0, "text", table.caption, bold=True)
    for number, column in enumerate(columns):
        side = "left" if column.unit in TEXTS else "right"
        sheet.put(
            HEAD,
            number,
            "text",
            column.label,
            bold=True,
            bottom=1,
            text_wrap=True,
            valign="top",
            align=side,
        )
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
    return min(
        max(longest + 2, *(len(word) + 3 for word in column.label.split()), NARROWEST), WIDEST
    )


def _give_room(sheet: Sheet, row: int, texts: Iterable[tuple[Any, int]]) -> None:
    """Make a row as high as its texts are when they are wrapped: not every program does that by itself.

    Args:
        sheet: that has the row.
        row: from 0.
        texts: what is wrapped, and the width of its column; anything but text needs one line.
    """
    lines = max(
        (len(wrap(text, width - 1) or [""]) for text, width in texts if isinstance(text, str)),
        default=1,
    )
    if lines > 1:
        sheet.page.set_row(row, LINE * min(lines, MOST_LINES))


def _write(sheet: Sheet, row: int, columns: Iterable[Column], line: Line, **style: Any) -> None:
    for number, column in enumerate(columns):
        sheet.put(
            row,
            number,
            column.unit,
            line.get(column.name),
            valign="top",
            text_wrap=column.unit in TEXTS,
            **style,
        )


def _lines(table: Table) -> list[Line]:
    return [{GROUP: block.heading, **line} for block in table.blocks for line in block.lines]


def _group(table: Table) -> list[Column]:
    """A column for what the lines of a block have in common, where blocks have headings and no column says the same."""
    lines = _lines(table)
    if all(line[GROUP] is None for line in lines):
        return []
    if any(line[GROUP] != line.get("organization") for line in lines):
        return [Column(GROUP, "Group", "text", "what the lines of a block have in common")]
    return (
        [] if schema.ORGANIZATION in table.columns else [replace(schema.ORGANIZATION, name=GROUP)]
    )


def _beside(printed: Collection[Column], lines: Collection[Line]) -> list[Column]:
    """Those of `BESIDE` that the lines have and no printed column shows."""
    names = {column.name for column in printed}
    return [
        column
        for column in BESIDE
        if column.name not in names
        and any(line.get(column.name) not in (None, "") for line in lines)
    ]
