"""A sheet of an XLSX file unpacked into CSV: its first row that is not empty names the columns."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, time
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zipfile import BadZipFile, ZipFile

from finops_nb.errors import Problem, Refusal, did_you_mean, listed
from finops_nb.params.text_file import read_bytes
from finops_nb.usage.sources.discovery import SourceFile
from finops_nb.usage.sources.similar_columns import in_yaml
from finops_nb.usage.sources.unpacked import (
    EMPTY_FILE,
    ProblemList,
    RowPlace,
    RowsFile,
    Unpacked,
    finish,
)
from finops_nb.usage.sources.xlsx_sheet import (
    DamagedSheet,
    SheetFacts,
    sheet_facts,
    workbook_facts,
)
from finops_nb.words import listing

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

LARGEST: Final = 200_000_000
"""Bytes of a file, which is in memory as a whole."""

LARGEST_UNPACKED: Final = 2_000_000_000
"""Bytes of all its parts; a sheet of a million rows has some 500 MB."""

SAVE_AS_CSV: Final = "Save the sheet as CSV"
SAVE_AGAIN: Final = "Open the file in a spreadsheet program and save it again"
DAMAGED: Final = "Copy or export it again; it is damaged or cut short"

ONE_SHEET: Final = (
    "Write `sheet: {name}`, or the one with the rows, in an item of `sources`; or save it as CSV"
)

WHOLE: Final = 10**15
"""From here on a spreadsheet has rounded whole numbers: it keeps 15 digits."""

ROUNDED: Final = (
    "a number of more than 15 digits before the point, which a spreadsheet rounds",
    "Write it as text, from where it was exported",
)

LISTED: Final = 10
"""How many ranges a message lists."""

OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet with its place in the workbook.

    Args:
        name: of the sheet.
        top: the number of its first row that is not empty, from 1.
        left: the number of its first column that is not empty, from 1.
        rows: from there on, as Python values; "" for an empty cell.
        facts: what its XML says.
    """

    name: str
    top: int
    left: int
    rows: Iterator[list[Any]]
    facts: SheetFacts

    def address(self, row: int, column: int) -> str:
        """The address of a cell by its row and column here, from 0.

        >>> _Sheet("Costs", 1, 1, iter(()), SheetFacts()).address(6, 27)
        'Costs!AB7'
        """
        letters, number = "", self.left + column
        while number:
            number, letter = divmod(number - 1, 26)
            letters = chr(ord("A") + letter) + letters
        return f"{self.name}!{letters}{self.top + row}"


def unpack_xlsx(source: SourceFile, path: Path, sheet: str | None = None) -> Unpacked:
    """Unpack a sheet of a workbook.

    A number is read by the shortest decimal text of the float that the file stores, a date as
    YYYY-MM-DD, a time of a day as YYYY-MM-DDTHH:MM:SS. Empty rows at the end are none.

    Args:
        source: the file.
        path: the CSV file to write.
        sheet: the name of the sheet; may be None if only one is not empty.

    Raises:
        Refusal: the file is damaged, or nobody says which of its sheets holds the rows; and every
            cell with an error, with a formula without a result, with a number that was rounded,
            or merged with others.
    """
    data = read_bytes(source.path, source.name, LARGEST, SAVE_AS_CSV)
    problems = ProblemList(source.name)
    chosen = _chosen_sheet(data, sheet, source, problems)

    def place_of_row(row: int) -> RowPlace:
        return RowPlace(path=f"row {chosen.top + 1 + row} of sheet {chosen.name}", joint=", ")

    with RowsFile(path, place_of_row) as rows:
        floats = _add_rows(rows, chosen, problems)
        unpacked = finish(rows, problems, source)
    hidden_rows = (number - chosen.top - 1 for number in chosen.facts.hidden_rows)
    return replace(
        unpacked,
        float_columns=frozenset(unpacked.names[column] for column in floats),
        hidden_rows=tuple(row for row in hidden_rows if 0 <= row < unpacked.rows),
        hidden_columns=tuple(_hidden_columns(chosen, unpacked.names)),
    )


def sheet_names(source: SourceFile) -> tuple[str, ...]:
    """The names of the sheets of a workbook that are not empty.

    Raises:
        Refusal: it is damaged.
    """
    data = read_bytes(source.path, source.name, LARGEST, SAVE_AS_CSV)
    with _damage_refused(source), _archive(data, source):
        return _sheets_with_cells(_workbook(data))


def _chosen_sheet(
    data: bytes, name: str | None, source: SourceFile, problems: ProblemList
) -> _Sheet:
    """The sheet to read, and the problems that its XML tells."""
    with _damage_refused(source), _archive(data, source) as archive:
        workbook = _workbook(data)
        name = _chosen_name(workbook, name, source)
        facts = workbook_facts(archive)
        of_sheet = sheet_facts(archive, facts.parts.get(name, ""))
        _add_problems(name, of_sheet, facts.is_calculated_on_load, problems)
        return _sheet(workbook.get_sheet_by_name(name), of_sheet)


def _sheet(sheet: CalamineSheet, facts: SheetFacts) -> _Sheet:
    top, left = sheet.start or (0, 0)
    # The rows begin with those above the first cell, but with the column of that.
    return _Sheet(sheet.name, top + 1, left + 1, islice(sheet.iter_rows(), top, None), facts)


