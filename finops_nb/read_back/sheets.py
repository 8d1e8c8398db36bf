"""The sheets of the workbook against results.json and the page: every row, cell and total."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import zip_longest
from typing import Any, Final

from finops_nb.read_back.figures import Record, value_of
from finops_nb.read_back.page import Head, Page, PrintedTable, words
from finops_nb.read_back.printed_tables import heading_key
from finops_nb.read_back.sheet_totals import DIGITS, total_faults
from finops_nb.read_back.xlsx_file import Cell
from finops_nb.report.format import Format, visible, visible_name
from finops_nb.report.sheet_texts import (
    COLOR_KEY,
    EXTRA_COLUMNS,
    HEAD,
    HISTORY,
    SUMMARY,
    cell_text,
    sheet_name,
)
from finops_nb.report.summary_labels import (
    ABOUT,
    FACTS,
    NOTES,
    SENTENCE_KEYS,
    heading_of,
    label_of,
    with_detail,
)

Sheet = Sequence[Sequence[Cell]]

DAY_ZERO: Final = date(1899, 12, 30)
"""The day from which Excel counts."""

EXTRA: Final = {
    column.label: Head(column.label, column.name, column.unit, column.name == "booked")
    for column in EXTRA_COLUMNS
}


def sheet_faults(
    sheets: Mapping[str, Sheet], page: Page, results: Mapping[str, Any]
) -> Iterator[str]:
    """What the sheets say other than the results and the page, a sentence each.

    Args:
        sheets: from `read_xlsx`.
        page: from `read_page`.
        results: the object of results.json.
    """
    taken, expected = {SUMMARY.lower(), HISTORY}, {SUMMARY}
    fmt = Format(results["currency"])
    for name, records in results["tables"].items():
        table = page.tables.get(name)
        if not records or table is None:
            continue
        title = sheet_name(name, taken)
        expected.add(title)
        if title not in sheets:
            yield f"it has no sheet {title}"
            continue
        for fault in _table_faults(sheets[title], table, records, fmt):
            yield f"sheet {title}: {fault}"
    for title in sheets.keys() - expected:
        yield f"its sheet {title} is none of the results"
    yield from _summary_faults(sheets.get(SUMMARY, ()), page, results)


def _table_faults(
    sheet: Sheet, table: PrintedTable, records: Sequence[Record], fmt: Format
) -> Iterator[str]:
    if len(sheet) <= HEAD:
        yield "it is empty"
        return
    caption = table.caption.removesuffix(COLOR_KEY)
    if not caption.startswith(words(visible(str(sheet[0][0])))):
        yield f'its caption is "{sheet[0][0]}", not "{caption}"'
    heads = _heads(sheet[HEAD], table)
    if heads is None:
        yield f"its columns are {', '.join(map(str, sheet[HEAD]))}"
        return
    lines = sheet[HEAD + 1 :]
    groups = {block.heading for block in table.blocks}
    by = heading_key(records, groups)
    for number, record in enumerate(records):
        line = lines[number] if number < len(lines) else []
        yield from _line_faults(HEAD + 2 + number, line, heads, record)
        if heads[0].name == "" and not _is_group(line[:1], groups, record, by):
            yield f'row {HEAD + 2 + number} is in the group "{_shown(*line[:1])}"'
    totals = lines[len(records) :]
    yield from total_faults(totals, heads, table, records, fmt)


def _heads(labels: Sequence[Cell], table: PrintedTable) -> list[Head] | None:
    """The columns of a sheet; the head of one with the headings of groups has no name."""
    heads = table.heads
    if table.grid:
        outer, inner = table.grid
        amount = Head(str(labels[2]), "charge", "money", True)
        heads = [
            Head(str(labels[0]), outer, "text"),
            Head(str(labels[1]), inner, "text"),
            amount,
        ]
    shown = [words(visible(str(label))) for label in labels]
    printed_labels = [words(head.label) for head in heads]
    for start in (0, 1):
        end = start + len(heads)
        if shown[start:end] == printed_labels and all(label in EXTRA for label in shown[end:]):
            group = [Head(shown[0])] * start
            return [*group, *heads, *(EXTRA[label] for label in shown[end:])]
    return None


def _line_faults(
    row: int, line: Sequence[Cell], heads: Sequence[Head], record: Record
) -> Iterator[str]:
    for place, head in enumerate(heads):
        cell = line[place] if place < len(line) else None
        value = _cell_of(head, record.get(head.name)) if head.name else cell
        if cell != value:
            yield f'row {row} has {head.label} "{_shown(cell)}", not "{_shown(value)}"'


def _is_group(
    cells: Sequence[Cell], groups: Collection[str | None], record: Record, by: str
) -> bool:
    """Whether a row is in its group: that of its record's key, or else a heading of the page."""
    cell = cells[0] if cells else None
    if by:
        return cell == cell_text(record[by])
    return not isinstance(cell, str) or words(visible_name(cell)) in groups


