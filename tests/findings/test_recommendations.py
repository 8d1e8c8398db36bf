"""Recommendations: each cites its figure, names, owner and money, or is not printed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from support.made_usage import data_of, findings_of

from finops_nb.figures.chargeback import ledger
from finops_nb.findings.recommendations import ACTIONS, Horizon, recommend
from finops_nb.params.budgets import read_budgets
from finops_nb.period import spelled_day
from finops_nb.report.format import Format, text_sentence
from finops_nb.schema import UNALLOCATED


@pytest.fixture
def advise(params):
    """The recommendations for a usage, as text by title; with a ledger if `books`."""

    def advise(usage, books: bool = False, **keys) -> dict[str, str]:
        names = set(usage.groups["organization",]["organization"]) - {UNALLOCATED}
        made = params(**({"owners": dict.fromkeys(sorted(names), "Ada")} | keys))
        budgets = read_budgets(made)
        data = data_of(usage=usage, budgets=budgets, params=made)
        findings = findings_of(data, ledger(usage, "USD") if books else None)
        fmt = Format("USD")
        return {each.title: text_sentence(each.action, fmt) for each in recommend(findings)}

    return advise


def call(
    organization: str, product: str, cost: str, customer: str = "c", day: str = "2025-12-31"
) -> tuple:
    return (organization, product, "f", customer, cost, day)


LAST_DAY = spelled_day(date(2025, 12, 31))

QUIET = [call("a", "x", "10"), call("b", "y", "10")]
"""Two organizations with a product each and the same costs."""

BUDGETS = {"organization_budgets": {"a": 40, "b": 40}, "product_budgets": {"x": 40, "y": 40}}


def test_a_quiet_month_has_no_recommendations(advise, usage_of):
    """Under half of every budget, owners known, nothing shared, equal costs: nothing to do."""
    assert advise(usage_of(QUIET), owners=dict.fromkeys("abxy", "Ada"), **BUDGETS) == {}


def test_it_reviews_an_overrun_with_its_owner_and_its_largest_product(advise, usage_of):
    """60 + 30 of 75: 15 over, 120% used; 60 of 90 for x are 66.7%. Of a zero budget, no % used."""
    usage = usage_of([call("a", "x", "60"), call("a", "y", "30")])

    assert advise(usage, organization_budgets={"a": 75})["Budget Review"] == (
        "Review spending with a (owner: Ada), which is $15.00 over its $75.00 budget "
        "(120.0% used). x is a's largest product, at $60.00 (66.7% of the organization's cost)"
    )
    without_owner = advise(usage, organization_budgets={"a": 75}, owners={})["Budget Review"]
    assert "with a, which is $15.00 over" in without_owner
    assert advise(usage, organization_budgets={"a": 0})["Budget Review"] == (
        "Review spending with a (owner: Ada), which is $90.00 over its $0.00 budget. "
        "x is a's largest product, at $60.00 (66.7% of the organization's cost)"
    )


def test_the_largest_product_or_user_may_have_half(advise, usage_of):
    """45 of 90 on x, or by a, is exactly half; the words are the same as above half."""
    usage = usage_of([call("a", "x", "45"), call("a", "y", "30"), call("a", "z", "15")])
    review = advise(usage, organization_budgets={"a": 75})["Budget Review"]
    assert review.endswith(
        "(120.0% used). x is a's largest product, at $45.00 (50.0% of the organization's cost)"
    )

    usage = usage_of([call("a", "x", "45"), call("b", "x", "30"), call("c", "x", "15")])
    review = advise(usage, product_budgets={"x": 75}, owners={"x": "Bob"})["Product Review"]
    assert review.endswith(
        "(120.0% used). a is x's largest user, at $45.00 (50.0% of the product's cost)"
    )


def test_it_reviews_a_product_with_its_largest_user(advise, usage_of):
    """a 20 and b 70 of a budget of 60: 30 over, 150% used; 70 of 90 by b are 77.8%."""
    usage = usage_of([call("a", "x", "20"), call("b", "x", "70")])

    assert advise(usage, product_budgets={"x": 60}, owners={"x": "Bob"})["Product Review"] == (
        "Decide whether to change the price, usage or budget of x (owner: Bob), which is $30.00 "
        "over its $60.00 budget (150.0% used). b is x's largest user, at $70.00 "
        "(77.8% of the product's cost)"
    )


def test_it_names_no_largest_share_where_there_is_none(advise, usage_of):
    """All of a's 60 is for x. b has 100 for x and a credit of 10 for y: 100 is no share of 90."""
    usage = usage_of([call("a", "x", "60"), call("b", "x", "100"), call("b", "y", "-10")])

    assert advise(usage, organization_budgets={"a": 10, "b": 30})["Budget Review"] == (
        "Review spending with b (owner: Ada), which is $60.00 over its $30.00 budget "
        "(300.0% used); and a (owner: Ada), which is $50.00 over its $10.00 budget (600.0% used). "
        "x is b's largest product, at $100.00"
    )


