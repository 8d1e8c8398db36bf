"""Names of the usage in a mail: long ones are shortened in the middle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from finops_nb.report.format import blanks_marked, visible_name
from finops_nb.words import short_names, shortened_inside

NAME_LENGTH: Final = 80
"""Characters of a name in a mail; the report has it whole."""

NAME_COLUMNS: Final = (
    *("organization", "product", "feature", "model", "customer", "driver", "name"),
)
"""Columns of the results that hold names of the usage."""


def brief_name(name: str) -> str:
    """A name as a mail prints it: a long one keeps its beginning and its end."""
    return shortened_inside(visible_name(name), NAME_LENGTH)


def long_names(tables: Mapping[str, Any]) -> Mapping[str, str]:
    """Names too long for a sentence, as sentences have them, and what a mail prints instead.

    The longest comes first: one may be the beginning of another.
    """
    values = {line.get(key) for lines in tables.values() for line in lines for key in NAME_COLUMNS}
    names = [name for name in values if isinstance(name, str) and len(name) > NAME_LENGTH]
    short = short_names(map(visible_name, names), NAME_LENGTH)
    return {
        said: short[visible_name(name)]
        for name in sorted(names, key=len, reverse=True)
        for said in (name, blanks_marked(name))
    }