def _cell_of(head: Head, value: Any) -> Cell:
    """A value of results.json as a cell holds it."""
    if value is None or value == "":
        return None
    unit = "money" if head.unit == "variance" else head.unit
    typed = value_of(unit, value)
    if isinstance(typed, date):
        return Decimal((typed - DAY_ZERO) // timedelta(days=1))
    if isinstance(typed, str):
        return cell_text(typed)
    return DIGITS.plus(Decimal(typed))


def _summary_faults(sheet: Sheet, page: Page, results: Mapping[str, Any]) -> Iterator[str]:
    """What the first sheet says other than the title, the facts, the opening prose and notes."""
    rows = [[*line, None, None][:2] for line in sheet]
    title = cell_text(results.get("title", ""))
    if not rows or rows[0][0] != title:
        yield f'sheet {SUMMARY}: its title is not "{title}"'
    lines = [(label, value) for label, value in rows[1:] if value is not None]
    opening = [*_opening(page, results), *(("", note) for note in NOTES)]
    facts = lines[: max(0, len(lines) - len(opening))]
    for line, meant in zip_longest(lines[len(facts) :], opening):
        if line is None or meant is None or not _is_line(line, meant):
            yield f'sheet {SUMMARY}: it lacks "{": ".join(map(str, meant or line))}"'
    yield from (f"sheet {SUMMARY}: {each}" for each in _fact_faults(facts, page, results))
    headings = [label for label, value in rows[1:] if value is None and label is not None]
    if headings != [*_headings(page, results), ABOUT]:
        yield f"sheet {SUMMARY}: its headings are {', '.join(map(str, headings))}"


def _is_line(line: tuple[Cell, Cell], meant: tuple[str, Any]) -> bool:
    return (line[0] or "") == cell_text(meant[0]) and _same(line[1], meant[1])


def _fact_faults(
    facts: Sequence[tuple[Cell, Cell]], page: Page, results: Mapping[str, Any]
) -> Iterator[str]:
    """What the facts of a report, with its stamps before them, say other than the page."""
    period = results["period"]
    days = {
        "First Day": date.fromisoformat(period["start"]),
        "Last Day": date.fromisoformat(period["end"]) - timedelta(days=1),
    }
    if [label for label, _ in facts[-len(FACTS) :]] != [*FACTS]:
        yield f"it does not begin with {', '.join(FACTS)}"
    for label, value in facts:
        for text in (label, value):
            is_known = not isinstance(text, str) or text in (*FACTS, results["currency"])
            if not is_known and words(visible(str(text))) not in page.text:
                yield f'the page does not say "{text}"'
        if isinstance(value, Decimal) and value != (days[str(label)] - DAY_ZERO).days:
            yield f"its {label} is not {days[str(label)]}"


def _headings(page: Page, results: Mapping[str, Any]) -> Iterator[str]:
    """The headings of the prose before the first table."""
    for name, records in results["tables"].items():
        if name in page.tables:
            return
        if records:
            yield heading_of(name)


def _opening(page: Page, results: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The labels, sentences and figures of the prose before the first table."""
    for name, records in results["tables"].items():
        if name in page.tables:
            return
        for line in records:
            if "text" in line:
                yield line.get("title", ""), line["text"]
            elif "detail" in line:
                yield line["label"], with_detail(line["value"], line["detail"])
            for key, value in line.items():
                if key not in SENTENCE_KEYS and isinstance(value, (int, str)) and value != "":
                    yield label_of(key, line), value


def _same(cell: Cell, meant: Any) -> bool:
    """Whether a cell holds a value of results.json, in which figures and days are text."""
    if isinstance(cell, str) or cell is None:
        return cell == cell_text(str(meant))
    try:
        return cell == DIGITS.plus(Decimal(meant))
    except ArithmeticError:
        return cell == (date.fromisoformat(meant) - DAY_ZERO).days


def _shown(cell: Cell = None) -> str:
    return "" if cell is None else str(cell)
