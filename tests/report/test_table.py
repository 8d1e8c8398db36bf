"""Table: printed lines that add up to the printed total, and names of the data that stay text."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.html import fragment_fromstring

from finops_nb import schema
from finops_nb.errors import Failure
from finops_nb.figures.budget_status import Status
from finops_nb.figures.named import named
from finops_nb.money import minor_units, rounded, total
from finops_nb.report.format import visible_name
from finops_nb.report.table import Block, Table
from finops_nb.schema import Column

COST_TABLE = (schema.ORGANIZATION, schema.COST, schema.CALLS)
amounts = st.decimals(-1000, 1000, places=4)


def table_of(*costs: str, columns=COST_TABLE, currency: str = "USD", **more) -> Table:
    """Lines a, b, c … of these costs, with their total."""
    lines = [
        {"organization": name, "cost": Decimal(cost), "calls": 1, **more}
        for name, cost in zip("abcdefgh", costs, strict=False)
    ]
    foot = {"cost": total(line["cost"] for line in lines), "calls": len(lines)}
    return Table("costs", "Costs", columns, (Block(lines, foot),), currency)


def printed(table: Table) -> list[tuple[str, ...]]:
    return [
        (row.kind, *(cell.text for cell in row.cells))
        for block in table.blocks
        for row in table.rows(block)
    ]


def elements(html: str) -> tuple[list[str], list[str]]:
    """The tags of a piece of HTML in their order, and the text of each cell."""
    page = fragment_fromstring(html)
    return [element.tag for element in page.iter()], [
        cell.text_content() for cell in page.iter("td", "th")
    ]


def test_it_prints_lines_and_their_total():
    """Each value is printed by its unit; lines that add up have no Rounding line."""
    assert printed(table_of("1234.50", "0.50")) == [
        ("line", "a", "$1,234.50", "1"),
        ("line", "b", "$0.50", "1"),
        ("total", "Total", "$1,235.00", "2"),
    ]


def test_it_adds_a_rounding_line_where_lines_would_not_add_up():
    """0.005 + 0.005 print as 0.01 + 0.01, and their total as 0.01."""
    assert printed(table_of("0.005", "0.005")) == [
        ("line", "a", "$0.01", "1"),
        ("line", "b", "$0.01", "1"),
        ("rounding", "Rounding", "-$0.01", ""),
        ("total", "Total", "$0.01", "2"),
    ]


@pytest.mark.parametrize(("currency", "needed"), [("USD", False), ("JPY", True), ("KWD", False)])
def test_it_rounds_in_the_decimals_of_the_currency(currency, needed):
    """0.50 + 0.50 are whole cents, but in yen they print as 1 + 1 with a total of 1."""
    assert (
        "rounding" in [row[0] for row in printed(table_of("0.50", "0.50", currency=currency))]
    ) is needed


@given(st.lists(amounts, min_size=1, max_size=8), st.sampled_from(["USD", "JPY", "KWD"]))
def test_its_printed_lines_foot(costs, currency):
    """Printed lines and Rounding add up to the printed total; Rounding is never zero."""
    table = table_of(*map(str, costs), currency=currency)
    figures = [
        (row[0], Decimal("".join(char for char in row[2] if char in "-.0123456789")))
        for row in printed(table)
    ]
    decimals = minor_units(currency)

    assert (
        total(figure for kind, figure in figures if kind != "total")
        == figures[-1][1]
        == rounded(total(costs), decimals)
    )
    needed = total(rounded(cost, decimals) for cost in costs) != rounded(total(costs), decimals)
    assert [kind for kind, _ in figures].count("rounding") == needed


def test_it_foots_every_column_that_adds():
    """Cost and variance have rounding differences; a share and an unset budget have none."""
    columns = (schema.PRODUCT, schema.COST, schema.SHARE, schema.BUDGET, schema.VARIANCE)
    half = Decimal("0.005")
    line = {"product": "x", "cost": half, "share": Decimal("0.5"), "budget": None, "variance": half}
    foot = {"cost": 2 * half, "share": Decimal(1), "budget": Decimal("0.00"), "variance": 2 * half}

    assert printed(Table("t", "T", columns, (Block([line, line], foot),)))[-2:] == [
        ("rounding", "Rounding", "-$0.01", "", "", "-$0.01"),
        ("total", "Total", "$0.01", "100.0%", "$0.00", "$0.01"),
    ]


def test_it_covers_no_real_difference_by_rounding():
    """A table whose exact lines miss the total, even by a millionth, can't be made."""
    block = Block([{"organization": "a", "cost": Decimal(1)}], {"cost": Decimal("1.000001")})
    message = (
        r"^The table costs does not add up: "
        r"Total Cost sums to 1, but its total is 1\.000001\.$"
    )
    with pytest.raises(Failure, match=message):
        Table("costs", "Costs", COST_TABLE, (block,))


