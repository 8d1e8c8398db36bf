"""Usage, read: every file checked and scanned, every row accounted for, or all that is wrong with them at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from datetime import date
from typing import Final, TypeAlias

import duckdb

from finops_nb.errors import Failure, Problem, Refusal
from finops_nb.home import Home
from finops_nb.money import LIMIT, total
from finops_nb.params.invoices import Reconciliation
from finops_nb.params.model import Params
from finops_nb.params.organizations import read_mapping
from finops_nb.usage import duplicates, engine, queries
from finops_nb.usage.background import beside
from finops_nb.usage.compatibility import missing_columns_of, refuse_what_does_not_add
from finops_nb.usage.csv_file import read_csv
from finops_nb.usage.data_quality import days_with_gaps, misread_names
from finops_nb.usage.model import Usage
from finops_nb.usage.notices import Facts, File, notices_of
from finops_nb.usage.parquet_file import read_columns, read_parquet
from finops_nb.usage.queries import Span
from finops_nb.usage.reconciliation import reconciled
from finops_nb.usage.sources import csv_text
from finops_nb.usage.sources.discovery import (
    NAME_ONCE,
    FileState,
    Source,
    changes,
    find_sources,
    fingerprint,
    states,
    wrong_files,
)
from finops_nb.usage.sources.notice import InputFile

Prints: TypeAlias = tuple[tuple[str, str], ...]
"""The name shown of each file and the SHA-256 of its bytes."""

FULL: Final = " Free some memory, or space for temporary files; a shorter period, or fewer customers, needs less."
ZONE_FIX: Final = "Write the IANA name of a place, such as Europe/Berlin, or UTC"


def read_usage(params: Params, home: Home | None = None, *, detail: bool = False) -> Usage:
    """The usage of `params.window`, of all files that `params.usage` names.

    Rows outside the period are counted and priced, and must be as sound as those inside.

    Args:
        params: what to read, and how.
        home: what relative paths start from; found by `find_home` if None, and only if a path needs it.
        detail: read models too, and make the cube; done anyway where a scenario has growth or prices.

    Raises:
        Refusal: all that is wrong with the files, each with its line; or no row of theirs is in the period.
        Failure: the engine gave up, for want of memory or disk.
    """
    if params.as_of and params.as_of < params.window.start:
        fix = "Write the last day for which the usage of the period is complete, or take it out"
        raise Refusal(
            Problem(
                f"a day before {params.window.label}", fix, column="as_of", value=f"{params.as_of}"
            )
        )
    detail = detail or bool(params.growth or params.model_prices)
    sources, notices = find_sources(params, home)
    before = states(sources)
    coming = beside(fingerprint, sources)
    try:
        with engine.open_engine() as db:
            if params.timezone != "UTC" and not engine.knows_zone(db, params.timezone):
                raise Refusal(
                    Problem(
                        "no time zone that usage can be read in",
                        ZONE_FIX,
                        column="timezone",
                        value=params.timezone,
                    )
                )
            mapping = read_mapping(params, home)
            engine.set_map(db, mapping.lines if mapping else ())
            files, prints = _read_all(db, sources, before, coming, params, detail)
            facts = [file.facts for file in files]
            _refuse_copies(prints, facts)
            not_searched = duplicates.note_rows(db, files, params)
            refuse_what_does_not_add(db, files, params)
            inside, outside = queries.spans(db, params.window)
            _refuse_sums(params, facts, inside, outside)
            missing_columns = missing_columns_of(files)
            reconciliation = reconciled(db, files, params)
            groups = engine.roll_up(db, params.window, detail, missing_columns)
            last_day = inside.last
            assert last_day, "a period without a row was refused"
            sure_until = params.as_of or _known_to(db, files, params, last_day, reconciliation)
            complete_through = min(sure_until, params.window.last_day)
            notices = (
                *notices,
                *duplicates.repeats(db, not_searched),
                *duplicates.same_content(files),
                *misread_names(db),
                *(
                    ()
                    if _all_billed(reconciliation)
                    else days_with_gaps(db, params.window, complete_through)
                ),
            )
            by_month = queries.outside_by_month(db, params.window)
            charges, unmapped, unallocated = (
                tuple(queries.charges(db)),
                tuple(queries.unmapped_keys(db)),
                queries.unallocated_rows(db),
            )
    except (duckdb.Error, OSError, MemoryError) as error:
        reason = next(iter(str(error).splitlines()), "") or "out of memory"
        fix = FULL if isinstance(error, MemoryError | duckdb.OutOfMemoryException) else ""
        raise Failure(f"The engine could not read the usage: {reason.rstrip('.')}.{fix}") from error
    return Usage(
        period=params.window,
        groups=groups,
        rows_read=inside.rows + outside.rows,
        rows_used=inside.rows,
        rows_outside=outside.rows,
        cost_outside=outside.cost,
        complete=sure_until >= params.window.last_day,
        last_day=last_day,
        complete_through=complete_through,
        inputs=tuple(
            InputFile(name, digest, sentence.rows)
            for (name, digest), sentence in zip(prints, facts, strict=True)
        ),
        notices=(
            *notices,
            *(
                notice
                for file in files
                for notice in (*notices_of(file.table, file.facts), *file.notices)
            ),
        ),
        dialect=files[0].table.dialect.name,
        missing_columns=missing_columns,
        charges=charges,
        unmapped=unmapped,
        reconciliation=reconciliation,
        mapping=InputFile(mapping.file, mapping.sha256, len(mapping.lines)) if mapping else None,
        rows_unallocated=unallocated,
        outside=by_month,
        credits=(
            total(sentence.credits[0] for sentence in facts),
            total(sentence.credits[1] for sentence in facts),
        ),
    )


def _known_to(
    db: duckdb.DuckDBPyConnection,
    files: Sequence[File],
    params: Params,
    last_day: date,
    reconciliation: Reconciliation | None,
) -> date:
    """The day, inclusive, up to which the usage is known, as far as the data tells: all of the period where its invoices are met.

    A fee of a month stands in a bill from the first day on. So its charges of a day or less tell how far it goes, where it has any.
    """
    if _all_billed(reconciliation):
        return params.window.last_day
    ends = [queries.last_days_charged(db, file.table, params) for file in files]
    short, any_length = [end for end, _ in ends if end], [end for _, end in ends if end]
    return max(short or [last_day, *any_length])


def _all_billed(reconciliation: Reconciliation | None) -> bool:
    """Whether invoices are stated and met, so that nothing of the period is missing."""
    return reconciliation is not None and bool(reconciliation.matched) and reconciliation.reconciled


def columns_found(source: Source) -> tuple[str, ...]:
    """The names of a file's columns, as they stand there.

    Raises:
        Refusal: the file cannot be read, or is not what its suffix says.
    """
    if source.format == ".parquet":
        with engine.open_engine() as db:
            return tuple(name for name, _, _ in read_columns(db, source))
    return csv_text.read_header(source).names


def _read_all(
    db: duckdb.DuckDBPyConnection,
    sources: Sequence[Source],
    before: Iterable[tuple[Source, FileState]],
    coming: Future[Prints],
    params: Params,
    detail: bool,
) -> tuple[list[File], Prints]:
    """Scan every file, the sound ones and the others, and refuse all that is wrong at once; with the fingerprints to come."""
    problems: list[Problem] = []
    files: list[File] = []
    count = 0
    for source in sources:
        read = read_parquet if source.format == ".parquet" else read_csv
        try:
            files.append(read(db, source, params, detail))
        except Refusal as refusal:
            problems += refusal.problems
            count += refusal.count
    prints = coming.result()
    changed = [*changes(before), *wrong_files(sources, prints)]
    if problems or changed:
        raise Refusal([*changed, *problems], count + len(changed))
    return files, prints


def _refuse_copies(prints: Prints, facts: Sequence[Facts]) -> None:
    """Refuse a file whose bytes another has too; files without rows may be alike."""
    first: dict[str, str] = {}
    problems = []
    for (name, digest), sentence in zip(prints, facts, strict=True):
        if sentence.rows and first.setdefault(digest, name) != name:
            problems.append(
                Problem(f"the file has the same bytes as {first[digest]}", NAME_ONCE, name)
            )
    if problems:
        raise Refusal(problems)


def _refuse_sums(params: Params, facts: Sequence[Facts], inside: Span, outside: Span) -> None:
    """Refuse sums that would not be exact, and a period of which there is nothing to report."""
    if total(sentence.magnitude for sentence in facts) >= LIMIT:
        raise Refusal(
            Problem(
                "the costs add up to 10^15 or more",
                "Write them in the currency's main unit",
                column="usage",
            )
        )
    if not inside.rows:
        there = (
            f"The files hold {outside.first} to {outside.last}"
            if outside.rows
            else "The files hold no row at all"
        )
        fix = f"{there}; correct `period`, or name the period's files in `usage`"
        raise Refusal(
            Problem(f"no usage in {params.window.label}", fix, column="period", value=params.period)
        )
