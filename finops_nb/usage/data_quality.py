"""Signs of incomplete or garbled files: days with little or no usage, and misread names."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import duckdb

from finops_nb.money import ZERO, total
from finops_nb.params.column_names import ColumnName
from finops_nb.period import Period
from finops_nb.usage.sources import values
from finops_nb.usage.sources.dialects import NAMED
from finops_nb.usage.sources.notice import Notice
from finops_nb.usage.sources.source_table import in_period_sql
from finops_nb.words import first_of, listing

LISTED_DAYS: Final = 5
"""How many days a notice lists."""

THIN: Final = 10
"""A day is thin if it has less than a tenth of a usual day's rows."""

DAILY_IN_A_WEEK: Final = 5
"""A file with usage on so many days of some week is a daily one."""

NOTHING: Final = ("null", "none", "nan", "n/a", "#n/a", "nil", "undefined", "(null)", "<null>")
"""What databases and programs write for "no value", in lower case."""

SHOWN_NAMES: Final[tuple[ColumnName, ...]] = ("organization", "product", "feature")
"""A notice may show these names as an example; a customer's name it may not."""

CONTINUATION: Final = r"\x{80}-\x{9f}\x{a1}-\x{bf}€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
"""What Windows-1252 and Latin-1 show for the second and later bytes of a letter in UTF-8, except
the no-break space."""

MISREAD: Final = (
    rf"[Â-ÅÎ-Ñ][{CONTINUATION}\x{{a0}}]|[à-ï][{CONTINUATION}]{{2}}|ð[{CONTINUATION}]{{3}}"
)
"""A letter of two, three or four bytes in UTF-8, read as Windows-1252 or Latin-1."""


def notices_of_gaps(
    db: duckdb.DuckDBPyConnection, period: Period, complete_through: date
) -> Iterator[Notice]:
    """Notices of the days without a row, and of those with far fewer rows than the median day.

    Files that are not daily have no gaps. Daily is what has rows on five days of some week, or on
    more than half of the days.

    Args:
        db: with the summary `days`.
        period: of the report.
        complete_through: the last day, inclusive, for which usage should be complete.
    """
    query = (
        "SELECT day, sum(entries), sum(cost) FROM days "
        f"WHERE {in_period_sql(period)} AND day <= ? GROUP BY 1"
    )
    usage: dict[date, tuple[int, Decimal]] = {
        day: (int(rows), cost)
        for day, rows, cost in db.execute(query, [complete_through]).fetchall()
    }
    count = (complete_through - period.start).days + 1
    days = [period.start + timedelta(n) for n in range(count)]
    if not _is_daily(days, usage):
        return
    missing = [day for day in days if day not in usage]
    if missing:
        text = f"No usage on {_listed(missing)}; the files may be incomplete."
        yield Notice(text, 0, ZERO)
    usual_rows = statistics.median(rows for rows, _ in usage.values())
    thin = [day for day in days if day in usage and THIN * usage[day][0] < usual_rows]
    if thin:
        text = (
            f"Less than a tenth of a usual day's rows on {_listed(thin)}; "
            "the files may be incomplete."
        )
        rows, money = zip(*(usage[day] for day in thin), strict=True)
        yield Notice(text, sum(rows), total(money))


def notices_of_misread_names(db: duckdb.DuckDBPyConnection) -> Iterator[Notice]:
    """Notices of the rows of the period with names that are perhaps none: garbled, or NULL.

    Example:
        "MÃ¼nchen" is "München" in UTF-8, read as Windows-1252. "None" is what Python writes for no
        name at all.
    """
    yield from _garbled_names(db)
    for column in NAMED:
        yield from _words_for_nothing(db, column)


def _garbled_names(db: duckdb.DuckDBPyConnection) -> Iterator[Notice]:
    # Only a name that is not ASCII, so longer in bytes than in letters, can be misread. That
    # comparison is much quicker than the pattern.
    is_misread = {
        name: f"(strlen({name}) > length({name}) "
        f"AND regexp_matches({name}, {values.sql_text(MISREAD)}))"
        for name in NAMED
    }
    examples = ", ".join(f"min({name}) FILTER ({is_misread[name]})" for name in SHOWN_NAMES)
    query = (
        f"SELECT coalesce({examples}), sum(entries), sum(cost) FROM owners "
        f"WHERE {' OR '.join(is_misread.values())}"
    )
    example, rows, cost = db.execute(query).fetchone() or ()
    if rows:
        shown = f', such as "{example}"' if example else ""
        text = (
            f"Some names look like UTF-8 that was read in another encoding{shown}; "
            "they were kept unchanged."
        )
        yield Notice(text, rows, cost)


def _words_for_nothing(db: duckdb.DuckDBPyConnection, column: ColumnName) -> Iterator[Notice]:
    """A notice of the rows whose name is what programs write for "no value", if there are any."""
    words = ", ".join(map(values.sql_text, NOTHING))
    query = (
        f"SELECT list(DISTINCT {column}), sum(entries), sum(cost) FROM owners "
        f"WHERE lower({column}) IN ({words})"
    )
    found, rows, cost = db.execute(query).fetchone() or ()
    if rows:
        names = [f'"{name}"' for name in sorted(found)]
        article, by_map = "a", ""
        if column == "organization":
            article, by_map = "an", ", or leave them out of organizations.csv"
        text = (
            f"Counted as the name of {article} {column}: {listing(names)}. If there is no "
            f"{column}, export such fields as empty{by_map}; the cost is then unallocated."
        )
        yield Notice(text, rows, cost)


def _is_daily(days: Sequence[date], with_usage: Collection[date]) -> bool:
    if 2 * len(with_usage) > len(days):
        return True
    weeks = (days[n : n + 7] for n in range(len(days) - 6))
    return any(sum(day in with_usage for day in week) >= DAILY_IN_A_WEEK for week in weeks)


def _listed(days: Sequence[date]) -> str:
    return first_of([f"{day}" for day in days], LISTED_DAYS)
