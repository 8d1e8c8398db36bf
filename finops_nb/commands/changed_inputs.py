"""Changed inputs: which files a revision was made from that the one before it was not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from finops_nb.report.format import noun, visible
from finops_nb.words import first_of

NAMED = 5
"""Files that a line names; the others are counted."""


def changed_inputs(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """A line for each kind of file that changed: usage, mapping, budgets and drivers.

    Args:
        before: the provenance of one `results.json`.
        after: that of the next.

    Example:
        "Usage files: usage/late.csv is new (2 rows); usage/calls.csv changed (5 → 6 rows)."
    """
    for kind, was, now, unit in (
        ("Usage files", before.get("inputs"), after.get("inputs"), "row"),
        ("Mapping file", _list(before.get("mapping")), _list(after.get("mapping")), "line"),
        ("Budget files", _inputs(before.get("budgets")), _inputs(after.get("budgets")), "line"),
        ("Driver file", _list(before.get("drivers")), _list(after.get("drivers")), "line"),
    ):
        texts = list(_changes(_by_name(was), _by_name(now), unit))
        if texts:
            yield f"{kind}: {first_of(texts, NAMED)}"


def _changes(
    was: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]], unit: str
) -> Iterator[str]:
    gone = {was[name].get("sha256"): name for name in was if name not in now}
    for name, file in now.items():
        if name not in was:
            former = gone.pop(file.get("sha256"), None)
            verb = f"was {visible(former)}" if former else "new"
            yield f"{visible(name)} ({verb}{_rows(file, unit)})"
        elif was[name].get("sha256") != file.get("sha256"):
            yield f"{visible(name)} (changed{_rows_changed(was[name], file, unit)})"
    for name in gone.values():
        yield f"{visible(name)} (gone{_rows(was[name], unit)})"


def _rows(file: Mapping[str, Any], unit: str) -> str:
    return f", {noun(file['rows'], unit)}" if isinstance(file.get("rows"), int) else ""


def _rows_changed(was: Mapping[str, Any], now: Mapping[str, Any], unit: str) -> str:
    rows = was.get("rows"), now.get("rows")
    if not all(isinstance(number, int) for number in rows):
        return ""
    if rows[0] == rows[1]:
        return f", still {noun(now['rows'], unit)}"
    return f", {was['rows']:,} → {noun(now['rows'], unit)}"


def _by_name(files: Any) -> dict[str, Mapping[str, Any]]:
    """Files by their name; nothing where an earlier version recorded none."""
    known = files if isinstance(files, list) else []
    return {file["name"]: file for file in known if isinstance(file, dict) and "name" in file}


def _list(file: Any) -> list[Any]:
    return [file] if file else []


def _inputs(budgets: Any) -> Any:
    return budgets.get("inputs") if isinstance(budgets, dict) else None
