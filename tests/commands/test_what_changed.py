"""`what-changed`: causes, totals, cells, and how many further lines `--all` shows."""

from __future__ import annotations

import copy
import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from finops_nb.cli import main
from finops_nb.commands.what_changed import NO_TABLES, NOTHING, what_changed
from finops_nb.home import Home

NAME = "2025-12"


def results() -> dict:
    """Results of a month: org-a 6 and org-b 4, on chat, in three rows."""
    pairs = (("org-a", "6", 2), ("org-b", "4", 1))
    return {
        "kind": "official",
        "currency": "USD",
        "period": {"start": "2025-12-01", "complete": True},
        "total": "10",
        "organizations": {name: cost for name, cost, _ in pairs},
        "products": {"chat": "10"},
        "rows": {"used": 3},
        "tables": {
            "executive_summary": [{"total_spend": "10", "calls": 3}],
            "organization_product_breakdown": [
                {"organization": name, "product": "chat", "cost": cost, "share": "1", "calls": rows}
                for name, cost, rows in pairs
            ],
            "key_insights": [{"title": "Highest Cost", "text": "org-a ($6.00)"}],
        },
        "provenance": {
            "inputs": [{"name": "usage/a.csv", "sha256": "a1", "rows": 3}],
            "budgets": {
                "version": "original",
                "owners": {},
                "versions": [{"organization_budgets": {}, "product_budgets": {}}],
            },
            "params": {"at_risk": "0.8"},
            "versions": {"finops-nb": "1"},
            "notebook": "n1",
            "code": "c1",
            "months": {},
        },
    }


def later() -> dict:
    """A late row of 12.40 for org-b, another setting, and another text."""
    after = copy.deepcopy(results())
    after["total"], after["rows"]["used"] = "22.4", 4
    after["organizations"]["org-b"], after["products"]["chat"] = "16.4", "22.4"
    tables = after["tables"]
    tables["executive_summary"] = [{"total_spend": "22.4", "calls": 4}]
    tables["organization_product_breakdown"][1] |= {"cost": "16.4", "calls": 2}
    tables["organization_product_breakdown"].reverse()
    tables["key_insights"] = [{"title": "Highest Cost", "text": "org-b ($16.40)"}]
    made = after["provenance"]
    made["inputs"][0] |= {"sha256": "a2", "rows": 4}
    made["params"]["at_risk"] = "0.9"
    return after


@pytest.fixture
def revised(home):
    """Writes two revisions with these results."""

    def write(before: dict, after: dict) -> Home:
        home.params_file(NAME).write_text('period: "2025-12"\nusage: "sample:"\n')
        records = []
        runs = home.outputs / ".runs" / NAME
        for number, made, folder in (
            (1, before, runs / "revision-1"),
            (2, after, home.outputs / NAME),
        ):
            folder.mkdir(parents=True, exist_ok=True)
            text = json.dumps(made)
            (folder / "results.json").write_text(text)
            digest = hashlib.sha256(text.encode()).hexdigest()
            records.append(
                {
                    "revision": number,
                    "key": f"key-{number}",
                    "generated": f"2026-01-0{number}T00:00:00Z",
                    "reason": "",
                    "files": {"results.json": digest},
                }
            )
            made["provenance"] |= {"key": f"key-{number}", "generated": records[-1]["generated"]}
        (runs / "revisions.json").write_text(json.dumps(records))
        return home

    return write


def test_causes_come_first_then_totals_then_cells(revised):
    """One late row is a line of cause, two of totals and one cell; the text waits for --all."""
    home = revised(results(), later())
    assert list(what_changed(home, NAME)) == [
        "2025-12, revision 2 (2026-01-02), after revision 1 (2026-01-01)",
        "+$12.40 late data for org-b on chat (1 row)",
        "at_risk 0.8 → 0.9",
        "Usage files: usage/a.csv (changed, 3 → 4 rows)",
        "",
        "Executive Summary · Total Spend: $10.00 → $22.40 (+$12.40)",
        "Executive Summary · Calls: 3 → 4 (+1)",
        "",
        "Organization Product Breakdown · org-b · chat · Total Cost: $4.00 → $16.40 (+$12.40)",
        "",
        "`finops-nb what-changed 2025-12 --all` shows 2 further lines of changed wording, or of "
        "figures that are in no table.",
    ]


def test_all_shows_as_many_further_lines_as_were_said(revised, monkeypatch):
    """The command in the last line, typed as it stands, shows them after the same lines."""
    home = revised(results(), later())
    *same, last = what_changed(home, NAME)
    command = last.split("`")[1].split()
    monkeypatch.setenv("FINOPS_NB_HOME", str(home.root))
    done = CliRunner().invoke(main, command[1:])
    lines = done.stdout.splitlines()
    assert done.exit_code == 0
    assert lines[: len(same)] == same
    assert lines[len(same) :] == [
        "Organization Product Breakdown · org-b · chat · Calls: 1 → 2 (+1)",
        'Key Insights · Highest Cost: "org-a ($6.00)" → "org-b ($16.40)"',
    ]
    *_, with_number = what_changed(home, NAME, 2)
    assert "`finops-nb what-changed 2025-12 --revision 2 --all`" in with_number


def test_a_revision_of_the_same_figures_says_so(revised):
    """Only a setting changed."""
    after = results()
    after["provenance"]["params"]["at_risk"] = "0.9"
    assert list(what_changed(revised(results(), after), NAME))[1:] == [
        "at_risk 0.8 → 0.9",
        "",
        NOTHING,
        "",
        "`finops-nb what-changed 2025-12 --all` shows no further lines.",
    ]


def test_causes_that_are_not_known_are_those_on_record(revised):
    """As the report said them when it was made."""
    before, after = results(), later()
    del before["provenance"]["params"]
    after["provenance"]["revision"] = {"number": 2, "changes": [{"text": "as recorded"}]}
    lines = list(what_changed(revised(before, after), NAME))
    assert lines[1] == "as recorded"
    assert "Executive Summary · Calls: 3 → 4 (+1)" in lines


@pytest.mark.parametrize("tables", [None, [], {"a": {}}, {"a": [1]}])
def test_results_with_other_tables_are_refused_in_a_sentence(revised, tables):
    """Those of a notebook with results of its own, or of a version yet to come."""
    lines = list(what_changed(revised(results() | {"tables": tables}, later()), NAME))
    assert lines[-1] == NO_TABLES


def test_results_of_an_earlier_version_are_compared(revised):
    """They have no products, no breakdown and no product totals."""
    before = results()
    del before["products"], before["tables"]["organization_product_breakdown"]
    lines = list(what_changed(revised(before, later()), NAME))
    assert lines[1] == "+$12.40 late data for org-b"
    assert "Organization Product Breakdown: new (2 rows)" in lines


def test_nothing_is_written(revised):
    """Every file is as before."""
    home = revised(results(), later())
    files = [path for path in Path(home.root).rglob("*") if path.is_file()]
    before = {path: path.read_bytes() for path in files}
    list(what_changed(home, NAME, everything=True))
    assert {path: path.read_bytes() for path in files} == before
