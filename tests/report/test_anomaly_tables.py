"""The table of days out of line: one line for each event, or a sentence with the rule."""

from __future__ import annotations

from decimal import Decimal

from support.composed import composed
from support.made_usage import Call, data_of, findings_of, usage_of

from finops_nb.figures.report_data import ReportData
from finops_nb.findings.main_findings import main_findings
from finops_nb.params.model import make_params
from finops_nb.period import parse_period
from finops_nb.report import charts
from finops_nb.report.anomaly_tables import anomalies
from finops_nb.report.format import Format, text_sentence

D = Decimal
DECEMBER = tuple(parse_period("2025-12").days)
USUAL = {("org-a", "chat"): 10, ("org-b", "search"): 20}


def data_with(spikes: dict[tuple[int, str], int], new: tuple[Call, ...] = ()) -> ReportData:
    """10 a day of org-a's chat and 20 of org-b's search; by day and organization, other amounts."""
    calls = [
        Call(
            organization,
            product,
            "f",
            "c",
            str(spikes.get((day.day, organization), cost)),
            f"{day}",
        )
        for day in DECEMBER
        for (organization, product), cost in USUAL.items()
    ]
    return data_of(usage=usage_of([*calls, *new]))


def test_a_month_without_any_says_the_rule():
    """30 × 31 = 930 in all, of which 1% is material."""
    table = anomalies(data_with({}))
    assert table.is_empty
    assert table.empty == (
        "No day was out of line. A day is out of line if its cost differs from the usual "
        "cost of its weekday by $9.30 or more, and by much more than other days do."
    )
    assert table.records() == []


def test_an_event_is_a_line_with_its_money_and_names():
    """org-a's chat costs 90 on December 9: 80 more than usual."""
    table = anomalies(data_with({(9, "org-a"): 90}))
    assert table.records() == [
        {
            "day": "2025-12-09",
            "days": 1,
            "name": "org-a · chat",
            "organization": "org-a",
            "product": "chat",
            "model": None,
            "cost": "90",
            "usual": "10",
            "difference": "80",
            "driver": "",
        }
    ]
    [row] = table.rows(table.blocks[0])
    texts = [cell.text for cell in row.cells]
    assert texts == ["2025-12-09", "org-a · chat", "$90.00", "$10.00", "+$80.00", ""]


def test_days_in_a_row_have_their_number():
    """All costs double on the 9th and 10th; of the difference of 60, org-b has 40."""
    days = [(9, "org-a"), (10, "org-a"), (9, "org-b"), (10, "org-b")]
    table = anomalies(data_with({key: 20 if key[1] == "org-a" else 40 for key in days}))
    [row] = table.rows(table.blocks[0])
    texts = [cell.text for cell in row.cells]
    assert texts == ["2025-12-09", "2", "(all)", "$120.00", "$60.00", "+$60.00", "org-b"]


def test_a_new_driver_is_said_beneath_the_name():
    """A product that is used on December 9 only."""
    new = Call("org-a", "new", "f", "c", "80", "2025-12-09")
    table = anomalies(data_with({}, (new,)))
    [row] = table.rows(table.blocks[0])
    assert row.cells[1].beneath == ("new is new",)
    assert row.cells[-1].text == "new"


def test_other_periods_say_why():
    """A quarter has no usual days here."""
    calls = [Call("org-a", "chat", "f", "c", "1", f"2025-1{month}-01") for month in (0, 1, 2)]
    params = make_params({"period": "2025-Q4", "usage": "sample:"})
    data = data_of(usage=usage_of(calls, "2025-Q4"), params=params)
    assert anomalies(data).empty == ("Only monthly reports say which days are out of line.")


def test_the_chart_marks_the_days():
    """Its alt text names them; without data, or without such days, none."""
    data = data_with({(9, "org-a"): 90})
    chart = charts.spend_by_day(data.usage, data.params, data)
    assert chart.alt.endswith("; out of line: 2025-12-09.")
    assert "out of line" not in charts.spend_by_day(data.usage, data.params).alt
    quiet = data_with({})
    assert "out of line" not in charts.spend_by_day(quiet.usage, quiet.params, quiet).alt


def test_the_day_that_differs_most_is_a_main_finding():
    """80 more on the 9th, 100 more on the 23rd; both are Tuesdays."""
    data = data_with({(9, "org-a"): 90, (23, "org-a"): 110})
    [found] = [each for each in main_findings(findings_of(data)) if each.title == "Day out of Line"]
    text = text_sentence(found.sentence, Format("USD"))
    assert text == "December 23: org-a's chat cost $100.00 more than on a usual Tuesday"
    assert (found.money, found.names) == (D(100), ("org-a", "chat"))
    quiet = main_findings(findings_of(data_with({})))
    assert "Day out of Line" not in [each.title for each in quiet]


def test_the_report_shows_it():
    """Once, after the chart of spend by day."""
    shown = [part.name for part in composed(data_with({(9, "org-a"): 90})).shown]
    assert shown.index("anomalies") + 1 == shown.index("spend_by_day")
