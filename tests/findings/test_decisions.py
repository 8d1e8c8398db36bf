"""Decisions: the next month's budgets, by whom, by when, and what happens if not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from support.made_usage import Call, findings_of, usage_of
from support.months import december, month

from finops_nb.figures.report_data import ReportData
from finops_nb.findings.recommendations import recommend
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.scenario import Scenario
from finops_nb.report.format import Format, text_sentence

D = Decimal


def two(name: str) -> PublishedMonth:
    """A published month: org-a 10, org-b 4."""
    before = month(name, "14", "16")
    pairs = {("org-a", "chat"): D(10), ("org-b", "chat"): D(4)}
    return replace(before, organizations={"org-a": D(10), "org-b": D(4)}, pairs=pairs)


HISTORY = [two(f"2025-{number:02}") for number in range(11, 5, -1)]


def report(budgets: dict[str, str], ahead: dict[str, str] | None = None, **owners) -> ReportData:
    """December: org-a 10, org-b 4, as in six months before, against these budgets."""
    calls = [Call("org-a", "chat", "f", "c", "10"), Call("org-b", "chat", "f", "c", "4")]
    data = december(*HISTORY)
    params = data.params.model_copy(update={"materiality_amount": D(1)})
    amounts = {name: D(amount) for name, amount in budgets.items()}
    version = replace(data.budgets.version, organizations=amounts)
    later = {name: D(amount) for name, amount in (ahead or {}).items()}
    in_force = replace(
        data.budgets,
        versions=(version,),
        owners=owners,
        ahead={"2026-01": {"organization": later}} if later else {},
    )
    last_day = [call._replace(day="2025-12-31") for call in calls]
    return replace(data, params=params, budgets=in_force, usage=usage_of(last_day), measured=None)


def advice(data: ReportData) -> dict[str, str]:
    data = replace(data, measured=data.usage)
    return {
        each.title: text_sentence(each.action, Format("USD"))
        for each in recommend(findings_of(data))
    }


def test_an_overrun_is_decided_by_what_it_is_expected_to_cost():
    """10 a month for seven months against 7: 3 short, this month as in the next."""
    text = advice(report({"org-a": "7", "org-b": "9"}))["Budget Review"]
    assert text.endswith(
        ". Decide now: org-a is expected to cost $10 in January 2026 (up to $10), so its December "
        "2025 budget of $7.00 would be $3 short. org-a has no owner on record: name one under "
        "owners in the report's params file"
    )


def test_a_budget_of_the_next_month_is_the_one_that_counts():
    """8 in January: 2 short. 10: nothing to decide."""
    over = {"org-a": "7", "org-b": "9"}
    data = report(over, {"org-a": "8", "org-b": "4"}, **{"org-a": "Ada"})
    text = advice(data)["Budget Review"]
    assert text.endswith("so its January 2026 budget of $8.00 would be $2 short")
    assert "Decide" not in advice(report(over, {"org-a": "10", "org-b": "4"}))["Budget Review"]


def test_who_decides_is_found_where_owners_are_named():
    """In the file of organizations, if the params name one; a product's owner is in the params."""
    data = report({"org-a": "7", "org-b": "9"})
    params = data.params.model_copy(update={"mapping": "organizations.csv"})
    text = advice(replace(data, params=params))["Budget Review"]
    assert text.endswith(". org-a has no owner on record: name one in organizations.csv")
    text = advice(report({"org-a": "7", "org-b": "9"}, **{"org-a": "Ada"}))["Budget Review"]
    assert "owner on record" not in text


def test_money_comes_from_the_next_months_budgets_above_their_high_forecast():
    """org-b: 9 − 4 = 5 to spare in January; org-a is 2 short of its 8. Both holders are named."""
    data = report({"org-a": "7", "org-b": "4"}, {"org-a": "8", "org-b": "9"}, **{"org-a": "Ada"})
    assert advice(data)["Budget Planning"] == (
        "Move up to $2 of the January 2026 budget from org-b, whose $9.00 is $5 above its high of "
        "$4, to org-a (owner: Ada), which is $2 short; both budget holders decide now"
    )


def test_an_underspend_of_a_month_that_is_over_is_no_money():
    """org-b left 5 of December; January's 4 is what it needs."""
    data = report({"org-a": "7", "org-b": "9"}, {"org-a": "8", "org-b": "4"})
    assert "Budget Planning" not in advice(data)


def test_without_budgets_of_the_next_month_they_are_to_be_set():
    """14 a month is expected."""
    assert advice(report({"org-a": "10", "org-b": "4"}))["Budget Planning"] == (
        "If January 2026 has no budgets yet, set them now: $14 is expected, $14 to $14 "
        'in four of five cases; the command "finops-nb new 2026-01 --budgets forecast" proposes '
        "one for each organization and product"
    )


@pytest.mark.parametrize("key", ["scenario", "history"])
def test_a_scenario_and_an_untested_forecast_decide_nothing(key):
    """What is only supposed, or not tested, is no ground for a decision."""
    data = report({"org-a": "7", "org-b": "9"})
    if key == "scenario":
        scenario = Scenario(base="2025-12", author="Ada", date="2025-12-15", reason="Less")
        data = replace(data, params=data.params.model_copy(update={"scenario": scenario}))
    else:
        data = replace(data, months=())
    assert "Decide" not in advice(data)["Budget Review"]
    assert "Budget Planning" not in advice(data)
