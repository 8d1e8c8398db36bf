"""Workbook: every table of the report as a sheet of real numbers and dates, without formulas."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from itertools import takewhile
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

from finops_nb import schema
from finops_nb.figures.budget_status import Status
from finops_nb.figures.report_data import ReportData
from finops_nb.money import minor_units, rounded
from finops_nb.report.footing import Line
from finops_nb.report.format import Format
from finops_nb.report.prose import Prose
from finops_nb.report.provenance import title
from finops_nb.report.sheet_texts import (
    COLOR_KEY,
    EXTRA_COLUMNS,
    HEAD,
    HISTORY,
    SUMMARY,
    cell_text,
    sheet_name,
)
from finops_nb.report.summary_sheet import summary_sections
from finops_nb.report.table import TEXTS, TOTAL, Table
from finops_nb.schema import Column, Unit

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format as Style
    from xlsxwriter.worksheet import Worksheet

OPTIONS: Final = {
    "in_memory": True,
    # A name of the data stays text, whatever it looks like: "=1+1", "http://…", "007".
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
A4: Final = 9
"""Excel's number for the paper size."""

NARROWEST: Final = 12
WIDEST: Final = 44
"""Characters of a column; longer text wraps within its cell."""

LABEL_WIDTH: Final = 28
TEXT_WIDTH: Final = 90
"""Characters of the summary's two columns."""

LINE_HEIGHT: Final = 15
"""Points of a line of text."""

MOST_LINES: Final = 27
"""Lines of text in a row; Excel's rows have at most 409 points."""

GROUP: Final = "(group)"
"""The key of a block's heading in its lines here; no column of the schema is called so."""

AMOUNTS: Final = ("money", "estimate", "change", "variance", "unit cost")
"""The units of money."""


def workbook_of(data: ReportData, parts: Iterable[Any]) -> bytes:
    """The report as an XLSX file: a summary, then a sheet with all rows of each table.

    Args:
        data: the report data; the file's own date is the manifest's, not the clock's.
        parts: the report's tables and prose, in its order. Prose before the first table is in the
            summary; a table without rows has no sheet.

    Returns:
        The file; the same bytes for the same report.
    """
    from xlsxwriter import Workbook

    parts = list(parts)
    file = io.BytesIO()
    with Workbook(file, OPTIONS) as book:
        made = datetime.fromisoformat(data.manifest.generated).replace(tzinfo=None)
        book.set_properties({"title": cell_text(title(data)), "created": made})
        opening = takewhile(lambda part: isinstance(part, Prose), parts)
        _write_summary(Sheet(book, SUMMARY, data.params.currency), data, opening)
        taken = {SUMMARY.lower(), HISTORY}
        for table in parts:
            if isinstance(table, Table) and not table.is_empty:
                _write_table(Sheet(book, sheet_name(table.name, taken), table.currency), table)
    return file.getvalue()


@cache
def number_format(unit: Unit, currency: str, *, tiny: bool = False, zero: bool = False) -> str:
    """Excel's format code for figures of a unit, as `Format` prints them.

    Args:
        unit: of the figure, or of a day.
        currency: of its money.
        tiny: a unit cost that needs more decimals.
        zero: a figure that prints as zero, which has no sign.

    >>> number_format("money", "USD"), number_format("change", "JPY", zero=True)
    ('"$"#,##0.00;-"$"#,##0.00', '"¥"#,##0;"¥"#,##0')
    """
    decimals = _money_decimals(unit, currency, tiny)
    sign = Format(currency).money(Decimal(0)).partition("0")[0]
    amount = f'"{sign}"#,##0' + ("." + "0" * decimals if decimals else "")
    unsigned: dict[Unit, str] = {"count": "#,##0", "share": "0.0%", "signed share": "0.0%"}
    if zero:
        # Two sections, since a single one has a minus for every negative number. A condition such
        # as [<=-0.005] would leave open whether a program adds another minus.
        return f"{unsigned.get(unit, amount)};{unsigned.get(unit, amount)}"
    codes: dict[Unit, str] = {
        **unsigned,
        "day": "yyyy-mm-dd",
        "date": "yyyy-mm-dd",
        "rank": "0",
        "percent": "0.0%",
        "signed share": "+0.0%;-0.0%;0.0%",
        "calls per money": "[<1]0.00##;#,##0.00",
        "gap": "#,##0.00",
        "quantity": "#,##0.0###########",
        # Semicolons separate the codes for positive, negative and zero.
        "change": f"+{amount};-{amount};{amount}",
    }
    return codes.get(unit, f"{amount};-{amount}")


