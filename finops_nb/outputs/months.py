"""The months before a month, as published: history never disagrees with what was sent."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from finops_nb.errors import Refusal
from finops_nb.home import Home, find_home
from finops_nb.outputs.artifacts import CELLS, RESULTS, read_results
from finops_nb.outputs.cells import Cell, cells_of
from finops_nb.outputs.looked_back import compared_period, names_looked_back_on
from finops_nb.outputs.manifest import VARIABLE as STAGING_VARIABLE
from finops_nb.outputs.manifest import Kind
from finops_nb.params.model import Params
from finops_nb.schema import BUDGETED

SPENT: Final = ("organizations", "products")
OVER: Final = "OVER"
"""The status in results.json of a name that was over its budget.

It is `Status.OVER` of `figures/budget_status.py`, a room that this one can't import.
"""
PAIRS: Final = "organization_product_breakdown"
"""The table in results.json of cost by organization and product."""
SNAPSHOT: Final = "months.json"
"""In a run's staging folder: the months before, as the run's key has them."""


@dataclass(frozen=True, slots=True)
class PublishedMonth:
    """The figures of a finished month, as its official report has them.

    Args:
        name: text like 2025-11.
        cost: its total.
        rows: of usage in it.
        days: cost by day.
        budget: the budget in its executive summary; None if no budget was set.
        organizations: cost by organization.
        products: cost by product.
        excesses: by dimension, what each name that was OVER was over its budget.
        budgets: by dimension, the budget of each name that had one.
        pairs: cost by organization and product.
        cells: its usage by kind; None where it was published without, or is not compared with.
    """

    name: str
    cost: Decimal
    rows: int
    days: Mapping[date, Decimal]
    budget: Decimal | None = None
    organizations: Mapping[str, Decimal] = field(default_factory=dict)
    products: Mapping[str, Decimal] = field(default_factory=dict)
    cells: tuple[Cell, ...] | None = field(default=None, repr=False)
    excesses: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    budgets: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    pairs: Mapping[tuple[str, str], Decimal] = field(default_factory=dict, repr=False)

    def of(self, dimension: str) -> Mapping[str, Decimal]:
        """Cost by name of `organization` or `product`."""
        return {"organization": self.organizations, "product": self.products}[dimension]

    def as_record(self) -> dict[str, Any]:
        """The figures as JSON, for the run's key; rows are not in it."""
        record: dict[str, Any] = {
            "name": self.name,
            "cost": str(self.cost),
            "budget": None if self.budget is None else str(self.budget),
        }
        for part in ("days", *SPENT):
            amounts = getattr(self, part)
            record[part] = sorted((f"{name}", str(cost)) for name, cost in amounts.items())
        record["excesses"] = _by_dimension(self.excesses)
        record["budgets"] = _by_dimension(self.budgets)
        record["pairs"] = sorted((*pair, str(cost)) for pair, cost in self.pairs.items())
        if self.cells is not None:
            record["cells"] = [[*cell[:-1], str(cell.cost)] for cell in self.cells]
        return record


Months = tuple[PublishedMonth, ...]


def months_before(
    params: Params,
    home: Home | None = None,
    expected: Mapping[str, PublishedMonth | None] | None = None,
) -> Months:
    """The official months that a report looks back on, newest first, as far as published.

    They are those of `names_looked_back_on`: the twelve months before; for a longer period also its
    own months; and those of `compare`.

    Args:
        params: for the period, and for currency and time zone, which must be the same.
        home: whose outputs. If None: the months that the run of this process was given, or those
            of the home that `find_home` finds.
        expected: by NAME, months that are about to be published. They replace what is published
            under their NAMEs; None means that nothing is expected.
    """
    if home is None and (snapshot := _snapshot()):
        records = json.loads(snapshot.read_bytes())["months"]
        return tuple(_from_record(record) for record in records)
    try:
        outputs = (home or find_home()).outputs
    except Refusal:
        return ()
    months = []
    compared = compared_period(params)
    bridged_from = compared.months if compared else ()
    for name in names_looked_back_on(params):
        if expected and name in expected:
            month = expected[name]
        else:
            month = _published(outputs / name / RESULTS, params)
        if month:
            months.append(month if name in bridged_from else replace(month, cells=None))
    return tuple(months)


def months_left_out(params: Params, home: Home | None = None) -> dict[str, str]:
    """The official reports among those of `months_before` that can't be compared, and why.

    Args:
        params: as for `months_before`.
        home: likewise.

    Returns:
        By NAME, words that follow "is", such as "PARTIAL" or "in EUR".
    """
    if home is None and (snapshot := _snapshot()):
        reasons: dict[str, str] = json.loads(snapshot.read_bytes())["left_out"]
        return reasons
    try:
        outputs = (home or find_home()).outputs
    except Refusal:
        return {}
    files = {name: outputs / name / RESULTS for name in names_looked_back_on(params)}
    found = {
        name: _why_left_out(read_results(file.read_bytes()), params)
        for name, file in files.items()
        if file.is_file()
    }
    return {name: reason for name, reason in found.items() if reason}


