"""Why cost changed: effects that add up exactly, and that are what they are called."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.figures.bridge import EFFECTS, bridges
from finops_nb.money import total
from finops_nb.outputs.cells import Cell

D = Decimal
names = st.sampled_from(["a", "b", "c"])
cells = st.builds(
    lambda *values: Cell(*values[:2], "p", *values[2:]),
    names,
    st.sampled_from(["x", "y"]),
    st.sampled_from(["gpt", "opus"]),
    st.sampled_from(["ask", "draft"]),
    st.integers(0, 400),
    st.sampled_from([None, 0, 1, 7, 900, 123_456]),
    st.decimals(-9, 90, places=12),
)
months = st.lists(cells, max_size=9)


def cell(organization="a", product="x", model="gpt", task="ask", calls=100, tokens=1000, cost="2"):
    return Cell(organization, product, "p", model, task, calls, tokens, D(cost))


def effects(before, after, dimension="total", name="total") -> dict[str, Decimal]:
    """The effects of a line that are not zero."""
    [found] = [
        each.effects
        for each in bridges(before, after)
        if (each.dimension, each.name) == (dimension, name)
    ]
    return {effect: amount for effect, amount in found.items() if amount}


def times(factor: int, month, *fields: str) -> list[Cell]:
    return [
        each._replace(
            **{
                field: value * factor
                for field in fields
                if (value := getattr(each, field)) is not None
            }
        )
        for each in month
    ]


@given(months, months)
def test_the_effects_of_a_line_add_up_to_its_change(before, after):
    """With credits, zeros and costs of 10^-12, to the last decimal."""
    for each in bridges(before, after):
        assert total(each.effects.values()) == each.change
        own = [
            total(
                cell.cost
                for cell in month
                if each.dimension == "total" or getattr(cell, each.dimension) == each.name
            )
            for month in (before, after)
        ]
        assert [each.before, each.after] == own


@given(months, months)
def test_the_names_of_a_dimension_add_up_to_the_total(before, after):
    """Price, and tokens per call; volume, mix, new and gone together; and cost without calls
    with them, since a line of calls that had none before has no volume."""
    lines = bridges(before, after)
    for dimension in ("organization", "product"):
        own = [each.effects for each in lines if each.dimension == dimension]
        whole = [each.effects for each in lines if each.dimension == "total"]
        for together in (["price"], ["tokens_per_call"], ["volume", "mix", "new", "gone", "other"]):
            sums = [
                total(each[effect] for each in group for effect in together)
                for group in (own, whole)
            ]
            assert sums[0] == sums[1]


@given(months.filter(bool))
def test_every_call_twice_is_volume_alone(month):
    """Twice the calls, tokens and cost of each kind; cost without calls is no volume."""
    for each in bridges(month, times(2, month, "calls", "tokens", "cost")):
        assert {effect for effect in EFFECTS if each.effects[effect]} <= {"volume", "other"}


@given(months)
def test_every_price_twice_is_price_alone(month):
    """The same calls and tokens at twice the cost."""
    for each in bridges(month, times(2, month, "cost")):
        assert {effect for effect in EFFECTS if each.effects[effect]} <= {"price", "other"}


@given(months)
def test_twice_the_tokens_at_the_same_price_are_tokens_per_call_alone(month):
    """The same calls, of twice the tokens and cost, where tokens are known."""
    month = [each for each in month if each.tokens]
    for each in bridges(month, times(2, month, "tokens", "cost")):
        found = {effect for effect in EFFECTS if each.effects[effect]}
        assert found <= {"tokens_per_call", "other"}


def test_a_price_is_per_call_where_the_tokens_of_a_part_are_not_known():
    """A new task's price is that of the model in its product, 4 ÷ 200 = 0.02 per call.

    The tokens of half of those calls are not known. By the 1,000 that are, 4 ÷ 1,000 a token, 100
    calls of 1,000 tokens would have cost 4, twice as much as any call did.
    """
    before = [cell(), cell(task="draft", tokens=None)]
    after = [*before, cell(task="check")]
    assert effects(before, after) == {"volume": D(2)}


@given(st.integers(1, 300), st.sampled_from(["a", "b"]))
def test_calls_that_move_to_another_model_are_mix_alone(moved, organization):
    """300 calls of gpt at 0.03 become calls of opus at 0.01: moved × (0.01 − 0.03) of mix.

    Also where the product had no call of opus before, but another product had.
    """
    before = [
        cell(calls=300, tokens=3000, cost="9"),
        cell(organization, "y", "opus", calls=50, tokens=500, cost="0.5"),
    ]
    after = [
        cell(calls=300 - moved, tokens=10 * (300 - moved), cost=D("0.03") * (300 - moved)),
        cell(organization, "y", "opus", calls=50, tokens=500, cost="0.5"),
        cell(model="opus", calls=moved, tokens=10 * moved, cost=D("0.01") * moved),
    ]
    assert effects(before, after) == {"mix": D("-0.02") * moved}
    assert effects(before, after, "product", "x") == {"mix": D("-0.02") * moved}


def test_a_new_model_is_mix():
    """100 calls at 0.02 of a model that nobody had: its own price is the only one it has."""
    before = [cell(calls=100, cost="3")]
    after = [cell(model="new", calls=100, cost="2")]
    assert effects(before, after) == {"mix": D(-1)}


def test_a_trial_has_no_price():
    """One call for 5.00, then 1,000 for 20.00: with its own price before it would be 4,980 less
    for tokens or price, and as much more for mix. It takes its model's price in all usage."""
    rest = cell(product="y", calls=1000, tokens=10_000, cost="20")
    before = [rest, cell(calls=1, tokens=10, cost="5")]
    after = [rest, cell(calls=1000, tokens=10_000, cost="20")]
    # Calls 1,001 → 2,000 at 25.00; 10,000 tokens at 25.00 ÷ 10,010 of a token.
    volume = (D(25) * 999 / 1001).quantize(D("1e-12"))
    price = (20 - D(25) * 10_000 / 10_010).quantize(D("1e-12"))
    found = effects(before, after)
    assert found == {"volume": volume, "price": price, "mix": 15 - volume - price}


