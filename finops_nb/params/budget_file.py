"""budgets.csv: one budget per line, for a month or a year, in versions; only ever added to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Final

from finops_nb.errors import BadValue, Problem, Refusal, did_you_mean
from finops_nb.params.budget_versions import version_label, version_number
from finops_nb.params.csv_file import (
    CsvRow,
    Form,
    csv_line,
    name,
    parse_records,
    read_text,
    refuse,
    unpadded,
)
from finops_nb.params.flexible_budget import (
    BadFields,
    FlexibleBudget,
    Stated,
    parse_calls,
    parse_unit_cost,
    problem_of,
    resolve,
)
from finops_nb.params.text_file import line_end
from finops_nb.params.three_decimals import decimals_problems
from finops_nb.params.types import NO_BUDGET, BudgetChange, KnownDay, one_line, parse_as
from finops_nb.period import MONTH, YEAR, parse_period
from finops_nb.schema import BUDGETED

# fmt: off
COLUMNS: Final = (
    "dimension", "name", "month", "year", "amount", "calls", "unit_cost", "owner",
    "version", "status", "approver", "reason", "date",
)
# fmt: on
STATUSES: Final = ("approved", "proposed", "rejected")
"""Only lines of the first status count."""

NOT_ONE: Final = (
    ("neither a month nor a year", "Fill in one of them"),
    ("both a month and a year", "Empty one of them"),
)
"""Rule and fix of a line without a period, and of a line with two."""

MEANT: Final = {
    **dict.fromkeys(("period", "months"), "month"),
    "fiscal_year": "year",
    **dict.fromkeys(("budget", "value", "cost", "usd", "eur"), "amount"),
    **dict.fromkeys(("organization", "product", "org", "team", "department", "unit"), "name"),
    **dict.fromkeys(("type", "kind", "level", "scope"), "dimension"),
    **dict.fromkeys(("volume", "requests"), "calls"),
    **dict.fromkeys(("cost_per_call", "price", "rate"), "unit_cost"),
    **dict.fromkeys(("budget_holder", "responsible"), "owner"),
    **dict.fromkeys(("approved_by", "approval"), "approver"),
    **dict.fromkeys(("comment", "note", "notes", "why"), "reason"),
    **dict.fromkeys(("revision", "scenario"), "version"),
    **dict.fromkeys(("day", "approved_on"), "date"),
}
"""Names that people give the columns in tables of their own."""

DEFAULTS: Final = {"version": version_label(0), "status": STATUSES[0]}
"""What an empty field means, or a missing column; in other optional columns it means nothing."""


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """One line of the file.

    Args:
        line: physical line where it starts, the header being line 1; 0 for a line not in a file.
        dimension: "organization" or "product".
        name: of the organization or product, as written.
        period: a month such as 2025-12, or a year such as 2025.
        amount: for that period, in currency, 0 or more, as stated or calls × unit_cost; None takes
            the budget away.
        owner: who answers for it; empty if not known, as are `approver`, `reason` and `date`.
        version: 0 is the original, 1 is revised 1.
        status: "approved", "proposed" or "rejected"; only approved lines count.
        approver: who approved it.
        reason: why.
        date: ISO day of the approval.
        file: its name in messages.
        flexible: its calls and cost per call; None for an amount alone.
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
    flexible: FlexibleBudget | None = None

    @property
    def months(self) -> tuple[str, ...]:
        """The months it covers."""
        if MONTH.fullmatch(self.period):
            return (self.period,)
        return tuple(f"{self.period}-{month:02}" for month in range(1, 13))


def read_budget_file(path: Path, shown: str, currency: str = "") -> tuple[BudgetLine, ...]:
    """The lines of a budgets.csv, in its order.

    Args:
        path: the file.
        shown: its name in messages.
        currency: of the amounts; where it is empty, their decimals are not looked at, and amounts
            are not compared with calls × unit_cost.

    Raises:
        Refusal: unreadable, too big, not UTF-8, not CSV; or all bad fields together, each with its
            line.

    Example:
        dimension,name,month,amount,calls,unit_cost
        organization,org-a,2025-12,5000,,
        organization,org-b,2025-12,,12000,0.02
    """
    _, lines = _parsed(read_text(path, shown, FORM), shown, currency)
    if currency:
        refuse(_unclear_decimals(lines, currency, shown))
    return lines


def with_lines(text: str, lines: Sequence[BudgetLine], shown: str) -> str:
    """The text of a budgets.csv with lines added at its end, in its own columns and line breaks.

    Args:
        text: of the file, with its line breaks unchanged.
        lines: what to add, as amounts alone. If the file has no column `date`, the date starts the
            reason.
        shown: the file's name in messages.

    Returns:
        `text`, unchanged, followed by the new lines.

    Raises:
        Refusal: what `read_budget_file` refuses, or a new line needs a column the file lacks.
    """
    header, _ = _parsed(text, shown)
    rows = [_row(line, header) for line in lines]
    missing = [column for column in COLUMNS if column not in header and _is_needed(column, rows)]
    if missing:
        rule = "a new line needs a column that is missing"
        fix = "Add it at the end of the header, and a comma at the end of each line"
        raise Refusal([Problem(rule, fix, shown, column=column) for column in missing])
    end = line_end(text)
    if not text.endswith(("\n", "\r")):
        text += end
    for row in rows:
        text += csv_line([row[column] for column in header], end)
    return text


def _is_needed(column: str, rows: Iterable[dict[str, str]]) -> bool:
    """A row has something in the column that leaving it out would not mean."""
    return any(row[column] != DEFAULTS.get(column, "") for row in rows)