def test_a_column_that_does_not_add_up_has_no_total_unless_it_says_what_that_is():
    """$21.00 under a total of $83.00 is refused; n/a is not, nor is a ratio of the totals."""
    plain = Column("extra", "Extra", "money", "not to be added up")
    line = {"organization": "a", "extra": Decimal(21)}
    with pytest.raises(Failure, match="Extra has a total, but its lines are not to be added up"):
        table = Table("t", "T", (schema.ORGANIZATION, plain), (Block([line], {"extra": 83}),))
    columns = (schema.ORGANIZATION, plain)
    table = Table("t", "T", columns, (Block([line], {"extra": None}),))
    assert printed(table)[-1] == ("total", "Total", "n/a")
    columns = (schema.ORGANIZATION, replace(plain, total_is="ratio"))
    table = Table("t", "T", columns, (Block([line], {"extra": Decimal(83)}),))
    assert printed(table)[-1] == ("total", "Total", "$83.00")


def test_a_difference_is_that_of_its_amounts():
    """30 − 10 is 20, not 21, in a line and in a total."""
    columns = (schema.NAME, schema.RUN_RATE, schema.BUDGET, schema.RUN_RATE_VARIANCE)
    line = {"name": "a", "run_rate": Decimal(30), "budget": Decimal(10)}
    wrong = line | {"run_rate_variance": Decimal(21)}
    with pytest.raises(Failure, match="Run Rate − Budget is 21, but its amounts differ by 20"):
        Table("t", "T", columns, (Block([wrong]),))


def test_a_total_over_lines_with_gaps_is_of_the_other_lines():
    """A line that is n/a adds nothing: 20 + n/a = 20, and not the total run rate − budget."""
    columns = (schema.NAME, schema.RUN_RATE_VARIANCE)
    amounts = {"a": Decimal(20), "b": None}
    lines = [{"name": name, "run_rate_variance": amount} for name, amount in amounts.items()]
    assert Table("t", "T", columns, (Block(lines, {"run_rate_variance": Decimal(20)}),))
    with pytest.raises(Failure, match="sums to 20, but its total is 83"):
        Table("t", "T", columns, (Block(lines, {"run_rate_variance": Decimal(83)}),))


@pytest.mark.parametrize(
    ("before", "now", "change", "beneath"),
    [
        ("1790.552", "2425.036", "+$634.48", ("Rounding -$0.01",)),
        ("1790.55", "2425.04", "+$634.49", ()),
        ("1.004", "2.004", "+$1.00", ()),
        ("1.005", "1.0049", "$0.00", ("Rounding +$0.01",)),
    ],
)
def test_a_difference_that_prints_another_cent_says_so(before, now, change, beneath):
    """2,425.04 − 1,790.55 = 634.49; the change of 634.484 prints as 634.48, a cent less."""
    column = replace(schema.COST_CHANGE, difference=("now", "before"))
    columns = (
        schema.NAME,
        Column("before", "Before", "money", "before", True),
        Column("now", "Now", "money", "now", True),
        column,
    )
    line = {"name": "a", "before": Decimal(before), "now": Decimal(now)}
    line["cost_change"] = line["now"] - line["before"]
    table = Table("t", "T", columns, (Block([line], line),))
    for row in table.rows(table.blocks[0]):
        assert (row.cells[3].text, row.cells[3].beneath) == (change, beneath)
    assert ("Rounding: amounts are rounded one by one" in table._repr_html_()) is bool(beneath)


