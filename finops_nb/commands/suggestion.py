"""Suggestion: YAML to start from, where columns are not known or budgets are not set."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import ROUND_CEILING, Decimal
from typing import Final

from finops_nb.errors import FinopsError, listed
from finops_nb.figures.allocation import allocate
from finops_nb.home import Home
from finops_nb.params.column_names import ColumnName
from finops_nb.params.model import Params
from finops_nb.params.sources import NO_COLUMN, SHORT_FORM, Source
from finops_nb.schema import BUDGETED, UNALLOCATED, Dimension
from finops_nb.usage.model import Usage
from finops_nb.usage.reader import columns_found, read_usage
from finops_nb.usage.sources.columns import (
    is_needed,
    looks_like_data,
    names_of,
    nearest_column,
    place_columns,
)
from finops_nb.usage.sources.dialects import NAMED
from finops_nb.usage.sources.discovery import SourceFile, resolve_inputs
from finops_nb.usage.sources.named_currency import other_currency

PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)

YAML_WORDS: Final = ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
"""Words that other YAML readers don't read as text."""

LISTED: Final = 25
"""How many names get a suggested budget."""

CHOICES: Final = 30
"""How many columns of the file are listed for a column that is not known."""

PASTE: Final = "Paste this into the params file."
REPLACE: Final = "Replace `columns` in the params file with this."
CHECK_FIRST: Final = (
    "The names are guesses. Check each line; one column may have been guessed for two of them."
)
FILL_IN: Final = "Between empty quotes, write the name of your column."
EMPTY: Final = ': ""  # one of: '
"""What follows a column that a person must name. Pasted as it is, it is refused at its line."""
BUDGET_COMMENT: Final = (
    "# Budgets to start from: each name's cost in the period, rounded up: "
    "1,234.56 becomes 1300. Replace them with the approved amounts."
)


def suggest(params: Params, home: Home) -> str | None:
    """A `columns:` block for usage with unknown columns, and budgets where the params have none.

    Args:
        params: as they were refused.
        home: where its files are.

    Returns:
        Lines to paste into the params file, for a person to confirm; None where every column is
        known, or no file can be read.

    Example:
        For a header `when,amount,team` the lines have `cost: amount` and `organization: team`.
    """
    try:
        source, header, guesses = _first_unknown(resolve_inputs(params, home))
    except (FinopsError, StopIteration):
        return None
    said = other_currency(guesses.get("cost") or "", params.currency)
    completed, needed = _completed(source, guesses, header, said or params.currency)
    block = [*_columns_block(guesses, completed, header, needed)]
    introduction = [_where(source)]
    introduction += [FILL_IN] if any(_is_empty(line) for line in block) else []
    introduction += [CHECK_FIRST] if any(guesses.values()) else []
    lines = [" ".join(introduction), "", *block]
    if said:
        lines.append(f"currency: {said}  # the one line with the currency")
    # Faults in the rows are reported once the columns are known.
    budgeted = params.budgets or params.organization_budgets or params.product_budgets
    with suppress(FinopsError):
        known = params.with_source(completed)
        skeleton = "" if budgeted else budget_skeleton(read_usage(known, home))
        lines += ["", skeleton] if skeleton else []
    return "\n".join(lines)


def _first_unknown(
    files: Sequence[SourceFile],
) -> tuple[Source, Sequence[str], Mapping[ColumnName, str | None]]:
    """The first file with columns that are not known: its source, its columns and the guesses.

    Raises:
        StopIteration: all columns are known.
        Refusal: a file can't be read.
    """
    found = ((file.params, columns_found(file)) for file in files)
    guessed = ((source, header, _guesses(source, header)) for source, header in found)
    return next(each for each in guessed if each[2])


def _where(source: Source) -> str:
    """Where the lines go."""
    if source.name == SHORT_FORM:
        return REPLACE if source.columns else PASTE
    return f"{'Replace `columns` in' if source.columns else 'Paste this into'} {source.place}."


def budget_skeleton(usage: Usage) -> str:
    """Budgets to start from: the costliest names, each cost rounded up to two significant digits.

    Returns:
        Lines to paste into the params file; empty where no cost has a name.
    """
    blocks = [line for by in BUDGETED for line in _budgets_block(usage, by)]
    return "\n".join([BUDGET_COMMENT, *blocks]) if blocks else ""


