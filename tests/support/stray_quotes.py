"""CSV files in which two quotes stand where nobody meant them, and what the files say without them.

The reader of RFC 4180 here is written from the RFC, apart from the package and from Python's.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from random import Random

from support.usage_files import COLUMNS, call, costs, read, write

from finops_nb.errors import Refusal

NOTES = ("qa", "", "two\nlines", "a, b", 'say "x"', "1,2\n3,4", "\n")

END_OF_FILE = ""


class NotCsv(ValueError):
    """The text does not follow RFC 4180."""


def rows_of(text: str, separator: str = ",") -> list[list[str]]:
    """The records of a text by RFC 4180; a lone LF ends one, too.

    Raises:
        NotCsv: a quote in a field without quotes, text behind a closing quote, or an open quote.
    """
    rows, row, position = [], [], 0
    while position < len(text):
        field, position = _field(text, position, separator)
        row.append(field)
        mark = text[position : position + 1]
        position += 1
        if mark == separator:
            continue
        if mark == "\r" and text[position : position + 1] == "\n":
            position += 1
        elif mark not in ("\n", END_OF_FILE):
            raise NotCsv(position)
        rows.append(row)
        row = []
    return rows


def _field(text: str, start: int, separator: str) -> tuple[str, int]:
    """A field, and the position behind it."""
    if text[start : start + 1] != '"':
        end = start
        while end < len(text) and text[end] not in (separator, "\r", "\n"):
            if text[end] == '"':
                raise NotCsv(end)
            end += 1
        return text[start:end], end
    value, at = "", start + 1
    while True:
        close = text.find('"', at)
        if close < 0:
            raise NotCsv(start)
        value += text[at:close]
        if text[close + 1 : close + 2] != '"':
            return value, close + 1
        value, at = value + '"', close + 2


def with_two_quotes(random: Random, text: str, separator: str = ",") -> str:
    """The text with two more quotes, mostly at the edges of fields, where they do the most harm."""
    edges = [
        position
        for position, (left, right) in enumerate(zip("\n" + text, text + "\n", strict=True))
        if left in f"{separator}\r\n" or right in f"{separator}\r\n"
    ]
    anywhere = range(len(text) + 1)
    places = [random.choice(edges if random.random() < 0.9 else anywhere) for _ in range(2)]
    for place in sorted(places, reverse=True):
        text = f'{text[:place]}"{text[place:]}'
    return text


def written(random: Random, rows: Sequence[Sequence[str]], separator: str, end: str) -> str:
    """The rows as CSV, with quotes where needed and here and there where not."""
    return "".join(
        separator.join(
            '"' + field.replace('"', '""') + '"'
            if any(mark in field for mark in f'"\r\n{separator}') or random.random() < 0.02
            else field
            for field in row
        )
        + end
        for row in rows
    )


def sums(rows: Sequence[Sequence[str]], by: str, money: str) -> dict[str, Fraction]:
    """The money of each name, by the names of the header."""
    header, *records = rows
    name, amount = header.index(by), header.index(money)
    totals: dict[str, Fraction] = {}
    for record in records:
        totals[record[name]] = totals.get(record[name], Fraction(0)) + Fraction(record[amount])
    return totals


def calls_file(random: Random) -> list[list[str]]:
    """A file of eight calls of three organizations, with columns in any order."""
    columns = random.sample(COLUMNS, len(COLUMNS))
    rows = [
        call(
            timestamp=f"2025-12-{random.randint(1, 31):02}T10:00:00Z",
            cost_usd=f"{random.randint(1, 9)}.{random.randint(0, 99):02}",
            organization_id=random.choice(["org-a", "org-b", "org-c"]),
            customer_id=random.choice(["c1", "c2", "", "c, d"]),
            task_type=random.choice(NOTES),
            model=random.choice(NOTES),
        )
        for _ in range(8)
    ]
    return [columns, *([row[column] for column in columns] for row in rows)]


def read_otherwise(folder: Path, seed: int) -> bool | None:
    """Whether a file with two stray quotes is read as other numbers; None if it is refused."""
    random = Random(seed)
    separator, end = random.choice(",;\t"), random.choice(["\n", "\r\n"])
    rows = calls_file(random)
    good = written(random, rows, separator, end)
    assert rows_of(good, separator) == rows
    bad = write(folder / "u.csv", with_two_quotes(random, good, separator))
    try:
        usage = read(bad)
    except Refusal:
        return None
    found = {name: Fraction(cost) for name, cost in costs(usage, "organization").items()}
    if (found, usage.rows_read) == (sums(rows, "organization_id", "cost_usd"), len(rows) - 1):
        return False
    # Two quotes inside of a name in quotes are one: it is another name, in as many rows.
    by_the_rfc = rows_of(bad.read_text(), separator)
    return len(by_the_rfc) != len(rows) or found != sums(by_the_rfc, "organization_id", "cost_usd")
