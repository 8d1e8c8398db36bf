"""The scan of one file: its rows added to the two summaries, and what is odd about some of them counted and priced.

Rows about which something is odd are groups of their own, so that one scan tells how many they are and what they cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import duckdb

from finops_nb.money import ZERO, total
from finops_nb.params.model import Params
from finops_nb.period import Period
from finops_nb.schema import UNALLOCATED
from finops_nb.usage.model import CUBE
from finops_nb.usage.notices import Facts, remarks_on
from finops_nb.usage.sources import values
from finops_nb.usage.sources.dialects import NAMED
from finops_nb.usage.sources.source_table import (
    SourceTable,
    inside_sql,
    misnamed_sql,
    rows_sql,
    unread_sql,
)

BY_DAY: Final = ("organization", "product")
"""The names by which days are told apart, where not all of the cube is asked for."""

SUMMED: Final = "CAST(sum(cost) AS DECIMAL(38,12)) AS cost, count(*) AS entries, {} AS calls"
"""The sums of some rows, of which the calls are counted one way or another."""

FEW: Final = 3
"""Groups of rows; two files with the same cost in fewer of them need not be the same usage."""

UNREAD, CREDIT, ROUNDED, FOREIGN, REMARKED = range(5)
"""Kinds of oddity: the row cannot be read, its cost is below zero, or perhaps rounded, or in another currency; from the last on, the
remarks."""


def add_table(
    db: duckdb.DuckDBPyConnection, table: SourceTable, params: Params, detail: bool
) -> Facts:
    """Scan a file, and add it to both summaries: a line for each day and some names, and one for each month and all names.

    Args:
        db: from `open_engine`.
        table: of the file.
        params: for the period and the time zone.
        detail: tell days apart by all names of the cube.

    Raises:
        duckdb.Error: the file cannot be read to its end.
    """
    period = params.window
    rows = f"SELECT *, {inside_sql(period)} AS inside FROM ({rows_sql(table, params.timezone)})"
    own = {"month": _month(period)} | {name: name for name in NAMED}
    own |= {"charge": "charge"} if "charge_category" in table.columns else {}
    own |= {"source_key": "source_key"} if table.mapped else {}
    by_day = CUBE[1:] if detail else BY_DAY
    oddities = _oddities(table, params)
    scan = _two_scans if table.by_columns else _one_scan
    scan(db, table, f"SELECT *, {_kind(oddities)} AS odd FROM ({rows})", own, by_day)
    for summary, keys, which in (
        ("days", ("day", *by_day), "true"),
        ("owners", (*own,), "month IS NOT NULL"),
    ):
        columns = ", ".join((*keys, "cost", "entries", "calls"))
        db.execute(
            f"INSERT INTO {summary} ({columns}) SELECT {columns} FROM scanned_{summary} WHERE {which}"
        )
    if "request" in table.columns:
        named = values.sql_text(table.source.name)
        db.execute(
            f"INSERT INTO requests SELECT request, {named} FROM ({rows}) WHERE request <> ''"
        )
    inside, content = _of_period(db, period)
    facts = replace(_facts(db, table, rows, oddities), inside=inside, content=content)
    return replace(facts, bad=facts.bad + _misnamed(db, table, rows, period))


def _of_period(
    db: duckdb.DuckDBPyConnection, period: Period
) -> tuple[tuple[int, Decimal], int | None]:
    """The rows of the period in a file and their cost; and, unless they are few, a fingerprint: the same in another format."""
    sums = "SELECT day, organization, product, CAST(sum(cost) AS DECIMAL(38,12)) AS cost, sum(entries) AS entries FROM scanned_days"
    groups = f"{sums} WHERE {inside_sql(period)} GROUP BY ALL"
    content = "sum(CAST(hash(day, organization, product, cost, entries) AS HUGEINT))"
    query = f"SELECT coalesce(sum(entries), 0), coalesce(sum(cost), 0), count(*), {content} FROM ({groups})"
    rows, cost, of_groups, found = db.execute(query).fetchone() or (0, ZERO, 0, None)
    return (int(rows), Decimal(cost)), found if of_groups >= FEW or rows >= 10 * FEW else None


def _month(period: Period) -> str:
    """The month of a row of the period: one for all where it has but one."""
    first = period.start.replace(day=1)
    return (
        f"DATE '{first}'" if period.last_day.replace(day=1) == first else "date_trunc('month', day)"
    )


def _two_scans(
    db: duckdb.DuckDBPyConnection,
    table: SourceTable,
    rows: str,
    own: Mapping[str, str],
    by_day: Sequence[str],
) -> None:
    """The summaries of a file that stores its columns one by one: each scan reads what it groups by, and decodes no text twice."""
    sums = SUMMED.format(table.calls)
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE scanned_days AS SELECT day, odd, {', '.join(by_day)}, {sums} FROM ({rows}) GROUP BY ALL"
    )
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE scanned_owners AS SELECT {_named(own)}, {sums} FROM ({rows}) WHERE inside GROUP BY ALL"
    )


def _one_scan(
    db: duckdb.DuckDBPyConnection,
    table: SourceTable,
    rows: str,
    own: Mapping[str, str],
    by_day: Sequence[str],
) -> None:
    """The summaries of a file of text, which takes longer to read than to group: both by the grouping sets of one scan.

    Customers, of whom there may be many, are forgotten outside of the period, where the month is NULL.
    """
    customer = f"CASE WHEN inside OR customer = {values.sql_text(UNALLOCATED)} THEN customer END"
    inner = f"SELECT * REPLACE ({customer} AS customer), CASE WHEN inside THEN {own['month']} END AS month FROM ({rows})"
    sets = ("day", "odd", *by_day), tuple(own)
    names = ", ".join(dict.fromkeys((*sets[0], *sets[1])))
    grouped = ", ".join(f"({', '.join(keys)})" for keys in sets)
    columns = f"grouping(day) AS by_names, {names}, {SUMMED.format(table.calls)}"
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE scan AS SELECT {columns} FROM ({inner}) GROUP BY GROUPING SETS ({grouped})"
    )
    db.execute("CREATE OR REPLACE TEMP TABLE scanned_days AS SELECT * FROM scan WHERE by_names = 0")
    db.execute(
        "CREATE OR REPLACE TEMP TABLE scanned_owners AS SELECT * FROM scan WHERE by_names = 1"
    )


def _named(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{column} AS {name}" for name, column in columns.items())


def _misnamed(db: duckdb.DuckDBPyConnection, table: SourceTable, rows: str, period: Period) -> int:
    """Rows with a name that is refused: of the groups, and of the rows outside of the period where those have none."""
    condition = misnamed_sql(table)
    found = db.execute(
        f"SELECT coalesce(sum(entries), 0) FROM scanned_owners WHERE {condition}"
    ).fetchone() or (0,)
    all_inside = f"SELECT count(*) FROM scanned_days WHERE ({inside_sql(period)}) IS NOT TRUE"
    if not table.by_columns or db.execute(all_inside).fetchone() == (0,):
        return int(found[0])
    outside = db.execute(
        f"SELECT count(*) FROM ({rows}) WHERE inside IS NOT TRUE AND ({condition})"
    ).fetchone() or (0,)
    return int(found[0]) + int(outside[0])


def _oddities(table: SourceTable, params: Params) -> dict[int, str]:
    """The conditions on a row of which something must be refused or told, by kind; names are left to the groups."""
    rounded = values.cost_is_text(table.types["cost"])
    return (
        {UNREAD: unread_sql(table), CREDIT: "cost < 0"}
        | ({ROUNDED: "change IS DISTINCT FROM 0"} if rounded else {})
        | (
            {FOREIGN: f"currency IS DISTINCT FROM {values.sql_text(params.currency)}"}
            if "currency" in table.columns
            else {}
        )
        | {
            n: f"inside AND ({remark.condition})"
            for n, remark in enumerate(remarks_on(table), REMARKED)
        }
    )


def _kind(oddities: Mapping[int, str]) -> str:
    """What is odd about a row, a bit for each kind of oddity; 0 of most rows."""
    return " + ".join(
        f"CASE WHEN {condition} THEN {1 << kind} ELSE 0 END" for kind, condition in oddities.items()
    )


def _facts(
    db: duckdb.DuckDBPyConnection, table: SourceTable, rows: str, oddities: Mapping[int, str]
) -> Facts:
    """The facts of a scan. The rows are asked again for money that is no cost."""
    query = "SELECT odd, sum(entries), coalesce(sum(cost), 0) FROM scanned_days GROUP BY 1"
    found = [(odd, int(entries), cost) for odd, entries, cost in db.execute(query).fetchall()]
    count = {
        kind: sum(entries for odd, entries, _ in found if odd >> kind & 1) for kind in oddities
    }
    priced = {kind: total(cost for odd, _, cost in found if odd >> kind & 1) for kind in oddities}
    cost = total(cost for *_, cost in found)
    facts = Facts(
        rows=sum(entries for _, entries, _ in found),
        bad=count[UNREAD],
        cost=cost,
        magnitude=cost - 2 * priced[CREDIT],
        foreign=count.get(FOREIGN, 0),
    )
    remarks = []
    for n, remark in enumerate(remarks_on(table), REMARKED):
        money = (
            priced[n]
            if remark.money == "cost"
            else _asked(db, f"sum({remark.money})", rows, oddities[n])
            if count[n]
            else ZERO
        )
        remarks.append((count[n], money))
    rounded, change = _rounding(db, rows) if count.get(ROUNDED) and not facts.bad else (0, ZERO)
    credit = _credits(db, rows) if count[CREDIT] else (ZERO, ZERO)
    return replace(facts, remarks=tuple(remarks), rounded=rounded, change=change, credits=credit)


def _asked(db: duckdb.DuckDBPyConnection, aggregate: str, rows: str, condition: str) -> Any:
    return (
        db.execute(f"SELECT coalesce({aggregate}, 0) FROM ({rows}) WHERE {condition}").fetchone()
        or (ZERO,)
    )[0]


def _credits(db: duckdb.DuckDBPyConnection, rows: str) -> tuple[Decimal, Decimal]:
    """Of the period, what is below zero, and what of that names no organization."""
    nameless = f"({values.name_sql('organization')}) IS NULL"
    sums = f"coalesce(sum(cost), 0), coalesce(sum(cost) FILTER ({nameless}), 0)"
    every, unallocated = db.execute(
        f"SELECT {sums} FROM ({rows}) WHERE inside AND cost < 0"
    ).fetchone() or (ZERO, ZERO)
    return Decimal(every), Decimal(unallocated)


def _rounding(db: duckdb.DuckDBPyConnection, rows: str) -> tuple[int, Decimal]:
    """How many costs have more than 12 decimals, and what rounding them changed in all."""
    counts = (
        "count(*) FILTER (change <> 0), coalesce(sum(change), 0), count(*) FILTER (change IS NULL)"
    )
    rounded, change, unsure = (
        db.execute(f"SELECT {counts} FROM ({rows}) WHERE change IS DISTINCT FROM 0").fetchone()
        or ()
    )
    if not unsure:
        return rounded, change
    more_rows, more_change = values.excess(
        _amounts(db, f"SELECT amount FROM ({rows}) WHERE change IS NULL")
    )
    return rounded + more_rows, values.WIDE.add(change, more_change)


def _amounts(db: duckdb.DuckDBPyConnection, query: str) -> Iterator[str]:
    cursor = db.execute(query)
    while rows := cursor.fetchmany(10_000):
        yield from (row[0] for row in rows)
