"""A page of an API as rows: the one list of objects in it, or the results of its buckets.

    {"data": [{"start_time": 1764547200, "results": [{"amount": {"value": 0.06}}]}]}

has one row: start_time 1764547200, amount.value 0.06.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeAlias

from finops_nb.errors import BadValue
from finops_nb.usage.sources.json_cells import JsonObject, refuse_repeated_keys
from finops_nb.usage.sources.values import IS_COST, Fault
from finops_nb.words import listing

PlacedRow: TypeAlias = tuple[str, JsonObject]
"""A row, and its path in the page."""

RESULTS: Final = ("results", "result")
"""Keys of the rows in a bucket. Any other list of objects in a row, such as labels, is a field: as
rows it would repeat the row's cost."""

BUCKET: Final = "bucket"
"""What stands before a name that buckets and rows share, where the list of buckets has no path."""

MORE: Final = frozenset(
    (
        *("hasmore", "more", "hasnext", "hasnextpage", "istruncated", "truncated"),
        *("next", "nextpage", "nextlink", "nexturl", "nexturi", "nextcursor", "nextoffset"),
        *("nexttoken", "nextpagetoken", "nextpageurl", "nextstarttoken", "nextmarker"),
        *("continuationtoken", "lastevaluatedkey"),
    )
)
"""Keys that say, unless their value is nothing, that there is another page; see `_plain_key`."""

NOTHING: Final[tuple[Any, ...]] = (None, False, "", "false", "0", [], ())

PAGE_NUMBERS: Final = ("totalpages", "pagecount", "numpages", "pages", "lastpage")
"""Keys whose number above 1 says that there are other pages."""

ALL_PAGES: Final = (
    "Export all pages, and write the rows of all of them into one array, or into JSON lines "
    "with one row a line"
)

ONE_LIST: Final = "Write the rows as one array: [{...}, {...}]"

WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")

TIMES_AND_IDS: Final = frozenset(
    (
        *("time", "date", "day", "month", "period", "start", "end"),
        *("starting", "ending", "at", "timestamp", "id"),
    )
)
AMOUNTS: Final = frozenset(
    ("cost", "amount", "spend", "price", "total", "value", "usd", "quantity")
)
"""Words in the names of a bucket's fields. Beside each row go its texts, and numbers that are times
or ids. Any other number is of the bucket as a whole, so it would count once a row."""


@dataclass(frozen=True, slots=True)
class _List:
    """A list in a page: its path, and its elements."""

    path: str
    elements: Sequence[Any]


def rows_of_page(page: JsonObject) -> Iterator[PlacedRow]:
    """The rows of an object that holds them in a list.

    Args:
        page: what an API answered, or an export with a head.

    Raises:
        BadValue: it says that it is not the last page, or has no or several lists of objects, or
            one with something else in it.

    Example:
        {"data": [{"cost": 1}]}   has one row, data[0]
    """
    _refuse_more(page)
    lists = list(_lists(page, ""))
    of_objects = [each for each in lists if any(type(one) is tuple for one in each.elements)]
    if len(of_objects) > 1:
        paths = listing(each.path for each in of_objects)
        raise BadValue(f"several lists of rows: {paths}", f"Leave one of them. {ONE_LIST}")
    if of_objects:
        return rows_of_list(of_objects[0].path, of_objects[0].elements)
    if not any(not each.elements for each in lists):
        raise BadValue("a JSON object without a list of rows", ONE_LIST)
    return iter(())


def rows_of_list(path: str, elements: Iterable[Any]) -> Iterator[PlacedRow]:
    """The rows in a list of rows, or of buckets of rows.

    Args:
        path: of the list.
        elements: of the list.

    Raises:
        BadValue: an element is no object, or is no bucket like the others.
    """
    objects = [(f"{path}[{n}]", element) for n, element in enumerate(elements)]
    for place, element in objects:
        if type(element) is not tuple:
            raise BadValue(*not_an_object(place))
        refuse_repeated_keys(element, place)
    keys = {key for _, element in objects for key in _keys_of_results(element)}
    if not keys:
        return iter(objects)
    if len(keys) > 1:
        raise BadValue(f"buckets with {listing(sorted(keys))}", "Leave the one with the rows")
    return _rows_of_buckets(path, objects, keys.pop())


