"""Which files can be added together: one dialect, one currency, and no row twice."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Final

import duckdb

from finops_nb.errors import Problem, Refusal, listed
from finops_nb.money import CURRENCY_CODES, minor_units, rounded, total
from finops_nb.params.column_names import ColumnName
from finops_nb.params.model import Params
from finops_nb.params.sources import NO_COLUMN
from finops_nb.params.types import CURRENCY
from finops_nb.params.yaml_file import key_text
from finops_nb.usage import queries
from finops_nb.usage.duplicates import duplicate_requests, files_with_equal_rows
from finops_nb.usage.model import SourceTotal
from finops_nb.usage.notices import UsageFile
from finops_nb.usage.sources.dialects import FOCUS
from finops_nb.usage.sources.source_table import BILLED, SourceTable, all_tag_keys
from finops_nb.words import listing

LISTED_TAGS: Final = 20
"""How many tags of a file a message lists."""


def refuse_incompatible_files(
    db: duckdb.DuckDBPyConnection, files: Sequence[UsageFile], params: Params
) -> None:
    """Refuse files whose sum would mean nothing, or count the same money twice.

    Args:
        db: with all files added, and after `duplicates.fingerprint_rows`.
        files: all files.
        params: of the report.

    Raises:
        Refusal: all reasons at once.
    """
    duplicates, duplicate_count = duplicate_requests(db, files)
    problems = [
        *_different_dialects(files),
        *_bill_and_estimate(source_totals(files, params), params),
        *_other_currencies(db, files, params),
        *_wrong_periods(files, params),
        *_unknown_tags(db, files),
        *_missing_mapping_keys(files, params),
        *files_with_equal_rows(db),
    ]
    if problems or duplicates:
        raise Refusal([*problems, *duplicates], len(problems) + duplicate_count)


def missing_columns_of(files: Sequence[UsageFile]) -> frozenset[str]:
    """Which of `calls`, `customer` and `feature` the usage does not have.

    Calls and customers are missing if one file is without them, since their number would be too
    low; features, if no source has them in all of its files: what others cost has no feature.
    """
    tables = [file.table for file in files]
    missing = {"customer"} if not all("customer" in table.columns for table in tables) else set()
    if not _sources_with(tables, "feature"):
        missing.add("feature")
    if not all(table.rows_are_calls or "calls" in table.columns for table in tables):
        missing.add("calls")
    return frozenset(missing)


def source_totals(files: Sequence[UsageFile], params: Params) -> tuple[SourceTotal, ...]:
    """What each source of the params holds of the period, in their order."""
    totals = []
    for source in params.each_source:
        of_source = [file for file in files if file.table.source.params.name == source.name]
        dialect = of_source[0].table.dialect
        rows = sum(file.result.in_period[0] for file in of_source)
        cost = total(file.result.in_period[1] for file in of_source)
        basis = source.basis or dialect.basis
        totals.append(
            SourceTotal(source.name, dialect.name, basis, source.currency, rows=rows, cost=cost)
        )
    return tuple(totals)


def _sources_with(tables: Sequence[SourceTable], column: ColumnName) -> set[str]:
    """The sources whose files all have a column."""
    without = {table.source.params.name for table in tables if column not in table.columns}
    return {table.source.params.name for table in tables} - without


def _different_dialects(files: Sequence[UsageFile]) -> Iterator[Problem]:
    """Files of one source that are of several dialects."""
    first: dict[str, UsageFile] = {}
    for file in files:
        dialect, source = file.table.dialect, file.table.source.params
        other = first.setdefault(source.name, file)
        if dialect is not other.table.dialect:
            rule = f"this file is {dialect.name}, but {other.name} is {other.table.dialect.name}"
            fix = "Report them separately: a bill and a call log may contain the same cost"
            yield Problem(rule, fix, file.name)


def _bill_and_estimate(totals: Sequence[SourceTotal], params: Params) -> Iterator[Problem]:
    """Sources of estimated cost beside billed ones, which may hold the same money."""
    billed = [each.source for each in totals if each.basis == "billed"]
    for place, (source, found) in enumerate(zip(params.each_source, totals, strict=True)):
        if found.basis == "estimate" and billed and not source.separate:
            name, others = f'source "{source.name}"', listing(f'"{each}"' for each in billed)
            rule = (
                f"the cost of {name} is an estimate, and that of {others} is billed; "
                "the two may be the same money"
            )
            fix = (
                f"If no other source has this cost, write `separate: true` in {name}; "
                "if it is what a provider bills, write `basis: billed`; otherwise remove the source"
            )
            yield Problem(rule, fix, column=key_text(("sources", place)))


def _other_currencies(
    db: duckdb.DuckDBPyConnection, files: Sequence[UsageFile], params: Params
) -> Iterator[Problem]:
    for file in files:
        if not file.result.other_currency_rows:
            continue
        sums = queries.cost_by_currency(db, file.table, params)
        shown = []
        for spelling, rows, cost in sums:
            currency = spelling
            if spelling and not CURRENCY.fullmatch(spelling):
                currency = f'"{listed([spelling], 1)}"'
            amount = rounded(cost, minor_units(spelling or params.currency))
            noun = "row" if rows == 1 else "rows"
            shown.append(f"{amount:,} {currency or 'without a currency'} ({rows:,} {noun})")
        rule, fix = _rule_on_currencies([spelling for spelling, *_ in sums], params.currency)
        rule = f"{rule}: {', '.join(shown)}"
        fix = file.table.source.params.advice(fix)
        yield Problem(rule, fix, file.name, column=file.table.names["currency"])


def _rule_on_currencies(spellings: Sequence[str | None], currency: str) -> tuple[str, str]:
    """What is wrong with the currencies of a file, and what to do about it.

    Args:
        spellings: each one in the file; None for rows without a currency.
        currency: of the params.
    """
    codes = {spelling.strip().upper() for spelling in spellings if spelling}
    if len(codes) > 1:
        fix = (
            "Currencies are never added together. "
            "Export each currency to its own file, and report it separately"
        )
        return "costs are in more than one currency", fix
    if spellings[0] and len(spellings) == 1:
        return f"costs are not in {currency}", _one_currency(spellings[0], currency)
    code = next(iter(codes & CURRENCY_CODES), "the same currency code")
    return f"costs are not all in {currency}", f"Write {code} in every row of the file"


def _one_currency(spelling: str, currency: str) -> str:
    """What to do about a file in one currency, by its spelling there and the params' currency."""
    if CURRENCY.fullmatch(spelling):
        return f"Write currency: {spelling} in the params"
    code = spelling.strip().upper()
    if code in CURRENCY_CODES and code != currency:
        return f"Write {code} in the file, and currency: {code} in the params"
    code = code if code == currency else "its code, such as USD,"
    return (
        f"Write {code} in the file; or, if all of its costs are in {currency}, "
        f"write columns: {{currency: {NO_COLUMN}}} in the params"
    )


