"""The index: one page of every published report, newest first, rebuilt at each publication."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from markupsafe import Markup

from finops_nb.atomic_files import replace_file
from finops_nb.errors import Busy, Failure
from finops_nb.figures.budget_status import Status
from finops_nb.findings.rounding_note import rounding_note
from finops_nb.home import Home
from finops_nb.outputs.artifacts import INDEX
from finops_nb.outputs.foreign_files import FOLDER, move_beside
from finops_nb.outputs.links import refuse_links
from finops_nb.outputs.lock import hold
from finops_nb.outputs.manifest import Kind
from finops_nb.outputs.reports import FILES, PublishedReport, published_reports
from finops_nb.report.footing import ROUNDING
from finops_nb.report.format import Format, visible
from finops_nb.report.html_export import TEMPLATES, audit
from finops_nb.report.jinja_environment import templates
from finops_nb.report.sparkline import sparkline
from finops_nb.words import shortened

REASON: Final = 160
"""Characters of a what-if's reason that the index shows; its report shows all of it."""
STYLES: Final = (
    TEMPLATES / "html_shell" / "finops.css",
    TEMPLATES / "html_shell" / "report.css",
    Path(__file__).parent / "templates" / "index.css",
)
LINKS: Final = {
    "Ledger": "Ledger (CSV)",
    "Draft ledger": "DRAFT ledger (CSV)",
    "Results": "Data (JSON)",
}
"""The text of a link, where it is not the file's name in `FILES`."""
OWN_MARK: Final = b".finops"
"""Every index has it, in its styles."""
TRIES: Final = 300
PAUSE: Final = 0.1
"""Seconds between tries while another publication rebuilds the index: half a minute in all."""


def write_index(home: Home, notice: Callable[[str], None] = lambda _: None) -> Path:
    """Rebuild `outputs/index.html` from what is published now; the file is replaced as a whole.

    Two publications at once take turns, so that the second one lists what the first published.

    Args:
        home: whose outputs.
        notice: called with a sentence if somebody's own page was in its place, which is kept.

    Raises:
        OSError: it could not be written; the old one is unchanged.
        Busy: another process has been rebuilding it for more than half a minute.
        Failure: the page would run or load something; the old one is unchanged.
        Refusal: a link is in its place.
    """
    file = home.outputs / INDEX
    refuse_links(home.outputs, file)
    with _turn(home.runs):
        page = index_page(*published_reports(home.outputs))
        faults = audit(page, links=True)
        if faults:
            raise Failure(f"outputs/{INDEX} would run or load something: {'; '.join(faults[:5])}.")
        if file.is_file() and OWN_MARK not in file.read_bytes():
            move_beside(home.outputs, [INDEX], home.outputs, "")
            notice(f"outputs/{INDEX} was not published by a run, so it is now in outputs/{FOLDER}.")
        replace_file(file, page.encode("utf-8"), lambda _: None)
    return file


def index_page(reports: Sequence[PublishedReport], unreadable: Sequence[str] = ()) -> str:
    """The page.

    Args:
        reports: from `published_reports`, newest first.
        unreadable: NAMEs whose results can't be read; they are named, not left out.

    Returns:
        One HTML document that runs nothing and loads nothing; its links are relative to its folder.
    """
    official = [report for report in reports if report.kind is Kind.OFFICIAL]
    by_end = {report.period.end: report for report in official}
    page = (
        templates("run")
        .get_template("index.html.j2")
        .render(
            months=[_row(report, *_change(report, by_end)) for report in official],
            others=[_row(report) for report in reports if report.kind is not Kind.OFFICIAL],
            unreadable=unreadable,
            css="\n".join(file.read_text(encoding="utf-8") for file in STYLES),
        )
    )
    return visible(page)


def _row(report: PublishedReport, change: str = "", change_rounding: str = "") -> Mapping[str, Any]:
    fmt, opened = Format(report.currency), report.opened
    folder = quote(os.fsencode(report.name))
    return {
        "name": report.name,
        "label": report.period.label,
        "links": [(LINKS.get(file, file), f"{folder}/{FILES[file]}") for file in report.files],
        "base": report.base,
        "complete": report.complete,
        "total": fmt.money(report.cost),
        "change": change,
        "change_rounding": change_rounding,
        "budget": fmt.money(opened["budget"]),
        "variance": fmt.variance(opened["variance"], opened["variance_ratio"]),
        "rounding": _rounding(report.cost, opened["budget"], fmt) if opened["budget"] else "",
        "status": opened["status"],
        "slug": _slug(opened["status"]),
        "stamp": _stamp(report),
        "days": _days(report, fmt),
    }


def _slug(status: str) -> str:
    """The class that colors a status; a report without any budget has nothing to warn of."""
    return "" if status == Status.NO_BUDGET else status.lower().replace(" ", "-")


def _stamp(report: PublishedReport) -> str:
    if report.kind is Kind.SCENARIO:
        return f"WHAT-IF: {shortened(report.reason, REASON)}"
    return "ANALYSIS · NOT FOR BOOKING"


def _days(report: PublishedReport, fmt: Format) -> Markup:
    """A sparkline of the whole period: days that a running period still lacks stay empty."""
    length = (report.period.end - report.period.start).days
    days = report.days[:length]
    if not days:
        return Markup("")
    missing = [None] * (length - len(days))
    return sparkline([*days, *missing], f"Cost by day, at most {fmt.money(max(days))}")


def _change(report: PublishedReport, by_end: Mapping[date, PublishedReport]) -> tuple[str, str]:
    """The change from the month before, where both are complete and in one currency.

    Returns:
        The change and what rounding adds to it; empty where there is none.
    """
    before = by_end.get(report.period.start)
    if before is None or before.currency != report.currency:
        return "", ""
    if not (report.complete and before.complete):
        return "", ""
    fmt = Format(report.currency)
    return fmt.change(report.cost - before.cost), _rounding(report.cost, before.cost, fmt)


def _rounding(minuend: Decimal, subtrahend: Decimal, fmt: Format) -> str:
    """As tables print below a difference of two printed amounts; empty if it is theirs."""
    rounding = rounding_note(minuend, subtrahend, fmt.currency).rounding
    return f"{ROUNDING} {fmt.change(rounding)}" if rounding else ""


@contextmanager
def _turn(runs: Path) -> Iterator[None]:
    """Hold the lock of the index; wait while another publication has it."""
    with ExitStack() as stack:
        for number in range(TRIES):
            try:
                stack.enter_context(hold(runs, f"~{INDEX}", "rebuilt"))
                break
            except Busy:
                if number == TRIES - 1:
                    raise
                time.sleep(PAUSE)
        yield
