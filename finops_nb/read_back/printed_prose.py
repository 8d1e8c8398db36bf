"""Printed prose against results.json: every sentence, and the figures of the summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from finops_nb.read_back.figures import Record, printed
from finops_nb.read_back.page import Head, words
from finops_nb.report.format import Format, visible

SENTENCES: Final = ("title", "text", "label", "value", "detail")
"""The keys of a line of prose whose words the page has."""

SUMMARY: Final = "executive_summary"
SUMMARY_FIGURES: Final = (
    Head("Total Spend", "total_spend", "money"),
    Head("Budget", "budget", "money"),
    Head("Budget Variance", "variance", "variance"),
    Head("Status", "status", "status"),
    Head("Calls", "calls", "count"),
    Head("Customers", "customers", "count"),
)
"""What the summary says of its one line: what is not None, and the status of a budget."""


def prose_faults(name: str, text: str, records: Sequence[Record], fmt: Format) -> Iterator[str]:
    """The sentences and figures of a piece of prose that its text lacks, each as a sentence.

    Args:
        name: its key in results.json.
        text: what the page shows of it.
        records: its lines in results.json.
        fmt: for the currency.
    """
    for record in records:
        for sought in _sought(name, record, fmt):
            if sought not in text:
                yield f'it lacks "{sought}"'


def _sought(name: str, record: Mapping[str, object], fmt: Format) -> Iterator[str]:
    for key in SENTENCES:
        if isinstance(record.get(key), str):
            yield words(visible(str(record[key])))
    if name == SUMMARY:
        for head in SUMMARY_FIGURES:
            is_said = head.name != "status" or record.get("budget") is not None
            if is_said and record.get(head.name) is not None:
                yield printed(head, record, fmt)
