"""Every report that is published, as its results have it: what the index lists."""

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
from finops_nb.outputs.artifacts import HTML, LEDGER, PDF, RESULTS, WORKBOOK, read_results
from finops_nb.outputs.manifest import Kind
from finops_nb.period import Period, parse_period

FILES: Final = {"Report": HTML, "PDF": PDF, "XLSX": WORKBOOK, "Ledger": LEDGER, "Results": RESULTS}
"""What can be opened of a report, and what a reader calls it."""
LISTED: Final = re.compile(rb'href="([^"]*)/results\.json"')
"""Each report that an index lists has such a link."""
LARGEST: Final = 20
"""The power of ten of the largest figure that is printed."""


@dataclass(frozen=True, slots=True)
class PublishedReport:
    """One published report.

    Args:
        name: its NAME.
        kind: of it.
        period: the days it covers.
        complete: they were over when it was made.
        currency: of its money.
        cost: its total.
        opened: what it opened with: `budget`, `variance`, `variance_ratio`, `status`.
        days: its cost by day, from its first day to the last with usage; 0 where a day had none.
        reason: of a what-if.
        base: of a what-if, the NAME whose budgets it changes.
        files: which of `FILES` are there.
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
    """Every report in the folder of outputs, and the NAMEs of those that can't be read.

    Returns:
        Newest period first, equals by NAME; and the others, sorted.
    """
    found, strange = [], []
    for file in sorted(outputs.rglob(RESULTS)):
        name = file.parent.relative_to(outputs).as_posix()
        if any(part.startswith(".") for part in name.split("/")):
            continue
        try:
            found.append(_report(file, name))
        except (
            OSError,
            LookupError,
            TypeError,
            ValueError,
            ArithmeticError,
            AttributeError,
            RecursionError,
        ):
            strange.append(name)
    found.sort(key=lambda report: report.name)
    return sorted(
        found, key=lambda report: (report.period.end, report.period.start), reverse=True
    ), strange


def are_there(page: bytes, outputs: Path) -> bool:
    """Whether every report that an index links to is still there: a folder may have been deleted."""
    return all(
        (outputs / os.fsdecode(unquote_to_bytes(name)) / RESULTS).is_file()
        for name in LISTED.findall(page)
    )


def _report(file: Path, name: str) -> PublishedReport:
    results = read_results(file.read_bytes())
    if results["name"] != name:
        raise ValueError("a copy of another report's results")
    if not {"key", "generated"} <= results["provenance"].keys():
        raise ValueError("not the results of a run")
    params = results["provenance"]["params"]
    scenario = params.get("scenario") or {}
    [opened] = results["tables"]["executive_summary"]
    spent = {
        date.fromisoformat(line["day"]): _figure(line["cost"])
        for line in results["tables"]["spend_by_day"]
    }
    period = parse_period(params["period"])
    last = max(spent, default=period.start)
    days = tuple(
        spent.get(period.start + timedelta(days=n), ZERO)
        for n in range((last - period.start).days + 1)
    )
    return PublishedReport(
        name=name,
        kind=Kind(results["kind"]),
        period=period,
        complete=bool(results["period"]["complete"]),
        currency=str(results["currency"]),
        cost=_figure(results["total"]),
        opened={
            key: None if opened[key] is None else _figure(opened[key])
            for key in ("budget", "variance", "variance_ratio")
        }
        | {"status": str(opened["status"])},
        days=days,
        reason=str(scenario.get("reason", "")),
        base=str(scenario.get("base", "")),
        files=tuple(label for label, each in FILES.items() if (file.parent / each).is_file()),
    )


def _figure(text: str) -> Decimal:
    """A figure that can be printed; one that is none, or endless, is not."""
    figure = Decimal(text)
    if not figure.is_finite() or figure.adjusted() > LARGEST:
        raise ValueError("not a figure")
    return figure
