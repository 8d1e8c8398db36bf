"""Tags: one value of a column of tags, however the keys of the source are spelled."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from finops_nb.usage.sources.values import NOTHING, TEXT, sql_text

JSON: Final = "JSON"
TEXTS: Final = f"{TEXT}[]"
PAIRS: Final = re.compile(
    r'STRUCT\((?=(.*, )?"?key"? )(?=(.*, )?"?value"? ).*\)\[\]', re.IGNORECASE
)
"""The type of tags as a list of keys and values, with whatever else there is to each."""


def normal_key(key: str) -> str:
    """A key of tags without what spellings differ in: case, blanks, `_` and `-`.

    >>> normal_key(" Business Unit"), normal_key("business_unit"), normal_key("BusinessUnit")
    ('businessunit', 'businessunit', 'businessunit')
    """
    return re.sub(r"[\s_-]+", "", key).casefold()


def known_type(kind: str) -> bool:
    """Whether tags can be read from a column of DuckDB's type `kind`."""
    return (
        kind in (TEXT, JSON, TEXTS, NOTHING)
        or kind.startswith(("MAP(", "STRUCT("))
        or PAIRS.fullmatch(kind) is not None
    )


def json_sql(column: str, kind: str) -> str:
    """The tags of a row as the text of a JSON object; NULL where there are none, or they are neither that nor a list of texts.

    An object that has a key twice is none. A list of texts may have one twice, whose value is then a list.

    Args:
        column: of the scan.
        kind: DuckDB's type of it: text of JSON (an object, or a list of texts such as "team: search"), a map, a struct, a
            list of pairs or of texts.
    """
    if kind == TEXTS:
        return _of_texts(column)
    if kind.startswith("STRUCT(") and not PAIRS.fullmatch(kind):
        return f"CAST(to_json({column}) AS {TEXT})"
    if kind.startswith("MAP(") or PAIRS.fullmatch(kind):
        # Not by a map, which fails where a key stands twice.
        pairs = f"map_entries({column})" if kind.startswith("MAP(") else column
        pair = f"CAST(to_json(each.key) AS {TEXT}) || ':' || coalesce(CAST(to_json(each.value) AS {TEXT}), 'null')"
        column = (
            f"('{{' || array_to_string(list_transform({pairs}, lambda each: {pair}), ',') || '}}')"
        )
    elif kind != TEXT:
        column = f"CAST({column} AS {TEXT})"
    once = f"len(json_keys({column})) = len(list_distinct(json_keys({column})))"
    texts = f"len(list_filter(json_extract({column}, '$[*]'), lambda each: json_type(each) NOT IN ('VARCHAR', 'NULL'))) = 0"
    listed = _of_texts(f"json_extract_string({column}, '$[*]')")
    of_type = f"WHEN 'OBJECT' THEN CASE WHEN {once} THEN {column} END WHEN 'ARRAY' THEN CASE WHEN {texts} THEN {listed} END"
    return f"CASE WHEN json_valid({column}) THEN CASE json_type({column}) {of_type} END END"


def _of_texts(texts: str) -> str:
    """A JSON object of texts that are a key, a colon and its value, as LiteLLM's request_tags are; others say nothing of a key.

    LiteLLM itself adds two "User-Agent: …" to a request.
    """
    pair = "{'key': split_part(each, ':', 1), 'value': ltrim(substr(each, strpos(each, ':') + 1), ' ')}"
    pairs = f"list_distinct(list_transform(list_filter({texts}, lambda each: contains(each, ':')), lambda each: {pair}))"
    keys = f"list_distinct(list_transform({pairs}, lambda pair: pair.key))"
    values = f"list_transform(list_filter({pairs}, lambda pair: pair.key = key), lambda pair: pair.value)"
    value = f"CASE WHEN len({values}) = 1 THEN to_json({values}[1]) ELSE to_json({values}) END"
    tags = f"list_transform({keys}, lambda key: CAST(to_json(key) AS {TEXT}) || ':' || CAST({value} AS {TEXT}))"
    return f"('{{' || array_to_string({tags}, ',') || '}}')"


def keys_like(tag: str, keys: Sequence[str]) -> tuple[str, ...]:
    """The keys that mean a tag: the one that is written so first, the others sorted."""
    return tuple(
        sorted(
            (key for key in keys if normal_key(key) == normal_key(tag)),
            key=lambda key: (key != tag, key),
        )
    )


def value_sql(tags: str, keys: Sequence[str], nothing: str = "") -> str:
    """The value of a tag that stands under any of these keys; NULL where it is under none, no plain one, or two of them disagree.

    Args:
        tags: from `json_sql`.
        keys: from `keys_like`.
        nothing: text that stands for no value.
    """
    found = [_under(tags, key, nothing) for key in keys]
    if len(found) < 2:
        return found[0] if found else "NULL"
    return f"CASE WHEN NOT {disagree_sql(tags, keys)} THEN coalesce({', '.join(found)}) END"


def disagree_sql(tags: str, keys: Sequence[str]) -> str:
    """Whether two of these keys have different values in a row."""
    found = ", ".join(_under(tags, key) for key in keys)
    return f"(len(list_distinct([{found}])) > 1)"


def has_sql(tags: str, keys: Sequence[str]) -> str:
    """Whether a row has the tag under one of these keys."""
    return f"(coalesce({', '.join(_under(tags, key) for key in keys)}) IS NOT NULL)"


def nested_sql(tags: str, keys: Sequence[str]) -> str:
    """Whether what a row has under one of these keys is an object or a list."""
    return f"({' OR '.join(_is_nested(tags, key) for key in keys)})" if keys else "false"


def _under(tags: str, key: str, nothing: str = "") -> str:
    found = f"json_extract_string({tags}, {_pointer(key)})"
    plain = f"CASE WHEN NOT {_is_nested(tags, key)} THEN {found} END"
    return f"nullif({plain}, {sql_text(nothing)})" if nothing else plain


def _is_nested(tags: str, key: str) -> str:
    return f"coalesce(json_type({tags}, {_pointer(key)}) IN ('OBJECT', 'ARRAY'), false)"


def _pointer(key: str) -> str:
    """Where a key stands, as a literal of SQL (RFC 6901)."""
    return sql_text("/" + key.replace("~", "~0").replace("/", "~1"))
