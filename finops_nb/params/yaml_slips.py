"""YAML slips: the parser's errors in the words of whoever wrote the line, and how to fix it.

The parser says what it expected, and where it noticed. A person needs the line with the slip, which
is often the one above, or the one in which a bracket or a quote was opened.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import yaml

from finops_nb.errors import Problem

TIGHT_COLON: Final = re.compile(r"""\s*(?:- +)?("[^"]*"|'[^']*'|[^\s:#"'{\[]+):(?![ \t]|$)""")
"""A line whose key has no space after its colon."""

ALONE: Final = "Put the whole value in quotes"
ALIGN: Final = "Put the same number of spaces before each line of a block"
CLOSED: Final = ('"', "'", "]", "}")
IN_QUOTES: Final = (
    'Put quotes around text that contains ": " or ends with ":", such as usage: "sample:"'
)
NO_SPACE: Final = "no space after the colon", "Write a space after each colon"
NO_COLON: Final = (
    "no colon after the key",
    "Write a colon and a space between the key and the value",
)
BLOCK_MARK: Final = "while scanning a block scalar"
BLOCK_TEXT: Final = (
    'a value that begins with "|" or ">"',
    "Put the value in quotes, or begin it on the next line",
)


class Slip(NamedTuple):
    """What a person did: the rule, the fix, and the line from 0."""

    rule: str
    fix: str
    line: int


class Error(NamedTuple):
    """What the parser says.

    Args:
        problem: what it found.
        context: what it was reading.
        line: where it noticed, from 0.
        column: there, from 0.
        start: the line where what it was reading begins.
        lines: of the text, and an empty one at its end.
    """

    problem: str
    context: str
    line: int
    column: int
    start: int
    lines: Sequence[str]

    @property
    def before(self) -> str:
        """What the line has before the place where the parser noticed."""
        return self.lines[self.line][: self.column]

    @property
    def above(self) -> int:
        """The last line above that has more than a comment; 0 if there is none."""
        numbers = range(self.line - 1, -1, -1)
        written = (each for each in numbers if self.lines[each].split("#")[0].strip())
        return next(written, 0)


def syntax_problem(error: yaml.YAMLError, text: str, shown: str) -> Problem:
    """What is wrong with a text that is not YAML.

    Args:
        error: of the parser.
        text: that it read.
        shown: the file's name in messages.

    Example:
        `owners: {org-a: Ada` is: a bracket that is not closed. Write the closing "}" …
    """
    mark = getattr(error, "problem_mark", None)
    reason = getattr(error, "problem", None) or str(error).splitlines()[0]
    if mark is None:
        return Problem(f"not valid YAML: {reason}", IN_QUOTES, shown)
    begin = getattr(error, "context_mark", None) or mark
    context = getattr(error, "context", None) or ""
    lines = [*text.splitlines(), ""]
    last = len(lines) - 1
    at = min(mark.line, last), mark.column, min(begin.line, last)
    slip = _slip(Error(reason, context, *at, lines))
    return Problem(f"not valid YAML: {slip.rule}", slip.fix, shown, slip.line + 1)


def _slip(error: Error) -> Slip:
    for part, explain in SLIPS.items():
        if part in error.problem or part == error.context:
            return explain(error)
    fix = "Write one `key: value` per line; put text with other signs in quotes"
    return Slip("a line that I can't read", fix, error.line)


def _tab(error: Error) -> Slip:
    return Slip("a tab", "Use spaces, not tabs", error.line)


def _bad_start(error: Error) -> Slip:
    sign = error.lines[error.line][error.column : error.column + 1]
    return Slip(f'a value that begins with "{sign}"', ALONE, error.line)


def _star(error: Error) -> Slip:
    sign = {"while scanning an alias": "*", "while scanning an anchor": "&"}.get(error.context, "%")
    return Slip(f'a value that begins with "{sign}"', ALONE, error.line)


def _block_text(error: Error) -> Slip:
    return Slip(*BLOCK_TEXT, error.line)


