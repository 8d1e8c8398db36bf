"""Repeats: rows that are identical to another one, in the same file or in another, and files that hold the same rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

import duckdb

from finops_nb.errors import Problem
from finops_nb.money import ZERO
from finops_nb.params.model import Params
from finops_nb.usage.facts import File
from finops_nb.usage.model import Notice
from finops_nb.usage.sources.discovery import NAME_ONCE
from finops_nb.usage.sources.source_table import ROW, inside_sql, rows_sql

SEARCHED: Final = 2_000_000
"""Rows of the period in all among which repeats are looked for; in more it would take longer than all else."""


def note_rows(db: duckdb.DuckDBPyConnection, files: Sequence[File], params: Params) -> tuple[str, ...]:
    """Take a fingerprint of every row of the period, of all its columns, read or not.

    Returns:
        The names of the files that were left out, since with them there would be too many rows.
    """
    db.execute("CREATE TEMP TABLE prints (file VARCHAR, print UBIGINT, cost DECIMAL(38,12), entries BIGINT)")
    left_out, so_far = [], 0
    for file in (file for file in files if file.facts.inside[0]):
        so_far += file.facts.inside[0]
        if so_far > SEARCHED:
            left_out.append(file.table.source.name)
            continue
        rows = rows_sql(file.table, params.timezone, also=f"hash({ROW}) AS print, ")
        grouped = f"print, any_value(cost), count(*) FROM ({rows}) WHERE {inside_sql(params.window)} GROUP BY print"
        db.execute(f"INSERT INTO prints SELECT ?, {grouped}", [file.table.source.name])
    return tuple(left_out)


def refuse_same_rows(db: duckdb.DuckDBPyConnection) -> Iterator[Problem]:
    """A problem for each file whose rows of the period are those of one before it, all and no others, packed or ordered otherwise."""
    sums = "sum(CAST(print AS HUGEINT) * entries) AS content, sum(entries) AS rows"
    of_files = f"SELECT file, {sums} FROM prints GROUP BY 1"
    query = f"SELECT list(file ORDER BY file) AS files FROM ({of_files}) GROUP BY content, rows HAVING count(*) > 1 ORDER BY files"
    for ((first, *others),) in db.execute(query).fetchall():
        yield from (Problem(f"the file has the same rows as {first}", NAME_ONCE, name) for name in others)


def same_content(files: Sequence[File]) -> Iterator[Notice]:
    """Notices of the files that have as many rows and the same cost as one before them, by day, organization and product."""
    first: dict[int, File] = {}
    for file in files:
        if file.facts.content is not None and (before := first.setdefault(file.facts.content, file)) is not file:
            two = f"{file.table.source.name} has the rows and the cost of {before.table.source.name}"
            text = f"{two}, by day, organization and product; if it is the same usage, it counts twice."
            yield Notice(text, *file.facts.inside)


def repeats(db: duckdb.DuckDBPyConnection, left_out: Sequence[str]) -> Iterator[Notice]:
    """Notices of the rows of the period that are as another one before them in every column."""
    within = "SELECT file, sum(entries - 1), sum(CAST(entries - 1 AS INTEGER) * cost) FROM prints WHERE entries > 1 GROUP BY 1 ORDER BY 1"
    for name, rows, cost in db.execute(within).fetchall():
        yield Notice(f"{name} has rows that are identical to another one; they were kept.", int(rows), cost)
    in_two = "SELECT print FROM prints GROUP BY 1 HAVING count(*) > 1"  # first by itself: of most rows there is nothing more to gather
    shared = (
        "SELECT list(file) AS files, any_value(cost) AS cost, sum(entries) - max(entries) AS more FROM prints "
        f"WHERE print IN ({in_two}) GROUP BY print"
    )
    named = "list_sort(list_distinct(flatten(list(files))))"
    query = f"SELECT coalesce(sum(more), 0), coalesce(sum(CAST(more AS INTEGER) * cost), 0), {named} FROM ({shared})"
    rows, cost, names = db.execute(query).fetchone() or (0, ZERO, [])
    if rows:
        yield Notice(f"{_listed(names)} have rows in common, which were kept and count more than once.", int(rows), Decimal(cost))
    if left_out:
        text = f"Identical rows were not looked for in {_listed(left_out)}: there are more than {SEARCHED:,} rows."
        yield Notice(text, 0, ZERO)


def _listed(names: Sequence[str]) -> str:
    shown = names if len(names) < 6 else [*names[:5], f"{len(names) - 5} more"]
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
