"""Usage, read: every file checked and scanned, every row accounted for, or all that is wrong with them at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import duckdb

from finops_nb.errors import Failure, Problem, Refusal
from finops_nb.home import Home
from finops_nb.money import DECIMALS, LIMIT, ZERO, total
from finops_nb.params import Params
from finops_nb.usage import csv_text, engine, parquet, values
from finops_nb.usage.csv_proof import proofread
from finops_nb.usage.csv_shape import Shape, look
from finops_nb.usage.dialects import place_columns
from finops_nb.usage.engine import Facts, Span
from finops_nb.usage.model import InputFile, Notice, Usage
from finops_nb.usage.mojibake import misread_names
from finops_nb.usage.sources import NAME_ONCE, Source, State, changes, find_sources, fingerprint, states
from finops_nb.usage.table import Table

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
        raise Refusal(Problem(f"a day before {params.window.label}", fix, column="as_of", value=f"{params.as_of}"))
    detail = detail or bool(params.growth or params.model_prices)
    sources, notices = find_sources(params, home)
    before = states(sources)
    prints = fingerprint(sources)
    try:
        with engine.open_engine() as db:
            if params.timezone != "UTC" and not engine.knows_zone(db, params.timezone):
                raise Refusal(Problem("no time zone that usage can be read in", ZONE_FIX, column="timezone", value=params.timezone))
            facts, more_notices = _read_all(db, sources, before, params, detail)
            _refuse_copies(prints, facts)
            inside, outside = engine.spans(db, params.window)
            _refuse_sums(params, facts, inside, outside)
            groups = engine.roll_up(db, params.window, detail)
            more_notices += misread_names(db)
    except (duckdb.Error, OSError) as error:
        raise Failure(f"The engine could not read the usage: {str(error).splitlines()[0]}") from error
    last_day, sure_until = inside.last, params.as_of or inside.last
    assert last_day and sure_until, "a period without a row was refused"
    return Usage(
        period=params.window,
        groups=groups,
        rows_read=inside.rows + outside.rows,
        rows_used=inside.rows,
        rows_outside=outside.rows,
        cost_outside=outside.cost,
        complete=sure_until >= params.window.last_day,
        last_day=last_day,
        known_to=min(sure_until, params.window.last_day),
        inputs=tuple(InputFile(name, digest, fact.rows) for (name, digest), fact in zip(prints, facts, strict=True)),
        notices=notices + more_notices,
    )


def columns_found(source: Source) -> tuple[str, ...]:
    """The names of a file's columns, as they stand there.

    Raises:
        Refusal: the file cannot be read, or is not what its suffix says.
    """
    if source.format == ".parquet":
        with engine.open_engine() as db:
            return tuple(name for name, _, _ in parquet.read_columns(db, source))
    return csv_text.read_header(source).names


def _read_all(
    db: duckdb.DuckDBPyConnection, sources: Sequence[Source], before: Iterable[tuple[Source, State]], params: Params, detail: bool
) -> tuple[list[Facts], tuple[Notice, ...]]:
    """Scan every file, the sound ones and the others, and refuse all that is wrong at once."""
    problems: list[Problem] = []
    facts: list[Facts] = []
    notices: list[Notice] = []
    count = 0
    for source in sources:
        read = _read_parquet if source.format == ".parquet" else _read_csv
        try:
            fact, more = read(db, source, params, detail)
        except Refusal as refusal:
            problems += refusal.problems
            count += refusal.count
        else:
            facts.append(fact)
            notices += more
    changed = changes(before)
    if problems or changed:
        raise Refusal([*changed, *problems], count + len(changed))
    return facts, tuple(notices)


def _read_parquet(db: duckdb.DuckDBPyConnection, source: Source, params: Params, detail: bool) -> tuple[Facts, list[Notice]]:
    table = parquet.open_parquet(db, source, params, detail)
    try:
        facts = engine.add_table(db, table, params.window, params.timezone, detail)
        if facts.bad:
            problems = parquet.find_faults(db, table, params.timezone)
            raise Refusal(problems, max(facts.bad, len(problems)))
    except engine.STOPPED:
        raise
    except duckdb.Error as error:
        raise parquet.unreadable(error, source) from error
    notices = _rounding(table, facts)
    if table.types["cost"] == values.FLOAT:
        text = f"{source.name} holds {table.names['cost']} as floats; each was read as its shortest decimal text."
        notices.append(Notice(text, facts.rows, facts.cost))
    return facts, notices


def _read_csv(db: duckdb.DuckDBPyConnection, source: Source, params: Params, detail: bool) -> tuple[Facts, list[Notice]]:
    header = csv_text.read_header(source)
    places, problems = place_columns(params, header.names, source.name, detail)
    if problems:
        raise Refusal(problems)
    shape = look(source, len(header.names), header.separator)
    columns = {ours: f"c{place}" for ours, place in places.items()}
    names = {ours: header.names[place] for ours, place in places.items()}
    table = Table(source, csv_text.scan_sql(source, header), columns, dict.fromkeys(places, values.TEXT), names)
    try:
        facts = engine.add_table(db, table, params.window, params.timezone, detail)
    except engine.STOPPED:
        raise
    except duckdb.Error:
        facts = None
    empty_lines = 0
    if facts is None or facts.bad or shape.odd or facts.rows != shape.records - 1:
        proof = proofread(source, header, places)
        if proof.count:
            raise Refusal(proof.problems, proof.count)
        if facts is None or (facts.rows, facts.cost) != (proof.rows, proof.cost):
            rule = "CSV that two readers read differently"
            raise Refusal(Problem(rule, "Export it again, with every field in quotes and one kind of line ends", source.name))
        empty_lines = proof.empty_lines
    notices = [Notice(f"{source.name} has empty lines, which were left out.", empty_lines, ZERO)] if empty_lines else []
    if shape.last_line and facts.rows:
        notices.append(_open_end(table, shape, header.names, places))
    return facts, notices + _rounding(table, facts)


def _open_end(table: Table, shape: Shape, header: Sequence[str], places: Mapping[str, int]) -> Notice:
    """The notice that the last line has no line break, and so may be cut short.

    Raises:
        Refusal: what would be cut is a time or the cost, since what is left of it may be another one.
    """
    name = table.source.name
    cut = next((ours for ours in ("timestamp", "cost") if places[ours] == len(header) - 1), None)
    row = csv_text.last_row(table.source, shape)
    if cut and not shape.last_line.endswith(b'"'):
        rule = f"the last line has no line break, so its {cut} may be cut short"
        fix = "Export the file again; if the line is whole, end it with a line break"
        raise Refusal(Problem(rule, fix, name, shape.lines, table.names[cut], row[-1]))
    text = f"The last line of {name} has no line break; if the file was cut there, its {header[-1]} is not whole."
    return Notice(text, 1, values.read_cost(row[places["cost"]]))


def _rounding(table: Table, facts: Facts) -> list[Notice]:
    if not facts.rounded:
        return []
    text = f"{table.source.name} has costs of more than {DECIMALS} decimals; each was rounded half away from zero."
    return [Notice(text, facts.rounded, facts.change)]


def _refuse_copies(prints: Sequence[tuple[str, str]], facts: Sequence[Facts]) -> None:
    """Refuse a file whose bytes another has too; files without rows may be alike."""
    first: dict[str, str] = {}
    problems = []
    for (name, digest), fact in zip(prints, facts, strict=True):
        if fact.rows and first.setdefault(digest, name) != name:
            problems.append(Problem(f"the file has the same bytes as {first[digest]}", NAME_ONCE, name))
    if problems:
        raise Refusal(problems)


def _refuse_sums(params: Params, facts: Sequence[Facts], inside: Span, outside: Span) -> None:
    """Refuse sums that would not be exact, and a period of which there is nothing to report."""
    if total(fact.magnitude for fact in facts) >= LIMIT:
        raise Refusal(Problem("the costs add up to 10^15 or more", "Write them in the currency's main unit", column="usage"))
    if not inside.rows:
        there = f"The files hold {outside.first} to {outside.last}" if outside.rows else "The files hold no row at all"
        fix = f"{there}; correct `period`, or name the period's files in `usage`"
        raise Refusal(Problem(f"no usage in {params.window.label}", fix, column="period", value=params.period))
