"""Printed tables against results.json: the same rows, cell by cell, and totals that foot."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from decimal import Decimal
from typing import Final

from finops_nb.money import minor_units
from finops_nb.read_back.figures import ADDED, Record, exact_sum, figure, printed
from finops_nb.read_back.page import Head, PrintedBlock, PrintedRow, PrintedTable, words
from finops_nb.report.format import Format, visible_name
from finops_nb.report.table import TEXTS, TOTAL
from finops_nb.schema import ADDED_UP

OTHERS: Final = "other"
"""What rows and columns that add up names left out are called here, all together."""

WHOLE, NO_COLUMN = "\0whole", "\0rounding"
"""What the sums of a heat map, and its column of rounding, are called here: no name is one."""

OTHER: Final = re.compile(ADDED_UP)


def table_faults(table: PrintedTable, records: Sequence[Record], fmt: Format) -> Iterator[str]:
    """What a printed table says other than its records, a sentence each.

    Args:
        table: from `read_page`.
        records: of the table in results.json.
        fmt: for the currency.
    """
    if table.grid:
        yield from _grid_faults(table, records, fmt)
        return
    is_named = any(head.unit in TEXTS for head in table.heads)
    if not is_named or not all(head.name for head in table.heads):
        yield "its columns do not say what they are"
        return
    members, faults = _matched(table, records, fmt)
    yield from faults
    if faults:
        return
    for block, own in zip(table.blocks, members, strict=True):
        yield from _total_faults(table.heads, block, own, fmt)
        yield from _footing_faults(table.heads, block, fmt)


def _matched(
    table: PrintedTable, records: Sequence[Record], fmt: Format
) -> tuple[list[list[Record] | None], list[str]]:
    """The records of each block, None where they are not known, and what has no record."""
    label = next(place for place, head in enumerate(table.heads) if head.unit in TEXTS)
    by = heading_key(records, [block.heading for block in table.blocks])
    unused: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        key = heading_of(record, by), printed(table.heads[label], record, fmt)
        unused.setdefault(key, []).append(record)
    members: list[list[Record] | None] = []
    faults: list[str] = []
    for block in table.blocks:
        own = []
        for row in block.rows:
            if row.kind == "line":
                found = _found(row, block, row.cells[label], unused, table.heads, fmt)
                faults += [found] if isinstance(found, str) else []
                own += [] if isinstance(found, str) else [found]
            elif row.kind == "rounding":
                candidates = unused.get(("", row.cells[label]), [])
                own += _stated_rounding(row, candidates, table.heads, fmt)
        members.append(None if block.rows and _adds_up_others(block) else own)
    left = [record for rest in unused.values() for record in rest]
    if left and not faults and None not in members:
        faults.append(f"{len(left):,} of its {len(records):,} rows are missing")
    if len(members) == 1 and not faults:
        members = [list(records)]
    if None in members and not faults:
        faults += _others_faults(table, left, fmt)
    return members, faults


def heading_key(records: Sequence[Record], headings: Collection[str | None]) -> str:
    """The key whose values are the headings of a table's blocks; empty if there is none."""
    printed_headings = {each for each in headings if each and not OTHER.fullmatch(each)}
    for key in records[0] if records and printed_headings else ():
        if printed_headings <= {heading_of(record, key) for record in records}:
            return key
    return ""


def heading_of(record: Record, key: str) -> str:
    """The heading under which a record is printed; empty without a key."""
    value = record.get(key)
    return words(visible_name(value)) if isinstance(value, str) else ""


def _found(
    row: PrintedRow,
    block: PrintedBlock,
    name: str,
    unused: Mapping[tuple[str, str], list[Record]],
    heads: Sequence[Head],
    fmt: Format,
) -> Record | str:
    """The record that a row prints; or what is wrong with the row.

    Rows of two blocks may print the same and differ in what they do not print, so the records of
    the block's heading come first.
    """
    of_heading = unused.get((block.heading or "", name), [])
    of_none = unused.get(("", name), [])
    found = _take(row, of_heading, heads, fmt)
    if isinstance(found, str) and of_none and of_none is not of_heading:
        found = _take(row, of_none, heads, fmt)
    return found


