"""What is known of a period's usage once it has been read: small exact summaries, and an account of every row."""

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
"""The summaries that the engine makes of one scan."""

CUBE: Final = ("day", "organization", "product", "feature", "model")
"""The finest summary, of usage that is read in detail: from it every grouping is made again where rates change."""


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage of one period.

    Args:
        period: the days it covers.
        groups: a frame for each of `GROUPINGS`: its key columns (text; `day` is a date, `month` text like 2025-12;
            `UNALLOCATED` where the source names none), `cost` (Decimal, unrounded), `calls` (int) and `customers`
            (int, distinct and named; not where a day is a key), sorted by its keys. The frame of `()` has one row, the whole.
            Where it was read in detail, likewise for `CUBE`.
        rows_read: rows of all inputs; `rows_read == rows_used + rows_outside`.
        rows_used: rows inside the period.
        rows_outside: rows outside of it.
        cost_outside: their cost.
        complete: the period is over as far as the data tells; else it is PARTIAL.
        last_day: the last day with usage.
        complete_through: the day, inclusive, up to which usage is known; never after the period.
        inputs: the files, sorted by name.
        notices: what was done to the data.
        dialect: of the files.
        missing_columns: which of `calls`, `customer` and `feature` the files do not tell. `calls` and `customers` are None then in
            every frame, and the frame by feature has no row.
        charges: of a bill, the rows and the cost of each kind of charge, highest first.
        unmapped: the keys that organizations.csv maps nowhere, with rows and cost, highest first.
        reconciliation: of the invoices that the params state.
        mapping: organizations.csv, where there is one.
        rows_unallocated: rows of the period that name no organization.
        credits: the sum of all costs below zero, and of those of them that name no organization.
        outside: rows and cost of the calendar months outside of the period, by text like 2025-11.
        projected: what a projection added to the cost, below zero where it took away; 0 of usage as it was read.
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
        whole: Decimal = self.groups[()]["cost"].iloc[0]
        return whole

    @property
    def unallocated(self) -> Decimal:
        """The cost of the rows that name no organization."""
        frame = self.groups["organization",]
        return total(frame.loc[frame["organization"] == UNALLOCATED, "cost"])

    @property
    def allocated(self) -> Decimal | None:
        """Which fraction of the cost has an organization; None where there is none.

        Credits count without their sign, as costs do: else one without an organization would hide a cost without one.
        """
        every, nameless = (-2 * credit for credit in self.credits)
        return portion(self.cost + every - self.unallocated - nameless, self.cost + every)

    @property
    def models(self) -> tuple[str, ...]:
        """The models that the usage names, sorted; none where it was not read in detail."""
        if CUBE not in self.groups:
            return ()
        return tuple(sorted(set(self.groups[CUBE]["model"]) - {UNALLOCATED}))
