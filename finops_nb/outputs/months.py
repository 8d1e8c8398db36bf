"""The months before, as they were published: history never disagrees with what was sent."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from finops_nb.errors import Refusal
from finops_nb.home import Home, find_home
from finops_nb.outputs.artifacts import RESULTS, read_results
from finops_nb.outputs.manifest import VARIABLE as STAGING_VARIABLE
from finops_nb.outputs.manifest import Kind
from finops_nb.params.model import Params
from finops_nb.period import Period

BACK: Final = 12
"""How many months back are looked at."""
SPENT: Final = ("organizations", "products")
SNAPSHOT: Final = "months.json"
"""In a run's staging folder: the months before as its key has them, whatever is published meanwhile."""


@dataclass(frozen=True, slots=True)
class PublishedMonth:
    """A month that is over, as its official report has it.

    Args:
        name: text like 2025-11.
        cost: its total.
        rows: of usage in it.
        days: cost by day.
        budget: what its report opened with; None: no budget was set.
        organizations: cost by organization.
        products: cost by product.
    """

    name: str
    cost: Decimal
    rows: int
    days: Mapping[date, Decimal]
    budget: Decimal | None = None
    organizations: Mapping[str, Decimal] = field(default_factory=dict)
    products: Mapping[str, Decimal] = field(default_factory=dict)

    def of(self, dimension: str) -> Mapping[str, Decimal]:
        """Cost by name of `organization` or `product`."""
        return {"organization": self.organizations, "product": self.products}[dimension]

    def as_record(self) -> dict[str, Any]:
        """Its figures as JSON, for the run's key."""
        by_name = {
            part: sorted((f"{key}", str(cost)) for key, cost in getattr(self, part).items())
            for part in ("days", *SPENT)
        }
        return {
            "name": self.name,
            "cost": str(self.cost),
            "budget": None if self.budget is None else str(self.budget),
        } | by_name


Months = tuple[PublishedMonth, ...]


def names_before(params: Params) -> tuple[str, ...]:
    """The NAMEs of the twelve months before a month, newest first; none before another period."""
    if not params.window.is_month:
        return ()
    names: list[Period] = [params.window.preceding()]
    while len(names) < BACK and names[-1].start.year > 1:
        names.append(names[-1].preceding())
    return tuple(period.text for period in names)


def months_before(
    params: Params,
    home: Home | None = None,
    coming: Mapping[str, PublishedMonth | None] | None = None,
) -> Months:
    """The official reports of the twelve months before a month, newest first; those that are not there are left out.

    Args:
        params: for the period, and for currency and time zone, which must be the same.
        home: whose outputs; if None, those that the run of this process was given, or found by `find_home`.
        coming: months that are about to be published, as they will be; they stand for what is published under their NAMEs.
    """
    staging = os.environ.get(STAGING_VARIABLE)
    if home is None and staging and (Path(staging) / SNAPSHOT).is_file():
        return tuple(
            _from_record(record) for record in json.loads((Path(staging) / SNAPSHOT).read_bytes())
        )
    try:
        outputs = (home or find_home()).outputs
    except Refusal:
        return ()
    known = coming or {}
    found = (
        known[name] if name in known else _published(outputs / name / RESULTS, params)
        for name in names_before(params)
    )
    return tuple(month for month in found if month)


def save_months(months: Iterable[PublishedMonth], folder: Path) -> None:
    """Write the snapshot for a kernel whose environment names `folder`."""
    (folder / SNAPSHOT).write_text(
        json.dumps([month.as_record() | {"rows": month.rows} for month in months]) + "\n",
        encoding="utf-8",
    )


def _from_record(record: dict[str, Any]) -> PublishedMonth:
    days, *spent = (
        {name: Decimal(cost) for name, cost in record[part]} for part in ("days", *SPENT)
    )
    budget = None if record["budget"] is None else Decimal(record["budget"])
    on = {date.fromisoformat(day): cost for day, cost in days.items()}
    return PublishedMonth(
        record["name"], Decimal(record["cost"]), record["rows"], on, budget, *spent
    )


def _published(file: Path, params: Params) -> PublishedMonth | None:
    return month_of(read_results(file.read_bytes()), params) if file.is_file() else None


def month_of(results: Mapping[str, Any], params: Params) -> PublishedMonth | None:
    """The month whose official results these are; None where it can't stand beside a report of these params."""
    try:
        if (
            results["kind"] != Kind.OFFICIAL
            or results["currency"] != params.currency
            or not results["period"]["complete"]
        ):
            return None
        if results["provenance"]["params"]["timezone"] != params.timezone:
            return None
        days = {
            date.fromisoformat(line["day"]): Decimal(line["cost"])
            for line in results["tables"]["spend_by_day"]
        }
        [opened] = results["tables"]["executive_summary"]
        budget = None if opened["budget"] is None else Decimal(opened["budget"])
        spent = [{name: Decimal(cost) for name, cost in dict(results[by]).items()} for by in SPENT]
        return PublishedMonth(
            results["name"],
            Decimal(results["total"]),
            results["rows"]["used"],
            days,
            budget,
            *spent,
        )
    except (KeyError, TypeError, ValueError):
        # Another version of the kit wrote it, or the notebook of that month had no such table: nothing to compare with.
        return None
