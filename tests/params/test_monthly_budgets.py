"""Monthly budgets: lines spread over months, later versions covering earlier ones."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.errors import Refusal
from finops_nb.money import LIMIT, total
from finops_nb.params.budget_file import BudgetLine
from finops_nb.params.monthly_budgets import budgets_of

amounts = st.integers(0, 12).flatmap(lambda places: st.decimals(0, LIMIT - 1, places=places))
years = st.integers(1, 9998)
phasings = st.sampled_from(["even", "days"])


def line(
    number, name, period, amount, version=0, status="approved", owner="", dimension="organization"
):
    """A line of budgets.csv; `amount` is text, or None for none."""
    exact = None if amount is None else Decimal(amount)
    return BudgetLine(
        number, dimension, name, period, exact, owner, version, status, "", "", "", "budgets.csv"
    )


def of(lines, *months, phasing="even"):
    """The budgets of these months, in cents."""
    return budgets_of(lines, months, phasing, 2)


def test_the_later_version_covers_the_earlier():
    """a has 100, then 120; b is not in the later version and stays as it was."""
    found = of(
        [
            line(2, "a", "2025-12", "100"),
            line(3, "b", "2025-12", "50"),
            line(4, "a", "2025-12", "120", 1),
        ],
        "2025-12",
    )

    assert found.organizations == {"a": Decimal(120), "b": Decimal(50)}
    assert found.versions == {
        0: ({"a": Decimal(100), "b": Decimal(50)}, {}),
        1: ({"a": Decimal(120), "b": Decimal(50)}, {}),
    }
    assert found.version == 1
    assert {version: [each.line for each in lines] for version, lines in found.lines.items()} == {
        0: [2, 3],
        1: [4],
    }


def test_versions_may_come_in_any_order():
    """Revised 10 covers revised 2, whatever the order of the lines."""
    lines = [
        line(2, "a", "2025-12", "3", 10),
        line(3, "a", "2025-12", "2", 2),
        line(4, "a", "2025-12", "1"),
    ]

    assert of(lines, "2025-12").organizations == {"a": Decimal(3)}
    assert list(of(lines, "2025-12").versions) == [0, 2, 10]


def test_none_takes_a_budget_away_and_a_later_version_gives_it_back():
    """The original is 100, revised 1 is none, and revised 2 is 80."""
    found = of(
        [
            line(2, "a", "2025-12", "100"),
            line(3, "a", "2025-12", None, 1),
            line(4, "a", "2025-12", "80", 2),
        ],
        "2025-12",
    )

    assert [found.versions[version][0] for version in (0, 1, 2)] == [
        {"a": Decimal(100)},
        {},
        {"a": Decimal(80)},
    ]


def test_none_for_a_year_takes_every_month():
    """Of 1200 for the year, no month has anything left."""
    assert (
        of([line(2, "a", "2025", "1200"), line(3, "a", "2025", None, 1)], "2025-12").organizations
        == {}
    )


def test_a_budget_of_zero_is_a_budget():
    """A budget of zero differs from no budget."""
    assert of([line(2, "a", "2025-12", "0")], "2025-12").organizations == {"a": Decimal(0)}


def test_a_month_line_covers_one_month_of_a_year_line():
    """With 100 per month and December revised to 250, Q4 has 100 + 100 + 250 = 450."""
    lines = [line(2, "a", "2025", "1200"), line(3, "a", "2025-12", "250", 1)]

    assert of(lines, "2025-10", "2025-11", "2025-12").organizations == {"a": Decimal(450)}
    assert of(lines, "2025-11").organizations == {"a": Decimal(100)}


def test_a_year_line_covers_the_month_lines_before_it():
    """December was 250; revising the year to 2400 makes it 200."""
    assert of(
        [line(2, "a", "2025-12", "250"), line(3, "a", "2025", "2400", 1)], "2025-12"
    ).organizations == {"a": Decimal(200)}


def test_a_year_is_divided_as_asked():
    """Of 365 by days December has 31; a twelfth is what is due, 365.00 - 334.58 = 30.42."""
    lines = [line(2, "a", "2025", "365")]

    assert of(lines, "2025-12", phasing="days").organizations == {"a": Decimal(31)}
    assert of(lines, "2025-12", phasing="even").organizations == {"a": Decimal("30.42")}


@given(amounts, phasings)
def test_the_months_of_a_year_have_the_year_line(amount, phasing):
    """A report for the year has exactly the amount of the year's line."""
    months = [f"2024-{month:02}" for month in range(1, 13)]

    assert of([line(2, "a", "2024", amount)], *months, phasing=phasing).organizations == {
        "a": amount
    }


def test_a_version_of_other_months_is_not_one_of_these():
    """A revision of November is not a new version of December."""
    lines = [line(2, "a", "2025-12", "100"), line(3, "a", "2025-11", "90", 1)]

    assert of(lines, "2025-12").version == 0
    assert list(of(lines, "2025-12").versions) == [0]


def test_months_without_lines_are_the_original_without_budgets():
    """No line covers January, so it has the original only, without budgets or lines."""
    found = of([line(2, "a", "2025-12", "100")], "2026-01")

    assert (found.organizations, found.products, found.version) == ({}, {}, 0)
    assert (found.versions, found.lines) == ({0: ({}, {})}, {0: ()})


