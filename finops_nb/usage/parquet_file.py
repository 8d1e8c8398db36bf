"""Reading a Parquet file: its columns and their types, its scan, and its bad rows by number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

import duckdb

from finops_nb.errors import SHOWN, Problem, Refusal
from finops_nb.params.column_names import ColumnName
from finops_nb.params.model import Params
from finops_nb.usage import engine
from finops_nb.usage.background import in_background
from finops_nb.usage.model import Grouping
from finops_nb.usage.notices import UsageFile
from finops_nb.usage.scan import add_table
from finops_nb.usage.sources import tags, values
from finops_nb.usage.sources.columns import Columns, place_columns
from finops_nb.usage.sources.currency_values import (
    is_decided,
    other_currencies,
    parquet_columns_of_codes,
)
from finops_nb.usage.sources.dialects import NAMED
from finops_nb.usage.sources.discovery import SourceFile, file_states
from finops_nb.usage.sources.grammar import grammar_of
from finops_nb.usage.sources.notice import Notice
from finops_nb.usage.sources.parquet_pages import Chunk, check_pages
from finops_nb.usage.sources.source_table import (
    PARSED,
    SourceTable,
    bad_row_sql,
    parsed_name,
    path_sql,
    rows_sql,
    with_row_numbers,
    with_tag_keys,
)
from finops_nb.usage.sources.usual_form import in_usual_form
from finops_nb.usage.sources.values import Fault, known_type, name_fault

MONEY_FIX: Final = (
    f"Write it as a DECIMAL of at most {values.DIGITS} digits, or as text; "
    "a 32-bit FLOAT has already lost the cents"
)
TIME_FIX: Final = "Write it as TIMESTAMP, DATE or ISO 8601 text"
TYPE_FIXES: Final = {
    "timestamp": TIME_FIX,
    "billing_period": TIME_FIX,
    "charge_end": TIME_FIX,
    "cost": MONEY_FIX,
    "billed_cost": MONEY_FIX,
}
OTHER_TYPE_FIX: Final = "Write it as text, or as an integer"
TAGS_FIX: Final = "Write tags as JSON text, a map, a struct, or a list of pairs or texts"
DAMAGED: Final = "Copy or export it again; it is damaged, cut short or not Parquet"
OUT_OF_RANGE: Final[Fault] = ("a value out of range", "Correct it, or export the file again")

SchemaRow = tuple[str, int | None, int | None, int | None]
"""Of DuckDB's `parquet_schema`: name, number of children, precision and scale."""


class ParquetColumn(NamedTuple):
    """A top-level column: its name in the file, the engine's name for it, and its DuckDB type.

    The engine's names are unique: it calls a second `cost` `cost_1`.
    """

    name: str
    engine_name: str
    type: str


def read_parquet(
    db: duckdb.DuckDBPyConnection, source: SourceFile, params: Params, detail: Grouping
) -> UsageFile:
    """Scan a file and add it to the summaries.

    Args:
        db: from `engine.open_engine`.
        source: the file.
        params: of the report.
        detail: the finest summary, beside `GROUPINGS`.

    Raises:
        Refusal: everything that is wrong with it, each with its row.
    """
    columns = read_columns(db, source)
    places = place_columns(source.params, [column.name for column in columns], source.name, detail)
    problems = [*places.problems, *_wrong_types(source, columns, places)]
    if problems:
        raise Refusal(problems)
    table = _table(source, columns, places, params)
    pages_checked = in_background(check_pages, source, _chunks(db, source))
    try:
        stores_floats = columns[places.places["cost"].position].type == values.FLOAT
        file = _scanned(db, table, places, params, detail, stores_floats)
        if problems := _other_currencies(db, table, columns, places):
            raise Refusal(problems)
        return file
    finally:
        # Damage explains whatever else is wrong.
        pages_checked.result()


