"""What the last cell writes for the runner."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pandas as pd
import pytest
from support.made_usage import SIX, data_of, usage_of

from finops_nb.commands.suggestion import budget_skeleton
from finops_nb.figures.allocation import allocate
from finops_nb.figures.chargeback import ledger, ledger_csv
from finops_nb.findings.overview import overview, warnings
from finops_nb.notebook.results import Parts, write_results
from finops_nb.outputs.artifacts import WORKBOOK, marker_text
from finops_nb.outputs.manifest import Kind, Manifest, current_manifest, kind_of
from finops_nb.params.budgets import Budgets, Version, read_budgets
from finops_nb.params.invoices import reconcile
from finops_nb.report.table import ROUNDING_ROW, Block, Table
from finops_nb.schema import COST, PRODUCT
from finops_nb.usage.sources.notice import Notice

NONE = Budgets({}, (Version("original", {}, {}),))


def parts_of(usage, params, manifest, book=None) -> Parts:
    """An empty collection of parts, for this usage and no budgets."""
    return Parts(data_of(usage=usage, budgets=NONE, params=params, manifest=manifest), book)


def manifest_in(folder, kind=Kind.OFFICIAL) -> Manifest:
    return Manifest(
        kind=kind, name="2025-12", key="k" * 64, generated="2026-01-01T00:00:00Z", staging=folder
    )


def test_a_draft_writes_nothing(six, params, tmp_path, monkeypatch):
    """It shows that nothing was written, and the folder stays empty."""
    monkeypatch.chdir(tmp_path)
    assert "nothing was written" in repr(write_results(parts_of(six, params(), Manifest())))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "files"),
    [
        (Kind.OFFICIAL, {"results.json", WORKBOOK, "chargeback.csv"}),
        (Kind.ANALYSIS, {"results.json", WORKBOOK}),
    ],
)
def test_only_an_official_report_has_a_ledger(six, params, tmp_path, kind, files):
    """Every kind has results.json and the workbook, and shows the marker."""
    manifest = manifest_in(tmp_path, kind)
    show = parts_of(six, params(), manifest, ledger(six, "USD"))
    assert repr(write_results(show)) == marker_text(manifest)
    assert {file.name for file in tmp_path.iterdir()} == files


DIFFERS = reconcile((), {("AWS", "INV-1"): Decimal(1)})
AGREES = reconcile((), {})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("complete", "reconciliation", "ledger_file"),
    [
        (True, None, "chargeback.csv"),
        (True, AGREES, "chargeback.csv"),
        (True, DIFFERS, "chargeback.DRAFT.csv"),
        (False, None, "chargeback.DRAFT.csv"),
        (False, AGREES, "chargeback.DRAFT.csv"),
        (False, DIFFERS, "chargeback.DRAFT.csv"),
    ],
)
def test_a_ledger_is_a_draft_until_the_month_is_complete_and_reconciled(
    params, tmp_path, complete, reconciliation, ledger_file
):
    """A month without invoices counts as reconciled. Every line of a draft says so, last."""
    usage = replace(usage_of(SIX, complete=complete), reconciliation=reconciliation)
    write_results(parts_of(usage, params(), manifest_in(tmp_path), ledger(usage, "USD")))
    [file] = tmp_path.glob("*.csv")
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert file.name == results["ledger"] == ledger_file
    mark = ",DRAFT" if "DRAFT" in ledger_file else ""
    header, *lines = file.read_text(encoding="utf-8").splitlines()
    assert header == "period_start,period_end,organization,product,amount,currency" + mark
    # org-a 4 + 2, org-b 0.50 + 1.50, without organization 2
    amounts = sorted(line.removesuffix(mark).split(",")[4] for line in lines)
    assert amounts == ["0.50", "1.50", "2.00", "2.00", "4.00"]
    assert all(line.endswith("USD" + mark) for line in lines)


def test_results_are_the_overview_with_tables_and_provenance(six, params, tmp_path):
    """results.json has the object of `check`, unrounded money as text, and the inputs."""
    write_results(parts_of(six, params(), manifest_in(tmp_path)))
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert results["total"] == "10"
    assert results["organizations"] == {"(unallocated)": "2", "org-a": "6", "org-b": "2"}
    assert results["money"] == {"outside_period": "0", "unallocated": "2"}
    assert results["provenance"]["inputs"] == [
        {"name": "usage/calls.csv", "sha256": "0" * 64, "rows": 6}
    ]


def test_no_absolute_path_is_in_the_provenance(six, params, tmp_path):
    """Of a path outside the home, only the last part is named."""
    write_results(parts_of(six, params(usage="/data/private/calls.csv"), manifest_in(tmp_path)))
    assert "/data/private" not in (tmp_path / "results.json").read_text(encoding="utf-8")


def test_the_ledger_has_exclusive_ends_and_no_formulas(six, params):
    """It has ISO days, plain decimals and LF; a name that could be a formula gets an apostrophe."""
    names = ["=1+1", "+1", "-x", "@x", "\tx", " =x", "\uff1dx", "'x", "x=1", "a,b"]
    book = pd.DataFrame(
        [(name, "p", Decimal("1.50")) for name in names],
        columns=["organization", "product", "amount"],
    )
    lines = ledger_csv(data_of(usage=six, params=params()), book).split("\n")
    assert lines[1] == "2025-12-01,2026-01-01,'=1+1,p,1.50,USD"
    assert [line.split(",")[2][:1] for line in lines[1:9]] == ["'"] * 8
    assert lines[9:] == [
        "2025-12-01,2026-01-01,x=1,p,1.50,USD",
        '2025-12-01,2026-01-01,"a,b",p,1.50,USD',
        "",
    ]


def test_warnings_are_sentences_with_money(six, params):
    """They cover unallocated cost, running periods, budgets without usage, and coerced data."""
    asked = params(organization_budgets={"org-a": 1, "team-z": 1, "orgb": 1})
    sentences = warnings(data_of(usage=six, budgets=read_budgets(asked), params=asked))
    without_usage = (
        'organization_budgets: no usage in the period for team-z, orgb (did you mean "org-b"?).'
    )
    assert sentences == ["$2.00 is not assigned to an organization.", without_usage]
    overviewed = overview(
        data_of(
            usage=six, budgets=NONE, params=params(), manifest=Manifest(Kind.OFFICIAL, "2025-12")
        )
    )
    assert overviewed["rows"] == {"read": 6, "used": 6, "outside_period": 0}


def test_a_name_similar_to_a_known_one_gets_a_question(six, params):
    """In approvals, notes and owners; another unknown name may just spend nothing this month."""
    asked = params(
        approvals={"serch": "CFO"},
        notes={"org-aa": "hi"},
        owners={"org-b": "Bob", "elsewhere": "Eve"},
    )
    assert warnings(data_of(usage=six, budgets=read_budgets(asked), params=asked))[1:] == [
        'approvals: serch is not in usage or budgets; did you mean "search"?',
        'notes: org-aa is not in usage or budgets; did you mean "org-a"?',
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
    """A report is official only if its NAME is the month of its period."""
    assert kind_of(name, period) is kind


def test_the_manifest_reaches_the_kernel_by_its_folder(tmp_path, monkeypatch):
    """The environment names the folder; without one the report is a draft."""
    monkeypatch.delenv("FINOPS_NB_STAGING", raising=False)
    assert current_manifest() == Manifest()
    manifest_in(tmp_path).save(tmp_path)
    monkeypatch.setenv("FINOPS_NB_STAGING", str(tmp_path))
    assert current_manifest() == manifest_in(tmp_path)


def test_a_skeleton_rounds_costs_up(six):
    """It proposes 7 for 6.50, and nothing for cost without a name."""
    assert "  org-a: 6\n  org-b: 2\nproduct_budgets:\n  chat: 7\n  search: 4" in budget_skeleton(
        six
    )
    assert "unallocated" not in budget_skeleton(six)
    assert len(allocate(six, "organization")) == 3


def test_a_notice_is_a_warning_with_rows_and_money(six, params):
    """It says what was done to the data, and to how many rows and how much money."""
    noticed = replace(six, notices=(Notice("Costs were rounded.", 3, Decimal("0.000000000001")),))
    assert (
        warnings(data_of(usage=noticed, budgets=NONE, params=params()))[0]
        == "Costs were rounded. (3 rows, $0.00)"
    )


def test_a_notice_without_rows_and_money_is_its_text_alone(six, params):
    """A notice about a folder, such as files left out, concerns no rows."""
    noticed = replace(six, notices=(Notice("Left out: README.md.", 0, Decimal(0)),))
    first, *_ = warnings(data_of(usage=noticed, budgets=NONE, params=params()))
    assert first == "Left out: README.md."


def test_the_first_table_with_a_rounding_row_explains_it(six, params, tmp_path):
    """0.005 + 0.005 = 0.01, but 0.01 + 0.01 = 0.02 is printed: a row of -0.01, explained once."""

    def table(name, *costs):
        lines = [{"product": str(place), "cost": cost} for place, cost in enumerate(costs)]
        return Table(name, "T", (PRODUCT, COST), (Block(lines, {"cost": sum(costs)}),))

    half = Decimal("0.005")
    show = parts_of(six, params(), manifest_in(tmp_path))
    shown = [
        show(table(name, *costs))
        for name, costs in (
            ("exact", [Decimal(1)]),
            ("first", [half, half]),
            ("second", [half, half]),
            ("first", [half, half]),  # its cell is run again
        )
    ]
    explained = [ROUNDING_ROW in table._repr_html_() for table in shown]
    assert explained == [False, True, False, True]
