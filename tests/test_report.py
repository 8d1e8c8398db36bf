"""The published report: the output of the command, read back."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

import nbformat
import pytest
from support.checkout import CHECKOUT, SUPPORT
from support.published import amount, page_of, reference_figures, sections_of

from finops_nb.report.html_export import NOT_SHOWN, audit

FIGURES = reference_figures()
CONTRACT = json.loads((SUPPORT / "results_contract.json").read_text(encoding="utf-8"))
"""The keys of results.json and the columns of its tables and of chargeback.csv.

Other programs read them by these names.
"""
HEAT_MAP = "Cross-Organization Product Usage"
"""A row for each organization; the reference report has a list for each organization instead."""


def home_at(folder: Path) -> Path:
    """A home with the params of the project, which uses the packaged notebooks."""
    shutil.copytree(CHECKOUT / "params", folder / "params")
    return folder


def command(
    sample_home: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    environment = (
        os.environ
        | {"FINOPS_NB_HOME": str(sample_home), "SOURCE_DATE_EPOCH": "1767225600"}
        | variables
    )
    return subprocess.run(
        [sys.executable, "-m", "finops_nb", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        cwd=sample_home,
        timeout=180,
        check=False,
    )


@pytest.fixture(scope="module")
def sample_home(tmp_path_factory) -> Path:
    return home_at(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def folder(sample_home) -> Path:
    """The published folder of December 2025, with November's beside it."""
    done = command(sample_home, "run", "2025-11", "2025-12")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "".join(
        f"{sample_home}/outputs/{month}/organizational_alignment.html\n"
        for month in ("2025-11", "2025-12")
    )
    return sample_home / "outputs" / "2025-12"