def _why_left_out(results: Mapping[str, Any], params: Params) -> str:
    """Words that follow "is"; empty for a report that is compared, or is no official one."""
    try:
        reason = _why_not_comparable(results, params)
    except (KeyError, TypeError):
        reason = None
    if reason is None and month_of(results, params) is None:
        return "of another version of finops-nb"
    return reason or ""


def save_months(
    months: Iterable[PublishedMonth], left_out: Mapping[str, str], folder: Path
) -> None:
    """Write the snapshot for a kernel whose environment names `folder`."""
    records = [month.as_record() | {"rows": month.rows} for month in months]
    snapshot = {"months": records, "left_out": dict(left_out)}
    (folder / SNAPSHOT).write_text(json.dumps(snapshot) + "\n", encoding="utf-8")


def month_of(results: Mapping[str, Any], params: Params) -> PublishedMonth | None:
    """The month that a `results.json` is about.

    Args:
        results: the object in the file.
        params: of the report that looks back.

    Returns:
        None where the two can't be compared: not an official report, another currency or time
        zone, a month that was still running, or results without the figures that are needed.
    """
    try:
        if _why_not_comparable(results, params) is not None:
            return None
        days = {
            date.fromisoformat(row["day"]): Decimal(row["cost"])
            for row in results["tables"]["spend_by_day"]
        }
        [summary] = results["tables"]["executive_summary"]
        return PublishedMonth(
            results["name"],
            Decimal(results["total"]),
            results["rows"]["used"],
            days,
            None if summary["budget"] is None else Decimal(summary["budget"]),
            _amounts(dict(results["organizations"])),
            _amounts(dict(results["products"])),
            cells_of(results["tables"][CELLS]) if CELLS in results["tables"] else None,
            {dimension: _excesses(results, dimension) for dimension in BUDGETED},
            {dimension: _budgets(results, dimension) for dimension in BUDGETED},
            {
                (row["organization"], row["product"]): Decimal(row["cost"])
                for row in results["tables"].get(PAIRS, ())
            },
        )
    except (KeyError, TypeError, ValueError, ArithmeticError):
        # Another version of the kit wrote it, or that month's notebook had no such table.
        return None


def _excesses(results: Mapping[str, Any], dimension: str) -> dict[str, Decimal]:
    """What each name that was OVER was over its budget."""
    return {
        row[dimension]: Decimal(row["variance"])
        for row in results["tables"].get(f"cost_by_{dimension}", ())
        if row["status"] == OVER
    }


def _budgets(results: Mapping[str, Any], dimension: str) -> dict[str, Decimal]:
    """The budget of each name that had one."""
    return {
        row[dimension]: Decimal(row["budget"])
        for row in results["tables"].get(f"cost_by_{dimension}", ())
        if row.get("budget") is not None
    }


def _by_dimension(amounts: Mapping[str, Mapping[str, Decimal]]) -> dict[str, list[list[str]]]:
    """Amounts by dimension and name as JSON, names sorted."""
    return {
        dimension: [[name, str(amount)] for name, amount in sorted(names.items())]
        for dimension, names in amounts.items()
    }


def _snapshot() -> Path | None:
    """The file of months that a runner left for this process, if there is one."""
    staging = os.environ.get(STAGING_VARIABLE)
    if not staging:
        return None
    file = Path(staging) / SNAPSHOT
    return file if file.is_file() else None


def _from_record(record: Mapping[str, Any]) -> PublishedMonth:
    days = _amounts(dict(record["days"]))
    return PublishedMonth(
        record["name"],
        Decimal(record["cost"]),
        record["rows"],
        {date.fromisoformat(day): cost for day, cost in days.items()},
        None if record["budget"] is None else Decimal(record["budget"]),
        _amounts(dict(record["organizations"])),
        _amounts(dict(record["products"])),
        _cells_from_record(record),
        {dimension: _amounts(dict(names)) for dimension, names in record["excesses"].items()},
        {dimension: _amounts(dict(names)) for dimension, names in record["budgets"].items()},
        {(*pair,): Decimal(cost) for *pair, cost in record["pairs"]},
    )


def _cells_from_record(record: Mapping[str, Any]) -> tuple[Cell, ...] | None:
    if "cells" not in record:
        return None
    return tuple(Cell._make((*values, Decimal(cost))) for *values, cost in record["cells"])


def _published(file: Path, params: Params) -> PublishedMonth | None:
    return month_of(read_results(file.read_bytes()), params) if file.is_file() else None


def _why_not_comparable(results: Mapping[str, Any], params: Params) -> str | None:
    """Words that follow "is"; None if a report can be compared, empty if it is no official one."""
    if results.get("kind") != Kind.OFFICIAL:
        return ""
    if results["currency"] != params.currency:
        return f"in {results['currency']}"
    zone = results["provenance"]["params"]["timezone"]
    if zone != params.timezone:
        return f"in the time zone {zone}"
    return None if results["period"]["complete"] else "PARTIAL"


def _amounts(texts: Mapping[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(text) for name, text in texts.items()}
