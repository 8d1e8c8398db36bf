"""YAML without surprises: every scalar is text, keys are unique, and each value has its line.

What other loaders do is refused or does not happen here: `NO` is false, 12:30:45 is 45045, the
last of two equal keys wins, an alias expands without bound. Whoever reads the values decides on
their types.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from finops_nb.errors import Problem, Refusal
from finops_nb.params.flow_commas import split_numbers
from finops_nb.params.text_file import HALF, HALF_REFUSED, read_bytes
from finops_nb.params.yaml_slips import syntax_problem
from finops_nb.words import listing

DEPTH: Final = 20
SIZE: Final = 1_000_000
PLAIN_TAGS: Final = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))
ALIAS_FIX: Final = "Write the value that it stands for"
TAG_FIX: Final = 'Delete it, or put text that begins with "!" in quotes'
PER_LINE: Final = "Write one `key: value` per line"
KeyPath: TypeAlias = tuple[str | int, ...]
"""The keys, and the positions in lists, that lead to a value."""


@dataclass(frozen=True, slots=True)
class Document:
    """A mapping as it was read.

    Args:
        data: `dict`, `list`, `str`, and None for a key without a value.
        lines: the physical line of the key, or of the list's item, at each path.
        text: the file's text, with its line breaks and byte order mark: encoded, it is the file.
        problems: duplicate keys and tags; the caller reports them together with its own.
        spans: where in `text` the value at each path begins and ends (exclusive). Mappings and
            lists have one only in braces or brackets, since YAML does not say where others end.
    """

    data: dict[str, Any]
    lines: dict[KeyPath, int]
    text: str = field(repr=False)
    problems: tuple[Problem, ...] = ()
    spans: dict[KeyPath, tuple[int, int]] = field(default_factory=dict, repr=False)


def key_text(path: KeyPath) -> str:
    """A path as messages name it; people count the items of a list from 1.

    >>> key_text(("organization_budgets", "org-a")), key_text(("events", 1, "date"))
    ('organization_budgets.org-a', 'events, item 2, date')
    """
    text = ""
    for place, part in enumerate(path):
        if isinstance(part, int):
            text += f", item {part + 1}"
        else:
            text += (", " if isinstance(path[place - 1], int) else ".") + part
    return text.removeprefix(".").removeprefix(", ")


def lines_of(text: str) -> list[str]:
    """The lines of a YAML text, each with its line break; `"".join` gives the text again.

    Line n of a `Document` is item n - 1. Python breaks lines where YAML does: its few other line
    breaks are control characters, which YAML refuses.
    """
    return text.splitlines(keepends=True)


def read_document(path: Path, shown: str, required: Sequence[str] = ()) -> Document:
    """Read one mapping from a YAML file.

    Args:
        path: the file.
        shown: its name in messages.
        required: keys to name where the file is empty.

    Raises:
        Refusal: unreadable, not UTF-8, not YAML, not one mapping, an alias, or too deep; with the
            line of each problem.
    """
    fix = f"Keep it under {SIZE:,} bytes; keep usage in files of its own"
    raw = read_bytes(path, shown, SIZE, fix)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = _line_at(raw[: error.start].decode("utf-8"))
        byte = f"byte 0x{raw[error.start]:02x}"
        fix = "Save the file as UTF-8"
        raise Refusal(Problem("not UTF-8", fix, shown, line, value=byte)) from error
    return _document(text, shown, required)


def yaml_text(values: Mapping[str, Any]) -> str:
    """A mapping as lines of YAML.

    Args:
        values: text, `Decimal`, days, and mappings and lists of them.

    >>> values = {"base": "2025-12", "organization_budgets": {"007": Decimal("5000.50")}}
    >>> print(yaml_text(values), end="")
    base: 2025-12
    organization_budgets:
      '007': 5000.50
    """
    return yaml.dump(dict(values), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)


def _line_at(before: str) -> int:
    """The line of what follows a text."""
    return len(lines_of(f"{before}."))


def _document(text: str, shown: str, required: Sequence[str]) -> Document:
    reader = _Reader(shown)
    try:
        _check_structure(text, shown)
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.reader.ReaderError as error:
        rule, line = "a character that YAML can't hold", _line_at(text[: error.position])
        char = chr(error.character)
        raise Refusal(Problem(rule, "Remove it", shown, line, value=char)) from error
    except yaml.YAMLError as error:
        raise Refusal(syntax_problem(error, text, shown)) from error
    if node is None:
        fix = f"{PER_LINE}; at least {listing(required)}" if required else PER_LINE
        raise Refusal(Problem("the file is empty", fix, shown))
    data = reader.value(node, (), 1)
    if not isinstance(data, dict):
        raise Refusal(Problem("not `key: value` pairs", PER_LINE, shown, 1))
    return Document(data, reader.lines, text, tuple(reader.problems), reader.spans)


def _check_structure(text: str, shown: str) -> None:
    """Refuse aliases, depth, a second document and half characters before anything is built."""
    problems = []
    documents = depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        start = event.start_mark
        assert start is not None, "only events that a program makes up have none"
        line = start.line + 1
        if isinstance(event, yaml.AliasEvent):
            alias = f"*{event.anchor}"
            problems.append(Problem("a YAML alias", ALIAS_FIX, shown, line, value=alias))
        elif isinstance(event, yaml.ScalarEvent) and HALF.search(_whole_characters(event.value)):
            problems.append(Problem(*HALF_REFUSED, shown, line, value=event.value))
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                fix = "Delete the line ---, or move what follows it to another file"
                problems.append(Problem("a second YAML document", fix, shown, line))
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH:
            rule = f"nested deeper than {DEPTH} levels"
            raise Refusal(Problem(rule, "Use fewer levels", shown, line))
    if problems:
        raise Refusal(problems)


class _Reader:
    """Turns nodes into values, and collects lines, spans and problems on the way."""

    def __init__(self, shown: str):
        self.shown = shown
        self.lines: dict[KeyPath, int] = {}
        self.spans: dict[KeyPath, tuple[int, int]] = {}
        self.problems: list[Problem] = []

    def value(self, node: yaml.Node, path: KeyPath, line: int) -> Any:
        self.lines[path] = line
        self.check_tag(node, path)
        if isinstance(node, yaml.ScalarNode) or getattr(node, "flow_style", False):
            self.spans[path] = (node.start_mark.index, node.end_mark.index)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return self.sequence(node, path)
        assert isinstance(node, yaml.ScalarNode), "there is no other node"
        return None if node.value == "" and node.style is None else _whole_characters(node.value)

    def sequence(self, node: yaml.SequenceNode, path: KeyPath) -> list[Any]:
        self.torn_parts(node, path)
        return [
            self.value(item, (*path, position), item.start_mark.line + 1)
            for position, item in enumerate(node.value)
        ]

    def mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        first: dict[str, int] = {}
        torn = self.torn_parts(node, path)
        for position, (key_node, value_node) in enumerate(node.value):
            if position in torn:
                continue
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode) or key_node.value == "":
                self.problem(key_node, "a key that is not text", "Put the key in quotes", path)
                continue
            key = _whole_characters(key_node.value)
            self.check_tag(key_node, (*path, key))
            # A reader can't tell é from e and an accent, so the two are one key.
            look = unicodedata.normalize("NFC", key)
            if look in first:
                rule = f"duplicate key, first on line {first[look]}"
                self.problem(key_node, rule, "Keep one of them", (*path, key))
            first.setdefault(look, line)
            values[key] = self.value(value_node, (*path, key), line)
        return values

    def torn_parts(self, node: yaml.MappingNode | yaml.SequenceNode, path: KeyPath) -> set[int]:
        """The items of a mapping that are parts of a number with a comma, which is a problem."""
        torn: set[int] = set()
        for number in split_numbers(node):
            item = node.value[number.position]
            is_pair = isinstance(item, tuple)
            key = _whole_characters(item[0].value) if is_pair else number.position
            rule = f"a comma inside {'{ }' if is_pair else '[ ]'} ends a value"
            self.problem(number.node, rule, number.fix, (*path, key), number.text)
            torn.update(number.parts)
        return torn

    def check_tag(self, node: yaml.Node, path: KeyPath) -> None:
        if node.tag not in PLAIN_TAGS:
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            self.problem(node, "a YAML tag", TAG_FIX, path, tag)

    def problem(
        self, node: yaml.Node, rule: str, fix: str, path: KeyPath, value: str | None = None
    ) -> None:
        line, column = node.start_mark.line + 1, key_text(path) or None
        self.problems.append(Problem(rule, fix, self.shown, line, column, value))


def _whole_characters(text: str) -> str:
    r"""`text` with each pair of halves as the character that it stands for.

    JSON, and so whoever writes YAML as JSON, spells a character beyond U+FFFF "\ud83d\ude00".
    A half without the other stays.
    """
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


class _Dumper(yaml.SafeDumper):
    """Writes `Decimal` as the digits it was written with."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent the items of a list below their key."""
        super().increase_indent(flow, False)


def _amount_node(dumper: yaml.SafeDumper, amount: Decimal) -> yaml.Node:
    text = format(amount, "f")
    kind = "float" if "." in text else "int"
    return dumper.represent_scalar(f"tag:yaml.org,2002:{kind}", text)


def _day_node(dumper: yaml.SafeDumper, day: date) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:timestamp", day.isoformat())


_Dumper.add_representer(Decimal, _amount_node)
_Dumper.add_representer(date, _day_node)
