"""Used up: when a running budget is reached at the run rate."""

from __future__ import annotations

from datetime import date

import pytest
from support.made_usage import Call, data_of, usage_of

from finops_nb.figures.used_up import used_up_days
from finops_nb.params.model import make_params

TEN_A_DAY = [Call("org-a", "chat", "f", "c", "10", f"2025-12-{day:02}") for day in range(1, 11)]


def used_up(calls: list[Call], budget: str, *, complete: bool = False) -> dict[str, date]:
    params = make_params(
        {"period": "2025-12", "usage": "sample:", "organization_budgets": {"org-a": budget}}
    )
    usage = usage_of(calls, complete=complete)
    return used_up_days(data_of(usage=usage, params=params), "organization")


@pytest.mark.parametrize(
    ("budget", "day"),
    [("155", date(2025, 12, 16)), ("310", date(2025, 12, 31)), ("45", date(2025, 12, 5))],
)
def test_ten_a_day_reach_a_budget_on_its_day(budget, day):
    """15.5 days, 31 days, and 4.5 days, which are seen."""
    assert used_up(TEN_A_DAY, budget) == {"org-a": day}


def test_weekdays_cost_what_they_did():
    """7.00 each Monday: the 1st, 8th, 15th and 22nd are 28.00."""
    mondays = [Call("org-a", "chat", "f", "c", "7", f"2025-12-{day:02}") for day in (1, 8)]
    assert used_up(mondays, "28") == {"org-a": date(2025, 12, 22)}


def test_a_budget_that_lasts_has_no_day():
    """310 in December."""
    assert used_up(TEN_A_DAY, "310.01") == {}


def test_there_is_none_without_a_run_rate():
    """Six days are no week, and a complete month has its days of crossing."""
    assert used_up(TEN_A_DAY[:6], "155") == {}
    assert used_up(TEN_A_DAY, "45", complete=True) == {}
