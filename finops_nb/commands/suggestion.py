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
from finops_nb.params.model import Params
from finops_nb.schema import BUDGETED, UNALLOCATED, Dimension
from finops_nb.usage.model import Usage
from finops_nb.usage.reader import columns_found, read_usage
from finops_nb.usage.sources.columns import (
    looks_like_data,
    names_of,
    nearest_column,
    place_columns,
)
from finops_nb.usage.sources.discovery import resolve_inputs
from finops_nb.usage.sources.named_currency import other_currency

PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)

YAML_WORDS: Final = ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
"""Words that other YAML readers don't read as text."""

LISTED: Final = 25
"""How many names get a suggested budget."""

CHOICES: Final = 30
"""How many columns of the file are listed for a column that is not known."""

INTRODUCTION: Final = (
    "Paste this into the params file. Check each line first: two keys may point to the same column."
)
BUDGET_COMMENT: Final = (
    "# Budgets to start from: each name's cost in the period, rounded up to two digits. "
    "Replace them with the approved amounts."
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
        header = columns_found(resolve_inputs(params, home)[0])
    except (FinopsError, IndexError):
        return None
    guesses = _guesses(params, header)
    if not guesses:
        return None
    known = {column: guess for column, guess in guesses.items() if guess}
    said = other_currency(guesses.get("cost") or "", params.currency)
    currency = said or params.currency
    update = {"columns": params.columns | known, "currency": currency}
    completed = params.model_copy(update=update)
    needed = place_columns(completed, header, "").dialect.needed
    lines = [INTRODUCTION, "", *_columns_block(guesses, header, needed)]
    if said:
        lines.append(f"currency: {said}  # the one line with the currency")
    # Faults in the rows are reported once the columns are known.
    budgeted = params.budgets or params.organization_budgets or params.product_budgets
    with suppress(FinopsError):
        skeleton = "" if budgeted else budget_skeleton(read_usage(completed, home))
        lines += ["", skeleton] if skeleton else []
    return "\n".join(lines)


def budget_skeleton(usage: Usage) -> str:
    """Budgets to start from: the costliest names, each cost rounded up to two digits.

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


def _guesses(params: Params, header: Sequence[str]) -> dict[str, str | None]:
    """The nearest column of the header for each column that is missing; None where none is near.

    There are no guesses where the file has no header.
    """
    columns = place_columns(params, header, "")
    if looks_like_data(columns, header):
        return {}
    taken = {place.position for place in columns.places.values()}
    free = [name for position, name in enumerate(header) if name and position not in taken]
    guesses = {}
    for column in columns.dialect.needed:
        if column not in columns.places:
            usual_name = (*names_of(column, columns.dialect, params), column)[0]
            guesses[str(column)] = nearest_column(column, usual_name, free)
    return guesses


def _columns_block(
    guesses: Mapping[str, str | None], header: Sequence[str], needed: Sequence[str]
) -> Iterator[str]:
    """The lines of `columns:`; a column without a guess is a comment, so that all of it is YAML.

    Args:
        guesses: by column.
        header: the columns of the file.
        needed: the columns that the file still needs once the guesses are in the params.
    """
    # A block of comments alone would be null.
    yield "columns:" if any(guesses.values()) else "# columns:"
    choices = listed(header, CHOICES)
    for column, guess in guesses.items():
        if guess:
            yield f"  {column}: {_key(guess)}"
        else:
            optional = "" if column in needed else "; leave this line out if there is none"
            yield f'  # {column}: ""  # one of: {choices}{optional}'


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
