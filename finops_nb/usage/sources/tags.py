"""Tags: one value of a column of tags, however the source spells its keys.

Everything here is SQL text for the engine. Tags are first turned into the text of one JSON object
(`json_sql`); the other functions read a key of it.
"""

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
"""DuckDB's type of tags as a list of keys and values, possibly with more about each."""


def normal_key(key: str) -> str:
    """A tag key without the differences between spellings: case, blanks, "_" and "-".

    >>> normal_key(" Business Unit"), normal_key("business_unit"), normal_key("BusinessUnit")
    ('businessunit', 'businessunit', 'businessunit')
    """
    return re.sub(r"[\s_-]+", "", key).casefold()


def known_type(type_: str) -> bool:
    """Whether tags can be read from a column of that DuckDB type."""
    is_list = type_.endswith("[]")
    return (
        type_ in (TEXT, JSON, TEXTS, NOTHING)
        or (type_.startswith(("MAP(", "STRUCT(")) and not is_list)
        or PAIRS.fullmatch(type_) is not None
    )


def keys_like(tag: str, keys: Sequence[str]) -> tuple[str, ...]:
    """The keys that are spellings of a tag: the exact one first, the others sorted."""
    same = (key for key in keys if normal_key(key) == normal_key(tag))
    return tuple(sorted(same, key=lambda key: (key != tag, key)))


def json_sql(column: str, type_: str) -> str:
    """The tags of a row as the text of a JSON object.

    NULL if there are none, or if they are neither an object nor a list of texts. An object with a
    duplicate key is NULL, too. A list of texts may have a key twice; its value is then a list.

    Args:
        column: of the scan.
        type_: its DuckDB type: JSON text (an object, or a list of texts such as "team: search"),
            a map, a struct, or a list of pairs or of texts.

    Example:
        '{"team": "search"}', the map {team: search}, the list [{key: team, value: search}] and the
        list ["team: search"] all become '{"team":"search"}'.
    """
    is_list_of_pairs = PAIRS.fullmatch(type_) is not None
    if type_ == TEXTS:
        return _object_of_texts(column)
    if type_.startswith("STRUCT(") and not is_list_of_pairs:
        return f"CAST(to_json({column}) AS {TEXT})"
    if type_.startswith("MAP("):
        column = _object_of_pairs(f"map_entries({column})")
    elif is_list_of_pairs:
        column = _object_of_pairs(column)
    elif type_ != TEXT:
        column = f"CAST({column} AS {TEXT})"
    return _object_of_json(column)


def value_sql(tags: str, keys: Sequence[str], nothing: str = "") -> str:
    """The value of a tag under any of some keys.

    NULL if no key is there, if its value is an object or a list, or if two keys disagree.

    Args:
        tags: from `json_sql`.
        keys: from `keys_like`.
        nothing: text that stands for no value.
    """
    candidates = [_value_of(tags, key, nothing) for key in keys]
    if not candidates:
        return "NULL"
    if len(candidates) == 1:
        return candidates[0]
    value = f"coalesce({', '.join(candidates)})"
    return f"CASE WHEN NOT {keys_disagree_sql(tags, keys)} THEN {value} END"


def keys_disagree_sql(tags: str, keys: Sequence[str]) -> str:
    """The condition that two of some keys have different values in a row."""
    candidates = ", ".join(_value_of(tags, key) for key in keys)
    return f"(len(list_distinct([{candidates}])) > 1)"


def has_any_key_sql(tags: str, keys: Sequence[str]) -> str:
    """The condition that a row has a value under one of some keys."""
    return f"(coalesce({', '.join(_value_of(tags, key) for key in keys)}) IS NOT NULL)"


def has_nested_value_sql(tags: str, keys: Sequence[str]) -> str:
    """The condition that a row has an object or a list under one of some keys."""
    if not keys:
        return "false"
    return f"({' OR '.join(_is_nested(tags, key) for key in keys)})"


def _object_of_json(column: str) -> str:
    """JSON text as an object. Of two equal keys nobody knows which counts, so that is NULL."""
    keys_are_distinct = f"len(json_keys({column})) = len(list_distinct(json_keys({column})))"
    elements = f"json_extract({column}, '$[*]')"
    is_no_text = "lambda each: json_type(each) NOT IN ('VARCHAR', 'NULL')"
    all_are_texts = f"len(list_filter({elements}, {is_no_text})) = 0"
    of_texts = _object_of_texts(f"json_extract_string({column}, '$[*]')")
    return (
        f"CASE WHEN json_valid({column}) THEN CASE json_type({column}) "
        f"WHEN 'OBJECT' THEN CASE WHEN {keys_are_distinct} THEN {column} END "
        f"WHEN 'ARRAY' THEN CASE WHEN {all_are_texts} THEN {of_texts} END END END"
    )


def _object_of_pairs(pairs: str) -> str:
    """A list of pairs as JSON text; a map made of them would fail on a duplicate key."""
    key = f"CAST(to_json(each.key) AS {TEXT})"
    value = f"coalesce(CAST(to_json(each.value) AS {TEXT}), 'null')"
    members = f"list_transform({pairs}, lambda each: {key} || ':' || {value})"
    return f"('{{' || array_to_string({members}, ',') || '}}')"


def _object_of_texts(texts: str) -> str:
    """Texts of a key, a colon and a value, as LiteLLM's request_tags are; others have no key.

    LiteLLM itself adds two "User-Agent: …" to a request, so a key may have several values.
    """
    with_colon = f"list_filter({texts}, lambda each: contains(each, ':'))"
    value = "ltrim(substr(each, strpos(each, ':') + 1), ' ')"
    pair = f"{{'key': split_part(each, ':', 1), 'value': {value}}}"
    pairs = f"list_distinct(list_transform({with_colon}, lambda each: {pair}))"
    keys = f"list_distinct(list_transform({pairs}, lambda pair: pair.key))"
    of_key = f"list_filter({pairs}, lambda pair: pair.key = key)"
    values = f"list_transform({of_key}, lambda pair: pair.value)"
    # One value is a text, several are a list, which `value_sql` takes for no value.
    one_or_all = f"CASE WHEN len({values}) = 1 THEN to_json({values}[1]) ELSE to_json({values}) END"
    member = f"CAST(to_json(key) AS {TEXT}) || ':' || CAST({one_or_all} AS {TEXT})"
    members = f"list_transform({keys}, lambda key: {member})"
    return f"('{{' || array_to_string({members}, ',') || '}}')"


def _value_of(tags: str, key: str, nothing: str = "") -> str:
    text = f"json_extract_string({tags}, {_pointer(key)})"
    plain = f"CASE WHEN NOT {_is_nested(tags, key)} THEN {text} END"
    return f"nullif({plain}, {sql_text(nothing)})" if nothing else plain


def _is_nested(tags: str, key: str) -> str:
    return f"coalesce(json_type({tags}, {_pointer(key)}) IN ('OBJECT', 'ARRAY'), false)"


def _pointer(key: str) -> str:
    """The path of a key as a literal of SQL (a JSON pointer, RFC 6901)."""
    return sql_text("/" + key.replace("~", "~0").replace("/", "~1"))
