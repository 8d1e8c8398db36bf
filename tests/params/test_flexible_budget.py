"""Flexible budgets: two of amount, calls and cost per call are stated, and the third follows."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.errors import Problem, Refusal
from finops_nb.home import Home
from finops_nb.money import decimal_of
from finops_nb.params.budget_file import BudgetLine, read_budget_file
from finops_nb.params.budgets import read_budgets
from finops_nb.params.flexible_budget import FlexibleBudget, Stated, resolve, summed
from finops_nb.params.monthly_budgets import budgets_of

D, F = Decimal, Fraction
HEADER = "dimension,name,month,amount,calls,unit_cost"


@pytest.fixture
def read(tmp_path):
    """Read the lines of a budgets.csv."""

    def read(*lines: str, header: str = HEADER, currency: str = "USD") -> tuple[BudgetLine, ...]:
        path = Path(tmp_path, "b.csv")
        path.write_text("\n".join((header, *lines, "")), encoding="utf-8")
        return read_budget_file(path, "budgets.csv", currency)

    return read


def fields(read, text: str, **options: str) -> list[tuple[Decimal | None, FlexibleBudget | None]]:
    """Amount and flexible budget of a line with these last fields."""
    return [
        (line.amount, line.flexible) for line in read(f"organization,a,2025-12,{text}", **options)
    ]


def problem(read, text: str, **options: str) -> Problem:
    """The one problem of a line with these last fields."""
    with pytest.raises(Refusal) as refused:
        fields(read, text, **options)
    (found,) = refused.value.problems
    assert (found.file, found.line) == ("budgets.csv", 2)
    return found


def test_the_third_follows_from_two(read):
    """12,000 × 0.02 = 240; 240 ÷ 12,000 = 0.02; 240 ÷ 0.02 = 12,000."""
    whole = (D(240), FlexibleBudget(F(12000), F(1, 50)))
    for text in (",12000,0.02", "240,12000,", "240,,0.02", "240,12000,0.02"):
        assert fields(read, text) == [whole]
    assert fields(read, "240,,") == [(D(240), None)]


def test_only_an_amount_that_follows_is_rounded(read):
    """1,203 × 0.0125 = 15.0375 is 15.04; 10 ÷ 3 calls and 1 ÷ 0.03 calls stay fractions."""
    assert fields(read, ",1203,0.0125") == [(D("15.04"), FlexibleBudget(F(1203), F(1, 80)))]
    assert fields(read, ",1203,0.0125", currency="JPY")[0][0] == D(15)
    assert fields(read, "10,3,") == [(D(10), FlexibleBudget(F(3), F(10, 3)))]
    assert fields(read, "1,,0.03") == [(D(1), FlexibleBudget(F(100, 3), F(3, 100)))]


def test_an_amount_agrees_exactly_or_rounded(read):
    """1,203 × 0.0125 = 15.0375 may be stated as 15.04 or as 15.0375; 15.03 is another amount."""
    for amount in ("15.04", "15.0375"):
        assert fields(read, f"{amount},1203,0.0125")[0][0] == D(amount)
    assert str(problem(read, "15.03,1203,0.0125")) == (
        "budgets.csv, line 2, amount: calls 1203 × unit_cost 0.0125 is 15.04 (found "
        '"15.03"). Write 15.04, or correct calls or unit_cost.'
    )
    assert fields(read, "15.04,1203,0.0125")


def test_zero_calls_and_a_cost_of_zero_are_budgets(read):
    """Of no calls, or of calls that cost nothing, where the other is stated."""
    assert fields(read, ",0,0.02") == [(D("0.00"), FlexibleBudget(F(0), F(1, 50)))]
    assert fields(read, "0,100,0") == [(D(0), FlexibleBudget(F(100), F(0)))]


@pytest.mark.parametrize(
    ("text", "column", "value", "rule", "fix", "fixed"),
    [
        (
            "5,0,",
            "calls",
            "0",
            "0 calls have no cost per call",
            "Write the calls, or leave calls empty",
            ("5,100,", "5,,"),
        ),
        (
            "0,0,",
            "calls",
            "0",
            "0 calls have no cost per call",
            "Write unit_cost too, or leave calls empty",
            ("0,0,0.02", "0,,"),
        ),
        (
            "5,,0",
            "unit_cost",
            "0",
            "a cost per call of 0 does not say how many calls",
            "Write the cost per call, or leave unit_cost empty",
            ("5,,0.02", "5,,"),
        ),
        (
            "0,,0",
            "unit_cost",
            "0",
            "a cost per call of 0 does not say how many calls",
            "Write calls too, or leave unit_cost empty",
            ("0,100,0", "0,,"),
        ),
        (
            ",100,",
            "calls",
            "100",
            "calls alone does not make a budget",
            "Write amount or unit_cost too",
            ("5,100,", ",100,0.02"),
        ),
        (
            ",,0.02",
            "unit_cost",
            "0.02",
            "unit_cost alone does not make a budget",
            "Write amount or calls too",
            ("5,,0.02", ",100,0.02"),
        ),
        (
            "none,100,",
            "amount",
            "none",
            "none takes the budget away",
            "Leave calls and unit_cost of this line empty",
            ("none,,",),
        ),
        (
            ",100,1.250",
            "unit_cost",
            "1.250",
            "three decimals in USD, where the point may stand between thousands",
            "Write 1250 or 1.2500",
            (",100,1250", ",100,1.2500"),
        ),
        (
            "9,100,0.02",
            "amount",
            "9",
            "calls 100 × unit_cost 0.02 is 2.00",
            "Write 2.00, or correct calls or unit_cost",
            ("2.00,100,0.02", "9,450,0.02", "9,100,0.09"),
        ),
        (
            ",999999999999999,2",
            "unit_cost",
            "2",
            "calls × unit_cost is 10^15 or more",
            "Write unit_cost in the currency's main unit",
            (",999999999999999,0.02",),
        ),
        (
            ",-1,0.02",
            "calls",
            "-1",
            "calls below zero",
            "Write 0 or more",
            (",0,0.02",),
        ),
        (
            ",1000000000000000,0",
            "calls",
            "1000000000000000",
            "10^15 calls or more",
            "Write fewer digits",
            (",100000000000000,0",),
        ),
        (
            ",100,-0.02",
            "unit_cost",
            "-0.02",
            "a cost per call below zero",
            "Write 0 or more",
            (",100,0",),
        ),
        *(
            (
                f",{calls},0.02",
                "calls",
                calls,
                "not a whole number of calls",
                "Write digits only, such as 12000",
                (",12000,0.02",),
            )
            for calls in ("many", "1.5", "12k", "1e3", " 5", "5.0")
        ),
        ("5,100,x", "unit_cost", "x", "not a plain amount", None, ("5,100,0.05",)),
    ],
)
def test_what_does_not_follow_is_refused_and_the_advice_works(
    read, text, column, value, rule, fix, fixed
):
    """The message names the column and its value; a line changed as it says is read."""
    found = problem(read, text)

    assert (found.column, found.value, found.rule) == (column, value, rule)
    assert fix in (None, found.fix)
    for each in fixed:
        assert len(fields(read, each)) == 1


def test_all_lines_that_contradict_themselves_are_reported_together(read):
    """Two lines, and a name that is missing."""
    with pytest.raises(Refusal) as refused:
        read(
            "organization,a,2025-12,9,100,0.02",
            "organization,,2025-12,9,,",
            "organization,c,2025-12,,100,",
        )
    places = [(each.line, each.column) for each in refused.value.problems]
    assert places == [(2, "amount"), (3, "name"), (4, "calls")]


def test_the_amount_may_have_no_column(read):
    """calls and unit_cost take its place, both of them; one alone does not."""
    header = "dimension,name,month,calls,unit_cost"
    assert read("organization,a,2025-12,100,0.02", header=header)[0].amount == 2
    for lacking in ("dimension,name,month,calls", "dimension,name,month,unit_cost"):
        with pytest.raises(Refusal) as refused:
            read("organization,a,2025-12,100", header=lacking)
        assert [(each.column, each.fix) for each in refused.value.problems] == [
            ("amount", "Add amount to the header")
        ]


calls_stated = st.integers(1, 10**9).map(D)
costs_stated = st.integers(0, 10**9).map(lambda units: D(units).scaleb(-6))


@given(calls_stated, costs_stated.filter(bool))
def test_a_budget_restated_is_the_same_budget(calls, unit_cost):
    """Any two of three that agree exactly, and all three, make one flexible budget."""
    amount = calls * unit_cost
    whole = resolve(Stated(amount, calls, unit_cost), "")
    for left_out in Stated._fields:
        stated = Stated(amount, calls, unit_cost)._replace(**{left_out: None})
        assert resolve(stated, "") == whole


@given(calls_stated, costs_stated)
def test_an_amount_that_follows_agrees(calls, unit_cost):
    """Written down as a third, it is accepted, and nothing changes."""
    unit_cost = D(f"{unit_cost:.6f}")
    amount, budget = resolve(Stated(None, calls, unit_cost), "USD")
    assert amount == decimal_of(F(calls) * F(unit_cost), 2)
    assert resolve(Stated(amount, calls, unit_cost), "USD") == (amount, budget)


def of(lines, *months, phasing="even"):
    return budgets_of(lines, months, phasing, 2)


def test_a_year_spreads_its_calls_as_its_amount(read):
    """12,000 calls at 0.02 a year are 1,000 a month for 20.00; by days, 31 ÷ 365 of the calls."""
    lines = read("organization,a,2025,,12000,0.02", header=HEADER.replace("month", "year"))
    key = ("organization", "a")
    assert of(lines, "2025-12").organizations == {"a": D(20)}
    assert of(lines, "2025-12").flexible == {key: FlexibleBudget(F(1000), F(1, 50))}
    by_days = of(lines, "2025-12", phasing="days").flexible[key]
    assert by_days == FlexibleBudget(F(12000 * 31, 365), F(1, 50))
    year = [f"2025-{month:02}" for month in range(1, 13)]
    for phasing in ("even", "days"):
        assert of(lines, *year, phasing=phasing).flexible == {
            key: FlexibleBudget(F(12000), F(1, 50))
        }


def test_months_add_their_calls_at_the_average_cost(read):
    """100 calls at 0.01 and 300 at 0.03 are 400 calls for 10.00, 0.025 each."""
    lines = read("organization,a,2025-11,,100,0.01", "organization,a,2025-12,,300,0.03")
    whole = of(lines, "2025-11", "2025-12").flexible
    assert whole == {("organization", "a"): FlexibleBudget(F(400), F(1, 40))}


def test_calls_in_some_months_only_are_none(read):
    """December is an amount alone, so the quarter has an amount alone, too."""
    lines = read("organization,a,2025-11,,100,0.01", "organization,a,2025-12,5,,")
    assert of(lines, "2025-11", "2025-12").flexible == {}
    assert of(lines, "2025-11", "2025-12").organizations == {"a": D(6)}


def test_a_later_version_has_the_calls_that_it_states(read):
    """An amount alone that covers calls leaves none; the calls of a proposed line do not count."""
    header = f"{HEADER},version,status"
    old = "organization,a,2025-12,,100,0.02,original,"
    for new, calls in (
        ("organization,a,2025-12,5,,,revised 1,", None),
        ("organization,a,2025-12,,50,0.02,revised 1,", 50),
        ("organization,a,2025-12,,50,0.02,revised 1,proposed", 100),
        ("organization,a,2025-12,none,,,revised 1,", None),
    ):
        found = of(read(old, new, header=header), "2025-12").flexible.get(("organization", "a"))
        assert (found.calls if found else None) == calls


def test_the_order_of_lines_does_not_matter(read):
    """Three lines in every order."""
    lines = (
        "organization,a,2025-12,,100,0.02",
        "organization,b,2025-12,7,,0.07",
        "product,a,2025-12,9,,",
    )
    found = [
        (budgets.flexible, budgets.organizations, budgets.products)
        for order in permutations(lines)
        for budgets in [of(read(*order), "2025-12")]
    ]
    assert all(each == found[0] for each in found)


def test_parts_without_calls_have_a_common_cost_or_none():
    """0 calls at 0.02 twice are 0 calls at 0.02; at 0.02 and 0.03 there is no one cost."""
    none = [FlexibleBudget(F(0), F(cost, 100)) for cost in (2, 2, 3)]
    assert summed(none[:2]) == none[0]
    assert summed(none) is None
    assert summed([]) is None


def test_a_quarter_of_months_adds_their_calls(home: Home, params):
    """The params of October to December read one table; the quarter has `months:`."""
    (home.root / "budgets.csv").write_text(
        f"{HEADER}\n"
        + "".join(f"organization,a,2025-{month},,100,0.02\n" for month in (10, 11, 12))
        + "organization,b,2025-10,5,,\n"
    )
    for month in (10, 11, 12):
        home.params_file(f"2025-{month}").write_text(
            f'period: "2025-{month}"\nusage: "sample:"\nbudgets: budgets.csv\n'
        )
    quarter = read_budgets(params(period="2025-Q4", budgets="months:"), home)
    assert quarter.organizations == {"a": D(6), "b": D(5)}
    assert quarter.flexible == {("organization", "a"): FlexibleBudget(F(300), F(1, 50))}
    at_once = read_budgets(params(period="2025-Q4", budgets="budgets.csv"), home)
    assert at_once.flexible == quarter.flexible
