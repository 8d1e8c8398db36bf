"""The reader in detail: models are read on request, and the cube adds up to the groups."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.properties import cases
from support.usage_files import COLUMNS, call, refused, write_calls, write_parquet

from finops_nb.errors import Refusal
from finops_nb.money import total
from finops_nb.params.model import make_params
from finops_nb.usage.model import CELLS_BY_DAY, CUBE, GROUPINGS, Grouping, Usage
from finops_nb.usage.reader import read_usage

WITHOUT_MODEL = [name for name in COLUMNS if name != "model"]


def read(*files: Path, detail: Grouping = CUBE, **params) -> Usage:
    return read_usage(
        make_params({"period": "2025-12", "usage": [str(file) for file in files]} | params),
        detail=detail,
    )


def by_model(usage: Usage) -> dict[str, Decimal]:
    frame = usage.groups[CUBE]
    return {
        model: total(frame.loc[frame["model"] == model, "cost"])
        for model in sorted(set(frame["model"]))
    }


def test_without_detail_there_are_no_models_and_no_cubes(tmp_path):
    usage = read(write_calls(tmp_path / "u.csv", call(model="x")), detail=())
    assert (list(usage.groups), usage.models) == (list(GROUPINGS), ())


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_in_detail_models_are_read_and_a_blank_one_is_no_model(tmp_path, kind):
    """x has 1.00 and 4.00, y has 2.00; a blank and an empty model have 8.00 and 16.00."""
    calls = [
        call(model=name, cost_usd=str(2**n)) for n, name in enumerate(["x", "y", "x", " ", ""])
    ]
    file = (
        write_calls(tmp_path / "u.csv", *calls)
        if kind == "csv"
        else write_parquet(tmp_path / "u.parquet", calls)
    )
    usage = read(file)
    assert usage.models == ("x", "y")
    assert by_model(usage) == {"(unallocated)": 24, "x": 5, "y": 2}
    assert list(usage.groups[CUBE].columns) == [*CUBE, "cost", "calls", "credits"]
    assert usage.groups[CUBE]["calls"].dtype == "int64"


def test_the_largest_customers_are_kept_without_their_names(tmp_path):
    """c1 to c12 cost 1 to 12, c12 in two calls; nobody 99, and what is outside 50: ten of them."""
    calls = [call(customer_id=f"c{n}", cost_usd=f"{n}") for n in range(1, 12)]
    calls += [call(customer_id="c12", product_id=name, cost_usd="6") for name in ("x", "y")]
    calls += [call(customer_id=" ", cost_usd="99")]
    calls += [call(customer_id="c1", cost_usd="50", timestamp="2025-11-30 10:00:00")]
    file = write_calls(tmp_path / "u.csv", *calls)
    assert read(file, detail=CELLS_BY_DAY).largest_customers == (*range(12, 2, -1),)
    assert read(file).largest_customers == read(file, detail=()).largest_customers == ()


def test_a_file_without_models_is_unallocated_beside_one_with_them(tmp_path):
    """1.00 has no model, 2.00 belongs to x."""
    lacking = write_calls(tmp_path / "a.csv", call(), columns=WITHOUT_MODEL)
    assert (read(lacking).models, by_model(read(lacking))) == ((), {"(unallocated)": 1})
    both = read(lacking, write_calls(tmp_path / "b.csv", call(model="x", cost_usd="2")))
    assert (both.models, by_model(both)) == (("x",), {"(unallocated)": 1, "x": 2})


def test_another_name_of_the_column_is_taken_and_one_that_is_not_there_refused(tmp_path):
    """The provider can be the model; a name that is not in the file is refused with its place."""
    assert read(
        write_calls(tmp_path / "u.csv", call(provider="p1")), columns={"model": "provider"}
    ).models == ("p1",)
    with pytest.raises(Refusal) as refused:
        read(write_calls(tmp_path / "v.csv", call()), columns={"model": "engine"})
    (problem,) = refused.value.problems
    assert (problem.file, problem.line, problem.column) == ("v.csv", 1, "engine")
    assert problem.rule.startswith('no column "engine" for model')


def test_models_of_rows_outside_the_period_are_not_seen(tmp_path):
    usage = read(
        write_calls(tmp_path / "u.csv", call(model="x"), call(model="old", timestamp="2025-11-30"))
    )
    assert usage.models == ("x",)


@pytest.mark.parametrize(
    ("key", "rates"), [("growth", {"(all)": "0.1"}), ("model_prices", {"x": {"(all)": "-0.2"}})]
)
def test_a_scenario_with_rates_is_read_in_detail(tmp_path, key, rates):
    """A notebook does not ask for detail, but its projection needs the cube."""
    scenario = {
        "base": "2025-12",
        "author": "Ana",
        "date": "2025-12-15",
        "reason": "a test",
        key: rates,
    }
    usage = read(write_calls(tmp_path / "u.csv", call(model="x")), detail=(), scenario=scenario)
    assert usage.models == ("x",)


@pytest.mark.parametrize(
    ("as_of", "last", "complete_through"),
    [
        (None, "2025-12-30", 30),
        ("2025-12-31", "2025-12-30", 31),
        ("2026-01-05", "2025-12-30", 31),
        ("2025-12-20", "2025-12-30", 20),
    ],
)
def test_usage_is_known_to_as_of_or_to_its_last_day_within_the_period(
    tmp_path, as_of, last, complete_through
):
    usage = read(write_calls(tmp_path / "u.csv", call(timestamp=last)), as_of=as_of)
    assert usage.complete_through == date(2025, 12, complete_through)


@pytest.mark.parametrize(
    ("days", "as_of", "missing"),
    [
        (("10-31", "12-31"), None, ("2025-11",)),
        (("12-31",), None, ("2025-10", "2025-11")),
        (("10-31", "11-30", "12-31"), None, ()),
        (("10-31",), None, ()),  # November and December are still to come
        (("12-31",), "2025-12-31", ()),
    ],
)
def test_a_quarter_without_usage_in_one_of_its_months_is_partial(tmp_path, days, as_of, missing):
    """A missing file looks like a fall in cost; `as_of` says that nothing is missing."""
    calls = [call(timestamp=f"2025-{day}") for day in days]
    usage = read(write_calls(tmp_path / "u.csv", *calls), period="2025-Q4", as_of=as_of)
    assert usage.months_missing == missing
    assert usage.covers_period == (days[-1] == "12-31" and not missing)


def test_an_as_of_before_the_period_is_refused(tmp_path):
    """Otherwise nothing in the period would be known."""
    with pytest.raises(Refusal, match="as_of: a day before December 2025"):
        read(write_calls(tmp_path / "u.csv", call()), as_of="2025-11-30")


CALLS = st.builds(
    lambda day, cost, organization, product, feature, model: call(
        timestamp=day,
        cost_usd=cost,
        organization_id=organization,
        product_id=product,
        feature_id=feature,
        model=model,
    ),
    st.dates(date(2025, 9, 28), date(2026, 1, 3)).map(str),
    st.decimals(-1000, 1000, places=12).map(str),
    *[st.sampled_from(["", "a", "b", "é", "x, y"])] * 4,
)


def summed(frame: pd.DataFrame, keys: tuple[str, ...]) -> dict[tuple, tuple[Decimal, int]]:
    """Cost and calls of a frame by some of its keys, in plain Python."""
    sums: dict[tuple, tuple[Decimal, int]] = {}
    for row in frame.to_dict("records"):
        place = tuple(row[key] for key in keys)
        cost, calls = sums.get(place, (Decimal(0), 0))
        sums[place] = cost + row["cost"], calls + row["calls"]
    return sums


@pytest.mark.slow
@settings(max_examples=cases(25))
@given(st.lists(CALLS, max_size=20))
def test_the_cubes_add_up_to_the_groups_and_detail_changes_nothing_else(tmp_path_factory, calls):
    """In CSV with and without the column, and in Parquet, sums are equal to the last digit."""
    folder = tmp_path_factory.mktemp("property")
    calls = [*calls, call(timestamp="2025-12-31")]
    files = [
        write_calls(folder / "a.csv", *calls[::3]),
        write_parquet(folder / "b.parquet", [*calls[1::3], call(timestamp="2025-12-01")]),
        write_calls(
            folder / "c.csv", *calls[2::3], call(timestamp="2025-12-02"), columns=WITHOUT_MODEL
        ),
    ]
    usage, plain = read(*files, period="2025-Q4"), read(*files, period="2025-Q4", detail=())
    for keys in GROUPINGS:
        pd.testing.assert_frame_equal(usage.groups[keys], plain.groups[keys])
        if set(keys) <= set(CUBE):
            assert summed(usage.groups[CUBE], keys) == summed(plain.groups[keys], keys)
    inside = [
        each
        for n, each in enumerate(calls)
        if n % 3 != 2 and "2025-10" <= each["timestamp"] < "2026"
    ]
    assert set(usage.models) == {each["model"] for each in inside} - {""} | {"m"}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_allocated_share_is_net_of_credits(tmp_path, kind):
    """100 of 100 + (50 − 30) is allocated: 83.3%; November's credit does not matter."""
    calls = [
        call(cost_usd="100"),
        call(cost_usd="50", organization_id=""),
        call(cost_usd="-30", organization_id=" "),
    ]
    calls.append(call(cost_usd="-7", timestamp="2025-11-30", organization_id=""))
    file = tmp_path / f"u.{kind}"
    usage = read(write_calls(file, *calls) if kind == "csv" else write_parquet(file, calls))
    assert (usage.cost, usage.unallocated, usage.unallocated_credits) == (120, 20, -30)
    assert usage.allocated == Decimal(100) / 120
    assert usage.unallocated_share == 1 - Decimal(100) / 120