def not_an_object(place: str) -> Fault:
    """Rule and fix where a row is something else."""
    return f"{place} is not a JSON object", "Each row must be one"


def is_bucket(element: Any) -> bool:
    """Whether an element of a list holds rows itself."""
    return type(element) is tuple and any(True for _ in _keys_of_results(element))


def _rows_of_buckets(path: str, buckets: Sequence[PlacedRow], key: str) -> Iterator[PlacedRow]:
    """Each result with the fields of its bucket before its own."""
    results = [(place, bucket, _results_of(place, bucket, key)) for place, bucket in buckets]
    own_names = {name for *_, rows in results for _, row in rows for name, _ in row}
    prefix = path or BUCKET
    for place, bucket, rows in results:
        if not rows:
            _refuse_money_without_rows(place, bucket)
        shared = tuple(
            (f"{prefix}.{name}" if name in own_names else name, value)
            for name, value in bucket
            if _is_shared(name, value)
        )
        for row_place, row in rows:
            yield row_place, shared + row


def _results_of(place: str, bucket: JsonObject, key: str) -> list[PlacedRow]:
    """The results of a bucket; null and an empty list are none."""
    fields = dict(bucket)
    if key not in fields:
        raise BadValue(f"{place} has no {key}, and other objects beside it have", ONE_LIST)
    rows = [(f"{place}.{key}[{n}]", row) for n, row in enumerate(fields[key] or ())]
    for row_place, row in rows:
        if type(row) is not tuple:
            raise BadValue(*not_an_object(row_place))
    return rows


def _keys_of_results(element: JsonObject) -> Iterator[str]:
    """The keys of an object that hold lists of rows, or an empty list."""
    for key, value in element:
        is_list = key.lower() in RESULTS and type(value) is list
        if is_list and all(type(each) is tuple for each in value):
            yield key


def _is_shared(name: str, value: Any) -> bool:
    """Whether a bucket's field holds for each of its rows: a text, a time or an id."""
    return type(value) not in (list, tuple) and not _is_amount(name, value)


def _is_amount(name: str, value: Any) -> bool:
    if type(value) is not str or not IS_COST(value):
        return False
    words = {word.lower() for word in WORD.findall(name)}
    return bool(words & AMOUNTS) or not words & TIMES_AND_IDS


def _refuse_money_without_rows(place: str, bucket: JsonObject) -> None:
    """Refuse an empty bucket with an amount of its own, which would be lost with it."""
    for name, value in bucket:
        if _is_amount(name, value) and Decimal(value):
            rule = f"{place} has no rows, but {name} is {value}"
            raise BadValue(rule, f"Export it again with the rows of each period. {ONE_LIST}")


def _lists(value: JsonObject, path: str) -> Iterator[_List]:
    """The lists in an object and in the objects in it."""
    refuse_repeated_keys(value, path)
    for key, each in value:
        below = f"{path}.{key}" if path else key
        if type(each) is list:
            yield _List(below, each)
        elif type(each) is tuple:
            yield from _lists(each, below)


def _refuse_more(page: JsonObject, path: str = "") -> None:
    """Refuse a page that says that it is not all there is."""
    for key, value in page:
        below = f"{path}.{key}" if path else key
        name = re.sub(r"[^a-z]", "", key.casefold().removeprefix("@odata."))
        if name in MORE and value not in NOTHING:
            raise BadValue(f"this page is not the last: it has {below}", ALL_PAGES)
        if name in PAGE_NUMBERS and type(value) is str and value not in ("0", "1"):
            raise BadValue(f"this page is one of several: {below} is {value}", ALL_PAGES)
        if type(value) is tuple:
            _refuse_more(value, below)
