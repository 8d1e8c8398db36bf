"""The months before, as they were published: history never disagrees with what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from finops_nb.edition import Kind
from finops_nb.errors import Refusal
from finops_nb.handover import RESULTS, read_results
from finops_nb.home import Home, find_home
from finops_nb.params import Params
from finops_nb.period import Period

BACK: Final = 12
"""How many months back are looked at."""
SPENT: Final = ("organizations", "products")


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
        by_name = {part: sorted((f"{key}", str(cost)) for key, cost in getattr(self, part).items()) for part in ("days", *SPENT)}
        return {"name": self.name, "cost": str(self.cost), "budget": str(self.budget)} | by_name


def months_before(params: Params, home: Home | None = None) -> tuple[PublishedMonth, ...]:
    """The official reports of the twelve months before a month, newest first; those that are not there are left out.

    Args:
        params: for the period, and for currency and time zone, which must be the same.
        home: whose outputs; found by `find_home` if None.
    """
    if not params.window.is_month:
        return ()
    try:
        outputs = (home or find_home()).outputs
    except Refusal:
        return ()
    names: list[Period] = [params.window.preceding()]
    while len(names) < BACK and names[-1].start.year > 1:
        names.append(names[-1].preceding())
    found = (_published(outputs / period.text / RESULTS, params) for period in names)
    return tuple(month for month in found if month)


def _published(file: Path, params: Params) -> PublishedMonth | None:
    results = read_results(file.read_bytes()) if file.is_file() else {}
    try:
        if results["kind"] != Kind.OFFICIAL or results["currency"] != params.currency or not results["period"]["complete"]:
            return None
        if results["provenance"]["params"]["timezone"] != params.timezone:
            return None
        days = {date.fromisoformat(line["day"]): Decimal(line["cost"]) for line in results["tables"]["spend_by_day"]}
        [opened] = results["tables"]["executive_summary"]
        budget = None if opened["budget"] is None else Decimal(opened["budget"])
        spent = [{name: Decimal(cost) for name, cost in dict(results[by]).items()} for by in SPENT]
        return PublishedMonth(results["name"], Decimal(results["total"]), results["rows"]["used"], days, budget, *spent)
    except (KeyError, TypeError, ValueError):
        # Another version of the kit wrote it, or the notebook of that month had no such table: nothing to compare with.
        return None
