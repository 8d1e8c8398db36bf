"""What must not be added together: files of two dialects, two currencies, a request twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import duckdb

from finops_nb.errors import Problem, Refusal, listed
from finops_nb.money import plain
from finops_nb.params.model import Params
from finops_nb.usage import duplicates, queries
from finops_nb.usage.duplicates import repeated_requests
from finops_nb.usage.notices import File
from finops_nb.usage.sources.dialects import FOCUS
from finops_nb.usage.sources.source_table import BILLED, keys_of

KEYS_TOLD: Final = 20


def refuse_what_does_not_add(
    db: duckdb.DuckDBPyConnection, files: Sequence[File], params: Params
) -> None:
    """Refuse sums that would mean nothing.

    Raises:
        Refusal: all such sums of the files.
    """
    twice, count = repeated_requests(db, files)
    problems = [
        *_dialects(files),
        *_currencies(db, files, params),
        *_clocks(files, params),
        *_tags(db, files),
        *_mapping(files, params),
        *duplicates.refuse_same_rows(db),
    ]
    if problems or twice:
        raise Refusal([*problems, *twice], len(problems) + count)


def missing_columns_of(files: Sequence[File]) -> frozenset[str]:
    """Which of calls, customer and feature the files, or some of them, do not tell."""
    tables = [file.table for file in files]
    told = {
        each: all(each in table.columns for table in tables) for each in ("customer", "feature")
    }
    told["calls"] = all(table.dialect.counts_calls or "calls" in table.columns for table in tables)
    return frozenset(each for each, known in told.items() if not known)


def _dialects(files: Sequence[File]) -> Iterator[Problem]:
    first = files[0].table
    for table in (file.table for file in files[1:]):
        if table.dialect is not first.dialect:
            rule = f"a file of the dialect {table.dialect.name} beside one of {first.dialect.name}, {first.source.name}"
            yield Problem(
                rule,
                "Report them by themselves: a bill and a log of calls may hold the same cost",
                table.source.name,
            )


def _currencies(
    db: duckdb.DuckDBPyConnection, files: Sequence[File], params: Params
) -> Iterator[Problem]:
    for table in (file.table for file in files if file.facts.foreign):
        found = queries.currencies(db, table, params)
        shown = ", ".join(
            f"{plain(cost)} {currency or 'of no currency'} in {rows:,} rows"
            for currency, rows, cost in found
        )
        only = found[0][0] if len(found) == 1 else None
        fix = (
            f"Write currency: {only} in the params"
            if only
            else "Export each currency to a file of its own, and report it by itself"
        )
        rule = f"costs in another currency than {params.currency}, and currencies are never added: {shown}"
        yield Problem(rule, fix, table.source.name, column=table.names["currency"])


def _clocks(files: Sequence[File], params: Params) -> Iterator[Problem]:
    if files[0].table.dialect is FOCUS and params.timezone != "UTC":
        yield Problem(
            "the periods of a bill in FOCUS are in UTC",
            "Leave timezone out",
            column="timezone",
            value=params.timezone,
        )
    if any(file.table.by_billing_period for file in files) and "/" in params.period:
        fix = "Write a month, a quarter or a year; or columns: {cost: EffectiveCost}, which goes by charge period"
        yield Problem(
            f"{BILLED} goes by billing periods, which an interval would cut",
            fix,
            column="period",
            value=params.period,
        )


def _mapping(files: Sequence[File], params: Params) -> Iterator[Problem]:
    for table in (
        file.table for file in files if params.mapping and "organization" not in file.table.columns
    ):
        fix = "Name the column of the keys, columns: {organization: …}, or take mapping out of the params"
        yield Problem(
            "organizations are mapped, and the usage has no column of their keys",
            fix,
            table.source.name,
        )


def _tags(db: duckdb.DuckDBPyConnection, files: Sequence[File]) -> Iterator[Problem]:
    """A tag that no file has is a slip of the pen."""
    for ours in dict.fromkeys(ours for file in files for ours in file.table.keys):
        if not any(file.table.keys.get(ours) for file in files):
            table = files[0].table
            there = list(
                dict.fromkeys(key for file in files for key in keys_of(db, file.table, ours))
            )
            fix = (
                f"Write one that is there: {listed(there, KEYS_TOLD)}"
                if there
                else "The column has no tags at all; name another"
            )
            yield Problem(
                "no row of the usage has this tag", fix, column="columns", value=table.names[ours]
            )
