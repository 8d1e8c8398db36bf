"""Concentration: the largest customers without their names, and the largest names."""

from __future__ import annotations

from decimal import Decimal

from support.made_usage import SIX, Call, data_of, usage_of

from finops_nb.figures.concentration import Concentration, Largest, concentration
from finops_nb.figures.models import cost_by_model
from finops_nb.figures.projection import project

D = Decimal


def found(*calls: Call, usage=None) -> Concentration:
    data = data_of(usage=usage or usage_of(calls))
    return concentration(data, cost_by_model(data))


def customers(*costs: str) -> list[Call]:
    """A call of each customer."""
    return [Call("org-a", "chat", "f", f"c{place}", cost) for place, cost in enumerate(costs)]


def test_the_largest_customers_have_their_part_of_all_cost():
    """5, ten times 1, and 5 without a customer: 5 ÷ 20, and (5 + 9 × 1) ÷ 20 of ten."""
    made = found(*customers("5", *["1"] * 10), Call("org-a", "chat", "f", "", "5"))
    assert (made.customers, made.largest_customer) == (11, D("0.25"))
    assert made.largest_customers == D("0.7")


def test_ten_customers_or_fewer_are_all_there_are():
    """Together they cause all of it, which says nothing."""
    made = found(*customers("5", *["1"] * 5))
    assert (made.largest_customer, made.largest_customers) == (D("0.5"), None)


def test_one_customer_and_none_are_no_concentration():
    """The whole is no share."""
    assert found(*customers("5")).largest_customer is None
    assert found(Call("org-a", "chat", "f", "", "5")).largest_customer is None


def test_the_largest_name_of_several_is_named():
    """org-a 6, org-b 2, no organization 2; chat 6.50, search 3.50; one model, which is all."""
    assert found(*SIX).names == {
        "organization": Largest("org-a", D("0.6")),
        "product": Largest("chat", D("0.65")),
    }


def test_the_largest_model_is_of_one_provider():
    """gpt has 4 + 3 of two providers, opus 5 of 12."""
    model = [("gpt", "p", "4"), ("gpt", "q", "3"), ("opus", "p", "5")]
    made = found(*(SIX[0]._replace(model=m, provider=p, cost=c) for m, p, c in model))
    assert made.names["model"] == Largest("opus", D(5) / 12)


def test_credits_leave_no_share_of_the_whole():
    """12 of 12 − 5 is more than all; 10 of 10 − 10 is not a share either."""
    for credit in ("-5", "-12"):
        assert found(*customers("12", credit)) == Concentration(2)


def test_customers_of_a_scenario_with_other_usage_are_not_known():
    """Their costs are not projected."""
    grown = project(usage_of(SIX), {"(all)": D("0.1")}, {})
    assert found(usage=grown).largest_customer is None
    assert "organization" in found(usage=grown).names
