"""results.json, checked in itself: the tables that divide the cost add up to it, name by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from finops_nb.money import plain
from finops_nb.outputs.artifacts import RESULTS
from finops_nb.read_back.figures import Record, exact_sum

KEYS: Final = ("total", "currency", "period", "organizations", "products", "features", "tables")

DIVIDED: Final = (
    ("cost_by_organization", "cost", "organization"),
    ("cost_by_product", "cost", "product"),
    ("cost_by_feature", "cost", "feature"),
    ("organization_product_breakdown", "cost", "organization"),
    ("organization_product_breakdown", "cost", "product"),
    ("chargeback_by_organization", "charge", "organization"),
    ("chargeback_by_product", "charge", "product"),
    ("cross_organization_product_usage", "charge", "organization"),
    ("cross_organization_product_usage", "charge", "product"),
)
"""Tables that divide the cost: table, column of the amount, column of the name."""

TOTALS: Final = (("spend_by_day", "cost"), ("cost_by_model", "cost"))
"""Tables whose amounts add up to the total, but have no name of a dimension."""

LEVELS: Final = ("Organization Level", "Product Level")
"""The rows of `budget_tracking` whose actual is the total; a row of differences may follow."""

DIFFERENCES: Final = (("variance", "cost", "budget"), ("variance", "charge", "budget"))
"""In a row that has all three: the first is the second less the third."""


def results_faults(results: Mapping[str, Any]) -> Iterator[str]:
    """What does not add up in the object of a results.json, a sentence each."""
    missing = [key for key in KEYS if key not in results]
    if missing:
        yield f"{RESULTS}: no {', '.join(missing)}."
        return
    total = Decimal(results["total"])
    tables: Mapping[str, list[Record]] = results["tables"]
    for dimension in ("organizations", "products", "features"):
        if results[dimension]:
            yield from _unequal(dimension, exact_sum(results[dimension].values()), total)
    for name, amount, by in DIVIDED:
        if tables.get(name):
            yield from _unequal_names(name, amount, by, tables[name], results[f"{by}s"])
    for name, amount in TOTALS:
        if tables.get(name):
            added = exact_sum(row[amount] for row in tables[name])
            yield from _unequal(f"table {name}", added, total)
    for row in tables.get("executive_summary", ()):
        yield from _unequal("executive_summary", Decimal(row["total_spend"]), total)
    for row in tables.get("budget_tracking", ()):
        if row["level"] in LEVELS:
            yield from _unequal(f"budget_tracking, {row['level']},", Decimal(row["actual"]), total)
    for name, rows in tables.items():
        yield from _wrong_differences(name, rows)


def _unequal(place: str, added: Decimal, total: Decimal) -> Iterator[str]:
    if added != total:
        yield f"{RESULTS}: {place} sums to {plain(added)}, but the total is {plain(total)}."


def _unequal_names(
    table: str, amount: str, by: str, rows: list[Record], costs: Mapping[str, str]
) -> Iterator[str]:
    """The names whose rows do not add up to their cost; one without rows has none."""
    sums: dict[str, list[Any]] = {}
    for row in rows:
        sums.setdefault(row[by], []).append(row[amount])
    for name in {**sums, **costs}:
        added, cost = exact_sum(sums.get(name, ())), Decimal(costs.get(name, 0))
        if added != cost:
            text = f'{RESULTS}: table {table} sums to {plain(added)} for "{name}"'
            yield f"{text}, whose cost is {plain(cost)}."


def _wrong_differences(table: str, rows: list[Record]) -> Iterator[str]:
    for row in rows:
        for difference, minuend, subtrahend in DIFFERENCES:
            values = [row.get(name) for name in (difference, minuend, subtrahend)]
            if None in values:
                continue
            first, second, third = (Decimal(str(value)) for value in values)
            if exact_sum((second, -third)) != first:
                text = f"{RESULTS}: table {table}: {difference} is {plain(first)}"
                yield f"{text}, but {minuend} − {subtrahend} is {plain(second - third)}."
