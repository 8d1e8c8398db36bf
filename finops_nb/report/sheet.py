"""A sheet of a workbook while it is written: text stays text, figures are numbers with Excel's code for how they are shown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from finops_nb.report.cell import TEXTS
from finops_nb.report.format import Format, writable
from finops_nb.money import minor_units
from finops_nb.schema import Unit

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
            style["num_format"] = number_format(unit, self._currency, tiny=unit == "unit cost" and _is_tiny(value, self._currency))
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
        texts |= {Format(self._currency).of(unit, value) for value in (min(figures), max(figures))} if figures else set()
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
    plain = plain if len(plain) <= NAME_LENGTH else plain[: NAME_LENGTH + 1].rpartition(" ")[0] or plain
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
    return shown if len(units) <= 2 * CELL_LENGTH else units[: 2 * (CELL_LENGTH - 1)].decode("utf-16-le", "ignore") + "…"


def _is_tiny(cost: Decimal | None, currency: str) -> bool:
    return cost is not None and 0 < abs(cost) < Decimal(10).scaleb(-minor_units(currency) - 2)


def _width(text: str) -> int:
    """Characters of the longest line, of which the East Asian are two wide."""
    return max(sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line) for line in text.split("\n"))
