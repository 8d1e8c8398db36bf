"""What changed: a revision beside the one before it, line by line, as they were published."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from finops_nb.errors import Problem, Refusal
from finops_nb.findings.changes import FigureDifference, figure_differences
from finops_nb.home import Home
from finops_nb.outputs.artifacts import read_results
from finops_nb.outputs.revisions import History, Revision
from finops_nb.period import MONTH
from finops_nb.report.format import MISSING, Format, visible
from finops_nb.report.workbook import UNITS
from finops_nb.schema import Unit

OTHERS: Final[Mapping[str, Unit]] = {
    **dict.fromkeys(("total_spend", "money", "excess", "booked", "trend"), "money"),
    **dict.fromkeys(("variance_ratio",), "signed share"),
}
"""Columns that no sheet has."""

MONEY: Final = ("money", "change", "variance")
FIGURES: Final = (*MONEY, "share", "signed share", "unit cost", "calls per money", "count")


def what_changed(home: Home, name: str, number: int | None = None) -> Iterator[str]:
    """The lines that say what changed with a revision: its causes with their money, then every figure that differs.

    Args:
        home: the home.
        name: the NAME.
        number: of the revision; the last one if None.

    Raises:
        Refusal: nothing is published there, or there is no such revision.
        Failure: the record can't be read.
    """
    name = home.check_name(name)
    past = History(home.outputs, name)
    known = {revision.number: revision for revision in past.revisions()}
    if not known:
        raise Refusal(
            Problem(
                "no report is published there",
                f"Publish it: finops-nb run {name}",
                file=f"outputs/{name}",
            )
        )
    chosen = known.get(max(known) if number is None else number)
    if chosen is None:
        fix = f"There {'is' if len(known) == 1 else 'are'} {', '.join(map(str, known))}"
        raise Refusal(
            Problem(
                "no such revision",
                fix,
                file=f"outputs/{name}",
                column="--revision",
                value=f"{number}",
            )
        )
    if chosen.number < 2:
        yield (
            f"{name} has one revision."
            if chosen.number and len(known) == 1
            else f"{name}: {_first(chosen)}."
        )
        return
    yield from _lines(past, chosen, known.get(chosen.number - 1))


def _first(revision: Revision) -> str:
    return (
        "revision 1 is the first"
        if revision.number
        else "not an official month; its last report alone is remembered"
    )


def _lines(past: History, revision: Revision, former: Revision | None) -> Iterator[str]:
    before, after = (
        read_results(past.raw_results(number)) for number in (revision.number - 1, revision.number)
    )
    dated = f"revision {revision.number - 1}{f' ({former.generated[:10]})' if former else ''}"
    yield f"{past.name}, revision {revision.number} ({revision.generated[:10]}), after {dated}"
    if revision.reason:
        yield f"Reason: {visible(revision.reason)}"
    about = after.get("provenance", {}).get("revision") or {}
    yield from (visible(change["text"]) for change in about.get("changes", ()))
    if not before or not after:
        gone = [
            f"{number}"
            for number, results in ((revision.number - 1, before), (revision.number, after))
            if not results
        ]
        yield f"No figures can be compared: results.json of revision {' and '.join(gone)} is gone, or is not as it was published."
        return
    fmt = Format(after.get("currency", ""))
    yield ""
    yield from (
        _line(each, fmt)
        for each in figure_differences(before.get("tables", {}), after.get("tables", {}))
    )


def _line(difference: FigureDifference, fmt: Format) -> str:
    unit = _unit(difference.column)
    was, now = (_figure(value, unit) for value in (difference.before, difference.after))
    place = " · ".join(
        filter(None, (difference.table, visible(difference.line), difference.column))
    )
    by = (
        f" ({fmt.change(now - was)})"
        if unit in MONEY and isinstance(was, Decimal) and isinstance(now, Decimal)
        else ""
    )
    return f"{place}: {_printed(was, unit, fmt)} → {_printed(now, unit, fmt)}{by}"


def _unit(column: str) -> Unit:
    """That of the part's own name, else that of the column it is a part of; a month is called by itself, and is money."""
    first, last = column.split(" ")[0], column.split(" ")[-1]
    if MONTH.fullmatch(first):
        return "money"
    return next(
        (units[each] for each in (last, first) for units in (OTHERS, UNITS) if each in units),
        "text",
    )


def _figure(value: Any, unit: Unit) -> Any:
    """A figure as such; what is none, as it is."""
    try:
        return Decimal(value) if unit in FIGURES and isinstance(value, (str, int)) else value
    except InvalidOperation:
        return value


def _printed(value: Any, unit: Unit, fmt: Format) -> str:
    if value is None:
        return MISSING
    if isinstance(value, Decimal):
        return fmt.of(unit, value)
    return (
        visible(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) or '""'
    )
