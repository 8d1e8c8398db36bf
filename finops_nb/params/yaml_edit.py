"""Edits of a person's params file: what does not change stays as it is, byte for byte.

An edit replaces a span of the file's text; the text around it is copied, never written again.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from decimal import Decimal
from itertools import accumulate
from typing import Final

from finops_nb.errors import Problem, Refusal
from finops_nb.params.text_file import BOM, line_end
from finops_nb.params.yaml_file import Document, lines_of, yaml_text

DOCUMENT_END: Final = re.compile(r"\.\.\.(\s|\Z)")

BUDGETS: Final = ("organization_budgets", "product_budgets")
VERSIONS: Final = "budget_versions"
"""The history of one month's budgets; the next month starts with the budgets in force."""

ONE_MONTH_ONLY: Final = ("approvals", "notes", "as_of")
"""Keys that are about one month; in the next month's file they are comments."""

ROLLED: Final = ("period", "usage")
"""Keys whose values name the month."""

CARRIED: Final = "# carried over from"


class ParamsText:
    """The text of a params file, to be edited.

    Args:
        document: the file as it was read, without problems.
        shown: the file's name in messages.

    Example:
        text = ParamsText(read_document(file, shown), shown)
        text.change("organization_budgets", {"org-a": Decimal(5500), "org-b": None})
        file.write_bytes(str(text).encode())
    """

    def __init__(self, document: Document, shown: str):
        self.document = document
        self.shown = shown
        self._line_end = line_end(document.text)
        # Where each line starts; the last one is the end of the text.
        self._starts = [0, *accumulate(map(len, lines_of(document.text)))]
        self._edits: list[tuple[int, int, str]] = []
        self._blocks: list[str] = []

    def change(self, key: str, changes: Mapping[str, Decimal | None]) -> None:
        """Replace amounts, each in its line; None removes the line, and new names come last.

        Args:
            key: of a mapping of amounts, such as organization_budgets.
            changes: amount by name.

        Raises:
            Refusal: amounts are not on a line of their own; all of them together.
        """
        block = self.document.data.get(key) or {}
        added = {
            name: amount
            for name, amount in changes.items()
            if name not in block and amount is not None
        }
        kept = [name for name in block if name not in changes or changes[name] is not None]
        shared = [name for name in changes if name in block and not self._has_own_line(key, name)]
        if added and block and (key,) in self.document.spans:
            shared += added
        if shared:
            raise Refusal([self._without_own_line(key, name) for name in shared])
        for name in block:
            if name in changes:
                self._change_line(key, name, changes[name])
        if added and block:
            self._add_below(key, added)
        elif added:
            self.replace(key, added)
        elif block and not kept:
            self._write_empty(key)

    def replace(self, key: str, value: object) -> None:
        """Write a key at the end of the file, and remove the lines that it had.

        A comment below those lines stays: it may be about the key that follows.

        Args:
            key: of the file.
            value: as for `yaml_text`.

        Raises:
            Refusal: all keys are in one pair of braces.
        """
        if () in self.document.spans:
            rule, fix = "the keys are in braces", "Write each key on its own line, without braces"
            raise Refusal(Problem(rule, fix, self.shown, 1))
        if (key,) in self.document.lines:
            start, _ = self._line(self.document.lines[key,])
            self._edits.append((start, self._end_of(key), ""))
        self._blocks.append(self._as_lines({key: value}))

    def __str__(self) -> str:
        text = self.document.text
        for start, end, new in sorted(self._edits, reverse=True):
            text = text[:start] + new + text[end:]
        text, document_end = _split_at_document_end(text)
        for block in self._blocks:
            last = (lines_of(text) or [self._line_end])[-1]
            if not last.endswith(("\n", "\r")):
                text += self._line_end
            if last.strip():
                text += self._line_end
            text += block
        return text + document_end

    def _has_own_line(self, key: str, name: str) -> bool:
        """Whether a line has this budget, and nothing of another key."""
        first, last = self._line(self.document.lines[key, name])
        start, end = self.document.spans.get((key, name), (0, 0))
        return (key,) not in self.document.spans and first < start < end <= last

    def _change_line(self, key: str, name: str, amount: Decimal | None) -> None:
        if amount is None:
            self._edits.append((*self._line(self.document.lines[key, name]), ""))
        else:
            self._edits.append((*self.document.spans[key, name], f"{amount:f}"))

    def _add_below(self, key: str, added: Mapping[str, Decimal]) -> None:
        """Add names below the last one of a key, indented like it."""
        paths = [path for path in self.document.lines if path[:1] == (key,) and len(path) == 2]
        start, end = self._line(max(self.document.lines[path] for path in paths))
        line = self.document.text[start:end]
        indent = line[: len(line) - len(line.lstrip())]
        new = "".join(indent + each for each in lines_of(self._as_lines(added)))
        end = self._end_of(key)  # The last amount may stand below its name.
        is_removed = (start, end, "") in self._edits
        # The last line of a file may have no line break.
        if not self.document.text[:end].endswith(("\n", "\r")) and not is_removed:
            new = self._line_end + new
        self._edits.append((end, end, new))

    def _without_own_line(self, key: str, name: str) -> Problem:
        """The problem of a budget that can't be written, since its key or line has others too."""
        rule = "this budget can't be changed where it stands"
        fix = f"Write each budget of {key} on a line of its own, as name: amount"
        lines = self.document.lines
        number = lines.get((key, name), lines[key,])
        return Problem(rule, fix, self.shown, number, f"{key}.{name}")

    def _write_empty(self, key: str) -> None:
        """Write {} behind a key whose last name was removed."""
        number = self.document.lines[key,]
        start, end = self._line(number)
        colon = self.document.text.find(":", start, end)
        if colon < 0:
            fix = f"Write {key}: on a line of its own"
            raise Refusal(Problem("this key can't be emptied", fix, self.shown, number, key))
        self._edits.append((colon + 1, colon + 1, " {}"))

    def _line(self, number: int) -> tuple[int, int]:
        """Where a line starts and where the next one does."""
        return self._starts[number - 1], self._starts[number]

    def _end_of(self, key: str) -> int:
        """Where the line after a key's last value starts."""
        ends = [end for path, (_, end) in self.document.spans.items() if path[:1] == (key,)]
        # The span of text in several lines ends behind the blank lines below it.
        last = len(self.document.text[: max(ends)].rstrip()) - 1
        return self._starts[bisect_right(self._starts, last)]

    def _as_lines(self, values: Mapping[str, object]) -> str:
        return yaml_text(values).replace("\n", self._line_end)