def _open_quote(error: Error) -> Slip:
    return Slip("a quote that is not closed", "Write the closing quote", error.start)


def _backslash(error: Error) -> Slip:
    fix = "Use single quotes, or write each backslash twice"
    return Slip("a backslash in double quotes", fix, error.line)


def _open_bracket(error: Error) -> Slip:
    sign = "]" if "]" in error.problem else "}"
    fix = f'Write the closing "{sign}", and a comma between the values'
    return Slip("a bracket that is not closed, or a missing comma", fix, error.start)


def _open_at_the_end(error: Error) -> Slip:
    """A text that ends inside a bracket, after its last comma: the parser names the end alone."""
    opened: list[tuple[int, str]] = []
    for number, line in enumerate(error.lines):
        for sign in line.split("#")[0]:
            if sign in "[{":
                opened.append((number, sign))
            elif sign in "]}" and opened:
                opened.pop()
    if not opened:
        return Slip("a value that I can't read", ALONE, error.line)
    number, sign = opened[-1]
    closing = {"[": "]", "{": "}"}[sign]
    return Slip("a bracket that is not closed", f'Write the closing "{closing}"', number)


def _no_value(error: Error) -> Slip:
    sign = error.lines[error.line][error.column : error.column + 1]
    if not sign:
        return _open_at_the_end(error)
    if sign == ",":
        return Slip("a comma without a value", "Write a value before it, or delete it", error.line)
    if sign in ("]", "}"):
        fix = "Write the opening bracket, or put the value in quotes"
        return Slip(f'"{sign}" without its opening bracket', fix, error.line)
    return Slip("a value that I can't read", ALONE, error.line)


def _no_colon(error: Error) -> Slip:
    is_tight = TIGHT_COLON.match(error.lines[error.start])
    return Slip(*(NO_SPACE if is_tight else NO_COLON), error.start)


def _second_colon(error: Error) -> Slip:
    """A colon where none can be: after another one, or below a line that is not `key: value`."""
    above = error.lines[error.above]
    if re.search(r":[ \t]", error.before) or error.above == error.line or not error.line:
        return Slip("an unexpected colon", IN_QUOTES, error.line)
    if TIGHT_COLON.match(above):
        return Slip(*NO_SPACE, error.above)
    if re.search(r":[ \t]+\S", above):
        return Slip("a line that begins further right than the one above", ALIGN, error.line)
    return Slip(*NO_COLON, error.above)


def _list_here(error: Error) -> Slip:
    return Slip('"- " after a colon', "Begin the list on the next line", error.line)


def _not_in_block(error: Error) -> Slip:
    """A line that does not belong to the block around it."""
    here, before = error.lines[error.line].lstrip(), error.before.rstrip()
    if TIGHT_COLON.match(error.lines[error.above]):
        return Slip(*NO_SPACE, error.above)
    if before.endswith(CLOSED):
        fix = f"{ALONE}; in single quotes, write an apostrophe twice"
        return Slip("text after a closing quote or bracket", fix, error.line)
    if "sequence" in error.context or "collection" in error.context or here.startswith("-"):
        fix = 'Write "- " before every line of the block, or before none'
        return Slip("a list and `key: value` lines in one block", fix, error.line)
    return Slip("a line that is indented differently from the lines above", ALIGN, error.line)


SLIPS: Final[dict[str, Callable[[Error], Slip]]] = {
    "'\\t'": _tab,
    "cannot start any token": _bad_start,
    "expected alphabetic or numeric character": _star,
    BLOCK_MARK: _block_text,
    "unexpected end of stream": _open_quote,
    "document separator": _open_quote,
    "while scanning a double-quoted scalar": _backslash,
    "expected ',' or": _open_bracket,
    "expected the node content": _no_value,
    "could not find expected ':'": _no_colon,
    "mapping values are not allowed": _second_colon,
    "sequence entries are not allowed": _list_here,
    "expected <block end>": _not_in_block,
    "expected '<document start>'": _not_in_block,
}
"""What explains each error, by a part of the parser's text or by what it was reading."""
