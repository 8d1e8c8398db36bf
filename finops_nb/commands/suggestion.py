"""Suggestions: lines of YAML to start from, for a file whose columns are not known and for budgets that are not set."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from decimal import ROUND_CEILING, Decimal
from typing import Final

from finops_nb.errors import FinopsError
from finops_nb.figures.allocation import allocate
from finops_nb.home import Home
from finops_nb.params.model import Params
from finops_nb.schema import BUDGETED, UNALLOCATED
from finops_nb.usage.model import Usage
from finops_nb.usage.reader import columns_found, read_usage
from finops_nb.usage.sources.columns import names_of, nearest_column, place_columns
from finops_nb.usage.sources.discovery import resolve_inputs

PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)
LISTED: Final = 25

WORDS: Final = ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
"""What other YAML readers take for something else than text."""


def suggest(params: Params, home: Home) -> str | None:
    """A `columns:` block for usage whose columns are not all known, and budgets for the names it would find.

    Args:
        params: as they were refused.
        home: where its files are.

    Returns:
        Lines to paste into the params file, to be confirmed by a person; None where every column is known, or no file
        can be read.
    """
    try:
        found = columns_found(resolve_inputs(params, home)[0])
    except (FinopsError, IndexError):
        return None
    columns = place_columns(params, found, "")
    missing = [ours for ours in columns.dialect.needed if ours not in columns.places]
    if not missing:
        return None
    taken = {place.position for place in columns.places.values()}
    free = [name for position, name in enumerate(found) if name and position not in taken]
    guesses = {
        ours: nearest_column(ours, (*names_of(ours, columns.dialect, params), ours)[0], free)
        for ours in missing
    }
    lines = [
        "To start from, in the params file (confirm each; two of ours may be one of the source's):",
        "",
        "columns:",
    ]
    for ours, guess in guesses.items():
        lines.append(
            f"  {ours}: {_key(guess)}" if guess else f"  {ours}: ?  # one of: {', '.join(found)}"
        )
    if all(guesses.values()):
        # What is wrong with the rows is said once the columns are known.
        with suppress(FinopsError):
            lines += [
                "",
                budget_skeleton(
                    read_usage(
                        params.model_copy(update={"columns": params.columns | guesses}), home
                    )
                ),
            ]
    return "\n".join(lines)


def budget_skeleton(usage: Usage) -> str:
    """Budgets for the costliest names of a period, each its cost rounded up to the next hundred, to be replaced."""
    lines = [
        "# Budgets to start from: the cost of the period, rounded up. Replace them by what was approved."
    ]
    for by in BUDGETED:
        rows = [row for row in allocate(usage, by).itertuples() if row[1] != UNALLOCATED]
        lines.append(f"{by}_budgets:")
        lines += (f"  {_key(row[1])}: {_rounded_up(row.cost)}" for row in rows[:LISTED])
        lines += (
            [f"  # and those of {len(rows) - LISTED} more, which cost less"]
            if len(rows) > LISTED
            else []
        )
    return "\n".join(lines)


def _rounded_up(cost: Decimal) -> Decimal:
    return (cost / 100).to_integral_value(rounding=ROUND_CEILING) * 100 if cost > 0 else Decimal(0)


def _key(name: str) -> str:
    """A name as YAML: plain where that can't be mistaken, else quoted as JSON quotes, which YAML reads."""
    return (
        name
        if PLAIN.fullmatch(name) and name.lower() not in WORDS
        else json.dumps(name, ensure_ascii=False)
    )