def next_month_text(document: Document, last: str, month: str) -> str:
    """The text of the next month's params file: its own lines, by the key that they belong to.

    Lines of `period` and `usage` name the new month. Budgets are marked as carried over. What is
    about the old month alone becomes a comment, and its budget versions are left out. All other
    lines stay as they are, byte for byte.

    Args:
        document: the old month's file as it was read.
        last: the old month, such as 2025-12.
        month: the new month, such as 2026-01.

    Example:
        period: "2025-12"   becomes   period: "2026-01"
        as_of: 2025-12-18   becomes   # 2025-12: as_of: 2025-12-18
    """
    first_lines = {line: str(path[0]) for path, line in document.lines.items() if len(path) == 1}
    bom = BOM if document.text.startswith(BOM) else ""
    text = document.text.removeprefix(bom)
    mark = f"{CARRIED} {last}: confirm or change{line_end(text)}"
    new, key = "", ""
    for number, line in enumerate(lines_of(text), start=1):
        key = first_lines.get(number, key)
        is_first = number in first_lines
        is_value = bool(line.strip()) and not line.lstrip().startswith("#")
        if line.startswith(CARRIED):
            continue  # The mark of the month before.
        if key == VERSIONS and (is_first or line.startswith((" ", "-"))):
            continue
        if key in BUDGETS and is_first:
            new += mark
        if is_value and key in ONE_MONTH_ONLY:
            line = f"# {last}: {line}"
        elif is_value and key in ROLLED:
            line = line.replace(last, month)
        new += line
    return bom + new


def _split_at_document_end(text: str) -> tuple[str, str]:
    """The text before the line "..." that ends a YAML document, and the rest."""
    lines = lines_of(text)
    marks = (number for number, line in enumerate(lines) if DOCUMENT_END.match(line))
    place = next(marks, len(lines))
    return "".join(lines[:place]), "".join(lines[place:])