@pytest.mark.parametrize("cost", ["5000", "5049.99"])
@pytest.mark.parametrize(
    ("key", "title"),
    [("organization_budgets", "Budget Review"), ("product_budgets", "Product Review")],
)
def test_it_reviews_no_overrun_that_is_not_material(advise, usage_of, cost, key, title):
    """At budget, or over by less than 50 and less than 1%; over by exactly 50 is reviewed."""
    usage = usage_of([call("a", "a", cost)])
    fifty_below = Decimal(cost) - 50

    assert title not in advise(usage, **{key: {"a": 5000}})
    assert title in advise(usage, **{key: {"a": str(fifty_below)}})


def test_it_books_the_ledger_where_there_is_one(advise, six):
    """Five lines: four of two organizations, 8.00, and one of cost without an organization."""
    assert advise(six, books=True)["Chargeback Implementation"] == (
        "Book 5 ledger lines that charge $8.00 to 2 organizations and leave $2.00 unallocated"
    )
    assert "Chargeback Implementation" not in advise(six)


def test_it_does_not_book_unallocated_cost_alone(advise, usage_of):
    """One line and one organization are in the singular."""
    usage = usage_of([call("a", "x", "1.005")])

    assert (
        advise(usage, books=True)["Chargeback Implementation"]
        == "Book 1 ledger line that charges $1.01 to 1 organization"
    )
    assert "Chargeback Implementation" not in advise(usage_of([call("", "x", "1")]), books=True)


def test_it_does_not_book_a_running_month(advise, usage_of):
    """A ledger is shown while the month runs, and booked once it is over."""
    calls = [call("a", "x", "1")]

    assert "Chargeback Implementation" in advise(usage_of(calls), books=True)
    assert "Chargeback Implementation" not in advise(usage_of(calls, complete=False), books=True)


def test_it_asks_for_tags_where_cost_has_no_organization(advise, six, usage_of):
    """2.00 of 10.00; not where all cost is tagged, or the rest costs nothing."""
    assert advise(six)["Cost Allocation"] == (
        "Tag the $2.00 (20.0% of the total) that is not assigned to an organization, "
        "so that it can be charged"
    )
    assert "Cost Allocation" not in advise(usage_of([*QUIET, call("", "x", "0")]))
    credited = advise(usage_of([call("a", "x", "-10"), call("", "x", "12")]))
    assert credited["Cost Allocation"] == (
        "Tag the $12.00 that is not assigned to an organization, so that it can be charged; "
        "there is no share because credits exceed the cost of an organization"
    )


def test_it_shows_organizations_the_cost_they_share(advise, six, usage_of):
    """Chat (4.00 and 0.50) and search (2.00 and 1.50) have two users each; x and y have one.

    There is nothing to show of a credit, or of cost without a name.
    """
    assert (
        advise(six)["Showback Reports"]
        == "Send each of the 2 organizations a showback report (for information, not a charge) of "
        "its share of the $8.00 spent on 2 shared products"
    )
    credits = [call("a", "x", "10"), call("b", "x", "-10")]
    assert "Showback Reports" not in advise(usage_of(credits))
    assert "Showback Reports" not in advise(usage_of([*credits, call("b", "x", "-90")]))
    assert "Showback Reports" not in advise(
        usage_of([*QUIET, call("", "x", "5"), call("a", "", "5"), call("b", "", "5")])
    )


def test_it_shares_the_practices_of_the_most_efficient(advise, usage_of):
    """b pays 20 a call and a 10: half as many calls per dollar, worth 10."""
    usage = usage_of([call("a", "x", "10"), call("b", "y", "20")])

    assert advise(usage)["Efficiency Sharing"] == (
        "Share a's practices with b, which gets 50.0% fewer calls per dollar; "
        "at a's rate, b would have cost $10.00 less"
    )
    assert "Efficiency Sharing" not in advise(
        usage_of([call("a", "x", "10"), call("b", "y", "10.01")])
    )


