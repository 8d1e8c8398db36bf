"""Reads a published report back: sections, tables and their cells, as a person finds them on the page."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import lxml.html
from lxml.html import HtmlElement

REFERENCE = Path(__file__).parent / "reference_figures.csv"
"""Each figure cell and status of the reference report's tables, and each amount and percentage of its prose, with the
minus sign before the dollar; the marks beside variances and statuses left out."""


@dataclass(frozen=True)
class Row:
    """One row of a table: `kind` is line, rounding or total; `cells` by column head, without what stands beneath."""

    kind: str
    group: str
    name: str
    cells: dict[str, str]
    beneath: dict[str, str]


@dataclass
class Section:
    """What stands under one second-level heading: its text, and the rows of its tables by third-level heading."""

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
    here, below = Section(), ""
    for element in page.iter("h2", "h3", "table", "p", "li", "img"):
        if element.tag == "h2":
            here, below = sections.setdefault(_text(element), Section()), ""
        elif element.tag == "h3":
            below = _text(element)
        elif element.tag == "table":
            here.rows[below] = list(_rows(element))
        if element.tag != "h2":
            here.text += "\n" + (
                element.get("alt") or "" if element.tag == "img" else _text(element)
            )
    return sections


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