def test_credits_that_exceed_the_cost_of_an_organization_leave_no_share(tmp_path):
    """-20 of org-b would turn the 100 without an organization into 55.6% of 180."""
    calls = [
        call(cost_usd="100"),
        call(cost_usd="-20", organization_id="org-b"),
        call(cost_usd="100", organization_id=""),
    ]
    usage = read(write_calls(tmp_path / "u.csv", *calls))
    assert (usage.cost, usage.allocated, usage.unallocated_share) == (180, None, None)


def test_a_file_without_rows_is_named(tmp_path):
    """Alone it is refused; beside others a notice says so."""
    empty, full = write_calls(tmp_path / "a.csv"), write_calls(tmp_path / "b.csv", call())
    (problem,) = refused(empty)
    assert problem.rule == "no usage in December 2025; a.csv has a header and no rows"
    usage = read(empty, full)
    assert [notice.text for notice in usage.notices] == ["a.csv has a header and no rows."]
    assert usage.cost == 1


def test_calls_that_add_up_to_more_than_there_can_be_are_refused(tmp_path):
    """9,300 rows of almost 10^15 calls would not fit 64 bits."""
    rows = [call(input_tokens="9" * 15)] * 9_300
    columns = {"calls": "input_tokens"}
    file = write_calls(tmp_path / "u.csv", *rows)
    (problem,) = refused(file, columns=columns)
    assert (problem.file, problem.column) == ("u.csv", "input_tokens")
    assert problem.rule == "the calls add up to 10^15 or more"
    assert read(write_calls(tmp_path / "u.csv", rows[0]), columns=columns).cost == 1
