"""budgets.csv: a budget a line, for a month or a year and in versions; read strictly, and only ever added to."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from finops_nb.budget_line import STATUSES, BudgetLine
from finops_nb.budget_version import version_label, version_number
from finops_nb.errors import Problem, Refusal, did_you_mean
from finops_nb.param_types import NO_BUDGET, BudgetChange, Day, Name, parse_as
from finops_nb.period import MONTH, YEAR, parse_period
from finops_nb.schema import BUDGETED
from finops_nb.strict_yaml import SIZE

COLUMNS: Final = ("dimension", "name", "month", "year", "amount", "owner", "version", "status", "approver", "reason", "date")
UNSAID: Final = {"version": version_label(0), "status": STATUSES[0]}
"""What an empty field means, or a column that is not there; in any other optional column it means nothing."""

BREAK: Final = re.compile(r"\r\n|\r|\n")
BOM: Final = "\ufeff"


def read_budget_file(path: Path, shown: str) -> tuple[BudgetLine, ...]:
    """The lines of a budgets.csv, in its order.

    Args:
        path: the file.
        shown: what messages call it.

    Raises:
        Refusal: unreadable, too big, not UTF-8, not CSV; or every field that is wrong at once, each with its line.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Refusal(Problem(f"cannot be read: {error.strerror}", "Check the path and the permissions", shown)) from error
    if len(raw) > SIZE:
        raise Refusal(Problem(f"a budget file of {len(raw):,} bytes", f"Keep it under {SIZE:,} bytes; one budget is one line", shown))
    try:
        return _parsed(raw.decode("utf-8"), shown)[1]
    except UnicodeDecodeError as error:
        line, found = _line_at(raw[: error.start].decode("utf-8")), f"byte 0x{raw[error.start]:02x}"
        raise Refusal(Problem("not UTF-8", "Save the file as CSV in UTF-8", shown, line, value=found)) from error


def with_lines(text: str, lines: Sequence[BudgetLine], shown: str) -> str:
    """The text of a budgets.csv with lines added at its end, in its own order of columns and with its own line ends.

    Args:
        text: of the file, with its line ends as they are.
        lines: what to add. Where the file has no column `date`, the date is put in front of the reason.
        shown: what messages call the file.

    Raises:
        Refusal: what `read_budget_file` refuses, or the file lacks a column for something that a new line says.
    """
    header = _parsed(text, shown)[0]
    rows = [_row(line, header) for line in lines]
    lacking = [column for column in COLUMNS if column not in header and any(row[column] != UNSAID.get(column, "") for row in rows)]
    if lacking:
        fix = "Add it at the end of the header, and a comma at the end of each line"
        raise Refusal([Problem("a new line needs a column that is not there", fix, shown, column=column) for column in lacking])
    end = BREAK.search(text)
    line_end = end[0] if end else "\n"
    added = "".join(",".join(_quoted(row[column]) for column in header) + line_end for row in rows)
    return text + ("" if text.endswith(("\n", "\r")) else line_end) + added


def _row(line: BudgetLine, header: Sequence[str]) -> dict[str, str]:
    """The text of each column for a line."""
    row = {column: str(getattr(line, column, "")) for column in COLUMNS} | {"version": version_label(line.version)}
    row["amount"] = NO_BUDGET if line.amount is None else format(line.amount, "f")
    row["month" if MONTH.fullmatch(line.period) else "year"] = line.period
    if line.date and "date" not in header:
        row |= {"date": "", "reason": f"{line.date}: {line.reason}" if line.reason else line.date}
    return row


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(char in text for char in ',"\r\n') else text


def _line_at(before: str) -> int:
    return len(BREAK.findall(before)) + 1


def _parsed(text: str, shown: str) -> tuple[tuple[str, ...], tuple[BudgetLine, ...]]:
    """The header and the lines of a text."""
    if "\0" in text:
        raise Refusal(Problem("a NUL character", "Save the file as CSV in UTF-8", shown, _line_at(text[: text.index("\0")])))
    reader = _Reader(shown)
    rows = reader.rows(text.removeprefix(BOM))
    header_line, header = next(rows, (1, []))
    reader.refuse()
    reader.check_header(header_line, header)
    reader.refuse()
    lines = tuple(line for number, fields in rows if (line := reader.budget_line(number, header, fields)))
    reader.refuse()
    if not lines:
        raise Refusal(Problem("no line below the header", "Write one budget a line", shown, header_line))
    return tuple(header), lines