def test_it_has_no_total_where_none_is_given():
    """A list of unlike things has no total."""
    assert printed(
        Table(
            "t", "T", COST_TABLE, (Block([{"organization": "a", "cost": Decimal(1), "calls": 1}]),)
        )
    ) == [("line", "a", "$1.00", "1")]


def test_it_leaves_empty_what_a_total_does_not_have():
    """A total without calls prints nothing there; without a budget, n/a."""
    table = Table(
        "t", "T", (*COST_TABLE, schema.BUDGET), (Block([], {"cost": Decimal(0), "budget": None}),)
    )

    assert printed(table) == [("total", "Total", "$0.00", "", "n/a")]


def test_it_foots_each_block_by_itself():
    """A group's lines add up to its own total, under its own heading."""
    blocks = tuple(
        Block([{"product": "x", "charge": Decimal(cost)}], {"charge": Decimal(cost)}, heading)
        for heading, cost in (("org-a", "1"), ("org-b", "2"))
    )
    table = Table("t", "T", (schema.PRODUCT, schema.CHARGE), blocks)

    assert printed(table) == [
        ("line", "x", "$1.00"),
        ("total", "Total", "$1.00"),
        ("line", "x", "$2.00"),
        ("total", "Total", "$2.00"),
    ]
    assert [cell for cell in elements(table._repr_html_())[1] if cell.startswith("org")] == [
        "org-a",
        "org-b",
    ]


def test_it_names_the_total_in_the_first_column_of_text():
    """Where a rank comes first, "Total" stands under the names."""
    table = Table(
        "t",
        "T",
        (schema.RANK, schema.ORGANIZATION, schema.COST),
        (Block([], {"cost": Decimal(0)}),),
    )

    assert printed(table) == [("total", "", "Total", "$0.00")]


@pytest.mark.parametrize(
    ("charge", "booked", "beneath"),
    [
        ("1.005", "1.00", ("booked $1.00",)),
        ("1.005", "1.01", ()),
        ("1.00", "1.00", ()),
        ("-0.004", "0.00", ()),
        ("0.004", "0.01", ("booked $0.01",)),
        ("1.00", None, ()),
    ],
)
def test_it_prints_what_is_booked_beneath_a_charge_that_differs(charge, booked, beneath):
    """Charge and booked amount may differ by a cent; then both are printed, otherwise one."""
    line = {"organization": "a", "charge": Decimal(charge), "booked": booked and Decimal(booked)}
    (row,) = Table("t", "T", (schema.ORGANIZATION, schema.CHARGE), (Block([line]),)).rows(
        Block([line])
    )

    assert row.cells[1].beneath == beneath


def test_it_prints_a_note_beneath_its_name():
    """Commentary is in the cell of the name and in no other, on a line of its own without CSS."""
    line = {"organization": "a", "cost": Decimal(1), "calls": 1, "note": "moved <b>here</b>"}
    table = Table("t", "T", COST_TABLE, (Block([line]),))
    (row,) = table.rows(table.blocks[0])

    assert [cell.beneath for cell in row.cells] == [("moved <b>here</b>",), (), ()]
    assert "<br><small>moved &lt;b&gt;here&lt;/b&gt;</small>" in table._repr_html_()


def test_it_does_not_mark_a_missing_variance():
    """Where no name has a budget, n/a and NO BUDGET are no findings and have no color."""
    line = {
        "organization": "a",
        "variance": None,
        "variance_ratio": None,
        "status": Status.NO_BUDGET,
    }
    (row,) = (
        table := Table(
            "t",
            "T",
            (schema.ORGANIZATION, schema.VARIANCE_OF_BUDGET, schema.STATUS),
            (Block([line]),),
        )
    ).rows(table.blocks[0])

    assert [(cell.text, cell.classes) for cell in row.cells[1:]] == [
        ("n/a", "number"),
        ("NO BUDGET", "text"),
    ]


