"""Status: what is published under each NAME, and what stands in its way; nothing is changed by looking."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator

from finops_nb.errors import Failure, FinopsError
from finops_nb.home import Home, mail_of
from finops_nb.outputs.artifacts import FAILED
from finops_nb.outputs.lock import holders
from finops_nb.outputs.mail_journal import JOURNAL, DeliveryState, Journal
from finops_nb.outputs.reports import PublishedReport, published_reports
from finops_nb.outputs.revisions import History, Revision, recorded_names
from finops_nb.report.format import Format, noun, visible
from finops_nb.run.job import key_now, open_job

HEADS = ("name", "kind", "status", "total", "revision", "made", "mailed")
SAID = {
    DeliveryState.SENT: "sent",
    DeliveryState.REFUSED: "refused",
    DeliveryState.DEFERRED: "put off",
    DeliveryState.UNKNOWN: "unknown",
    DeliveryState.SENDING: "unknown",
}


def status(home: Home, names: tuple[str, ...] = ()) -> Iterator[str]:
    """What is published, not yet published, at work and left over, as lines.

    Args:
        home: the home.
        names: only these; all if empty.

    Raises:
        Refusal: a NAME that is neither published nor has a params file.
    """
    reports, strange = published_reports(home.outputs)
    shown = [report for report in reports if not names or report.name in names]
    if shown:
        yield _table([_row(report, home) for report in shown])
    known = {report.name for report in reports} | {*strange}
    yield from (
        f"{name}: outputs/{name}/results.json can't be read. `finops-nb run {name} --force` makes it again."
        for name in strange
    )
    missing = [
        home.check_name(name) if names else name
        for name in (names or home.names())
        if name not in known
    ]
    yield from (f"{name}: not published yet." for name in missing)
    busy = holders(home.runs)
    yield from (
        f"{held.removesuffix('/mail')}: being {_doing(held)} by {who}."
        for held, who in busy.items()
    )
    yield from _left_over(home, {*busy})


def verify(home: Home, names: tuple[str, ...] = ()) -> tuple[list[str], list[str]]:
    """What is not as it was published, and what a run would publish anew.

    Args:
        home: the home.
        names: only these; all that are published if empty.

    Returns:
        Lines on files that were changed by hand, or are missing; and lines on reports whose inputs have changed since.

    Raises:
        Refusal: a NAME that is neither published nor has a params file.
    """
    altered: list[str] = []
    outdated: list[str] = []
    reports = [report.name for report in published_reports(home.outputs)[0]]
    known = sorted({*reports, *recorded_names(home.outputs)})
    for name in names:
        if name not in known:
            altered.append(f"{home.check_name(name)}: nothing is published that can be read.")
    for name in (each for each in known if not names or each in names):
        past = History(home.outputs, name)
        try:
            altered += past.altered()
            job = open_job(home, name)
            if name in reports and past.revisions()[-1].key != key_now(job):
                outdated.append(
                    f"{name}: outdated: inputs, params, notebook or version have changed since. A run makes it anew."
                )
        except Failure as failure:
            altered.append(str(failure))
        except (FinopsError, OSError) as error:
            outdated.append(
                f"{name}: outdated, and can't be made again as things are: {str(error).partition(chr(10))[0]}"
            )
    return altered, outdated


def _row(report: PublishedReport, home: Home) -> tuple[str, ...]:
    try:
        last = History(home.outputs, report.name).revisions()[-1]
        about = (
            f"{last.number or ''}",
            last.generated[:16].replace("T", " "),
            _mailed(report.name, last, home),
        )
    except FinopsError:
        about = "can't be read", "", ""
    status = f"{report.opened['status']}{'' if report.complete else ', PARTIAL'}"
    money = Format(report.currency).money(report.cost)
    return (
        report.name,
        str(report.kind),
        status,
        money,
        *about,
    )


def _mailed(name: str, revision: Revision, home: Home) -> str:
    """To how many this revision was mailed; where an earlier one was, that."""
    try:
        journal = Journal(mail_of(home.outputs, name) / JOURNAL)
        counts = Counter(entry.state for entry in journal.states(revision.key).values())
        if not counts:
            return "an earlier revision" if journal.reached_anybody() else "no"
    except FinopsError:
        return "journal can't be read"
    said = {SAID[state]: 0 for state in DeliveryState if state in counts}
    for state in counts:
        said[SAID[state]] += counts[state]
    return ", ".join(f"{number} {word}" for word, number in said.items())


def _doing(held: str) -> str:
    return "mailed" if held.endswith("/mail") else "run"


def _left_over(home: Home, busy: set[str]) -> Iterator[str]:
    """Folders of runs that failed or were cut off."""
    staging = home.staging
    for folder in (
        sorted({path.parent for path in staging.rglob("*") if path.is_file()})
        if staging.is_dir()
        else ()
    ):
        name = next((each for each in home.names() if folder.is_relative_to(staging / each)), None)
        if name is None or name in busy or folder != staging / name:
            continue
        if (folder / FAILED).is_file():
            yield f"{name}: its last run failed; {home.shown(folder / FAILED)} is the notebook as far as it ran."
        else:
            size = noun(sum(1 for path in folder.rglob("*") if path.is_file()), "file")
            yield f"{name}: a run was cut off and left {size} in {home.shown(folder)}. The next run removes them."


def _table(rows: list[tuple[str, ...]]) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head in HEADS:
        table.add_column(
            head, justify="right" if head in ("total", "revision") else "left", no_wrap=True
        )
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    text = io.StringIO()
    Console(width=200, no_color=True, highlight=False, file=text).print(table)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())
