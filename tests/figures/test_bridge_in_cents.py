"""The bridge in cents: what is printed adds up, and agrees with what other tables print."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from finops_nb.figures.bridge import EFFECTS
from finops_nb.figures.bridge_in_cents import bridge_in_cents, changes_in_cents
from finops_nb.money import rounded, total

NONE = dict.fromkeys(EFFECTS, Decimal(0))
amounts = st.integers(-(10**6), 10**6).map(lambda micros: Decimal(micros).scaleb(-4))
effects = st.fixed_dictionaries(dict.fromkeys(EFFECTS, amounts))
lines = st.dictionaries(st.sampled_from("abcdef"), effects, min_size=1)


def whole_of(names):
    return {effect: total(each[effect] for each in names.values()) for effect in EFFECTS}


def test_a_name_prints_its_rounded_change():
    """0.004 of volume and 0.004 of mix are a change of 0.008, which prints as 0.01."""
    one = NONE | {"volume": Decimal("0.004"), "mix": Decimal("0.004")}
    made = bridge_in_cents({"a": one}, one, 2)
    assert total(made.names["a"].values()) == Decimal("0.01")
    assert total(made.sums.values()) == Decimal("0.01")
    assert not any(made.rounding.values())


def test_what_rounded_changes_miss_of_the_total_is_a_line():
    """Two changes of 0.004 print as 0.00 each, and their sum of 0.008 as 0.01: 0.01 is missed."""
    one = NONE | {"volume": Decimal("0.004")}
    names = {"a": one, "b": one}
    made = bridge_in_cents(names, whole_of(names), 2)
    assert [total(each.values()) for each in made.names.values()] == [
        Decimal("0.00"),
        Decimal("0.00"),
    ]
    assert total(made.rounding.values()) == total(made.sums.values()) == Decimal("0.01")


@given(lines)
@settings(deadline=None)
def test_it_adds_up_across_and_down(names):
    """Lines add up to their rounded change, columns to sums that depend on the total only."""
    whole = whole_of(names)
    made = bridge_in_cents(names, whole, 2)
    assert made.sums == bridge_in_cents({"all": whole}, whole, 2).sums
    assert total(made.sums.values()) == rounded(total(whole.values()), 2)
    for name, each in names.items():
        assert total(made.names[name].values()) == rounded(total(each.values()), 2)
    for effect in EFFECTS:
        printed = [each[effect] for each in (*made.names.values(), made.rounding)]
        assert total(printed) == made.sums[effect]


@given(lines)
@settings(deadline=None)
def test_every_amount_is_within_three_cents_of_the_exact_one(names):
    """Fitting an effect moves it by less than three cents."""
    made = bridge_in_cents(names, whole_of(names), 2)
    for name, each in names.items():
        assert all(
            abs(made.names[name][effect] - each[effect]) < Decimal("0.03") for effect in EFFECTS
        )


def test_names_printed_together_add_up_to_their_rounded_sum():
    """Three times 0.004 is 0.012, which prints as 0.01; each by itself would print as 0.00."""
    changes = dict.fromkeys("abc", Decimal("0.004"))
    assert total(changes_in_cents(changes, [], 2).values()) == 0
    cents = changes_in_cents(changes, ["abc"], 2)
    assert sorted(cents.values()) == [0, 0, Decimal("0.01")]


@given(lines, st.sets(st.sampled_from("abcdef")))
@settings(deadline=None)
def test_a_line_of_several_names_prints_their_rounded_change(names, several):
    """As other tables print it; the names that are printed by themselves keep theirs."""
    several &= names.keys()
    made = bridge_in_cents(names, whole_of(names), 2, [several])
    printed = {name: total(made.names[name].values()) for name in names}
    exact = {name: total(each.values()) for name, each in names.items()}
    assert total(printed[name] for name in several) == rounded(
        total(exact[name] for name in several), 2
    )
    for name in names.keys() - several:
        assert printed[name] == rounded(exact[name], 2)
    for effect in EFFECTS:
        of_lines = [each[effect] for each in (*made.names.values(), made.rounding)]
        assert total(of_lines) == made.sums[effect]


ragged = st.tuples(
    st.dictionaries(
        st.sampled_from("abcdef"), st.dictionaries(st.sampled_from(EFFECTS), amounts, min_size=1)
    ),
    effects,
)


@given(ragged)
@settings(deadline=None)
def test_a_name_may_lack_effects_that_do_not_apply_to_it(drawn):
    """As long as one name has all: it lacks them in cents too, and all still adds up."""
    names = drawn[0] | {"all": drawn[1]}
    whole = {
        effect: total(each.get(effect, Decimal(0)) for each in names.values()) for effect in EFFECTS
    }
    made = bridge_in_cents(names, whole, 2)
    for name, each in names.items():
        assert made.names[name].keys() == each.keys()
        assert total(made.names[name].values()) == rounded(total(each.values()), 2)
    for effect in EFFECTS:
        of_lines = [each.get(effect, Decimal(0)) for each in (*made.names.values(), made.rounding)]
        assert total(of_lines) == made.sums[effect]
    missed = rounded(total(whole.values()), 2) - total(
        rounded(total(each.values()), 2) for each in names.values()
    )
    assert total(made.rounding.values()) == missed
