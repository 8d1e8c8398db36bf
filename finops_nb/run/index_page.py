"""The index: one page of every published report, newest first, rebuilt at each publication."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from markupsafe import Markup

from finops_nb.atomic_files import replace_file
from finops_nb.errors import Busy, Failure
from finops_nb.home import Home
from finops_nb.outputs.artifacts import INDEX
from finops_nb.outputs.lock import hold
from finops_nb.outputs.manifest import Kind
from finops_nb.outputs.reports import FILES, PublishedReport, published_reports
from finops_nb.report.format import Format, visible
from finops_nb.report.html_page import TEMPLATES, audit
from finops_nb.report.sparkline import sparkline
from finops_nb.report.table import templates

REASON: Final = 160
"""How much of a what-if's reason is said, in characters; its report has all of it."""
STYLES: Final = (
    TEMPLATES / "report" / "finops.css",
    TEMPLATES / "report" / "report.css",
    Path(__file__).parent / "templates" / "index.css",
)
TRIES: Final = 300
PAUSE: Final = 0.1
"""Another publication that is at the index is waited for: half a minute at most, in seconds."""


def write_index(home: Home) -> Path:
    """Rebuild `outputs/index.html` of what is published now, whole or not at all.

    Two publications at once take turns, so that the second has seen what the first one published.

    Args:
        home: whose outputs.

    Raises:
        OSError: it could not be written; the former one stands.
        Busy: another process is at it for longer than half a minute.
        Failure: the page would not be inert; the former one stands.
    """
    file = home.outputs / INDEX
    with _turn(home.runs):
        page = index_page(*published_reports(home.outputs))
        found = audit(page, links=True)
        if found:
            raise Failure(f"outputs/{INDEX} would not be inert: {'; '.join(found[:5])}.")
        replace_file(file, page.encode("utf-8"), lambda _: None)
    return file


def index_page(reports: Sequence[PublishedReport], strange: Sequence[str] = ()) -> str:
    """The page.

    Args:
        reports: from `published_reports`, newest first.
        strange: NAMEs that can't be read; they are said, not left out.

    Returns:
        One HTML document that runs nothing and loads nothing; its links are relative to the folder it stands in.
    """
    official = [report for report in reports if report.kind is Kind.OFFICIAL]
    by_end = {report.period.end: report for report in official}
    months = [_line(report, _change(report, by_end)) for report in official]
    others = [_line(report, "") for report in reports if report.kind is not Kind.OFFICIAL]
    css = "\n".join(file.read_text(encoding="utf-8") for file in STYLES)
    return visible(
        templates("run")
        .get_template("index.html.j2")
        .render(months=months, others=others, strange=strange, css=css)
    )


def _line(report: PublishedReport, change: str) -> Mapping[str, Any]:
    fmt, opened = Format(report.currency), report.opened
    return {
        "name": report.name,
        "label": report.period.label,
        "links": [
            (label, f"{quote(os.fsencode(report.name))}/{FILES[label]}") for label in report.files
        ],
        "base": report.base,
        "complete": report.complete,
        "total": fmt.money(report.cost),
        "change": change,
        "budget": fmt.money(opened["budget"]),
        "variance": fmt.variance(opened["variance"], opened["variance_ratio"]),
        "status": opened["status"],
        "slug": opened["status"].lower().replace(" ", "-"),
        "stamp": f"WHAT-IF: {_cut(report.reason)}"
        if report.kind is Kind.SCENARIO
        else "ANALYSIS · NOT FOR BOOKING",
        "days": _days(report, fmt),
    }


def _days(report: PublishedReport, fmt: Format) -> Markup:
    """The shape of its days over the whole period, so that one that still runs is not drawn as one that is over."""
    whole = (report.period.end - report.period.start).days
    days = report.days[:whole]
    if not days:
        return Markup("")
    return sparkline(
        [*days, *[None] * (whole - len(days))], f"Cost by day, at most {fmt.money(max(days))}"
    )


def _cut(reason: str) -> str:
    return reason if len(reason) <= REASON else reason[: REASON - 1] + "…"


def _change(report: PublishedReport, by_end: Mapping[date, PublishedReport]) -> str:
    """Against the month before, if that was published in the same currency; a month that still runs is no fall."""
    before = by_end.get(report.period.start)
    if (
        before is None
        or before.currency != report.currency
        or not (report.complete and before.complete)
    ):
        return ""
    return Format(report.currency).change(report.cost - before.cost)


@contextmanager
def _turn(runs: Path) -> Iterator[None]:
    with ExitStack() as held:
        for number in range(TRIES):
            try:
                held.enter_context(hold(runs, f"~{INDEX}", "rebuilt"))
                break
            except Busy:
                if number == TRIES - 1:
                    raise
                time.sleep(PAUSE)
        yield
