"""Report data: everything a report is computed from, read once and passed around as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from finops_nb.outputs.looked_back import names_before
from finops_nb.outputs.manifest import Manifest
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.budgets import Budgets
from finops_nb.params.drivers import Drivers
from finops_nb.params.model import Params
from finops_nb.usage.model import Usage


@dataclass(frozen=True, eq=False)
class ReportData:
    """What a report is computed from.

    Args:
        params: the params file, as read.
        usage: the usage of the period; in a what-if, as it would be.
        measured: the usage as the files have it; the same as `usage` without a what-if.
        budgets: the budgets of the period.
        manifest: which copy of the report this is.
        months: the official months that it looks back on, newest first, as published: see
            `names_looked_back_on`.
        left_out: those that can't be compared, by NAME, and why, from `months_left_out`.
        drivers: drivers.csv; None if the params name none.
    """

    params: Params
    usage: Usage
    measured: Usage
    budgets: Budgets
    manifest: Manifest
    months: tuple[PublishedMonth, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    drivers: Drivers | None = None

    @property
    def earlier(self) -> tuple[PublishedMonth, ...]:
        """Those of `months` that are among the twelve before the period."""
        names = names_before(self.params)
        return tuple(month for month in self.months if month.name in names)
