"""A JSON object as the cells of a row: exact text, dotted names, and no key twice.

Numbers stay the text that is in the file: no float is ever made of one. An object comes from the
parser as a tuple of pairs, and an array as a list, so a key that is there twice is still seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from json import JSONDecodeError, JSONDecoder
from typing import Any, Final, NoReturn, TypeAlias

from finops_nb.errors import BadValue
from finops_nb.usage.sources.unpacked import KeyPath, RowsFile

JsonObject: TypeAlias = tuple[tuple[str, Any], ...]
"""The keys and values of an object, as the parser below gives them."""

BEGIN, END = object(), object()
"""In the shape of a row: the object of the next key begins; it ends."""

Shape: TypeAlias = tuple[Any, ...]
"""The keys of a row in their order, with `BEGIN` and `END` around those of an object in it."""

EXPORT_AGAIN: Final = "Export the file again; it may be cut short or edited by hand"
TOO_DEEP: Final = ("nested too deeply", "Export it without the objects that are so deep")


class _Constant(Exception):
    """NaN or Infinity, which Python's parser takes and JSON does not have."""


def _refuse_constant(name: str) -> NoReturn:
    raise _Constant(name)


_DECODER: Final = JSONDecoder(
    parse_float=str,
    parse_int=str,
    parse_constant=_refuse_constant,
    object_pairs_hook=tuple,
)


class NotJson(BadValue):
    """A text that is not JSON.

    Args:
        rule, fix: as in `BadValue`.
        position: of the character where that shows; None if not known.
    """

    def __init__(self, rule: str, fix: str, position: int | None = None):
        super().__init__(rule, fix)
        self.position = position


def parse(text: str, start: int = 0) -> tuple[Any, int]:
    """A JSON value in a text: strings and numbers as text, objects as tuples of pairs.

    Args:
        text: with the value.
        start: where it begins; no blank may stand there.

    Returns:
        The value, and where it ends.

    Raises:
        NotJson: there is no whole value.

    Example:
        {"cost": 0.10, "tags": ["a"]}   is   (("cost", "0.10"), ("tags", ["a"]))
    """
    try:
        return _DECODER.raw_decode(text, start)
    except JSONDecodeError as error:
        raise NotJson(f"not JSON: {error.msg}", EXPORT_AGAIN, error.pos) from error
    except _Constant as error:
        raise NotJson(f"{error}, which JSON does not have", "Write a number or null") from None
    except RecursionError:
        raise NotJson(*TOO_DEEP) from None


class ObjectCells:
    """Adds objects to a file of rows: their keys are its columns, whatever their order.

    Args:
        rows: the file.
    """

    def __init__(self, rows: RowsFile) -> None:
        self.rows = rows
        self._positions: dict[Shape, tuple[int, ...] | None] = {}
        self._width = 0

    def add(self, row: JsonObject) -> None:
        """Add a row.

        Raises:
            BadValue: a key is in an object twice, two paths have one name, or there are too many.
        """
        keys: list[Any] = []
        values: list[str] = []
        _collect(row, keys, values)
        shape = tuple(keys)
        try:
            positions = self._positions[shape]
        except KeyError:
            positions = self._placed(shape)
        if positions is not None:
            placed = [""] * self._width
            for position, value in zip(positions, values, strict=True):
                placed[position] = value
            values = placed
        self.rows.add(values)

    def _placed(self, shape: Shape) -> tuple[int, ...] | None:
        """The columns of a shape that is new; None if they are the first ones, in their order."""
        paths = list(_paths(shape))
        columns = tuple(map(self.rows.column, paths))
        self._width = len(self.rows.names)
        # Columns that are found later stand behind these, and `RowsFile` adds their empty fields.
        positions = None if columns == tuple(range(len(columns))) else columns
        self._positions[shape] = positions
        return positions


def _collect(row: JsonObject, keys: list[Any], values: list[str]) -> None:
    """The keys of a row, as in `Shape`, and its cells."""
    for key, value in row:
        kind = type(value)
        if kind is str:
            keys.append(key)
            values.append(value)
        elif kind is tuple:
            keys.extend((BEGIN, key))
            _collect(value, keys, values)
            keys.append(END)
        else:
            keys.append(key)
            values.append(_text(value))


def _text(value: Any) -> str:
    """The cell of null, true, false or an array."""
    if value is None or value == []:
        return ""
    if isinstance(value, list):
        return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))
    return "true" if value else "false"


def _plain(value: Any) -> Any:
    """A value with its objects as dicts.

    Raises:
        BadValue: a key is in an object twice.
    """
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, tuple):
        refuse_repeated_keys(value)
        return {key: _plain(each) for key, each in value}
    return value


def refuse_repeated_keys(value: JsonObject, place: str = "") -> None:
    """Refuse an object with a key that is there twice.

    Args:
        value: the object.
        place: its path, where nothing else says it.

    Raises:
        BadValue: names the key.
    """
    if len(dict(value)) != len(value):
        _refuse_repeated([key for key, _ in value], place)


def _refuse_repeated(keys: Sequence[str], place: str = "") -> None:
    if len(set(keys)) != len(keys):
        key = next(key for number, key in enumerate(keys) if key in keys[:number])
        rule = f'duplicate key "{key}" in {place or "one object"}'
        raise BadValue(rule, "Keep one of them")


def _paths(shape: Shape) -> Iterator[KeyPath]:
    """The path of each cell.

    Raises:
        BadValue: a key is in an object twice.
    """
    above: list[str] = []
    seen: list[list[str]] = [[]]
    is_object = False
    for key in shape:
        if key is END:
            above.pop()
            seen.pop()
        elif key is BEGIN:
            is_object = True
        else:
            seen[-1].append(key)
            _refuse_repeated(seen[-1])
            if is_object:
                above.append(key)
                seen.append([])
            else:
                yield (*above, key)
            is_object = False