def _scanned(
    db: duckdb.DuckDBPyConnection,
    table: SourceTable,
    places: Columns,
    params: Params,
    detail: Grouping,
    stores_floats: bool,
) -> UsageFile:
    """Add the table to the summaries.

    Raises:
        Refusal: rows that cannot be read, each with its number.
    """
    source = table.source
    try:
        table = with_tag_keys(db, table, places)
        result = add_table(db, table, params, detail)
        if result.bad_rows:
            problems = bad_row_problems(db, table, params) or [
                Problem("values that read differently each time", DAMAGED, source.name)
            ]
            raise Refusal(problems, max(result.bad_rows, len(problems)))
    except engine.ENGINE_STOPPED:
        raise
    except duckdb.Error as error:
        raise _unreadable(error, source) from error
    if not stores_floats:
        return UsageFile(table, result)
    text = (
        f"{source.name} stores {table.names['cost']} as floats; "
        "each was read as its shortest decimal text."
    )
    return UsageFile(table, result, (Notice(text, result.rows, result.cost),))


def _other_currencies(
    db: duckdb.DuckDBPyConnection,
    table: SourceTable,
    columns: Sequence[ParquetColumn],
    places: Columns,
) -> list[Problem]:
    """A problem for each unread column of currencies other than the params'."""
    if is_decided(places, table.source.params):
        return []
    read = {place.position for place in places.places.values()}
    unread = {
        column.engine_name: column.name
        for position, column in enumerate(columns)
        if position not in read and column.type == values.TEXT
    }
    try:
        candidates = parquet_columns_of_codes(db, table.scan, unread)
        return other_currencies(db, table.scan, candidates, table.source.params, table.source.name)
    except engine.ENGINE_STOPPED:
        raise
    except duckdb.Error as error:
        raise _unreadable(error, table.source) from error


def read_columns(db: duckdb.DuckDBPyConnection, source: SourceFile) -> tuple[ParquetColumn, ...]:
    """The top-level columns of a file.

    Raises:
        Refusal: it is not a complete Parquet file, or a pipe, for which the engine would wait.
    """
    file_states((source,))
    try:
        described = db.execute(f"DESCRIBE SELECT * FROM {_scan_sql(source)}").fetchall()
        schema = db.execute(
            f"SELECT name, num_children, precision, scale FROM parquet_schema({path_sql(source)})"
        ).fetchall()
    except duckdb.Error as error:
        raise _unreadable(error, source) from error
    return tuple(
        ParquetColumn(name, engine_name, type_ or engine_type)
        for (name, type_), (engine_name, engine_type, *_) in zip(
            _top_level(schema), described, strict=True
        )
    )


def bad_row_problems(
    db: duckdb.DuckDBPyConnection, table: SourceTable, params: Params
) -> list[Problem]:
    """The problems of the first bad rows; `line` is the number of the row, from 1."""
    numbered = replace(table, scan=with_row_numbers(table))
    rows = rows_sql(numbered, params.timezone, also="file_row_number + 1 AS number, ")
    checked = [
        f"{parsed_name(table, column)} IS NULL, CAST({PARSED[column][0]} AS {values.TEXT})"
        for column in table.checked
    ]
    names = ", ".join(NAMED)
    if table.mapped:
        # A bad key is mapped nowhere.
        names = names.replace("organization", "coalesce(source_key, organization)", 1)
    query = (
        f"SELECT number, {', '.join((names, *checked))} FROM ({rows}) "
        f"WHERE {bad_row_sql(table)} ORDER BY number LIMIT {SHOWN}"
    )
    problems = []
    for number, *fields in db.execute(query).fetchall():
        for column, value, (rule, fix) in _faults(table, fields):
            rule = f"{rule}, in row {number} of the Parquet file"
            name = table.names[column]
            problems.append(Problem(rule, fix, table.source.name, number, name, value))
    return problems


