"""budgets.csv: a budget a line, for a month or a year and in versions; read strictly, and only ever added to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Final

from finops_nb.errors import Problem, Refusal, did_you_mean
from finops_nb.params.budget_versions import version_label, version_number
from finops_nb.params.csv_file import (
    BREAK,
    CsvRow,
    Form,
    name,
    parse_records,
    read_text,
    refuse,
    unpadded,
)
from finops_nb.params.types import NO_BUDGET, BudgetChange, KnownDay, parse_as
from finops_nb.period import MONTH, YEAR, parse_period
from finops_nb.schema import BUDGETED

STATUSES: Final = ("approved", "proposed", "rejected")
"""The first counts."""


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """One line of the file.

    Args:
        line: physical line where it starts, the header being line 1; 0 where it is not in a file yet.
        dimension: "organization" or "product".
        name: of the organization or product, as it stands.
        period: a month such as 2025-12, or a year such as 2025.
        amount: of that period, in currency, 0 or more; None takes the budget away.
        owner: who answers for it; like `approver`, `reason` and `date` empty where nothing is said.
        version: 0 is the original, 1 is revised 1.
        status: "approved", "proposed" or "rejected"; only approved lines count.
        approver: who approved it.
        reason: why.
        date: ISO day of the approval.
        file: what messages call the file.
    """

    line: int
    dimension: str
    name: str
    period: str
    amount: Decimal | None
    owner: str
    version: int
    status: str
    approver: str
    reason: str
    date: str
    file: str | None = field(default=None, compare=False)

    @property
    def months(self) -> tuple[str, ...]:
        """The months it covers."""
        return (
            (self.period,)
            if MONTH.fullmatch(self.period)
            else tuple(f"{self.period}-{month:02}" for month in range(1, 13))
        )


COLUMNS: Final = (
    "dimension",
    "name",
    "month",
    "year",
    "amount",
    "owner",
    "version",
    "status",
    "approver",
    "reason",
    "date",
)
UNSAID: Final = {"version": version_label(0), "status": STATUSES[0]}
"""What an empty field means, or a column that is not there; in any other optional column it means nothing."""


def read_budget_file(path: Path, shown: str) -> tuple[BudgetLine, ...]:
    """The lines of a budgets.csv, in its order.

    Args:
        path: the file.
        shown: what messages call it.

    Raises:
        Refusal: unreadable, too big, not UTF-8, not CSV; or every field that is wrong at once, each with its line.
    """
    return _parsed(read_text(path, shown, FORM), shown)[1]


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
    lacking = [
        column
        for column in COLUMNS
        if column not in header and any(row[column] != UNSAID.get(column, "") for row in rows)
    ]
    if lacking:
        fix = "Add it at the end of the header, and a comma at the end of each line"
        raise Refusal(
            [
                Problem("a new line needs a column that is not there", fix, shown, column=column)
                for column in lacking
            ]
        )
    end = BREAK.search(text)
    line_end = end[0] if end else "\n"
    added = "".join(",".join(_quoted(row[column]) for column in header) + line_end for row in rows)
    return text + ("" if text.endswith(("\n", "\r")) else line_end) + added


def _row(line: BudgetLine, header: Sequence[str]) -> dict[str, str]:
    """The text of each column for a line."""
    row = {column: str(getattr(line, column, "")) for column in COLUMNS} | {
        "version": version_label(line.version)
    }
    row["amount"] = NO_BUDGET if line.amount is None else format(line.amount, "f")
    row["month" if MONTH.fullmatch(line.period) else "year"] = line.period
    if line.date and "date" not in header:
        row |= {"date": "", "reason": f"{line.date}: {line.reason}" if line.reason else line.date}
    return row


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(char in text for char in ',"\r\n') else text


def _parsed(text: str, shown: str) -> tuple[tuple[str, ...], tuple[BudgetLine, ...]]:
    """The header and the lines of a text."""
    found = parse_records(text, shown, FORM)
    problems = list(found.problems)
    lines = []
    for record in found.records:
        dated = [column for column in ("month", "year") if record.values[column] != ""]
        if len(dated) != 1:
            rule = "a month and a year" if dated else "neither a month nor a year"
            column = "month" if "month" in found.header else "year"
            problems.append(Problem(rule, "Fill one of the two", shown, record.line, column))
        elif record.sound:
            lines.append(_budget_line(record, dated[0], shown))
    refuse((*problems, *_doubled(lines, shown)))
    return found.header, tuple(lines)


def _budget_line(record: CsvRow, dated: str, shown: str) -> BudgetLine:
    said = {
        column: value for column, value in record.values.items() if column not in ("month", "year")
    }
    return BudgetLine(line=record.line, period=record.values[dated], file=shown, **said)


def _doubled(lines: Iterable[BudgetLine], shown: str) -> Iterator[Problem]:
    """Lines that have the same month of the same version as one before them, or a name that looks the same."""
    spelled: dict[tuple[str, str], str] = {}
    seen: dict[tuple[str, str, int, str], int] = {}
    for line in lines:
        known = spelled.setdefault(
            (line.dimension, unicodedata.normalize("NFC", line.name)), line.name
        )
        if known != line.name:
            yield Problem(
                "two names that look the same",
                "Keep one spelling",
                shown,
                line.line,
                "name",
                line.name,
            )
        places = [(line.dimension, line.name, line.version, month) for month in line.months]
        first = next((place for place in places if place in seen), None)
        if first:
            rule = f"a second budget of {first[3]} in the version {version_label(line.version)}, the first is in line {seen[first]}"
            fix = "Keep one of the two lines, or give one another version"
            yield Problem(rule, fix, shown, line.line, "name", line.name)
        for place in places:
            seen.setdefault(place, line.line)


def _one_of(known: Sequence[str]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if unpadded(text) not in known:
            raise ValueError(f"not one of the known; {did_you_mean(text, known)}")
        return text

    return parse


def _period(form: re.Pattern[str], rule: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not form.fullmatch(text):
            raise ValueError(rule)
        return parse_period(text).text

    return parse


FORM: Final = Form(
    entry="budget",
    example="dimension,name,month,amount",
    columns=COLUMNS,
    required=("dimension", "name", "amount", ("month", "year")),
    parsers={
        "dimension": _one_of(BUDGETED),
        "name": name,
        "month": _period(MONTH, "not a month; write it as 2025-12"),
        "year": _period(YEAR, "not a year; write it as 2025"),
        "amount": lambda text: parse_as(BudgetChange, text),
        "version": lambda text: version_number(unpadded(text)),
        "status": _one_of(STATUSES),
        "date": lambda text: str(parse_as(KnownDay, text)),
    },
    unsaid=UNSAID,
)
