"""What a report is compared with: published months, added up for a longer period."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from support.made_usage import SIX, Call, data_of, usage_of
from support.months import month

from finops_nb.figures.bridge import bridge, bridge_rows
from finops_nb.figures.compared import before_words, months_not_published, published_before
from finops_nb.outputs.cells import Cell, cells_of
from finops_nb.params.model import make_params
from finops_nb.usage.model import CELLS


def quarter(*months, **keys):
    """The fourth quarter: org-a made 2 calls for 10."""
    calls = [Call("org-a", "chat", "f", "c", "5", day) for day in ("2025-10-01", "2025-12-31")]
    params = make_params({"period": "2025-Q4", "usage": "sample:"} | keys)
    return data_of(usage=usage_of(calls, period="2025-Q4"), params=params, months=months)


def cell(cost: str, calls: int = 1) -> Cell:
    """Calls of the kind that the quarter has, without tokens."""
    own, *_ = cells_of(quarter().usage.groups[CELLS].to_dict("records"))
    return own._replace(calls=calls, tokens=None, cost=Decimal(cost))


THIRD = (month("2025-07", "1", "2"), month("2025-08", "2", "3"), month("2025-09", "4"))


def test_the_months_of_a_quarter_are_added_up():
    """1 + 2 + 4 = 7 of budgets of 2 + 3 in two of the months; a period's budget needs all three."""
    before = published_before(quarter(*THIRD))
    assert (before.name, before.cost, before.rows, before.budget) == ("2025-Q3", 7, 3, None)
    assert before.organizations == {"org-a": Decimal(7)}
    assert before.pairs == {("org-a", "chat"): Decimal(7)}
    assert before.budgets["organization"] == {"org-a": Decimal(5)}
    assert len(before.days) == 31 + 31 + 30


def test_a_quarter_with_a_month_missing_is_not_compared():
    """Its missing month is named."""
    data = quarter(*THIRD[1:])
    assert published_before(data) is None
    assert months_not_published(data) == ("2025-07",)


def test_compare_names_the_months():
    """Those of the third quarter are not needed for the fourth of last year."""
    last_year = [month(f"2024-{number}", "3") for number in (10, 11, 12)]
    before = published_before(quarter(*THIRD, *last_year, compare="2024-Q4"))
    assert (before.name, before.cost) == ("2024-Q4", 9)


@pytest.mark.parametrize(
    ("period", "compare", "words"),
    [
        ("2025-12", "", "the month before"),
        ("2025-Q4", "", "the quarter before"),
        ("2025", "", "the year before"),
        ("2025-11-01/2026-01-01", "", "the 2 months before"),
        ("2025-12", "2025-11", "the month before"),
        ("2025-12", "2024-12", "in December 2024"),
    ],
)
def test_it_is_called_what_it_is(period, compare, words):
    """A reader sees at once that another period was asked for."""
    params = make_params({"period": period, "usage": "sample:", "compare": compare})
    assert before_words(data_of(usage=usage_of(SIX, period=period), params=params)) == words


def test_a_quarter_is_bridged_from_the_quarter_before():
    """2 calls for 10 after 7 for 7: volume (2 ÷ 7 − 1) × 7 = −5, price 2 × (5 − 1) = 8."""
    months = [
        replace(each, cells=(cell(cost, int(cost)),))
        for each, cost in zip(THIRD, ("1", "2", "4"), strict=True)
    ]
    data = quarter(*months)
    whole = next(iter(bridge(data)))
    assert whole.effects["volume"] == -5
    assert whole.effects["price"] == 8
    assert whole.change == 3
    assert set(bridge_rows(data)["from"]) == {"2025-Q3"}


def test_a_cost_is_without_calls_only_where_the_whole_quarter_has_none_of_its_kind():
    """A fee of 1 in July and 6 calls for 6 later are 6 calls for 7, as the quarter itself is read.

    2 calls for 10 after that: volume (2 ÷ 6 − 1) × 7 = −14 ÷ 3, price 10 − 2 × 7 ÷ 6 = 23 ÷ 3.
    """
    kinds = (cell("1", 0), cell("2", 2), cell("4", 4))
    months = [replace(each, cells=(kind,)) for each, kind in zip(THIRD, kinds, strict=True)]
    effects = next(iter(bridge(quarter(*months)))).effects
    assert effects["other"] == 0
    assert effects["volume"] == Decimal("-4.666666666667")
    assert effects["price"] == Decimal("7.666666666667")


def test_a_quarter_with_a_month_without_cells_has_no_bridge():
    """Which of them moved what can't be known."""
    months = [replace(THIRD[0], cells=(cell("1"),)), *THIRD[1:]]
    assert bridge(quarter(*months)) == ()