def test_a_name_that_is_new_or_gone_is_its_whole_cost():
    """In its own line; in the total it is volume and mix."""
    before, after = [cell("a", cost="2")], [cell("b", cost="3")]
    assert effects(before, after, "organization", "a") == {"gone": D(-2)}
    assert effects(before, after, "organization", "b") == {"new": D(3)}
    assert effects(before, after) == {"mix": D(1)}


def test_cost_without_calls_is_other():
    """A fee of 5.00 that becomes 7.00 beside 100 calls that stay."""
    fee = cell(calls=0, tokens=0, cost="5", task="fee")
    assert effects([cell(), fee], [cell(), fee._replace(cost=D(7))]) == {"other": D(2)}


def test_a_name_with_its_first_calls_has_no_volume():
    """It had cost without calls before, so there is nothing to scale."""
    fee = cell(calls=0, tokens=0, cost="5")
    assert effects([fee], [cell(cost="8")]) == {"other": D(3)}


@given(months, months, st.permutations(["a", "b", "c"]))
def test_names_and_order_do_not_matter(before, after, renamed):
    """Renamed in both months, and shuffled: the same effects under the new names."""
    as_is = {(each.dimension, each.name): each.effects for each in bridges(before, after)}
    new = dict(zip("abc", renamed, strict=True))
    moved = [
        [each._replace(organization=new[each.organization]) for each in reversed(month)]
        for month in (before, after)
    ]
    for each in bridges(*moved):
        old = {to: name for name, to in new.items()}
        name = old[each.name] if each.dimension == "organization" else each.name
        assert each.effects == as_is[each.dimension, name]


@given(months, months)
def test_two_names_as_one_have_the_change_of_both(before, after):
    """a and b as one organization."""
    merged = [
        [each._replace(organization="a") if each.organization == "b" else each for each in month]
        for month in (before, after)
    ]
    changes = {
        each.name: each.change for each in bridges(before, after) if each.dimension != "product"
    }
    together = {each.name: each.change for each in bridges(*merged) if each.dimension != "product"}
    assert together.get("a", 0) == changes.get("a", 0) + changes.get("b", 0)


@given(months, months, months)
def test_changes_chain(first, second, third):
    """A to B and B to C add up to A to C, for the total; single effects need not."""
    changes = [
        next(iter(bridges(*pair)), None)
        for pair in ((first, second), (second, third), (first, third))
    ]
    one, two, both = (each.change if each else D(0) for each in changes)
    assert one + two == both


@pytest.mark.parametrize("month", [[], [cell()]])
def test_nothing_changes_nothing(month):
    """The same month twice, and two empty ones."""
    assert not any(any(each.effects.values()) for each in bridges(month, month))
