"""The key `sources`: several usages in one report, or one that the params describe themselves."""

from __future__ import annotations

import pytest

from finops_nb.errors import Refusal
from finops_nb.params.model import make_params

CLOUD = {"name": "cloud", "usage": "focus-{period}.csv", "dialect": "focus"}
SEATS = {"name": "seats", "usage": ["a.csv", "b.csv"], "columns": {"cost": "amount"}}


def refusal_of(**keys) -> list[str]:
    with pytest.raises(Refusal) as refused:
        make_params({"period": "2025-12"} | keys)
    return [str(problem) for problem in refused.value.problems]


def test_usage_dialect_and_columns_are_one_source():
    """The short form is a source named usage, whose keys are in the params."""
    params = make_params(
        {"period": "2025-12", "usage": "u.csv", "dialect": "table", "columns": {"cost": "amount"}}
    )
    [source] = params.each_source
    assert (source.name, source.usage, source.dialect) == ("usage", ("u.csv",), "table")
    assert (source.columns, source.currency, source.place) == (
        {"cost": "amount"},
        "USD",
        "the params",
    )


def test_sources_keep_their_order_and_read_back():
    """`usage` is all of their paths; the notebook's parameters read back as the same params."""
    params = make_params({"period": "2025-12", "currency": "EUR", "sources": [CLOUD, SEATS]})
    assert [source.name for source in params.each_source] == ["cloud", "seats"]
    assert {source.currency for source in params.each_source} == {"EUR"}
    assert params.usage == ("focus-{period}.csv", "a.csv", "b.csv")
    parameters = params.as_parameters()
    assert parameters["usage"] == []
    assert make_params(parameters) == params


def test_usage_is_described_in_one_place():
    """Keys of the params beside `sources` would be read by nobody."""
    [problem] = refusal_of(usage="u.csv", columns={"cost": "x"}, sources=[CLOUD])
    assert problem == (
        "`usage` and `columns` can't stand beside `sources`. Move `usage` and `columns` into the "
        "item of `sources` that it belongs to."
    )


@pytest.mark.parametrize(
    ("sources", "text"),
    [
        ([CLOUD, CLOUD], "sources: two sources are called cloud. Give each its own name."),
        (
            [SEATS | {"name": "usage"}],
            "sources: a source is called usage, as the one without `sources` is. "
            "Name it after where its files come from.",
        ),
        (
            [SEATS | {"currency": "EUR"}],
            "sources, item 1, currency: the report is in USD, and currencies are never added "
            'together (found "EUR"). Report this source separately.',
        ),
        ([{"usage": "u.csv"}], "sources, item 1, name: the key is missing. "),
        ([CLOUD | {"colums": {}}], 'item 1, colums: an unknown key. Did you mean "columns"?'),
        ([{"name": "a"}], "sources, item 1, usage: the key is missing. Add it, such as usage: "),
        ([CLOUD | {"separate": "maybe"}], "item 1, separate: neither true nor false"),
    ],
)
def test_a_source_that_cannot_be_read_is_named(sources, text):
    """By its place in the list, its key and the way out."""
    assert any(text in problem for problem in refusal_of(sources=sources))


@pytest.mark.parametrize("sources", ["u.csv", ["u.csv"], [CLOUD, 5], {"name": "a"}, [["a"]]])
def test_what_is_no_list_of_sources_is_refused_in_one_way(sources):
    """The missing `usage` of the params is no second problem: `sources` has it."""
    problems = refusal_of(sources=sources)
    assert all(problem.startswith("sources") for problem in problems)


def test_a_shared_report_shows_no_path_of_this_machine():
    """An absolute path of a source is cut to its last part, as one of `usage` is."""
    params = make_params({"period": "2025-12", "sources": [CLOUD | {"usage": "/exports/f.csv"}]})
    assert params.shared_parameters()["sources"][0]["usage"] == ["f.csv"]
