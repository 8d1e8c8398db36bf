"""Confusable names are listed with their money, and never merged."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from finops_nb.findings.confusable_names import ConfusableNames, confusable_names

ONE, TWO = Decimal(1), Decimal(2)
FORMS = ("NFC", "NFD", "NFKC", "NFKD")

costs = st.dictionaries(
    st.text("aA bBо́o\u200b", max_size=4), st.decimals(-100, 100, places=2), max_size=8
)
disguises = st.sampled_from(
    [
        str.upper,
        str.lower,
        str.swapcase,
        str.casefold,
        *(lambda name, form=form: unicodedata.normalize(form, name) for form in FORMS),
        lambda name: f" {name}\u00a0",
        lambda name: name.replace(" ", " \t\u2003"),
        lambda name: "\u200b".join(name),
        lambda name: f"\ufeff{name}\u2060",
        lambda name: "".join(f"{char}\ufe0f" for char in name),
    ]
)


@given(st.text(min_size=1, max_size=8), st.lists(disguises, min_size=1, max_size=3))
def test_a_name_in_disguise_is_listed_with_it(name, worn):
    """Another case, Unicode form or blanks, or invisible characters, whatever its letters are."""
    other = name
    for disguise in worn:
        other = disguise(other)
    assume(other != name)

    (group,) = confusable_names({name: ONE, other: TWO})

    assert group == ConfusableNames(((other, TWO), (name, ONE)))


@given(costs)
def test_each_name_keeps_its_own_cost(costs):
    """A name is in one group at most, unchanged; a group's cost is the sum of its names' costs."""
    groups = confusable_names(costs)

    listed = [pair for group in groups for pair in group.costs]
    assert len(listed) == len({name for name, _ in listed})
    assert all(costs[name] == cost for name, cost in listed)
    assert all(group.cost == sum(costs[name] for name in group.names) for group in groups)


@given(costs)
def test_the_largest_come_first(costs):
    """Groups are sorted by their cost, and the names within a group by theirs."""
    groups = confusable_names(costs)

    of_groups = [group.cost for group in groups]
    assert of_groups == sorted(of_groups, reverse=True)
    for group in groups:
        of_names = [cost for _, cost in group.costs]
        assert of_names == sorted(of_names, reverse=True)
        assert len(of_names) > 1


@given(costs, st.randoms())
def test_the_order_of_the_names_changes_nothing(costs, random):
    """The same costs in another order give the same groups, even with equal costs."""
    shuffled = list(costs.items())
    random.shuffle(shuffled)

    assert confusable_names(dict(shuffled)) == confusable_names(costs)


@given(st.dictionaries(st.text("abc-_0189", min_size=1, max_size=4), st.just(ONE), max_size=9))
def test_plain_names_of_one_case_are_never_listed(costs):
    """Different letters, digits and marks make different names."""
    assert confusable_names(costs) == ()


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("org-a", "Org-A"),
        ("org a", "org  a"),
        ("org a", "org\u00a0a"),
        ("org-a", " org-a"),
        ("Mü", "Mu\u0308"),
        ("Straße", "STRASSE"),
        ("ﬁnance", "finance"),
        ("ｏｒｇ", "org"),
        ("org", "o\u200drg"),
        ("org", "o\u00adrg"),
        ("org", "\u202eorg"),
        ("org", "оrg"),
        ("BETA", "ΒΕΤΑ"),
        ("ᴬ", "a"),
        ("\u1fb4", "α\u0345\u0301"),
        ("İzmir", "izmir"),
        ("ızmir", "IZMIR"),
        ("org-a", "org–a"),
        ("Bob's", "Bob’s"),
        ("(unallocated)", "(Unallocated)"),
    ],
)
def test_names_that_look_the_same_are_listed(name, other):
    """Case, blanks, Unicode form, invisible characters, other alphabets, typographic marks.

    So does a name like the one for cost without a name.
    """
    assert [group.names for group in confusable_names({name: TWO, other: ONE})] == [(name, other)]


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("org-a", "org_a"),
        ("org a", "orga"),
        ("org-1", "org-l"),
        ("Mü", "Mu"),
        ("o", "0"),
        ("a", ""),
    ],
)
def test_names_that_look_different_are_not_listed(name, other):
    """A blank where there was none, another mark, an umlaut."""
    assert confusable_names({name: ONE, other: ONE}) == ()


def test_groups_and_names_are_sorted_by_their_money():
    """a: 3.00 + 1.00 = 4.00, b: 5.00 − 2.00 = 3.00; c looks like no other name."""
    costs = {
        "b": Decimal("-2.00"),
        "a": Decimal("1.00"),
        "c": Decimal("9.00"),
        "B": Decimal("5.00"),
        "A": Decimal("3.00"),
    }
    first, second = confusable_names(costs)

    assert (first.names, first.cost) == (("A", "a"), Decimal("4.00"))
    assert (second.names, second.cost) == (("B", "b"), Decimal("3.00"))
