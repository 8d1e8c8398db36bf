"""What is said when an input is refused or a run fails: the place, the value, the rule and the way out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

SHOWN: Final = 20
"""How many problems are printed; the rest are counted."""

VALUE_LENGTH: Final = 80


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input, and what to do about it.

    Args:
        rule: what was broken, as a sentence without its full stop.
        fix: the way out, as a sentence without its full stop.
        file: path as the user wrote it; None where the problem has no file.
        line: physical line, the header being line 1.
        column: column of a table, or key of a params file (`organization_budgets.org-alpha`).
        value: the text found there.
    """

    rule: str
    fix: str
    file: str | None = None
    line: int | None = None
    column: str | None = None
    value: str | None = None

    def __str__(self) -> str:
        place = [_printable(self.file)] if self.file else []
        place += [f"line {self.line}"] if self.line is not None else []
        place += [_printable(self.column)] if self.column else []
        found = f" (found {_quoted(self.value)})" if self.value is not None else ""
        end = "" if self.fix.endswith(("?", ".")) else "."
        return f"{_printable(', '.join(place))}{': ' if place else ''}{self.rule}{found}. {self.fix}{end}"

    def in_file(self, file: str) -> Problem:
        """The same problem, with the file named."""
        return replace(self, file=file)

    def as_record(self) -> dict[str, Any]:
        """The object that `check --json` prints: keys `file, line, column, value, rule, fix`."""
        record = asdict(self)
        return {key: record[key] for key in ("file", "line", "column", "value", "rule", "fix")}


class FinopsError(Exception):
    """Anything that ends a command, or a notebook's cell, with a sentence instead of a traceback."""

    exit_code = 1

    def _render_traceback_(self) -> list[str]:
        """What IPython shows under a cell that raised this."""
        return [str(self)]


class Refusal(FinopsError):
    """Input that is not read: all problems at once, of which the first are printed.

    Args:
        problems: at least one, in the order a reader would meet them.
        count: how many there are in all, where not all were kept.
    """

    def __init__(self, problems: Iterable[Problem] | Problem, count: int | None = None):
        self.problems: Sequence[Problem] = (
            (problems,) if isinstance(problems, Problem) else tuple(problems)
        )
        self.count = len(self.problems) if count is None else count
        super().__init__(str(self))

    def __str__(self) -> str:
        lines = [str(problem) for problem in self.problems[:SHOWN]]
        if self.count > len(lines):
            lines.append(f"… and {self.count - len(lines):,} more of {self.count:,} problems.")
        return "\n".join(lines)


class Failure(FinopsError):
    """A run that began and could not be finished; what was published before still stands."""


class Busy(FinopsError):
    """Another run holds the NAME."""

    exit_code = 75


class Interrupted(FinopsError):
    """The user, or the system, asked the run to stop."""

    exit_code = 130


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question with the nearest known word, or a list of them all.

    >>> did_you_mean("organisation_budgets", ["organization_budgets", "period"])
    'Did you mean "organization_budgets"?'
    """
    names = list(known)
    near = nearest(word, names)
    return f'Did you mean "{near}"?' if near else "Known: " + ", ".join(names)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is spelled most like this one; None where none is much like it."""
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)), None)


def listed(names: Sequence[str], most: int) -> str:
    """The first of some names, and how many more there are.

    >>> listed(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(_printable, names[:most])) + more


def _quoted(value: str) -> str:
    """`value` in quotes, cut."""
    return (
        f'"{_printable(value if len(value) <= VALUE_LENGTH else value[: VALUE_LENGTH - 1] + "…")}"'
    )


def _printable(text: str) -> str:
    """`text` with what would not print, or would reorder the line, spelled out."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )
