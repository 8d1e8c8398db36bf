"""What a scan found: rows and money of each kind of odd row, by file, read from its groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import duckdb

from finops_nb.money import ZERO, total
from finops_nb.period import Period
from finops_nb.usage.notices import ScanResult, row_checks
from finops_nb.usage.sources import values
from finops_nb.usage.sources.source_table import (
    SourceTable,
    bad_name_sql,
    in_period_sql,
    names_read,
    quoted,
)

FEW_GROUPS: Final = 3
FEW_ROWS: Final = 30
"""Two files with equal sums in fewer groups and fewer rows need not hold the same usage."""

UNREADABLE, CREDIT, ROUNDED, OTHER_CURRENCY, FIRST_CHECK = range(5)
"""Kinds of odd rows: it cannot be read, its cost is below zero, or may have been rounded, or is in
another currency; from `FIRST_CHECK` on, the checks of `notices.row_checks`."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the groups of a scanned file tell.

    Args:
        groups: what is odd, rows and cost, by what is odd.
        in_period: rows and cost in the period.
        content_hash: as in `ScanResult`.
        bad_names: how many rows have a name that is refused, as far as the groups have their names.
    """

    groups: Sequence[tuple[int, int, Decimal]] = ()
    in_period: tuple[int, Decimal] = (0, ZERO)
    content_hash: int | None = None
    bad_names: int = 0


def result_of(
    db: duckdb.DuckDBPyConnection,
    table: SourceTable,
    rows: str,
    odd_kinds: Mapping[int, str],
    found: Found,
    period: Period,
) -> ScanResult:
    """What the scan found. Money other than the cost is asked of the rows again."""
    groups = found.groups
    counts, costs = {}, {}
    for kind in odd_kinds:
        of_kind = [(entries, cost) for odd, entries, cost in groups if odd >> kind & 1]
        counts[kind] = sum(entries for entries, _ in of_kind)
        costs[kind] = total(cost for _, cost in of_kind)
    checks = []
    for kind, check in enumerate(row_checks(table), FIRST_CHECK):
        money = costs[kind]
        if counts[kind] and check.money != "cost":
            money = _sum(db, check.money, rows, odd_kinds[kind])
        checks.append((counts[kind], money))
    cost = total(cost for *_, cost in groups)
    unreadable = counts[UNREADABLE]
    rounded, change = 0, ZERO
    if counts.get(ROUNDED) and not unreadable:
        rounded, change = _rounding(db, rows)
    outside = _bad_names_outside(db, table, rows, period) if table.is_columnar else 0
    return ScanResult(
        rows=sum(entries for _, entries, _ in groups),
        bad_rows=unreadable + found.bad_names + outside,
        cost=cost,
        absolute_cost=cost - 2 * costs[CREDIT],
        rounded_rows=rounded,
        rounding_change=change,
        checks=tuple(checks),
        other_currency_rows=counts.get(OTHER_CURRENCY, 0),
        in_period=found.in_period,
        content_hash=found.content_hash,
        **_left_out(db, table),
    )


def _left_out(db: duckdb.DuckDBPyConnection, table: SourceTable) -> dict[str, Any]:
    """The fields of a `ScanResult` on rows that are no charge, and on those like them."""
    if not table.dropped:
        return {}
    amount = f"CAST({quoted(table.columns['cost'])} AS {values.TEXT})"
    cost = values.cost_sql(amount, values.TEXT)
    sums = f"SELECT count(*), coalesce(sum({cost}), 0), count(*) - count({cost}) FROM "
    rows, money, unpriced = db.execute(sums + table.dropped).fetchone() or (0, ZERO, 0)
    near = f"{sums}{table.scan} WHERE {table.nearly_dropped}"
    near_rows, near_money, _ = db.execute(near).fetchone() or (0, ZERO, 0)
    return {
        "dropped": (rows, Decimal(money)),
        "unpriced": unpriced,
        "nearly_dropped": (near_rows, Decimal(near_money)),
    }


def found_in(
    db: duckdb.DuckDBPyConnection, table: SourceTable, period: Period, file: str = "''"
) -> dict[str, Found]:
    """What the groups of the last scan tell about each file that has rows.

    Args:
        db: after the scan.
        table: the file, or all files.
        period: of the report.
        file: the name of a file as SQL: a column where there are several, and else a text.
    """
    odd_groups = _odd_groups(db, file)
    in_period = _in_period(db, period, file)
    bad_names = _bad_names(db, table, file)
    return {
        name: Found(groups, *in_period.get(name, ((0, ZERO), None)), bad_names.get(name, 0))
        for name, groups in odd_groups.items()
    }


def _odd_groups(
    db: duckdb.DuckDBPyConnection, file: str
) -> dict[str, list[tuple[int, int, Decimal]]]:
    """Of each file: what is odd, rows and cost, by what is odd."""
    query = (
        f"SELECT {file} AS name, odd, sum(entries), coalesce(sum(cost), 0) FROM scanned_days "
        "GROUP BY 1, 2"
    )
    groups = defaultdict(list)
    for name, odd, entries, cost in db.execute(query).fetchall():
        groups[name].append((odd, int(entries), cost))
    return groups


def _in_period(
    db: duckdb.DuckDBPyConnection, period: Period, file: str
) -> dict[str, tuple[tuple[int, Decimal], int | None]]:
    """Of each file: rows and cost in the period; and, unless they are few, a hash of their groups.

    The hash is the same for the same usage in another format.
    """
    groups = (
        f"SELECT {file} AS name, day, organization, product, "
        "CAST(sum(cost) AS DECIMAL(38,12)) AS cost, "
        f"sum(entries) AS entries FROM scanned_days WHERE {in_period_sql(period)} GROUP BY ALL"
    )
    # A sum of hashes does not depend on the order of the groups. It needs 128 bits.
    content = "sum(CAST(hash(day, organization, product, cost, entries) AS HUGEINT))"
    query = (
        f"SELECT name, sum(entries), coalesce(sum(cost), 0), count(*), {content} FROM ({groups}) "
        "GROUP BY 1"
    )
    found = {}
    for name, rows, cost, group_count, content_hash in db.execute(query).fetchall():
        enough = group_count >= FEW_GROUPS or rows >= FEW_ROWS
        found[name] = (int(rows), Decimal(cost)), content_hash if enough else None
    return found


def _bad_names(db: duckdb.DuckDBPyConnection, table: SourceTable, file: str) -> dict[str, int]:
    """How many rows of each file have a name that is refused, as far as the groups have them."""
    query = (
        f"SELECT {file} AS name, sum(entries) FROM scanned_owners WHERE {bad_name_sql(table)} "
        "GROUP BY 1"
    )
    return {name: int(rows) for name, rows in db.execute(query).fetchall()}


def _bad_names_outside(
    db: duckdb.DuckDBPyConnection, table: SourceTable, rows: str, period: Period
) -> int:
    """How many rows outside of the period have a name that is refused.

    Where `_two_scans` made the groups, those rows are not among them.
    """
    # A row that has no day is outside, too.
    is_outside = f"({in_period_sql(period)}) IS NOT TRUE"
    if not one_value(db, f"SELECT count(*) FROM scanned_days WHERE {is_outside}"):
        return 0
    names = ", ".join(names_read(table))
    if not names:
        return 0
    # Names repeat: matching each once takes a fifth of the time of matching each row's.
    groups = (
        f"SELECT {names}, count(*) AS entries FROM ({rows}) WHERE inside IS NOT TRUE GROUP BY ALL"
    )
    query = f"SELECT coalesce(sum(entries), 0) FROM ({groups}) WHERE {bad_name_sql(table)}"
    return int(one_value(db, query))


def _rounding(db: duckdb.DuckDBPyConnection, rows: str) -> tuple[int, Decimal]:
    """How many costs have more than 12 decimals, and what rounding them changed in all."""
    query = (
        "SELECT count(*) FILTER (change <> 0), coalesce(sum(change), 0), "
        "count(*) FILTER (change IS NULL) "
        f"FROM ({rows}) WHERE change IS DISTINCT FROM 0"
    )
    rounded, change, unsure = db.execute(query).fetchone() or (0, ZERO, 0)
    if not unsure:
        return rounded, change
    # The engine's decimals cannot hold these; Python's can.
    texts = _texts(db, f"SELECT amount FROM ({rows}) WHERE change IS NULL")
    more_rows, more_change = values.rounding_change(texts)
    return rounded + more_rows, values.WIDE.add(change, more_change)


def _sum(db: duckdb.DuckDBPyConnection, column: str, rows: str, condition: str) -> Decimal:
    query = f"SELECT coalesce(sum({column}), 0) FROM ({rows}) WHERE {condition}"
    return Decimal(one_value(db, query))


def one_value(db: duckdb.DuckDBPyConnection, query: str) -> Any:
    (value,) = db.execute(query).fetchone() or (0,)
    return value


def _texts(db: duckdb.DuckDBPyConnection, query: str) -> Iterator[str]:
    cursor = db.execute(query)
    while rows := cursor.fetchmany(10_000):
        yield from (row[0] for row in rows)
