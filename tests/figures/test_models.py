"""What each model cost, and its tokens: exact sums, and ratios only where they are known."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.made_usage import SIX, Call, data_of, usage_of

from finops_nb.figures.models import NO_MODEL, cost_by_model, sums_of_models
from finops_nb.figures.projection import project
from finops_nb.figures.report_data import ReportData
from finops_nb.money import total
from finops_nb.outputs.cells import Cell
from finops_nb.outputs.months import PublishedMonth

D = Decimal
counts = st.sampled_from([None, 0, 3, 123_456])
calls = st.lists(
    st.builds(
        Call,
        st.sampled_from(["org-a", ""]),
        st.sampled_from(["chat", "search"]),
        st.just("f"),
        st.just("c"),
        st.decimals(-9, 90, places=12).map(str),
        day=st.just("2025-12-31"),
        model=st.sampled_from(["gpt", "opus", ""]),
        calls=st.integers(0, 9),
        provider=st.sampled_from(["p", "q", ""]),
        task_type=st.sampled_from(["ask", "draft"]),
        input_tokens=counts,
        cached_tokens=counts,
        output_tokens=counts,
    ),
    min_size=1,
    max_size=9,
)
cells = st.lists(
    st.builds(
        lambda provider, model, cost: Cell("a", "x", provider, model, "ask", 1, 5, cost),
        st.sampled_from(["p", "(unallocated)"]),
        st.sampled_from(["gpt", "old", "(unallocated)"]),
        st.decimals(-9, 90, places=12),
    ),
    max_size=5,
)


def call(model="gpt", cost="1", provider="p", read=None, written=None, cached=None, **more) -> Call:
    """One call of a model, with its tokens."""
    made = Call("org-a", "chat", "f", "c", cost, model=model, provider=provider, **more)
    return made._replace(input_tokens=read, output_tokens=written, cached_tokens=cached)


def november(*usage: Cell) -> PublishedMonth:
    """The month before, with these cells."""
    return PublishedMonth("2025-11", total(cell.cost for cell in usage), 1, {}, cells=usage)


def cell(model: str, cost: str, provider: str = "p") -> Cell:
    return Cell("org-a", "chat", provider, model, "ask", 1, 10, D(cost))


def rows(data: ReportData) -> dict[str, dict]:
    """The rows by model."""
    return {row["model"]: row for row in cost_by_model(data).to_dict("records")}


def made(*usage: Call, months: tuple[PublishedMonth, ...] = (), **more) -> dict[str, dict]:
    """The rows of December with these calls."""
    return rows(data_of(usage=usage_of(usage, **more), months=months))


@given(calls, cells)
def test_models_add_up_to_the_usage_and_to_its_change(usage, before):
    """Cost, calls and change, to the last decimal; the line without a model included."""
    month = november(*before)
    data = data_of(usage=usage_of(usage), months=(month,))
    models = cost_by_model(data)
    if any(each.model for each in usage):
        assert total(models["cost"]) == data.usage.cost
        assert sum(models["calls"]) == sum(each.calls for each in usage)
        assert total(models["change"]) == data.usage.cost - month.cost
        assert sums_of_models(models)["cost"] == data.usage.cost
    else:
        assert models.empty


@given(calls)
def test_tokens_of_a_model_are_its_sum_or_not_known(usage):
    """None in any of its calls: None, never a sum of the rest."""
    for row in cost_by_model(data_of(usage=usage_of(usage))).to_dict("records"):
        own = [
            each
            for each in usage
            if (row["model"] == NO_MODEL and not each.model)
            or (each.provider, each.model) == (row["provider"], row["model"])
        ]
        for column in ("input_tokens", "cached_tokens", "output_tokens"):
            known = [getattr(each, column) for each in own]
            assert row[column] == (None if None in known else sum(known))


def test_a_million_tokens_cost_what_all_of_them_do_in_proportion():
    """3.00 for 400,000 in + 100,000 out: 6.00 a million; 100,000 ÷ 400,000 cached are 25%."""
    row = made(call(cost="3", read=400_000, written=100_000, cached=100_000))["gpt"]
    assert (row["cost_per_million_tokens"], row["cached_share"]) == (D(6), D("0.25"))


@pytest.mark.parametrize(
    ("tokens", "cost_per_million", "cached_share"),
    [
        ({}, None, None),
        ({"read": 0, "written": 0, "cached": 0}, None, None),
        ({"read": 500_000}, None, None),
        ({"read": 0, "written": 500_000, "cached": 0}, D(2), None),
        ({"read": 500_000, "written": 0}, D(2), None),
        # More cached than read: they are not part of the input there, so no share.
        ({"read": 500_000, "written": 0, "cached": 600_000}, D(2), None),
        ({"read": 500_000, "written": 0, "cached": 0}, D(2), D(0)),
    ],
)
def test_without_tokens_there_is_no_ratio(tokens, cost_per_million, cached_share):
    """1.00 for 500,000 tokens is 2.00 a million; none, or an unknown number, is no denominator."""
    row = made(call(**tokens))["gpt"]
    assert (row["cost_per_million_tokens"], row["cached_share"]) == (cost_per_million, cached_share)


def test_one_call_without_tokens_leaves_the_model_and_the_total_without():
    """The 10 tokens of one call are no base for the cost of both; another model keeps its own."""
    data = data_of(
        usage=usage_of([call(read=5, written=5), call(), call("opus", read=3, written=1)])
    )
    found, sums = rows(data), sums_of_models(cost_by_model(data))
    assert (found["gpt"]["input_tokens"], found["opus"]["input_tokens"]) == (None, 3)
    assert found["opus"]["cost_per_million_tokens"] == D(250_000)
    assert (sums["input_tokens"], sums["cost_per_million_tokens"]) == (None, None)


def test_the_highest_cost_is_first_and_cost_without_a_model_last():
    """Cost without a model is one line, whoever provides it: 9 + 1 = 10 of 16."""
    found = made(
        call("gpt", "2"), call("opus", "4"), call("", "9", provider="q"), call("", "1", provider="")
    )
    assert list(found) == ["opus", "gpt", NO_MODEL]
    assert [row["provider"] for row in found.values()] == ["p", "p", ""]
    assert (found[NO_MODEL]["cost"], found[NO_MODEL]["share"]) == (D(10), D(10) / 16)


def test_a_model_of_two_providers_is_two_rows():
    """Their prices differ."""
    models = cost_by_model(data_of(usage=usage_of([call(), call(provider="q", cost="2")])))
    assert list(zip(models["provider"], models["model"], strict=True)) == [
        ("q", "gpt"),
        ("p", "gpt"),
    ]


def test_change_is_from_the_month_before_also_of_models_that_are_new_or_gone():
    """gpt 5 − 3, new 1 − 0, old 0 − 4, without a model 2 − 0.5."""
    before = november(
        cell("gpt", "1"), cell("gpt", "2"), cell("old", "4"), cell("(unallocated)", "0.5")
    )
    found = made(call("gpt", "5"), call("new", "1"), call("", "2"), months=(before,))
    changes = {model: row["change"] for model, row in found.items()}
    assert changes == {"gpt": D(2), "new": D(1), "old": D(-4), NO_MODEL: D("1.5")}
    assert (found["old"]["cost"], found["old"]["calls"]) == (D(0), 0)


def test_nothing_is_compared_without_the_month_before():
    """Not published, published without cells, and while the month is in progress."""
    without_cells = PublishedMonth("2025-11", D(1), 1, {})
    october = november(cell("gpt", "1"))
    assert made(call())["gpt"]["change"] is None
    assert made(call(), months=(without_cells,))["gpt"]["change"] is None
    assert made(call(), months=(october,), complete=False)["gpt"]["change"] is None


def test_usage_without_models_has_no_row():
    """Neither has the projected usage of a scenario, which is not read by cells."""
    assert cost_by_model(data_of(usage=usage_of([call("")]))).empty
    grown = project(usage_of(SIX), {"(all)": D("0.1")}, {})
    assert cost_by_model(data_of(usage=grown)).empty


def test_no_cost_and_credits_have_no_share():
    """10 − 10 = 0, and 10 − 11 is below zero: neither is a whole."""
    for credit in ("-10", "-11"):
        found = made(call("gpt", "10"), call("opus", credit))
        assert [row["share"] for row in found.values()] == [None, None]
