"""A CSV file, read: by the engine's scan, and by Python's strict reader wherever the bytes or the scan leave a doubt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import duckdb

from finops_nb.usage.background import beside
from finops_nb.errors import Problem, Refusal
from finops_nb.money import ZERO
from finops_nb.params.model import Params
from finops_nb.schema import UNALLOCATED
from finops_nb.usage.sources import csv_text, values
from finops_nb.usage import engine
from finops_nb.usage.sources.columns import Columns, place_columns
from finops_nb.usage.csv_proof import proofread
from finops_nb.usage.facts import File
from finops_nb.usage.sources.faults import FAULTS
from finops_nb.usage.model import Notice
from finops_nb.usage.scan import add_table
from finops_nb.usage.sources.discovery import Source
from finops_nb.usage.sources.source_table import Table, with_keys

if TYPE_CHECKING:
    from finops_nb.usage.sources.csv_shape import Shape


def read_csv(db: duckdb.DuckDBPyConnection, source: Source, params: Params, detail: bool) -> File:
    """Scan a file and add it to the summaries.

    Raises:
        Refusal: all that is wrong with it, each with its line.
    """
    from finops_nb.usage.sources.csv_shape import look

    header = csv_text.read_header(source)
    columns = place_columns(params, header.names, source.name, detail)
    if columns.problems:
        raise Refusal(columns.problems)
    coming = beside(look, source, len(header.names), header.separator)
    places = {ours: place.position for ours, place in columns.places.items()}
    engine_names = {ours: f"c{place}" for ours, place in places.items()}
    names = {ours: header.names[place] for ours, place in places.items()}
    scan = csv_text.scan_sql(source, header)
    table = Table(
        source,
        columns.dialect,
        scan,
        engine_names,
        dict.fromkeys(places, values.TEXT),
        names,
        {},
        bool(params.mapping),
        bool(params.invoices),
    )
    try:
        table = with_keys(db, table, columns)
        facts = add_table(db, table, params, detail)
    except engine.STOPPED:
        raise
    except duckdb.Error:
        facts = None
    shape = coming.result()
    empty_lines = 0
    if facts is None or facts.bad or shape.odd or facts.rows != shape.records - 1:
        proof = proofread(source, header, columns, table.checked)
        if proof.count:
            raise Refusal(proof.problems, proof.count)
        if facts and facts.bad and table.keys:
            rule = f"a tag that is {UNALLOCATED}, the report's word for cost without a name, or that holds a NUL character"
            raise Refusal(Problem(rule, "Leave the tag out, or use another value", source.name), facts.bad)
        if facts is None or facts.bad or (facts.rows, facts.cost) != (proof.rows, proof.cost):
            rule = "CSV that two readers read differently"
            raise Refusal(Problem(rule, "Export it again, with every field in quotes and one kind of line ends", source.name))
        empty_lines = proof.empty_lines
    notices = [Notice(f"{source.name} has empty lines, which were left out.", empty_lines, ZERO)] if empty_lines else []
    if shape.last_line and facts.rows:
        notices.append(_open_end(table, shape, header.names, columns))
    return File(table, facts, tuple(notices))


def _open_end(table: Table, shape: Shape, header: Sequence[str], columns: Columns) -> Notice:
    """The notice that the last line has no line break, and so may be cut short.

    Raises:
        Refusal: what would be cut is a time or a number, since what is left of it may be another one.
    """
    name = table.source.name
    last = {ours for ours, place in columns.places.items() if place.position == len(header) - 1 and not place.tag}
    cut = next((ours for ours in FAULTS if ours in last), None)
    row = csv_text.last_row(table.source, shape)
    if cut and not shape.last_line.endswith(b'"'):
        rule = f"the last line has no line break, so its {cut} may be cut short"
        fix = "Export the file again; if the line is whole, end it with a line break"
        raise Refusal(Problem(rule, fix, name, shape.lines, header[-1], row[-1]))
    text = f"The last line of {name} has no line break; if the file was cut there, its {header[-1]} is not whole."
    return Notice(text, 1, values.read_cost(row[columns.places["cost"].position]))
