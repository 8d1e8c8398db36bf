"""The table of why cost changed: what its line between the names is, in a sentence."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pandas as pd
from support.months import december, month

from finops_nb.outputs.cells import Cell
from finops_nb.report.bridge_tables import cost_bridge
from finops_nb.report.format import Format, text_sentence
from finops_nb.usage.model import CELLS


def cell(organization: str, calls: int, cost: str) -> Cell:
    return Cell(organization, "x", "p", "gpt", "ask", calls, 1000 * calls, Decimal(cost))


def intro_of(before: list[Cell], after: list[Cell]) -> list[str]:
    cost = str(sum(each.cost for each in before))
    data = december(replace(month("2025-11", cost), cells=tuple(before)))
    frame = pd.DataFrame([_row(each) for each in after], dtype=object)
    data = replace(data, usage=replace(data.usage, groups={**data.usage.groups, CELLS: frame}))
    table = cost_bridge(replace(data, measured=data.usage))
    return [text_sentence(each, Format("USD")) for each in table.intro]


def _row(each: Cell) -> dict[str, object]:
    tokens = {"input_tokens": each.tokens, "output_tokens": 0, "cached_tokens": None}
    return {
        **dict(zip(CELLS, each.key, strict=True)),
        "calls": each.calls,
        "cost": each.cost,
    } | tokens


def test_the_line_between_the_names_is_explained_where_it_stands():
    """100 calls at 0.02 move from a to b, where a call costs 0.04."""
    before = [cell("a", 200, "4"), cell("b", 100, "4")]
    after = [cell("a", 100, "2"), cell("b", 200, "8")]
    assert intro_of(before, after) == [
        "Mix between organizations: calls moved between names that differ in cost per call."
    ]


def test_new_and_gone_of_the_total_are_explained_with_it():
    """c is new: 2.00 that the total has as more calls, at its 0.02 a call."""
    before = [cell("a", 100, "2")]
    after = [cell("a", 100, "2"), cell("c", 100, "2")]
    assert intro_of(before, after) == [
        "Mix between organizations: calls moved between names that differ in cost per call. "
        "This row also turns New and Gone into Volume and Mix, where Total has them."
    ]


def test_nothing_is_explained_without_such_a_line():
    """One name has all of the total's effects."""
    assert intro_of([cell("a", 100, "2")], [cell("a", 200, "4")]) == []
