"""A mail's body as plain text: the same figures as its HTML, in columns, for readers and programs that show no HTML."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from finops_nb.mail.body import Body, isolated
from finops_nb.report.table import TEXTS, Table

WIDTH: Final = 78
NAME_WIDTH: Final = 12
"""The least width of a table's first column; a name that is wider stands on a line of its own."""

GAP: Final = "  "


def plain_text(body: Body, closing: Sequence[str]) -> str:
    """The body as text.

    Args:
        body: from `body_of`.
        closing: the last sentences, a paragraph each.
    """
    last = (line for said in closing for line in ("", *_wrapped(said)))
    return "\n".join((*_opening(body), *_findings(body), *_tables(body), *last)) + "\n"


def columns(rows: Sequence[Sequence[str]], left: Sequence[bool]) -> list[str]:
    """Rows of cells as lines of aligned columns.

    Args:
        rows: of equal length.
        left: for each column whether it stands to the left.
    """
    widths = [max(_width(row[place]) for row in rows) for place in range(len(left))]
    widths[0] = min(
        widths[0], max(NAME_WIDTH, WIDTH - sum(widths[1:]) - len(GAP) * (len(left) - 1))
    )
    lines = []
    for row in rows:
        first = row[0]
        if _width(first) > widths[0]:
            lines.append(isolated(first))
            first = ""
        cells = [
            _padded(cell, width, to_left)
            for cell, width, to_left in zip((first, *row[1:]), widths, left, strict=True)
        ]
        lines.append(GAP.join(cells).rstrip())
    return lines


def _opening(body: Body) -> Iterator[str]:
    yield from ("ORGANIZATIONAL ALIGNMENT", f"{body.label} ({body.days})")
    for stamp in body.stamps:
        yield from (
            "",
            *_wrapped(
                f"*** {': '.join(filter(None, (stamp.word, stamp.reason)))} *** {stamp.meaning}"
            ),
        )
        if stamp.changes:
            yield from _wrapped(f"Changed: {stamp.changes}.")
    yield from _headed("Executive summary")
    for figure in (*body.summary, *body.figures):
        yield from _wrapped(f"{figure.label}: {figure.value}")
        if figure.detail:
            yield from _wrapped(f"    {figure.detail}", indent="    ")


def _findings(body: Body) -> Iterator[str]:
    if body.findings:
        yield from _headed("What matters most")
    for number, finding in enumerate(body.findings, start=1):
        yield from _wrapped(f"{number}. {finding.title}: {finding.text}", indent="   ")
        if finding.note:
            yield from _wrapped(f"   {finding.note}", indent="   ")


def _tables(body: Body) -> Iterator[str]:
    for table in body.tables:
        yield from _headed(table.caption)
        yield from _cells(table)
        if table.left_out:
            yield from _wrapped(table.left_out)


def _cells(table: Table) -> list[str]:
    heads = [column.label for column in table.columns]
    rows = [[cell.text for cell in row.cells] for row in table.rows(table.blocks[0])]
    return columns([heads, *rows], [column.unit in TEXTS for column in table.columns])


def _headed(text: str) -> tuple[str, ...]:
    return "", text.upper(), "-" * len(text)


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def _padded(text: str, width: int, left: bool) -> str:
    blanks = " " * (width - _width(text))
    return isolated(text) + blanks if left else blanks + text


def _width(text: str) -> int:
    """In columns of a fixed-width font, in which a Chinese character takes two, and an accent or a joiner none."""
    marks = sum(unicodedata.category(each) in ("Mn", "Me", "Cf") for each in text)
    return len(text) - marks + sum(unicodedata.east_asian_width(each) in "WF" for each in text)