def _row(line: BudgetLine, header: Sequence[str]) -> dict[str, str]:
    """The text of each column for a line."""
    row = {column: str(getattr(line, column, "")) for column in COLUMNS}
    row["version"] = version_label(line.version)
    row["amount"] = NO_BUDGET if line.amount is None else format(line.amount, "f")
    row["month" if MONTH.fullmatch(line.period) else "year"] = line.period
    if line.date and "date" not in header:
        row["date"] = ""
        row["reason"] = f"{line.date}: {line.reason}" if line.reason else line.date
    return row


def _parsed(
    text: str, shown: str, currency: str = ""
) -> tuple[tuple[str, ...], tuple[BudgetLine, ...]]:
    """The header and the lines of a text."""
    records = parse_records(text, shown, FORM)
    problems = list(records.problems)
    lines: list[BudgetLine] = []
    for record in records.records:
        filled = [column for column in ("month", "year") if record.values[column] != ""]
        if len(filled) != 1:
            rule, fix = NOT_ONE[bool(filled)]
            column = "month" if "month" in records.header else "year"
            problems.append(Problem(rule, fix, shown, record.line, column))
        elif record.valid:
            line = _budget_line(record, record.values[filled[0]], shown, currency)
            if isinstance(line, Problem):
                problems.append(line)
            else:
                lines.append(line)
    refuse((*problems, *_equal_names(lines, shown), *_second_budgets(lines, shown)))
    return records.header, tuple(lines)


def _budget_line(record: CsvRow, period: str, shown: str, currency: str) -> BudgetLine | Problem:
    """The line of a record, or what is wrong with its amount, calls and unit_cost together."""
    apart = ("month", "year", "amount", "calls", "unit_cost")
    values = {column: value for column, value in record.values.items() if column not in apart}
    fields = {column: record.values[column] for column in Stated._fields}
    stated = Stated(**{column: None if text == "" else text for column, text in fields.items()})
    budget: tuple[Decimal | None, FlexibleBudget | None] = (None, None)
    if fields["amount"] is None and stated.has_calls:
        rule, fix = "none takes the budget away", "Leave calls and unit_cost of this line empty"
        return Problem(rule, fix, shown, record.line, "amount", NO_BUDGET)
    if fields["amount"] == "" and not stated.has_calls:
        fix = "Write an amount, or remove the line"
        return Problem("no value", fix, shown, record.line, "amount", "")
    if fields["amount"] is not None:
        try:
            budget = resolve(stated, currency)
        except BadFields as error:
            return problem_of(error, stated, shown, record.line)
    amount, flexible = budget
    return BudgetLine(
        line=record.line, period=period, amount=amount, file=shown, flexible=flexible, **values
    )


def _equal_names(lines: Iterable[BudgetLine], shown: str) -> Iterator[Problem]:
    """Names that differ only in their Unicode form, so that a reader can't tell them apart."""
    first: dict[tuple[str, str], str] = {}
    for line in lines:
        look = (line.dimension, unicodedata.normalize("NFC", line.name))
        if first.setdefault(look, line.name) != line.name:
            rule, fix = "two names that look the same", "Keep one spelling"
            yield Problem(rule, fix, shown, line.line, "name", line.name)


def _second_budgets(lines: Iterable[BudgetLine], shown: str) -> Iterator[Problem]:
    """Lines for a name, month and version that an earlier line has already."""
    first: dict[tuple[str, str, int, str], int] = {}
    for line in lines:
        keys = [(line.dimension, line.name, line.version, month) for month in line.months]
        taken = next((key for key in keys if key in first), None)
        if taken:
            *_, version, month = taken
            rule = (
                f"{line.name} already has a {month} budget in version {version_label(version)}, "
                f"on line {first[taken]}"
            )
            fix = "Keep one of the two lines, or give one of them another version"
            yield Problem(rule, fix, shown, line.line, "name")
        for key in keys:
            first.setdefault(key, line.line)


def _unclear_decimals(lines: Iterable[BudgetLine], currency: str, shown: str) -> Iterator[Problem]:
    """Amounts whose point may stand between thousands."""
    for line in lines:
        for problem in decimals_problems({"": line.amount}, currency, "amount"):
            yield replace(problem, file=shown, line=line.line)


def _one_of(known: Sequence[str]) -> Callable[[str], str]:
    """A parser that accepts these words only."""

    def parse(text: str) -> str:
        if unpadded(text) not in known:
            raise BadValue("unknown value", did_you_mean(text, known))
        return text

    return parse


def _period(form: re.Pattern[str], rule: str, fix: str) -> Callable[[str], str]:
    """A parser that accepts this form of period only."""

    def parse(text: str) -> str:
        if not form.fullmatch(text):
            raise BadValue(rule, fix)
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
        "month": _period(MONTH, "not a month", "Write it as 2025-12"),
        "year": _period(YEAR, "not a year", "Write it as 2025"),
        "amount": lambda text: parse_as(BudgetChange, text),
        "calls": parse_calls,
        "unit_cost": parse_unit_cost,
        "owner": one_line,
        "approver": one_line,
        "version": lambda text: version_number(unpadded(text)),
        "status": _one_of(STATUSES),
        "date": lambda text: str(parse_as(KnownDay, text)),
    },
    defaults=DEFAULTS,
    meant=MEANT,
    numbers=("amount", "calls", "unit_cost", "version"),
    instead={"amount": ("calls", "unit_cost")},
)
