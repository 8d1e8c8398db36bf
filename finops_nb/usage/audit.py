"""Audit: what is asked of the files and of their summaries beside the sums: currencies, invoices, doubles, and what has no owner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

import duckdb

from finops_nb.money import ZERO
from finops_nb.params import Params
from finops_nb.period import Period
from finops_nb.schema import UNALLOCATED
from finops_nb.usage.table import Table, billed_sql, inside_sql, rows_sql

SEARCHED: Final = 2_000_000
"""Rows of a file among which identical ones are looked for; in more it would take longer than all else."""


def currencies(db: duckdb.DuckDBPyConnection, table: Table, params: Params) -> list[tuple[str | None, int, Decimal]]:
    """The currencies of a file's rows in the period, with the rows and the sum of each; most rows first."""
    rows = rows_sql(table, params.window, params.timezone)
    query = f"SELECT currency, count(*), sum(cost) FROM ({rows}) WHERE {inside_sql(params.window)} GROUP BY ALL ORDER BY 2 DESC, 1"
    return db.execute(query).fetchall()


def billed_by_invoice(db: duckdb.DuckDBPyConnection, table: Table, period: Period) -> dict[tuple[str, str], Decimal]:
    """What a bill charges in the billing periods that begin in a period, by issuer and number of the invoice."""
    query = f"SELECT issuer, number, sum(cost) FROM ({billed_sql(table)}) WHERE {inside_sql(period)} GROUP BY ALL"
    return {(issuer, number): cost for issuer, number, cost in db.execute(query).fetchall()}


def repeated_requests(db: duckdb.DuckDBPyConnection) -> list[tuple[str, int, str]]:
    """Requests of which there are several rows, with their number and the files they are in; the first ones, sorted."""
    query = (
        "SELECT request, count(*), string_agg(DISTINCT file, ', ' ORDER BY file) FROM requests GROUP BY 1 HAVING count(*) > 1 ORDER BY 1"
    )
    return db.execute(query).fetchall()


def repeated_rows(db: duckdb.DuckDBPyConnection, table: Table, params: Params) -> tuple[int, Decimal]:
    """The rows of the period that are as another one before them in every column, read or not, and their cost."""
    rows = rows_sql(table, params.window, params.timezone, also="hash(source) AS fingerprint, ")
    same = f"SELECT count(*) - 1 AS more, any_value(cost) AS cost FROM ({rows}) WHERE {inside_sql(params.window)} GROUP BY fingerprint"
    query = f"SELECT coalesce(sum(more), 0), coalesce(sum(CAST(more AS INTEGER) * cost), 0) FROM ({same}) WHERE more > 0"
    found, cost = db.execute(query).fetchone() or (0, ZERO)
    return int(found), cost


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
    found = db.execute("SELECT sum(entries) FROM named WHERE organization = ?", [UNALLOCATED]).fetchone() or (0,)
    return int(found[0] or 0)


@dataclass(frozen=True, slots=True)
class Span:
    """Days, rows and cost of what was read, inside the period or outside of it; no day where there are no rows."""

    first: date | None
    last: date | None
    rows: int
    cost: Decimal


def spans(db: duckdb.DuckDBPyConnection, period: Period) -> tuple[Span, Span]:
    """What lies inside the period, and what outside."""
    query = "SELECT min(day), max(day), coalesce(sum(entries), 0), coalesce(sum(cost), 0) FROM days WHERE "
    found = [db.execute(query + condition).fetchone() or () for condition in (inside_sql(period), f"NOT ({inside_sql(period)})")]
    inside, outside = (Span(first, last, rows, Decimal(cost)) for first, last, rows, cost in found)
    return inside, outside
