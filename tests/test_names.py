"""Names of the data stay text, whatever is in them: on the page, in charts and in the ledger."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from lxml.html import HtmlElement
from support.published import page_of, sections_of

from finops_nb.report.html_export import audit

HOSTILE = (
    "<script>alert(1)</script>",
    "a|b",
    "$5 vs $6",
    "=1+1",
    '"><img src=x onerror=alert(1)>',
    "NA",
    "مرحبا",
    "{{7*7}}",
    "‮gnp",
)
HARMLESS = tuple(f"name-{sorted(HOSTILE).index(name)}" for name in HOSTILE)
"""They sort in the same order, so that rounding falls on the same lines."""
HEADER = (
    "timestamp,provider,model,input_tokens,output_tokens,cost_usd,latency_ms,"
    "customer_id,organization_id,product_id,feature_id,task_type,subscription_tier"
)


def publish(home: Path, names: tuple[str, ...]) -> Path:
    """A published month in which each name is an organization, product, feature and customer."""
    (home / "params").mkdir(parents=True)
    with (home / "calls.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER.split(","))
        for number, name in enumerate(names):
            other = names[(number + 1) % len(names)]
            writer.writerow(
                [
                    "2025-12-31",
                    "p",
                    "m",
                    1,
                    1,
                    f"{100 - number}.005",
                    1,
                    name,
                    name,
                    other,
                    name,
                    "t",
                    "s",
                ]
            )
    # A params file may not hold the last name: it turns the text after it around.
    named = names[:-1]
    budgets = "".join(f"  {json.dumps(name)}: {90 + number}\n" for number, name in enumerate(named))
    notes = "".join(f"  {json.dumps(name)}: {json.dumps(f'about {name}')}\n" for name in named)
    owners = "".join(f"  {json.dumps(name)}: {json.dumps(name)}\n" for name in named)
    (home / "params" / "2025-12.yaml").write_text(
        'period: "2025-12"\nusage: calls.csv\n'
        f"organization_budgets:\n{budgets}product_budgets:\n{budgets}"
        f"notes:\n{notes}owners:\n{owners}",
        encoding="utf-8",
    )
    environment = os.environ | {"FINOPS_NB_HOME": str(home), "SOURCE_DATE_EPOCH": "1767225600"}
    done = subprocess.run(
        [sys.executable, "-m", "finops_nb", "run", "2025-12"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return home / "outputs" / "2025-12"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return publish(tmp_path_factory.mktemp("hostile"), HOSTILE)


@pytest.fixture(scope="module")
def page(folder) -> HtmlElement:
    return page_of(folder / "organizational_alignment.html")


@pytest.mark.slow
def test_the_page_is_inert(folder):
    """Whatever the names are, nothing on the page runs or loads anything."""
    assert audit((folder / "organizational_alignment.html").read_text(encoding="utf-8")) == []


@pytest.mark.slow
def test_the_elements_are_those_of_harmless_names(page, tmp_path):
    """The tree of elements and attributes is that of the same report with harmless names."""
    harmless = page_of(publish(tmp_path / "harmless", HARMLESS) / "organizational_alignment.html")
    assert [_shape(element) for element in page.iter("*")] == [
        _shape(element) for element in harmless.iter("*")
    ]


def _shape(element: HtmlElement) -> tuple[str, tuple[str, ...]]:
    return str(element.tag), tuple(sorted(element.attrib))


def test_every_name_is_on_the_page_as_it_was_written(page):
    """Each name is printed whole, in its table and above its commentary."""
    rows = sections_of(page)["Cost by Organization"].rows[""]
    assert {row.name for row in rows if row.kind == "line"} == {
        name.replace("\u202e", "\ufffd") for name in HOSTILE
    }
    assert {row.beneath.get("Organization", "") for row in rows if row.kind == "line"} == {
        "",
        *(f"about {name}" for name in HOSTILE[:-1]),
    }


def test_no_name_is_a_formula_in_the_ledger(folder):
    """`=1+1` has an apostrophe before it, and the ledger adds up."""
    with (folder / "chargeback.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    names = {line["organization"] for line in lines}
    assert names == {"'=1+1" if name == "=1+1" else name for name in HOSTILE}
    # 100.005 + 99.005 + … + 92.005 = 864.045, rounded half away from zero.
    assert sum(Decimal(line["amount"]) for line in lines) == Decimal("864.05")
