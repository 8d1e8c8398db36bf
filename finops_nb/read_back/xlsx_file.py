"""An XLSX file, read from its bytes: its sheets as rows of texts, numbers and empty cells.

openpyxl would take five times as long, and a published file has neither formulas nor shared styles
of dates to look up.
"""

from __future__ import annotations

import io
import re
from decimal import Decimal
from typing import Final
from xml.etree import ElementTree
from zipfile import ZipFile

MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
ESCAPED: Final = re.compile("_x([0-9A-Fa-f]{4})_")
"""How XLSX writes a character that XML can't hold, and an underscore that looks like one."""

PLACE: Final = re.compile(r"([A-Z]+)\d+")

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
        while len(rows) < int(row.get("r", 0)):
            rows.append([])
        for cell in row.findall(f"{MAIN}c"):
            if cell.find(f"{MAIN}f") is not None:
                raise Unreadable(f"the cell {cell.get('r')} holds a formula")
            place = _place(str(cell.get("r")))
            rows[-1] += [None] * (place + 1 - len(rows[-1]))
            rows[-1][place] = _value(cell, texts)
    return rows


def _place(reference: str) -> int:
    """The number of a cell's column, from 0: 27 for "AB3"."""
    match = PLACE.fullmatch(reference)
    if match is None:
        raise Unreadable(f"{reference} is no cell")
    place = 0
    for letter in match[1]:
        place = 26 * place + ord(letter) - ord("A") + 1
    return place - 1


def _value(cell: ElementTree.Element, texts: list[str]) -> Cell:
    value = cell.findtext(f"{MAIN}v")
    if cell.get("t") == "inlineStr":
        return _text_of(cell)
    if value is None:
        return None
    return texts[int(value)] if cell.get("t") == "s" else Decimal(value)