@pytest.fixture(scope="module")
def html(folder) -> str:
    return (folder / "organizational_alignment.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def sections(html):
    return sections_of(page_of(html))


@pytest.fixture(scope="module")
def results(folder) -> dict:
    return json.loads((folder / "results.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "figure",
    FIGURES,
    ids=lambda f: f"{f['section']}-{f['group']}-{f['line']}-{f['column']}-{f['figure']}",
)
def test_it_prints_each_figure_of_the_reference_report(sections, figure):
    """It is in the same section, table, line and column, or in the same line of prose."""
    section = sections[figure["section"]]
    if not figure["column"]:
        lines = [line for line in section.text.splitlines() if line.startswith(figure["line"])]
        assert any(figure["figure"] in line for line in lines), section.text
        return
    rows = section.rows[figure["subsection"]]
    if figure["subsection"] == HEAT_MAP:
        [row] = [row for row in rows if row.name == figure["group"]]
        assert row.cells[figure["line"]] == figure["figure"]
        return
    [row] = [
        row
        for row in rows
        if row.kind == "line" and row.group == figure["group"] and row.name == figure["line"]
    ]
    cell = row.cells[figure["column"]]
    assert cell == figure["figure"] or (
        cell.startswith("-$1,330.11 ") and figure["figure"] in cell.split(" ", 1)
    )


def test_it_has_all_135_figures():
    """The reference report prints 95 figures in tables and 41 in prose.

    One of them is an efficiency gap of $14.79, which is not material and so not said.
    """
    assert len(FIGURES) == 135


def test_it_has_the_sections_of_the_reference_report_in_its_order(sections):
    """The sections of the reference report come first, in its order, then the appendix."""
    wanted = [
        "Executive Summary",
        "Cost by Organization",
        "Cost by Product",
        "Cost by Feature",
        "Chargeback Report",
    ]
    wanted += ["Budget Tracking", "Cross-Team Comparison", "Key Insights", "Recommendations"]
    assert [name for name in sections if name in wanted] == wanted
    after = list(sections)[list(sections).index("Recommendations") + 1 :]
    assert after == [
        f"Appendix: {each}"
        for each in (
            "Outlook",
            "Why Cost Changed",
            "Models and Tokens",
            "Month by Month",
            "Budget Alerts",
            "Policies",
            "Spend by Day",
            "Data",
            "Provenance",
        )
    ]


def test_every_table_foots(sections):
    """In every additive column, the printed lines and Rounding add up to the printed total."""
    additive = {
        "Total Cost",
        "Charge",
        "Budget",
        "Variance",
        "Calls",
        "Rows",
        "Nov 2025",
        "Dec 2025",
        "Change",
        "Rounding",
        "Total",
    }
    additive |= {
        row.name for row in sections["Cost by Product"].rows[""]
    }  # the heads of the heat map
    checked = 0
    for section in sections.values():
        for rows in section.rows.values():
            for group in {row.group for row in rows}:
                lines = [row for row in rows if row.group == group]
                for total in (row for row in lines if row.kind == "total"):
                    for head in additive & set(total.cells):
                        parts = [
                            _figure(row.cells[head])
                            for row in lines
                            if row.kind != "total" and row.cells[head]
                        ]
                        assert sum(parts) == _figure(total.cells[head]), (head, group)
                        checked += 1
    assert checked > 30


def test_the_heat_map_foots_across_too(sections):
    """In each row, the printed cells and Rounding add up to the printed total."""
    rows = sections["Chargeback Report"].rows[HEAT_MAP]
    assert [row.name for row in rows] == ["org-alpha", "org-gamma", "org-beta", "Total"]
    for row in rows:
        parts = [
            _figure(text)
            for head, text in row.cells.items()
            if head not in ("Organization", "Total") and text
        ]
        assert sum(parts) == _figure(row.cells["Total"])


def test_it_opens_with_the_figures_that_matter(sections, results):
    """Spend, the month before and the year to date as published, and the allocated share.

    November was published with 5,797.901154. The change is 8,669.894004 − that = 2,871.992850, the
    year to date 14,467.795158, and its budget 5,800 + 10,000. The findings come by money: that
    change, and 866.22 over budget; then the routine, 8,669.89 without approval.
    """
    lines = {line["figure"]: line for line in results["tables"]["headline"]}
    assert (
        lines["spend"] | {"value": "$8,669.89", "detail": "$1,330.11 under the $10,000.00 budget"}
        == lines["spend"]
    )
    assert lines["prior_month"]["value"] == "+$2,871.99 (+49.5%)"
    assert lines["prior_month"]["detail"] == "November, as published: $5,797.90"
    assert lines["year_to_date"]["value"] == "$14,467.80"
    assert (
        lines["year_to_date"]["detail"] == "$1,332.20 under the $15,800.00 budget. "
        "Includes November and December only; "
        "no reports were published for January to October."
    )
    assert lines["allocated"]["value"] == "100.0%"
    assert [line["title"] for line in results["tables"]["findings"]] == [
        "Cost Rose",
        "Over Budget",
        "Approval Missing",
    ]
    for line in results["tables"]["findings"]:
        assert line["text"] in sections["Executive Summary"].text


def _figure(text: str) -> Decimal:
    money = amount(text)
    return money if money is not None else Decimal(text.replace(",", ""))


def test_it_prints_rounding_where_the_reference_report_did_not_add_up(sections):
    """3,866.22 + 2,425.04 + 2,378.64 = 8,669.90 has a total of 8,669.89: Rounding is -$0.01."""
    [rounding] = [row for row in sections["Cost by Product"].rows[""] if row.kind == "rounding"]
    assert rounding.cells["Total Cost"] == "-$0.01"


def test_the_ledger_foots_both_ways(folder, sections, results):
    """Booked cents add up by organization, product and in total; "booked" marks a difference."""
    with (folder / "chargeback.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert sum(Decimal(line["amount"]) for line in lines) == Decimal("8669.89")
    for dimension, heading in (
        ("organization", "Organization Chargeback Summary"),
        ("product", "Product Chargeback Summary"),
    ):
        for row in (
            row for row in sections["Chargeback Report"].rows[heading] if row.kind == "line"
        ):
            booked = sum(Decimal(line["amount"]) for line in lines if line[dimension] == row.name)
            printed = row.beneath.get("Charge", row.cells["Charge"]).removeprefix("booked ")
            assert amount(printed) == booked
            exact = Decimal(results[f"{dimension}s"][row.name])
            assert abs(booked - exact) < Decimal("0.01")


def test_the_names_in_the_results_are_a_contract(results):
    """A key or column that is new, gone or renamed belongs in the contract and the changelog."""
    whole = {
        "": results,
        **{key: results[key] for key in ("period", "rows", "money", "provenance")},
    }
    made = results["provenance"]
    whole |= {f"provenance.{key}": made[key] for key in ("budgets", "params", "revision")}
    whole |= {
        "provenance.inputs": made["inputs"][0],
        "provenance.budgets.versions": made["budgets"]["versions"][0],
    }
    assert {key: list(value) for key, value in whole.items()} == CONTRACT["keys"]
    tables = {
        name: list(dict.fromkeys(column for line in lines for column in line))
        for name, lines in results["tables"].items()
    }
    assert list(tables) == list(CONTRACT["tables"])
    for name, columns in CONTRACT["tables"].items():
        # Prose has values of its sentences after these, which depend on what there is to say.
        assert (
            tables[name][: len(columns)] == columns
            if name in CONTRACT["prose"]
            else tables[name] == columns
        ), name


def test_the_money_in_the_results_is_text(results):
    """Amounts are decimal text; only counts are JSON numbers."""

    def numbers(value, place: str = ""):
        if isinstance(value, dict):
            return [
                number for key, part in value.items() for number in numbers(part, f"{place}.{key}")
            ]
        if isinstance(value, list):
            return [number for part in value for number in numbers(part, place)]
        return [place] if isinstance(value, float) else []

    assert numbers(results) == []
    assert all(
        re.fullmatch(r"-?\d+(\.\d+)?", cost)
        for cost in (results["total"], *results["organizations"].values())
    )


def test_the_header_of_the_ledger_is_a_contract(folder):
    """Other programs read these columns in this order."""
    header, *_ = (folder / "chargeback.csv").read_text(encoding="utf-8").split("\n")
    assert header == CONTRACT["ledger"]


def test_the_ledger_is_a_plain_csv(folder):
    """It has LF, UTF-8 without BOM, lines sorted by name, and an exclusive end of the period."""
    raw = (folder / "chargeback.csv").read_bytes()
    assert raw.startswith(
        b"period_start,period_end,organization,product,amount,currency\n"
        b"2025-12-01,2026-01-01,org-alpha,product-ai-chat,"
    )
    assert b"\r" not in raw
    assert raw.count(b"\n") == 1 + 9
    lines = raw.decode("utf-8").splitlines()[1:]
    assert lines == sorted(lines)


def test_check_has_the_figures_of_the_report(sample_home, results):
    """Its JSON has the same figures as results.json."""
    done = command(sample_home, "check", "2025-12", "--json")
    checked = json.loads(done.stdout)
    assert {key: results[key] for key in checked} == checked
    assert set(checked) == {
        *("name", "kind", "period", "currency", "total", "organizations", "products"),
        *("features", "rows", "money", "warnings"),
    }
    assert checked["total"] == "8669.894004"
    assert checked["rows"] == {"read": 563373, "used": 224072, "outside_period": 563373 - 224072}


def test_the_printed_figures_are_those_of_the_results(sections, results):
    """Every printed cost is the rounded cost of results.json."""
    for by in ("organization", "product"):
        rows = {
            row.name: row
            for row in sections[f"Cost by {by.title()}"].rows[""]
            if row.kind == "line"
        }
        for line in results["tables"][f"cost_by_{by}"]:
            printed = rows[line[by]].cells
            assert amount(printed["Total Cost"]) == round(Decimal(line["cost"]), 2)
            assert printed["Calls"] == f"{line['calls']:,}"


def test_the_run_is_named_in_every_file(folder, html, results):
    """HTML, notebook and results.json have the same key."""
    key = results["provenance"]["key"]
    assert re.fullmatch(r"[0-9a-f]{64}", key)
    assert key in html
    notebook = nbformat.read(folder / "organizational_alignment.ipynb", as_version=4)
    assert notebook.metadata["finops_nb"]["key"] == key


def test_the_page_is_inert_and_small(html):
    """It runs and loads nothing, describes every image, and stays under 300 KB."""
    assert audit(html) == []
    page = page_of(html)
    assert not page.xpath(
        "//script | //iframe | //form | //object | //link | //@*[starts-with(name(), 'on')]"
    )
    assert all(len(image.get("alt")) > 40 for image in page.iter("img"))
    assert len(list(page.iter("img"))) == 6
    assert len(html.encode("utf-8")) < 300_000


def test_each_output_of_the_notebook_is_on_the_page(folder, html):
    """Only the outputs of cells for analysts are left out."""
    notebook = nbformat.read(folder / "organizational_alignment.ipynb", as_version=4)
    page = page_of(html)
    whole = " ".join(page.text_content().split())
    seen = 0
    for cell in notebook.cells:
        if cell.cell_type == "code" and not set(NOT_SHOWN) & set(cell.metadata.get("tags", [])):
            for output in cell.outputs:
                if "image/svg+xml" in output.data:
                    assert output.metadata["image/svg+xml"]["alt"] in [
                        image.get("alt") for image in page.iter("img")
                    ]
                elif output.data["text/html"].strip():  # empty: nothing to say in this month
                    text = " ".join(page_of(output.data["text/html"]).text_content().split())
                    assert text in whole
                seen += bool(output.data.get("text/html", "an image").strip())
    # Charts; tables and prose of every month; those of this month; the opening and the history.
    assert seen == 6 + 27 + 2 + 4


def test_no_file_tells_where_or_by_whom_it_was_made(folder, sample_home):
    """No file has a local path, a user or a host."""
    secrets = [str(sample_home), str(CHECKOUT), f"{Path.home()}/", "ipykernel_", "/tmp/"]
    for file in folder.iterdir():
        text = _text(file)
        assert not [secret for secret in secrets if secret in text], file.name


def _text(file: Path) -> str:
    """The text of a file; of a spreadsheet, that of all its parts."""
    if file.suffix != ".xlsx":
        return file.read_text(encoding="utf-8")
    with zipfile.ZipFile(file) as parts:
        return "".join(parts.read(name).decode("utf-8") for name in parts.namelist())


@pytest.mark.slow
def test_the_same_input_publishes_the_same_bytes(folder, tmp_path):
    """Folder, time zone, language, hash seed and working directory do not matter."""
    other = home_at(tmp_path / "elsewhere")
    variables = {
        "TZ": "Asia/Kathmandu",
        "LANG": "C",
        "LC_ALL": "C",
        "PYTHONHASHSEED": "7",
        "HOME": str(tmp_path),
        "USER": "someone",
    }
    done = command(other, "run", "2025-11", "2025-12", **variables)
    assert done.returncode == 0, done.stderr
    assert _contents(other / "outputs" / "2025-12") == _contents(folder)


@pytest.mark.slow
def test_a_second_run_changes_nothing_and_a_forced_one_publishes_the_same_bytes(
    sample_home, folder
):
    """An unchanged key is not run again; with --force it is, and Generated stays the same."""
    before, touched = _contents(folder), _touched(folder)
    again = command(sample_home, "run", "2025-12", SOURCE_DATE_EPOCH="1770000000")
    assert (again.returncode, _contents(folder), _touched(folder)) == (0, before, touched)
    forced = command(sample_home, "run", "2025-12", "--force", SOURCE_DATE_EPOCH="1770000000")
    assert (forced.returncode, _contents(folder)) == (0, before)
    assert _touched(folder) != touched


def _contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def _touched(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_ino for file in sorted(folder.iterdir())}


@pytest.mark.slow
def test_plain_papermill_runs_it_from_anywhere_as_a_draft(tmp_path):
    """It finds its usage outside of a home, prints the same figures, and is stamped DRAFT."""
    notebook, month = (
        CHECKOUT / "notebooks" / "organizational_alignment.ipynb",
        CHECKOUT / "params" / "2025-12.yaml",
    )
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("FINOPS_NB_HOME", "FINOPS_NB_STAGING")
    }
    command = [
        sys.executable,
        "-m",
        "papermill",
        str(notebook),
        "draft.ipynb",
        "-f",
        str(month),
        "--no-progress-bar",
    ]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["draft.ipynb"]
    draft = nbformat.read(tmp_path / "draft.ipynb", as_version=4)
    shown = "".join(
        output["data"].get("text/html", "")
        for cell in draft.cells
        for output in cell.get("outputs", [])
        if "data" in output
    )
    assert "<strong><bdi>DRAFT</bdi></strong>" in shown
    assert "$8,669.89" in shown


def test_it_says_what_drove_the_change(results):
    """224,072 calls after 142,180 are 57.6% more; a cheaper mix offset $469.87.

    product-doc-analyzer's 1,464.63 are 51% of the rise of 2,871.99, and 10,000 after 5,800 are
    72.4% more.
    """
    texts = {row["title"]: row["text"] for row in results["tables"]["findings"]}
    assert texts["Cost Rose"] == (
        "total cost rose $2,871.99 (49.5%) from $5,797.90 in November 2025, led by org-alpha "
        "(+$1,021.93) and product-doc-analyzer (51.0% of the change). 57.6% more calls added "
        "$3,341.50, and a cheaper mix of models and tasks offset $469.87 (gpt-4 fell from 20.9% to "
        "16.7% of calls). The budget rose 72.4%, from $5,800.00 to $10,000.00"
    )


def test_a_product_drove_the_overrun_of_an_organization(results):
    """product-doc-analyzer's 686.17 after 260.00 are 45.1% of org-gamma's rise of 945.58."""
    texts = {row["title"]: row["text"] for row in results["tables"]["recommendations"]}
    assert texts["Budget Review"].endswith(
        "org-gamma's use of product-doc-analyzer cost $426.17 more than the month before (45.1% "
        "of the organization's rise). org-gamma has no owner on record: name one under owners in "
        "the report's params file"
    )


def test_the_bridge_adds_up_to_the_change_exactly(results):
    """Of every line, unrounded: the cost of December − that of November."""
    added: dict[tuple[str, str], Decimal] = {}
    for row in results["tables"]["bridge"]:
        if row["from"] == "budget":
            continue
        assert row["from"] == "2025-11"
        key = row["dimension"], row["name"]
        added[key] = added.get(key, Decimal(0)) + Decimal(row["amount"])
    changes = {
        (dimension, row["name"]): Decimal(row["change"])
        for row in results["tables"]["cost_by_month"]
        for dimension in ("organization", "product")
        if row["name"].startswith(dimension[:3])
    }
    assert {key: amount for key, amount in added.items() if key[0] != "total"} == changes
    assert added["total", "total"] == sum(
        change for (dimension, _), change in changes.items() if dimension == "product"
    )


def test_the_bridge_from_budget_adds_up_to_the_variance_exactly(results):
    """Of every line, unrounded. Budgets of the params are amounts alone, so all is other."""
    rows = [row for row in results["tables"]["bridge"] if row["from"] == "budget"]
    assert {row["effect"] for row in rows} == {"other"}
    added = {(row["dimension"], row["name"]): Decimal(row["amount"]) for row in rows}
    [summary] = results["tables"]["executive_summary"]
    assert added.pop(("total", "total")) == Decimal(summary["variance"])
    assert added == {
        (dimension, row[dimension]): Decimal(row["variance"])
        for dimension in ("organization", "product")
        for row in results["tables"][f"cost_by_{dimension}"]
    }


def test_cells_and_days_add_up_to_the_total(results):
    """What later months are compared with."""
    for table in ("cells", "days"):
        rows = results["tables"][table]
        assert sum(Decimal(row["cost"]) for row in rows) == Decimal(results["total"])
        assert sum(row["calls"] for row in rows) == results["rows"]["used"]


def test_models_add_up_to_the_total_and_to_its_change(results):
    """gpt-4: 3,045.66063 for 49,249,999 + 26,136,011 tokens is 40.40 a million."""
    rows = {row["model"]: row for row in results["tables"]["cost_by_model"]}
    assert sum(Decimal(row["cost"]) for row in rows.values()) == Decimal(results["total"])
    change = sum(
        Decimal(row["change"])
        for row in results["tables"]["cost_by_month"]
        if row["name"].startswith("org-")
    )
    assert sum(Decimal(row["change"]) for row in rows.values()) == change
    price = Decimal(rows["gpt-4"]["cost_per_million_tokens"])
    assert price == Decimal("3045.66063") * 1_000_000 / (49_249_999 + 26_136_011)


def test_it_says_how_much_the_largest_customers_caused(results):
    """866.34 of 8,669.89, and 4,462.18 of ten; nobody is named."""
    [line] = results["tables"]["concentration"]
    assert line["text"].startswith(
        "The largest of 100 customers caused 10.0% of cost, the ten largest 51.5%."
    )
    assert "cust-" not in json.dumps(results["tables"]["concentration"])
