"""Gaps: days of a period of which the files hold nothing, or next to nothing, as when a part of an export did not arrive."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import duckdb

from finops_nb.money import ZERO, total
from finops_nb.params.model import ColumnName
from finops_nb.period import Period
from finops_nb.usage.sources import values
from finops_nb.usage.sources.dialects import NAMED
from finops_nb.usage.sources.notice import Notice
from finops_nb.usage.sources.source_table import inside_sql

NAMED_DAYS: Final = 5
THIN: Final = 10
"""A day is thin that has less than the usual day's rows divided by this."""


def days_with_gaps(
    db: duckdb.DuckDBPyConnection, period: Period, complete_through: date
) -> tuple[Notice, ...]:
    """Notices of the days without a row, and of those with far fewer rows than the median day; none of a file that is not daily.

    Daily is what has rows on five days of some week, or on more than half of the days.

    Args:
        complete_through: the last day, inclusive, of which the usage is to be complete.
    """
    query = f"SELECT day, sum(entries), sum(cost) FROM days WHERE {inside_sql(period)} AND day <= ? GROUP BY 1"
    found: dict[date, tuple[int, Decimal]] = {
        day: (int(rows), cost)
        for day, rows, cost in db.execute(query, [complete_through]).fetchall()
    }
    days = [period.start + timedelta(n) for n in range((complete_through - period.start).days + 1)]
    weeks = (days[n : n + 7] for n in range(len(days) - 6))
    if 2 * len(found) <= len(days) and not any(
        sum(day in found for day in week) >= 5 for week in weeks
    ):
        return ()
    usual = statistics.median(rows for rows, _ in found.values())
    missing = [day for day in days if day not in found]
    thin = [day for day in days if day in found and THIN * found[day][0] < usual]
    notices = []
    if missing:
        notices.append(
            Notice(
                f"There is no usage on {_listed(missing)}; the files may not be complete.", 0, ZERO
            )
        )
    if thin:
        text = f"There is less than a tenth of a usual day's rows on {_listed(thin)}; the files may not be complete."
        notices.append(
            Notice(text, sum(found[day][0] for day in thin), total(found[day][1] for day in thin))
        )
    return tuple(notices)


def _listed(days: Sequence[date]) -> str:
    more = len(days) - NAMED_DAYS
    return ", ".join(f"{day}" for day in days[:NAMED_DAYS]) + (
        f" and {more} more {'days' if more > 1 else 'day'}" if more > 0 else ""
    )


FOLLOWING: Final = r"\x{80}-\x{9f}\x{a1}-\x{bf}€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
"""What Windows-1252 and Latin-1 show for the second and later bytes of a letter in UTF-8, but for the blank that does not break."""

MISREAD: Final = rf"[Â-ÅÎ-Ñ][{FOLLOWING}\x{{a0}}]|[à-ï][{FOLLOWING}]{{2}}|ð[{FOLLOWING}]{{3}}"
"""Western, Greek and Cyrillic letters in two bytes, other scripts in three, emoji in four. French puts the blank between a letter
and its quotation mark, so that it does not count in the last two."""


def misread_names(db: duckdb.DuckDBPyConnection) -> tuple[Notice, ...]:
    """A notice of the rows of the period with such a name, if there are any; a customer is not named in it."""
    misread = {
        name: f"(strlen({name}) > length({name}) AND regexp_matches({name}, {values.sql_text(MISREAD)}))"
        for name in NAMED
    }
    shown: tuple[ColumnName, ...] = ("organization", "product", "feature")
    examples = ", ".join(f"min({name}) FILTER ({misread[name]})" for name in shown)
    query = f"SELECT coalesce({examples}), sum(entries), sum(cost) FROM owners WHERE {' OR '.join(misread.values())}"
    example, rows, cost = db.execute(query).fetchone() or ()
    if not rows:
        return ()
    such = f', such as "{example}"' if example else ""
    return (
        Notice(
            f"Some names look like UTF-8 that was read in another encoding{such}; they were kept as they are.",
            rows,
            cost,
        ),
    )
