"""The scan of one file: its rows added to the two summaries, its odd rows counted and priced.

A row can be odd in several ways: its cost is below zero, it is in another currency, and so on. The
scan groups rows by what is odd about them, too, so one scan tells how many there are of each kind
and what they cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import duckdb

from finops_nb.errors import Problem, Refusal
from finops_nb.money import ZERO, total
from finops_nb.params.model import Params
from finops_nb.period import Period
from finops_nb.usage.model import CUBE
from finops_nb.usage.notices import ScanResult, row_checks
from finops_nb.usage.sources import values
from finops_nb.usage.sources.dialects import NAMED
from finops_nb.usage.sources.source_table import (
    SourceTable,
    bad_name_sql,
    in_period_sql,
    rows_sql,
    unreadable_row_sql,
)

BY_DAY: Final = ("organization", "product")
"""The names by which the summary of days is grouped, unless all of the cube is asked for."""

FEW_GROUPS: Final = 3
FEW_ROWS: Final = 30
"""Two files with equal sums in fewer groups and fewer rows need not hold the same usage."""

HUGE_COUNT: Final = 10**15
"""More calls in one file than there can be; 64 bits hold the sum of 9,000 such files."""

UNREADABLE, CREDIT, ROUNDED, OTHER_CURRENCY, FIRST_CHECK = range(5)
"""Kinds of odd rows: it cannot be read, its cost is below zero, or may have been rounded, or is in
another currency; from `FIRST_CHECK` on, the checks of `notices.row_checks`."""


@dataclass(frozen=True, slots=True)
class _Grouping:
    """How the rows of a file are grouped for the two summaries.

    Args:
        by_day: the names in `days`, besides the day and what is odd.
        owners: the columns of `owners`, each with its SQL.
        calls: the number of calls, an aggregate.
    """

    by_day: Sequence[str]
    owners: Mapping[str, str]
    calls: str

    @property
    def sums(self) -> str:
        return (
            f"CAST(sum(cost) AS DECIMAL(38,12)) AS cost, count(*) AS entries, {self.calls} AS calls"
        )


def add_table(
    db: duckdb.DuckDBPyConnection, table: SourceTable, params: Params, detail: bool
) -> ScanResult:
    """Scan a file and add it to both summaries.

    `days` gets a line for each day and some names, `owners` one for each month and all names.

    Args:
        db: from `engine.open_engine`.
        table: of the file.
        params: for the period, the time zone and the currency.
        detail: group days by all names of the cube.

    Raises:
        duckdb.Error: the file cannot be read to its end.
    """
    period = params.window
    rows = f"SELECT *, {in_period_sql(period)} AS inside FROM ({rows_sql(table, params.timezone)})"
    odd_kinds = _odd_kinds(table, params)
    odd_rows = f"SELECT *, {_odd_sql(odd_kinds)} AS odd FROM ({rows})"
    grouping = _grouping(table, period, detail)
    scan = _two_scans if table.is_columnar else _one_scan
    scan(db, odd_rows, grouping)
    _refuse_huge_counts(db, table)
    credits_sql = f"CASE WHEN odd & {1 << CREDIT} <> 0 THEN cost ELSE 0 END AS credits"
    _insert(db, "days", ("day", *grouping.by_day), credits_sql)
    # A month of NULL is what `_one_scan` makes of all rows outside of the period.
    _insert(db, "owners", (*grouping.owners,), where="month IS NOT NULL")
    if "request" in table.columns:
        file = values.sql_text(table.source.name)
        db.execute(f"INSERT INTO requests SELECT request, {file} FROM ({rows}) WHERE request <> ''")
    return _result(db, table, rows, odd_kinds, period)


def _refuse_huge_counts(db: duckdb.DuckDBPyConnection, table: SourceTable) -> None:
    """Refuse numbers of calls whose sum would not fit the summaries."""
    calls = _one_value(db, "SELECT coalesce(sum(calls), 0) FROM scanned_days")
    if calls >= HUGE_COUNT:
        rule, fix = "the calls add up to 10^15 or more", "Name the column with the number of calls"
        raise Refusal(Problem(rule, fix, table.source.name, column=table.names["calls"]))


def _grouping(table: SourceTable, period: Period, detail: bool) -> _Grouping:
    owners = {"month": _month_sql(period)} | {name: name for name in NAMED}
    if "charge_category" in table.columns:
        owners["charge"] = "charge"
    if table.mapped:
        owners["source_key"] = "source_key"
    missing = {"charge", "source_key"} - set(owners)
    by_day = tuple(name for name in CUBE[1:] if name not in missing) if detail else BY_DAY
    return _Grouping(by_day, owners, table.calls_sql)


def _month_sql(period: Period) -> str:
    """The month of a row of the period; a constant, which is quicker, if the period has one."""
    first = period.start.replace(day=1)
    if period.last_day.replace(day=1) == first:
        return f"DATE '{first}'"
    return "date_trunc('month', day)"


def _two_scans(db: duckdb.DuckDBPyConnection, rows: str, grouping: _Grouping) -> None:
    """The groups of a file that stores each column apart: one scan for each summary.

    Each scan reads only what it groups by, and decodes no text twice.
    """
    by_day = ", ".join(grouping.by_day)
    owners = ", ".join(f"{column} AS {name}" for name, column in grouping.owners.items())
    db.execute(
        "CREATE OR REPLACE TEMP TABLE scanned_days AS "
        f"SELECT day, odd, {by_day}, {grouping.sums} FROM ({rows}) GROUP BY ALL"
    )
    db.execute(
        "CREATE OR REPLACE TEMP TABLE scanned_owners AS "
        f"SELECT {owners}, {grouping.sums} FROM ({rows}) WHERE inside GROUP BY ALL"
    )


def _one_scan(db: duckdb.DuckDBPyConnection, rows: str, grouping: _Grouping) -> None:
    """The groups of a file of text, which takes longer to read than to group: one scan for both.

    The customers outside of the period, who may be many, are forgotten; so is the month there.
    """
    # Bad names are kept, since `_count_bad_names` looks for them.
    customer = f"CASE WHEN inside OR {values.bad_name_sql('customer')} THEN customer END"
    month = f"CASE WHEN inside THEN {grouping.owners['month']} END"
    trimmed = f"SELECT * REPLACE ({customer} AS customer), {month} AS month FROM ({rows})"
    of_days = ("day", "odd", *grouping.by_day)
    of_owners = tuple(grouping.owners)
    names = ", ".join(dict.fromkeys((*of_days, *of_owners)))
    # grouping(day) is 0 in the groups by day, and 1 in those by owner.
    db.execute(
        "CREATE OR REPLACE TEMP TABLE scan AS "
        f"SELECT grouping(day) AS by_owner, {names}, {grouping.sums} FROM ({trimmed}) "
        f"GROUP BY GROUPING SETS (({', '.join(of_days)}), ({', '.join(of_owners)}))"
    )
    for name, by_owner in (("scanned_days", 0), ("scanned_owners", 1)):
        db.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM scan WHERE by_owner = {by_owner}"
        )


def _insert(
    db: duckdb.DuckDBPyConnection,
    summary: str,
    keys: Sequence[str],
    *more: str,
    where: str = "true",
) -> None:
    """Add the groups of a file to a summary."""
    columns = ", ".join((*keys, "cost", "entries", "calls", *more))
    db.execute(
        f"INSERT INTO {summary} BY NAME SELECT {columns} FROM scanned_{summary} WHERE {where}"
    )


def _odd_kinds(table: SourceTable, params: Params) -> dict[int, str]:
    """The condition for each kind of odd row. Bad names are found in the groups instead."""
    kinds = {UNREADABLE: unreadable_row_sql(table), CREDIT: "cost < 0"}
    if values.cost_is_text(table.types["cost"]):
        kinds[ROUNDED] = "change IS DISTINCT FROM 0"
    if "currency" in table.columns:
        kinds[OTHER_CURRENCY] = f"currency IS DISTINCT FROM {values.sql_text(params.currency)}"
    for kind, check in enumerate(row_checks(table), FIRST_CHECK):
        kinds[kind] = f"inside AND ({check.condition})"
    return kinds


def _odd_sql(odd_kinds: Mapping[int, str]) -> str:
    """What is odd about a row: a number with a bit for each kind; 0 for most rows."""
    bits = (
        f"CASE WHEN {condition} THEN {1 << kind} ELSE 0 END"
        for kind, condition in odd_kinds.items()
    )
    return " + ".join(bits)


def _result(
    db: duckdb.DuckDBPyConnection,
    table: SourceTable,
    rows: str,
    odd_kinds: Mapping[int, str],
    period: Period,
) -> ScanResult:
    """What the scan found. Money other than the cost is asked of the rows again."""
    groups = _odd_groups(db)
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
    in_period, content_hash = _in_period(db, period)
    return ScanResult(
        rows=sum(entries for _, entries, _ in groups),
        bad_rows=unreadable + _count_bad_names(db, table, rows, period),
        cost=cost,
        absolute_cost=cost - 2 * costs[CREDIT],
        rounded_rows=rounded,
        rounding_change=change,
        checks=tuple(checks),
        other_currency_rows=counts.get(OTHER_CURRENCY, 0),
        in_period=in_period,
        content_hash=content_hash,
    )


def _odd_groups(db: duckdb.DuckDBPyConnection) -> list[tuple[int, int, Decimal]]:
    """What is odd, rows and cost, by what is odd."""
    query = "SELECT odd, sum(entries), coalesce(sum(cost), 0) FROM scanned_days GROUP BY 1"
    return [(odd, int(entries), cost) for odd, entries, cost in db.execute(query).fetchall()]


def _in_period(
    db: duckdb.DuckDBPyConnection, period: Period
) -> tuple[tuple[int, Decimal], int | None]:
    """Rows and cost of a file in the period; and, unless they are few, a hash of their groups.

    The hash is the same for the same usage in another format.
    """
    groups = (
        "SELECT day, organization, product, CAST(sum(cost) AS DECIMAL(38,12)) AS cost, "
        f"sum(entries) AS entries FROM scanned_days WHERE {in_period_sql(period)} GROUP BY ALL"
    )
    # A sum of hashes does not depend on the order of the groups. It needs 128 bits.
    content = "sum(CAST(hash(day, organization, product, cost, entries) AS HUGEINT))"
    query = (
        f"SELECT coalesce(sum(entries), 0), coalesce(sum(cost), 0), count(*), {content} "
        f"FROM ({groups})"
    )
    rows, cost, group_count, content_hash = db.execute(query).fetchone() or (0, ZERO, 0, None)
    enough = group_count >= FEW_GROUPS or rows >= FEW_ROWS
    return (int(rows), Decimal(cost)), content_hash if enough else None


def _count_bad_names(
    db: duckdb.DuckDBPyConnection, table: SourceTable, rows: str, period: Period
) -> int:
    """How many rows have a name that is refused.

    The groups have the names of all rows; only where `_two_scans` made them, those outside of the
    period are not among them.
    """
    condition = bad_name_sql(table)
    query = f"SELECT coalesce(sum(entries), 0) FROM scanned_owners WHERE {condition}"
    count = int(_one_value(db, query))
    if table.is_columnar:
        # A row that has no day is outside, too.
        is_outside = f"({in_period_sql(period)}) IS NOT TRUE"
        if _one_value(db, f"SELECT count(*) FROM scanned_days WHERE {is_outside}"):
            outside = f"inside IS NOT TRUE AND ({condition})"
            count += int(_one_value(db, f"SELECT count(*) FROM ({rows}) WHERE {outside}"))
    return count


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
    return Decimal(_one_value(db, query))


def _one_value(db: duckdb.DuckDBPyConnection, query: str) -> Any:
    (value,) = db.execute(query).fetchone() or (0,)
    return value


def _texts(db: duckdb.DuckDBPyConnection, query: str) -> Iterator[str]:
    cursor = db.execute(query)
    while rows := cursor.fetchmany(10_000):
        yield from (row[0] for row in rows)