def _adds_up_others(block: PrintedBlock) -> bool:
    return any(row.kind == "other" for row in block.rows)


def _take(
    row: PrintedRow, candidates: list[Record], heads: Sequence[Head], fmt: Format
) -> Record | str:
    """The record that a row prints, taken from the candidates; or what is wrong with the row."""
    difference = ""
    for place, record in enumerate(candidates):
        texts = [printed(head, record, fmt) for head in heads]
        if tuple(texts) == row.cells:
            return candidates.pop(place)
        cells = zip(heads, row.cells, texts, strict=False)
        differing = ((head, cell, text) for head, cell, text in cells if cell != text)
        head, cell, text = next(differing, (heads[0], "", ""))
        difference = difference or f'{head.label} "{cell}", not "{text}"'
    named = next((cell for cell in row.cells if cell), "")
    if difference:
        return f'its row "{named}" has {difference}'
    return f'its row "{named}" is none of the results'


def _stated_rounding(
    row: PrintedRow, candidates: list[Record], heads: Sequence[Head], fmt: Format
) -> list[Record]:
    """The record of a "Rounding" row, taken from the candidates; most such rows have none.

    Only amounts that are in minor units have a rounding in results.json; a zero is not printed.
    """
    cells = [
        (head.name, figure(cell, fmt) or Decimal(0))
        for head, cell in zip(heads, row.cells, strict=True)
        if head.adds and head.unit in ADDED
    ]
    for place, record in enumerate(candidates):
        stated = ((record[name], shown) for name, shown in cells)
        if all(amount is None or Decimal(amount) == shown for amount, shown in stated):
            return [candidates.pop(place)]
    return []


def _others_faults(table: PrintedTable, left: Sequence[Record], fmt: Format) -> Iterator[str]:
    """Columns in which the rows called "other" are not the sum of the records left out."""
    others = table.rows("other")
    for place, head in enumerate(table.heads):
        if not head.adds or head.unit not in ADDED:
            continue
        figures = [figure(row.cells[place], fmt) for row in others]
        shown = exact_sum(figures)
        whole = exact_sum(record[head.name] for record in left)
        # Each of these rows is rounded by itself.
        decimals = max((-int(each.as_tuple().exponent) for each in figures if each), default=0)
        room = Decimal(len(others)) / 2 * Decimal(1).scaleb(-decimals)
        if any(each is not None for each in figures) and abs(shown - whole) > room:
            yield f'its rows "other" have {head.label} {shown:,}, not {whole:,}'


def _total_faults(
    heads: Sequence[Head], block: PrintedBlock, own: Sequence[Record] | None, fmt: Format
) -> Iterator[str]:
    """Totals that are not the printed sum of the records."""
    if own is None:
        return
    for row in block.rows:
        for head, cell in zip(heads, row.cells, strict=True):
            if row.kind != "total" or not head.adds or head.unit not in ADDED:
                continue
            values = [record[head.name] for record in own]
            if figure(cell, fmt) is None or not any(value is not None for value in values):
                continue
            unit = "money" if head.unit == "variance" else head.unit
            text = printed(head._replace(unit=unit), {head.name: exact_sum(values)}, fmt)
            if cell.split(" (")[0] != text:
                yield f'its total of {head.label} is "{cell}", not "{text}"'


def _footing_faults(heads: Sequence[Head], block: PrintedBlock, fmt: Format) -> Iterator[str]:
    """Columns whose printed lines do not add up to the printed total."""
    totals = [row for row in block.rows if row.kind == "total"]
    for place, head in enumerate(heads):
        if not totals or not head.adds or head.unit not in ADDED:
            continue
        whole = figure(totals[0].cells[place], fmt)
        parts = [figure(row.cells[place], fmt) for row in block.rows if row.kind != "total"]
        if whole is not None and exact_sum(parts) != whole:
            yield f"its lines of {head.label} add up to {exact_sum(parts):,}, not {whole:,}"


