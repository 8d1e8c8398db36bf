"""What is known about a period's usage: small exact summaries, and an account of every row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from finops_nb.money import ZERO, portion, total
from finops_nb.params.invoices import Reconciliation
from finops_nb.period import Period
from finops_nb.schema import UNALLOCATED
from finops_nb.usage.sources.notice import InputFile, Notice

if TYPE_CHECKING:
    import pandas as pd

Grouping = tuple[str, ...]

GROUPINGS: Final[tuple[Grouping, ...]] = (
    ("organization",),
    ("product",),
    ("feature",),
    ("organization", "product"),
    ("day",),
    ("day", "organization"),
    ("day", "product"),
    ("month", "product"),
    (),
)
"""The summaries that the engine makes from one scan."""

CUBE: Final = ("day", "organization", "product", "feature", "model")
"""The finest summary, made if usage is read in detail. A what-if that changes rates computes every
other grouping from it again."""


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage of one period.

    Args:
        period: the days it covers.
        groups: a frame for each of `GROUPINGS`, and for `CUBE` if it was read in detail, sorted by
            its keys. Its columns are the keys (text; `day` is a date, `month` text like 2025-12;
            `UNALLOCATED` for no name), `cost` (Decimal, unrounded), `calls` (int) and, unless a key
            is the day, `customers` (int, distinct and named). The frame of `()` has one row, the
            total.
        rows_read: rows of all inputs; `rows_read == rows_used + rows_outside`.
        rows_used: rows inside the period.
        rows_outside: rows outside of it.
        cost_outside: their cost.
        complete: as far as the data tells, the period is over; else it is PARTIAL.
        last_day: the last day with usage.
        complete_through: the day, inclusive, up to which usage is known; never after the period.
        inputs: the files, sorted by name.
        notices: what was done to the data, and what may surprise in it.
        projected: what a projection added to the cost; below zero where it took away, 0 for usage
            as it was read.
        dialect: of the files.
        missing_columns: which of `calls`, `customer` and `feature` the files do not have. `calls`
            and `customers` are then None in every frame, and the frame by feature has no row.
        charges: for a bill, rows and cost of each kind of charge, highest cost first.
        unmapped: keys that organizations.csv maps nowhere, with rows and cost, highest cost first.
        mapping: organizations.csv, if there is one.
        reconciliation: of the invoices that the params state.
        rows_unallocated: rows of the period without an organization.
        outside: rows and cost of each calendar month outside of the period, by text like 2025-11.
        credits: the sum of all costs below zero, and of those without an organization.
    """

    period: Period
    groups: Mapping[Grouping, pd.DataFrame] = field(repr=False)
    rows_read: int
    rows_used: int
    rows_outside: int
    cost_outside: Decimal
    complete: bool
    last_day: date
    complete_through: date
    inputs: tuple[InputFile, ...]
    notices: tuple[Notice, ...] = ()
    projected: Decimal = ZERO
    dialect: str = "calls"
    missing_columns: frozenset[str] = frozenset()
    charges: tuple[tuple[str, int, Decimal], ...] = ()
    unmapped: tuple[tuple[str, int, Decimal], ...] = ()
    mapping: InputFile | None = None
    reconciliation: Reconciliation | None = None
    rows_unallocated: int = 0
    outside: Mapping[str, tuple[int, Decimal]] = field(default_factory=dict)
    credits: tuple[Decimal, Decimal] = (ZERO, ZERO)

    @property
    def cost(self) -> Decimal:
        """The total cost of the period."""
        cost: Decimal = self.groups[()]["cost"].iloc[0]
        return cost

    @property
    def unallocated(self) -> Decimal:
        """The cost of the rows without an organization."""
        frame = self.groups["organization",]
        return total(frame.loc[frame["organization"] == UNALLOCATED, "cost"])

    @property
    def allocated(self) -> Decimal | None:
        """The fraction of the cost that has an organization; None if there is no cost.

        Credits count without their sign, as costs do. Otherwise a credit without an organization
        would hide a cost without one.
        """
        # A credit of -50 is in the cost already; adding 100 turns it into a cost of 50.
        all_credits, unallocated_credits = (-2 * credit for credit in self.credits)
        gross = self.cost + all_credits
        return portion(gross - self.unallocated - unallocated_credits, gross)

    @property
    def models(self) -> tuple[str, ...]:
        """The models in the usage, sorted; empty if it was not read in detail."""
        if CUBE not in self.groups:
            return ()
        return tuple(sorted(set(self.groups[CUBE]["model"]) - {UNALLOCATED}))
