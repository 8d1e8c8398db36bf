"""What the summary of the workbook says: its sections, each with lines of a label and a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from finops_nb import schema
from finops_nb.figures.report_data import ReportData
from finops_nb.report.prose import Prose
from finops_nb.report.provenance import stamps
from finops_nb.report.summary_labels import (
    ABOUT,
    FACTS,
    NOTES,
    SENTENCE_KEYS,
    heading_of,
    label_of,
    with_detail,
)
from finops_nb.schema import Column, Unit

UNITS: Final[Mapping[str, Unit]] = {
    column.name: column.unit for column in vars(schema).values() if isinstance(column, Column)
}
"""The unit of every column of the schema, by name."""

FIGURE_UNITS: Final[Mapping[str, Unit]] = {
    "high": "signed share",
    "low": "signed share",
    "over": "change",
}
"""The unit of figures in prose that no column has."""

SummaryLine = tuple[str, Unit, Any]
"""A label, a unit, and the figure or the sentence."""


def summary_sections(
    data: ReportData, opening: Iterable[Prose]
) -> Iterator[tuple[str, Iterable[SummaryLine]]]:
    """The sections of the summary, each a heading and its lines.

    Args:
        data: the report data.
        opening: the prose before the report's first table.
    """
    yield "", _facts(data)
    for prose in opening:
        if prose.lines:
            yield heading_of(prose.name), _prose_lines(prose)
    yield ABOUT, (("", "text", note) for note in NOTES)


def _facts(data: ReportData) -> Iterator[SummaryLine]:
    """The report's stamps, period, currency and key."""
    yield from ((stamp, "text", meaning) for stamp, meaning in stamps(data))
    window, manifest = data.params.window, data.manifest
    values: tuple[tuple[Unit, Any], ...] = (
        ("text", window.label),
        ("day", window.start),
        ("day", window.last_day),
        ("text", data.params.currency),
        ("text", manifest.generated),
        ("text", manifest.key),
    )
    yield from ((label, unit, value) for label, (unit, value) in zip(FACTS, values, strict=True))


def _prose_lines(prose: Prose) -> Iterator[SummaryLine]:
    """The sentences of a piece of prose, each followed by its figures."""
    for line in prose.lines:
        if "text" in line:
            yield line.get("title", ""), "text", line["text"]
        elif "detail" in line:
            yield line["label"], "text", with_detail(line["value"], line["detail"])
        for name, value in line.items():
            is_scalar = isinstance(value, (Decimal, int, str, date))
            if name not in SENTENCE_KEYS and is_scalar and value != "":
                yield label_of(name, line), _unit(name, value), value


def _unit(name: str, value: Any) -> Unit:
    """The unit of a figure in prose, which has no column."""
    if isinstance(value, Decimal):
        ratio: Unit = "signed share" if name.endswith("_ratio") else "money"
        return FIGURE_UNITS.get(name) or UNITS.get(name, ratio)
    if isinstance(value, date):
        return "day"
    return "count" if isinstance(value, int) else "text"
