"""An XLSX file, read from its bytes: its sheets as rows of texts, numbers and empty cells.

openpyxl would take five times as long, and a published file has neither formulas nor shared styles
of dates to look up.
"""

from __future__ import annotations

import io
import re
from decimal import Decimal
from functools import cache
from typing import Final
from xml.etree import ElementTree
from zipfile import ZipFile

MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
ESCAPED: Final = re.compile("_x([0-9A-Fa-f]{4})_")
"""How XLSX writes a character that XML can't hold, and an underscore that looks like one."""

CELL, FORMULA, VALUE = f"{MAIN}c", f"{MAIN}f", f"{MAIN}v"

COLUMN: Final = re.compile("[A-Z]+")
DIGITS: Final = "0123456789"

Cell = str | Decimal | None


class Unreadable(Exception):
    """The file is no whole XLSX file of plain values; its text says why."""


def read_xlsx(data: bytes) -> dict[str, list[list[Cell]]]:
    """The cells of each sheet by its name, from the first row and column on.

    Args:
        data: the file; the checksum of each part of it is checked.

    Raises:
        Unreadable: it is damaged, or a cell holds a formula.
    """
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        book = ElementTree.fromstring(parts["xl/workbook.xml"])
        texts = _shared_texts(parts.get("xl/sharedStrings.xml"))
        names = [str(sheet.get("name")) for sheet in book.iter(f"{MAIN}sheet")]
        return {
            name: _rows(parts[f"xl/worksheets/sheet{number}.xml"], texts)
            for number, name in enumerate(names, 1)
        }
    # zlib, zipfile and the parser each have errors of their own for half a file.
    except Exception as error:
        raise Unreadable(str(error) or type(error).__name__) from error


def _shared_texts(part: bytes | None) -> list[str]:
    """The texts that cells refer to by number."""
    if part is None:
        return []
    root = ElementTree.fromstring(part)
    return [_text_of(item) for item in root.findall(f"{MAIN}si")]


def _text_of(item: ElementTree.Element) -> str:
    text = "".join(each.text or "" for each in item.iter(f"{MAIN}t"))
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def _rows(part: bytes, texts: list[str]) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for row in ElementTree.fromstring(part).iter(f"{MAIN}row"):
        rows += [[] for _ in range(int(row.get("r", 0)) - len(rows))]
        cells = rows[-1]
        for cell in row.iterfind(CELL):
            reference = str(cell.get("r"))
            place = _place(reference.rstrip(DIGITS))
            if place > len(cells):
                cells += [None] * (place - len(cells))
            value = _value(cell, texts)
            if place == len(cells):
                cells.append(value)
            else:
                cells[place] = value
    return rows


@cache
def _place(column: str) -> int:
    """The number of a column, from 0: 27 for "AB"."""
    if COLUMN.fullmatch(column) is None:
        raise Unreadable(f"{column} is no column")
    place = 0
    for letter in column:
        place = 26 * place + ord(letter) - ord("A") + 1
    return place - 1


def _value(cell: ElementTree.Element, texts: list[str]) -> Cell:
    kind, value = cell.get("t"), None
    for part in cell:
        if part.tag == FORMULA:
            raise Unreadable(f"the cell {cell.get('r')} holds a formula")
        if part.tag == VALUE:
            value = part.text
    if kind == "inlineStr":
        return _text_of(cell)
    if value is None:
        return None
    return texts[int(value)] if kind == "s" else Decimal(value)
