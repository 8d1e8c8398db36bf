"""Reads a published report back: sections, tables and cells, as a person finds them on the page."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import lxml.html
from lxml.html import HtmlElement

from finops_nb.report.prose import Prose
from finops_nb.report.table import Table

REFERENCE = Path(__file__).parent / "reference_figures.csv"
"""Every figure and status in the tables of the reference report, and every amount and percentage in
its prose. The minus sign stands before the dollar; the marks beside variances and statuses are left
out."""


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Args:
        kind: `line`, `other`, `rounding` or `total`.
        group: the heading of its group; empty without groups.
        name: what it is about.
        cells: by column head, without the small texts beneath.
        beneath: the small text beneath a cell, by column head.
    """

    kind: str
    group: str
    name: str
    cells: dict[str, str]
    beneath: dict[str, str]


@dataclass
class Section:
    """The text under one second-level heading, and the table rows by third-level heading."""

    text: str = ""
    rows: dict[str, list[Row]] = field(default_factory=dict)


def page_of(html: Path | str) -> HtmlElement:
    """A page as elements; `html` is a file or the text itself."""
    text = html.read_text(encoding="utf-8") if isinstance(html, Path) else html
    return lxml.html.document_fromstring(
        text.encode("utf-8"), parser=lxml.html.HTMLParser(encoding="utf-8")
    )


def sections_of(page: HtmlElement) -> dict[str, Section]:
    """The sections of a report by heading."""
    sections: dict[str, Section] = {}
    section, heading = Section(), ""
    for element in page.iter("h2", "h3", "table", "p", "li", "img"):
        if element.tag == "h2":
            section, heading = sections.setdefault(_text(element), Section()), ""
            continue
        if element.tag == "h3":
            heading = _text(element)
        elif element.tag == "table":
            section.rows[heading] = list(_rows(element))
        text = element.get("alt", "") if element.tag == "img" else _text(element)
        section.text += f"\n{text}"
    return sections


def text_of(piece: Table | Prose) -> str:
    """What a reader reads in a piece of the report, on one line."""
    html = piece._repr_html_()
    return " ".join(page_of(html).text_content().split()) if html.strip() else ""


def cells_of(table: Table) -> dict[str, dict[str, str]]:
    """The printed cells of a table by the first cell of the row, then by column head."""
    if table.is_empty:
        return {}
    page = page_of(f"<h2>section</h2>{table._repr_html_()}")
    [rows] = sections_of(page)["section"].rows.values()
    return {next(iter(row.cells.values())): row.cells for row in rows}


def reference_figures() -> list[dict[str, str]]:
    """The reference report's figures: `section, subsection, group, line, column, figure`."""
    with REFERENCE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def amount(text: str) -> Decimal | None:
    """The money in a cell such as "-$1,495.06 (-29.9%)"; None where there is none."""
    match = re.match(r"(-?)[^\d\s-]{0,4}\s?([\d,]+\.\d+)", text)
    return Decimal(match[1] + match[2].replace(",", "")) if match else None


def _rows(table: HtmlElement) -> Iterator[Row]:
    heads = [_text(head) for head in table.findall("thead/tr/th")]
    for body in table.findall("tbody"):
        group = ""
        for row in body.findall("tr"):
            if row.get("class") == "heading":
                group = _text(row)
                continue
            cells = [_without_beneath(cell) for cell in row]
            beneath = {
                head: _text(small)
                for head, cell in zip(heads, row, strict=True)
                for small in cell.findall("small")
            }
            name = cells[1] if heads[0] == "Rank" else cells[0]
            yield Row(row.get("class"), group, name, dict(zip(heads, cells, strict=True)), beneath)


def _without_beneath(cell: HtmlElement) -> str:
    return " ".join("".join(cell.xpath(".//text()[not(ancestor::small)]")).split())


def _text(element: HtmlElement) -> str:
    anchorless = element.xpath('.//text()[not(ancestor::a[contains(@class, "anchor-link")])]')
    return " ".join("".join(anchorless).split())
