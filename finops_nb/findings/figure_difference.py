"""Figure differences: what differs between the tables of two results, row by row, by their names.

A row is found by what it is about, never by its place. So a ranking that changed is no difference.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from finops_nb.schema import BUDGETED, Dimension

KEY_COLUMNS: Final = (
    *("horizon", "title", "figure", "level", "item", "policy", "version", "dimension"),
    *("organization", "product", "feature", "name", "month", "day", "key"),
)
"""Columns that name the row of a table."""

OWN_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "anomalies": ("day", "name"),
    "bridge": ("dimension", "name", "from", "effect"),
    "charges_by_kind": ("charge",),
    "cost_by_model": ("model", "provider"),
    "invoices": ("invoice",),
    "sources": ("source",),
    "findings": ("title",),
    "key_insights": ("title",),
    "next_month": ("dimension", "name"),  # its rows have the name as their month, too
    "recommendations": ("horizon", "title"),
    "unit_costs": ("driver", "organization"),
    "outlook": (),
    "concentration": (),
    "forecast_summary": (),
    "executive_summary": (),
    "efficiency_summary": (),
}
"""Columns that name the row of a table, where they are not `KEY_COLUMNS`. A sentence may have the
name of an organization among its figures."""

SERIES: Final = {"trend": "trend_months"}
"""Columns that hold a list of figures, and the column with a name for each of them."""

IN_BLOCKS: Final = ("cost_by_month",)
"""Tables with a block by organization and one by product, whose rows do not say which."""

Results = Mapping[str, Any]
"""The object of a `results.json`."""

Record = Mapping[str, Any]
"""A row, as `results.json` has it."""


@dataclass(frozen=True)
class RowDifference:
    """A row that differs, is new or is gone.

    Args:
        table: its name.
        key: what the row is about, by column.
        before: the row as it was; None where it is new.
        after: as it is; None where it is gone.
    """

    table: str
    key: Mapping[str, str]
    before: Record | None
    after: Record | None

    def figures(self) -> dict[str, tuple[Any, Any]]:
        """Every figure that differs, before and after, by column; None where there is none."""
        was, now = (_figures(record or {}, self.key) for record in (self.before, self.after))
        pairs = {column: (was.get(column), now.get(column)) for column in (now | was)}
        return {column: pair for column, pair in pairs.items() if pair[0] != pair[1]}


def is_comparable(results: Results) -> bool:
    """Whether its tables are lists of rows, as every version of finops-nb writes them."""
    tables = results.get("tables")
    return isinstance(tables, Mapping) and all(
        isinstance(rows, list) and all(isinstance(row, dict) for row in rows)
        for rows in tables.values()
    )


def row_differences(before: Results, after: Results) -> Iterator[RowDifference]:
    """Every row that differs, table by table.

    Args:
        before: a `results.json` that `is_comparable`.
        after: likewise.

    Returns:
        In the order of `after`; what is only in `before` comes last. Rows that nothing tells apart
        are told as gone and new, unless one alone is left on both sides.

    Example:
        `RowDifference("cost_by_product", {"product": "chat"}, {…, "cost": "5"}, {…, "cost": "6"})`
    """
    for table in dict.fromkeys((*after["tables"], *before["tables"])):
        was, now = _by_key(table, before), _by_key(table, after)
        for key in dict.fromkeys((*now, *was)):
            old, new = was.get(key, []), now.get(key, [])
            for pair in _pairs(*_without_equals(old, new), before, after):
                names = _key_of(key, pair, before, after) if table in IN_BLOCKS else dict(key)
                yield RowDifference(table, names, *pair)


Key = tuple[tuple[str, str], ...]
Pair = tuple[Record | None, Record | None]


def _by_key(table: str, results: Results) -> dict[Key, list[Record]]:
    """The rows of a table, by what they are about."""
    rows: dict[Key, list[Record]] = {}
    columns = OWN_KEYS.get(table, KEY_COLUMNS)
    for row in results["tables"].get(table, ()):
        key = tuple((column, row[column]) for column in columns if isinstance(row.get(column), str))
        rows.setdefault(key, []).append(row)
    return rows


def _without_equals(
    old: Sequence[Record], new: Sequence[Record]
) -> tuple[list[Record], list[Record]]:
    """The rows of one key, without those that both sides have."""
    texts_of_old, texts_of_new = (Counter(map(_text, rows)) for rows in (old, new))
    return _left(old, texts_of_new), _left(new, texts_of_old)


def _left(rows: Sequence[Record], others: Counter[str]) -> list[Record]:
    """The rows that have no equal among the others; each of these is the equal of one row."""
    unmatched, left = others.copy(), []
    for row in rows:
        text = _text(row)
        if unmatched[text]:
            unmatched[text] -= 1
        else:
            left.append(row)
    return left


def _text(row: Record) -> str:
    return json.dumps(row, sort_keys=True)


def _pairs(
    old: Sequence[Record], new: Sequence[Record], before: Results, after: Results
) -> Iterator[Pair]:
    """The rows of one key that differ, as they belong together."""
    if len(old) <= 1 and len(new) <= 1:
        if old or new:
            yield (old[0] if old else None), (new[0] if new else None)
        return
    # A name may be both an organization's and a product's; its rows say which by their cost.
    for dimension in (*BUDGETED, None):
        was = [row for row in old if dimension_of(row, before) == dimension]
        now = [row for row in new if dimension_of(row, after) == dimension]
        if len(was) == len(now) == 1:
            yield was[0], now[0]
        else:
            yield from ((row, None) for row in was)
            yield from ((None, row) for row in now)


def _key_of(key: Key, pair: Pair, before: Results, after: Results) -> dict[str, str]:
    """What a row is about, with the dimension of its name, if it is known."""
    rows = zip(pair, (before, after), strict=True)
    known = (dimension_of(row, results) for row, results in rows if row is not None)
    dimension = next((each for each in known if each), None)
    return ({"dimension": dimension} if dimension else {}) | dict(key)


def dimension_of(row: Record, results: Results) -> Dimension | None:
    """Whether the name of a row that does not say it is an organization's or a product's.

    Args:
        row: with a `name`, and the cost of the period's month.
        results: that it is of.

    Returns:
        None where neither or both may be meant.
    """
    named: list[Dimension] = [by for by in BUDGETED if row.get("name") in results.get(f"{by}s", {})]
    if len(named) > 1:
        start = str((results.get("period") or {}).get("start", ""))
        cost = row.get(start[:7])
        named = [by for by in named if results[f"{by}s"][row["name"]] == cost]
    return named[0] if len(named) == 1 else None


def _figures(record: Record, key: Mapping[str, str]) -> dict[str, Any]:
    """The figures of a row; those of a series have the name of each in their column's name."""
    figures: dict[str, Any] = {}
    for column, value in record.items():
        names = record.get(SERIES.get(column, ""))
        if isinstance(value, list) and isinstance(names, list) and len(names) == len(value):
            figures |= {f"{column} {name}": each for name, each in zip(names, value, strict=True)}
        elif column not in key and column not in SERIES.values():
            figures[column] = value
    return figures
