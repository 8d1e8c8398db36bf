"""Columns that may be ours by another spelling: a question where there is more than one choice."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from finops_nb.errors import Problem, listed
from finops_nb.params.column_names import ColumnName
from finops_nb.params.sources import NO_COLUMN
from finops_nb.usage.sources.tags import normal_key

LISTED: Final = 5
"""How many similar names a message lists."""

CURRENCIES: Final = (
    "currency",
    "currencycode",
    "billingcurrency",
    "billingcurrencycode",
    "costcurrency",
    "costcurrencycode",
    "amountcurrency",
    "lineitemcurrencycode",
    "lineitem/currencycode",
)
"""What a column with the currency of the costs is called in any source, as `normal_key` spells it.

What one kind of source calls it is in its dialect.
"""

MAYBE_CURRENCY: Final = re.compile(
    # Not "concurrency".
    r".*(?<!con)(currency|ccy)(iso|code|id|name|symbol)?|curr|währung|waehrung|devise|moneda|moeda"
    r"|valuta"
)
"""What a column with a currency may be called; it need not be that of the costs."""

IN_A_CURRENCY: Final = re.compile(r"(cost|amount|price|charge|spend)s?in")
"""In the name of an amount, such as costInBillingCurrency."""


def currency_columns(
    header: Sequence[str], taken: Collection[str], names: Collection[str] = ()
) -> list[str]:
    """The columns that may hold the currency of the costs.

    Args:
        header: the column names of a file.
        taken: names that are other columns of ours.
        names: what the dialect calls the currency.

    Returns:
        Those that are called so, whatever the spelling; if there is none, those that may be.

    >>> currency_columns(["cost", "Currency", "pricing_currency"], ["cost"])
    ['Currency']
    """
    free = {name: normal_key(name) for name in header if name not in taken}
    called_so = [name for name in free if is_currency(name, names)]
    return called_so or [
        name
        for name, key in free.items()
        if MAYBE_CURRENCY.fullmatch(key) and not IN_A_CURRENCY.search(key)
    ]


def is_currency(name: str, names: Collection[str] = ()) -> bool:
    """Whether a column of that name holds the currency of the costs.

    Args:
        name: of the column.
        names: what the dialect calls the currency.
    """
    return normal_key(name) in (*CURRENCIES, *map(normal_key, names))


def doubtful_currency(names: Sequence[str], file: str) -> Problem:
    """The question which of some columns is the currency."""
    none = f"write columns: {{currency: {NO_COLUMN}}}"
    if len(names) == 1:
        rule = "this column may hold the currency of the costs"
        named = f"columns: {{currency: {in_yaml(names[0])}}}"
        fix = f"If it does, write {named} in the params; if not, "
    else:
        rule = f"one of {listed(names, LISTED)} may hold the currency of the costs"
        fix = (
            f"Write in the params which one does, such as columns: "
            f"{{currency: {in_yaml(names[0])}}}; if none does, "
        )
    return Problem(rule, fix + none, file, 1, names[0])


def twins(places: Mapping[ColumnName, str], header: Sequence[str], file: str) -> Iterator[Problem]:
    """Columns beside ours with the same name but for its capitals, blanks, hyphens or underscores.

    Args:
        places: the name in the file of each column of ours that the params do not name.
        header: the column names of the file.
        file: what messages call it.
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for name in dict.fromkeys(header):
        alike[normal_key(name)].append(name)
    for column, name in places.items():
        similar = alike[normal_key(name)]
        if len(similar) > 1:
            rule = f"{listed(similar, LISTED)} are spelled almost alike"
            fix = (
                f"Write in the params which one to read, such as columns: "
                f"{{{column}: {in_yaml(name)}}}"
            )
            yield Problem(rule, fix, file, 1, name)


def other_spellings(
    missing: Mapping[ColumnName, Sequence[str]], free: Sequence[str], file: str
) -> Iterator[Problem]:
    """Columns that we would read if they were spelled as usual.

    Args:
        missing: what a file may call each column of ours that was not found and is not needed.
        free: the names that are no other column of ours.
        file: what messages call it.
    """
    keys = {name: normal_key(name) for name in free}
    for column, names in missing.items():
        usual = {normal_key(name): name for name in names}
        for name, key in keys.items():
            if name and (known := usual.get(key)):
                rule = f"this column may be {known}, spelled differently"
                fix = (
                    f"If it is, write columns: {{{column}: {in_yaml(name)}}} in the params; "
                    f"if not, write columns: {{{column}: {NO_COLUMN}}}"
                )
                yield Problem(rule, fix, file, 1, name)


def in_yaml(name: str) -> str:
    """The name as it is written in a line of YAML."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
