"""The workbook: real numbers and dates, all rows, and no name that Excel runs or follows."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import nbformat
import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from support.checkout import CHECKOUT, SUPPORT
from support.made_usage import data_of

from finops_nb import api, schema
from finops_nb.figures.budget_status import Status
from finops_nb.money import total
from finops_nb.notebook.results import write_results
from finops_nb.outputs.manifest import Kind, Manifest
from finops_nb.report.format import Format
from finops_nb.report.prose import Prose
from finops_nb.report.sheet_texts import sheet_name
from finops_nb.report.table import Block, Table
from finops_nb.report.workbook import GROUP, number_format, workbook_of
from finops_nb.schema import Column

MANIFEST = Manifest(
    kind=Kind.OFFICIAL, name="2025-12", key="ab" * 32, generated="2026-01-01T00:00:00Z"
)
CHF = '"CHF\xa0"#,##0.00'
NAME_AND_COST = (schema.NAME, schema.COST)
HOSTILE = (
    *(
        "=1+1",
        "+1",
        "-1",
        "@x",
        "\t=1",
        "\uff1d1",
        "{=1}",
        "'x",
        "007",
        "1E5",
        "2025-12-01",
        "TRUE",
        "#REF!",
        " a ",
        "a\nb",
    ),
    *(
        "http://example.com",
        "mailto:a@b",
        "internal:Summary!A1",
        "external:c.xlsx",
        "<b>&amp;",
        "_x0041_",
        "日本 👩\u200d🚀",
        "\u202egpj",
        "é" * 300,
    ),
)


def table_of(*lines: dict, columns=NAME_AND_COST, total_line: dict | None = None, **more) -> Table:
    return Table("costs", "Costs", columns, (Block(lines, total_line),), **more)


@pytest.fixture
def opened(six, params):
    """A function that writes a workbook of parts and reads it back."""

    def open_workbook(
        *parts: Table | Prose, manifest: Manifest = MANIFEST, **keys
    ) -> openpyxl.Workbook:
        data = data_of(usage=six, params=params(**keys), manifest=manifest)
        return openpyxl.load_workbook(io.BytesIO(workbook_of(data, parts)))

    return open_workbook


def rows_of(sheet: Worksheet) -> list[dict]:
    """The rows below the heads: value by head."""
    heads = [cell.value for cell in sheet[2]]
    return [
        dict(zip(heads, row, strict=True)) for row in sheet.iter_rows(min_row=3, values_only=True)
    ]


def same(cell: float, figure: str | Decimal) -> bool:
    """Whether a cell's number is the figure, to 15 digits."""
    return abs(Decimal(repr(cell)) - Decimal(figure)) <= abs(Decimal(figure)).scaleb(-15)


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> tuple[list, dict, openpyxl.Workbook]:
    """The parts, the results and the workbook that the notebook makes of the sample month."""
    staging = tmp_path_factory.mktemp("staging")
    MANIFEST.save(staging)
    notebook = nbformat.read(
        CHECKOUT / "notebooks" / "organizational_alignment.ipynb", as_version=4
    )
    names: dict = {}
    parts: list = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FINOPS_NB_STAGING", str(staging))
        patch.setenv("FINOPS_NB_HOME", str(CHECKOUT))
        patch.setattr(
            api,
            "write_results",
            lambda show: parts.extend(show.shown) or write_results(show),
        )
        for cell in notebook.cells:
            if cell.cell_type == "code":
                exec(cell.source, names)
    results = json.loads((staging / "results.json").read_text(encoding="utf-8"))
    return parts, results, openpyxl.load_workbook(staging / "organizational_alignment.xlsx")


def test_each_table_of_the_report_is_a_sheet(sample):
    """The sheets follow the summary in the report's order; a table without rows has none."""
    parts, results, book = sample
    tables = [part for part in parts if isinstance(part, Table) and not part.is_empty]
    assert len(tables) > 8
    names = [part.name.replace("_", " ").capitalize() for part in tables]
    # Excel takes 31 characters; the one name that has more is cut at a word.
    assert [name for name in names if len(name) > 31] == ["Cross organization product usage"]
    assert book.sheetnames == [
        "Summary",
        *(name.removesuffix(" usage") if len(name) > 31 else name for name in names),
    ]
    assert all(results["tables"][table.name] for table in tables)
    assert [sheet["A1"].value for sheet in book.worksheets[1:]] == [
        # A sheet has no colors to explain.
        table.caption.removesuffix("; darker means higher")
        for table in tables
    ]
    assert not any("darker" in sheet["A1"].value for sheet in book.worksheets)


def test_each_figure_equals_that_of_the_results(sample):
    """Every row is there: numbers to 15 digits, days as days, text unchanged, null empty."""
    parts, results, book = sample
    tables = [part for part in parts if isinstance(part, Table) and not part.is_empty]
    compared = 0
    for table, sheet in zip(tables, book.worksheets[1:], strict=True):
        records = results["tables"][table.name]
        lines = rows_of(sheet)[: len(records)]
        for record, line in zip(records, lines, strict=True):
            for column in table.columns:
                value, cell, compared = record.get(column.name), line[column.label], compared + 1
                if isinstance(cell, datetime):
                    assert cell.date() == date.fromisoformat(value)
                elif isinstance(cell, (int, float)) and column.unit != "text":
                    assert same(cell, value)
                else:
                    assert (cell or None) == (value or None)
    assert compared > 300


def test_the_lines_add_up_to_the_totals(sample):
    """The cells of an additive column add up to its total, group by group, far below a cent."""
    parts, _, book = sample
    tables = [part for part in parts if isinstance(part, Table) and not part.is_empty]
    summed = 0
    for table, sheet in zip(tables, book.worksheets[1:], strict=True):
        rows = rows_of(sheet)
        lines, totals = rows[: len(table.records())], rows[len(table.records()) :]
        assert len(totals) == sum(block.total is not None for block in table.blocks)
        for total_row in totals:
            heads = [head for head in ("Group", "Organization") if head in total_row]
            groups = [total_row[head] for head in heads if total_row[head] != "Total"]
            group = groups[0] if groups else None
            added = [
                line
                for line in lines
                if group in (None, line.get("Group"), line.get("Organization"))
            ]
            for column in table.columns:
                if column.additive and total_row[column.label] is not None:
                    amount = sum(line[column.label] or 0 for line in added)
                    assert amount == pytest.approx(total_row[column.label], abs=1e-7)
                    summed += 1
    assert summed > 20


def test_the_summary_identifies_the_report(sample):
    """It has title, period and key, and the executive summary's figures as numbers."""
    _, results, book = sample
    summary = {row[0]: row[1] for row in book["Summary"].iter_rows(values_only=True) if row[0]}
    assert next(iter(summary)) == results["title"] == book.properties.title
    assert (summary["Period"], summary["First Day"], summary["Last Day"]) == (
        "December 2025",
        datetime(2025, 12, 1),
        datetime(2025, 12, 31),
    )
    assert (summary["Key"], summary["Generated"], summary["Currency"]) == (
        "ab" * 32,
        "2026-01-01T00:00:00Z",
        "USD",
    )
    line = results["tables"]["executive_summary"][0]
    assert same(summary["Total Spend"], line["total_spend"])
    assert same(summary["Variance %"], line["variance_ratio"])
    assert (summary["Calls"], summary["Status"]) == (224_072, "UNDER")
    assert "unrounded" in str([cell.value for cell in book["Summary"]["B"]])


def test_the_summary_is_stamped(opened):
    """An analysis has its stamp, with the meaning."""
    book = opened(manifest=replace(MANIFEST, kind=Kind.ANALYSIS))
    summary = {row[0]: row[1] for row in book["Summary"].iter_rows(values_only=True) if row[0]}
    assert summary["ANALYSIS · NOT FOR BOOKING"].startswith("An analysis, not the official")


def test_the_summary_has_the_prose_before_the_first_table(opened):
    """Sentences and figures have their formats; lists, and prose after a table, are left out."""
    costs = {
        "cost": Decimal("1.5"),
        "share": Decimal("0.5"),
        "calls": Decimal(2),
        "on": date(2025, 12, 1),
        "names": ("a",),
        "days": None,
    }
    first = Prose(
        "findings",
        "",
        [{"title": "Over budget", "text": "org-a: $1.00", "money": Decimal("1.002"), "note": ""}],
        {},
    )
    figures = Prose(
        "headline",
        "",
        [{"figure": "spend", "label": "Spend", "value": "$1.50", "detail": "all of it", **costs}],
        {},
    )
    book = opened(
        first,
        figures,
        table_of({"name": "a", "cost": Decimal(1)}),
        Prose("later", "", [{"text": "later"}], {}),
    )
    cells = {row[0].value: row[1] for row in book["Summary"].iter_rows() if row[0].value}
    assert [cells[name].value for name in ("Over budget", "Amount", "Spend", "Share")] == [
        "org-a: $1.00",
        1.002,
        "$1.50 (all of it)",
        0.5,
    ]
    assert {name: cells[name].number_format for name in ("Cost", "Share", "Calls", "On")} == {
        "Cost": '"$"#,##0.00;-"$"#,##0.00', "Share": "0.0%", "Calls": "#,##0", "On": "yyyy-mm-dd",
    }  # fmt: skip
    assert {"What Matters Most", "Key Figures"} < set(cells)
    assert not {"Names", "Note", "Figure", "Later"} & set(cells)


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_name_is_text_whatever_it_says(opened, name):
    """It is read back exactly, as text: no formula, link, number, day, truth value or error."""
    sheet = opened(
        table_of({"name": name, "cost": Decimal("1.5"), "owner": name, "note": name})
    ).worksheets[1]
    assert [cell.data_type for cell in sheet[3]] == ["s", "n", "s", "s"]
    assert [sheet[place].value for place in ("A3", "C3", "D3")] == [name] * 3


def test_what_is_in_the_file_computes_and_links_nothing(six, params):
    """No part of the file has a formula, link, external relation, macro or comment."""
    made = workbook_of(
        data_of(usage=six, params=params(), manifest=MANIFEST),
        [table_of(*({"name": name, "cost": Decimal(1)} for name in HOSTILE))],
    )
    with zipfile.ZipFile(io.BytesIO(made)) as packed:
        parts = {name: packed.read(name).decode() for name in packed.namelist()}
    assert not [
        name
        for name in parts
        if any(
            word in name.lower()
            for word in ("external", "vba", "comment", "calcchain", "connection")
        )
    ]
    for text in parts.values():
        assert not any(
            word in text
            for word in (
                "<f>",
                "<f ",
                "<hyperlink",
                'TargetMode="External"',
                "<ddeLink",
                "<oleLink",
            )
        )


def test_what_a_cell_cannot_hold_is_marked(opened):
    """A cut is at 32,767 UTF-16 units, never within a character; XML's limits show a mark."""
    names = ("\x00a\x1b\ufffe\rb", "x" * 32_767, "x" * 32_768, "x" + "👩" * 20_000)
    rows = rows_of(
        opened(table_of(*({"name": name, "cost": Decimal(1)} for name in names))).worksheets[1]
    )
    assert [row["Name"] for row in rows] == [
        "\ufffda\ufffd\ufffd\ufffdb",
        "x" * 32_767,
        "x" * 32_766 + "…",
        "x" + "👩" * 16_382 + "…",
    ]


def test_the_summary_is_spelled_as_the_report(opened):
    """Labels are titles, a detail continues its figure, and errors of a run rate are shares."""
    headline = [
        {
            "figure": "spend",
            "label": "Spend Against Budget",
            "value": "$8.00",
            "detail": "$2.00 under the $10.00 budget. Includes May only",
            "budget_used": Decimal("0.8"),
        },
        {
            "figure": "prior_month",
            "label": "Change from November 2025",
            "value": "+$2.00 (+50.0%)",
            "detail": "November, as published: $4.00",
            "compared": Decimal(6),
            "cost": Decimal(4),
            "change_ratio": Decimal("0.5"),
        },
        {
            "figure": "allocated",
            "label": "Allocated Share",
            "value": "100.0%",
            "detail": "All cost is assigned",
        },
    ]
    outlook = [{"text": "Far.", "over": Decimal(-1), "low": Decimal("-0.003"), "seen": 18}]
    book = opened(Prose("headline", "", headline, {}), Prose("outlook", "", outlook, {}))
    cells = {row[0].value: row[1] for row in book["Summary"].iter_rows() if row[0].value}
    expected = {
        "Spend Against Budget": "$8.00 ($2.00 under the $10.00 budget). Includes May only",
        "% Used": 0.8,
        "Change from November 2025": "+$2.00 (+50.0%); November, as published: $4.00",
        "Cost Compared": 6,
        "Cost of Previous Month": 4,
        "Change %": 0.5,
        "Allocated Share": "100.0% (all cost is assigned)",
        "Run Rate − Budget": -1,
        "Lowest Error": -0.003,
        "Days Included": 18,
    }
    assert expected.items() <= {name: cell.value for name, cell in cells.items()}.items()
    assert cells["Lowest Error"].number_format == "+0.0%;-0.0%;0.0%"
    assert cells["Run Rate − Budget"].number_format.startswith('+"$"')


def test_figures_have_the_formats_of_their_units(opened):
    """Each is shown as the report prints it; a day is a day; an empty cell means n/a."""
    formats = {
        schema.ORGANIZATION: "General",
        schema.DAY: "yyyy-mm-dd",
        schema.COST: f"{CHF};-{CHF}",
        schema.CHANGE: f"+{CHF};-{CHF};{CHF}",
        schema.BUDGET_USED: "0.0%",
        schema.ERROR: "+0.0%;-0.0%;0.0%",
        schema.CALLS: "#,##0",
        schema.RANK: "0",
        schema.AVERAGE_COST: f"{CHF}0000;-{CHF}0000",
        schema.EFFICIENCY: "[<1]0.00##;#,##0.00",
        schema.STATUS: "General",
    }
    line = dict.fromkeys([column.name for column in formats], Decimal("-1.5"))
    line |= {"organization": "a", "day": date(2025, 12, 31), "calls": 1234, "rank": 1}
    line |= {"status": Status.AT_RISK, "cost_per_call": Decimal("0.00001234")}
    lines = (line, line | {"cost": None, "day": None})
    sheet = opened(table_of(*lines, columns=tuple(formats), currency="CHF")).worksheets[1]
    assert [cell.value for cell in sheet[2]] == [column.label for column in formats]
    assert [cell.number_format for cell in sheet[3]] == list(formats.values())
    assert [cell.data_type for cell in sheet[3]] == ["s", "d", *"nnnnnnnn", "s"]
    assert (sheet["B3"].value, sheet["K3"].value) == (datetime(2025, 12, 31), "AT RISK")
    assert (sheet["B4"].value, sheet["C4"].value) == (None, None)


@pytest.mark.parametrize(
    ("currency", "code"),
    [
        ("USD", '"$"#,##0.00;-"$"#,##0.00'),
        ("JPY", '"¥"#,##0;-"¥"#,##0'),
        ("KWD", '"KWD\xa0"#,##0.000;-"KWD\xa0"#,##0.000'),
    ],
)
def test_money_has_the_decimals_of_its_currency(currency, code):
    """Money has the currency's decimals, and the minus before the currency."""
    assert number_format("money", currency) == code


@pytest.mark.parametrize(
    ("unit", "currency", "value", "code"),
    [
        ("money", "USD", "-0.004", '"$"#,##0.00;"$"#,##0.00'),
        ("money", "USD", "-0.005", '"$"#,##0.00;-"$"#,##0.00'),
        ("change", "USD", "-0.004", '"$"#,##0.00;"$"#,##0.00'),
        ("change", "USD", "0.004", '"$"#,##0.00;"$"#,##0.00'),
        ("money", "JPY", "-0.4", '"¥"#,##0;"¥"#,##0'),
        ("money", "KWD", "-0.0004", '"KWD\xa0"#,##0.000;"KWD\xa0"#,##0.000'),
        ("money", "KWD", "-0.004", '"KWD\xa0"#,##0.000;-"KWD\xa0"#,##0.000'),
        ("unit cost", "USD", "-0.0000004", '"$"#,##0.000000;"$"#,##0.000000'),
        ("signed share", "USD", "-0.0004", "0.0%;0.0%"),
        ("share", "USD", "-0.0004", "0.0%;0.0%"),
        ("count", "USD", "-0.4", "#,##0;#,##0"),
    ],
)
def test_a_figure_that_prints_as_zero_has_no_sign(opened, unit, currency, value, code):
    """The cell keeps the exact value, and the format of its negative numbers has no minus."""
    columns = (schema.NAME, Column("x", "X", unit, ""))
    line = {"name": "a", "x": Decimal(value)}
    sheet = opened(table_of(line, columns=columns, currency=currency)).worksheets[1]

    assert (sheet["B3"].number_format, Decimal(str(sheet["B3"].value))) == (code, Decimal(value))
    printed = Format(currency).of(unit, Decimal(value))
    assert ("-" in printed) == ("-" in code)


def test_what_the_page_prints_small_is_in_columns(opened):
    """Variance %, status, alert, booked, owner, cost center and note, where a row has them."""
    line = {
        "name": "a",
        "cost": Decimal(1),
        "variance_ratio": Decimal("-0.25"),
        "status": Status.UNDER,
        "owner": "",
        "note": "later",
    }
    line |= {
        "cost_centre": "1042",
        "crossed": Decimal("0.8"),
        "crossed_on": date(2025, 12, 24),
        "booked": Decimal("1.00"),
    }
    [row] = rows_of(opened(table_of(line)).worksheets[1])
    assert row == {
        "Name": "a",
        "Total Cost": 1,
        "Variance %": -0.25,
        "Status": "UNDER",
        "Threshold Crossed": 0.8,
        "Crossed On": datetime(2025, 12, 24),
        "Booked": 1,
        "Cost Center": "1042",
        "Note": "later",
    }


def test_groups_are_a_column(opened):
    """A block's heading is in each of its rows, for filters; totals come after all rows."""
    blocks = tuple(
        Block(
            [{"organization": name, "product": "p", "cost": Decimal("0.005")}] * 2,
            {"cost": Decimal("0.01")},
            name,
        )
        for name in "ab"
    )
    by_organization = Table("breakdown", "Breakdown", (schema.PRODUCT, schema.COST), blocks)
    other = Table(
        "other",
        "Other",
        NAME_AND_COST,
        (Block([{"name": "n", "cost": Decimal(1)}], None, "By product"),),
    )
    repeated = Table(
        "repeated", "Repeated", (schema.ORGANIZATION, schema.PRODUCT, schema.COST), blocks
    )
    book = opened(by_organization, other, repeated)
    assert [list(row.values()) for row in rows_of(book["Breakdown"])] == [
        *(["a", "p", 0.005], ["a", "p", 0.005], ["b", "p", 0.005], ["b", "p", 0.005]),
        *(["a", "Total", 0.01], ["b", "Total", 0.01]),
    ]
    assert [cell.value for cell in book["Breakdown"][2]] == [
        "Organization",
        "Product",
        "Total Cost",
    ]
    assert rows_of(book["Other"]) == [{"Group": "By product", "Name": "n", "Total Cost": 1}]
    assert [cell.value for cell in book["Repeated"][2]] == ["Organization", "Product", "Total Cost"]
    assert GROUP not in [column.name for column in by_organization.columns]


def test_a_sheet_is_ready_to_be_read(opened):
    """Heads stay visible and print on each page; a filter leaves totals out; it prints across."""
    columns = (schema.RANK, schema.ORGANIZATION, schema.COST)
    lines = [
        {"rank": number, "organization": "o" * 60, "cost": Decimal(number)} for number in (1, 2)
    ]
    table = table_of(*lines, columns=columns, total_line={"cost": Decimal(3)})
    sheet = opened(table).worksheets[1]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("C3", "A2:C4")
    assert (sheet.print_title_rows, sheet.page_setup.orientation, sheet.page_setup.paperSize) == (
        "$1:$2",
        "landscape",
        9,
    )
    assert (sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.page_setup.fitToHeight) == (True, 0)
    assert [sheet.column_dimensions[each].width for each in "AB"] == pytest.approx([12, 44], abs=1)
    assert rows_of(sheet)[-1] == {"Rank": None, "Organization": "Total", "Total Cost": 3}
    assert sheet["C5"].font.bold


def test_a_table_with_days_has_a_total(opened):
    """The word "Total" is in the column of days."""
    table = table_of(
        {"day": date(2025, 12, 1), "cost": Decimal(1)},
        columns=(schema.DAY, schema.COST),
        total_line={"cost": Decimal(1)},
    )
    assert [row["Day"] for row in rows_of(opened(table).worksheets[1])] == [
        datetime(2025, 12, 1),
        "Total",
    ]


def test_all_rows_are_there_where_the_report_prints_some(opened):
    """Every row of 300 organizations and 50 products is there; the page prints the largest."""
    names = [f"org-{number:03}" for number in range(300)]

    def block(name: str) -> Block:
        lines = [
            {"organization": name, "product": f"p{number}", "cost": Decimal(f"{number}.005")}
            for number in range(50)
        ]
        return Block(lines, {"cost": total(line["cost"] for line in lines)}, name)

    blocks = tuple(map(block, names))
    table = Table("breakdown", "Breakdown", (schema.PRODUCT, schema.COST), blocks, shown=10)
    rows = rows_of(opened(table).worksheets[1])
    assert len(rows) == 300 * 50 + 300
    assert {row["Organization"] for row in rows} == set(names)
    # 0.005 + 1.005 + … + 49.005 = 1225 + 50 × 0.005
    assert rows[-1] == {"Organization": "org-299", "Product": "Total", "Total Cost": 1225.25}


def test_sheets_have_names_that_excel_takes():
    """They have at most 31 allowed characters, and differ by more than case."""
    taken = {"summary", "history"}
    wanted = ("a" * 40, "A" * 40, "x/y:z[1]*?\\'", "Summary", "history", *["rows"] * 12)
    names = [sheet_name(name, taken) for name in wanted]
    assert names[:5] == [
        "A" + "a" * 30,
        "A" + "a" * 26 + " (2)",
        "X y z 1",
        "Summary (2)",
        "History (2)",
    ]
    assert names[-1] == "Rows (12)"
    assert len({name.lower() for name in names}) == len(names)


@pytest.mark.slow
def test_the_same_report_is_the_same_bytes(tmp_path):
    """Process, time zone and language change nothing; the time inside is the report's."""
    program = """
import sys
sys.path.insert(0, sys.argv[1])
from support.made_usage import SIX, data_of, usage_of
from finops_nb.figures.allocation import allocate
from finops_nb.outputs.manifest import Manifest, Kind
from finops_nb.figures.efficiency import unit_costs
from finops_nb.params.model import make_params
from finops_nb.report.workbook import workbook_of
from finops_nb.report.cost_tables import cost_by_feature, spend_by_day
manifest = Manifest(Kind.OFFICIAL, "2025-12", "k", "2026-01-01T00:00:00Z")
data = data_of(manifest=manifest)
features = unit_costs(allocate(data.usage, by="feature"))
tables = [cost_by_feature(data, features), spend_by_day(data)]
sys.stdout.buffer.write(workbook_of(data, tables))
"""
    variables = (
        {"TZ": "UTC", "PYTHONHASHSEED": "1"},
        {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "2", "LC_ALL": "C"},
    )
    one, other = (
        subprocess.run(
            [sys.executable, "-c", program, str(SUPPORT.parent)],
            env=each,
            capture_output=True,
            check=True,
        ).stdout
        for each in variables
    )
    assert one == other
    assert openpyxl.load_workbook(io.BytesIO(one)).properties.created == datetime(2026, 1, 1)
    with zipfile.ZipFile(io.BytesIO(one)) as packed:
        assert {each.date_time[0] for each in packed.infolist()} == {1980}