@pytest.mark.parametrize("status", ["proposed", "rejected"])
def test_only_approved_lines_count(status):
    """A notice names the others; a name with two lines is named once."""
    others = [line(3, "a", "2025-10", "900", 1, status), line(4, "a", "2025-11", "900", 1, status)]
    found = of([line(2, "a", "2025", "1200"), *others], "2025-10", "2025-11")

    assert found.organizations == {"a": Decimal(200)}
    assert found.version == 0
    assert found.notices == (f"2 {status} lines are not counted: a.",)


def test_a_single_line_not_counted_is_in_the_singular():
    """A line of another month is not in the notice."""
    lines = [
        line(2, "a", "2025-12", "9"),
        line(3, "b", "2025-12", "9", 0, "proposed"),
        line(4, "c", "2025-11", "9", 0, "proposed"),
    ]

    assert of(lines, "2025-12").notices == ("1 proposed line is not counted: b.",)


def test_a_budget_in_some_months_only_is_in_a_notice():
    """a has two of three months, b has all, and c has none since its line was taken away."""
    lines = [
        *(line(2, "a", "2025-10", "1"), line(3, "a", "2025-12", "2"), line(4, "b", "2025", "1200")),
        *(line(5, "c", "2025-11", "1"), line(6, "c", "2025-11", None, 1)),
    ]
    found = of(lines, "2025-10", "2025-11", "2025-12")

    assert found.organizations == {"a": Decimal(3), "b": Decimal(300)}
    assert found.notices == (
        "The organization a has a budget in only 2 of 3 months: 2025-10, 2025-12.",
    )


def test_a_product_and_an_organization_of_one_name_are_two():
    """Each has its own budget, and both share the owner."""
    lines = [
        line(2, "chat", "2025-12", "5", owner="Ann"),
        line(3, "chat", "2025-12", "7", owner="Ann", dimension="product"),
    ]
    found = of(lines, "2025-12")

    assert (found.organizations, found.products) == ({"chat": Decimal(5)}, {"chat": Decimal(7)})
    assert found.owners == {"chat": "Ann"}


def test_the_owner_is_that_of_the_last_month_with_one():
    """Ann owns it in October and Bob in November; December does not say."""
    lines = [
        line(2, "a", "2025-10", "1", owner="Ann"),
        line(3, "a", "2025-11", "1", owner="Bob"),
        line(4, "a", "2025-12", "1"),
    ]

    assert of(lines, "2025-10", "2025-11", "2025-12").owners == {"a": "Bob"}


def test_the_owner_is_that_of_the_line_in_force():
    """A revision replaces the owner, and one without an owner removes it."""
    before = line(2, "a", "2025-12", "1", owner="Ann")

    assert of([before, line(3, "a", "2025-12", "1", 1, owner="Bob")], "2025-12").owners == {
        "a": "Bob"
    }
    assert of([before, line(3, "a", "2025-12", "1", 1)], "2025-12").owners == {}


def test_two_owners_of_one_name_are_refused():
    """An organization and a product of one name share an owner; both lines are named."""
    lines = [
        line(2, "chat", "2025-12", "5", owner="Ann"),
        line(3, "chat", "2025-12", "7", owner="Bob", dimension="product"),
    ]

    with pytest.raises(Refusal) as refused:
        of(lines, "2025-12")

    assert str(refused.value) == (
        "budgets.csv, line 3, owner: line 2 gives the organization of the same name another owner "
        '(found "Bob"). Write one owner in both lines.'
    )


def test_an_earlier_owner_is_not_a_second_one():
    """The product went from Ann to Bob in December, and December is read."""
    lines = [
        line(2, "chat", "2025-11", "5", owner="Ann"),
        *(
            line(3 + n, "chat", "2025-12", "5", owner="Bob", dimension=by)
            for n, by in enumerate(("organization", "product"))
        ),
    ]

    assert of(lines, "2025-12").owners == {"chat": "Bob"}


def test_sums_that_exact_money_cannot_hold_are_refused():
    """Two months of 6 * 10^14 are 1.2 * 10^15; all such names are reported together."""
    lines = [
        line(n, name, month, "6" + "0" * 14)
        for n, (name, month) in enumerate((n, m) for n in "ab" for m in ("2025-11", "2025-12"))
    ]

    with pytest.raises(Refusal) as refused:
        of(lines, "2025-11", "2025-12")

    assert [(problem.column, problem.value) for problem in refused.value.problems] == [
        ("name", "a"),
        ("name", "b"),
    ]
    assert total(of(lines, "2025-12").organizations.values()) == Decimal(12) * 10**14


@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"),
            st.integers(10, 12),
            st.integers(0, 3),
            st.one_of(st.none(), st.integers(0, 99)),
        ),
        max_size=12,
    )
)
def test_it_is_what_a_search_back_through_the_versions_finds(entries):
    """For each name and month, the newest version with a line counts."""
    unique = {(name, f"2025-{month}", version): amount for name, month, version, amount in entries}
    lines = [
        line(n, name, month, amount, version)
        for n, ((name, month, version), amount) in enumerate(unique.items())
    ]
    months = ("2025-10", "2025-11", "2025-12")
    found = of(lines, *months)

    for version, (organizations, products) in found.versions.items():
        expected = {}
        for name in "ab":
            looked_up = [
                next(
                    (
                        unique[name, month, n]
                        for n in range(version, -1, -1)
                        if (name, month, n) in unique
                    ),
                    None,
                )
                for month in months
            ]
            if any(amount is not None for amount in looked_up):
                expected[name] = sum(amount or 0 for amount in looked_up)
        assert (organizations, products) == (expected, {})
    assert (found.organizations, found.products) == found.versions[found.version]