def _money_decimals(unit: Unit, currency: str, tiny: bool) -> int:
    return minor_units(currency) + (4 if tiny else 2 if unit == "unit cost" else 0)


def _prints_as_zero(unit: Unit, value: Any, currency: str, tiny: bool) -> bool:
    """Whether a figure is not zero, but prints as zero."""
    if not isinstance(value, Decimal) or not value or value >= 1:
        return False
    decimals = {"count": 0, "share": 3, "signed share": 3}.get(unit)
    if unit in AMOUNTS:
        decimals = _money_decimals(unit, currency, tiny)
    return decimals is not None and not rounded(value, decimals)


class Sheet:
    """One sheet, which prints across A4, as wide as the paper.

    Args:
        book: the workbook that gets it.
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
        self.page.set_footer("&L&A&R&P / &N")  # sheet name on the left, page of pages on the right

    def put(self, row: int, column: int, unit: Unit, value: Any, **style: Any) -> None:
        """Write one cell.

        Args:
            row: from 0.
            column: from 0.
            unit: of the value.
            value: None, or an empty text, leaves the cell empty.
            style: properties of an XlsxWriter format.
        """
        if unit == "quantity" and value is not None and value == value.to_integral_value():
            unit = "count"  # its code has no decimal point
        if unit not in TEXTS or isinstance(value, date):
            tiny = unit == "unit cost" and _is_tiny(value, self._currency)
            zero = _prints_as_zero(unit, value, self._currency, tiny)
            style["num_format"] = number_format(unit, self._currency, tiny=tiny, zero=zero)
        cell_style = self._style(style)
        if value is None or value == "":
            self.page.write_blank(row, column, None, cell_style)
        elif isinstance(value, date):
            self.page.write_datetime(row, column, value, cell_style)
        elif unit in TEXTS:
            # Not `write`, which guesses: a name that looks like a formula or link stays a name.
            self.page.write_string(row, column, cell_text(str(value)), cell_style)
        else:
            self.page.write_number(row, column, value, cell_style)

    def width(self, unit: Unit, values: Iterable[Any]) -> int:
        """Characters of the longest value of a column, as it is shown."""
        known = [value for value in values if value is not None]
        texts = {value for value in known if isinstance(value, str)}
        if figures := [value for value in known if not isinstance(value, str)]:
            fmt = Format(self._currency)
            texts |= {fmt.of(unit, value) for value in (min(figures), max(figures))}
        return max(map(_width, texts), default=0)

    def give_room(self, row: int, texts: Iterable[tuple[Any, int]]) -> None:
        """Make a row as high as its wrapped texts, as not every program does by itself.

        Args:
            row: from 0.
            texts: each text with the width of its column; other values need one line.
        """
        lines = max((_line_count(text, width) for text, width in texts), default=1)
        if lines > 1:
            self.page.set_row(row, LINE_HEIGHT * min(lines, MOST_LINES))

    def _style(self, properties: dict[str, Any]) -> Style:
        """One style for all cells that look alike, since Excel limits their number."""
        key = tuple(properties.items())
        if key not in self._styles:
            self._styles[key] = self._book.add_format(properties)
        return self._styles[key]


def _line_count(value: Any, width: int) -> int:
    """The lines of a wrapped text; most texts are short, and wrapping takes a while."""
    if not isinstance(value, str) or len(value) < width:
        return 1
    return len(wrap(value, width - 1))


def _is_tiny(cost: Decimal | None, currency: str) -> bool:
    return cost is not None and 0 < abs(cost) < Decimal(10).scaleb(-minor_units(currency) - 2)


def _width(text: str) -> int:
    """Characters of the longest line; East Asian ones count twice."""
    if text.isascii():
        return max(map(len, text.split("\n")))
    return max(
        sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)
        for line in text.split("\n")
    )


def _write_summary(sheet: Sheet, data: ReportData, opening: Iterable[Prose]) -> None:
    """Write two columns: a label, and its figure or sentence."""
    sheet.put(0, 0, "text", title(data), bold=True, font_size=14)
    row = 1
    for heading, lines in summary_sections(data, opening):
        sheet.put(row + 1, 0, "text", heading, bold=True)
        row += 2
        for label, unit, value in lines:
            sheet.put(row, 0, "text", label, text_wrap=True, valign="top")
            sheet.put(row, 1, unit, value, text_wrap=True, valign="top", align="left")
            sheet.give_room(row, ((label, LABEL_WIDTH), (value, TEXT_WIDTH)))
            row += 1
    sheet.page.set_column(0, 0, LABEL_WIDTH)
    sheet.page.set_column(1, 1, TEXT_WIDTH)


def _write_table(sheet: Sheet, table: Table) -> None:
    """Write the caption, the heads, the lines of all blocks, then their totals."""
    lines = _lines(table)
    columns = [*_group_column(table, lines), *table.columns, *_extra_columns(table.columns, lines)]
    label = next(column for column in table.columns if column.unit in TEXTS)
    totals = [
        {GROUP: block.heading, label.name: TOTAL, **block.total}
        for block in table.blocks
        if block.total is not None
    ]
    every = [*lines, *totals]
    widths = [_column_width(sheet, column, every) for column in columns]
    sheet.put(0, 0, "text", table.caption.removesuffix(COLOR_KEY), bold=True)
    _write_heads(sheet, columns, widths)
    wrapped = [
        (column.name, width)
        for column, width in zip(columns, widths, strict=True)
        if column.unit in TEXTS
    ]
    for row, line in enumerate(lines, HEAD + 1):
        _write_line(sheet, row, columns, line)
        sheet.give_room(row, [(line.get(name), width) for name, width in wrapped])
    for row, line in enumerate(totals, HEAD + 1 + len(lines)):
        _write_line(sheet, row, columns, line, bold=True, top=1)
    sheet.page.freeze_panes(HEAD + 1, columns.index(label) + 1)
    # Totals lie below the filter's range, so that no filter hides them.
    sheet.page.autofilter(HEAD, 0, HEAD + len(lines), len(columns) - 1)
    sheet.page.repeat_rows(0, HEAD)


def _write_heads(sheet: Sheet, columns: Sequence[Column], widths: Sequence[int]) -> None:
    style = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}
    for number, column in enumerate(columns):
        side = "left" if column.unit in TEXTS else "right"
        sheet.put(HEAD, number, "text", column.label, **style, align=side)
        sheet.page.set_column(number, number, widths[number])
    sheet.give_room(HEAD, zip([column.label for column in columns], widths, strict=True))


def _write_line(
    sheet: Sheet, row: int, columns: Iterable[Column], line: Line, **style: Any
) -> None:
    for number, column in enumerate(columns):
        value, wraps = line.get(column.name), column.unit in TEXTS
        sheet.put(row, number, column.unit, value, valign="top", text_wrap=wraps, **style)


def _column_width(sheet: Sheet, column: Column, lines: Sequence[Line]) -> int:
    """Characters for the longest value, and for the head's longest word with a filter button."""
    longest_value = sheet.width(column.unit, (line.get(column.name) for line in lines))
    longest_word = max(map(len, column.label.split()))
    return min(max(longest_value + 2, longest_word + 3, NARROWEST), WIDEST)


def _lines(table: Table) -> list[Line]:
    return [{GROUP: block.heading, **line} for block in table.blocks for line in block.lines]


def _group_column(table: Table, lines: Sequence[Line]) -> list[Column]:
    """A column for the headings of blocks, unless there are none or a column has the same."""
    if all(line[GROUP] is None for line in lines):
        return []
    if any(line[GROUP] != line.get("organization") for line in lines):
        return [Column(GROUP, "Group", "text", "what the lines of a block have in common")]
    if schema.ORGANIZATION in table.columns:
        return []
    return [replace(schema.ORGANIZATION, name=GROUP)]


def _extra_columns(printed: Collection[Column], lines: Collection[Line]) -> list[Column]:
    """The columns of `EXTRA_COLUMNS` that have values and are not printed.

    A column of nothing but NO BUDGET has no value: no budgets are set.
    """
    names = {column.name for column in printed}
    return [
        column
        for column in EXTRA_COLUMNS
        if column.name not in names
        and any(line.get(column.name) not in (None, "", Status.NO_BUDGET) for line in lines)
    ]
