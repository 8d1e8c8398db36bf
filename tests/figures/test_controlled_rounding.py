"""Controlled rounding: whole cents that add up by row, by column and in total."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from finops_nb.figures import controlled_rounding
from finops_nb.figures.controlled_rounding import Pair, round_table
from finops_nb.money import rounded, total

CENT = Decimal("0.01")

# Few decimals make many ties; many make none. Negatives are credits; an absent pair has no usage.
amounts = st.one_of(*(st.decimals(-20, 20, places=places) for places in (2, 3, 6, 12)))


def tables(size: int) -> st.SearchStrategy[dict[Pair, Decimal]]:
    """Tables up to `size` × `size`, full and sparse."""
    return st.dictionaries(
        st.tuples(st.sampled_from("abcdef"[:size]), st.sampled_from("uvwxyz"[:size])),
        amounts,
        min_size=1,
    )


def sums(cells: Mapping[Pair, Decimal], axis: int) -> dict[str, Decimal]:
    return {
        name: total(amount for cell, amount in cells.items() if cell[axis] == name)
        for name in {cell[axis] for cell in cells}
    }


@pytest.fixture(autouse=True, params=["simplex", "counts"])
def way(request, monkeypatch):
    """Small tables and large ones are rounded in two ways, of which the same holds."""
    monkeypatch.setattr(controlled_rounding, "LARGE", 0 if request.param == "counts" else 10**9)


@given(tables(6))
def test_it_is_within_a_cent_everywhere(cells):
    """Each cell, row sum and column sum is one of the two cents around the exact amount."""
    booked = round_table(cells, 2)

    pairs = [(cells, booked), *((sums(cells, axis), sums(booked, axis)) for axis in (0, 1))]
    for exact, whole in pairs:
        assert exact.keys() == whole.keys()
        assert all(whole[name] in neighbors(amount) for name, amount in exact.items())


@given(tables(6))
def test_it_adds_up_to_the_rounded_total(cells):
    """Rows, columns and cells all add up to the one total that is printed."""
    booked = round_table(cells, 2)
    whole = rounded(total(cells.values()), 2)

    assert (
        total(booked.values())
        == total(sums(booked, 0).values())
        == total(sums(booked, 1).values())
        == whole
    )


@given(tables(6), st.integers(0, 4))
def test_it_has_the_decimals_of_the_currency(cells, decimals):
    """Yen have none, dinars have three; a zero has them too, and no sign."""
    for amount in round_table(cells, decimals).values():
        assert amount.as_tuple().exponent == -decimals
        assert not (amount.is_zero() and amount.is_signed())


@given(tables(6), st.randoms(use_true_random=False))
def test_it_does_not_depend_on_the_order(cells, random):
    """Shuffled pairs get the same cents."""
    shuffled = list(cells.items())
    random.shuffle(shuffled)

    assert round_table(dict(shuffled), 2) == round_table(cells, 2)


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("abcdef"), st.sampled_from("uvwxyz")),
        st.decimals(-20, 20, places=2),
        min_size=1,
    )
)
def test_it_leaves_whole_cents_alone(cells):
    """An amount in whole cents is booked as it is."""
    assert round_table(cells, 2) == cells


@given(tables(3))
@example(
    # Four cells together pull column u, close to a tie, to -16.86; it is printed as -16.85.
    {
        ("a", "u"): Decimal("-16.848"),
        ("b", "u"): Decimal("-0.006833"),
        ("b", "v"): Decimal("-15.685"),
        ("b", "w"): Decimal("0.002564"),
    }
)
def test_it_books_the_printed_sums_wherever_a_table_can(cells):
    """If any table of neighboring cents has all sums as printed, the booked table has them."""
    printed = [
        {name: rounded(amount, 2) for name, amount in sums(cells, axis).items()} for axis in (0, 1)
    ]
    whole = rounded(total(cells.values()), 2)
    possible = any(
        [sums(table, axis) for axis in (0, 1)] == printed and total(table.values()) == whole
        for table in neighboring_tables(cells, limit=512)
    )

    booked = round_table(cells, 2)
    assert not possible or [sums(booked, axis) for axis in (0, 1)] == printed


@given(tables(6))
def test_a_large_table_is_as_near_as_a_small_one(cells):
    """Both ways cost the same: as many printed sums are missed, and the cells are as near."""
    units = {cell: amount.scaleb(2) for cell, amount in sorted(cells.items())}
    ways = (controlled_rounding._raised_by_simplex, controlled_rounding._raised_by_counts)

    simplex, counts = (cost_of(units, way(units)) for way in ways)
    assert simplex == counts


def cost_of(units: Mapping[Pair, Decimal], raised: set[Pair]) -> int:
    """What the arcs cost that are rounded up, if these cells are."""
    booked = {cell: amount.to_integral_value(ROUND_FLOOR) for cell, amount in units.items()}
    booked |= {cell: booked[cell] + 1 for cell in raised}
    whole = {("row", name): amount for name, amount in sums(booked, 0).items()}
    whole |= {("column", name): amount for name, amount in sums(booked, 1).items()}
    cost = 0
    for arc in controlled_rounding._arcs(units):
        if arc.tail == "source":
            amount = whole[arc.head]
        elif arc.head == "sink":
            amount = whole[arc.tail]
        else:
            amount = booked[arc.tail[1], arc.head[1]]
        cost += arc.cost * int(amount - arc.amount.to_integral_value(ROUND_FLOOR))
    return cost


def neighbors(amount: Decimal) -> set[Decimal]:
    """The two cents around an amount; of whole cents, only itself."""
    return {amount.quantize(CENT, ROUND_FLOOR), amount.quantize(CENT, ROUND_CEILING)}


def neighboring_tables(cells: Mapping[Pair, Decimal], limit: int) -> Iterator[dict[Pair, Decimal]]:
    """Tables whose cells are neighbors of the exact amounts: the oracle of the test above."""
    choices = [sorted(neighbors(amount)) for amount in cells.values()]
    for chosen in itertools.islice(itertools.product(*choices), limit):
        yield dict(zip(cells, chosen, strict=True))


def test_it_books_a_cent_that_rounding_cell_by_cell_would_lose():
    """Three thirds of a cent are one cent, which one cell gets."""
    booked = round_table({(name, "chat"): Decimal("0.01") / 3 for name in "abc"}, 2)

    assert sorted(booked.values()) == [Decimal("0.00"), Decimal("0.00"), CENT]


def test_it_adds_up_where_rounding_by_rows_would_not():
    """Rounded one by one, the column of chat would be 0.01 + 0.01 = 0.02; it is exactly 0.01."""
    booked = round_table(
        {
            ("a", "chat"): Decimal("0.005"),
            ("a", "find"): Decimal("0.005"),
            ("b", "chat"): Decimal("0.005"),
            ("b", "find"): Decimal("0.005"),
        },
        2,
    )

    assert sums(booked, 0) == {"a": CENT, "b": CENT}
    assert sums(booked, 1) == {"chat": CENT, "find": CENT}


def test_it_books_the_printed_sum_even_if_all_cells_pull_the_other_way():
    """0.015 is printed as 0.02, although three cells of 0.005 could each be 0.00."""
    booked = round_table({("a", product): Decimal("0.005") for product in "uvw"}, 2)

    assert total(booked.values()) == Decimal("0.02")


@pytest.mark.parametrize(
    ("exact", "booked"),
    [
        ("0.005", "0.01"),
        ("-0.005", "-0.01"),
        ("0.004", "0.00"),
        ("-0.004", "0.00"),
        ("1E-12", "0.00"),
    ],
)
def test_it_rounds_one_cell_as_it_is_printed(exact, booked):
    """A table of one cell has nothing to distribute."""
    assert str(round_table({("a", "chat"): Decimal(exact)}, 2)["a", "chat"]) == booked


def table_of(*rows: str) -> dict[Pair, Decimal]:
    """Rows of amounts, such as "0.004 0.006"."""
    return {
        (row, column): Decimal(each)
        for row, of in zip("abc", rows, strict=False)
        for column, each in zip("uvw", of.split(), strict=False)
    }


@pytest.mark.parametrize(
    ("exact", "booked"),
    [
        (("0.004 0.006", "0.006 0.004"), ("0.00 0.01", "0.01 0.00")),
        (("0.004 0.003 0.003", "0.006 0.007 0.007"), ("0.01 0.00 0.00", "0.00 0.01 0.01")),
        (("0.003 0.004 0.003", "0.007 0.006 0.007"), ("0.00 0.01 0.00", "0.01 0.00 0.01")),
        (("-0.006 -0.004", "-0.004 -0.006"), ("-0.01 0.00", "0.00 -0.01")),
    ],
)
def test_it_books_the_nearest_of_the_tables_that_foot(exact, booked):
    """If several tables have all the printed sums, a cent goes to the cell nearest to one."""
    assert round_table(table_of(*exact), 2) == table_of(*booked)


def test_a_row_and_a_column_may_have_the_same_name():
    """Names may also be empty, or those of the network's own nodes."""
    booked = round_table(
        {
            ("source", "sink"): Decimal("0.005"),
            ("sink", "source"): Decimal("0.005"),
            ("", "row"): Decimal(1),
        },
        2,
    )

    assert total(booked.values()) == Decimal("1.01")


def test_it_stays_exact_for_large_amounts():
    """Next to 10^14, half a cent is still half a cent."""
    booked = round_table(
        {("a", "u"): Decimal(10**14) + Decimal("0.005"), ("b", "u"): Decimal("0.005")}, 2
    )

    assert sorted(booked.values()) == [Decimal("0.00"), Decimal(10**14) + CENT] or sorted(
        booked.values()
    ) == [CENT, Decimal(10**14)]
