"""The table of the bridge: it prints the changes that other tables print."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from support.made_usage import Call, data_of, usage_of
from support.months import month

from finops_nb.outputs.cells import cells_of
from finops_nb.report.bridge_tables import cost_bridge
from finops_nb.report.change_tables import change_by_name
from finops_nb.usage.model import CELLS


def december(*calls: Call):
    """December after a November of 7.00 in 7 calls of org-a."""
    usage = usage_of(calls)
    own, *_ = cells_of(usage.groups[CELLS].to_dict("records"))
    cell = own._replace(organization="org-a", product="chat", calls=7, tokens=0, cost=7)
    return data_of(usage=usage, months=[replace(month("2025-11", "7"), cells=(cell,))])


def printed(table, column: str) -> list[list[str]]:
    """The names of each block with what they print in a column, the total last."""
    place = [each.label for each in table.columns].index(column)
    return [
        sorted(
            [row.cells[0].text, row.cells[place].text]
            for row in table.rows(block)
            if row.kind != "rounding"
        )
        for block in table.blocks
    ]


def test_changes_are_those_of_the_table_of_changes():
    """0.334 after 7, and two names of 0.004, which print as 0.00 and add up to 0.008."""
    data = december(
        Call("org-a", "chat", "f", "c", "0.334"),
        Call("org-b", "chat", "f", "c", "0.004"),
        Call("org-c", "chat", "f", "c", "0.004"),
    )
    others = ("Mix between organizations", "Mix between products")
    bridged = [
        [row for row in block if row[0] not in others]
        for block in printed(cost_bridge(data), "Change")
    ]
    assert bridged == printed(change_by_name(data), "Change")
    assert bridged[0][0] == ["Total", "-$6.66"]  # 0.342 − 7 = −6.658


def test_both_blocks_print_the_same_totals():
    """What all cost did is no matter of how it is divided."""
    data = december(
        Call("org-a", "chat", "f", "c", "1.005"), Call("org-a", "code", "f", "c", "2.005")
    )
    table = cost_bridge(data)
    by_organization, by_product = (block.total for block in table.blocks)
    assert by_organization == by_product
    assert by_product["change"] == Decimal("-3.99")  # 1.005 + 2.005 − 7


def test_names_added_up_print_what_the_table_of_changes_prints():
    """6 of 30 organizations of 0.334 each have no line of their own: 2.004 prints as 2.00.

    One by one they print as 6 × 0.33 = 1.98. Rows of no name are not added up with them.
    """
    calls = [Call(f"org-{each:02}", f"p-{each:02}", "f", "c", "0.334") for each in range(29)]
    calls.append(Call("org-a", "chat", "f", "c", "0.334"))
    table = cost_bridge(december(*calls))
    changes = printed(change_by_name(december(*calls)), "Change")
    bridged = printed(table, "Change")
    others = ("Mix between organizations", "Mix between products")
    for block, of_changes in zip(bridged, changes, strict=True):
        names = [row for row in block if row[0] not in others]
        assert [row for row in names if "other" in row[0]] == [
            row for row in of_changes if "other" in row[0]
        ]
    assert ["other (6)", "+$2.00"] in bridged[0]
    for block in table.blocks:
        *_, last, whole = [row.cells[0].text for row in table.rows(block)]
        assert (last, whole) == ("Rounding", "Total")
    assert table.has_rounding_row  # so that the page says what it is
