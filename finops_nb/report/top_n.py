"""Top n with other: some rows of a long table, and a row with the sums of all the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from finops_nb.figures.named import MARKS, Named
from finops_nb.money import total
from finops_nb.schema import Column

Row = Mapping[str, Any]


class TopN(NamedTuple):
    """The printed rows of a table.

    Args:
        kept: the rows that are printed as they are, in their order.
        others: "other (n)", with the sum of each additive column of the n rows left out. Before it,
            if there are too many rows of a status to print, "other OVER (n)" and the like.
    """

    kept: list[Row]
    others: list[Row]

    @property
    def printed(self) -> list[Row]:
        """All rows, top to bottom."""
        return [*self.kept, *self.others]


def other_label(number: int, mark: str = "") -> str:
    """What the rows left out are called together.

    >>> other_label(1234), other_label(12, "OVER")
    ('other (1,234)', 'other OVER (12)')
    """
    return f"other {mark} ({number:,})" if mark else f"other ({number:,})"


def first_n(rows: Sequence[Row], columns: Sequence[Column], label: str, shown: int) -> TopN:
    """The first rows, and one row for the others.

    Args:
        rows: mappings of column name to value.
        columns: of the table; the additive ones are summed.
        label: the column that names a row.
        shown: the highest number of printed rows, "other" included.
    """
    if len(rows) <= shown:
        return TopN(list(rows), [])
    return TopN(list(rows[: shown - 1]), [_other(rows[shown - 1 :], columns, label, "")])


def top_n(rows: Sequence[Row], columns: Sequence[Column], label: str, names: Named) -> TopN:
    """The rows whose names are printed, in their order, and the sums of the others.

    Args:
        rows: as for `first_n`.
        columns: as for `first_n`.
        label: as for `first_n`.
        names: the names to print, which are the same in every table of a report.

    Example:
        top_n(rows, (schema.PRODUCT, schema.COST), "product", names_of(data)["product"]).printed
    """
    left_out = names.left_out_of(row[label] for row in rows)
    kept = [row for row in rows if row[label] not in left_out]
    others: list[Row] = []
    for mark in _marks(left_out):
        rest = [row for row in rows if left_out.get(row[label]) == mark]
        status = {"status": mark} if mark else {}
        others.append({**_other(rest, columns, label, mark), **status})
    return TopN(kept, others)


def printed_names(names: Sequence[str], by_name: Named) -> dict[str, str]:
    """Each name as it is printed: itself, or "other (n)".

    Args:
        names: distinct; the kept ones come first in the result, in this order.
        by_name: which of them are printed by name.
    """
    left_out = by_name.left_out_of(names)
    counts = Counter(left_out.values())
    printed = {name: name for name in names if name not in left_out}
    for mark in _marks(left_out):
        label = other_label(counts[mark], mark)
        printed |= dict.fromkeys((name for name in names if left_out.get(name) == mark), label)
    return printed


def sums_of(rows: Iterable[Row], columns: Sequence[Column]) -> dict[str, Decimal | None]:
    """The sum of each additive column by its name; None where no row has a value."""
    rows = list(rows)
    sums: dict[str, Decimal | None] = {}
    for column in columns:
        if column.additive:
            values = [row.get(column.name) for row in rows]
            known = [Decimal(value) for value in values if value is not None]
            sums[column.name] = total(known) if known else None
    return sums


def _other(rows: Sequence[Row], columns: Sequence[Column], label: str, mark: str) -> dict[str, Any]:
    other: dict[str, Any] = {label: other_label(len(rows), mark)} | sums_of(rows, columns)
    booked = [row["booked"] for row in rows if row.get("booked") is not None]
    # What the ledger books stands under a charge that prints another amount.
    return other | ({"booked": total(booked)} if booked else {})


def _marks(left_out: Mapping[str, str]) -> list[str]:
    """The marks of names left out, the most urgent first and no mark last."""
    return [mark for mark in (*map(str, MARKS), "") if mark in left_out.values()]
