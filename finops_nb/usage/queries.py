"""Audit: what is asked of the files and of their summaries beside the sums: currencies, invoices, doubles, and what has no owner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from finops_nb.params.model import Params
from finops_nb.period import Period
from finops_nb.schema import UNALLOCATED
from finops_nb.usage.sources.source_table import SourceTable, billed_sql, inside_sql, rows_sql


def currencies(
    db: duckdb.DuckDBPyConnection, table: SourceTable, params: Params
) -> list[tuple[str | None, int, Decimal]]:
    """The currencies of a file's rows, with the rows and the sum of each; most rows first."""
    query = f"SELECT currency, count(*), sum(cost) FROM ({rows_sql(table, params.timezone)}) GROUP BY ALL ORDER BY 2 DESC, 1"
    return db.execute(query).fetchall()


def last_days_charged(
    db: duckdb.DuckDBPyConnection, table: SourceTable, params: Params
) -> tuple[date | None, date | None]:
    """The last day, inclusive, for which a bill has charges of a day or less, and of any length, that arose in the period."""
    if "charge_end" not in table.columns:
        return None, None
    end, start = (f"TRY_CAST({column} AS TIMESTAMPTZ)" for column in ("charge_end", "time"))
    last = f"max(CAST({end} - INTERVAL 1 MICROSECOND AS DATE))"
    arose = inside_sql(params.window) + (
        f" AND {inside_sql(params.window, 'charged')}" if table.by_billing_period else ""
    )
    query = f"SELECT {last} FILTER ({end} - {start} <= INTERVAL 1 DAY), {last} FROM ({rows_sql(table, params.timezone)}) WHERE {arose}"
    found: tuple[date | None, date | None] = db.execute(query).fetchone() or (None, None)
    return found


def billed_by_invoice(
    db: duckdb.DuckDBPyConnection, table: SourceTable, period: Period
) -> dict[tuple[str, str], Decimal]:
    """What a bill charges in the billing periods that begin in a period, by issuer and number of the invoice."""
    query = f"SELECT issuer, number, sum(cost) FROM ({billed_sql(table)}) WHERE {inside_sql(period)} GROUP BY ALL"
    return {(issuer, number): cost for issuer, number, cost in db.execute(query).fetchall()}


def charges(db: duckdb.DuckDBPyConnection) -> list[tuple[str, int, Decimal]]:
    """The kinds of charge of the period, after `roll_up`: name, rows and sum, the highest first; none where the source tells none."""
    query = "SELECT charge, sum(entries), sum(cost) FROM named WHERE charge IS NOT NULL GROUP BY 1 ORDER BY 3 DESC, 1"
    return [(charge, int(entries), cost) for charge, entries, cost in db.execute(query).fetchall()]


def unmapped_keys(db: duckdb.DuckDBPyConnection) -> list[tuple[str, int, Decimal]]:
    """The keys of the period that map nowhere, after `roll_up`: key, rows and cost, the highest first."""
    query = "SELECT source_key, sum(entries), sum(cost) FROM named WHERE source_key IS NOT NULL GROUP BY 1 ORDER BY 3 DESC, 1"
    return [(key, int(entries), cost) for key, entries, cost in db.execute(query).fetchall()]


def unallocated_rows(db: duckdb.DuckDBPyConnection) -> int:
    """How many rows of the period name no organization, after `roll_up`."""
    found = db.execute(
        "SELECT sum(entries) FROM named WHERE organization = ?", [UNALLOCATED]
    ).fetchone() or (0,)
    return int(found[0] or 0)


@dataclass(frozen=True, slots=True)
class Span:
    """Days, rows and cost of what was read, inside the period or outside of it; no day where there are no rows."""

    first: date | None
    last: date | None
    rows: int
    cost: Decimal


def outside_by_month(
    db: duckdb.DuckDBPyConnection, period: Period
) -> dict[str, tuple[int, Decimal]]:
    """The rows and the cost of each calendar month outside of the period, by text like 2025-11."""
    query = f"SELECT strftime(day, '%Y-%m'), sum(entries), sum(cost) FROM days WHERE NOT ({inside_sql(period)}) GROUP BY 1 ORDER BY 1"
    return {month: (int(rows), cost) for month, rows, cost in db.execute(query).fetchall()}


def spans(db: duckdb.DuckDBPyConnection, period: Period) -> tuple[Span, Span]:
    """What lies inside the period, and what outside."""
    query = "SELECT min(day), max(day), coalesce(sum(entries), 0), coalesce(sum(cost), 0) FROM days WHERE "
    found = [
        db.execute(query + condition).fetchone() or ()
        for condition in (inside_sql(period), f"NOT ({inside_sql(period)})")
    ]
    inside, outside = (Span(first, last, rows, Decimal(cost)) for first, last, rows, cost in found)
    return inside, outside
