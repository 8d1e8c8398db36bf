"""What changed: a revision compared with the one before it, figure by figure, as published."""

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
from finops_nb.report.summary_sheet import HEADINGS, UNITS, title_case
from finops_nb.schema import Unit
from finops_nb.words import listing

OTHER_UNITS: Final[Mapping[str, Unit]] = {
    **dict.fromkeys(("total_spend", "money", "excess", "booked", "trend", "left"), "money"),
    **dict.fromkeys(("limit", "rest", "unallocated", "compared", "cost_before"), "money"),
    **dict.fromkeys(("variance_ratio", "change_ratio"), "signed share"),
    **dict.fromkeys(("cheap", "dear"), "unit cost"),
    **dict.fromkeys(("least", "most"), "calls per money"),
    **dict.fromkeys(("crossed", "threshold"), "percent"),
    "gap": "gap",
    "used": "share",
}
"""Units of columns that no sheet of the workbook has."""

MONEY: Final = ("money", "change", "variance")
FIGURES: Final = (
    *MONEY,
    *("share", "signed share", "percent"),
    *("unit cost", "calls per money", "gap"),
    "count",
)
EMPTY: Final = (None, "")


def what_changed(home: Home, name: str, number: int | None = None) -> Iterator[str]:
    """Lines on a revision: its causes with their money, then every figure that differs.

    Args:
        home: the home.
        name: the NAME.
        number: of the revision, from 1; the last one if None.

    Raises:
        Refusal: nothing is published under the NAME, or it has no such revision.
        Failure: the record can't be read.

    Example:
        `Cost by Organization · org-beta · cost: $200.00 → $212.40 (+$12.40)` is one of its lines.
    """
    name = home.check_name(name)
    history = History(home.outputs, name)
    revisions = {revision.number: revision for revision in history.revisions()}
    revision = _chosen(revisions, name, number)
    if revision.number >= 2:
        yield from _comparison(history, revision, revisions.get(revision.number - 1))
    elif not revision.number:
        yield f"{name}: nothing to compare, because only official months keep earlier reports."
    elif len(revisions) == 1:
        yield f"{name}: nothing to compare, because it has only one revision."
    else:
        yield f"{name}: nothing to compare, because revision 1 is the first."


def _chosen(revisions: Mapping[int, Revision], name: str, number: int | None) -> Revision:
    """The revision of a number, or the last one.

    Raises:
        Refusal: there is none, or none of that number.
    """
    file = f"outputs/{name}"
    if not revisions:
        raise Refusal(Problem("no report yet", f"Run `finops-nb run {name}`", file=file))
    if number is None:
        return revisions[max(revisions)]
    if number not in revisions:
        fix = f"Choose from: {', '.join(map(str, revisions))}"
        problem = Problem(
            "no such revision", fix, file=file, column="--revision", value=str(number)
        )
        raise Refusal(problem)
    return revisions[number]


def _comparison(history: History, revision: Revision, former: Revision | None) -> Iterator[str]:
    """The lines of a revision and the one before it; that one's date may not be on record."""
    numbers = (revision.number - 1, revision.number)
    before, after = (read_results(history.raw_results(number)) for number in numbers)
    date = f" ({former.generated[:10]})" if former else ""
    yield (
        f"{history.name}, revision {revision.number} ({revision.generated[:10]}), "
        f"after revision {revision.number - 1}{date}"
    )
    if revision.reason:
        yield f"Reason: {visible(revision.reason)}"
    recorded = after.get("provenance", {}).get("revision") or {}
    yield from (visible(change["text"]) for change in recorded.get("changes", ()))
    if not before or not after:
        results_by_number = zip(numbers, (before, after), strict=True)
        unusable = [f"revision {number}" for number, results in results_by_number if not results]
        verb = "was" if len(unusable) == 1 else "were"
        yield (
            f"No figures can be compared: results.json of {listing(unusable)} "
            f"{verb} removed or changed."
        )
        return
    fmt = Format(after.get("currency", ""))
    yield ""
    for difference in figure_differences(before.get("tables", {}), after.get("tables", {})):
        if difference.before not in EMPTY or difference.after not in EMPTY:
            yield _line(difference, fmt)


def _line(difference: FigureDifference, fmt: Format) -> str:
    unit = _unit(difference.column)
    before, after = (_figure(value, unit) for value in (difference.before, difference.after))
    heading = HEADINGS.get(difference.table) or title_case(difference.table)
    place = (heading, visible(difference.line), difference.column)
    label = " · ".join(part for part in place if part)
    change = ""
    if unit in MONEY and isinstance(before, Decimal) and isinstance(after, Decimal):
        change = f" ({fmt.change(after - before)})"
    return f"{label}: {_printed(before, unit, fmt)} → {_printed(after, unit, fmt)}{change}"


def _unit(column: str) -> Unit:
    """The unit of a column; of "cost booked", that of its last word, else that of its first.

    A column named after a month holds money.
    """
    words = column.split(" ")
    first, last = words[0], words[-1]
    if MONTH.fullmatch(first):
        return "money"
    for word in (last, first):
        for units in (OTHER_UNITS, UNITS):
            if word in units:
                return units[word]
    return "text"


def _figure(value: Any, unit: Unit) -> Any:
    """A figure as a number; other values as they are."""
    try:
        return Decimal(value) if unit in FIGURES and isinstance(value, (str, int)) else value
    except InvalidOperation:
        return value


def _printed(value: Any, unit: Unit, fmt: Format) -> str:
    if value is None:
        return MISSING
    if isinstance(value, Decimal):
        return fmt.of(unit, value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return visible(text) or '""'
