"""Facts: what the scan of one file found, and what of it a reader of the report should know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from finops_nb.money import DECIMALS, ZERO
from finops_nb.usage.model import Notice
from finops_nb.usage.notices import remarks_on
from finops_nb.usage.sources.source_table import Table


@dataclass(frozen=True, slots=True)
class Facts:
    """What the scan of one file found.

    Args:
        rows: all of them.
        bad: rows that refuse the file.
        cost: the sum of all costs that could be read.
        magnitude: the sum of their absolute values.
        rounded: rows with more than 12 decimals.
        change: what rounding them changed in all, exactly.
        remarks: rows and money of each remark of the table.
        inside: the rows of the period, and their cost.
        content: a fingerprint of the rows and the cost by day, organization and product, of the period; None where they are few.
        credits: of the period, all costs below zero, and those of them that name no organization.
        foreign: rows in another currency than the report's, of the period or not.
    """

    rows: int
    bad: int
    cost: Decimal
    magnitude: Decimal
    rounded: int = 0
    change: Decimal = ZERO
    remarks: tuple[tuple[int, Decimal], ...] = ()
    foreign: int = 0
    inside: tuple[int, Decimal] = (0, ZERO)
    content: int | None = None
    credits: tuple[Decimal, Decimal] = (ZERO, ZERO)


@dataclass(frozen=True, slots=True)
class File:
    """A file that was read: its table, what its scan found, and what its reader noticed."""

    table: Table
    facts: Facts
    notices: tuple[Notice, ...] = ()


def notices_of(table: Table, facts: Facts) -> Iterator[Notice]:
    """What was done to rows of a file, and what may surprise in them."""
    if facts.rounded:
        text = f"{table.source.name} has costs of more than {DECIMALS} decimals; each was rounded half away from zero."
        yield Notice(text, facts.rounded, facts.change)
    for remark, (rows, money) in zip(remarks_on(table), facts.remarks, strict=True):
        if rows:
            yield Notice(remark.text, rows, money)
