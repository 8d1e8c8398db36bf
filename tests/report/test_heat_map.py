"""Cost by two dimensions as one table that foots both ways."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb import schema
from finops_nb.report.heat_map import HeatMap
from finops_nb.report.table import Block

D = Decimal


def heat_map(
    pairs: dict[tuple[str, str], str],
    booked: dict[tuple[str, str], str] | None = None,
    currency: str = "USD",
) -> HeatMap:
    lines = [
        {
            "organization": one,
            "product": two,
            "charge": D(cost),
            "booked": None if booked is None else D(booked[one, two]),
        }
        for (one, two), cost in pairs.items()
    ]
    return HeatMap(
        "usage",
        "Charges",
        (schema.ORGANIZATION, schema.PRODUCT, schema.CHARGE),
        (Block(lines),),
        currency,
    )


def figures(drawn: HeatMap) -> list[list[Decimal]]:
    """The printed cells as numbers, an empty one as 0."""
    texts = [[cell.text for cell in row.cells[1:]] for row in drawn.grid().rows()]
    return [[D(text.replace("$", "").replace(",", "") or 0) for text in row] for row in texts]


def test_it_has_a_row_an_organization_and_a_column_a_product():
    """The highest sums come first, a pair without usage is empty, the highest cell is darkest."""
    drawn = heat_map({("a", "x"): "1", ("b", "x"): "6", ("b", "y"): "3"})
    rows = drawn.grid().rows()
    assert drawn.grid().heads == ("x", "y", "Total")
    assert [[cell.text for cell in row.cells] for row in rows] == [
        ["b", "$6.00", "$3.00", "$9.00"],
        ["a", "$1.00", "", "$1.00"],
        ["Total", "$7.00", "$3.00", "$10.00"],
    ]
    assert [cell.classes for cell in rows[0].cells] == [
        "text",
        "number heat-6",
        "number heat-3",
        "number sum",
    ]


def test_a_product_may_be_called_rounding_or_total():
    """A row has a cell for each head, and the last is the sum."""
    drawn = heat_map({("a", "Rounding"): "0.004", ("a", "Total"): "0.004"})
    assert drawn.grid().heads == ("Rounding", "Total", "Rounding", "Total")
    assert [cell.text for cell in drawn.grid().rows()[0].cells] == [
        *("a", "$0.00", "$0.00"),
        *("$0.01", "$0.01"),
    ]
    alone = heat_map({("a", "Rounding"): "1"})
    assert [cell.text for cell in alone.grid().rows()[0].cells] == ["a", "$1.00", "$1.00"]


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ({("a", "x"): "1", ("b", "x"): "2"}, False),
        ({("a", "x"): "0.004", ("a", "y"): "0.004"}, True),
        ({("a", "x"): "0.004", ("b", "x"): "0.004"}, True),
        ({("a", "x"): "0.004", ("b", "y"): "0.004"}, True),
    ],
    ids=["none", "row", "column", "total"],
)
def test_the_first_rounding_of_a_report_is_explained(pairs, expected):
    """A row "Rounding" as well as a column: 0.004 and 0.004 print as 0.00, their sum as 0.01."""
    drawn = heat_map(pairs)
    assert drawn.has_rounding_row is expected
    rule = "Rounding: amounts are rounded one by one"
    assert rule not in drawn._repr_html_()
    html = replace(drawn, explains_rounding=True)._repr_html_()
    assert (f"Charges. {rule}" in html) is expected


def test_lines_that_are_drawn_together_need_no_rounding():
    """Three lines of 0.004 in one cell print as 0.01, which is their total: nothing is missed."""
    lines = [{"organization": "a", "product": "x", "charge": D("0.004"), "booked": None}] * 3
    columns = (schema.ORGANIZATION, schema.PRODUCT, schema.CHARGE)
    drawn = HeatMap("usage", "Charges", columns, (Block(lines, {"charge": D("0.012")}),))
    assert not drawn.has_rounding_row


def test_it_prints_what_is_booked_if_that_differs():
    """The booked amount is beneath a cell that differs, and beneath the sums that it changes."""
    rows = (
        heat_map(
            {("a", "x"): "1.005", ("a", "y"): "1.005"}, {("a", "x"): "1.00", ("a", "y"): "1.01"}
        )
        .grid()
        .rows()
    )
    assert [cell.beneath for cell in rows[0].cells] == [(), ("booked $1.00",), (), (), ()]


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("abcdefg"), st.sampled_from("uvwxyz")),
        st.decimals(-(10**5), 10**5, places=4).map(str),
        min_size=1,
    ),
    st.sampled_from(("USD", "JPY", "KWD")),
)
def test_it_foots_on_both_axes(pairs, currency):
    """Every printed row and column adds up, with a Rounding row and column where needed."""
    drawn = heat_map(pairs, currency=currency)
    texts = [
        [
            cell.text.replace(currency, "")
            .replace("¥", "")
            .replace("$", "")
            .replace("\xa0", "")
            .replace(",", "")
            for cell in row.cells[1:]
        ]
        for row in drawn.grid().rows()
    ]
    table = [[D(text or 0) for text in row] for row in texts]
    assert all(sum(row[:-1]) == row[-1] for row in table)
    assert all(sum(column[:-1]) == column[-1] for column in zip(*table, strict=True))


def test_many_names_are_cut_and_still_foot():
    """It prints 24 of 60 organizations and 11 of 20 products; a row and a column have the rest."""
    drawn = heat_map(
        {(f"o{one:02}", f"p{two:02}"): f"{one}.{two:02}5" for one in range(60) for two in range(20)}
    )
    grid = drawn.grid()
    assert (len(grid.names), len(grid.columns)) == (25, 12)
    assert (grid.names[-1], grid.columns[-1]) == ("other (36)", "other (9)")
    table = figures(drawn)
    assert all(sum(row[:-1]) == row[-1] for row in table)
    assert all(sum(column[:-1]) == column[-1] for column in zip(*table, strict=True))


def test_sums_of_others_have_no_shade():
    """Shades compare with the largest cell of two names, 2.00; sums of others have no shade."""
    drawn = heat_map(
        {
            (f"o{one:02}", f"p{two:02}"): "2" if one < two else "1"
            for one in range(60)
            for two in range(20)
        }
    )
    *lines, other, _ = drawn.grid().rows()
    assert {cell.classes for row in lines for cell in row.cells[1:-2]} == {
        "number heat-6",
        "number heat-3",
    }
    assert {row.cells[-2].classes for row in lines} | {
        cell.classes for cell in other.cells[1:-1]
    } == {"number"}


def test_its_lines_are_the_pairs():
    """The records have every pair, whatever is printed."""
    drawn = heat_map({(f"o{one:02}", "p"): "1" for one in range(60)})
    assert len(drawn.records()) == 60
    assert drawn.records()[0] == {
        "organization": "o00",
        "product": "p",
        "charge": "1",
        "booked": None,
    }


def test_names_are_text():
    """Each name is escaped and isolated, in rows and in heads."""
    page = lxml.html.fromstring(heat_map({("<b>", "<i>"): "1"})._repr_html_())
    assert page.xpath("//thead//bdi/text()") == ["<i>", "Total"]
    assert page.xpath("//tbody//bdi/text()") == ["<b>", "Total"]


def test_rounding_and_total_stay_on_one_line():
    """ "Rounding" and "Total" have a class, because they stay on one line, unlike a long name."""
    page = lxml.html.fromstring(heat_map({("a", "x"): "0.005", ("a", "y"): "0.005"})._repr_html_())
    assert [each.text_content() for each in page.xpath("//thead//th[contains(@class, 'own')]")] == [
        "Rounding",
        "Total",
    ]


def test_long_names_are_cut():
    """A name of 300 characters would be a page tall, so it is shortened in its row and its head."""
    page = lxml.html.fromstring(heat_map({("o" * 300, "p" * 300): "1"})._repr_html_())
    assert [each.text for each in page.xpath("//bdi[@title]")] == [
        f"{letter * 30}…{letter * 29}" for letter in "po"
    ]


def test_without_lines_there_is_nothing():
    """Without usage, nothing is printed."""
    assert heat_map({})._repr_html_().strip() == ""
