"""Approvals and notes: a quarter or year keeps those of its months."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from finops_nb.params.commentary import Commentary, commentary_of
from finops_nb.params.model import make_params

MONTHS = ("2025-10", "2025-11", "2025-12")


def month(**keys):
    return make_params({"period": "2025-10", "usage": "sample:"} | keys)


def test_a_month_has_its_own(params):
    """A report whose budgets are no sum of months has what its params say."""
    made = params(approvals={"chat": "CFO"}, notes={"org-a": "Two regions"})
    assert commentary_of(made, {}) == Commentary({"chat": "CFO"}, {"org-a": "Two regions"})


def test_a_quarter_keeps_what_its_months_recorded(params):
    """An approval holds in the month whose params record it; a note says its month."""
    months = {
        "2025-10": month(approvals={"chat": "CFO"}, notes={"chat": "Launch in Spain"}),
        "2025-11": month(approvals={"chat": {"2025-11": "Ada", "2025-12": "Ada"}}),
        "2025-12": month(notes={"chat": "Peak season"}),
    }
    made = commentary_of(params(notes={"chat": "A good quarter"}), months)
    assert made.approvals == {"chat": {"2025-10": "CFO", "2025-11": "Ada"}}
    assert made.notes == {
        "chat": "A good quarter; October 2025: Launch in Spain; December 2025: Peak season"
    }


def test_its_own_approvals_come_first(params):
    """Who approves a product for the whole quarter approves it in every month."""
    months = {"2025-10": month(approvals={"chat": "CFO", "search": "CFO"})}
    own = {"chat": "Board", "search": {"2025-10": "Eve", "2025-11": "Eve"}}
    made = commentary_of(params(approvals=own), months)
    assert made.approvals == own


@given(
    st.dictionaries(
        st.sampled_from(MONTHS),
        st.dictionaries(
            st.sampled_from(["chat", "search"]),
            st.one_of(
                st.just("CFO"),
                st.dictionaries(st.sampled_from(MONTHS), st.just("CFO"), min_size=1),
            ),
        ),
    )
)
def test_an_approval_of_a_month_is_one_of_the_quarter(approvals):
    """A product is approved in a month of the quarter exactly if it is in that month's report."""
    months = {text: month(approvals=of_month) for text, of_month in approvals.items()}
    made = commentary_of(month(), months)
    for text in MONTHS:
        for product in ("chat", "search"):
            own = approvals.get(text, {}).get(product, {})
            is_approved = isinstance(own, str) or text in own
            assert (text in made.approvals.get(product, {})) == is_approved
