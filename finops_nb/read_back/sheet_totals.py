"""The totals of a sheet: sums of its rows, ratios of those, and what the page prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Context, Decimal
from typing import Final

from finops_nb.read_back.figures import ADDED, Record, exact_sum, printed
from finops_nb.read_back.page import Head, PrintedRow, PrintedTable, words
from finops_nb.read_back.xlsx_file import Cell
from finops_nb.report.format import MISSING, Format, visible_name

DIGITS: Final = Context(prec=16)
"""What a number in a sheet is cut to."""

RATIOS: Final = {
    "budget_used": (("cost", "charge", "actual"), ("budget",)),
    "variance_ratio": (("variance",), ("budget",)),
    "cost_per_call": (("cost",), ("calls",)),
    "cost_per_customer": (("cost",), ("customers",)),
    "calls_per_unit": (("calls",), ("cost",)),
}
"""Columns whose totals are a ratio of other totals: the names of both, the first there is."""

CUT: Final = Decimal("1e-14")
"""The fraction of a figure that is lost where it is cut."""


Line = Sequence[Cell]


def total_faults(
    totals: Sequence[Line],
    heads: Sequence[Head],
    table: PrintedTable,
    records: Sequence[Record],
    fmt: Format,
) -> Iterator[str]:
    """What the totals of a sheet say other than its rows and the page, a phrase each.

    Args:
        totals: the lines below its rows.
        heads: of its columns; the head of one with the headings of groups has no name.
        table: that the page prints.
        records: of the table in results.json.
        fmt: for the currency.
    """
    # A heat map prints its sums as a row and a column; its sheet has them as one.
    on_page = table.rows("total")
    if len(totals) < len(on_page):
        yield f"{len(on_page) - len(totals)} of its totals are missing"
        return
    for line in totals:
        yield from _ratio_faults(line, heads, records if len(totals) == 1 else ())
    yield from _sum_faults(totals, heads, records)
    has_groups = heads[0].name == ""
    for line, row in _pairs(totals, table, has_groups):
        printed_heads = heads[has_groups:][: len(row.cells)]
        yield from _printed_otherwise(line[has_groups:], printed_heads, row, fmt)


def _pairs(
    totals: Sequence[Line], table: PrintedTable, has_groups: bool
) -> Iterator[tuple[Line, PrintedRow]]:
    """The totals that the page prints too; it may have added groups up."""
    if not has_groups:
        yield from zip(totals, [] if table.grid else table.rows("total"), strict=False)
        return
    by_heading = {
        block.heading: row for block in table.blocks for row in block.rows if row.kind == "total"
    }
    for line in totals:
        row = by_heading.get(words(visible_name(str(line[0]))))
        if row is not None:
            yield line, row


def _sum_faults(
    totals: Sequence[Line], heads: Sequence[Head], records: Sequence[Record]
) -> Iterator[str]:
    """Columns whose totals are not the sum of all rows."""
    for place, head in enumerate(heads):
        cells = [line[place] if place < len(line) else None for line in totals]
        numbers = [cell for cell in cells if isinstance(cell, Decimal)]
        if head.adds and head.unit in ADDED and numbers:
            added = exact_sum(numbers)
            whole = exact_sum(record.get(head.name) for record in records)
            # What is cut off each of the totals may add up.
            if abs(added - whole) > len(numbers) * abs(whole) * CUT:
                sums = f"{DIGITS.plus(added)}, not {DIGITS.plus(whole)}"
                yield f"its totals of {head.label} are {sums}"


def _ratio_faults(
    line: Sequence[Cell], heads: Sequence[Head], records: Sequence[Record]
) -> Iterator[str]:
    """Ratios of a line of totals that are not those of its figures.

    Args:
        line: of totals.
        heads: of its columns.
        records: that it is the total of; empty if these are not known, as in groups, whose
            shares add up to the whole.
    """
    # Not every table has a column for the figures that it divides.
    added = {
        name: exact_sum(record[name] for record in records)
        for name in ("cost", "calls")
        if records and all(record.get(name) is not None for record in records)
    }
    figures = added | {
        head.name: cell
        for head, cell in zip(heads, line, strict=False)
        if isinstance(cell, Decimal) and head.name
    }
    for name, (parts, wholes) in RATIOS.items():
        part = next((figures[each] for each in parts if each in figures), None)
        whole = next((figures[each] for each in wholes if each in figures), None)
        if name not in figures or part is None or not whole:
            continue
        if abs(figures[name] * whole - part) > abs(part) * CUT:
            yield f"a total of {name} is {figures[name]}, not {DIGITS.divide(part, whole)}"
    shares = [record.get("share") for record in records]
    share = exact_sum(shares) if shares else Decimal(1)
    if None not in shares and abs(figures.get("share", share) - share) > CUT:
        yield f"a total of share is {figures['share']}, not {DIGITS.plus(share)}"


def _differ(added: Decimal, whole: Decimal, number: int) -> bool:
    """Whether two sums differ by more than what is cut off their parts."""
    return abs(added - whole) > number * abs(whole) * CUT


def _printed_otherwise(
    line: Line, heads: Sequence[Head], row: PrintedRow, fmt: Format
) -> Iterator[str]:
    """Cells of a line of totals that the page prints otherwise."""
    for place, (head, text) in enumerate(zip(heads, row.cells, strict=True)):
        cell = line[place] if place < len(line) else None
        said = _as_printed(cell, head, fmt)
        shown = text.split(" (")[0] if head.unit == "variance" else text
        if said != ("" if cell is None and shown == MISSING else shown):
            yield f'a total of {head.label} is "{said}", but the page prints "{shown}"'


def _as_printed(cell: Cell, head: Head, fmt: Format) -> str:
    if not isinstance(cell, Decimal):
        return words(visible_name(cell or ""))
    unit = "money" if head.unit == "variance" else head.unit
    return printed(head._replace(unit=unit, name="cell"), {"cell": cell}, fmt)
