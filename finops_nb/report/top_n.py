"""Top n with other: some rows of a long table, and one row with the sums of all the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple, Protocol, TypeVar

from finops_nb.figures.budget_status import Status
from finops_nb.money import ZERO, total
from finops_nb.schema import Column

GROUPS: Final = 12
"""Groups of rows that a table prints as groups."""
URGENT: Final = (Status.OVER, Status.AT_RISK)

Keep = Literal["largest", "first", "ends"]
"""Which rows are kept: the largest, the first ones, or the first and the last ones of a ranking."""


class Group(Protocol):
    """Rows with a heading of their own, and their sums; `total` may be None."""

    @property
    def heading(self) -> str | None: ...
    @property
    def lines(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def total(self) -> Mapping[str, Any] | None: ...


AnyGroup = TypeVar("AnyGroup", bound=Group)


class TopN(NamedTuple):
    """The printed rows of a table.

    Args:
        before: the rows above "other".
        other: one row called "other (n)", with the sum of each additive column of the n rows left
            out; None if no row is left out.
        after: the rows below "other": the last ones of a ranking.
    """

    before: list[Any]
    other: Any | None
    after: list[Any]

    @property
    def printed(self) -> list[Any]:
        """All rows, top to bottom."""
        other = [] if self.other is None else [self.other]
        return [*self.before, *other, *self.after]


def other_label(number: int) -> str:
    """What the rows left out are called together: "other (1,234)"."""
    return f"other ({number:,})"


def top_n(
    rows: Sequence[Any], columns: Sequence[Column], label: str, shown: int, keep: Keep = "largest"
) -> TopN:
    """The rows to print, in their order, and one row for the others.

    Args:
        rows: mappings of column name to value.
        columns: of the table; the additive ones are summed, and the first of them that is no count
            says which rows are the largest. Without one, the first rows are kept.
        label: the column that names a row.
        shown: the highest number of printed rows, "other" included.
        keep: which rows are kept; of the largest, those OVER and AT RISK come before all others.

    Example:
        top_n(rows, (schema.PRODUCT, schema.COST), "product", 25).printed
    """
    if len(rows) <= shown:
        return TopN(list(rows), None, [])
    kept = _kept(rows, columns, shown - 1, keep)
    printed = [row for place, row in enumerate(rows) if place in kept]
    rest = [row for place, row in enumerate(rows) if place not in kept]
    other = {label: other_label(len(rest))} | sums_of(rest, columns)
    last = (shown - 1) // 2 if keep == "ends" else 0
    cut = len(printed) - last
    return TopN(printed[:cut], other, printed[cut:])


def top_names(names: Sequence[str], shown: int) -> dict[str, str]:
    """Each name as it is printed: itself, or "other (n)" for those after the first ones.

    Args:
        names: distinct, the most important first.
        shown: the highest number of printed names, "other" included.

    >>> top_names(["a", "b", "c"], 2)
    {'a': 'a', 'b': 'other (2)', 'c': 'other (2)'}
    """
    if len(names) <= shown:
        return {name: name for name in names}
    kept, rest = names[: shown - 1], names[shown - 1 :]
    return {name: name for name in kept} | dict.fromkeys(rest, other_label(len(rest)))


def top_groups(
    groups: Sequence[AnyGroup], columns: Sequence[Column], label: str
) -> tuple[list[AnyGroup], list[dict[str, Any]]]:
    """The groups to print as groups, in their order, and each other group as one row.

    Args:
        groups: of a table.
        columns: of the table.
        label: the column that names a row; in the rows returned, it has the group's heading.

    Returns:
        All groups and no rows if there are at most `GROUPS`; else the `GROUPS` − 1 largest.
    """
    if len(groups) <= GROUPS:
        return list(groups), []
    additive = [column.name for column in columns if column.additive]
    rows: list[dict[str, Any]] = []
    for group in groups:
        sums = group.total or sums_of(group.lines, columns)
        rows.append({name: sums.get(name) for name in additive})
    kept = _kept(rows, columns, GROUPS - 1, "largest")
    rest = [
        {label: group.heading} | row
        for place, (group, row) in enumerate(zip(groups, rows, strict=True))
        if place not in kept
    ]
    return [group for place, group in enumerate(groups) if place in kept], rest


def urgent(row: Any) -> bool:
    """Whether a row is OVER or AT RISK, so that no other row may push it out."""
    return row.get("status") in URGENT


def sums_of(rows: Iterable[Any], columns: Sequence[Column]) -> dict[str, Decimal | None]:
    """The sum of each additive column by its name; None where no row has a value."""
    rows = list(rows)
    sums: dict[str, Decimal | None] = {}
    for column in columns:
        if column.additive:
            values = [row.get(column.name) for row in rows]
            known = [Decimal(value) for value in values if value is not None]
            sums[column.name] = total(known) if known else None
    return sums


def _kept(rows: Sequence[Any], columns: Sequence[Column], number: int, keep: Keep) -> set[int]:
    """The places of the rows that are kept."""
    places = range(len(rows))
    if keep == "ends":
        last = number // 2
        return {*places[: number - last], *places[len(rows) - last :]}
    amounts = (column.name for column in columns if column.additive and column.unit != "count")
    amount = next(amounts, None)
    if keep == "first" or amount is None:
        return set(places[:number])

    def importance(place: int) -> tuple[bool, Decimal, int]:
        size = abs(rows[place].get(amount) or ZERO)
        return not urgent(rows[place]), -size, place

    return set(sorted(places, key=importance)[:number])
