"""Provenance: the stamps of a report, which the page and the mail share, and its record as JSON."""

from __future__ import annotations

import json

import pytest
from support.made_usage import data_of

from finops_nb.outputs.manifest import Kind, Manifest
from finops_nb.report.provenance import Stamp, provenance, revision_changes, stamps_of

SCENARIO = {"reason": "more for a", "author": "Ana", "date": "2025-12-15", "base": "2025-12"}


def test_an_official_report_of_a_period_that_is_over_has_no_stamp():
    """It is the only report without one."""
    assert stamps_of(Kind.OFFICIAL, {}, "", "") == ()


@pytest.mark.parametrize(
    ("kind", "word"), [(Kind.ANALYSIS, "ANALYSIS · NOT FOR BOOKING"), (Kind.DRAFT, "DRAFT")]
)
def test_analyses_and_drafts_have_a_stamp_and_its_meaning(kind, word):
    """The meaning is a sentence, and there is no reason to give."""
    [stamp] = stamps_of(kind, {}, "", "")
    assert (stamp.word, stamp.reason, stamp.title) == (word, "", word)
    assert stamp.meaning.startswith("Not ")


def test_a_what_if_names_its_reason_apart_from_its_word():
    """The subject of a mail has the word without the reason; the page has both."""
    [stamp] = stamps_of(Kind.SCENARIO, SCENARIO, "", "")
    assert stamp == Stamp(
        "WHAT-IF",
        "more for a",
        "By Ana, 2025-12-15, based on the 2025-12 budgets; not for booking.",
    )
    assert stamp.title == "WHAT-IF: more for a"


def test_stamps_have_one_order():
    """The kind comes first, then the invoices, then the period."""
    stamps = stamps_of(Kind.DRAFT, SCENARIO, "Invoices differ.", "Usage is known through today.")
    assert [stamp.word for stamp in stamps] == ["DRAFT", "WHAT-IF", "NOT RECONCILED", "PARTIAL"]
    assert [stamp.meaning for stamp in stamps[2:]] == [
        "Invoices differ.",
        "Usage is known through today. Costs are to date; budgets cover the whole period.",
    ]


def test_a_first_publication_has_no_changes():
    """A first revision has nothing to compare with; a draft has no revision."""
    for manifest in (Manifest(), Manifest(Kind.OFFICIAL, "2025-12", revision=1)):
        assert revision_changes(data_of(manifest=manifest)) == ()


def test_the_record_is_json():
    """It names the inputs with their hashes and rows, and the versions that made the report."""
    record = provenance(data_of())
    assert json.loads(json.dumps(record)) == record
    assert record["inputs"] == [{"name": "usage/calls.csv", "sha256": "0" * 64, "rows": 6}]
    assert {"python", "finops-nb", "duckdb"} <= record["versions"].keys()
    assert record["revision"] == {"number": 0, "reason": "", "changes": []}
