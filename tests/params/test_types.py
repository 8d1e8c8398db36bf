"""What texts of a params file may hold: nothing that does not show, or that turns text around."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.errors import BadValue, Refusal
from finops_nb.home import Home
from finops_nb.params.params_file import load_params
from finops_nb.params.types import OneLine, Prose, parse_as
from finops_nb.report.format import visible

HIDDEN = ("\r", "\x00", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u2066", "\u2069")
VERSION = '"budget_versions": [{{"version": "original", "key": {}}}]'
MONTH = '{{"period": "2025-12", "usage": "sample:",\n"product_budgets": {{"a": 1}},\n{}}}\n'
SCENARIO = '{{"base": "2025-12", "author": {author}, "date": "2025-12-16",\n"reason": {reason}}}\n'


@pytest.mark.parametrize("char", HIDDEN)
@pytest.mark.parametrize(
    ("line", "column"),
    [
        ('"notes": {{"a": {}}}', "notes.a"),
        ('"owners": {{"a": {}}}', "owners.a"),
        ('"approvals": {{"a": {}}}', "approvals.a"),
        ('"approvals": {{"a": {{"2025-12": {}}}}}', "approvals.a"),
        (
            '"budget_versions": [{{"version": "original", "author": {}}}]',
            "budget_versions, item 1, author",
        ),
        (
            '"budget_versions": [{{"version": "original", "reason": {}}}]',
            "budget_versions, item 1, reason",
        ),
    ],
)
def test_a_text_that_is_printed_has_no_hidden_character(home: Home, line, column, char):
    """It is refused at its line, with the character spelled out."""
    text = json.dumps(f"Ada{char}Bea")  # JSON is YAML, with each of these as an escape
    home.params_file("2025-12").write_text(MONTH.format(line.format(text)))
    with pytest.raises(Refusal) as refused:
        load_params(home, "2025-12")
    [problem] = refused.value.problems
    assert (problem.file, problem.line, problem.column) == ("params/2025-12.yaml", 3, column)
    assert "control character" in problem.rule
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("char", HIDDEN)
@pytest.mark.parametrize(("key", "line"), [("author", 1), ("reason", 2)])
def test_a_what_if_has_no_hidden_character(home: Home, key, line, char):
    """Its reason stands in the title, the stamps and the index."""
    home.params_file("2025-12").write_text(MONTH.format(""))
    texts = {"author": "Ana", "reason": "more"} | {key: f"more{char}less"}
    file = home.params_file("scenarios/x")
    file.parent.mkdir()
    file.write_text(SCENARIO.format(**{name: json.dumps(text) for name, text in texts.items()}))
    with pytest.raises(Refusal) as refused:
        load_params(home, "scenarios/x")
    [problem] = refused.value.problems
    place = (problem.file, problem.line, problem.column)
    assert place == ("params/scenarios/x.yaml", line, key)


def test_prose_may_have_lines_and_any_script():
    """Several lines, tabs, right-to-left letters, joined emoji; a name has one line."""
    for text in ("one\ntwo\n", "a\tb", "مرحبا", "שלום\u200f", "👩\u200d🚀", "e\u0301"):
        assert parse_as(Prose, text) == text
    with pytest.raises(BadValue):
        parse_as(OneLine, "one\ntwo")


@given(st.text(min_size=1))
def test_what_is_accepted_is_printed_as_it_is(text):
    """Whatever the printed page would replace by a mark is refused."""
    try:
        parse_as(Prose, text)
    except BadValue:
        return
    assert visible(text) == text or set(text) & {"\ufffe", "\uffff"}