def _grid_faults(table: PrintedTable, records: Sequence[Record], fmt: Format) -> Iterator[str]:
    """Cells of a heat map that are not the sum of their records, and sums that do not foot."""
    rows = [row for block in table.blocks for row in block.rows]
    columns = _grid_columns(table)
    names = {row.cells[0] for row in rows if row.kind == "line"}
    sums = _grid_sums(table, records, names, set(columns))
    cells: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        name = WHOLE if row.kind == "total" else _folded(row.cells[0])
        for column, cell in zip(columns, row.cells[1:], strict=True):
            if row.kind != "rounding" and column != NO_COLUMN:
                cells.setdefault((name, _folded(column)), []).append(cell)
    for key, texts in cells.items():
        amounts = sums.pop(key, [])
        text = words(fmt.money(exact_sum(amounts))) if amounts else ""
        if texts != [text] and not _is_sum_of_several(texts, amounts, fmt):
            name, column = (TOTAL if each == WHOLE else each for each in key)
            yield f'its row "{name}" has {column} "{", ".join(texts)}", not "{text}"'
    if sums:
        yield f"{len(sums):,} of its cells are missing"
    yield from _grid_footing_faults(rows, [head.label for head in table.heads[1:]], fmt)


def _grid_columns(table: PrintedTable) -> list[str]:
    """The names of the columns; after them there may be one of rounding, and that of the sums."""
    heads = table.heads[1:]
    names = [head.label for head in heads if head.unit != "sum"]
    return [*names, *[NO_COLUMN] * (len(heads) - len(names) - 1), WHOLE]


def _grid_sums(
    table: PrintedTable, records: Sequence[Record], names: Set[str], columns: Set[str]
) -> dict[tuple[str, str], list[str]]:
    """The charges of each cell, by what is printed for its names, and of the sums."""
    assert table.grid is not None
    sums: dict[tuple[str, str], list[str]] = {}
    for record in records:
        pair = [words(visible_name(record[each])) for each in table.grid]
        row, column = (
            _folded(name) if name in printed_names else OTHERS
            for name, printed_names in zip(pair, (names, columns), strict=True)
        )
        for key in ((row, column), (row, WHOLE), (WHOLE, column), (WHOLE, WHOLE)):
            sums.setdefault(key, []).append(record["charge"])
    return sums


def _folded(name: str) -> str:
    """The name of a row or column; one for all that add up names left out."""
    return OTHERS if OTHER.fullmatch(name) else name


def _is_sum_of_several(texts: Sequence[str], amounts: Sequence[str], fmt: Format) -> bool:
    """Whether the printed cells, each rounded by itself, may be the sum of the amounts."""
    figures = [figure(text, fmt) for text in texts]
    room = Decimal(len(texts)) / 2 * Decimal(1).scaleb(-minor_units(fmt.currency))
    return len(texts) > 1 and abs(exact_sum(figures) - exact_sum(amounts)) <= room


def _grid_footing_faults(
    rows: Sequence[PrintedRow], heads: Sequence[str], fmt: Format
) -> Iterator[str]:
    for row in rows:
        *cells, whole = (figure(cell, fmt) or Decimal(0) for cell in row.cells[1:])
        if exact_sum(cells) != whole:
            yield f'its row "{row.cells[0]}" adds up to {exact_sum(cells):,}, not {whole:,}'
    for place, head in enumerate(heads, 1):
        column = [figure(row.cells[place], fmt) or Decimal(0) for row in rows]
        if column and exact_sum(column[:-1]) != column[-1]:
            yield f"its column {head} adds up to {exact_sum(column[:-1]):,}, not {column[-1]:,}"
