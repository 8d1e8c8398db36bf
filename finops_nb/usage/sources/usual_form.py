"""The usual form: a file in SQL with the values, the names and the rows that usage has.

What its source writes in another way (`grammar`), names once for all rows, or drops, is changed in
the scan, so that nothing after it needs to know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from finops_nb.params.column_names import ColumnName
from finops_nb.usage.sources import values
from finops_nb.usage.sources.columns import Columns
from finops_nb.usage.sources.grammar import grammar_of
from finops_nb.usage.sources.source_table import SourceTable, quoted


def in_usual_form(table: SourceTable, columns: Columns, scanned: Sequence[str]) -> SourceTable:
    """The table with values in the usual form, constants, and without the rows to drop.

    Args:
        table: as the file has it.
        columns: of the file.
        scanned: the engine's name of each column of the file.

    Example:
        For a source with "scale: 0.01", the cost "250" of its column `cents` is read as "250e-2".
    """
    source = table.source.params
    grammar = grammar_of(source)
    rewritten = {
        column: f"{name} in the usual form"
        for column, name in table.columns.items()
        if grammar.of_type(table.types[column]).rewrites(column)
    }
    constants: dict[ColumnName, str] = {each: f"the same {each}" for each in source.constants}
    if not (rewritten or constants or columns.drop):
        return table
    more = {
        name: grammar.of_type(table.types[each]).sql(each, quoted(table.columns[each]))
        for each, name in rewritten.items()
    }
    more |= {name: values.sql_text(source.constants[each]) for each, name in constants.items()}
    selected = ", ".join(("*", *(f"{sql} AS {quoted(name)}" for name, sql in more.items())))
    rows = f"SELECT {selected} FROM {table.scan}"
    is_dropped = _is_dropped(columns.drop, scanned, "{}")
    new = rewritten | constants
    return replace(
        table,
        scan=f"({rows} WHERE NOT {is_dropped})" if columns.drop else f"({rows})",
        reads=table.scan,
        dropped=f"({rows} WHERE {is_dropped})" if columns.drop else "",
        nearly_dropped=_is_dropped(columns.drop, scanned, "upper(trim({}))"),
        columns={**table.columns, **new},
        types={**table.types, **dict.fromkeys(new, values.TEXT)},
        names=table.names | {each: each for each in constants},
    )


def _is_dropped(drop: Mapping[int, Sequence[str]], scanned: Sequence[str], form: str) -> str:
    """The condition that a row is dropped, or is like one that is; "" where none is.

    Args:
        drop: by position, the values of such rows.
        scanned: the engine's name of each column of the file.
        form: SQL with `{}` for a text: in what form texts are compared.
    """
    conditions = []
    for position, texts in drop.items():
        text = f"coalesce(CAST({quoted(scanned[position])} AS {values.TEXT}), '')"
        listed = ", ".join(form.format(values.sql_text(each)) for each in texts)
        conditions.append(f"{form.format(text)} IN ({listed})")
    return f"({' OR '.join(conditions)})" if conditions else ""
