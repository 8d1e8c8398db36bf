"""Named: the names that tables and charts print one by one; all others are "other" in all of them.

A name is never "other" in one table of a report and by itself in another. It is in "other" only if
nothing is wrong with it: not if it is (unallocated), OVER, AT RISK or NO BUDGET.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from finops_nb.figures.budget_status import Status
from finops_nb.figures.report_data import ReportData
from finops_nb.money import ZERO
from finops_nb.schema import BUDGETED, UNALLOCATED, Dimension

SHOWN: Final[Mapping[str, int]] = {"organization": 25, "product": 12, "feature": 25}
"""Names of a dimension, "other" included; products are also columns of a table, and colors."""

MARKED: Final = 100
"""So many names with a mark are printed by name; the others as "other OVER (12)", by their mark."""

MARKS: Final = (Status.OVER, Status.AT_RISK, Status.NO_BUDGET)
"""Statuses that keep a name out of "other", the most urgent first."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Named:
    """Which names of a dimension are printed by name.

    Args:
        kept: the names that are.
        others: those that are not, each with its mark; empty for the names in "other".
        shown: lines of a table, "other" included.
    """

    kept: Set[str]
    others: Mapping[str, str]
    shown: int

    def left_out_of(self, names: Iterable[str]) -> dict[str, str]:
        """The names that a table of these names does not print, each with its mark.

        A name without cost and budget in the period, such as one of an earlier month, is printed
        if there is room.
        """
        listed = list(names)
        room = len(listed) <= self.shown
        return {
            name: self.others.get(name, "")
            for name in listed
            if name in self.others or not (room or name in self.kept)
        }

    def together(self, names: Iterable[str]) -> list[list[str]]:
        """The names that a table of these names prints as one line, by line."""
        left_out = self.left_out_of(names)
        return [
            [name for name, its in left_out.items() if its == mark]
            for mark in dict.fromkeys(left_out.values())
        ]


def named(rows: Iterable[Row], by: str, shown: int | None = None) -> Named:
    """Which names are printed by name: those with a mark, then those with the most money.

    Args:
        rows: of every name: `by` and `cost`; with a `budget` and a `status`, a mark is known, with
            `calls` also the most and the least efficient organization, which are printed, too.
        by: the column of names, which is the dimension.
        shown: printed lines, "other" included; None: those of `SHOWN`. A budget that is used up,
            (unallocated) and the names with a mark are printed beyond that, up to `MARKED`.

    Example:
        Of 60 organizations, 3 are OVER: those, the 21 with the highest cost, and "other (36)".
    """
    every, limit = list(rows), SHOWN[by] if shown is None else shown
    if len(every) <= limit:
        return Named({row[by] for row in every}, {}, limit)
    has_budgets = any(row.get("budget") is not None for row in every)
    marks = {row[by]: _mark(row, has_budgets) for row in every}
    marked = [row for row in every if _matters(row, by, marks[row[by]])]
    marked.sort(key=lambda row: (row[by] != UNALLOCATED, *_urgency(row, marks[row[by]])))
    most = MARKED if shown is None else limit - 1
    kept = dict.fromkeys(row[by] for row in marked[:most])
    kept |= dict.fromkeys(_ends(every, by) if by == "organization" else ())
    for row in sorted(every, key=lambda row: (-abs(row["cost"]), row[by])):
        if len(kept) >= limit - 1:
            break
        kept[row[by]] = None
    others = {name: mark for name, mark in marks.items() if name not in kept}
    # One name is as short as a line that stands for it.
    return Named(set(marks), {}, limit) if len(others) == 1 else Named(set(kept), others, limit)


@lru_cache(maxsize=4)  # every table and chart of a report asks for them
def names_of(data: ReportData) -> Mapping[Dimension, Named]:
    """`named` of all names with cost or a budget in a report, by dimension.

    Example:
        `names_of(data)["organization"].kept`
    """
    # Here, because they import pandas, and the runner, which reads tables back, needs none.
    from finops_nb.figures.allocation import allocate
    from finops_nb.figures.variance import variance_by

    organizations, products = (variance_by(data, by) for by in BUDGETED)
    return {
        "organization": named(organizations.to_dict("records"), "organization"),
        "product": named(products.to_dict("records"), "product"),
        "feature": named(allocate(data.usage, "feature").to_dict("records"), "feature"),
    }


def _mark(row: Row, has_budgets: bool) -> str:
    status = row.get("status")
    if status == Status.NO_BUDGET:
        return str(Status.NO_BUDGET) if has_budgets and row["cost"] else ""
    return str(status) if status in MARKS else ""


def _matters(row: Row, by: str, mark: str) -> bool:
    used = row.get("budget_used")
    return bool(mark) or row[by] == UNALLOCATED or (used is not None and used >= 1)


def _urgency(row: Row, mark: str) -> tuple[int, Decimal]:
    """The order in which marked names find a place: by mark, then by money."""
    place = MARKS.index(Status(mark)) if mark else len(MARKS)
    return place, -abs(row.get("variance") or row["cost"] or ZERO)


def _ends(rows: Sequence[Row], by: str) -> tuple[str, ...]:
    """The names with the most and the fewest calls for their money."""
    scores = [
        (Decimal(row["calls"]) / row["cost"], row[by])
        for row in rows
        if row[by] != UNALLOCATED and _has_calls(row) and row["cost"] > 0
    ]
    if not scores:
        return ()
    most = min(scores, key=lambda score: (-score[0], score[1]))
    least = max(scores, key=lambda score: (-score[0], score[1]))
    return most[1], least[1]


def _has_calls(row: Row) -> bool:
    calls = row.get("calls")
    return calls is not None and bool(calls == calls and calls > 0)  # NaN is not itself