def test_it_marks_status_and_variance_by_class_and_word():
    """A status is a word; the class only colors it and the variance beside it."""
    line = {
        "organization": "a",
        "variance": Decimal(1),
        "variance_ratio": Decimal("0.5"),
        "status": Status.AT_RISK,
    }
    table = Table(
        "t", "T", (schema.ORGANIZATION, schema.VARIANCE_OF_BUDGET, schema.STATUS), (Block([line]),)
    )
    (row,) = table.rows(table.blocks[0])

    assert [(cell.text, cell.classes) for cell in row.cells] == [
        ("a", "text"),
        ("$1.00 (+50.0%)", "number at-risk"),
        ("AT RISK", "text at-risk"),
    ]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "<script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "</td></tr></table>",
            "a|b",
            "$5 vs $6",
            "=1+1",
            "@SUM(A1)",
            "{{ 7*7 }}",
        ),
        *(
            "javascript:alert(1)",
            "a\nb",
            "a & b",
            "&lt;b&gt;",
            "'; DROP TABLE",
            "**bold**",
            "[a](http://b)",
            "\u202egpj",
            "日本 👩‍🚀",
            "  ",
        ),
    ],
)
def test_it_keeps_a_name_as_text(name):
    """Whatever a name looks like, the page has the same elements, and its cell has the name."""
    hostile, harmless = (
        {"organization": each, "cost": Decimal(1), "calls": 1, "note": each}
        for each in (name, "harmless")
    )
    pages = [
        elements(
            Table(
                "t",
                "T",
                COST_TABLE,
                (Block([line], {"cost": Decimal(1), "calls": 1}, line["organization"]),),
            )._repr_html_()
        )
        for line in (hostile, harmless)
    ]

    assert pages[0][0] == pages[1][0]
    note = name.replace("\u202e", "\ufffd")
    # In the first cell, the name is above its note.
    assert pages[0][1] == [
        cell.replace("harmless", visible_name(name), 1).replace("harmless", note)
        for cell in pages[1][1]
    ]


def test_it_cuts_a_long_name():
    """Cells and headings print 59 characters and "…"; title and records have the whole name.

    30 characters are of the beginning and 29 of the end.
    """
    name = '"' + "x" * 10_000
    table = Table(
        "t",
        "T",
        COST_TABLE,
        (Block([{"organization": name, "cost": Decimal(1), "calls": 1}], None, name),),
    )
    cut = fragment_fromstring(table._repr_html_()).xpath("//bdi")

    assert [each.text for each in cut] == ['"' + "x" * 29 + "…" + "x" * 29] * 2
    assert [each.get("title") for each in cut] == [name] * 2
    assert table.records()[0]["organization"] == name


def test_long_names_of_a_table_differ():
    """Same beginning: the end is printed. Same beginning and end: they are longer, or numbered."""
    office = "Organization for International Cooperation and Development, office "
    names = [office + "Paris", office + "Prague", *("x" * 35 + each + "x" * 35 for each in "ab")]
    names += ["y" * 100 + each + "y" * 100 for each in "ab"]
    lines = [{"organization": name, "cost": Decimal(1), "calls": 1} for name in names]
    page = fragment_fromstring(Table("t", "T", COST_TABLE, (Block(lines),))._repr_html_())
    printed = [each.text for each in page.xpath("//bdi")]

    assert len(set(printed)) == len(names)
    assert printed[0].startswith("Organization for International")
    assert printed[0].endswith("office Paris")
    assert printed[1].endswith("office Prague")
    assert printed[4].endswith("y (1)")
    assert [each.get("title") or each.text for each in page.xpath("//bdi")] == names


