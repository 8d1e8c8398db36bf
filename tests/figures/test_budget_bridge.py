"""Why cost differs from budget: volume, rate and the rest, which add up exactly."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from support.made_usage import Call, data_of, usage_of

from finops_nb.figures.bridge import Amounts
from finops_nb.figures.budget_bridge import budget_bridge_rows, budget_bridges, of_budget
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.variance import headline, total_of, variance_by
from finops_nb.money import total
from finops_nb.params.budgets import Budgets, Version, read_budgets
from finops_nb.params.flexible_budget import FlexibleBudget

D, F = Decimal, Fraction
A, B = ("organization", "org-a"), ("organization", "org-b")

budgeted = st.builds(
    FlexibleBudget,
    st.fractions(0, 10**6, max_denominator=365),
    st.fractions(0, 100, max_denominator=10**6),
)
used = st.builds(
    Amounts,
    st.integers(0, 10**6),
    st.just(0),
    st.decimals(-100, 10**6, places=12),
    st.decimals(-100, 100, places=12),
)


def calls(organization: str, number: int, cost: str) -> Call:
    return Call(organization, "chat", "ask", "c", cost, calls=number, task_type=f"{number} calls")


def report(
    *used: Call, flexible=None, versions=(), products=None, complete=True, **budgets: str
) -> ReportData:
    """A report of these calls, with these organizations' budgets."""
    amounts = {name.replace("_", "-"): D(amount) for name, amount in budgets.items()}
    every = (*versions, Version("in force", amounts, products or {}))
    return data_of(
        usage_of(used, complete=complete), budgets=Budgets({}, every, flexible=flexible or {})
    )


def effects(data: ReportData) -> dict[tuple[str, str], dict[str, Decimal]]:
    """The rows of the table `bridge`, by dimension and name."""
    found: dict[tuple[str, str], dict[str, Decimal]] = {}
    for row in budget_bridge_rows(data).to_dict("records"):
        assert row["from"] == "budget"
        found.setdefault((row["dimension"], row["name"]), {})[row["effect"]] = row["amount"]
    return found


@given(budgeted, st.decimals(0, 10**6, places=4), used)
def test_volume_rate_and_other_add_up_to_the_variance(flexible, budget, actual):
    """To the last decimal, also with fractions of a call and prices that do not end."""
    amounts = of_budget(flexible, budget, actual)
    assert total(amounts) == actual.cost + actual.uncounted - budget
    volume, rate, _ = amounts
    exact = F(actual.cost) - actual.calls * flexible.unit_cost
    assert abs(F(volume) - (actual.calls - flexible.calls) * flexible.unit_cost) <= F(1, 10**12)
    assert abs(F(rate) - exact) <= F(3, 2 * 10**12)


def test_more_calls_are_volume_and_a_higher_cost_per_call_is_rate():
    """1,500 calls for 33.00 after 1,000 at 0.02: 500 × 0.02 and 33 − 1,500 × 0.02."""
    flexible = {A: FlexibleBudget(F(1000), F(1, 50))}
    data = report(calls("org-a", 1500, "33"), flexible=flexible, org_a="20")
    expected = {"volume": D(10), "price": D(3)}
    assert effects(data) == {A: expected, ("total", "total"): expected}


def test_a_budget_without_calls_is_other():
    """org-b has an amount alone and org-c nothing: 4 − 5 and 2; the total adds org-a's 10 and 3."""
    data = report(
        *(calls("org-a", 1500, "33"), calls("org-b", 7, "4"), calls("org-c", 1, "2")),
        flexible={A: FlexibleBudget(F(1000), F(1, 50))},
        org_a="20",
        org_b="5",
    )
    assert effects(data) == {
        ("total", "total"): {"volume": D(10), "price": D(3), "other": D(1)},
        A: {"volume": D(10), "price": D(3)},
        B: {"other": D(-1)},
        ("organization", "org-c"): {"other": D(2)},
    }


def test_cost_without_calls_and_rounding_are_other():
    """A fee of 5.00; and 1,203 × 0.0125 = 15.0375, which the budget of 15.04 rounds up."""
    data = report(
        *(calls("org-a", 1203, "15.0375"), calls("org-a", 0, "5")),
        flexible={A: FlexibleBudget(F(1203), F(1, 80))},
        org_a="15.04",
    )
    assert effects(data)[A] == {"other": D("4.9975")}


