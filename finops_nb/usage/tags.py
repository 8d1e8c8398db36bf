"""Tags: one value of a column of tags, however the keys of the source are spelled."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from finops_nb.usage.values import TEXT, sql_text

PAIRS: Final = re.compile(r'STRUCT\("?key"? .*, "?value"? .*\)\[\]', re.IGNORECASE)
"""The type of tags as a list of pairs."""


def normal_key(key: str) -> str:
    """A key of tags without what spellings differ in: case, blanks, `_` and `-`.

    >>> normal_key(" Business Unit"), normal_key("business_unit"), normal_key("BusinessUnit")
    ('businessunit', 'businessunit', 'businessunit')
    """
    return re.sub(r"[\s_-]+", "", key).casefold()


def json_sql(column: str, kind: str) -> str:
    """The tags of a row as the text of a JSON object; NULL where there are none, or it is no JSON object.

    Args:
        column: of the scan.
        kind: DuckDB's type of it: text of JSON, a map, a struct, or a list of pairs.
    """
    if kind == TEXT:
        return f"CASE WHEN json_valid({column}) THEN CASE WHEN json_type({column}) = 'OBJECT' THEN {column} END END"
    pairs = f"map_from_entries({column})" if PAIRS.fullmatch(kind) else column
    return f"CAST(to_json({pairs}) AS {TEXT})"


def keys_like(tag: str, keys: Sequence[str]) -> tuple[str, ...]:
    """The keys that mean a tag: the one that is written so first, the others sorted."""
    return tuple(sorted((key for key in keys if normal_key(key) == normal_key(tag)), key=lambda key: (key != tag, key)))


def value_sql(tags: str, keys: Sequence[str]) -> str:
    """The value of a tag that stands under any of these keys; NULL where it is under none, or two of them disagree.

    Args:
        tags: from `json_sql`.
        keys: from `keys_like`.
    """
    found = [_under(tags, key) for key in keys]
    if len(found) < 2:
        return found[0] if found else "NULL"
    return f"CASE WHEN NOT {disagree_sql(tags, keys)} THEN coalesce({', '.join(found)}) END"


def disagree_sql(tags: str, keys: Sequence[str]) -> str:
    """Whether two of these keys have different values in a row."""
    found = ", ".join(_under(tags, key) for key in keys)
    return f"(len(list_distinct([{found}])) > 1)"


def other_sql(tags: str, keys: Sequence[str]) -> str:
    """Whether a row has the tag under another of these keys than the first."""
    return f"(coalesce({', '.join(_under(tags, key) for key in keys[1:])}) IS NOT NULL)"


def _under(tags: str, key: str) -> str:
    pointer = "/" + key.replace("~", "~0").replace("/", "~1")
    return f"json_extract_string({tags}, {sql_text(pointer)})"
