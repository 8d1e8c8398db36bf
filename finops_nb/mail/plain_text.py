"""A mail's body as plain text: the figures of the HTML, in columns, for programs that show none."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from finops_nb.mail.body import Body, MailStamp, isolated
from finops_nb.outputs.artifacts import REPORT_NAME
from finops_nb.report.table import TEXTS, Table

WIDTH: Final = 78
"""Characters of a line; RFC 5322 recommends no more."""

NAME_WIDTH: Final = 12
"""The least width of a table's first column; a wider name stands on a line of its own."""

GAP: Final = "  "


def plain_text(body: Body, closing: Sequence[str]) -> str:
    """The body as text.

    Args:
        body: from `body_of`.
        closing: the last sentences, a paragraph each.
    """
    last = (line for text in closing for line in ("", *_wrapped(text)))
    return "\n".join((*_opening(body), *_findings(body), *_tables(body), *last)) + "\n"


def columns(rows: Sequence[Sequence[str]], left: Sequence[bool]) -> list[str]:
    """Rows of cells as lines of aligned columns.

    Args:
        rows: of equal length.
        left: whether a column is aligned to the left, for each column.

    Example:
        columns([["Name", "Actual"], ["org-a", "$1.00"]], [True, False])
    """
    widths = [max(_width(row[place]) for row in rows) for place in range(len(left))]
    room = WIDTH - sum(widths[1:]) - len(GAP) * (len(left) - 1)
    widths[0] = min(widths[0], max(NAME_WIDTH, room))
    lines = []
    for first, *others in rows:
        name = first
        if _width(name) > widths[0]:
            lines.append(isolated(name))
            name = ""
        cells = [
            _padded(cell, width, to_left)
            for cell, width, to_left in zip((name, *others), widths, left, strict=True)
        ]
        lines.append(GAP.join(cells).rstrip())
    return lines


def _opening(body: Body) -> Iterator[str]:
    yield from (REPORT_NAME.upper(), f"{body.label} ({body.days})")
    for stamp in body.stamps:
        yield from ("", *_stamp(stamp))
    yield from _headed("Executive Summary")
    for figure in (*body.summary, *body.figures):
        yield from _wrapped(f"{figure.label}: {figure.value}")
        if figure.detail:
            yield from _wrapped(f"    {figure.detail}", indent="    ")


def _stamp(stamp: MailStamp) -> Iterator[str]:
    title = f"{stamp.word}: {stamp.reason}" if stamp.reason else stamp.word
    yield from _wrapped(f"*** {title} *** {stamp.meaning}")
    if stamp.changes:
        yield from _wrapped(f"Changes: {stamp.changes}.")


def _findings(body: Body) -> Iterator[str]:
    if body.findings:
        yield from _headed("What Matters Most")
    for number, finding in enumerate(body.findings, start=1):
        yield from _wrapped(f"{number}. {finding.title}: {finding.text}", indent="   ")
        if finding.note:
            yield from _wrapped(f"   {finding.note}", indent="   ")


def _tables(body: Body) -> Iterator[str]:
    for table in body.tables:
        yield from _headed(table.caption)
        yield from _table_lines(table)
        for text in filter(None, (table.left_out, table.rounding_rule)):
            yield from _wrapped(text)


def _table_lines(table: Table) -> list[str]:
    heads = [column.label for column in table.columns]
    rows = []
    for row in table.rows(table.blocks[0]):
        rows.append([cell.text for cell in row.cells])
        beneath = [", ".join(cell.beneath) for cell in row.cells]
        rows += [beneath] if any(beneath) else []
    return columns([heads, *rows], [column.unit in TEXTS for column in table.columns])


def _headed(text: str) -> tuple[str, ...]:
    return "", text.upper(), "-" * len(text)


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def _padded(text: str, width: int, left: bool) -> str:
    blanks = " " * (width - _width(text))
    return isolated(text) + blanks if left else blanks + text


def _width(text: str) -> int:
    """Columns of a fixed-width font: a Chinese character takes two, an accent or a joiner none."""
    marks = sum(unicodedata.category(char) in ("Mn", "Me", "Cf") for char in text)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) - marks + wide
