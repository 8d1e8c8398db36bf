"""The budgets of a period, wherever they come from."""

from __future__ import annotations

from decimal import Decimal

import pytest

from finops_nb.errors import Refusal
from finops_nb.home import Home
from finops_nb.params.budgets import read_budgets
from finops_nb.params.params_file import naming_params_file

CSV = """\
dimension,name,month,year,amount,owner,version,status,approver,reason,date
organization,org-a,2025-12,,5000,Ada,,,CFO,,2025-11-20
organization,org-b,,2025,1200,Bob,,,,,
product,chat,2025-12,,700,,,,,,
organization,org-a,2025-12,,5500,Ada,revised 1,approved,CFO,two more teams,2025-12-15
product,chat,2025-12,,900,,revised 1,proposed,,,
"""


@pytest.fixture
def budgeted_home(home) -> Home:
    """A home with that budgets.csv."""
    (home.root / "budgets.csv").write_text(CSV)
    return home


def write_month(budgeted_home: Home, month: str, text: str) -> None:
    budgeted_home.params_file(month).write_text(f'period: "{month}"\nusage: "sample:"\n{text}')


def test_inline_budgets_are_the_original(params):
    """Budgets in the params are version original, in force and approved."""
    budgets = read_budgets(
        params(organization_budgets={"a": "5.5"}, product_budgets={"x": 1}, owners={"a": "Ada"})
    )
    assert (budgets.organizations, budgets.products, budgets.owners) == (
        {"a": Decimal("5.5")},
        {"x": Decimal(1)},
        {"a": "Ada"},
    )
    assert [version.label for version in budgets.versions] == ["original"]
    assert budgets.before is budgets


def test_inline_versions_have_the_earlier_amounts(params):
    """The last version is in force, and its amounts are the params' own."""
    versions = [
        {"version": "original", "organization_budgets": {"a": 5}, "product_budgets": {}},
        {
            "version": "revised 1",
            "date": "2025-12-15",
            "author": "Ana",
            "reason": "more",
            "scenario": "scenarios/more",
        },
    ]
    budgets = read_budgets(params(organization_budgets={"a": 8}, budget_versions=versions))
    assert [(version.label, version.organizations) for version in budgets.versions] == [
        ("original", {"a": Decimal(5)}),
        ("revised 1", {"a": Decimal(8)}),
    ]
    assert (budgets.version.author, budgets.version.date, budgets.version.reason) == (
        "Ana",
        "2025-12-15",
        "more",
    )


@pytest.mark.parametrize(
    ("versions", "message"),
    [
        ([{"version": "revised 1"}], "the versions are revised 1"),
        (
            [{"version": "original"}, {"version": "revised 1"}],
            "original does not say what the budgets were",
        ),
        (
            [{"version": "original", "organization_budgets": {}, "product_budgets": {}}],
            "original is in force, so its amounts",
        ),
        ([{"version": "revised"}], "not a version"),
        ([{"version": "original", "why": "x"}], "an unknown key"),
    ],
)
def test_it_refuses_versions_that_contradict_each_other(params, versions, message):
    """Versions are complete, in order, and only the former ones have amounts."""
    with pytest.raises(Refusal, match=message):
        params(budget_versions=versions)


def test_a_table_gives_the_newest_approved_amounts(budgeted_home, params):
    """5,500 is revised, 100 is a twelfth of 1,200, and the 900 for chat is only proposed."""
    budgets = read_budgets(params(budgets="budgets.csv"), budgeted_home)
    assert (budgets.organizations, budgets.products) == (
        {"org-a": Decimal(5500), "org-b": Decimal(100)},
        {"chat": Decimal(700)},
    )
    assert budgets.owners == {"org-a": "Ada", "org-b": "Bob"}
    assert [
        (each.label, each.organizations["org-a"], each.author, each.reason)
        for each in budgets.versions
    ] == [
        ("original", Decimal(5000), "CFO", ""),
        ("revised 1", Decimal(5500), "CFO", "two more teams"),
    ]
    assert "proposed" in budgets.notices[0]
    assert budgets.inputs[0][0] == "budgets.csv"


def test_a_table_phases_a_year_by_days(budgeted_home, params):
    """1,200 × 31 ÷ 365 = 101.917..., in December."""
    budgets = read_budgets(params(budgets="budgets.csv", phasing="days"), budgeted_home)
    assert abs(budgets.organizations["org-b"] - Decimal("101.92")) < Decimal("0.01")


def test_a_quarter_is_the_sum_of_its_months(budgeted_home, params):
    """org-b has 3 × 100; org-a has a budget in one month only, and a notice says so."""
    budgets = read_budgets(params(period="2025-Q4", budgets="budgets.csv"), budgeted_home)
    assert budgets.organizations == {"org-a": Decimal(5500), "org-b": Decimal(300)}
    assert any("org-a" in notice and "2025-12" in notice for notice in budgets.notices)


def test_a_month_without_lines_has_no_budgets(budgeted_home, params):
    """A notice says that the file has no budget for the month."""
    (budgeted_home.root / "budgets.csv").write_text(
        "dimension,name,month,amount\norganization,org-a,2025-11,5\n"
    )
    budgets = read_budgets(params(budgets="budgets.csv"), budgeted_home)
    assert (budgets.organizations, budgets.notices[-1]) == (
        {},
        "budgets.csv has no budget for December 2025.",
    )


