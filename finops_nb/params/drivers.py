"""drivers.csv: what the business did in a month, such as orders or seats, for costs per unit.

    month,organization,name,amount
    2025-12,org-a,orders,12500
    2025-12,,orders,20000

A line without an organization is about the whole company. `figures/unit_costs.py` divides costs by
the amounts.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Final

from finops_nb.errors import BadValue, Problem
from finops_nb.home import Home, find_home
from finops_nb.money import ZERO
from finops_nb.month_spelling import meant_month
from finops_nb.params.csv_file import (
    CsvRow,
    Form,
    name,
    parse_records,
    read_text,
    refuse,
    unpadded,
)
from finops_nb.params.model import Params
from finops_nb.params.text_file import check_exists
from finops_nb.params.three_decimals import may_be_thousands
from finops_nb.params.types import Amount, parse_as
from finops_nb.period import MONTH, parse_period
from finops_nb.schema import ALL

COMPANY: Final = ""
"""The organization of a line about the whole company."""

COLUMNS: Final = ("month", "organization", "name", "amount")

LIMIT: Final = Decimal(10) ** 12
"""No amount reaches it, so that the sum over the months of the longest period is exact."""


@dataclass(frozen=True, slots=True)
class DriverLine:
    """One line of the file.

    Args:
        line: physical line where it starts, the header being line 1.
        month: text like 2025-12.
        organization: as the usage has it; `COMPANY` is the whole company.
        name: of the driver, such as orders.
        amount: in units of the driver, 0 or more.
    """

    line: int
    month: str
    organization: str
    name: str
    amount: Decimal


@dataclass(frozen=True)
class Drivers:
    """What drivers.csv says.

    Args:
        lines: sorted by driver, organization and month; no two are about the same.
        file: its name in messages.
        sha256: of its bytes.
    """

    lines: tuple[DriverLine, ...]
    file: str
    sha256: str

    @cached_property
    def amounts(self) -> Mapping[tuple[str, str], Mapping[str, Decimal]]:
        """Amount by month, by driver and organization."""
        amounts: dict[tuple[str, str], dict[str, Decimal]] = {}
        for line in self.lines:
            amounts.setdefault((line.name, line.organization), {})[line.month] = line.amount
        return amounts


def read_driver_file(path: Path, shown: str) -> Drivers:
    """What a drivers.csv says.

    Args:
        path: the file.
        shown: its name in messages.

    Raises:
        Refusal: unreadable, too big, not UTF-8, not CSV; or all problems of its lines together: a
            bad field, a second line about the same, two names that look the same.

    Example:
        month,organization,name,amount
        2025-12,org-a,orders,12500
    """
    text = read_text(path, shown, FORM)
    records = parse_records(text, shown, FORM)
    lines = [_driver_line(record) for record in records.records if record.valid]
    same = (*_second_lines(lines, shown), *_equal_names(lines, shown))
    refuse((*records.problems, *same))
    in_order = sorted(lines, key=lambda line: (line.name, line.organization, line.month))
    # UTF-8 is read strictly, so the text encodes to exactly the bytes that were read.
    return Drivers(tuple(in_order), shown, hashlib.sha256(text.encode("utf-8")).hexdigest())


def read_drivers(params: Params, home: Home | None = None) -> Drivers | None:
    """The drivers.csv that the params name; None where they name none.

    Args:
        params: `drivers` is its path.
        home: where a relative path starts; found by `find_home` if None.

    Raises:
        Refusal: there is no such file, or as for `read_driver_file`.

    Example:
        drivers: drivers.csv
    """
    if not params.drivers:
        return None
    home = home or find_home()
    path = home.root / params.drivers
    check_exists(path, "drivers", params.drivers)
    return read_driver_file(path, home.shown(path))


def _driver_line(record: CsvRow) -> DriverLine:
    return DriverLine(record.line, **{column: record.values[column] for column in COLUMNS})


def _second_lines(lines: Iterable[DriverLine], shown: str) -> Iterator[Problem]:
    """Lines about what an earlier line is about."""
    first: dict[tuple[str, str, str], int] = {}
    for line in lines:
        known = first.setdefault((line.name, line.organization, line.month), line.line)
        if known != line.line:
            whose = line.organization or "the whole company"
            rule = f"line {known} already has {line.name} of {whose} for {line.month}"
            yield Problem(rule, "Keep one of the two lines", shown, line.line, "name", line.name)


def _equal_names(lines: Iterable[DriverLine], shown: str) -> Iterator[Problem]:
    """Names that differ only in their Unicode form, so that a reader can't tell them apart."""
    first: dict[tuple[str, str], str] = {}
    for line in lines:
        for column in ("organization", "name"):
            text = getattr(line, column)
            if first.setdefault((column, unicodedata.normalize("NFC", text)), text) != text:
                rule, fix = "two names that look the same", "Keep one spelling"
                yield Problem(rule, fix, shown, line.line, column, text)


def _month(text: str) -> str:
    if not MONTH.fullmatch(text):
        raise BadValue("not a month", f"Write it as {meant_month(text) or '2025-12'}")
    return parse_period(text).text


def _organization(text: str) -> str:
    if text == ALL:
        rule = f"{ALL} is the report's word for the whole company"
        raise BadValue(rule, "Leave the field empty")
    return text and name(text)


def _driver(text: str) -> str:
    if not text:
        raise BadValue("no name", "Write the name of a driver, such as orders or seats")
    return name(text)


def _amount(text: str) -> Decimal:
    amount: Decimal = parse_as(Amount, text)
    if amount < ZERO:
        raise BadValue("an amount below zero", "Write 0 or more")
    if amount >= LIMIT:
        raise BadValue("an amount of 10^12 or more", "Count in thousands or millions")
    if may_be_thousands(amount):
        rule = "three decimals, where the point may stand between thousands"
        raise BadValue(rule, f"Write {text.replace('.', '')} or {text}0")
    return amount


FORM: Final = Form(
    entry="amount of a driver",
    example=",".join(COLUMNS),
    columns=COLUMNS,
    required=COLUMNS,
    parsers={
        "month": lambda text: _month(unpadded(text)),
        "organization": _organization,
        "name": _driver,
        "amount": _amount,
    },
    size=10_000_000,
    numbers=("amount",),
)
