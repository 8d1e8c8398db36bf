"""Status: what is published, mailed, running and left over. Nothing is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Final

from finops_nb.commands.text_table import text_table
from finops_nb.errors import Failure, FinopsError
from finops_nb.home import Home, mail_of
from finops_nb.outputs.artifacts import FAILED
from finops_nb.outputs.foreign_files import FOLDER
from finops_nb.outputs.lock import holders
from finops_nb.outputs.mail_journal import JOURNAL, DeliveryState, Journal
from finops_nb.outputs.reports import PublishedReport, published_reports
from finops_nb.outputs.revisions import History, Revision, recorded_names
from finops_nb.report.format import Format, noun, visible
from finops_nb.run.job import key_now, open_job

HEADS: Final = ("name", "kind", "status", "total", "revision", "made", "mailed")

DELIVERY_WORDS: Final = {
    DeliveryState.SENT: "sent",
    DeliveryState.REFUSED: "refused",
    DeliveryState.DEFERRED: "deferred",
    DeliveryState.UNKNOWN: "unknown",
    DeliveryState.SENDING: "unknown",
}

INPUTS: Final = "inputs, params, budgets, earlier months, notebook or version"
"""What a report was made from, in words."""

MAIL_LOCK: Final = "/mail"
"""The end of a lock's name that a mail holds, after the NAME."""


def status(home: Home, names: Collection[str] = ()) -> Iterator[str]:
    """Lines on what is published, not published yet, running and left over.

    Args:
        home: the home.
        names: the NAMEs to show; all if empty.

    Raises:
        Refusal: a NAME is not published and has no params file.

    Example:
        `status(home, ("2025-11",))` is one line before its first run:
        "2025-11: no report yet. `finops-nb run 2025-11` publishes it."
    """
    reports, unreadable = published_reports(home.outputs)
    published = {report.name for report in reports} | {*unreadable}
    unpublished = [*_unpublished(names, published, home)]  # refuses before anything is shown
    rows = [_row(report, home) for report in reports if not names or report.name in names]
    if rows:
        yield text_table(HEADS, rows, right=("total", "revision"))
    for name in unreadable:
        yield _unreadable(name)
    yield from unpublished
    for name in home.names_to_rename():
        yield f"params/{name}.yml is not read. Rename it to {Path(name).name}.yaml."
    locks = holders(home.runs)
    for lock, holder in locks.items():
        action = "being mailed" if lock.endswith(MAIL_LOCK) else "being run"
        yield f"{lock.removesuffix(MAIL_LOCK)}: {action} by {holder}."
    yield from _left_over(home, locks)
    yield from _kept(home)


def verify(home: Home, names: Collection[str] = ()) -> tuple[list[str], list[str]]:
    """Compare published files with the record, and reports with their inputs.

    Args:
        home: the home.
        names: the NAMEs to verify; all that are published if empty.

    Returns:
        Lines on files that are missing, or were changed or added by hand; and lines on outdated
        reports.

    Raises:
        Refusal: a NAME is not published and has no params file.
    """
    published, unreadable = published_reports(home.outputs)
    reports = [report.name for report in published]
    known = sorted({*reports, *recorded_names(home.outputs)})
    unknown = [name for name in names if name not in known]
    altered = [_unverifiable(name, name in unreadable, home) for name in unknown]
    outdated: list[str] = []
    for name in known:
        if names and name not in names:
            continue
        try:
            history = History(home.outputs, name)
            altered += history.altered()
            altered += history.foreign()
            if _is_outdated(name, history, name in reports, home):
                outdated.append(
                    f"{name}: outdated, because {INPUTS} changed. "
                    f"`finops-nb run {name}` updates it."
                )
        except Failure as failure:
            altered.append(str(failure))
        except (FinopsError, OSError) as error:
            reason = str(error).partition("\n")[0]
            outdated.append(f"{name}: outdated, and a new run would fail: {reason}")
    return altered, outdated


def _row(report: PublishedReport, home: Home) -> tuple[str, ...]:
    partial = "" if report.complete else ", PARTIAL"
    cells = (
        report.name,
        str(report.kind),
        f"{report.opened['status']}{partial}",
        Format(report.currency).money(report.cost),
        *_last_revision(report.name, home),
    )
    return tuple(visible(cell) for cell in cells)


def _last_revision(name: str, home: Home) -> tuple[str, str, str]:
    """The number, time and mails of the last revision; only official months have a number."""
    try:
        last = History(home.outputs, name).revisions()[-1]
        made = last.generated[:16].replace("T", " ")
        return str(last.number or ""), made, _mailed(name, last, home)
    except FinopsError:
        return "can't be read", "", ""


def _mailed(name: str, revision: Revision, home: Home) -> str:
    """How many recipients a revision reached or not, such as "2 sent, 1 refused"."""
    try:
        journal = Journal(mail_of(home.outputs, name) / JOURNAL)
        states = Counter(entry.state for entry in journal.states(revision.key).values())
        if not states:
            return "an earlier revision" if journal.reached_anybody() else "no"
    except FinopsError:
        return "journal can't be read"
    words: Counter[str] = Counter()
    for state, word in DELIVERY_WORDS.items():
        words[word] += states[state]
    return ", ".join(f"{number} {word}" for word, number in words.items() if number)


def _unpublished(names: Collection[str], published: set[str], home: Home) -> Iterator[str]:
    for name in names or home.names():
        if name not in published:
            known = home.check_name(name) if names else name
            yield _no_report(known)


def _unverifiable(name: str, published: bool, home: Home) -> str:
    if published:
        return _unreadable(name)
    return _no_report(home.check_name(name))


def _no_report(name: str) -> str:
    return f"{name}: no report yet. `finops-nb run {name}` publishes it."


def _unreadable(name: str) -> str:
    file = f"outputs/{name}/results.json"
    return f"{name}: {file} can't be read. `finops-nb run {name} --force` recreates it."


def _is_outdated(name: str, history: History, readable: bool, home: Home) -> bool:
    """A run would make another report than the last one.

    Args:
        name: the NAME.
        history: its record.
        readable: its published results can be read.
        home: the home.

    Raises:
        Refusal: a run would be refused.
        Failure: the record can't be read.
    """
    job = open_job(home, name)
    return readable and history.revisions()[-1].key != key_now(job)


def _left_over(home: Home, running: Collection[str]) -> Iterator[str]:
    """Lines on folders of runs that failed or were cut off."""
    for name in home.names():
        folder = home.staging / name
        # A NAME's folder may hold only the folders of other NAMEs.
        if name in running or not any(path.is_file() for path in _entries(folder)):
            continue
        notebook = folder / FAILED
        if notebook.is_file():
            shown = home.shown(notebook)
            yield f"{name}: the last run failed. See {shown}, fix the cause, then run again."
        else:
            files = noun(sum(path.is_file() for path in folder.rglob("*")), "file")
            place = home.shown(folder)
            removal = "The next run removes them."
            yield f"{name}: a run was cut off and left {files} in {place}. {removal}"


def _kept(home: Home) -> Iterator[str]:
    """A line on a person's files that runs moved out of published folders."""
    folder = home.outputs / FOLDER
    number = sum(not path.is_dir() for path in folder.rglob("*"))
    if number:
        yield (
            f"{home.shown(folder)} has {noun(number, 'file')} that runs found in published "
            "folders. Move or delete what you no longer need there."
        )


def _entries(folder: Path) -> Iterable[Path]:
    return folder.iterdir() if folder.is_dir() else ()