def test_the_sum_of_the_months_params(budgeted_home, params):
    """Each month counts as in force, inline or from a table; missing months are named."""
    write_month(budgeted_home, "2025-10", "organization_budgets:\n  org-a: 10\n  org-c: 1.50\n")
    write_month(budgeted_home, "2025-11", "organization_budgets:\n  org-a: 20\n")
    write_month(budgeted_home, "2025-12", "budgets: budgets.csv\n")
    budgets = read_budgets(params(period="2025-Q4", budgets="months:"), budgeted_home)
    assert budgets.organizations == {
        "org-a": Decimal(5530),
        "org-b": Decimal(100),
        "org-c": Decimal("1.50"),
    }
    assert "The organization org-c has a budget in only 1 of 3 months: 2025-10." in budgets.notices
    months = "2025-10 original, 2025-11 original, 2025-12 revised 1"
    assert budgets.version.label == f"sum of its months ({months})"


def test_the_first_version_of_a_sum_is_that_of_its_months(budgeted_home, params):
    """org-a: 10 + 20 + 5,000 at first, 10 + 20 + 5,500 in force: the 500 of December's revision."""
    for month, amount in (("2025-10", 10), ("2025-11", 20)):
        write_month(budgeted_home, month, f"organization_budgets:\n  org-a: {amount}\n")
    write_month(budgeted_home, "2025-12", "budgets: budgets.csv\n")
    first, in_force = read_budgets(
        params(period="2025-Q4", budgets="months:"), budgeted_home
    ).versions
    assert first.organizations == {"org-a": Decimal(5030), "org-b": Decimal(100)}
    assert in_force.organizations == {"org-a": Decimal(5530), "org-b": Decimal(100)}
    assert first.label == "sum of its months (all original)"
    assert first.products == in_force.products == {"chat": Decimal(700)}  # 900 is proposed only


def test_a_file_for_another_period_is_not_added(budgeted_home, params):
    """A 2025-12.yaml for a quarter is not a month's budget, and its sum must not be endless."""
    for month in ("2025-10", "2025-11"):
        write_month(budgeted_home, month, "organization_budgets:\n  org-a: 10\n")
    for budgets in ("organization_budgets:\n  org-a: 10\n", "budgets: 'months:'\n"):
        budgeted_home.params_file("2025-12").write_text(
            f'period: "2025-Q4"\nusage: "sample:"\n{budgets}'
        )
        with pytest.raises(Refusal, match=r"params/2025-12\.yaml is for 2025-Q4, not for 2025-12"):
            read_budgets(params(period="2025-Q4", budgets="months:"), budgeted_home)


def test_what_is_wrong_in_a_month_is_refused_at_its_line(budgeted_home, params):
    """The file to fix is the month's, not the quarter's that adds it up."""
    write_month(budgeted_home, "2025-10", "organization_budgets:\n  org-a: 10\n")
    write_month(budgeted_home, "2025-11", "organization_budgets:\n  org-a: 10\n")
    write_month(budgeted_home, "2025-12", "budgets: budgets.csv\nowners:\n  org-a: Eve\n")
    write_month(budgeted_home, "quarter", 'budgets: "months:"\nowners:\n  org-z: Zoe\n')
    quarter = params(period="2025-Q4", budgets="months:")
    with (
        pytest.raises(Refusal) as refused,
        naming_params_file(budgeted_home, "quarter", quarter),
    ):
        read_budgets(quarter, budgeted_home)
    [problem] = refused.value.problems
    assert (problem.file, problem.line, problem.column) == ("params/2025-12.yaml", 4, "owners")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"period": "2025-12-05/2026-01-05", "budgets": "budgets.csv"},
            "is not made of whole months",
        ),
        ({"budgets": "months:"}, "only a quarter or a year can add up its months' budgets"),
        (
            {"period": "2025-Q4", "budgets": "months:"},
            r"params/2025-10\.yaml, params/2025-11\.yaml and params/2025-12\.yaml do not exist",
        ),
        ({"budgets": "nowhere.csv"}, r"nowhere\.csv"),
        (
            {"budgets": "budgets.csv", "owners": {"org-a": "Eve"}},
            r"owners are both here and in budgets\.csv: org-a",
        ),
    ],
)
def test_it_refuses_budgets_that_it_can_not_find(budgeted_home, params, keys, message):
    """A period without whole months, a missing file and a second owner are refused."""
    with pytest.raises(Refusal, match=message):
        read_budgets(params(**keys), budgeted_home)


def test_budgets_are_in_one_place(params):
    """Budgets are inline or in a table, not both."""
    with pytest.raises(Refusal, match=r'both in this file and in `budgets: "b\.csv"`') as refused:
        params(budgets="b.csv", organization_budgets={"a": 1})
    assert refused.value.problems[0].fix == (
        "Keep one of them: remove `budgets`, or remove `organization_budgets`"
    )


def test_months_of_two_currencies_are_not_added(budgeted_home, params):
    """All months must be in the currency of the report."""
    for month, currency in (("2025-10", "USD"), ("2025-11", "EUR"), ("2025-12", "USD")):
        write_month(
            budgeted_home, month, f"currency: {currency}\norganization_budgets:\n  org-a: 10\n"
        )
    with pytest.raises(Refusal, match="the budgets of 2025-11 are in EUR, this report is in USD"):
        read_budgets(params(period="2025-Q4", budgets="months:"), budgeted_home)


def test_months_with_one_version_name_it_once(budgeted_home, params):
    """Twelve times "original" would hide that it is the only version."""
    for month in ("2025-10", "2025-11", "2025-12"):
        write_month(budgeted_home, month, "organization_budgets:\n  org-a: 10\n")
    budgets = read_budgets(params(period="2025-Q4", budgets="months:"), budgeted_home)
    assert budgets.version.label == "sum of its months (all original)"
