"""A report is made whatever is zero in it: a figure that divides by zero is n/a."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.composed import composed
from support.made_usage import Call, data_of, usage_of
from support.properties import cases
from support.published import cells_of

from finops_nb.figures.report_data import ReportData
from finops_nb.params.budgets import read_budgets
from finops_nb.params.model import make_params

FEE = Call("org-b", "fee", "seat", "c2", "5000", calls=0)
USED = Call("org-a", "chat", "ask", "c1", "1000", calls=10)
NO_TOKENS = dict.fromkeys(("input_tokens", "cached_tokens", "output_tokens"), 0)

ZEROS = {
    "no calls of one organization": [USED, FEE],
    "no calls of the costliest organization": [USED, FEE._replace(cost="1")],
    "no calls of any organization": [FEE, USED._replace(calls=0)],
    "no calls and no cost": [FEE._replace(cost="0"), USED],
    "no customers": [USED._replace(customer=""), FEE._replace(customer="", calls=3)],
    "no cost of one organization": [USED, FEE._replace(cost="0", calls=5)],
    "no cost at all": [USED._replace(cost="0"), FEE._replace(cost="0")],
    "credits that equal the cost": [USED, USED._replace(cost="-1000")],
    "credits that exceed the cost": [USED, USED._replace(cost="-1001", calls=0)],
    "no tokens of one model": [USED._replace(**NO_TOKENS, model="opus"), FEE],
    "no tokens of any model": [USED._replace(**NO_TOKENS), FEE._replace(**NO_TOKENS)],
    "no input tokens": [USED._replace(**NO_TOKENS | {"output_tokens": 5})],
    "no named organization": [USED._replace(organization=""), FEE._replace(organization="")],
}
"""Each denominator that can be zero: calls, customers, tokens, cost, and the sum of costs and
credits."""


def data_with(calls: list[Call], budget: str | None = None, complete: bool = True) -> ReportData:
    """Data with one budget for every name."""
    keys: dict = {"period": "2025-12", "usage": "sample:"}
    if budget is not None:
        names = {"organization": ("org-a", "org-b"), "product": ("chat", "fee")}
        keys |= {f"{by}_budgets": dict.fromkeys(of, budget) for by, of in names.items()}
    params = make_params(keys)
    return data_of(usage_of(calls, complete=complete), params, read_budgets(params))


@pytest.mark.slow
@pytest.mark.parametrize("budget", [None, "0", "1500"])
@pytest.mark.parametrize("zero", ZEROS)
def test_a_report_is_made(zero, budget):
    """With no budget, a budget of zero, and one above zero."""
    shown = composed(data_with(ZEROS[zero], budget))
    assert len(shown.shown) > 20


@pytest.mark.slow
@pytest.mark.parametrize("zero", ZEROS)
def test_a_period_in_progress_is_reported(zero):
    """The run rate divides by the cost of earlier months and by days, too."""
    calls = [call._replace(day=f"2025-12-{day:02}") for call in ZEROS[zero] for day in range(1, 9)]
    assert composed(data_with(calls, "0", complete=False)).shown


def test_a_fee_without_calls_has_no_cost_per_call_and_no_rank():
    """5,000 ÷ 0 calls is n/a; 0 calls ÷ 5,000 is no efficiency. org-a: 1,000 ÷ 10 calls = 100."""
    shown = composed(data_with([USED, FEE]))
    table = next(part for part in shown.shown if part.name == "cross_team_comparison")
    rows = cells_of(table)
    assert (rows["1"]["Organization"], rows["1"]["Cost/Call"]) == ("org-a", "$100.0000")
    assert (rows["n/a"]["Organization"], rows["n/a"]["Cost/Call"]) == ("org-b", "n/a")
    assert rows["n/a"]["Efficiency Score"] == "n/a"


@pytest.mark.slow
@settings(max_examples=cases(15))
@given(
    st.lists(
        st.builds(
            Call,
            st.sampled_from(["org-a", "org-b", ""]),
            st.sampled_from(["chat", "fee"]),
            st.just("f"),
            st.sampled_from(["c1", ""]),
            st.sampled_from(["0", "0.004", "-0.004", "10", "-10"]),
            day=st.just("2025-12-31"),
            model=st.sampled_from(["gpt", ""]),
            calls=st.sampled_from([0, 1, 3]),
            input_tokens=st.sampled_from([None, 0, 7]),
            cached_tokens=st.sampled_from([None, 0, 9]),
            output_tokens=st.sampled_from([None, 0, 7]),
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([None, "0", "0.01", "12"]),
)
def test_every_mix_of_zeros_and_credits_is_reported(calls, budget):
    """Costs, calls, tokens and customers that are zero or cancel each other stop no report."""
    data = data_with(calls, budget)
    assert composed(replace(data, months=())).shown
    assert data.usage.cost == sum(Decimal(call.cost) for call in calls)
