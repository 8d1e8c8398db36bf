"""Reading usage: every file checked and scanned, every row accounted for, or all refused at once.

A refusal lists all problems of all files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final, TypeAlias

import duckdb

from finops_nb.errors import Failure, Problem, Refusal, listed
from finops_nb.home import Home
from finops_nb.money import LIMIT, ZERO, total
from finops_nb.params.invoices import Reconciliation
from finops_nb.params.model import Params
from finops_nb.params.organizations import OrganizationMap, read_mapping
from finops_nb.params.sources import SAMPLE
from finops_nb.period import parse_period
from finops_nb.usage import duplicates, engine, queries
from finops_nb.usage.background import in_background
from finops_nb.usage.compatibility import (
    missing_columns_of,
    refuse_incompatible_files,
    source_totals,
)
from finops_nb.usage.csv_file import read_csv
from finops_nb.usage.data_quality import notices_of_gaps, notices_of_misread_names
from finops_nb.usage.model import CELLS_BY_DAY, CUBE, Grouping, Usage
from finops_nb.usage.notices import UsageFile, notices_of
from finops_nb.usage.parquet_file import read_columns, read_parquet
from finops_nb.usage.queries import Span
from finops_nb.usage.reconciliation import reconcile_invoices
from finops_nb.usage.small_files import read_small_files
from finops_nb.usage.sources import csv_text
from finops_nb.usage.sources.checksums import checksum_problems
from finops_nb.usage.sources.discovery import (
    LISTED,
    NAME_ONCE,
    FileState,
    SourceFile,
    changed_files,
    file_states,
    find_sources,
    fingerprint,
)
from finops_nb.usage.sources.formats import PARQUET
from finops_nb.usage.sources.notice import InputFile, Notice
from finops_nb.usage.unpacked_file import folder_for, is_unpacked, read_unpacked, unpack

Fingerprints: TypeAlias = tuple[tuple[str, str], ...]
"""The shown name of each file and the SHA-256 of its bytes."""

States: TypeAlias = tuple[tuple[SourceFile, FileState], ...]

MEMORY_FIX: Final = (
    " Free some memory, or space for temporary files; "
    "a shorter period, or fewer customers, needs less."
)
ZONE_FIX: Final = "Write the name of a time zone, such as Europe/Berlin, or UTC"


def read_usage(
    params: Params,
    home: Home | None = None,
    *,
    detail: Grouping = (),
    mapping: OrganizationMap | None = None,
) -> Usage:
    """The usage of `params.window`, from all files that `params.usage` names.

    Rows outside of the period are counted and priced, and must be as sound as those inside.

    Args:
        params: what to read, and how.
        home: where relative paths start; found by `find_home` if None and a path needs it.
        detail: the finest summary, `CUBE` or `CELLS_BY_DAY`; growth and prices need the cube.
        mapping: what `read_mapping` read for these params; read here if None.

    Raises:
        Refusal: everything wrong with the files, each with its line; or no row is in the period.
        Failure: the engine gave up, for want of memory or disk.

    Example:
        read_usage(load_params("2025-12", home)).cost
    """
    _refuse_early_as_of(params)
    detail = CUBE if params.growth or params.model_prices else detail
    sources, folder_notices = find_sources(params, home)
    states = file_states(sources)
    # Hashing needs no engine, so it runs while the files are scanned.
    fingerprints_to_come = in_background(fingerprint, sources)
    with _engine_errors_as_failure(), engine.open_engine() as db, folder_for(sources) as folder:
        _refuse_unknown_zone(db, params)
        mapping = mapping or read_mapping(params, home)
        engine.load_organization_map(db, mapping.lines if mapping else ())
        reading = _Reading(db, params, detail, folder)
        files, fingerprints = _read_files(reading, sources, states, fingerprints_to_come)
        not_searched = _refuse_files_that_do_not_add(db, files, fingerprints, params)
        usage = _summarize(db, files, _input_files(fingerprints, files), params, detail)
        notices = (*folder_notices, *_notices(db, files, usage, not_searched))
    return replace(usage, notices=notices, mapping=_mapping_file(mapping))


def columns_found(source: SourceFile) -> tuple[str, ...]:
    """The names of a file's columns, as they are in the file.

    Raises:
        Refusal: the file cannot be read, or is not what its suffix says.
    """
    if is_unpacked(source):
        with folder_for((source,)) as folder:
            return unpack(source, folder).names
    if source.format == PARQUET:
        with engine.open_engine() as db:
            return tuple(column.name for column in read_columns(db, source))
    return csv_text.read_header(source).names


@contextmanager
def _engine_errors_as_failure() -> Iterator[None]:
    try:
        yield
    except (duckdb.Error, OSError, MemoryError) as error:
        reason = next(iter(str(error).splitlines()), "") or "out of memory"
        out_of_memory = isinstance(error, MemoryError | duckdb.OutOfMemoryException)
        fix = MEMORY_FIX if out_of_memory else " Fix this, then try again."
        raise Failure(f"The usage could not be read: {reason.rstrip('.')}.{fix}") from error


def _refuse_early_as_of(params: Params) -> None:
    if params.as_of and params.as_of < params.window.start:
        rule = f"a day before {params.window.label}"
        fix = "Write the last day for which the usage of the period is complete, or remove as_of"
        raise Refusal(Problem(rule, fix, column="as_of", value=f"{params.as_of}"))


def _refuse_unknown_zone(db: duckdb.DuckDBPyConnection, params: Params) -> None:
    if params.timezone != "UTC" and not engine.has_time_zone(db, params.timezone):
        rule = "not a known time zone"
        raise Refusal(Problem(rule, ZONE_FIX, column="timezone", value=params.timezone))


@dataclass(frozen=True, slots=True)
class _Reading:
    """Where files are read into, and what of them."""

    db: duckdb.DuckDBPyConnection
    params: Params
    detail: Grouping
    folder: Path

    def read(self, source: SourceFile) -> UsageFile:
        """Add a file to the summaries, alone."""
        if is_unpacked(source):
            return read_unpacked(self.db, source, self.params, self.detail, self.folder)
        read = read_parquet if source.format == PARQUET else read_csv
        return read(self.db, source, self.params, self.detail)


def _read_files(
    reading: _Reading,
    sources: Sequence[SourceFile],
    states: States,
    fingerprints_to_come: Future[Fingerprints],
) -> tuple[list[UsageFile], Fingerprints]:
    """Scan every file, even after one was refused, and refuse everything that is wrong at once."""
    problems: list[Problem] = []
    files: list[UsageFile] = []
    count = 0
    small_files = read_small_files(reading.db, sources, reading.params, reading.detail)
    for source in sources:
        try:
            files.append(small_files.get(source) or reading.read(source))
        except Refusal as refusal:
            problems += (_in_its_source(problem, source) for problem in refusal.problems)
            count += refusal.count
    fingerprints = fingerprints_to_come.result()
    paths = [source.path for source in sources]
    changed = [*changed_files(states), *checksum_problems(paths, fingerprints)]
    if problems or changed:
        raise Refusal([*changed, *problems], count + len(changed))
    return files, fingerprints


def _in_its_source(problem: Problem, source: SourceFile) -> Problem:
    """A problem of a file; its fix names the source whose keys to change."""
    return replace(problem, fix=source.params.advice(problem.fix))


def _refuse_files_that_do_not_add(
    db: duckdb.DuckDBPyConnection,
    files: Sequence[UsageFile],
    fingerprints: Fingerprints,
    params: Params,
) -> tuple[str, ...]:
    """Refuse files whose sum would count something twice, or mean nothing.

    Returns:
        The files that were not searched for duplicate rows.
    """
    _refuse_copies(fingerprints, files)
    not_searched = duplicates.fingerprint_rows(db, files, params)
    refuse_incompatible_files(db, files, params)
    return not_searched


def _refuse_copies(fingerprints: Fingerprints, files: Sequence[UsageFile]) -> None:
    """Refuse a file with the same bytes as another one; files without rows may be equal."""
    first_names: dict[str, str] = {}
    problems = []
    for (name, digest), file in zip(fingerprints, files, strict=True):
        if not file.result.rows:
            continue
        first = first_names.setdefault(digest, name)
        if first != name:
            problems.append(Problem(f"the file is identical to {first}", NAME_ONCE, name))
    if problems:
        raise Refusal(problems)


def _input_files(fingerprints: Fingerprints, files: Sequence[UsageFile]) -> tuple[InputFile, ...]:
    return tuple(
        InputFile(name, digest, file.result.rows + file.result.dropped[0])
        for (name, digest), file in zip(fingerprints, files, strict=True)
    )


def _mapping_file(mapping: OrganizationMap | None) -> InputFile | None:
    if mapping is None:
        return None
    return InputFile(mapping.file, mapping.sha256, len(mapping.lines))


def _summarize(
    db: duckdb.DuckDBPyConnection,
    files: Sequence[UsageFile],
    inputs: tuple[InputFile, ...],
    params: Params,
    detail: Grouping,
) -> Usage:
    """The usage of the files, which are all in the engine; without notices and mapping."""
    period = params.window
    inside, outside = queries.spans(db, period)
    last_day = _last_day(params, files, inside, outside)
    missing_columns = missing_columns_of(files)
    reconciliation = reconcile_invoices(db, files, params)
    groups = engine.roll_up(db, period, detail, missing_columns)
    dropped = [file.result.dropped for file in files]
    known_through = params.as_of or _known_through(db, files, params, last_day, reconciliation)
    return Usage(
        period=period,
        groups=groups,
        rows_read=inside.rows + outside.rows + sum(rows for rows, _ in dropped),
        rows_used=inside.rows,
        rows_outside=outside.rows,
        cost_outside=outside.cost,
        rows_dropped=sum(rows for rows, _ in dropped),
        cost_dropped=total(cost for _, cost in dropped),
        complete=known_through >= period.last_day,
        last_day=last_day,
        complete_through=min(known_through, period.last_day),
        inputs=inputs,
        sources=source_totals(files, params),
        missing_columns=missing_columns,
        charges=queries.cost_by_charge_kind(db),
        unmapped=queries.cost_by_unmapped_key(db),
        reconciliation=reconciliation,
        rows_unallocated=queries.count_unallocated_rows(db),
        unallocated_credits=queries.unallocated_credits(db),
        largest_customers=_largest_customers(db, detail),
        months_missing=_months_missing(params, groups["day",]["day"], known_through),
    )


def _largest_customers(db: duckdb.DuckDBPyConnection, detail: Grouping) -> tuple[Decimal, ...]:
    return queries.costs_of_largest_customers(db) if detail == CELLS_BY_DAY else ()


def _months_missing(params: Params, days: Iterable[date], known_through: date) -> tuple[str, ...]:
    """The months of the period up to a day that are without usage on all of their days.

    None if the params say by `as_of` that usage is complete.
    """
    if params.as_of:
        return ()
    seen = {day.isoformat()[:7] for day in days}
    months = params.window.months
    known = (month for month in months if parse_period(month).last_day <= known_through)
    return tuple(month for month in known if month not in seen)


def _last_day(params: Params, files: Sequence[UsageFile], inside: Span, outside: Span) -> date:
    """The last day with usage in the period.

    Raises:
        Refusal: the sums would not be exact, or there is no usage in the period.
    """
    _refuse_huge_costs(files)
    if inside.last is None:
        rule = f"no usage in {params.window.label}; {_content(files, outside)}"
        fix = "Correct `period`, or name the period's files in `usage`"
        if params.usage == (SAMPLE,):
            fix = (
                "They are the packaged sample: name your own files in `usage`, "
                "or create a home with a file to fill with `finops-nb init FOLDER`"
            )
        raise Refusal(Problem(rule, fix, column="period"))
    return inside.last


def _content(files: Sequence[UsageFile], outside: Span) -> str:
    """What the files have instead of usage in the period."""
    is_one = len(files) == 1
    if outside.rows:
        days = f"{outside.first}"
        if outside.first != outside.last:
            days += f" to {outside.last}"
        return f"the {'file covers' if is_one else 'files cover'} only {days}"
    names = listed([file.name for file in files], LISTED)
    return f"{names} {'has' if is_one else 'have'} a header and no rows"


def _refuse_huge_costs(files: Sequence[UsageFile]) -> None:
    """Refuse costs of which the sums would not be exact; the file with most of them is named."""
    if total(file.result.absolute_cost for file in files) < LIMIT:
        return
    largest = max(files, key=lambda file: file.result.absolute_cost)
    if largest.result.absolute_cost >= LIMIT:
        rule = "the costs add up to 10^15 or more"
    else:
        rule = "with the other files, the costs add up to 10^15 or more"
    fix = "Write them in the currency's main unit"
    raise Refusal(Problem(rule, fix, largest.name, column=largest.table.names["cost"]))


def _known_through(
    db: duckdb.DuckDBPyConnection,
    files: Sequence[UsageFile],
    params: Params,
    last_day: date,
    reconciliation: Reconciliation | None,
) -> date:
    """The day, inclusive, up to which usage is known, as far as the data tells.

    All of the period if its invoices match. Otherwise a bill is known up to its last charge of a
    day or less, if it has any: the fee for a month is in a bill from the first day on.
    """
    if _all_billed(reconciliation):
        return params.window.last_day
    ends = [queries.last_days_charged(db, file.table, params) for file in files]
    short_ends = [short for short, _ in ends if short]
    if short_ends:
        return max(short_ends)
    return max([last_day, *(end for _, end in ends if end)])


def _all_billed(reconciliation: Reconciliation | None) -> bool:
    """Whether invoices are stated and match, so that nothing of the period is missing."""
    return reconciliation is not None and bool(reconciliation.matched) and reconciliation.reconciled


def _notices(
    db: duckdb.DuckDBPyConnection,
    files: Sequence[UsageFile],
    usage: Usage,
    not_searched: Sequence[str],
) -> Iterator[Notice]:
    yield from duplicates.notices_of_identical_rows(db, not_searched)
    yield from duplicates.notices_of_equal_files(files)
    yield from notices_of_misread_names(db)
    if not _all_billed(usage.reconciliation):
        yield from notices_of_gaps(db, usage.period, usage.complete_through)
    for file in files:
        if not file.result.rows:
            yield Notice(f"{file.name} has a header and no rows.", 0, ZERO)
        yield from notices_of(file)
