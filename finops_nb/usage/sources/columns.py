"""The columns of a file: where each of our columns is, and what to write if one is missing.

In this module `column` is our name (`cost`); `name` is what the file calls it (`spend`).
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from finops_nb.errors import Problem, listed
from finops_nb.params.column_names import ColumnName
from finops_nb.params.sources import NO_COLUMN, Source
from finops_nb.usage.sources.dialects import (
    DETAIL,
    EXTRA,
    FOCUS,
    NAMED,
    TOKENS,
    Dialect,
    recognize,
)
from finops_nb.usage.sources.named_currency import currency_problem, other_currency
from finops_nb.usage.sources.similar_columns import (
    currency_columns,
    doubtful_currency,
    is_currency,
    other_spellings,
    twins,
)
from finops_nb.words import listing

LISTED: Final = 30
"""How many columns of a file a message lists."""

PROVIDER_NAMES: Final = FOCUS.columns["provider"]
"""Names of one column: FOCUS uses the first from version 1.3 on."""

ALIASES: Final = {
    "timestamp": ("time", "date", "day", "created"),
    "cost": ("cost", "amount", "spend", "charge", "price", "usd"),
    "organization": ("org", "team", "department", "tenant", "business_unit", "account"),
    "product": ("product", "service", "project", "app"),
    "feature": ("feature", "component", "use_case", "task"),
    "customer": ("customer", "client", "user", "consumer"),
}
"""Common names in other sources. They only suggest a column to a person; none is read by itself."""

UNIMPORTANT: Final[tuple[ColumnName, ...]] = ("currency", *TOKENS)
"""Columns that may be spelled in another way without a question: the currency has its own; no
charge uses tokens."""

COSTS: Final[tuple[ColumnName, ...]] = ("cost", "billed_cost")
"""Columns of amounts in the params' currency."""

NO_QUOTES_NEEDED: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""Names that YAML reads as text without quotes."""

DATE_OR_NUMBER: Final = re.compile(r"\d{4}-\d\d-\d\d|\d\d?/\d\d?/\d{2,4}|-?\d+([.,]\d+)*$")
"""What a field of data may be, and the name of a column hardly ever."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one of our columns is.

    Args:
        position: its position in the header, from 0.
        tag: the key of the tag, where the column holds tags; else "".
    """

    position: int
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a file.

    Args:
        dialect: of the file.
        places: where each of our columns is, of those in the file.
        problems: missing and duplicate columns.
        drop: by position, the values of rows that are no charge.
    """

    dialect: Dialect
    places: Mapping[ColumnName, Place]
    problems: tuple[Problem, ...]
    drop: Mapping[int, Sequence[str]] = field(default_factory=dict)

    def is_dropped(self, row: Sequence[str]) -> bool:
        """Whether a row, as texts, is no charge; a row that is cut short is none."""
        drop = self.drop.items()
        return any(row[position] in texts for position, texts in drop if position < len(row))


def place_columns(
    params: Source, header: Sequence[str], file: str, detail: Sequence[str] = ()
) -> Columns:
    """Where in a header each column that we read is: by name, never by position.

    Args:
        params: names in their `columns` come first; "Tags.business_unit" there is the tag
            `business_unit` in the column `Tags`.
        header: column names as they are in the file.
        file: what messages call the file.
        detail: the finest summary; its columns of `DETAIL` are looked for, too.

    Returns:
        The columns in the file. A problem for each column that the dialect needs, or the params
        name, and that is missing; for each name that is twice in the header; and for each column
        that may be one of ours, or its currency, by another spelling.

    Example:
        For the header "day,team,amount", the params line
        "columns: {timestamp: day, organization: team, cost: amount}" places all three.
    """
    dialect = recognize(params, header)
    wanted: tuple[ColumnName, ...] = ("timestamp", "cost", *NAMED, *EXTRA)
    # Nobody is asked about a name that only explains a change.
    asked: tuple[ColumnName, ...] = (*wanted, "model") if "feature" in detail else wanted
    wanted += tuple(column for column in DETAIL if column in detail)
    found = ((column, _find(names_of(column, dialect, params), header)) for column in wanted)
    places = {column: place for column, place in found if place is not None}
    problems = (
        *_duplicate_names(header, file),
        *_place_currency(params, dialect, places, header, file),
        *_costs_in_another_currency(params, places, header, file),
        *_similar_columns(params, dialect, places, asked, header, file),
        *_tags_that_are_not_names(params, places, file),
        *_missing_columns(params, dialect, wanted, header, file),
        *_columns_to_drop_by(params, header, file),
        *_columns_of_constants(params, dialect, header, file),
    )
    return Columns(dialect, places, problems, _drop(params, header))