def test_a_name_without_usage_has_used_no_call_of_its_budget():
    """0 − 1,000 calls at 0.02."""
    data = report(
        calls("org-b", 1, "1"), flexible={A: FlexibleBudget(F(1000), F(1, 50))}, org_a="20"
    )
    assert effects(data)[A] == {"volume": D(-20)}


def test_without_calls_in_the_usage_all_is_other():
    """A bill does not count them."""
    data = report(calls("org-a", 0, "33"), flexible={A: FlexibleBudget(F(9), F(1))}, org_a="9")
    bill = replace(data.usage, missing_columns=frozenset({"calls"}))
    data = replace(data, usage=bill, measured=bill)
    assert effects(data)[A] == {"other": D(24)}


def test_a_revised_budget_is_a_change_of_the_budget():
    """From 20 to 26 in force, and 33 actual: 6 of the budget, and the 7 over it. org-b's budget of
    3 was taken away, and nothing was spent."""
    first = Version("original", {"org-a": D(20), "org-b": D(3)}, {})
    data = report(
        calls("org-a", 1500, "33"),
        versions=[first],
        flexible={A: FlexibleBudget(F(1300), F(1, 50))},
        org_a="26",
    )
    assert effects(data) == {
        A: {"budget_change": D(6), "volume": D(4), "price": D(3)},
        B: {"budget_change": D(-3)},
        ("total", "total"): {"budget_change": D(3), "volume": D(4), "price": D(3)},
    }


def test_the_budget_change_of_a_sum_of_months_is_that_of_its_months(home, params):
    """10 in each month, and December revised to 16: 30 at first, 36 in force, and 40 actual.

    6 of the 10 above the first budgets are the revision; the other 4 are above the budget.
    """
    for month in ("2025-10", "2025-11", "2025-12"):
        home.params_file(month).write_text(
            f'period: "{month}"\nusage: "sample:"\nbudgets: budgets.csv\n'
        )
    (home.root / "budgets.csv").write_text(
        "dimension,name,year,month,amount,version,date,approver,reason\n"
        + "".join(f"organization,org-a,,2025-{month},10,,,,\n" for month in (10, 11, 12))
        + "organization,org-a,,2025-12,16,revised 1,2025-12-02,CFO,more teams\n"
    )
    budgets = read_budgets(params(period="2025-Q4", budgets="months:"), home)
    data = data_of(usage_of([calls("org-a", 1, "40")]), budgets=budgets)
    assert effects(data)[A] == {"budget_change": D(6), "other": D(4)}


@given(
    st.dictionaries(st.sampled_from("abc"), st.decimals(0, 999, places=2), min_size=1),
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.decimals(-9, 99, places=12)),
        min_size=1,
    ),
    st.sets(st.sampled_from("abc")),
    st.dictionaries(st.sampled_from("abc"), st.decimals(0, 999, places=2)),
)
def test_every_line_adds_up_to_its_variance(budgets, costs, stated, first):
    """That of the report's own tables; with budget_change, to the first version's."""
    data = report(
        *(calls(name, number, f"{cost:f}") for name, number, cost in costs),
        flexible={("organization", name): FlexibleBudget(F(7, 3), F(1, 7)) for name in stated},
        versions=[Version("original", first, {})],
        **budgets,
    )
    variance = variance_by(data, "organization")
    known = {row["organization"]: row for row in variance.to_dict("records")}
    lines = {each.name: each for each in budget_bridges(data) if each.dimension == "organization"}
    for name, row in known.items():
        line = lines[name]
        assert (line.actual, line.budget, line.variance) == (
            row["cost"],
            row["budget"],
            row["variance"],
        )
        assert total(line.effects().values()) == row["cost"] - first.get(name, D(0))
    whole = budget_bridges(data)[0]
    sums = headline(total_of(data, variance), total_of(data, variance_by(data, "product")))
    assert (whole.actual, whole.budget, whole.variance) == (sums.actual, sums.budget, sums.variance)
    assert total(whole.effects().values()) == whole.actual - (whole.first or D(0))


def test_only_a_complete_period_is_explained():
    """Nor a what-if that changes usage, nor a report without budgets."""
    flexible = {A: FlexibleBudget(F(1000), F(1, 50))}
    one = calls("org-a", 1500, "33")
    assert budget_bridges(report(one, flexible=flexible, org_a="20"))
    assert not budget_bridges(report(one, flexible=flexible, org_a="20", complete=False))
    assert not budget_bridges(report(one))
    what_if = report(one, flexible=flexible, org_a="20")
    assert not budget_bridges(replace(what_if, measured=usage_of([one])))
