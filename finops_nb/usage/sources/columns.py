"""The columns of a file: where each of ours stands in its header, and what to write where one is not found."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from finops_nb.errors import Problem, listed
from finops_nb.params.model import ColumnName, Params
from finops_nb.usage.sources.dialects import DETAIL, FACTS, NAMED, Dialect, recognise

LISTED: Final = 30
"""How many of a file's columns a message lists."""

SAME: Final = ("ServiceProviderName", "ProviderName")
"""One column, which FOCUS calls by the first name from 1.3 on."""

ALIASES: Final = {
    "timestamp": ("time", "date", "day", "created"),
    "cost": ("cost", "amount", "spend", "charge", "price", "usd"),
    "organization": ("org", "team", "department", "tenant", "business_unit", "account"),
    "product": ("product", "service", "project", "app"),
    "feature": ("feature", "component", "use_case", "task"),
    "customer": ("customer", "client", "user", "consumer"),
}
"""What other sources call them; only to suggest a column, never to take one."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one of our columns is: its position in the header, and the tag in it, if it is one of a column of tags."""

    position: int
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a file.

    Args:
        dialect: of the file.
        places: by our name, those that are read.
        problems: with those that are not there, or stand there twice.
    """

    dialect: Dialect
    places: Mapping[ColumnName, Place]
    problems: tuple[Problem, ...]


def place_columns(params: Params, found: Sequence[str], file: str, detail: bool = False) -> Columns:
    """Where in a file's header each column that we read stands: by name, never by position.

    Args:
        params: `columns` of theirs come first; `Tags.business_unit` in them is the tag of a column `Tags`.
        found: the header, as it stands in the file.
        file: what messages call the file.
        detail: look for those of `DETAIL` too.

    Returns:
        Those that are there; a problem for each that the dialect needs or the params name and that is not, and for each
        name of the header that stands twice.
    """
    dialect = recognise(params, found)
    asked: tuple[ColumnName, ...] = (
        "timestamp",
        "cost",
        *NAMED,
        *FACTS,
        *(DETAIL if detail else ()),
    )
    places = {
        ours: place for ours in asked if (place := _place(names_of(ours, dialect, params), found))
    }
    wanted = {name for ours in asked for name in names_of(ours, dialect, params)}
    free = [name for name in found if name and name not in wanted]
    problems = [
        Problem(
            "the column stands twice in the header", "Rename or drop one of them", file, 1, name
        )
        for name in dict.fromkeys(found)
        if name and found.count(name) > 1
    ]
    problems += [
        Problem(
            f"{ours} can't be a tag, only a name can: {', '.join(NAMED)}",
            "Name a column of its own",
            file,
            1,
            params.columns[ours],
        )
        for ours, place in places.items()
        if place.tag and ours not in NAMED
    ]
    # Those that are not read are looked for too where the params name them: it is a slip of the pen where they are not there.
    unread = [
        ours
        for ours in params.columns
        if ours not in asked and not _place(names_of(ours, dialect, params), found)
    ]
    problems += _missing(
        params,
        dialect,
        [*(ours for ours in asked if ours not in places), *unread],
        found,
        free,
        file,
    )
    return Columns(dialect, places, tuple(problems))


def names_of(ours: ColumnName, dialect: Dialect, params: Params) -> tuple[str, ...]:
    """What the source may call our column: what the params say, or else the dialect."""
    if ours not in params.columns:
        return dialect.columns.get(ours, ())
    named = params.columns[ours]
    return (named, *(other for other in SAME if named in SAME and other != named))


def _place(names: Sequence[str], found: Sequence[str]) -> Place | None:
    for name in names:
        if name in found:
            return Place(found.index(name))
        column, dot, tag = name.partition(".")
        if dot and tag and column in found:
            return Place(found.index(column), tag)
    return None


def _missing(
    params: Params,
    dialect: Dialect,
    absent: Sequence[ColumnName],
    found: Sequence[str],
    free: Sequence[str],
    file: str,
) -> Iterator[Problem]:
    for ours in absent:
        if ours in dialect.needed or ours in params.columns:
            theirs = (names_of(ours, dialect, params) or (ours,))[0]
            rule = (
                f"the column that tells the {ours} is missing; the file has {listed(found, LISTED)}"
            )
            yield Problem(rule, _suggestion(ours, theirs, free), file, 1, theirs)


def _suggestion(ours: str, theirs: str, free: Sequence[str]) -> str:
    near = nearest_column(ours, theirs, free)
    if near is None:
        return (
            f"Say in the params what the file calls it: columns: {{{ours}: its name in the file}}"
        )
    written = (
        near
        if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", near)
        else '"' + near.replace('"', '\\"') + '"'
    )
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
    return next(
        (name for alias in ALIASES.get(ours, ()) for name in free if alias in name.lower()), None
    )
