"""Days out of line in words, where they are material."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from support.made_usage import Call, data_of, usage_of

from finops_nb.figures.anomalies import Anomaly
from finops_nb.figures.day_costs import EVERYTHING, Scope
from finops_nb.findings.days_out_of_line import about, material_anomalies
from finops_nb.params.model import make_params
from finops_nb.period import parse_period
from finops_nb.report.format import Format, text_sentence
from finops_nb.schema import UNALLOCATED

D = Decimal
NINTH = date(2025, 12, 9)


def text(scope=EVERYTHING, cost="512", **values) -> str:
    return text_sentence(about(Anomaly(NINTH, scope, D(cost), D(100), **values)), Format("USD"))


@pytest.mark.parametrize(
    ("scope", "who"),
    [
        (EVERYTHING, "total cost was"),
        (Scope("org-a"), "org-a cost"),
        (Scope(product="chat"), "chat cost"),
        (Scope(model="gpt"), "gpt cost"),
        (Scope("org-a", "chat"), "org-a's chat cost"),
        (Scope("org-a", model="gpt"), "org-a's gpt cost"),
        (Scope(product="chat", model="gpt"), "chat on gpt cost"),
        (Scope("org-a", "chat", "gpt"), "org-a's chat on gpt cost"),
        (Scope(UNALLOCATED), "cost without an organization was"),
        (Scope(UNALLOCATED, "chat"), "unallocated chat cost"),
    ],
)
def test_a_day_names_who_and_how_much(scope, who):
    """512 against a usual Tuesday of 100."""
    assert text(scope) == f"December 9: {who} $412.00 more than on a usual Tuesday"


def test_the_driver_and_what_is_new_are_named():
    """gpt made most of it, and nobody used it before."""
    usual = "December 9: chat cost $412.00 more than on a usual Tuesday"
    assert text(Scope(product="chat"), driver="gpt") == f"{usual}, mostly gpt"
    assert text(Scope(product="chat"), driver="gpt", is_new=True) == f"{usual}, mostly gpt (new)"


def test_less_and_several_days():
    """100 less; three days from December 9 on."""
    assert text(cost="0") == "December 9: total cost was $100.00 less than on a usual Tuesday"
    expected = "December 9 to December 11: total cost was $412.00 more than on usual days"
    assert text(days=3) == expected


@pytest.mark.parametrize(
    ("spike", "amount", "number"), [(51, None, 1), (40, None, 0), (40, 30, 1), (29, 30, 0)]
)
def test_a_day_is_material_by_the_months_cost_or_by_the_amount_that_is_set(spike, amount, number):
    """30 days of 100 and one of 151: 1.5% of 3,151 is 47.27. Of 3,140 it is more than 40."""
    calls = [
        Call("org-a", "chat", "f", "c", str(100 + spike if day == NINTH else 100), f"{day}")
        for day in parse_period("2025-12").days
    ]
    params = {"period": "2025-12", "usage": "sample:", "materiality": "0.015"}
    if amount is not None:
        params["materiality_amount"] = amount
    data = data_of(usage=usage_of(calls), params=make_params(params))
    assert len(material_anomalies(data)) == number