def _place_currency(
    params: Source,
    dialect: Dialect,
    places: dict[ColumnName, Place],
    header: Sequence[str],
    file: str,
) -> Iterator[Problem]:
    """Place the column of the currency, whatever its spelling, or ask which one it is."""
    if "currency" in params.columns or "currency" in dialect.needed:
        return
    places.pop("currency", None)
    names = dialect.columns.get("currency", ())
    taken = {header[place.position] for place in places.values()}
    similar = currency_columns(header, taken, names)
    if len(similar) == 1 and is_currency(similar[0], names):
        places["currency"] = Place(header.index(similar[0]))
    elif similar:
        yield doubtful_currency(similar, file)


def _costs_in_another_currency(
    params: Source, places: Mapping[ColumnName, Place], header: Sequence[str], file: str
) -> Iterator[Problem]:
    """Costs whose column says another currency, unless a column says each row's."""
    if "currency" in places:
        return
    for column in COSTS:
        place = places.get(column)
        name = header[place.position] if place else ""
        if said := other_currency(name, params.currency):
            yield currency_problem(name, said, params.currency, file)


def _similar_columns(
    params: Source,
    dialect: Dialect,
    places: Mapping[ColumnName, Place],
    wanted: Sequence[ColumnName],
    header: Sequence[str],
    file: str,
) -> Iterator[Problem]:
    """Columns that are spelled nearly as one of ours, unless the params say which one is ours."""
    found = {column: header[place.position] for column, place in places.items()}
    yield from twins(
        {column: name for column, name in found.items() if column not in params.columns},
        header,
        file,
    )
    settled = {*found, *params.columns, *dialect.needed, *UNIMPORTANT}
    missing = {
        column: dialect.columns[column]
        for column in wanted
        if column not in settled and column in dialect.columns
    }
    free = [name for name in header if name not in found.values()]
    yield from other_spellings(missing, free, file)


def names_of(column: ColumnName, dialect: Dialect, params: Source) -> tuple[str, ...]:
    """What the source may call one of our columns: by the params, or else by the dialect.

    Nothing if the params say that no column is ours.
    """
    if column in params.constants:
        return ()
    if column not in params.columns:
        return dialect.columns.get(column, ())
    name = params.columns[column]
    if name == NO_COLUMN:
        return ()
    if name not in PROVIDER_NAMES:
        return (name,)
    return (name, *(other for other in PROVIDER_NAMES if other != name))


def is_needed(column: ColumnName, dialect: Dialect, params: Source) -> bool:
    """Whether a file without one of our columns is refused.

    A name may be missing if the params say `none`: its cost is then unallocated.
    """
    may_be_none = column in NAMED and params.columns.get(column) == NO_COLUMN
    return column in dialect.needed and not may_be_none and column not in params.constants


def nearest_column(column: str, expected: str, free: Sequence[str]) -> str | None:
    """The name in a header that most likely is our column, for a person to confirm.

    Args:
        column: our name.
        expected: what the dialect calls it.
        free: the names that are no other column.

    Returns:
        None if no name is near.

    >>> nearest_column("cost", "cost_usd", ["team", "amount"])
    'amount'
    """
    by_lower_case = {name.lower(): name for name in reversed(free)}
    near = difflib.get_close_matches(expected.lower(), by_lower_case, n=1, cutoff=0.7)
    if near:
        return by_lower_case[near[0]]
    for alias in ALIASES.get(column, ()):
        for name in free:
            if alias in name.lower():
                return name
    return None


def looks_like_data(columns: Columns, header: Sequence[str]) -> bool:
    """Whether a header has a date or a number in it and no column that we read.

    Example:
        The line "2025-12-31,1.25,red" is data.
    """
    return not columns.places and any(DATE_OR_NUMBER.match(name.strip()) for name in header)