def _budgets_block(usage: Usage, by: Dimension) -> Iterator[str]:
    rows = [row for row in allocate(usage, by).itertuples() if row[1] != UNALLOCATED]
    if rows:
        yield f"{by}_budgets:"
    for row in rows[:LISTED]:
        yield f"  {_key(row[1])}: {_rounded_up(row.cost)}"
    if len(rows) > LISTED:
        yield f"  # and {len(rows) - LISTED} more with lower cost"


def _guesses(params: Source, header: Sequence[str]) -> dict[ColumnName, str | None]:
    """The nearest column of the header for each column that is missing; None where none is near.

    There are no guesses where the file has no header.
    """
    columns = place_columns(params, header, "")
    if looks_like_data(columns, header):
        return {}
    taken = {place.position for place in columns.places.values()}
    free = [name for position, name in enumerate(header) if name and position not in taken]
    guesses: dict[ColumnName, str | None] = {}
    for column in columns.dialect.needed:
        if column not in columns.places and is_needed(column, columns.dialect, params):
            usual_name = (*names_of(column, columns.dialect, params), column)[0]
            guesses[column] = nearest_column(column, usual_name, free)
    return guesses


def _completed(
    source: Source, guesses: Mapping[ColumnName, str | None], header: Sequence[str], currency: str
) -> tuple[Source, Sequence[ColumnName]]:
    """The source with the guesses, and what its file still needs.

    Returns:
        The source, in which a needed name without a guess is `none` if all else is known; and the
        columns that the file needs once the guesses are in the params.
    """
    known = {column: guess for column, guess in guesses.items() if guess}
    update = {"columns": source.columns | known, "currency": currency}
    completed = source.model_copy(update=update)
    dialect = place_columns(completed, header, "").dialect
    needed = [column for column in guesses if is_needed(column, dialect, completed)]
    unknown = [column for column in needed if column not in known]
    if all(column in NAMED for column in unknown):
        columns = completed.columns | dict.fromkeys(unknown, NO_COLUMN)
        completed = completed.model_copy(update={"columns": columns})
    return completed, needed


def _columns_block(
    guesses: Mapping[ColumnName, str | None],
    completed: Source,
    header: Sequence[str],
    needed: Sequence[ColumnName],
) -> Iterator[str]:
    """The lines of `columns:`, with those that the params have already.

    A column that must be named has empty quotes; one that may be is a comment.

    Args:
        guesses: by column.
        completed: the source with the guesses.
        header: the columns of the file.
        needed: the columns that the file needs once the guesses are in the params.
    """
    yield "columns:"
    for column, name in completed.columns.items():
        if column not in guesses:
            yield f"  {column}: {_key(name)}"
    choices = listed(header, CHOICES)
    for column, guess in guesses.items():
        if guess:
            yield f"  {column}: {_key(guess)}"
        elif completed.columns.get(column) == NO_COLUMN:
            yield f"  {column}: {NO_COLUMN}  # if the file has it, one of: {choices}"
        elif column in needed:
            yield f"  {column}{EMPTY}{choices}{_or_none(column)}"
        else:
            yield f"  # {column}{EMPTY}{choices}; leave this line out if there is none"


def _is_empty(line: str) -> bool:
    return EMPTY in line and not line.lstrip().startswith("#")


def _or_none(column: ColumnName) -> str:
    """What to write for a column that the file does not have."""
    return f"; {NO_COLUMN} if the file does not have it" if column in NAMED else ""


def _rounded_up(cost: Decimal) -> int:
    """A whole amount of two digits and zeros that covers the cost; at least 1.

    >>> [_rounded_up(Decimal(cost)) for cost in ("0.04", "8.2", "43", "4321.85", "-5")]
    [1, 9, 43, 4400, 1]
    """
    whole = max(int(cost.to_integral_value(rounding=ROUND_CEILING)), 1)
    unit = int("1".ljust(len(str(whole)) - 1, "0"))
    return -(-whole // unit) * unit


def _key(name: str) -> str:
    """A name as YAML: plain if it can only be text, else quoted as in JSON, which YAML reads."""
    if PLAIN_NAME.fullmatch(name) and name.lower() not in YAML_WORDS:
        return name
    return json.dumps(name, ensure_ascii=False)
