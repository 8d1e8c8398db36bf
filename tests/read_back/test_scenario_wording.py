"""A scenario that changes usage or prices speaks of its costs as supposed, everywhere."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import lxml.html
import openpyxl
import pytest
from support.homes import files_of
from support.usage_files import call, write_calls

from finops_nb.home import Home
from finops_nb.outputs.artifacts import HTML, RESULTS, WORKBOOK
from finops_nb.run.run import run

PARAMS = """\
period: "{month}"
usage: usage/
organization_budgets: {{org-a: 100, org-b: 1000}}
product_budgets: {{chat: 150}}
approval_limit: 50
allocation_target: 0.5
"""
SCENARIO = 'base: "2025-12"\nauthor: Ana\ndate: 2025-12-15\nreason: try\n'

CONDITIONAL = re.compile(r"\bwould (not )?(be |have )?\w+")
NOUNS = re.compile(
    "(stop the|limit of|What-If|Review) spend(ing)?|spend (above|without|against)", re.IGNORECASE
)
FACTS = re.compile(
    r"\b(spent|spends?|costs? \$|(is|are|was) charged|went|left|rose|fell|gets|ranges|has used"
    r"|(is|are) (\$|over budget|at risk|(its|\S+'s) largest|not assigned|assigned))"
)
"""Verbs that say of money that it was spent."""

APART = ("provenance", "data_quality", "scenario_changes", "rows", "parameters")
"""The parts of the page that speak of the base, the input and the parameters."""


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    """Org-a overruns chat, org-b leaves most unspent, org-c has no budget, $5 has no name."""
    home = Home(tmp_path_factory.mktemp("wording").resolve())
    home.params_file("scenarios/x").parent.mkdir(parents=True)
    rows = (("org-a", "chat", 90), ("org-a", "search", 60), ("org-b", "chat", 40))
    rows += (("org-c", "search", 30), ("", "chat", 5))
    write_calls(
        home.root / "usage" / "calls.csv",
        *(
            call(
                timestamp=f"2025-{day}",
                organization_id=organization,
                product_id=product,
                cost_usd=str(cost * times),
                customer_id=f"c{number}",
            )
            for day, times in (("11-30", 1), ("12-31", 2))
            for number, (organization, product, cost) in enumerate(rows)
        ),
    )
    for month in ("2025-11", "2025-12"):
        home.params_file(month).write_text(PARAMS.format(month=month))
    run("2025-11", home)
    return home


def publish(home: Home, name: str, changes: str) -> dict[str, bytes]:
    home.params_file(f"scenarios/{name}").write_text(SCENARIO + changes)
    return files_of(Path(run(f"scenarios/{name}", home)).parent)


def sentences(files: dict[str, bytes]) -> list[str]:
    """The labels and sentences of the results, apart from what is about the base."""
    tables = json.loads(files[RESULTS])["tables"]
    return [
        str(line[key])
        for name, lines in tables.items()
        if name not in APART
        for line in lines
        for key in ("title", "label", "text", "detail")
        if key in line
    ]


def heads(files: dict[str, bytes]) -> dict[str, list[str]]:
    page = lxml.html.fromstring(files[HTML].decode())
    return {
        table.getparent().get("id") or table.get("id"): [
            " ".join(head.text_content().split()) for head in table.xpath(".//thead//th")
        ]
        for table in page.xpath("//table")
    }


@pytest.mark.slow
def test_growth_makes_every_sentence_conditional(home):
    """+100%: no sentence of the report says that the doubled cost was spent."""
    files = publish(home, "grown", "growth: {(all): 1.0}\n")
    said = sentences(files)

    for sentence in said:
        rest = NOUNS.sub("", CONDITIONAL.sub("", sentence))
        assert not FACTS.search(rest), sentence
    assert any("would be $" in each for each in said)
    assert any("would spend" in each for each in said)
    assert any("What-If Spend Against Budget" in each for each in said)


@pytest.mark.slow
def test_growth_makes_every_head_supposed(home):
    """The heads of page and XLSX say What-If Cost, What-If Spend, What-If Charge."""
    files = publish(home, "grown-2", "growth: {(all): 1.0}\n")
    page = lxml.html.fromstring(files[HTML].decode())
    text = " ".join(page.text_content().split())
    labels = [label for row in heads(files).values() for label in row]

    assert {"What-If Cost", "What-If Charge"} <= set(labels)
    assert "What-If Spend: $900.00" in text  # (90 + 60 + 40 + 30 + 5) × 2 × 2 = 900
    assert not {"Charge", "Total Actual", "Avg Cost/Call", "Cost/Call"} & set(labels)
    book = openpyxl.load_workbook(io.BytesIO(files[WORKBOOK]))
    for sheet in book.worksheets[1:]:
        cells = [cell.value for cell in sheet[2]]
        assert "Total Cost" not in cells or sheet.title == "Rows", sheet.title


@pytest.mark.slow
def test_a_scenario_of_budgets_alone_keeps_what_was_spent(home):
    """Its costs are facts: the words are those of the official report."""
    files = publish(home, "budgets", "organization_budgets: {org-a: 200}\n")
    said = sentences(files)

    assert not any("would be" in each or "would spend" in each for each in said)
    assert "What-If" not in files[HTML].decode()
    assert any("spent $" in each for each in said)
