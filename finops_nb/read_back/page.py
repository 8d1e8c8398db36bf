"""A finished page, read from its text: its parts, its tables and every word that it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final, NamedTuple

NOT_TEXT: Final = ("style", "script", "svg")
"""Elements whose content is not read as text."""

Attributes = Mapping[str, str]


class Head(NamedTuple):
    """The head of a column.

    Args:
        label: what a reader sees.
        name: its key in results.json; empty in a table that does not say.
        unit: how its figures are printed.
        adds: its lines add up to its total.
    """

    label: str
    name: str = ""
    unit: str = ""
    adds: bool = False


class PrintedRow(NamedTuple):
    """One row: its kind, as in `report.table.Row`, and the text of its cells."""

    kind: str
    cells: tuple[str, ...]


@dataclass
class PrintedBlock:
    """Rows under one heading; None if the table has none."""

    heading: str | None = None
    rows: list[PrintedRow] = field(default_factory=list)


@dataclass
class PrintedTable:
    """A table as it is printed.

    Args:
        name: its key in results.json.
        caption: above it.
        grid: of a heat map, the keys in results.json that name its rows and its columns.
        heads: of its columns.
        blocks: its rows.
    """

    name: str
    caption: str = ""
    grid: tuple[str, str] | None = None
    heads: list[Head] = field(default_factory=list)
    blocks: list[PrintedBlock] = field(default_factory=list)

    def rows(self, kind: str) -> list[PrintedRow]:
        """All rows of a kind."""
        return [row for block in self.blocks for row in block.rows if row.kind == kind]


@dataclass
class Page:
    """What a page shows.

    Args:
        parts: the text of each table and piece of prose, by its key in results.json.
        tables: by the same key.
        text: all text of the page.
    """

    parts: dict[str, str]
    tables: dict[str, PrintedTable]
    text: str


def read_page(html: str) -> Page:
    """What a page, or a part of one, shows.

    A name that is cut is read whole, from the title it has for readers. Small print beneath the
    figure of a cell is text of the page, but not of the cell.

    Args:
        html: its text.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    parts = {name: words(text) for name, text in reader.parts.items()}
    return Page(parts, reader.tables, words(reader.text))


def words(pieces: list[str] | str) -> str:
    """Text on one line, with one blank between words."""
    return " ".join("".join(pieces).split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.parts: dict[str, list[str]] = {}
        self.tables: dict[str, PrintedTable] = {}
        self.unread = ""
        """The element whose content is left out."""
        self.part, self.part_tag, self.depth = "", "", 0
        self.table: PrintedTable | None = None
        self.row_kind = ""
        self.cells: list[str] = []
        self.cell: list[str] | None = None
        self.head: Attributes = {}
        self.beneath = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.unread:
            return
        values = {name: value or "" for name, value in attrs}
        if tag in NOT_TEXT or (tag == "a" and "anchor-link" in values.get("class", "")):
            self.unread = tag
        elif tag == "bdi" and "title" in values:
            self._add(values["title"])
            self.unread = tag
        elif tag == "small":
            self.beneath = True
        self._open_part(tag, values)
        self._open_table(tag, values)
        if tag not in ("b", "bdi", "code", "em", "span", "strong"):
            self._add(" ")

    def _open_part(self, tag: str, values: Attributes) -> None:
        if self.part:
            self.depth += tag == self.part_tag
        elif "finops" in values.get("class", "").split() and values.get("id"):
            self.part, self.part_tag, self.depth = values["id"], tag, 1
            self.parts.setdefault(self.part, [])

    def _open_table(self, tag: str, values: Attributes) -> None:
        if tag == "table" and self.part and self.part not in self.tables:
            grid = values.get("data-rows", ""), values.get("data-columns", "")
            self.table = PrintedTable(self.part, grid=grid if all(grid) else None)
            self.tables[self.part] = self.table
        if self.table is None:
            return
        if tag == "tbody":
            self.table.blocks.append(PrintedBlock())
        elif tag == "tr":
            self.row_kind, self.cells = values.get("class", ""), []
        elif tag in ("td", "th", "caption"):
            self.cell, self.head = [], values

    def handle_data(self, data: str) -> None:
        if not self.unread:
            self._add(data)

    def handle_endtag(self, tag: str) -> None:
        if self.unread:
            self.unread = "" if tag == self.unread else self.unread
            return
        if tag == "small":
            self.beneath = False
        self._close_table(tag)
        if tag == self.part_tag and self.part:
            self.depth -= 1
            if not self.depth:
                self.part = ""

    def _close_table(self, tag: str) -> None:
        table = self.table
        if table is None:
            return
        if tag == "caption":
            table.caption, self.cell = words(self.cell or []), None
        elif tag in ("td", "th") and self.cell is not None:
            self._close_cell(table, words(self.cell))
        elif tag == "tr" and table.blocks:
            if self.row_kind == "heading":
                table.blocks[-1].heading = "".join(self.cells)
            else:
                table.blocks[-1].rows.append(PrintedRow(self.row_kind, tuple(self.cells)))
        elif tag == "table":
            self.table = None

    def _close_cell(self, table: PrintedTable, text: str) -> None:
        self.cell = None
        if table.blocks:
            self.cells.append(text)
        else:
            head = self.head
            name, unit = head.get("data-column", ""), head.get("data-unit", "")
            table.heads.append(Head(text, name, unit, "data-adds" in head))

    def _add(self, text: str) -> None:
        self.text.append(text)
        if self.part:
            self.parts[self.part].append(text)
        if self.cell is not None and not self.beneath:
            self.cell.append(text)
