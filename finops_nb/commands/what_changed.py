"""What changed: a revision compared with the one before it: causes, totals, cells, then texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from finops_nb.commands.changed_figures import Changed, changed_figures
from finops_nb.commands.changed_inputs import changed_inputs
from finops_nb.errors import Problem, Refusal
from finops_nb.findings.changes import Cause, changes
from finops_nb.findings.figure_difference import is_comparable
from finops_nb.home import Home
from finops_nb.outputs.artifacts import read_results
from finops_nb.outputs.revisions import History, Revision
from finops_nb.report.format import Format, noun, text_sentence, visible
from finops_nb.words import listing

NO_TABLES: Final = (
    "No figures can be compared: one of the two results.json has no tables of a report."
)
NOTHING: Final = "No total and no printed table cell differs."


def what_changed(
    home: Home, name: str, number: int | None = None, *, everything: bool = False
) -> Iterator[str]:
    """Lines on a revision: its causes with their money, the totals, then each table cell.

    Args:
        home: the home.
        name: the NAME.
        number: of the revision, from 1; the last one if None.
        everything: also texts, and figures that no table prints.

    Raises:
        Refusal: nothing is published under the NAME, or it has no such revision.
        Failure: the record can't be read.

    Example:
        `Cost by Organization · org-beta · Total Cost: $200.00 → $212.40 (+$12.40)` is one of its
        lines.
    """
    name = home.check_name(name)
    history = History(home.outputs, name)
    revisions = {revision.number: revision for revision in history.revisions()}
    revision = _chosen(revisions, name, number)
    if revision.number >= 2:
        former = revisions.get(revision.number - 1)
        yield from _comparison(history, revision, former, number is not None, everything)
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


def _comparison(
    history: History, revision: Revision, former: Revision | None, asked: bool, everything: bool
) -> Iterator[str]:
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
    yield from _causes(before, after)
    if not before or not after:
        yield _not_comparable(zip(numbers, (before, after), strict=True))
        return
    yield from changed_inputs(before["provenance"], after["provenance"])
    yield ""
    if not (is_comparable(before) and is_comparable(after)):
        yield NO_TABLES
        return
    number = f" --revision {revision.number}" if asked else ""
    command = f"finops-nb what-changed {history.name}{number} --all"
    yield from _figures(changed_figures(before, after), command, everything)


def _causes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """What changed, in sentences: from both results, or as recorded where one is not known."""
    recorded = (after.get("provenance", {}).get("revision") or {}).get("changes") or ()
    found = changes(before, after)
    if any(change.causes == (Cause.UNKNOWN,) and change.money is None for change in found):
        yield from (visible(change["text"]) for change in recorded)
        return
    fmt, causes = Format(after["currency"]), list(Cause)
    for change in sorted(found, key=lambda change: causes.index(change.causes[0])):
        yield visible(text_sentence(change.sentence, fmt))


def _not_comparable(results_by_number: Any) -> str:
    unusable = [f"revision {number}" for number, results in results_by_number if not results]
    verb = "was" if len(unusable) == 1 else "were"
    files = f"results.json of {listing(unusable)}"
    return f"No figures can be compared: {files} {verb} removed or changed."


def _figures(changed: Changed, command: str, everything: bool) -> Iterator[str]:
    """The totals, the cells, and the further lines or how many there are."""
    yield from changed.totals
    if changed.totals and changed.cells:
        yield ""
    yield from changed.cells
    if not (changed.totals or changed.cells):
        yield NOTHING
    yield ""
    if everything:
        yield from changed.further
        return
    if changed.further:
        more = noun(len(changed.further), "further line")
        yield f"`{command}` shows {more} of changed wording, or of figures that are in no table."
    else:
        yield f"`{command}` shows no further lines."