def _wrong_periods(files: Sequence[UsageFile], params: Params) -> Iterator[Problem]:
    """Billing periods are calendar months in UTC; a report must not cut them."""
    if any(file.table.dialect is FOCUS for file in files) and params.timezone != "UTC":
        rule = "the periods of a FOCUS bill are in UTC"
        yield Problem(rule, "Remove timezone", column="timezone", value=params.timezone)
    if any(file.table.by_billing_period for file in files) and "/" in params.period:
        rule = f"{BILLED} belongs to whole billing periods, and an interval would split them"
        fix = (
            "Write a month, a quarter or a year; "
            "or write columns: {cost: EffectiveCost}, which belongs to charge periods"
        )
        yield Problem(rule, fix, column="period", value=params.period)


def _unknown_tags(db: duckdb.DuckDBPyConnection, files: Sequence[UsageFile]) -> Iterator[Problem]:
    """A tag that no file has is a typo, and would leave all cost unallocated."""
    columns = dict.fromkeys(column for file in files for column in file.table.tag_keys)
    for column in columns:
        if any(file.table.tag_keys.get(column) for file in files):
            continue
        keys = dict.fromkeys(key for file in files for key in all_tag_keys(db, file.table, column))
        tag = files[0].table.names[column]
        fix = _known_tags(tag, [*keys])
        yield Problem("no row of the usage has this tag", fix, column="columns", value=tag)


def _known_tags(tag: str, keys: Sequence[str]) -> str:
    """A fix with the tag nearest to a wrong one, or else with those of the file, as to be typed."""
    if not keys:
        return "Name another column; this one has no tags"
    container, _, key = tag.partition(".")
    near = difflib.get_close_matches(key, keys, n=1, cutoff=0.7)
    if near:
        return f"Did you mean {listed([f'{container}.{near[0]}'], 1)}?"
    return f"Write one of these: {listed([f'{container}.{key}' for key in keys], LISTED_TAGS)}"


def _missing_mapping_keys(files: Sequence[UsageFile], params: Params) -> Iterator[Problem]:
    if not params.mapping:
        return
    for file in files:
        if "organization" not in file.table.columns:
            rule = "organizations are mapped, but the usage has no column for their keys"
            fix = (
                "Name the key column with columns: {organization: …}, "
                "or remove mapping from the params"
            )
            yield Problem(rule, fix, file.name)
