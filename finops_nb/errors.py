"""What a user reads when an input is refused or a run fails: the place, what is wrong, the fix."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from finops_nb.words import shortened

SHOWN: Final = 20
"""How many problems are printed; the rest are counted."""

VALUE_LENGTH: Final = 80
"""Characters of a value that are printed."""

RECORD_KEYS: Final = ("file", "line", "column", "value", "rule", "fix")
"""Keys of a problem in `check --json`, in this order."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input, and how to fix it.

    Args:
        rule: what is wrong, as a short clause without its period.
        fix: how to fix it, as an instruction without its period.
        file: path as the user wrote it; None where the problem has no file.
        line: physical line, the header being line 1.
        column: column of a table, or key of a params file (`organization_budgets.org-alpha`,
            or `events, item 2, date`).
        value: the text found there.

    Example:
        usage.csv, line 7, cost_usd: not an amount (found "5,000"). Write digits.
    """

    rule: str
    fix: str
    file: str | None = None
    line: int | None = None
    column: str | None = None
    value: str | None = None

    def __str__(self) -> str:
        line = "" if self.line is None else f"line {self.line}"
        place = ", ".join(filter(None, (self.file, line, self.column)))
        start = f"{_printable(place)}: " if place else ""
        found = "" if self.value is None else f" (found {_quoted(self.value)})"
        if self.rule.startswith("no "):  # what is missing was not found: it is named
            found = f": {_quoted(self.value)}" if self.value else ""
        end = "" if self.fix.endswith(("?", ".")) else "."
        return f"{start}{self.rule}{found}. {self.fix}{end}"

    def in_file(self, file: str) -> Problem:
        """The same problem, with the file named."""
        return replace(self, file=file)

    def as_record(self) -> dict[str, Any]:
        """The object that `check --json` prints: keys `file, line, column, value, rule, fix`."""
        record = asdict(self)
        return {key: record[key] for key in RECORD_KEYS}


class BadValue(ValueError):
    """A value that breaks a rule, raised where its file and line are not known yet.

    It is a ValueError, so that pydantic collects it with the others.

    Args:
        rule: as in `Problem`.
        fix: as in `Problem`.

    Example:
        raise BadValue("not a day", "Write it as 2025-12-31")
    """

    def __init__(self, rule: str, fix: str):
        super().__init__(rule, fix)
        self.rule = rule
        self.fix = fix

    def __str__(self) -> str:
        return str(Problem(self.rule, self.fix))

    def problem(
        self,
        file: str | None = None,
        line: int | None = None,
        column: str | None = None,
        value: str | None = None,
    ) -> Problem:
        """The problem at the place where the value stands."""
        return Problem(self.rule, self.fix, file, line, column, value)


class FinopsError(Exception):
    """Anything that ends a command, or a notebook's cell, with a sentence and no traceback."""

    exit_code = 1

    def _render_traceback_(self) -> list[str]:
        """What IPython shows under a cell that raised this."""
        return [str(self)]


class Refusal(FinopsError):
    """Input that is not accepted: all problems together, of which the first are printed.

    Args:
        problems: at least one, in the order in which a reader meets them.
        count: how many there are in total, where only the first were collected.
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
    """A run that started and could not finish; what was published before still stands."""


class Busy(FinopsError):
    """Another run holds the NAME."""

    exit_code = 75


class Interrupted(FinopsError):
    """The user, or the system, asked the run to stop."""

    exit_code = 130


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question with the nearest known word, or the list of all of them.

    >>> did_you_mean("organisation_budgets", ["organization_budgets", "period"])
    'Did you mean "organization_budgets"?'
    >>> did_you_mean("xyz", ["html", "pdf"])
    'Choose from: html, pdf'
    """
    names = list(known)
    near = nearest(word, names)
    return f'Did you mean "{near}"?' if near else "Choose from: " + ", ".join(names)


def nearest(word: str, known: Iterable[str], least: float = 0.6) -> str | None:
    """The known word with the most similar spelling, at least `least` of 1; None without one."""
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=least)), None)


def listed(names: Sequence[str], most: int) -> str:
    """The first names of a list from a file, safe to print, and how many more there are.

    >>> listed(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(_printable, names[:most])) + more


def _quoted(value: str) -> str:
    """`value` in quotes, shortened."""
    return f'"{_printable(shortened(value, VALUE_LENGTH))}"'


def _printable(text: str) -> str:
    """`text` with every character spelled out that would not print or would reorder the line."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )
