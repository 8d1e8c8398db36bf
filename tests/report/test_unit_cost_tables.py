"""The table of unit costs: nothing without drivers, n/a with its reason, and no totals."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from support.composed import composed
from support.homes import files_of
from support.made_usage import SIX, Call, data_of, drivers_of, usage_of
from support.usage_files import call, write_calls

from finops_nb.commands.what_changed import what_changed
from finops_nb.home import Home
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.model import make_params
from finops_nb.report.unit_cost_tables import unit_costs
from finops_nb.run.job import key_now, open_job
from finops_nb.run.run import run

NOVEMBER = PublishedMonth("2025-11", Decimal(8), 3, {}, organizations={"org-a": Decimal(5)})
LINES = (
    ("2025-12", "", "orders", "1000"),
    ("2025-12", "org-a", "orders", "12.5"),
    ("2025-11", "org-a", "orders", "12.5"),
    ("2025-11", "org-b", "seats", "4"),
    ("2025-12", "org-c", "seats", "4"),
)


def texts(table) -> list[list[str]]:
    """The printed cells, row by row, with what is beneath them."""
    rows = table.rows(table.printed[0])
    return [[" / ".join((cell.text, *cell.beneath)) for cell in row.cells] for row in rows]


def test_each_driver_has_the_company_and_its_organizations():
    """Of 10.00, org-a has 6.00 and org-b 2.00: 10 ÷ 1,000 = 0.01, and 6 ÷ 12.5 = 0.48 after
    5 ÷ 12.5 = 0.40."""
    table = unit_costs(data_of(months=(NOVEMBER,), drivers=drivers_of(*LINES)))
    assert table.title == "Unit Costs by Driver"
    assert [column.label for column in table.columns] == [
        *("Driver", "Organization", "Direct Cost", "Driver Amount", "Cost per Unit"),
        *("Cost per Unit Before", "Change"),
    ]
    none, missing = ["n/a"] * 3, "no amount for December 2025"
    assert texts(table) == [
        ["orders", "(all)", "$10.00", "1,000", "$0.0100", "n/a", "n/a"],
        ["orders", "org-a", "$6.00", "12.5", "$0.4800", "$0.4000", "+20.0%"],
        [f"seats / {missing}", "(all)", "$10.00", "n/a", *none],
        [f"seats / {missing}", "org-b", "$2.00", "n/a", *none],
        ["seats / no usage in the period", "org-c", "n/a", "4", *none],
    ]


def test_results_have_the_exact_figures():
    """As decimal text; there is no total that a reader could add up."""
    table = unit_costs(data_of(months=(NOVEMBER,), drivers=drivers_of(LINES[1], LINES[2])))
    assert table.records()[1] == {
        "driver": "orders",
        "organization": "org-a",
        "cost": "6",
        "amount": "12.5",
        "unit_cost": "0.48",
        "before": "0.4",
        "change": "0.2",
    }
    assert [block.total for block in table.blocks] == [None]


def test_without_a_month_before_its_columns_are_left_out():
    """They would be n/a in every row."""
    table = unit_costs(data_of(drivers=drivers_of(*LINES)))
    assert [column.name for column in table.columns][-2:] == ["amount", "unit_cost"]


def test_the_caption_says_which_cost_and_the_formula():
    """Shared costs are not in it; in a scenario with other usage, costs are supposed."""
    caption = (
        "ost per unit = direct cost ÷ driver amount; direct cost is the cost of an "
        "organization's own usage, without shared costs; (all) is the whole company, with its "
        "total cost"
    )
    params = make_params(
        {
            **{"period": "2025-12", "usage": "sample:"},
            "scenario": {
                **{"base": "2025-12", "author": "Ana", "date": "2025-12-15", "reason": "more"},
                "growth": {"(all)": "10%"},
            },
        }
    )
    assert unit_costs(data_of(drivers=drivers_of(*LINES))).caption == f"C{caption}"
    supposed = unit_costs(data_of(params=params, drivers=drivers_of(*LINES)))
    assert supposed.caption == f"What-if c{caption}"
    assert [column.label for column in supposed.columns][2:5] == [
        *("What-If Direct Cost", "Driver Amount", "What-If Cost per Unit"),
    ]


def test_without_drivers_there_is_no_section():
    """Nothing is printed, and the results have no row."""
    table = unit_costs(data_of())
    assert (table.is_empty, table.empty, table.records()) == (True, "", [])
    assert "Unit Costs" not in table._repr_html_()


@pytest.mark.parametrize(
    ("period", "complete", "reason"),
    [
        ("2025-12", False, "while the period is in progress"),
        ("2025-11-15/2026-01-15", True, "because the period is not made of whole months"),
    ],
)
def test_a_period_without_unit_costs_says_why(period, complete, reason):
    """A sentence in place of the table."""
    params = make_params({"period": period, "usage": "sample:"})
    usage = usage_of(SIX, period, complete)
    table = unit_costs(data_of(usage, params, drivers=drivers_of(*LINES)))
    assert table.is_empty
    assert table.empty.startswith(f"Unit costs by driver are not available {reason}")
    assert all(record["unit_cost"] is None for record in table.records())


def test_the_report_shows_it_before_the_insights():
    """Near the comparison of teams."""
    data = data_of(months=(NOVEMBER,), drivers=drivers_of(*LINES))
    shown = [part.name for part in composed(data, with_charts=False).shown]
    assert shown.index("unit_costs") + 1 == shown.index("key_insights")


def test_many_lines_are_counted():
    """59 are printed, and the others are one line."""
    lines = [("2025-12", f"org-{number}", "orders", "1") for number in range(100)]
    calls = [Call(line[1], "chat", "f", "c", "1") for line in lines]
    table = unit_costs(data_of(usage_of(calls), drivers=drivers_of(*lines)))
    assert len(table.rows(table.printed[0])) == 60
    assert len(table.records()) == 101
    assert "others are counted" in table.left_out


PARAMS = 'period: "{0}"\nusage: "usage/*.csv"\ndrivers: drivers.csv\nmateriality_amount: 50\n'
DRIVERS = """\
month,organization,name,amount
2025-11,org-beta,orders,11000
2025-12,org-beta,orders,12000
2025-12,,orders,0
2025-12,sales-eu,seats,5
2025-10,org-beta,orders,10000
"""


def home_of(root) -> Home:
    """org-beta costs 5,500.00 in November and 6,720.00 in December; org-a 100.00 in both."""
    home = Home(root.resolve())
    rows = [("2025-11-30", "org-beta", "5500"), ("2025-12-31", "org-beta", "6720")]
    rows += [(day, "org-a", "100") for day in ("2025-10-31", "2025-11-30", "2025-12-31")]
    calls = [
        call(timestamp=f"{day}T00:00:00Z", cost_usd=cost, organization_id=name)
        for day, name, cost in rows
    ]
    write_calls(home.root / "usage" / "calls.csv", *calls)
    (home.root / "drivers.csv").write_text(DRIVERS)
    for name, period in (
        *((month, month) for month in ("2025-11", "2025-12")),
        ("analysis/2025-Q4", "2025-Q4"),
    ):
        file = home.params_file(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(PARAMS.format(period))
    return home


@pytest.mark.slow
def test_it_is_published_and_a_changed_file_makes_it_outdated(tmp_path):
    """6,720 ÷ 12,000 = 0.56 after 5,500 ÷ 11,000 = 0.50; with 16,000 orders it is 0.42."""
    home = home_of(tmp_path)
    run("2025-11", home)
    run("2025-12", home)
    results = json.loads(files_of(home.outputs / "2025-12")["results.json"])
    rows = {(row["driver"], row["organization"]): row for row in results["tables"]["unit_costs"]}
    line = rows["orders", "org-beta"]
    assert (line["unit_cost"], line["before"], line["change"]) == ("0.56", "0.5", "0.12")
    assert rows["orders", "(all)"]["unit_cost"] is None
    assert rows["seats", "sales-eu"]["note"] == "no usage in the period"
    assert results["provenance"]["drivers"]["rows"] == 5
    assert [text for text in results["warnings"] if "drivers" in text] == [
        "drivers.csv: no usage in the period for sales-eu."
    ]
    [found] = [row for row in results["tables"]["findings"] if row["title"] == "Unit Cost Rose"]
    assert found["money"] == "720"
    assert key_now(open_job(home, "2025-12")) == results["provenance"]["key"]
    (home.root / "drivers.csv").write_text(DRIVERS.replace("12000", "16000"))
    assert key_now(open_job(home, "2025-12")) != results["provenance"]["key"]
    run("2025-12", home)
    text = "\n".join(what_changed(home, "2025-12"))
    assert "amounts in drivers.csv changed" in text
    assert "Driver file: drivers.csv (changed, still 5 lines)" in text


@pytest.mark.slow
def test_a_quarter_is_published(tmp_path):
    """10,000 + 11,000 + 12,000 = 33,000 orders, and 12,220 ÷ 33,000."""
    home = home_of(tmp_path)
    run("analysis/2025-Q4", home)
    results = json.loads(files_of(home.outputs / "analysis" / "2025-Q4")["results.json"])
    line = next(row for row in results["tables"]["unit_costs"] if row["organization"] == "org-beta")
    assert (line["cost"], line["amount"]) == ("12220", "33000")
    assert line["unit_cost"].startswith("0.370303")
