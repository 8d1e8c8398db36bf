"""What is known about a period's usage: small exact summaries, and an account of every row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from finops_nb.money import ZERO, ratio, total
from finops_nb.outputs.cells import KEYS
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

CUBE: Final = ("day", "organization", "product", "feature", "model", "charge", "source_key")
"""The finest summary, made if usage is read in detail. A what-if that changes rates computes every
other figure from it again.

`charge` is the kind of charge of a bill, and `source_key` the key that organizations.csv maps
nowhere; both are empty where there is none.
"""


CELLS: Final = KEYS
"""The names of the kinds of usage from which a variance bridge is computed."""

DAYS: Final = ("day", "organization", "product", "model")

CELLS_BY_DAY: Final = ("day", *CELLS)
"""A finest summary instead of the cube, from which `CELLS` and `DAYS` are made."""


@dataclass(frozen=True, slots=True)
class SourceTotal:
    """What one source of the params holds of the period.

    Args:
        source: its name; "usage" where the params describe one source by their own keys.
        dialect: of its files.
        basis: "billed" or "estimate": whether its cost is what a provider bills, or is computed
            from prices.
        currency: of its costs.
        rows: in the period.
        cost: of those rows, unrounded, in `currency`.
    """

    source: str
    dialect: str
    basis: str
    currency: str
    rows: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage of one period.

    Args:
        period: the days it covers.
        groups: a frame for each of `GROUPINGS`, and for `CUBE` if it was read in detail, sorted by
            its keys. Its columns are the keys (text; `day` is a date, `month` text like 2025-12;
            `UNALLOCATED` for no name), `cost` (Decimal, unrounded), `calls` (int) and, unless a key
            is the day, `customers` (int, distinct and named). The cube also has `credits`, the part
            of `cost` from costs below zero. Frames for `CELLS` (with `input_tokens`,
            `cached_tokens` and `output_tokens`, None where a row does not say, and no customers)
            and for `DAYS`, if it was read by `CELLS_BY_DAY`. The frame of `()` has one row, the
            total.
        rows_read: rows of all inputs; `rows_read == rows_used + rows_outside + rows_dropped`.
        rows_used: rows inside the period.
        rows_outside: rows outside of it.
        cost_outside: their cost.
        rows_dropped: rows that are no charge, by `drop` of their source.
        cost_dropped: their cost, as far as it can be read.
        complete: as far as the data tells, the period is over; else it is PARTIAL.
        last_day: the last day with usage.
        complete_through: the day, inclusive, up to which usage is known; never after the period.
        inputs: the files, sorted by name.
        notices: what was done to the data, and what may surprise in it.
        projected: what a projection added to the cost; below zero where it took away, 0 for usage
            as it was read.
        sources: what each source of the params holds, in their order.
        missing_columns: which of `calls`, `customer` and `feature` the files do not have. `calls`
            and `customers` are then None in every frame, and the frame by feature has no row.
        charges: for a bill, rows and cost of each kind of charge, highest cost first.
        unmapped: keys that organizations.csv maps nowhere, with rows and cost, highest cost first.
        mapping: organizations.csv, if there is one.
        reconciliation: of the invoices that the params state.
        rows_unallocated: rows of the period without an organization.
        unallocated_credits: the sum of the costs below zero without an organization.
        months_missing: the calendar months of a longer period without any row, text like 2025-07;
            those after `complete_through` are not among them. Empty where the params say by
            `as_of` that usage is complete.
        largest_customers: the cost of each of the ten customers with the highest, highest first and
            without their names; empty without customers, and unless it was read by `CELLS_BY_DAY`.
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
    sources: tuple[SourceTotal, ...] = ()
    rows_dropped: int = 0
    cost_dropped: Decimal = ZERO
    missing_columns: frozenset[str] = frozenset()
    charges: tuple[tuple[str, int, Decimal], ...] = ()
    unmapped: tuple[tuple[str, int, Decimal], ...] = ()
    mapping: InputFile | None = None
    reconciliation: Reconciliation | None = None
    rows_unallocated: int = 0
    unallocated_credits: Decimal = ZERO
    largest_customers: tuple[Decimal, ...] = ()
    months_missing: tuple[str, ...] = ()

    @property
    def covers_period(self) -> bool:
        """The period is over and none of its months is missing; else the report is PARTIAL."""
        return self.complete and not self.months_missing

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
        """The fraction of the cost that has an organization.

        Credits reduce the cost of their own organization.

        Returns:
            None if there is no cost, or if credits exceed the cost of an organization (or of the
            rows without one): what is left of them would hide the cost of others.

        Example:
            org-a 100 and -50, no organization 10: 50 ÷ (50 + 10) = 83.3%.
        """
        if min(self.groups["organization",]["cost"], default=ZERO) < 0:
            return None
        return ratio(self.cost - self.unallocated, self.cost)

    @property
    def unallocated_share(self) -> Decimal | None:
        """The rest of `allocated`: the fraction of the cost that has no organization."""
        return None if self.allocated is None else 1 - self.allocated

    @property
    def models(self) -> tuple[str, ...]:
        """The models in the usage, sorted; empty if it was not read in detail."""
        if CUBE not in self.groups:
            return ()
        return tuple(sorted(set(self.groups[CUBE]["model"]) - {UNALLOCATED}))
