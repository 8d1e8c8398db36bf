"""The index: one page of every published report, newest first, rebuilt at each publication."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from finops_nb.edition import Kind
from finops_nb.errors import Busy, Failure
from finops_nb.export import TEMPLATES, audit
from finops_nb.format import Format, spelled_day
from finops_nb.home import Home
from finops_nb.job import INDEX
from finops_nb.lock import hold
from finops_nb.publish import replace_file
from finops_nb.published_reports import FILES, PublishedReport, published_reports
from finops_nb.sparkline import sparkline
from finops_nb.table import environment

STYLES: Final = (("report", "finops.css"), ("report", "report.css"), ("index", "index.css"))
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
    with _turn(home.outputs / ".runs"):
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
    official = {report.period.text: report for report in reports if report.kind is Kind.OFFICIAL}
    months = [_line(report, _change(report, official)) for report in official.values()]
    others = [_line(report, "") for report in reports if report.kind is not Kind.OFFICIAL]
    css = "\n".join((TEMPLATES / folder / file).read_text(encoding="utf-8") for folder, file in STYLES)
    return environment().get_template("index/index.html.j2").render(months=months, others=others, strange=strange, css=css)


def _line(report: PublishedReport, change: str) -> Mapping[str, Any]:
    fmt, opened = Format(report.currency), report.opened
    highest = max(report.days, default=None)
    shape = f"Cost by day up to {spelled_day(report.period.start)}" if highest is None else f"Cost by day, at most {fmt.money(highest)}"
    return {
        "name": report.name,
        "label": report.period.label,
        "links": [(label, f"{quote(report.name)}/{FILES[label]}") for label in report.files],
        "complete": report.complete,
        "total": fmt.money(report.cost),
        "change": change,
        "budget": fmt.money(opened["budget"]),
        "variance": fmt.variance(opened["variance"], opened["variance_ratio"]),
        "status": opened["status"],
        "slug": opened["status"].lower().replace(" ", "-"),
        "stamp": f"WHAT-IF: {report.reason}" if report.kind is Kind.SCENARIO else "ANALYSIS · NOT FOR BOOKING",
        "days": sparkline(report.days, shape),
    }


def _change(report: PublishedReport, official: Mapping[str, PublishedReport]) -> str:
    """Against the month before, if that was published in the same currency; a month that still runs is no fall."""
    before = official.get(report.period.preceding().text)
    if before is None or before.currency != report.currency or not (report.complete and before.complete):
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