def test_blanks_that_nobody_would_see_are_marks():
    """Names that differ in blanks alone print differently; one plain blank is as it is."""
    names = ["Acme Inc", "Acme Inc ", " Acme Inc", "Acme  Inc", "Acme\u00a0Inc", "Acme\tInc "]
    lines = [{"organization": name, "cost": Decimal(1), "calls": 1} for name in names]
    page = fragment_fromstring(Table("t", "T", COST_TABLE, (Block(lines),))._repr_html_())

    assert [each.text for each in page.xpath("//bdi")] == [
        *("Acme Inc", "Acme Inc␣", "␣Acme Inc", "Acme ␣Inc", "Acme␣Inc", "Acme␣Inc␣"),
    ]


def test_it_shows_control_characters_as_marks():
    """HTML can't hold them; a name keeps its other letters."""
    table = table_of("1")
    table.blocks[0].lines[0]["organization"] = "a\x00b\x1b[31mc"

    assert "<bdi>a\ufffdb\ufffd[31mc</bdi>" in table._repr_html_()


def test_it_hides_formulas_from_mathjax():
    """JupyterLab would read text between dollars as a formula; two class names prevent it."""
    assert (
        'class="finops table tex2jax_ignore mathjax_ignore" id="costs"'
        in table_of("1")._repr_html_()
    )


def test_it_labels_the_columns_by_the_schema():
    """Column heads are those of the schema; the caption tells what the table shows."""
    html = table_of("1")._repr_html_()

    assert elements(html)[1][:3] == ["Organization", "Total Cost", "Calls"]
    assert "<caption><span>Costs</span></caption>" in html
    assert repr(table_of("1")) == "<table costs: Costs>"


def test_its_records_are_json_scalars():
    """Money is unrounded text, days and statuses are text, None stays; all columns are there."""
    line = {
        "organization": "a",
        "cost": Decimal("1.2345000"),
        "calls": 1,
        "budget": None,
        "status": Status.NO_BUDGET,
        "day": date(2025, 12, 1),
    }
    records = Table("t", "T", COST_TABLE, (Block([line]),)).records()

    assert records == [
        {
            "organization": "a",
            "cost": "1.2345",
            "calls": 1,
            "budget": None,
            "status": "NO BUDGET",
            "day": "2025-12-01",
        }
    ]
    assert [type(value) for value in records[0].values()] == [str, str, int, type(None), str, str]
    assert json.loads(json.dumps(records)) == records


def test_its_records_of_a_frame_are_json_scalars(six):
    """The integers of a frame are plain ones too."""
    lines = six.groups["organization",].to_dict("records")
    records = Table("t", "T", COST_TABLE, (Block(lines),)).records()

    assert records[1] == {"organization": "org-a", "cost": "6", "calls": 3, "customers": 2}
    assert {type(value) for record in records for value in record.values()} == {str, int}


def test_it_draws_the_months_before_and_names_them():
    """A month without a figure is a gap and reads n/a; one month has no drawing."""
    line = {
        "organization": "a",
        "cost": Decimal(2),
        "trend_months": ("2025-10", "2025-11", "2025-12"),
    }
    pages = [
        Table(
            "t", "T", (schema.ORGANIZATION, schema.COST), (Block([line | {"trend": trend}]),)
        )._repr_html_()
        for trend in ((Decimal(1), None, Decimal(2)), (Decimal(2),))
    ]
    assert 'aria-label="October to December 2025: $1.00, n/a, $2.00"' in pages[0]
    assert "<svg" not in pages[1]


def grouped(groups: int, lines: int) -> Table:
    """A table of groups; each line costs 1.005 more than the one before; shares do not add."""
    blocks, costs = [], {}
    products = [{"product": f"p{line}", "cost": Decimal(line)} for line in range(lines)]
    for group in range(groups):
        rows = [
            {
                "product": f"p{line}",
                "cost": Decimal("1.005") * (group + line),
                "share": Decimal("0.5"),
            }
            for line in range(lines)
        ]
        costs[f"g{group}"] = sum(row["cost"] for row in rows)
        sums = {"cost": costs[f"g{group}"], "share": Decimal(1)}
        names = named(products, "product", 4)
        blocks.append(Block(rows, sums, f"g{group}", names=names))
    headings = named(
        [{"organization": name, "cost": cost} for name, cost in costs.items()], "organization", 12
    )
    columns = (schema.PRODUCT, schema.COST, schema.SHARE)
    return Table("t", "Cost", columns, tuple(blocks), groups=headings)


