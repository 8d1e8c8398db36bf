"""YAML without surprises: every scalar is text, keys are unique, and each value knows its line.

What plain loaders do (`NO` is false, 12:30:45 is 45045, the last of two equal keys wins, an alias expands without
bound) is refused or does not happen; types are the business of who reads the values.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import yaml

from finops_nb.errors import Problem, Refusal

DEPTH: Final = 20
SIZE: Final = 1_000_000
PLAIN_TAGS: Final = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))

KeyPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A mapping as it was read.

    Args:
        data: `dict`, `list`, `str`, and None for a key with nothing behind it.
        lines: the physical line of the value at each path of keys and positions.
        text: the file's text.
        problems: doubled keys and tags, for the caller to report together with its own.
    """

    data: dict[str, Any]
    lines: dict[KeyPath, int]
    text: str = field(repr=False)
    problems: tuple[Problem, ...] = ()


def read_document(path: Path, shown: str) -> Document:
    """Read one mapping from a YAML file.

    Args:
        path: the file.
        shown: what messages call it.

    Raises:
        Refusal: unreadable, not UTF-8, not YAML, not one mapping, an alias, or too deep; with the line of each.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Refusal(
            Problem(
                f"cannot be read: {error.strerror}",
                "Check the path and the permissions",
                file=shown,
            )
        ) from error
    if len(raw) > SIZE:
        raise Refusal(
            Problem(
                f"a params file of {len(raw):,} bytes",
                f"Keep it under {SIZE:,} bytes; usage belongs in a table",
                file=shown,
            )
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise Refusal(
            Problem(
                "not UTF-8",
                "Save the file as UTF-8",
                file=shown,
                line=line,
                value=f"byte 0x{raw[error.start]:02x}",
            )
        ) from error
    return _document(text, shown)


def _document(text: str, shown: str) -> Document:
    reader = _Reader(shown)
    try:
        node = _first_node(text, reader)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Refusal(
            Problem(
                "a character that YAML can't hold",
                "Remove it",
                shown,
                line,
                value=chr(error.character),
            )
        ) from error
    except yaml.YAMLError as error:
        raise Refusal(_syntax(error, shown)) from error
    if node is None:
        raise Refusal(
            Problem(
                "the file is empty",
                "Write one `key: value` a line; `period` and `usage` at least",
                file=shown,
            )
        )
    data = reader.value(node, (), 1)
    if not isinstance(data, dict):
        raise Refusal(Problem("not a mapping", "Write one `key: value` a line", shown, 1))
    return Document(data, reader.lines, text, tuple(reader.problems))


def _first_node(text: str, reader: _Reader) -> yaml.Node | None:
    """The root node, composed without resolving aliases; a second document is a problem."""
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        start = event.start_mark
        assert start is not None  # only events that a program makes up have none
        if isinstance(event, yaml.AliasEvent):
            reader.problems.append(
                Problem(
                    "an alias",
                    "Write the value out",
                    reader.shown,
                    start.line + 1,
                    value=f"*{event.anchor}",
                )
            )
        elif (
            isinstance(event, yaml.DocumentStartEvent)
            and event.explicit
            and start.index > 0
            and reader.seen_document
        ):
            reader.problems.append(
                Problem(
                    "a second document", "Keep one document a file", reader.shown, start.line + 1
                )
            )
        reader.seen_document |= isinstance(event, yaml.DocumentStartEvent)
        reader.depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(
            event, yaml.CollectionEndEvent
        )
        if reader.depth > DEPTH:
            raise Refusal(
                Problem(f"nested deeper than {DEPTH}", "Flatten it", reader.shown, start.line + 1)
            )
    if reader.problems:
        raise Refusal(reader.problems)
    return yaml.compose(text, Loader=yaml.BaseLoader)


class _Reader:
    """Turns nodes into values, and collects what is wrong on the way."""

    def __init__(self, shown: str):
        self.shown = shown
        self.lines: dict[KeyPath, int] = {}
        self.problems: list[Problem] = []
        self.seen_document = False
        self.depth = 0

    def problem(
        self, node: yaml.Node, rule: str, fix: str, path: KeyPath, value: str | None = None
    ) -> None:
        self.problems.append(
            Problem(rule, fix, self.shown, node.start_mark.line + 1, ".".join(path) or None, value)
        )

    def value(self, node: yaml.Node, path: KeyPath, line: int) -> Any:
        self.lines[path] = line
        self.tag(node, path)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [
                self.value(item, (*path, str(n)), item.start_mark.line + 1)
                for n, item in enumerate(node.value)
            ]
        return (
            None
            if node.value == "" and isinstance(node, yaml.ScalarNode) and node.style is None
            else node.value
        )

    def tag(self, node: yaml.Node, path: KeyPath) -> None:
        if node.tag not in PLAIN_TAGS:
            self.problem(
                node,
                "a YAML tag",
                "Write the plain value",
                path,
                node.tag.replace("tag:yaml.org,2002:", "!!"),
            )

    def mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode) or key_node.value == "":
                self.problem(key_node, "a key that is no text", "Put the key in quotes", path)
                continue
            key = key_node.value
            self.tag(key_node, (*path, key))
            same = unicodedata.normalize("NFC", key)
            if same in first:
                self.problem(
                    key_node,
                    f"the key stands twice, first in line {first[same]}",
                    "Keep one of them",
                    (*path, key),
                )
            first.setdefault(same, line)
            result[key] = self.value(value_node, (*path, key), line)
        return result


def _syntax(error: yaml.YAMLError, shown: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error).splitlines()[0]
    fix = 'Put text that holds ": " or ends in ":" in quotes, such as usage: "sample:"; indent with blanks, not tabs'
    return Problem(f"not valid YAML: {what}", fix, file=shown, line=mark.line + 1 if mark else None)


class _Dumper(yaml.SafeDumper):
    """Writes `Decimal` as the digits it was written with."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Items of a list stand in from their key."""
        super().increase_indent(flow, False)


def _digits(dumper: yaml.SafeDumper, amount: Decimal) -> yaml.Node:
    text = format(amount, "f")
    return dumper.represent_scalar(f"tag:yaml.org,2002:{'float' if '.' in text else 'int'}", text)


_Dumper.add_representer(Decimal, _digits)
_Dumper.add_representer(
    date,
    lambda dumper, day: dumper.represent_scalar("tag:yaml.org,2002:timestamp", day.isoformat()),
)


def yaml_text(values: Mapping[str, Any]) -> str:
    """A mapping as lines of YAML.

    Args:
        values: text, `Decimal`, days, and mappings and lists of them.

    >>> print(yaml_text({"base": "2025-12", "organization_budgets": {"org-a": Decimal("5000.50"), "007": Decimal(1)}}), end="")
    base: 2025-12
    organization_budgets:
      org-a: 5000.50
      '007': 1
    """
    return yaml.dump(dict(values), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)
