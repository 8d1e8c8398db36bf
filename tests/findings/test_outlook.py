"""Outlook: the forecast in sentences."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from support.made_usage import Call, data_of, usage_of
from support.months import december, month

from finops_nb.findings.outlook import outlook_sentences, year_label
from finops_nb.params.model import make_params
from finops_nb.period import spelled_months
from finops_nb.report.format import Format, text_sentence

STEADY = [month(f"2025-{number:02}", "10", "12") for number in range(11, 6, -1)]
"""July to November, 10.00 each."""


def said(data) -> list[str]:
    return [text_sentence(each, Format("USD")) for each in outlook_sentences(data)]


def test_a_month_before_a_new_year_is_about_the_next_month():
    """Nothing of the calendar year is left after December."""
    text = said(december(*STEADY))
    assert text[0] == (
        "January 2026 is expected to cost $10, between $10 and $10 in four of five cases. "
        "This report does not have that month's budget."
    )
    assert text[1] == (
        "The forecast repeats last month's cost. Tested on 4 months, it was off by 0.0% of cost; "
        "no other method was closer."
    )
    assert len(text) == 2


def test_the_fiscal_year_is_expected_with_its_months_without_a_budget():
    """A year from July to June: 60.00 so far, 10.00 in each of six months."""
    text = said(december(*STEADY, start=7))
    assert text[1:3] == [
        "FY2026 is expected to cost $120.00 in all.",
        "This report has no organization budgets for January to June 2026.",
    ]


@pytest.mark.parametrize(("months", "is_said"), [(2, True), (3, True), (4, False), (5, False)])
def test_without_a_range_it_says_how_many_months_one_needs(months, is_said):
    """With December, three of five months are tests; the first two are only started from."""
    words = "A range from Low to High needs 5 complete months of reports."
    assert (words in said(december(*STEADY[:months]))) is is_said


def test_an_overrun_is_likely_where_expected_is_above_the_budget():
    """10 against 9."""
    ahead = {"2026-01": {"organization": {"org-a": Decimal(9)}}}
    text = said(december(*STEADY, ahead=ahead))
    assert text[0].endswith("An overrun of its $9.00 budget is likely.")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"change": "-20%"},
            "Assumed: Price cut, 20.0% less for all cost from January 1, 2026 on.",
        ),
        (
            {"amount": "5", "organization": "org-a", "product": "chat"},
            "Assumed: Price cut, $5.00 a month for chat in org-a from January 1, 2026 on.",
        ),
    ],
)
def test_an_event_is_said_with_what_it_supposes(change, words):
    """It is never a fact."""
    data = december(*STEADY)
    event = {"date": "2026-01-01", "what": "Price cut", **change}
    params = make_params({"period": "2025-12", "usage": "sample:", "events": [event]})
    assert said(replace(data, params=params))[-1] == words


def test_an_event_of_a_known_month_is_not_used():
    """December's cost has it."""
    event = {"date": "2025-12-01", "what": "Price cut", "change": "-20%"}
    params = make_params({"period": "2025-12", "usage": "sample:", "events": [event]})
    text = said(replace(december(*STEADY), params=params))[-1]
    assert text == "Not used, since costs include it: Price cut."


def test_a_quarter_says_why_it_has_no_forecast():
    """And nothing else."""
    usage = usage_of([Call("org-a", "chat", "f", "c", "15")], period="2025-Q4")
    params = make_params({"period": "2025-Q4", "usage": "sample:"})
    text = said(data_of(usage=usage, params=params))
    assert text == ["Only monthly reports have a forecast."]


@pytest.mark.parametrize(
    ("months", "words"),
    [
        (("2026-01",), "January 2026"),
        (("2026-01", "2026-02", "2026-03"), "January to March 2026"),
        (("2025-12", "2026-01"), "December 2025 to January 2026"),
        (("2025-09", "2025-11", "2025-12"), "September 2025 and November to December 2025"),
    ],
)
def test_a_range_of_months(months, words):
    """The year is said once in a range; a missing month ends it, and is not said."""
    assert spelled_months(months) == words


@pytest.mark.parametrize(("start", "label"), [(1, "2025"), (7, "FY2026"), (12, "FY2026")])
def test_a_fiscal_year_is_called_by_the_year_in_which_it_ends(start, label):
    """December 2025 is in the year that ends in June, or in November 2026."""
    assert year_label(december(start=start)) == label
