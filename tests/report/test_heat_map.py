"""Cost by two dimensions as one table that foots both ways."""

from __future__ import annotations

from decimal import Decimal

import lxml.html
from hypothesis import given
from hypothesis import strategies as st

from finops_nb import schema
from finops_nb.report.heat_map import COLUMNS, ROWS, HeatMap
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


def figures(found: HeatMap) -> list[list[Decimal]]:
    """The printed cells as numbers, an empty one as 0."""
    texts = [[cell.text for cell in row.cells[1:]] for row in found.grid().rows()]
    return [[D(text.replace("$", "").replace(",", "") or 0) for text in row] for row in texts]


def test_it_has_a_row_an_organization_and_a_column_a_product():
    """It puts the highest sums first, leaves a pair without usage empty, and shades by the share of the largest cell."""
    found = heat_map({("a", "x"): "1", ("b", "x"): "6", ("b", "y"): "3"})
    rows = found.grid().rows()
    assert found.grid().heads == ("x", "y", "Total")
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


def test_it_says_what_is_booked_where_that_differs():
    """It has the ledger's cent beneath a cell, and beneath the sums that it moves."""
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
    """It adds up in every row and every column, as printed, with the Rounding row and column where they are needed."""
    found = heat_map(pairs, currency=currency)
    texts = [
        [
            cell.text.replace(currency, "")
            .replace("¥", "")
            .replace("$", "")
            .replace("\xa0", "")
            .replace(",", "")
            for cell in row.cells[1:]
        ]
        for row in found.grid().rows()
    ]
    table = [[D(text or 0) for text in row] for row in texts]
    assert all(sum(row[:-1]) == row[-1] for row in table)
    assert all(sum(column[:-1]) == column[-1] for column in zip(*table, strict=True))


def test_many_names_are_cut_and_still_foot():
    """It prints 24 of 60 organizations and 7 of 20 products, and adds up the others in a row and a column."""
    found = heat_map(
        {(f"o{one:02}", f"p{two:02}"): f"{one}.{two:02}5" for one in range(60) for two in range(20)}
    )
    grid = found.grid()
    assert (len(grid.names), len(grid.columns)) == (ROWS, COLUMNS)
    assert (grid.names[-1], grid.columns[-1]) == ("other (36)", "other (13)")
    table = figures(found)
    assert all(sum(row[:-1]) == row[-1] for row in table)
    assert all(sum(column[:-1]) == column[-1] for column in zip(*table, strict=True))


def test_others_outshine_no_name():
    """It shades by the largest cell of two names, here 2.00, and no cell of others, though these sum up to more."""
    found = heat_map(
        {
            (f"o{one:02}", f"p{two:02}"): "2" if one < two else "1"
            for one in range(60)
            for two in range(20)
        }
    )
    *lines, other, _ = found.grid().rows()
    assert {cell.classes for row in lines for cell in row.cells[1:-2]} == {
        "number heat-6",
        "number heat-3",
    }
    assert {row.cells[-2].classes for row in lines} | {
        cell.classes for cell in other.cells[1:-1]
    } == {"number"}


def test_its_lines_are_the_pairs():
    """It hands out each pair, whatever is printed."""
    found = heat_map({(f"o{one:02}", "p"): "1" for one in range(60)})
    assert len(found.records()) == 60
    assert found.records()[0] == {
        "organization": "o00",
        "product": "p",
        "charge": "1",
        "booked": None,
    }


def test_names_are_text():
    """It escapes and isolates each name, in rows and in heads."""
    page = lxml.html.fromstring(heat_map({("<b>", "<i>"): "1"})._repr_html_())
    assert page.xpath("//thead//bdi/text()") == ["<i>", "Total"]
    assert page.xpath("//tbody//bdi/text()") == ["<b>", "Total"]


def test_its_own_heads_do_not_break():
    """It marks "Rounding" and "Total", which unlike a long name stay on one line."""
    page = lxml.html.fromstring(heat_map({("a", "x"): "0.005", ("a", "y"): "0.005"})._repr_html_())
    assert [each.text_content() for each in page.xpath("//thead//th[contains(@class, 'own')]")] == [
        "Rounding",
        "Total",
    ]


def test_long_names_are_cut():
    """It cuts a name of 300 characters in its row and in its head, which would be as tall as a page."""
    page = lxml.html.fromstring(heat_map({("o" * 300, "p" * 300): "1"})._repr_html_())
    assert [each.text for each in page.xpath("//bdi[@title]")] == ["p" * 59 + "…", "o" * 59 + "…"]


def test_without_lines_there_is_nothing():
    """It shows nothing where there is no usage."""
    assert heat_map({})._repr_html_().strip() == ""