def _chosen_name(workbook: CalamineWorkbook, name: str | None, source: SourceFile) -> str:
    """The name of the sheet to read."""
    if name is not None:
        if name not in workbook.sheet_names:
            rule, fix = "no such sheet", did_you_mean(name, workbook.sheet_names)
            raise Refusal(Problem(rule, fix, source.name, column="sheet", value=name))
        return name
    names = _sheets_with_cells(workbook)
    if not names:
        raise Refusal(Problem(*EMPTY_FILE, source.name))
    if len(names) > 1:
        from python_calamine import SheetVisibleEnum

        visible = {
            each.name: each.visible == SheetVisibleEnum.Visible for each in workbook.sheets_metadata
        }
        shown = listing(name if visible[name] else f"{name} (hidden)" for name in names)
        rule = f"several sheets that are not empty: {shown}"
        raise Refusal(Problem(rule, ONE_SHEET.format(name=in_yaml(names[0])), source.name))
    return names[0]


def _sheets_with_cells(workbook: CalamineWorkbook) -> tuple[str, ...]:
    from python_calamine import SheetTypeEnum

    of_cells = SheetTypeEnum.WorkSheet
    names = [each.name for each in workbook.sheets_metadata if each.typ == of_cells]
    return tuple(name for name in names if workbook.get_sheet_by_name(name).start is not None)


def _add_problems(
    name: str, facts: SheetFacts, is_calculated_on_load: bool, problems: ProblemList
) -> None:
    """The problems of cells whose value is not what a reader of cells sees."""
    for address, error in facts.errors:
        rule, fix = "a cell with an error", "Correct the formula, or write the value"
        problems.add(Problem(rule, fix, column=f"{name}!{address}", value=error))
    for address in facts.not_stored:
        rule = "a formula without a stored result"
        problems.add(Problem(rule, SAVE_AGAIN, column=f"{name}!{address}"))
    if facts.formulas and is_calculated_on_load and not facts.not_stored:
        are = "formula is" if facts.formulas == 1 else "formulas are"
        rule = f"{facts.formulas:,} {are} not calculated yet, so what is stored may be 0"
        problems.add(Problem(rule, SAVE_AGAIN, column=f"sheet {name}"))
    if facts.merged:
        rule = f"merged cells: {listed(facts.merged, LISTED)}"
        fix = "Unmerge them, and write the value into each cell it holds for"
        problems.add(Problem(rule, fix, column=f"sheet {name}"))


def _add_rows(rows: RowsFile, sheet: _Sheet, problems: ProblemList) -> set[int]:
    """Add the header and the rows; the numbers of the columns with floats."""
    floats: set[int] = set()
    header, _ = _texts(next(sheet.rows), sheet, 0, problems)
    rows.names.extend(header)
    empty_rows = 0
    for number, row in enumerate(sheet.rows, 1):
        values, of_row = _texts(row, sheet, number, problems)
        if not any(values):
            empty_rows += 1
            continue
        for _ in range(empty_rows):
            rows.add_empty_line()
        empty_rows = 0
        rows.add(values)
        floats |= of_row
    return floats


def _texts(
    row: Sequence[Any], sheet: _Sheet, number: int, problems: ProblemList
) -> tuple[list[str], set[int]]:
    """The cells of a row as text, and the numbers of those with a fraction."""
    texts: list[str] = []
    fractions: set[int] = set()
    for column, value in enumerate(row):
        kind = type(value)
        if kind is str:
            texts.append(value)
        elif kind is float:
            if value.is_integer():
                texts.append(str(int(value)))
            else:
                texts.append(repr(value))
                fractions.add(column)
            if abs(value) >= WHOLE:
                address = sheet.address(number, column)
                problems.add(Problem(*ROUNDED, column=address, value=repr(value)))
        else:
            texts.append(_other_text(value))
    return texts, fractions


def _other_text(value: Any) -> str:
    """The text of a cell that is neither text nor a number."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _hidden_columns(sheet: _Sheet, names: Sequence[str]) -> Iterator[str]:
    for number, name in enumerate(names, sheet.left):
        if any(first <= number <= last for first, last in sheet.facts.hidden_columns):
            yield name


def _workbook(data: bytes) -> CalamineWorkbook:
    # Imported here because no other file needs it.
    from python_calamine import CalamineWorkbook

    return CalamineWorkbook.from_filelike(BytesIO(data))


@contextmanager
def _archive(data: bytes, source: SourceFile) -> Iterator[ZipFile]:
    """The archive, once all of its parts are found to be whole and of a size to read."""
    if not data:
        raise Refusal(Problem(*EMPTY_FILE, source.name))
    if data.startswith(OLD_EXCEL):
        rule = "not XLSX but an old Excel file, or one with a password"
        raise Refusal(Problem(rule, "Save it as .xlsx without a password", source.name))
    with ZipFile(BytesIO(data)) as archive:
        parts = archive.infolist()
        size = sum(part.file_size for part in parts)
        if size > LARGEST_UNPACKED:
            rule = f"too large, or a zip bomb: {len(data):,} bytes unpack to {size:,}"
            raise Refusal(Problem(rule, SAVE_AS_CSV, source.name))
        if len({part.filename.lower() for part in parts}) != len(parts):
            raise DamagedSheet("two of its parts have one name")
        if damaged := archive.testzip():
            raise DamagedSheet(f"{damaged} is damaged")
        yield archive


@contextmanager
def _damage_refused(source: SourceFile) -> Iterator[None]:
    """Whatever the readers of the archive and of its parts say about damage, as a refusal."""
    from python_calamine import CalamineError

    damage = (BadZipFile, zlib.error, DamagedSheet, EOFError, NotImplementedError, CalamineError)
    try:
        yield
    except damage as error:
        rule = f"not a complete XLSX file: {error}"
        raise Refusal(Problem(rule, DAMAGED, source.name)) from error
