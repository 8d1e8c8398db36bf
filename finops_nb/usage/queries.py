"""Queries besides the sums: currencies, charges, invoices, and rows without an owner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

import duckdb

from finops_nb.params.model import Params
from finops_nb.period import Period
from finops_nb.schema import UNALLOCATED
from finops_nb.usage.sources.source_table import (
    SourceTable,
    in_period_sql,
    invoice_rows_sql,
    rows_sql,
)

LARGEST_CUSTOMERS: Final = 10
"""The costs of so many customers are kept, without their names."""


@dataclass(frozen=True, slots=True)
class Span:
    """First and last day, rows and cost of some rows; the days are None if there are no rows."""

    first: date | None
    last: date | None
    rows: int
    cost: Decimal


def spans(db: duckdb.DuckDBPyConnection, period: Period) -> tuple[Span, Span]:
    """What lies inside the period, and what outside."""
    inside = in_period_sql(period)
    return _span(db, inside), _span(db, f"NOT ({inside})")


def cost_by_charge_kind(db: duckdb.DuckDBPyConnection) -> tuple[tuple[str, int, Decimal], ...]:
    """The kinds of charge in the period, after `roll_up`.

    Returns:
        Kind, rows and cost, highest cost first; empty if the source has no kinds.
    """
    return _cost_by(db, "charge")


def cost_by_unmapped_key(db: duckdb.DuckDBPyConnection) -> tuple[tuple[str, int, Decimal], ...]:
    """The keys in the period that organizations.csv maps nowhere, after `roll_up`.

    Returns:
        Key, rows and cost, highest cost first.
    """
    return _cost_by(db, "source_key")


def unallocated_credits(db: duckdb.DuckDBPyConnection) -> Decimal:
    """The sum of the costs below zero without an organization, after `roll_up`."""
    query = "SELECT coalesce(sum(credits), 0) FROM named_days WHERE organization = ?"
    (credits,) = db.execute(query, [UNALLOCATED]).fetchone() or (0,)
    return Decimal(credits)


def count_unallocated_rows(db: duckdb.DuckDBPyConnection) -> int:
    """How many rows of the period have no organization, after `roll_up`."""
    query = "SELECT sum(entries) FROM named WHERE organization = ?"
    (count,) = db.execute(query, [UNALLOCATED]).fetchone() or (0,)
    return int(count or 0)


def costs_of_largest_customers(db: duckdb.DuckDBPyConnection) -> tuple[Decimal, ...]:
    """The cost of each of the customers with the highest cost in the period, after `roll_up`.

    Returns:
        Highest first; empty if no row names a customer.
    """
    query = (
        "SELECT sum(cost) FROM named WHERE customer <> ? GROUP BY customer "
        f"ORDER BY 1 DESC LIMIT {LARGEST_CUSTOMERS}"
    )
    return tuple(cost for (cost,) in db.execute(query, [UNALLOCATED]).fetchall())


def cost_by_currency(
    db: duckdb.DuckDBPyConnection, table: SourceTable, params: Params
) -> list[tuple[str | None, int, Decimal]]:
    """The currencies of a file's rows, inside the period and outside.

    Returns:
        Currency (None if a row has none), rows and cost, most rows first.
    """
    return db.execute(
        "SELECT currency, count(*), sum(cost) "
        f"FROM ({rows_sql(table, params.timezone)}) GROUP BY ALL ORDER BY 2 DESC, 1"
    ).fetchall()


def last_days_charged(
    db: duckdb.DuckDBPyConnection, table: SourceTable, params: Params
) -> tuple[date | None, date | None]:
    """The last day, inclusive, for which a bill has charges that arose in the period.

    Returns:
        That day for charges of a day or less, and for charges of any length; None if unknown.
    """
    if "charge_end" not in table.columns:
        return None, None
    end, start = (f"TRY_CAST({column} AS TIMESTAMPTZ)" for column in ("charge_end", "time"))
    # The end is exclusive: midnight belongs to the day before.
    last_day = f"max(CAST({end} - INTERVAL 1 MICROSECOND AS DATE))"
    is_short = f"{end} - {start} <= INTERVAL 1 DAY"
    arose_in_period = in_period_sql(params.window)
    if table.by_billing_period:
        arose_in_period += f" AND {in_period_sql(params.window, 'charged')}"
    query = (
        f"SELECT {last_day} FILTER ({is_short}), {last_day} "
        f"FROM ({rows_sql(table, params.timezone)}) WHERE {arose_in_period}"
    )
    days: tuple[date | None, date | None] = db.execute(query).fetchone() or (None, None)
    return days


def billed_by_invoice(
    db: duckdb.DuckDBPyConnection, table: SourceTable, period: Period
) -> dict[tuple[str, str], Decimal]:
    """What a bill charges in the billing periods that begin in the period, by issuer and number."""
    rows = db.execute(
        f"SELECT issuer, number, sum(cost) FROM ({invoice_rows_sql(table)}) "
        f"WHERE {in_period_sql(period)} GROUP BY ALL"
    ).fetchall()
    return {(issuer, number): cost for issuer, number, cost in rows}


def _span(db: duckdb.DuckDBPyConnection, condition: str) -> Span:
    query = (
        "SELECT min(day), max(day), coalesce(sum(entries), 0), coalesce(sum(cost), 0) "
        f"FROM days WHERE {condition}"
    )
    first, last, rows, cost = db.execute(query).fetchone() or ()
    return Span(first, last, rows, Decimal(cost))


def _cost_by(db: duckdb.DuckDBPyConnection, column: str) -> tuple[tuple[str, int, Decimal], ...]:
    rows = db.execute(
        f"SELECT {column}, sum(entries), sum(cost) FROM named "
        f"WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY 3 DESC, 1"
    ).fetchall()
    return tuple((name, int(entries), cost) for name, entries, cost in rows)
