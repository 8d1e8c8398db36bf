"""What stray quotes do to a CSV file that can still be read: rows are gone, names are others.

    day,amount,team,note
    2025-12-01,10,a,"lunch
    2025-12-02,20,b,dinner"

For a CSV reader, that is one row with a note of two lines. A line inside of a text is taken for a
row where it, and the end of the line before, have a row's fields in their places.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from finops_nb.params.text_file import BREAK

CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f" "\u2028\u2029]")
"""Line breaks and other control characters, which no name has: stray quotes, too, put them there.

The pattern means the same to DuckDB (RE2).
"""

ONE_LINE: Final = (
    "a line break or another control character",
    "Remove it; in a CSV file, look for a stray quote that put it there",
)
"""The rule that a name with one breaks, and how to fix it."""

SWALLOWED: Final = (
    "quoted text that contains what looks like rows of this file",
    "Remove the stray quotes around it; if the text is right, remove its line breaks",
)
"""The rule that a text with rows in it breaks, and how to fix it."""

READER: Final = {
    "unexpected end of data": "a quote is not closed",
    "expected after": "text after a closing quote",
    "new-line character": "a line ends in a lone carriage return",
    "field larger": "a text is too long, perhaps because a quote is not closed",
}
"""What the errors of the csv module mean, by a part of their text."""


BARE_QUOTE: Final = (
    "a quote in a field without quotes around it",
    "Remove it; or put the field in quotes, and double the quote",
)
"""The rule that a name breaks with a quote which is not its own, and how to fix it."""


def not_csv(error: Exception) -> str:
    """The rule that a text breaks which the csv module can't read.

    Args:
        error: of the module.

    >>> not_csv(ValueError("unexpected end of data"))
    'not CSV: a quote is not closed'
    """
    reason = next((words for part, words in READER.items() if part in str(error)), str(error))
    return f"not CSV: {reason}"


def bare_quotes(record: str, separator: str) -> Iterator[int]:
    """The positions, from 0, of the fields that have a quote and do not begin with one.

    Args:
        record: of a CSV file, as it is there, and as Python's strict reader accepts it.
        separator: between its fields.

    >>> [*bare_quotes('a,"b ""c"" d",e"', ",")]
    [2]
    """
    if '"' not in record:
        return
    field = re.compile(rf'("(?:[^"]|"")*")?([^{separator}\r\n]*)')
    at = position = 0
    while at <= len(record):
        match = field.match(record, at)
        assert match is not None, "both parts may be empty"
        if '"' in match[2]:
            yield position
        at, position = match.end() + 1, position + 1


@dataclass(frozen=True, slots=True)
class RowForm:
    """What a row of a file looks like.

    Args:
        width: how many fields it has.
        separator: what is between them.
        checks: for some positions, from 0, whether a text is a valid value there.
    """

    width: int
    separator: str
    checks: Mapping[int, Callable[[str], bool]]

    def is_sound(self, row: Sequence[str]) -> bool:
        """Whether no field of a row holds other rows."""
        return next(self.fields_with_rows(row), None) is None

    def fields_with_rows(self, row: Sequence[str]) -> Iterator[int]:
        """The positions of the fields that hold other rows."""
        if not BREAK.search("".join(row)):
            return  # most rows, in one look
        for position, text in enumerate(row):
            if self.is_in(text, position):
                yield position

    def is_in(self, text: str, position: int) -> bool:
        """Whether the text of a field holds the end of one row and the beginning of another.

        Args:
            text: of the field.
            position: of the field in its row, from 0.

        Example:
            The note above: after "lunch", which ends a row, come "2025-12-02" and "20" in the
            places of a day and an amount.
        """
        if text.count(self.separator) < self.width - 1:
            return False
        return any(
            self._is_boundary(end, start, position) for end, start in pairwise(BREAK.split(text))
        )

    def _is_boundary(self, end: str, start: str, position: int) -> bool:
        """Whether one line has the fields behind a position, and the next line those before it."""
        last_fields, first_fields = end.split(self.separator), start.split(self.separator)
        if len(last_fields) < self.width - position or len(first_fields) <= position:
            return False
        return all(
            is_valid(first_fields[each] if each < position else last_fields[each - self.width])
            for each, is_valid in self.checks.items()
        )
