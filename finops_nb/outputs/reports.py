"""Every published report, as its results have it: what the index lists."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from finops_nb.money import ZERO
from finops_nb.outputs.artifacts import (
    DRAFT_LEDGER,
    HTML,
    LEDGER,
    PDF,
    RESULTS,
    WORKBOOK,
    read_results,
)
from finops_nb.outputs.manifest import Kind
from finops_nb.period import Period, parse_period

FILES: Final = {
    "Report": HTML,
    "PDF": PDF,
    "XLSX": WORKBOOK,
    "Ledger": LEDGER,
    "Draft ledger": DRAFT_LEDGER,
    "Results": RESULTS,
}
"""The files of a report that can be opened, by what a reader calls them."""
LISTED: Final = re.compile(rb'href="([^"]*)/results\.json"')
"""An index has such a link for each report that it lists."""
LARGEST: Final = 20
"""The power of ten of the largest figure that is printed."""
UNREADABLE: Final = (
    OSError,
    LookupError,
    TypeError,
    ValueError,
    ArithmeticError,
    AttributeError,
    RecursionError,
)
"""The errors of results that are torn, or were written by another version or by hand."""


@dataclass(frozen=True, slots=True)
class PublishedReport:
    """One published report.

    Args:
        name: its NAME.
        kind: of it.
        period: the days it covers.
        complete: the period was over when the report was made.
        currency: of its money.
        cost: its total.
        opened: from its executive summary: `budget`, `variance`, `variance_ratio`, `status`.
        days: its cost by day, from its first day to the last with usage; 0 on days without usage.
        reason: of a what-if.
        base: of a what-if, the NAME whose budgets it changes.
        files: the keys of `FILES` whose files exist.
    """

    name: str
    kind: Kind
    period: Period
    complete: bool
    currency: str
    cost: Decimal
    opened: Mapping[str, Any] = field(repr=False)
    days: tuple[Decimal, ...] = field(repr=False)
    reason: str
    base: str
    files: tuple[str, ...]


def published_reports(outputs: Path) -> tuple[list[PublishedReport], list[str]]:
    """Every report in the folder of outputs, and the NAMEs of unreadable ones.

    Returns:
        Reports, newest period first, then by NAME; and the unreadable NAMEs, sorted.
    """
    reports: list[PublishedReport] = []
    unreadable: list[str] = []
    for file in sorted(outputs.rglob(RESULTS)):
        name = file.parent.relative_to(outputs).as_posix()
        if any(part.startswith((".", "_")) for part in name.split("/")):
            continue
        try:
            reports.append(_report(file, name))
        except UNREADABLE:
            unreadable.append(name)
    # Sorts are stable: by NAME within a period.
    reports.sort(key=lambda report: report.name)
    reports.sort(key=lambda report: (report.period.end, report.period.start), reverse=True)
    return reports, unreadable


def are_there(page: bytes, outputs: Path) -> bool:
    """Whether every report that an index links to still exists: its folder may have been deleted.

    Args:
        page: the bytes of the index.
        outputs: the folder it is in.
    """
    folders = (os.fsdecode(unquote_to_bytes(link)) for link in LISTED.findall(page))
    return all((outputs / folder / RESULTS).is_file() for folder in folders)


def _report(file: Path, name: str) -> PublishedReport:
    results = read_results(file.read_bytes())
    if results["name"] != name:
        raise ValueError("a copy of another report's results")
    if not {"key", "generated"} <= results["provenance"].keys():
        raise ValueError("not the results of a run")
    params = results["provenance"]["params"]
    scenario = params.get("scenario") or {}
    period = parse_period(params["period"])
    return PublishedReport(
        name=name,
        kind=Kind(results["kind"]),
        period=period,
        complete=bool(results["period"]["complete"]),
        currency=str(results["currency"]),
        cost=_figure(results["total"]),
        opened=_opened(results),
        days=_days(results, period),
        reason=str(scenario.get("reason", "")),
        base=str(scenario.get("base", "")),
        files=tuple(label for label, each in FILES.items() if (file.parent / each).is_file()),
    )


def _opened(results: Mapping[str, Any]) -> dict[str, Any]:
    [summary] = results["tables"]["executive_summary"]
    opened: dict[str, Any] = {"status": str(summary["status"])}
    for key in ("budget", "variance", "variance_ratio"):
        opened[key] = None if summary[key] is None else _figure(summary[key])
    return opened


def _days(results: Mapping[str, Any], period: Period) -> tuple[Decimal, ...]:
    rows = results["tables"]["spend_by_day"]
    cost_by_day = {date.fromisoformat(row["day"]): _figure(row["cost"]) for row in rows}
    last = max(cost_by_day, default=period.start)
    length = (last - period.start).days + 1
    days = (period.start + timedelta(days=number) for number in range(length))
    return tuple(cost_by_day.get(day, ZERO) for day in days)


def _figure(text: str) -> Decimal:
    """A figure that can be printed: finite, and of a length that fits a page."""
    figure = Decimal(text)
    if not figure.is_finite() or figure.adjusted() > LARGEST:
        raise ValueError("not a figure")
    return figure