def _find(names: Sequence[str], header: Sequence[str]) -> Place | None:
    """The first of some names in a header; the part after a dot may be a tag of a column."""
    for name in names:
        if name in header:
            return Place(header.index(name))
        container, dot, tag = name.partition(".")
        if dot and tag and container in header:
            return Place(header.index(container), tag)
    return None


def _duplicate_names(header: Sequence[str], file: str) -> Iterator[Problem]:
    for name, count in Counter(header).items():
        if name and count > 1:
            rule = "duplicate column in the header"
            yield Problem(rule, "Rename or remove one of them", file, 1, name)


def _tags_that_are_not_names(
    params: Source, places: Mapping[ColumnName, Place], file: str
) -> Iterator[Problem]:
    """A tag holds text, so it can be a name, but not money or a time."""
    for column, place in places.items():
        if place.tag and column not in NAMED:
            rule = f"{column} can't be read from a tag; only {listing(NAMED)} can"
            yield Problem(rule, "Name a separate column", file, 1, params.columns[column])


def _columns_of_constants(
    params: Source, dialect: Dialect, header: Sequence[str], file: str
) -> Iterator[Problem]:
    """Constants of which the file has a column, whose names would be passed over."""
    for column in params.constants:
        names = (*dialect.columns.get(column, ()), column)
        found = [name for name in header if name.casefold() in map(str.casefold, names)]
        if found and column not in params.columns:
            rule = f"the file has this column for {column}, and the source has a constant"
            none = f"columns: {{{column}: {NO_COLUMN}}}"
            fix = f"Remove the constant; or, if it holds for all rows, write {none}"
            yield Problem(rule, fix, file, 1, found[0])


def _drop(params: Source, header: Sequence[str]) -> dict[int, Sequence[str]]:
    """By position in the header, the values of rows that are no charge."""
    return {header.index(name): texts for name, texts in params.drop.items() if name in header}


def _columns_to_drop_by(params: Source, header: Sequence[str], file: str) -> Iterator[Problem]:
    for name in params.drop:
        if name not in header:
            rule = f'no column "{listed((name,), 1)}" to drop rows by'
            content = listed(header, LISTED)
            yield Problem(rule, f"Write one of its columns: {content}", file, 1, name)


def _missing_columns(
    params: Source,
    dialect: Dialect,
    wanted: Sequence[ColumnName],
    header: Sequence[str],
    file: str,
) -> Iterator[Problem]:
    """The missing columns that the dialect needs or the params name.

    The first problem lists the columns of the file.
    """
    content = f"; the file has {listed(header, LISTED)}"
    taken = {name for column in wanted for name in names_of(column, dialect, params)}
    free = [name for name in header if name and name not in taken]
    # A column that the params name is looked for even where it is not read: the name is a typo.
    for column in dict.fromkeys((*wanted, *params.columns)):
        names = names_of(column, dialect, params)
        is_named = params.columns.get(column, NO_COLUMN) != NO_COLUMN
        required = is_needed(column, dialect, params) or is_named
        if not required or _find(names, header) is not None:
            continue
        expected = names[0] if names else column
        name = f' "{listed((expected,), 1)}"' if names else ""
        role = "" if expected == column and names else f" for {column}"
        rule = f"no column{name}{role}{content}"
        yield Problem(rule, _suggestion(column, expected, free, params), file, 1, expected)
        content = ""


def _suggestion(column: ColumnName, expected: str, free: Sequence[str], params: Source) -> str:
    near = nearest_column(column, expected, free)
    none = ""
    if column in NAMED:
        none = f"; if the file has no such column, write columns: {{{column}: {NO_COLUMN}}}"
    if near is None:
        return f"Write its name in the params: columns: {{{column}: name in the file}}{none}"
    said = other_currency(near, params.currency) if column in COSTS else None
    if not NO_QUOTES_NEEDED.fullmatch(near):
        near = '"' + near.replace('"', '\\"') + '"'
    keys = f"columns: {{{column}: {near}}}" + (f" and currency: {said}" if said else "")
    return f"Did you mean {near}? Then write {keys} in the params{none}"
