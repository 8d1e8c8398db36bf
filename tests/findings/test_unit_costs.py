"""The change of a cost per unit in words, only where it is material; doubtful lines of drivers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.made_usage import Call, data_of, drivers_of, findings_of, usage_of

from finops_nb.figures.report_data import ReportData
from finops_nb.findings.main_findings import main_findings
from finops_nb.findings.overview import warnings
from finops_nb.findings.unit_costs import changed_unit_cost, unit_cost_sentence
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.model import make_params
from finops_nb.report.format import Format, text_sentence

NOVEMBER = PublishedMonth(
    *("2025-11", Decimal(7500), 2, {}),
    organizations={"org-a": Decimal(2000), "org-beta": Decimal(5500)},
)


def december(*lines: tuple[str, str, str, str], **rules: str) -> ReportData:
    """org-a 2,000.00 in both months; org-beta 6,720.00 after 5,500.00; $50 is material."""
    calls = [
        Call("org-a", "chat", "f", "c", "2000"),
        Call("org-beta", "chat", "f", "c", "6720"),
    ]
    keys = {"period": "2025-12", "usage": "sample:", "materiality_amount": "50"} | rules
    params = make_params(keys)
    return data_of(usage_of(calls), params, months=(NOVEMBER,), drivers=drivers_of(*lines))


def both(organization: str, driver: str, before: str, now: str) -> tuple[tuple[str, ...], ...]:
    """A driver of November and of December."""
    months = (("2025-11", before), ("2025-12", now))
    return tuple((month, organization, driver, amount) for month, amount in months)


def said(data: ReportData) -> str:
    """The sentence on a change; empty where none is material."""
    line = changed_unit_cost(data)
    return text_sentence(unit_cost_sentence(line, data), Format("USD")) if line else ""


def test_a_rise_is_said_with_its_money():
    """5,500 ÷ 11,000 = 0.50; 6,720 ÷ 12,000 = 0.56: + 12%, and 6,720 − 0.50 × 12,000 = 720.00."""
    data = december(*both("org-beta", "orders", "11000", "12000"))
    assert said(data) == (
        "cost per order of org-beta rose 12.0%, from $0.5000 to $0.5600; at November's cost per "
        "order, December would have cost $720.00 less"
    )
    found = next(each for each in main_findings(findings_of(data)) if "Unit" in each.title)
    assert (found.title, found.money, found.names) == (
        *("Unit Cost Rose", Decimal(720), ("org-beta",)),
    )


def test_a_fall_is_said_with_what_it_saved():
    """5,500 ÷ 100 = 55; 6,720 ÷ 192 = 35: 20 × 192 = 3,840.00, and 20 ÷ 55 = 36.4%."""
    assert said(december(*both("org-beta", "seats", "100", "192"))) == (
        "cost per seat of org-beta fell 36.4%, from $55.0000 to $35.0000; at November's cost per "
        "seat, December would have cost $3,840.00 more"
    )


def test_the_whole_company_is_said_only_where_no_organization_is():
    """7,500 ÷ 750 = 10 after; 8,720 ÷ 436 = 20: 10 × 436 = 4,360.00."""
    company = both("", "companies", "750", "436")
    assert said(december(*company)).startswith(
        "cost per company of the whole company rose 100.0%, from $10.0000 to $20.0000; "
    )
    of_one = both("org-beta", "orders", "11000", "12000")
    assert said(december(*company, *of_one)).startswith("cost per order of org-beta")


@pytest.mark.parametrize(
    ("now", "rules"),
    [
        ("13440", {}),  # 6,720 ÷ 13,440 = 0.50: no change
        ("12000", {"materiality": "0.13"}),  # 12% is below 13%
        ("12000", {"materiality_amount": "721"}),  # 720.00 is below 721
        ("12000", {"materiality": "0.1", "materiality_amount": ""}),  # 720 < 10% of 8,720
    ],
)
def test_a_change_that_is_not_material_is_not_said(now, rules):
    """Both its fraction and its money must be."""
    data = december(*both("org-beta", "orders", "11000", now), **rules)
    assert said(data) == ""
    assert not [each for each in main_findings(findings_of(data)) if "Unit" in each.title]


def test_names_without_usage_are_doubtful():
    """The near name is one without a line of its own."""
    data = december(
        ("2025-12", "org-bta", "orders", "1"),
        ("2025-12", "org-a", "orders", "1"),
        ("2025-11", "org-aa", "orders", "1"),
    )
    sentence = 'drivers.csv: no usage in the period for org-bta (did you mean "org-beta"?).'
    assert [text for text in warnings(data) if "drivers" in text] == [sentence]


def test_a_file_without_the_period_is_doubtful():
    """Whatever it has of the month before."""
    data = december(("2025-11", "org-a", "orders", "1"))
    assert [text for text in warnings(data) if "drivers" in text] == [
        "drivers.csv has no amount for December 2025."
    ]
