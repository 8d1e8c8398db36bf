"""Look-alikes: names that a reader takes for one are listed with their money, and never merged."""

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
    """Whatever letters it has: in another case, another Unicode form, with other blanks, with what shows nothing."""
    other = name
    for disguise in worn:
        other = disguise(other)
    assume(other != name)

    (found,) = confusable_names({name: ONE, other: TWO})

    assert found == ConfusableNames(((other, TWO), (name, ONE)))


@given(costs)
def test_each_name_keeps_its_own_cost(costs):
    """It stands in one group at most, as it was, and the group's cost is the sum of its names'."""
    groups = confusable_names(costs)

    listed = [pair for group in groups for pair in group.costs]
    assert len(listed) == len({name for name, _ in listed})
    assert all(costs[name] == cost for name, cost in listed)
    assert all(group.cost == sum(costs[name] for name in group.names) for group in groups)


@given(costs)
def test_the_largest_come_first(costs):
    """Groups by their cost, and within a group the names by theirs."""
    groups = confusable_names(costs)

    assert [group.cost for group in groups] == sorted(
        (group.cost for group in groups), reverse=True
    )
    for group in groups:
        assert [cost for _, cost in group.costs] == sorted(
            (cost for _, cost in group.costs), reverse=True
        )
        assert len(group.names) > 1


@given(costs, st.randoms())
def test_the_order_of_the_names_changes_nothing(costs, random):
    """Also among equal costs."""
    shuffled = list(costs.items())
    random.shuffle(shuffled)

    assert confusable_names(dict(shuffled)) == confusable_names(costs)


@given(st.dictionaries(st.text("abc-_0189", min_size=1, max_size=4), st.just(ONE), max_size=9))
def test_plain_names_of_one_case_are_never_listed(costs):
    """Other letters, digits and marks are other names."""
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
def test_it_sees_what_a_reader_does_not(name, other):
    """Case, blanks, Unicode form, what shows nothing, letters of another alphabet, typographic marks, the word for no name."""
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
def test_it_lists_no_names_that_differ_to_a_reader(name, other):
    """A blank more than none, another mark, an umlaut."""
    assert confusable_names({name: ONE, other: ONE}) == ()


def test_groups_and_names_are_in_the_order_of_their_money():
    """a: 3.00 + 1.00 = 4.00, b: 5.00 - 2.00 = 3.00; c looks like nobody."""
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
