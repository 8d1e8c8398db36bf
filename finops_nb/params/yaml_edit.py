"""The text of a params file with other budgets in it: comments, order and everything else as they were."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from finops_nb.errors import Problem, Refusal
from finops_nb.params.yaml_file import Document, yaml_text


class ParamsText:
    """The lines of a params file, to be edited."""

    def __init__(self, document: Document, shown: str):
        self.document = document
        self.shown = shown
        self.lines: list[str | None] = list(document.text.splitlines())
        self.end = "\r\n" if "\r\n" in document.text else "\n"

    def change(self, key: str, changes: Mapping[str, Decimal | None]) -> None:
        """Write amounts over the old ones, each in its line; None takes the line out, new names come last.

        Args:
            key: of a mapping of amounts, such as organization_budgets.
            changes: amount by name.

        Raises:
            Refusal: an amount does not stand on a line of its own.
        """
        block = self.document.data.get(key) or {}
        for name in (name for name in changes if name in block):
            self._change_line(key, name, block[name], changes[name])
        added = {
            name: amount
            for name, amount in changes.items()
            if name not in block and amount is not None
        }
        if added:
            self._add(key, block, yaml_text(added).splitlines())
        elif block and all(name in changes and changes[name] is None for name in block):
            self._empty(key)

    def replace(self, key: str, value: object) -> None:
        """Write a key at the end, whatever it was before; a comment above the key that follows it stays with that one."""
        starts = sorted(line for path, line in self.document.lines.items() if len(path) == 1)
        if (key,) in self.document.lines:
            first = self.document.lines[key,]
            end = next((line for line in starts if line > first), len(self.lines) + 1) - 1
            while end > first and not (self.lines[end - 1] or "").partition("#")[0].strip():
                end -= 1
            self.lines[first - 1 : end] = [None] * (end - first + 1)
        while self.lines and not (self.lines[-1] or "").strip():
            self.lines.pop()
        self.lines += ["", *yaml_text({key: value}).splitlines()]

    def __str__(self) -> str:
        whole = "\n".join(line for line in self.lines if line is not None) + "\n"
        return whole.replace("\n", self.end)

    def _change_line(self, key: str, name: str, old: str, amount: Decimal | None) -> None:
        number = self.document.lines[key, name]
        match = re.fullmatch(
            r"(.+:\s+)([\"']?)" + re.escape(old) + r"\2(\s*(?:#.*)?)", self.lines[number - 1] or ""
        )
        if match is None:
            fix = f"Write each budget of {key} on a line of its own, as name: amount"
            raise Refusal(
                Problem(
                    "a budget that can't be changed in its line",
                    fix,
                    self.shown,
                    number,
                    f"{key}.{name}",
                )
            )
        self.lines[number - 1] = None if amount is None else f"{match[1]}{amount:f}{match[3]}"

    def _empty(self, key: str) -> None:
        """A key whose last line was taken out says that there is nothing."""
        number = self.document.lines[key,]
        self.lines[number - 1] = re.sub(
            r":\s*(#.*)?$", r": {}  \1", self.lines[number - 1] or ""
        ).rstrip()

    def _add(self, key: str, block: Mapping[str, str], new: list[str]) -> None:
        if not block:
            if (key,) in self.document.lines:
                self.lines[self.document.lines[key,] - 1] = None
            self.lines += ["", f"{key}:", *(f"  {line}" for line in new)]
            return
        last = max(self.document.lines[key, name] for name in block)
        indent = (re.match(r"\s*", self.document.text.splitlines()[last - 1]) or [""])[0]
        former = self.lines[last - 1]
        self.lines[last - 1] = "\n".join(
            [*([former] if former is not None else []), *(indent + line for line in new)]
        )
