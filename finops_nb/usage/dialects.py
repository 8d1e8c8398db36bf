"""What a source calls the columns we need: one small declaration a dialect, and the search for a missing one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from finops_nb.errors import Problem
from finops_nb.params import ColumnName, Params

NAMED: Final[tuple[ColumnName, ...]] = ("organization", "product", "feature", "customer")
"""Our columns that hold a name, or nothing."""

NEEDED: Final[tuple[ColumnName, ...]] = ("timestamp", "cost", *NAMED)
"""Our columns without which there is no report."""

DETAIL: Final[tuple[ColumnName, ...]] = ("model",)
"""Our columns that are read only where a what-if asks for them, and may be absent."""

LISTED: Final = 30
"""How many of a file's columns a message lists."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One kind of source.

    Args:
        name: its name in `params.dialect`.
        columns: our name of a column and the source's; all of `NEEDED`, and what else the source has.
    """

    name: str
    columns: Mapping[ColumnName, str]


CALLS: Final = Dialect(
    "calls",
    {
        "timestamp": "timestamp",
        "cost": "cost_usd",
        "organization": "organization_id",
        "product": "product_id",
        "feature": "feature_id",
        "customer": "customer_id",
        "provider": "provider",
        "model": "model",
        "input_tokens": "input_tokens",
        "output_tokens": "output_tokens",
    },
)
"""One row a call of a language model; its other columns (latency_ms, task_type, subscription_tier) are not read."""

DIALECTS: Final = {dialect.name: dialect for dialect in (CALLS,)}

ALIASES: Final = {
    "timestamp": ("time", "date", "day", "created"),
    "cost": ("cost", "amount", "spend", "charge", "price", "usd"),
    "organization": ("org", "team", "department", "tenant", "business_unit", "account"),
    "product": ("product", "service", "project", "app"),
    "feature": ("feature", "component", "use_case", "task"),
    "customer": ("customer", "client", "user", "consumer"),
}
"""What other sources call them; only to suggest a column, never to take one."""


def source_columns(params: Params) -> dict[ColumnName, str]:
    """Our name of each column and the source's, `params.columns` first."""
    return {**DIALECTS[params.dialect].columns, **params.columns}


def place_columns(params: Params, found: Sequence[str], file: str, detail: bool = False) -> tuple[dict[str, int], list[Problem]]:
    """Where in a file's header each needed column stands: by name, never by position.

    Args:
        found: the header, as it stands in the file.
        file: what messages call the file.
        detail: look for those of `DETAIL` too.

    Returns:
        The position in `found` of each of `NEEDED` that is there, and a problem for each that is not, and for each
        name of the header that stands twice; a column of `DETAIL` is a problem only where `params.columns` names it.
    """
    wanted = source_columns(params)
    problems = [
        Problem("the column stands twice in the header", "Rename or drop one of them", file, 1, name)
        for name in dict.fromkeys(found)
        if name and found.count(name) > 1
    ]
    asked = (*NEEDED, *(DETAIL if detail else ()))
    places: dict[str, int] = {ours: found.index(wanted[ours]) for ours in asked if wanted[ours] in found}
    free = [name for name in found if name and name not in wanted.values()]
    shown = ", ".join(found[:LISTED]) + (f" and {len(found) - LISTED} more" if len(found) > LISTED else "")
    for ours in asked:
        if ours not in places and (ours in NEEDED or ours in params.columns):
            rule = f"the column that tells the {ours} is missing; the file has {shown}"
            problems.append(Problem(rule, _suggestion(ours, wanted[ours], free), file, 1, wanted[ours]))
    return places, problems


def _suggestion(ours: str, theirs: str, free: Sequence[str]) -> str:
    near = nearest_column(ours, theirs, free)
    if near is None:
        return f"Say in the params what the file calls it: columns: {{{ours}: its name in the file}}"
    written = near if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", near) else '"' + near.replace('"', '\\"') + '"'
    return f"Write columns: {{{ours}: {written}}} in the params, if that is it"


def nearest_column(ours: str, theirs: str, free: Sequence[str]) -> str | None:
    """The name of the header that most likely is our column `ours`, for a person to confirm; None if none is near.

    Args:
        theirs: what the dialect calls it.
        free: the names that no other column has taken.

    >>> nearest_column("cost", "cost_usd", ["team", "amount"])
    'amount'
    """
    lowered = {name.lower(): name for name in reversed(free)}
    near = difflib.get_close_matches(theirs.lower(), lowered, n=1, cutoff=0.7)
    if near:
        return lowered[near[0]]
    return next((name for alias in ALIASES.get(ours, ()) for name in free if alias in name.lower()), None)
