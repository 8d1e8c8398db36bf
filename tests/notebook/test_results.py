"""Results: what the last cell writes for the runner, and what it does not."""

from __future__ import annotations

import json
from decimal import Decimal

import pandas as pd
import pytest
from support.made_usage import data_of

from finops_nb.commands.suggestion import budget_skeleton
from finops_nb.figures.allocation import allocate
from finops_nb.figures.chargeback import ledger, ledger_text
from finops_nb.findings.overview import overview, warnings
from finops_nb.notebook.results import Parts, write_results
from finops_nb.outputs.artifacts import WORKBOOK, marker_text
from finops_nb.outputs.manifest import Kind, Manifest, current_manifest, kind_of
from finops_nb.params.budgets import Budgets, Version, read_budgets
from finops_nb.usage.sources.notice import Notice

NONE = Budgets({}, (Version("original", {}, {}),))


def parts_of(usage, params, manifest, book=None) -> Parts:
    """No part yet, of this usage without budgets."""
    return Parts(data_of(usage=usage, budgets=NONE, params=params, manifest=manifest), book)


def manifest_in(folder, kind=Kind.OFFICIAL) -> Manifest:
    return Manifest(
        kind=kind, name="2025-12", key="k" * 64, generated="2026-01-01T00:00:00Z", staging=folder
    )


def test_a_draft_writes_nothing(six, params, tmp_path, monkeypatch):
    """It says so, and leaves the folder empty."""
    monkeypatch.chdir(tmp_path)
    assert "nothing is written" in repr(write_results(parts_of(six, params(), Manifest())))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "files"),
    [
        (Kind.OFFICIAL, {"results.json", WORKBOOK, "chargeback.csv"}),
        (Kind.ANALYSIS, {"results.json", WORKBOOK}),
    ],
)
def test_only_an_official_edition_has_a_ledger(six, params, tmp_path, kind, files):
    """It writes results.json and the workbook, and chargeback.csv for an official manifest; its text is the mark the runner looks for."""
    manifest = manifest_in(tmp_path, kind)
    assert repr(
        write_results(parts_of(six, params(), manifest, ledger(six, "USD")))
    ) == marker_text(manifest)
    assert {file.name for file in tmp_path.iterdir()} == files


def test_results_are_the_overview_with_tables_and_provenance(six, params, tmp_path):
    """It holds the object of `check`, unrounded money as text, and what it was made from."""
    write_results(parts_of(six, params(), manifest_in(tmp_path)))
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert results["total"] == "10"
    assert results["organizations"] == {"(unallocated)": "2", "org-a": "6", "org-b": "2"}
    assert results["money"] == {"outside_period": "0", "unallocated": "2"}
    assert results["provenance"]["inputs"] == [
        {"name": "usage/calls.csv", "sha256": "0" * 64, "rows": 6}
    ]


def test_no_absolute_path_is_in_the_provenance(six, params, tmp_path):
    """It names of a path outside the home the last part only."""
    write_results(parts_of(six, params(usage="/data/private/calls.csv"), manifest_in(tmp_path)))
    assert "/data/private" not in (tmp_path / "results.json").read_text(encoding="utf-8")


def test_the_ledger_ends_days_exclusively_and_defuses_formulas(six, params):
    """It writes ISO days, plain decimals, LF; a name a spreadsheet could run gets an apostrophe, which can be taken off."""
    names = ["=1+1", "+1", "-x", "@x", "\tx", " =x", "\uff1dx", "'x", "x=1", "a,b"]
    book = pd.DataFrame(
        [(name, "p", Decimal("1.50")) for name in names],
        columns=["organization", "product", "amount"],
    )
    lines = ledger_text(data_of(usage=six, params=params()), book).split("\n")
    assert lines[1] == "2025-12-01,2026-01-01,'=1+1,p,1.50,USD"
    assert [line.split(",")[2][:1] for line in lines[1:9]] == ["'"] * 8
    assert lines[9:] == [
        "2025-12-01,2026-01-01,x=1,p,1.50,USD",
        '2025-12-01,2026-01-01,"a,b",p,1.50,USD',
        "",
    ]


def test_warnings_are_sentences_with_money(six, params):
    """It warns of unallocated cost, of a period that is not over, of budgets without usage, and of what was done to the data."""
    made = params(organization_budgets={"org-a": 1, "team-z": 1, "orgb": 1})
    found = warnings(data_of(usage=six, budgets=read_budgets(made), params=made))
    absent = 'organization_budgets: no usage in the period of team-z, orgb (did you mean "org-b"?).'
    assert found == ["2 USD name no organization.", absent]
    overviewed = overview(
        data_of(
            usage=six, budgets=NONE, params=params(), manifest=Manifest(Kind.OFFICIAL, "2025-12")
        )
    )
    assert overviewed["rows"] == {"read": 6, "used": 6, "outside_period": 0}


def test_a_name_much_like_a_known_one_is_asked_about(six, params):
    """In approvals, notes and owners; a name like no other may be one that spends nothing this month."""
    made = params(
        approvals={"serch": "CFO"},
        notes={"org-aa": "hi"},
        owners={"org-b": "Bob", "elsewhere": "Eve"},
    )
    assert warnings(data_of(usage=six, budgets=read_budgets(made), params=made))[1:] == [
        'approvals: serch is no name of usage or budgets; did you mean "search"?',
        'notes: org-aa is no name of usage or budgets; did you mean "org-a"?',
    ]


@pytest.mark.parametrize(
    ("name", "period", "kind"),
    [
        ("2025-12", "2025-12", Kind.OFFICIAL),
        ("2025-12", "2025-11", Kind.ANALYSIS),
        ("2025-12", "2025-11-18/2025-12-18", Kind.ANALYSIS),
        ("2025", "2025", Kind.ANALYSIS),
        ("2025-Q4", "2025-Q4", Kind.ANALYSIS),
        ("analysis/2025-12", "2025-12", Kind.ANALYSIS),
        ("scenarios/lower", "2025-12", Kind.SCENARIO),
    ],
)
def test_official_is_only_a_month_under_its_own_name(name, period, kind):
    """It is official where the NAME is the very month of the period."""
    assert kind_of(name, period) is kind


def test_the_edition_reaches_the_kernel_by_its_folder(tmp_path, monkeypatch):
    """It is read from the folder that the environment names; without one it is a draft."""
    monkeypatch.delenv("FINOPS_NB_STAGING", raising=False)
    assert current_manifest() == Manifest()
    manifest_in(tmp_path).save(tmp_path)
    monkeypatch.setenv("FINOPS_NB_STAGING", str(tmp_path))
    assert current_manifest() == manifest_in(tmp_path)


def test_a_skeleton_rounds_costs_up_to_hundreds(six):
    """It proposes 100 for 6.00; cost without a name gets none."""
    assert (
        "  org-a: 100\n  org-b: 100\nproduct_budgets:\n  chat: 100\n  search: 100"
        in budget_skeleton(six)
    )
    assert "unallocated" not in budget_skeleton(six)
    assert len(allocate(six, "organization")) == 3


def test_a_notice_is_a_warning_with_rows_and_money(six, params):
    """It prints what was done to the data, how many rows, how much money."""
    import dataclasses

    noticed = dataclasses.replace(
        six, notices=(Notice("Costs were rounded.", 3, Decimal("0.000000000001")),)
    )
    assert (
        warnings(data_of(usage=noticed, budgets=NONE, params=params()))[0]
        == "Costs were rounded. (3 rows, 0.000000000001 USD)"
    )