class _Reader:
    """Turns rows into lines, and collects what is wrong on the way."""

    def __init__(self, shown: str):
        self.shown = shown
        self.problems: list[Problem] = []
        self.seen: dict[tuple[str, str, int, str], int] = {}
        self.spelled: dict[tuple[str, str], str] = {}

    def problem(self, line: int, rule: str, fix: str, column: str | None = None, value: str | None = None) -> None:
        self.problems.append(Problem(rule, fix, self.shown, line, column, value))

    def refuse(self) -> None:
        if self.problems:
            raise Refusal(self.problems)

    def rows(self, text: str) -> Iterator[tuple[int, list[str]]]:
        """Each record that is not wholly empty, with the physical line where it starts."""
        records = csv.reader(io.StringIO(text, newline=""), strict=True)
        while True:
            line = records.line_num + 1
            try:
                fields = next(records)
            except StopIteration:
                return
            except csv.Error as error:
                self.problem(line, f"not CSV: {error}", 'Close every quote, and double one within a text: "so ""called"""')
                continue
            if fields:
                yield line, fields

    def check_header(self, line: int, header: list[str]) -> None:
        if not header:
            return self.problem(line, "the file is empty", "Write dimension,name,month,amount and below it one budget a line")
        if len(header) == 1 and re.search("[;\t]", header[0]):
            return self.problem(line, "columns that are not parted by commas", "Save the file as CSV with commas", value=header[0])
        for number, column in enumerate(header):
            if column not in COLUMNS:
                self.problem(line, "an unknown column", did_you_mean(column, COLUMNS), column)
            elif column in header[:number]:
                self.problem(line, "the column stands twice", "Keep one of them", column)
        for column in ("dimension", "name", "amount"):
            if column not in header:
                self.problem(line, "the column is missing", f"Add {column} to the header", column)
        if not {"month", "year"} & set(header):
            self.problem(line, "neither month nor year is there", "Add month, year or both to the header", "month")
        return None

    def budget_line(self, number: int, header: list[str], fields: list[str]) -> BudgetLine | None:
        """One line; None where something is wrong with it."""
        if len(fields) != len(header):
            fix = "Write one field a column, and put text that holds a comma in quotes"
            self.problem(number, f"{len(fields)} fields under {len(header)} columns", fix)
            return None
        before = len(self.problems)
        row: dict[str, Any] = dict.fromkeys(COLUMNS, "") | dict(zip(header, fields, strict=True))
        row |= {column: row[column] or said for column, said in UNSAID.items()}
        dated = [column for column in ("month", "year") if row[column]]
        if len(dated) != 1:
            rule = "a month and a year" if dated else "neither a month nor a year"
            self.problem(number, rule, "Fill one of the two", "month" if "month" in header else "year")
        row |= {column: self.value(number, column, row[column]) for column in PARSERS if column in dated or column not in ("month", "year")}
        if len(self.problems) > before:
            return None
        period = row.pop("month") or row["year"]
        del row["year"]
        return self.once(BudgetLine(line=number, period=period, file=self.shown, **row))

    def value(self, line: int, column: str, text: str) -> Any:
        """What a field holds; None, and a problem, where it is refused."""
        try:
            return PARSERS[column](text)
        except ValueError as error:
            rule, _, fix = str(error).partition("; ")
            return self.problem(line, rule, fix[:1].upper() + fix[1:], column, text)

    def once(self, line: BudgetLine) -> BudgetLine:
        """The line itself; a problem where one before it has the same month of the same version, or a name that looks the same."""
        known = self.spelled.setdefault((line.dimension, unicodedata.normalize("NFC", line.name)), line.name)
        if known != line.name:
            self.problem(line.line, "two names that look the same", "Keep one spelling", "name", line.name)
        places = [(line.dimension, line.name, line.version, month) for month in line.months]
        first = next((place for place in places if place in self.seen), None)
        if first:
            rule = f"a second budget of {first[3]} in the version {version_label(line.version)}, the first is in line {self.seen[first]}"
            self.problem(line.line, rule, "Keep one of the two lines, or give one another version", "name", line.name)
        for place in places:
            self.seen.setdefault(place, line.line)
        return line


def _unpadded(text: str) -> str:
    if text != text.strip():
        raise ValueError("blanks before or after it; take them out")
    return text


def _one_of(known: Sequence[str]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if _unpadded(text) not in known:
            raise ValueError(f"not one of the known; {did_you_mean(text, known)}")
        return text

    return parse


def _name(text: str) -> str:
    if not text:
        raise ValueError("no name; write the name of an organization or product")
    name: str = parse_as(Name, _unpadded(text))
    return name


def _period(form: re.Pattern[str], rule: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not form.fullmatch(text):
            raise ValueError(rule)
        return parse_period(text).text

    return parse


PARSERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "dimension": _one_of(BUDGETED),
    "name": _name,
    "month": _period(MONTH, "not a month; write it as 2025-12"),
    "year": _period(YEAR, "not a year; write it as 2025"),
    "amount": lambda text: parse_as(BudgetChange, text),
    "version": lambda text: version_number(_unpadded(text)),
    "status": _one_of(STATUSES),
    "date": lambda text: (parse_as(Day, text) and text) or text,
}
"""What reads the columns that are not any text; a message of theirs is a rule and a fix, parted by "; "."""