def test_a_long_table_prints_its_largest_groups_and_lines_and_still_foots():
    """It prints 11 of 20 groups, 3 of 6 products each, and sums of the rest; records have all.

    The other 9 groups are one, with the same products.
    """
    table = grouped(20, 6)
    printed = table.printed
    assert [block.heading for block in printed] == [
        *(f"g{group}" for group in range(9, 20)),
        "other (9)",
    ]
    for block in printed:
        rows = table.rows(block)
        names = [row.cells[0].text for row in rows if row.kind != "rounding"]
        assert names == ["p3", "p4", "p5", "other (3)", "Total"]
        figures = [Decimal(row.cells[1].text.replace("$", "").replace(",", "")) for row in rows]
        assert sum(figures[:-1]) == figures[-1]
    assert len(table.records()) == 120
    assert (
        "The largest of 120 lines are shown; the others are added up. "
        "All are in organizational_alignment.xlsx." in table._repr_html_()
    )


def long_table(
    lines: list[dict], columns=(schema.ORGANIZATION, schema.COST), by_name: bool = True
) -> str:
    """The sentence on the lines that a table of three does not print."""
    names = named(lines, "organization", 3) if by_name else None
    table = Table("t", "T", columns, (Block(lines, names=names),), shown=3)
    return table.left_out.removesuffix(" All are in organizational_alignment.xlsx.")


@pytest.mark.parametrize(
    ("statuses", "text"),
    [
        (
            "UNDER UNDER UNDER UNDER",
            "The largest of 4 lines are shown; the others are added up.",
        ),
        (
            "UNDER OVER UNDER AT_RISK",
            "The largest of 4 lines and all that are OVER or AT RISK are shown; "
            "the others are added up.",
        ),
        (
            "OVER OVER UNDER AT_RISK",
            "The largest of 4 lines are shown; the others are added up.",
        ),
    ],
)
def test_it_says_which_lines_it_prints(statuses, text):
    """There is room for two of four: all urgent lines, or the largest of them."""
    lines = [
        {
            "organization": f"{place} {status}",
            "cost": Decimal(1),
            "budget": Decimal(1),
            "status": Status[status],
        }
        for place, status in enumerate(statuses.split())
    ]
    assert long_table(lines) == text


def test_it_says_that_lines_without_money_are_counted():
    """Without a column that adds up, the other lines are counted."""
    lines = [{"organization": name, "cost": Decimal(1), "action": name} for name in "abcd"]
    assert (
        long_table(lines, (schema.ACTION,), by_name=False)
        == "The first lines of 4 are shown; the others are counted."
    )


def test_names_of_a_status_that_find_no_place_are_a_line_of_their_own():
    """Of 3 OVER there is room for one; the others are not in "other (1)"."""
    lines = [
        {"organization": name, "cost": Decimal(cost), "budget": Decimal(0), "status": status}
        for name, cost, status in (
            ("a", 9, Status.OVER),
            ("b", 8, Status.OVER),
            ("c", 7, Status.OVER),
            ("d", 0, Status.UNDER),
        )
    ]
    columns = (schema.ORGANIZATION, schema.COST, schema.STATUS)
    block = Block(lines, {"cost": Decimal(24)}, names=named(lines, "organization", 2))
    assert printed(Table("t", "T", columns, (block,))) == [
        ("line", "a", "$9.00", "OVER"),
        ("other", "other OVER (2)", "$15.00", "OVER"),
        ("other", "other (1)", "$0.00", ""),
        ("total", "Total", "$24.00", ""),
    ]


def test_a_short_table_leaves_nothing_out():
    """If all lines are printed, there is no sentence on others."""
    table = grouped(12, 4)
    assert (table.printed, table.left_out) == (table.blocks, "")
