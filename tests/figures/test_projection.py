"""Projection: growth and prices scale cost exactly, and every table still adds up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import made_usage
from support.made_usage import Call

from finops_nb.errors import Refusal
from finops_nb.figures.projection import project
from finops_nb.money import total
from finops_nb.params.model import Params
from finops_nb.schema import ALL
from finops_nb.usage.model import CUBE, GROUPINGS, Usage
from finops_nb.usage.reader import read_usage

FRAMES = (*GROUPINGS, CUBE)

FIVE = (
    ("org-a", "chat", "ask", "c1", "10.00", "2025-12-01", "big"),
    ("org-a", "search", "find", "c2", "4.00", "2025-12-02", "small"),
    ("org-b", "chat", "ask", "c1", "6.00", "2025-12-02", "big"),
    ("org-b", "chat", "find", "", "-1.00", "2025-12-03", ""),
    ("", "chat", "ask", "c3", "2.00", "2025-12-03", "big"),
)
"""21.00 in all: org-a 14.00, org-b 5.00, without organization 2.00.

By model: big 18.00, small 4.00, without model -1.00.
"""


def sums(usage: Usage, *keys: str, column: str = "cost") -> dict[tuple, Decimal]:
    frame = usage.groups[keys]
    return {
        row[: len(keys)]: row[len(keys)]
        for row in frame[[*keys, column]].itertuples(index=False, name=None)
    }


def test_growth_multiplies_cost_and_calls(usage_of):
    """10% more of everything: 21.00 × 1.1 = 23.10, and 5 calls × 1.1 = 5.5."""
    grown = project(usage_of(FIVE), {ALL: Decimal("0.10")}, {})
    assert (grown.cost, grown.projected) == (Decimal("23.10"), Decimal("2.10"))
    assert sums(grown, column="calls") == {(): Decimal("5.5")}
    assert sums(grown, "organization") == {
        ("(unallocated)",): Decimal("2.2"),
        ("org-a",): Decimal("15.4"),
        ("org-b",): Decimal("5.5"),
    }


def test_an_organizations_own_rate_replaces_that_of_all(usage_of):
    """org-a 14.00 × 1.5 = 21.00, not 14.00 × 1.5 × 1.1; org-b 5.00 × 1.1, the rest 2.00 × 1.1."""
    grown = project(usage_of(FIVE), {ALL: Decimal("0.10"), "org-a": Decimal("0.5")}, {})
    assert sums(grown, "organization") == {
        ("(unallocated)",): Decimal("2.2"),
        ("org-a",): Decimal("21"),
        ("org-b",): Decimal("5.5"),
    }


def test_a_rate_of_zero_is_a_rate(usage_of):
    """org-a stays at 14.00 while all others double: 5.00 × 2 + 2.00 × 2."""
    grown = project(usage_of(FIVE), {ALL: Decimal(1), "org-a": Decimal(0)}, {})
    assert sums(grown, "organization") == {("(unallocated)",): 4, ("org-a",): 14, ("org-b",): 10}


def test_a_price_multiplies_cost_and_leaves_calls(usage_of):
    """big at half the price: 18.00 × 0.5 = 9.00; small (4.00) and no model (-1.00) stay."""
    cheaper = project(usage_of(FIVE), {}, {"big": {ALL: Decimal("-0.5")}})
    assert (cheaper.cost, cheaper.projected) == (12, -9)
    assert sums(cheaper, column="calls") == {(): 5}
    assert sums(cheaper, "product") == {("chat",): 8, ("search",): 4}


def test_growth_and_price_multiply(usage_of):
    """org-a: big 10.00 × 1.1 × 0.8 = 8.80, small 4.00 × 1.1 = 4.40.

    org-b has no growth: 6.00 × 0.8 − 1.00 = 3.80.
    """
    changed = project(usage_of(FIVE), {"org-a": Decimal("0.1")}, {"big": {ALL: Decimal("-0.2")}})
    assert sums(changed, "organization", "product") == {
        ("(unallocated)", "chat"): Decimal("1.6"),
        ("org-a", "chat"): Decimal("8.8"),
        ("org-a", "search"): Decimal("4.4"),
        ("org-b", "chat"): Decimal("3.8"),
    }


def test_a_price_for_one_organization_replaces_that_of_all(usage_of):
    """big: org-b 6.00 × 1.5 = 9.00, all others × 0.5: 5.00 and 1.00.

    With small 4.00 and -1.00 without a model, that is 18.00.
    """
    changed = project(usage_of(FIVE), {}, {"big": {ALL: Decimal("-0.5"), "org-b": Decimal("0.5")}})
    assert sums(changed, "organization") == {("(unallocated)",): 1, ("org-a",): 9, ("org-b",): 8}
    assert changed.cost == 18


def test_days_and_months_are_scaled_by_organization(usage_of):
    """org-a doubles: 10.00 × 2 on the 1st, 4.00 × 2 + 6.00 on the 2nd, 2.00 − 1.00 on the 3rd."""
    grown = project(usage_of(FIVE), {"org-a": Decimal(1)}, {})
    assert list(grown.groups["day",]["cost"]) == [20, 14, 1]
    assert sums(grown, "month", "product") == {("2025-12", "chat"): 27, ("2025-12", "search"): 8}


def test_a_change_of_minus_one_leaves_nothing(usage_of):
    """Cost and calls are zero; the names stay."""
    gone = project(usage_of(FIVE), {ALL: Decimal(-1)}, {})
    assert (gone.cost, gone.projected) == (0, -21)
    assert sums(gone, "product", column="calls") == {("chat",): 0, ("search",): 0}


def test_customers_and_row_counts_stay(usage_of):
    """A customer who calls more is still one customer; rows are those of the files."""
    usage = usage_of(FIVE)
    grown = project(usage, {ALL: Decimal("0.1")}, {})
    for keys in GROUPINGS:
        assert list(grown.groups[keys].columns) == list(usage.groups[keys].columns)
        if "customers" in usage.groups[keys]:
            pd.testing.assert_series_equal(
                grown.groups[keys]["customers"], usage.groups[keys]["customers"]
            )
    for kept in (
        "rows_read",
        "rows_used",
        "rows_outside",
        "cost_outside",
        "complete",
        "last_day",
        "complete_through",
        "inputs",
        "notices",
    ):
        assert getattr(grown, kept) == getattr(usage, kept)


def test_the_usage_it_is_given_does_not_change(usage_of):
    """Projection returns another value; the frames given are as before."""
    usage = usage_of(FIVE)
    before = {keys: frame.copy(deep=True) for keys, frame in usage.groups.items()}
    project(usage, {ALL: Decimal("0.1")}, {"big": {ALL: Decimal("0.1")}})
    for keys, frame in before.items():
        pd.testing.assert_frame_equal(usage.groups[keys], frame)


@pytest.mark.parametrize(
    "growth", [{}, {ALL: Decimal(0)}, {"org-a": Decimal("0.00"), ALL: Decimal(0)}]
)
@pytest.mark.parametrize(
    "prices", [{}, {"big": {}}, {"big": {ALL: Decimal(0)}, "small": {"org-a": Decimal("0.0")}}]
)
def test_rates_of_zero_return_the_usage_itself(usage_of, growth, prices):
    """Nothing is computed where no rate changes anything."""
    usage = usage_of(FIVE)
    assert project(usage, growth, prices) is usage


def test_unknown_names_change_nothing(usage_of):
    """They are refused elsewhere; here 21.00 stays 21.00."""
    same = project(
        usage_of(FIVE),
        {"org-x": Decimal(1)},
        {"huge": {ALL: Decimal(1)}, "small": {"org-b": Decimal(1)}},
    )
    assert (same.cost, same.projected) == (21, 0)


def test_frames_hold_decimals(usage_of):
    """Calls need not be whole; neither calls nor cost are floats."""
    for frame in project(usage_of(FIVE), {ALL: Decimal("0.1")}, {}).groups.values():
        assert {type(value) for column in ("cost", "calls") for value in frame[column]} == {Decimal}


@pytest.mark.parametrize(
    "cost", ["99999999999999.999999999999", "0.000000000001", "-12345678.000000000001"]
)
def test_a_cell_is_within_half_of_the_twelfth_decimal(usage_of, cost):
    """Every projected cost has the 12 decimals of a cost, so that sums of them stay exact."""
    rate = Decimal("-0.0001")
    changed = project(
        usage_of([("org-a", "chat", "ask", "c1", cost)]), {ALL: rate}, {"gpt": {ALL: rate}}
    )
    assert abs(Fraction(changed.cost) - Fraction(cost) * Fraction("0.9999") ** 2) <= Fraction(
        1, 2 * 10**12
    )
    assert changed.cost.as_tuple().exponent == -12


def test_the_projected_sample_adds_up(params: Callable[..., Params]):
    """December with 10% growth and gpt-4 at 0.8 of its price.

    (8,669.894004 − 3,045.66063 × 0.2) × 1.1 = 8,866.8380658.
    """
    usage = read_usage(params(), detail=CUBE)
    changed = project(usage, {ALL: Decimal("0.10")}, {"gpt-4": {ALL: Decimal("-0.20")}})
    assert changed.cost == Decimal("8866.8380658")
    for keys in FRAMES:
        assert total(changed.groups[keys]["cost"]) == changed.cost


ORGANIZATIONS = ("org-a", "org-b", "")
MODELS = ("big", "small", "")
CALLS = st.lists(
    st.tuples(
        st.sampled_from(ORGANIZATIONS),
        st.sampled_from(["chat", "search", ""]),
        st.sampled_from(["ask", "find"]),
        st.sampled_from(["c1", "c2", ""]),
        st.decimals(-1000, 1000, places=12).map(str),
        st.dates(pd.Timestamp("2025-11-01").date(), pd.Timestamp("2025-12-31").date()).map(str),
        st.sampled_from(MODELS),
    ),
    min_size=1,
    max_size=12,
)
RATE = st.decimals(-1, 10, places=4)
RATES = st.dictionaries(st.sampled_from([ALL, "org-a", "org-b", "org-x"]), RATE, max_size=3)
PRICES = st.dictionaries(st.sampled_from(["big", "small", "huge"]), RATES, max_size=2)


def by_hand(calls: list[tuple], growth: dict, prices: dict) -> Fraction:
    """The projected cost, call by call, in fractions."""
    whole = Fraction(0)
    for organization, _, _, _, cost, _, model in calls:
        price_rates = prices.get(model, {})
        grown = 1 + Fraction(growth.get(organization, growth.get(ALL, 0)))
        price = 1 + Fraction(price_rates.get(organization, price_rates.get(ALL, 0)))
        whole += Fraction(cost) * grown * price
    return whole


def near(cost: Decimal, exact: Decimal | Fraction, cells: int) -> bool:
    """Whether a cost is within half of the 12th decimal per cell of the exact one."""
    return abs(Fraction(cost) - Fraction(exact)) <= Fraction(cells, 2 * 10**12)


@given(CALLS, RATES, PRICES)
def test_every_grouping_adds_up_to_the_exact_cost(usage_of, calls, growth, prices):
    """The oracle is computed in fractions; rows keep their order."""
    usage = usage_of(calls, period="2025-Q4")
    changed = project(usage, growth, prices)
    assert near(changed.cost, by_hand(calls, growth, prices), len(calls))
    assert changed.projected == changed.cost - usage.cost
    for keys in FRAMES:
        assert total(changed.groups[keys]["cost"]) == changed.cost
        assert sum(map(Fraction, changed.groups[keys]["calls"])) == Fraction(
            changed.groups[()]["calls"].iloc[0]
        )
        pd.testing.assert_frame_equal(
            changed.groups[keys][list(keys)], usage.groups[keys][list(keys)]
        )


@given(CALLS, RATE)
def test_growth_of_all_scales_the_total(usage_of, calls, rate):
    """The total is multiplied by 1 + the rate."""
    usage = usage_of(calls)
    assert near(project(usage, {ALL: rate}, {}).cost, usage.cost * (1 + rate), len(calls))


@given(CALLS, RATE, RATE)
def test_rates_of_one_organization_leave_the_others_unchanged(usage_of, calls, more, price):
    """Their cost is the same in every grouping."""
    usage = usage_of(calls)
    changed = project(usage, {"org-a": more}, {"big": {"org-a": price}})
    for keys in FRAMES:
        if "organization" in keys:
            before, after = sums(usage, *keys), sums(changed, *keys)
            place = keys.index("organization")
            assert {key: cost for key, cost in after.items() if key[place] != "org-a"} == {
                key: cost for key, cost in before.items() if key[place] != "org-a"
            }


@given(CALLS, RATES, RATES, PRICES)
def test_a_projection_can_be_projected_again(usage_of, calls, first, second, prices):
    """The cube is scaled too: growing twice multiplies both rates of each organization."""
    usage = usage_of(calls)
    twice = project(project(usage, first, {}), second, prices)
    expected = sum(
        by_hand([call], second, prices)
        * (1 + Fraction(first.get(call[0], first.get(ALL, Decimal(0)))))
        for call in calls
    )
    # The second rates, 11 × 11 at most, multiply what the first ones rounded.
    assert near(twice.cost, expected, 122 * len(calls))
    assert twice.projected == twice.cost - usage.cost


MANY = st.lists(
    st.builds(
        Call,
        st.sampled_from(["org-a", "org-b", ""]),
        st.sampled_from(["chat", "search"]),
        st.just("ask"),
        st.just("c1"),
        st.decimals(-5, 20, places=2).map(str),
        day=st.sampled_from(["2025-12-01", "2025-12-31"]),
        model=st.sampled_from(["big", "small"]),
        calls=st.integers(0, 3),
        charge=st.sampled_from(["Usage", "Credit"]),
        source_key=st.sampled_from(["", "team-x", "team-y"]),
    ),
    min_size=1,
    max_size=12,
)


def with_kinds_and_keys(calls: list[Call]) -> Usage:
    """The usage of a bill with an organizations.csv."""
    kinds, keys = (
        {name: [call for call in calls if getattr(call, column) == name] for name in names}
        for column, names in (
            ("charge", {call.charge for call in calls}),
            ("source_key", {call.source_key for call in calls} - {""}),
        )
    )
    charges, unmapped = (
        tuple((name, len(of), sum(Decimal(call.cost) for call in of)) for name, of in each.items())
        for each in (kinds, keys)
    )
    credits = sum(min(Decimal(call.cost), Decimal(0)) for call in calls if not call.organization)
    usage = made_usage.usage_of(calls)
    return replace(usage, charges=charges, unmapped=unmapped, unallocated_credits=credits)


@given(MANY, st.decimals("-0.9", 3, places=2))
def test_growth_of_everything_changes_no_share(calls, growth):
    """Every cost, credit, kind of charge and key is multiplied by 1 + growth; shares stay."""
    usage = with_kinds_and_keys(calls)
    grown = project(usage, {ALL: growth}, {})
    factor = 1 + growth
    assert grown.cost == usage.cost * factor
    assert grown.unallocated_credits == usage.unallocated_credits * factor
    for before, after in ((usage.charges, grown.charges), (usage.unmapped, grown.unmapped)):
        assert {name: (rows, cost * factor) for name, rows, cost in before} == {
            name: (rows, cost) for name, rows, cost in after
        }
    assert grown.allocated == usage.allocated


@given(MANY, st.dictionaries(st.sampled_from(["org-a", "org-b", ALL]), st.just(Decimal("0.1"))))
def test_kinds_of_charge_add_up_to_the_supposed_cost(calls, growth):
    """Whichever rates a scenario has, the kinds of charge have the total of the report."""
    grown = project(with_kinds_and_keys(calls), growth, {"big": {ALL: Decimal("-0.2")}})
    assert total(cost for *_, cost in grown.charges) == grown.cost
    costs = [cost for *_, cost in grown.charges]
    assert costs == sorted(costs, reverse=True)


def test_a_scenario_of_everything_doubled():
    """100 − 50 of org-a and 10 without one: 50 ÷ 60 before, 100 ÷ 120 after."""
    calls = [Call("org-a", "x", "f", "c", cost) for cost in ("100", "-50")]
    usage = with_kinds_and_keys([*calls, Call("", "x", "f", "c", "10", source_key="team-x")])
    doubled = project(usage, {ALL: Decimal(1)}, {})
    assert doubled.allocated == usage.allocated == Decimal(50) / 60
    assert doubled.unmapped == (("team-x", 1, 20),)


@pytest.mark.parametrize("rows", [1, 20])
def test_a_what_if_of_more_than_is_exact_is_refused(usage_of, rows):
    """10^14 × 11 × 11 is 1.21 × 10^16, in one cell or in twenty; no traceback."""
    usage = usage_of(
        [(f"org-{number}", "p", "f", "c", str(10**14 // rows)) for number in range(rows)]
    )
    with pytest.raises(Refusal, match=r"^growth: with growth and model_prices, .* 10\^15 or more"):
        project(usage, {"(all)": Decimal(10)}, {"gpt": {"(all)": Decimal(10)}})
