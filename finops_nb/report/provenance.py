"""Provenance: what the figures were made from, and the stamps of what is not final and official."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from typing import Any, Final, NamedTuple

from finops_nb.figures.report_data import ReportData
from finops_nb.findings.changes import Change, changes
from finops_nb.findings.cost_by_pair import TABLE
from finops_nb.findings.overview import (
    INVOICES_DIFFER,
    how_far_known,
    invoice_differences,
    later_usage,
    overview,
)
from finops_nb.outputs.artifacts import REPORT_NAME, previous_results
from finops_nb.outputs.manifest import Kind
from finops_nb.params.drivers import Drivers
from finops_nb.period import spelled_date
from finops_nb.report.data_tables import source_rows
from finops_nb.report.format import Format, text_sentence
from finops_nb.report.table import scalar
from finops_nb.usage.sources.notice import InputFile
from finops_nb.words import first_of

LIBRARIES: Final = ("finops-nb", "duckdb", "pandas", "matplotlib", "papermill", "nbconvert")
INVOICES_NAMED: Final = 3
"""Invoices that a stamp names; the others are counted."""

KIND_STAMPS: Final = {
    Kind.ANALYSIS: (
        "ANALYSIS · NOT FOR BOOKING",
        "An analysis, not the official monthly report.",
    ),
    Kind.DRAFT: ("DRAFT", 'Not published. The command "finops-nb run" publishes the report.'),
}
"""The stamp of each kind of report that is neither official nor a what-if, and its meaning."""


class Stamp(NamedTuple):
    """A mark on a report that is not the final, official one.

    Args:
        word: the mark: "PARTIAL".
        reason: the author's reason for a what-if; empty in other stamps.
        meaning: one or more sentences.
    """

    word: str
    reason: str
    meaning: str

    @property
    def title(self) -> str:
        """The word with its reason: "WHAT-IF: two more regions"."""
        return f"{self.word}: {self.reason}" if self.reason else self.word


def stamps_of(
    kind: Kind, scenario: Mapping[str, Any], unreconciled: str, known: str, later: str = ""
) -> tuple[Stamp, ...]:
    """Every stamp of a report, in the order in which the page and the mail show them.

    Args:
        kind: of the report.
        scenario: `reason`, `author`, `date` and `base` of a what-if; empty for other reports.
        unreconciled: a sentence on the invoices that differ; empty if all agree.
        known: a sentence on how far usage is complete; empty if the period is over.
        later: a sentence on the usage after that; empty if there is none.

    Returns:
        Nothing for an official report of a period that is over and whose invoices agree.

    Example:
        stamps_of(Kind.ANALYSIS, {}, "", "Usage is complete through December 18, 2025.")
    """
    stamps = []
    if kind in KIND_STAMPS:
        word, meaning = KIND_STAMPS[kind]
        stamps.append(Stamp(word, "", meaning))
    if scenario:
        author = f"By {scenario['author']} on {_day(scenario['date'])}"
        meaning = f"{author}, based on the {scenario['base']} budgets; not for booking."
        stamps.append(Stamp("WHAT-IF", scenario["reason"], meaning))
    if unreconciled:
        stamps.append(Stamp("NOT RECONCILED", "", unreconciled))
    if known:
        costs = f"{later} Budgets" if later else "Costs are to date; budgets"
        stamps.append(Stamp("PARTIAL", "", f"{known} {costs} cover the whole period."))
    return tuple(stamps)


def stamps(data: ReportData) -> tuple[tuple[str, str], ...]:
    """Every stamp of the report as its title and its meaning; see `stamps_of`."""
    scenario = data.params.scenario
    made = stamps_of(
        data.manifest.kind,
        scenario.model_dump() if scenario else {},
        _unreconciled(data),
        how_far_known(data.usage),
        later_usage(data.usage, data.params.currency),
    )
    return tuple((stamp.title, stamp.meaning) for stamp in made)


def title(data: ReportData) -> str:
    """The title of the report: "Organizational Alignment · December 2025 · PARTIAL"."""
    marks = (stamp for stamp, _ in stamps(data))
    return " · ".join([REPORT_NAME, data.params.window.label, *marks])


def provenance(data: ReportData) -> dict[str, Any]:
    """What to repeat the report from, as JSON.

    Returns:
        `{key, generated, inputs: [{name, sha256, rows}], mapping, drivers, rows_read, budgets,
        params, versions, notebook, code, months, revision: {number, reason, changes: [{causes,
        text, money, by_name, rows}]}}`; no local path, no user.
    """
    fmt = Format(data.params.currency)
    revision = {
        "number": data.manifest.revision,
        "reason": data.manifest.reason,
        "changes": [_change_record(change, fmt) for change in revision_changes(data)],
    }
    return _made_from(data) | {"revision": revision}


def revision_changes(data: ReportData) -> tuple[Change, ...]:
    """What changed since the last revision; nothing in a first publication or an unofficial one."""
    if data.manifest.revision < 2:
        return ()
    pairs = data.usage.groups["organization", "product"].to_dict("records")
    tables = {TABLE: pairs, "sources": source_rows(data)}
    results = overview(data) | {"provenance": _made_from(data), "tables": tables}
    return changes(previous_results(data.manifest), results)


def _unreconciled(data: ReportData) -> str:
    """Which invoices differ, and by how much; empty if all agree."""
    differences = invoice_differences(data)
    if not differences:
        return ""
    return f"{INVOICES_DIFFER}: {first_of(differences, INVOICES_NAMED)}. See Invoices."


def _day(day: date | str) -> str:
    """A day of a scenario, which is text in results.json: "December 15, 2025"."""
    return spelled_date(date.fromisoformat(f"{day}"))


def _made_from(data: ReportData) -> dict[str, Any]:
    """Inputs, parameters and versions, without the revision."""
    versions = {name: version(name) for name in LIBRARIES}
    return {
        "key": data.manifest.key,
        "generated": data.manifest.generated,
        "inputs": [_file_record(file) for file in data.usage.inputs],
        "mapping": _file_record(data.usage.mapping) if data.usage.mapping else None,
        "drivers": _drivers_record(data.drivers) if data.drivers else None,
        "rows_read": data.usage.rows_read,
        "budgets": data.budgets.as_record(),
        "params": data.params.shared_parameters(),
        "versions": {"python": platform.python_version()} | versions,
        **data.manifest.origin,
    }


def _change_record(change: Change, fmt: Format) -> dict[str, Any]:
    """A change as JSON."""
    return {
        "causes": list(change.causes),
        "text": text_sentence(change.sentence, fmt),
        "money": scalar(change.money),
        "by_name": {name: scalar(amount) for name, amount in change.by_name.items()},
        "rows": change.rows,
    }


def _drivers_record(drivers: Drivers) -> dict[str, Any]:
    return _file_record(InputFile(drivers.file, drivers.sha256, len(drivers.lines)))


def _file_record(file: InputFile) -> dict[str, Any]:
    return {"name": file.name, "sha256": file.sha256, "rows": file.rows}