def test_it_asks_for_missing_approvals(advise, usage_of):
    """By product and month, with the owner; not for approved spend, or spend at the limit."""
    usage = usage_of(
        [
            call("a", "x", "1500", day="2025-11-30"),
            call("a", "x", "1200"),
            call("a", "y", "1000"),
            call("a", "z", "2000"),
            call("a", "", "5000"),
        ],
        period="2025-Q4",
    )

    owners = {"a": "Ada", "x": "Bob"}
    advice = advise(usage, period="2025-Q4", approvals={"z": "CFO"}, owners=owners)
    assert advice["Approval Process"] == (
        "Enforce the approval limit of $1,000.00 per product per month; "
        "1 of 3 products spent more than $1,000.00 in a month "
        "with no approval on record (x (owner: Bob) $1,500.00 in November 2025 "
        "and x (owner: Bob) $1,200.00 in December 2025)"
    )
    assert "Approval Process" not in advise(usage, approvals={"x": "CFO", "z": "CFO"})


def test_it_names_the_month_once_and_the_first_five_products(advise, usage_of):
    """Eight products at 1,001 … 1,008: three others are 1,001 + 1,002 + 1,003 = 3,006."""
    usage = usage_of([call("a", f"p{number}", str(1000 + number)) for number in range(1, 9)])
    assert advise(usage)["Approval Process"] == (
        "Enforce the approval limit of $1,000.00 per product per month; "
        "8 of 8 products spent more than $1,000.00 in December 2025 "
        "with no approval on record (p8 $1,008.00, p7 $1,007.00, p6 $1,006.00, p5 $1,005.00, "
        "p4 $1,004.00 and 3 others totaling $3,006.00)"
    )


def test_it_asks_for_the_owner_of_each_budget(advise, usage_of):
    """As the policy does: budgets of organizations and of products, 9 + 7 = 16 and 5."""
    usage = usage_of([*QUIET, call("", "x", "7")])
    budgets = {"organization_budgets": {"a": 7, "b": 9}, "product_budgets": {"x": 5}}

    assert advise(usage, owners={}, **budgets)["Owners"] == (
        "Name an owner for organizations b and a ($16.00 budgeted) and product x ($5.00 "
        "budgeted); each budget needs one"
    )
    assert advise(usage, owners={"a": "Ada", "x": "Bob"}, **budgets)["Owners"] == (
        "Name an owner for organization b ($9.00 budgeted); each budget needs one"
    )
    assert "Owners" not in advise(usage, owners={"a": "Ada", "b": "Bob", "x": "Cy"}, **budgets)
    assert "Owners" not in advise(usage, owners={})


def test_it_asks_for_a_budget_where_cost_has_none(advise, usage_of):
    """By organization and by product, with the owner; not where no name has a budget."""
    usage = usage_of([call("a", "x", "10"), call("b", "y", "4"), call("", "x", "7")])
    advice = advise(usage, organization_budgets={"a": 10}, product_budgets={"x": 20})

    assert advice["Budget Coverage"] == (
        "Set a budget for organization b (owner: Ada) ($4.00) and product y ($4.00), "
        "or stop the spend"
    )
    two = advise(usage_of([*QUIET, call("c", "z", "5")]), organization_budgets={"a": 10})
    assert two["Budget Coverage"] == (
        "Set a budget for organizations b (owner: Ada) and c (owner: Ada) ($15.00), "
        "or stop the spend"
    )
    assert "Budget Coverage" not in advise(usage)
    assert "Budget Coverage" not in advise(usage, organization_budgets={"a": 10, "b": 0})


def test_the_most_money_comes_first_within_a_horizon(advise, usage_of):
    """A month in which everything is wrong prints all but what needs a history: Budget Planning.

    At stake are, at once: 5,109 − 4,000 = 1,109 over by product, 5,100 − 4,000 = 1,100 by
    organization, and nothing in the routines. In the process: b would have paid 5,100 for a's 2
    calls at its rate of 50 a call, so 5,000 less; 9 has no name.
    """
    usage = usage_of(
        [
            call("a", "x", "5000", "c1"),
            call("a", "y", "100", "c1"),
            call("b", "x", "50", "c2"),
            call("b", "x", "50", "c3"),
            call("", "x", "9"),
        ]
    )
    advice = advise(
        usage,
        books=True,
        owners={},
        organization_budgets={"a": 4000, "b": 500},
        product_budgets={"x": 4000},
    )

    assert sorted(advice) == sorted(title for _, title, _ in ACTIONS if title != "Budget Planning")
    assert list(advice)[:6] == [
        *("Product Review", "Budget Review", "Chargeback Implementation"),
        *("Efficiency Sharing", "Cost Allocation", "Showback Reports"),
    ]
    assert [horizon for horizon, _, _ in ACTIONS] == [
        *[Horizon.IMMEDIATE] * 3,
        *[Horizon.PROCESS] * 4,
        *[Horizon.GOVERNANCE] * 3,
    ]
