"""Report data: everything a report is computed from, read once and passed around as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from finops_nb.outputs.manifest import Manifest
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.budgets import Budgets
from finops_nb.params.model import Params
from finops_nb.schema import Dimension
from finops_nb.usage.model import Usage

if TYPE_CHECKING:
    from finops_nb.figures.named import Named


@dataclass(frozen=True)
class ReportData:
    """What a report is computed from.

    Args:
        params: the params file, as read.
        usage: the usage of the period; in a what-if, as it would be.
        measured: the usage as the files have it; the same as `usage` without a what-if.
        budgets: the budgets of the period.
        manifest: which copy of the report this is.
        months: the official months before it, newest first, as published.
    """

    params: Params
    usage: Usage
    measured: Usage
    budgets: Budgets
    manifest: Manifest
    months: tuple[PublishedMonth, ...] = ()

    @cached_property
    def named(self) -> Mapping[Dimension, Named]:
        """The names that all tables and charts print by name, by dimension."""
        from finops_nb.figures.named import named_in  # it is computed from a ReportData

        return {by: named_in(self, by) for by in ("organization", "product", "feature")}
