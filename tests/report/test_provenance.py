"""Provenance: the stamps of a report, which the page and the mail share, and its record as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from support.made_usage import data_of

from finops_nb.findings.overview import later_usage, warnings
from finops_nb.outputs.manifest import Kind, Manifest
from finops_nb.report.provenance import Stamp, provenance, revision_changes, stamps, stamps_of

SCENARIO = {"reason": "more for a", "author": "Ana", "date": "2025-12-15", "base": "2025-12"}


def test_an_official_report_of_a_period_that_is_over_has_no_stamp():
    """It is the only report without one."""
    assert stamps_of(Kind.OFFICIAL, {}, "", "") == ()


@pytest.mark.parametrize(
    ("kind", "word", "meaning"),
    [
        (
            *(Kind.ANALYSIS, "ANALYSIS · NOT FOR BOOKING"),
            "An analysis, not the official monthly report.",
        ),
        (
            *(Kind.DRAFT, "DRAFT"),
            'Not published. The command "finops-nb run" publishes the report.',
        ),
    ],
)
def test_analyses_and_drafts_have_a_stamp_and_its_meaning(kind, word, meaning):
    """The meaning is a sentence, and there is no reason to give."""
    [stamp] = stamps_of(kind, {}, "", "")
    assert (stamp.word, stamp.reason, stamp.title) == (word, "", word)
    assert stamp.meaning == meaning


def test_a_what_if_names_its_reason_apart_from_its_word():
    """The subject of a mail has the word without the reason; the page has both."""
    [stamp] = stamps_of(Kind.SCENARIO, SCENARIO, "", "")
    assert stamp == Stamp(
        "WHAT-IF",
        "more for a",
        "By Ana on December 15, 2025, based on the 2025-12 budgets; not for booking.",
    )
    assert stamp.title == "WHAT-IF: more for a"


def test_stamps_have_one_order():
    """The kind comes first, then the invoices, then the period."""
    made = stamps_of(Kind.DRAFT, SCENARIO, "Invoices differ.", "Usage is complete so far.")
    assert [stamp.word for stamp in made] == ["DRAFT", "WHAT-IF", "NOT RECONCILED", "PARTIAL"]
    assert [stamp.meaning for stamp in made[2:]] == [
        "Invoices differ.",
        "Usage is complete so far. Costs are to date; budgets cover the whole period.",
    ]


def test_later_usage_is_in_the_costs_and_in_the_stamp(usage_of, params):
    """1.00 of the 20th is in the total, but usage is complete only through the 18th."""
    calls = [("a", "x", "f", "c", "1", f"2025-12-{day}") for day in (18, 20)]
    usage = replace(usage_of(calls, complete=False), complete_through=date(2025, 12, 18))
    data = data_of(usage=usage, params=params(), manifest=Manifest(Kind.OFFICIAL, "2025-12"))
    known = "Usage is complete through December 18, 2025; the period ends December 31, 2025."
    assert f"PARTIAL: {known}" in warnings(data)
    assert stamps(data) == (
        (
            "PARTIAL",
            f"{known} "
            "Total costs also include $1.00 dated December 19 to December 20; the run rate and the "
            "figures to date exclude it. Budgets cover the whole period.",
        ),
    )


def test_a_year_that_lacks_months_is_partial_and_says_which(usage_of, params):
    """The stamp is in the title, and the warning is the mail's and that of `check`."""
    months = tuple(f"2025-{number:02}" for number in (1, 2, 3, 7))
    usage = replace(usage_of([("a", "x", "f", "c", "1")], "2025"), months_missing=months)
    manifest = Manifest(Kind.ANALYSIS, "analysis/2025")
    data = data_of(usage=usage, params=params(period="2025"), manifest=manifest)
    text = "There is no usage for January to March 2025 and July 2025."
    assert f"PARTIAL: {text}" in warnings(data)
    assert stamps(data)[-1] == (
        "PARTIAL",
        f"{text} Costs are to date; budgets cover the whole period.",
    )


def test_later_usage_of_one_day_names_that_day(usage_of, params):
    """The year is printed where the two days are of different years."""
    usage = usage_of([("a", "x", "f", "c", "1", "2025-12-19")], complete=False)
    through = replace(usage, complete_through=date(2025, 12, 18))
    assert later_usage(through, "USD") == (
        "Total costs also include $1.00 dated December 19; "
        "the run rate and the figures to date exclude it."
    )
    before = replace(usage, complete_through=date(2024, 12, 30))
    assert " dated December 31, 2024 to December 19, 2025; " in later_usage(before, "USD")


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