def _wrong_types(
    source: SourceFile, columns: Sequence[ParquetColumn], places: Columns
) -> Iterator[Problem]:
    """Columns whose type does not hold their values exactly."""
    for column, place in places.places.items():
        name, _, type_ = columns[place.position]
        if place.tag:
            known, read_as, fix = tags.known_type(type_), "tags", TAGS_FIX
        else:
            is_written = grammar_of(source.params).of_type(type_).rewrites(column)
            known, read_as = known_type(column, values.TEXT if is_written else type_), column
            fix = TYPE_FIXES.get(column, OTHER_TYPE_FIX)
        if not known:
            rule = f"a column of type {type_}, which can't be read as {read_as}"
            yield Problem(rule, fix, source.name, column=name)


def _table(
    source: SourceFile, columns: Sequence[ParquetColumn], places: Columns, params: Params
) -> SourceTable:
    found = {column: columns[place.position] for column, place in places.places.items()}
    table = SourceTable(
        source,
        places.dialect,
        _scan_sql(source),
        columns={column: of_file.engine_name for column, of_file in found.items()},
        types={column: of_file.type for column, of_file in found.items()},
        names={column: of_file.name for column, of_file in found.items()},
        mapped=bool(params.mapping),
        reconciled=bool(params.invoices),
    )
    return in_usual_form(table, places, [column.engine_name for column in columns])


def _faults(
    table: SourceTable, fields: Sequence[Any]
) -> Iterator[tuple[ColumnName, str | None, Fault]]:
    """What is wrong with a row: column, value and fault.

    Args:
        table: of the file.
        fields: the names; then, of each checked column, whether it is bad, and its text.
    """
    names, checked = fields[: len(NAMED)], fields[len(NAMED) :]
    for column, is_bad, text in zip(table.checked, checked[::2], checked[1::2], strict=True):
        if is_bad:
            yield column, text, grammar_of(table.source.params).fault(column, text) or OUT_OF_RANGE
    for column, name in zip(NAMED, names, strict=True):
        if fault := name_fault(name):
            yield column, name, fault


def _scan_sql(source: SourceFile) -> str:
    # A folder named "team=x" adds no column.
    return f"read_parquet({path_sql(source)}, hive_partitioning = false)"


def _chunks(db: duckdb.DuckDBPyConnection, source: SourceFile) -> list[Chunk]:
    """Where the pages of each column are; a dictionary, if there is one, stands first.

    Raises:
        Refusal: it is not a complete Parquet file.
    """
    try:
        rows = db.execute(
            "SELECT path_in_schema, coalesce(dictionary_page_offset, 0), data_page_offset, "
            f"total_compressed_size FROM parquet_metadata({path_sql(source)})"
        ).fetchall()
    except duckdb.Error as error:
        raise _unreadable(error, source) from error
    chunks = []
    for column, dictionary, data, size in rows:
        start = min(dictionary, data) if dictionary > 0 else data
        chunks.append(Chunk(column, start, start + size))
    return chunks


def _top_level(schema: Sequence[SchemaRow]) -> list[tuple[str, str]]:
    """The root's children, in a schema that lists each column before its own children.

    Returns:
        The name of each; and its type if the engine reads it as another one: a decimal of more
        than 38 digits is a float to it. Else "".
    """
    columns: list[tuple[str, str]] = []
    open_children: list[int] = []
    for name, children, precision, scale in schema:
        if len(open_children) == 1:
            too_long = (precision or 0) > values.DIGITS
            columns.append((name, f"DECIMAL({precision},{scale})" if too_long else ""))
        if open_children:
            open_children[-1] -= 1
        open_children.append(children or 0)
        while open_children and open_children[-1] == 0:
            open_children.pop()
    return columns


def _unreadable(error: duckdb.Error, source: SourceFile) -> Refusal:
    """The engine's own reason, without the path on this machine."""
    first_line = str(error).splitlines()[0].replace(str(source.path.absolute()), source.name)
    reason = first_line.partition(": ")[2].strip() or "it can't be decoded"
    return Refusal(Problem(f"not a complete Parquet file: {reason}", DAMAGED, source.name))
