"""Commas inside numbers in { } and [ ]."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.errors import Refusal
from finops_nb.params.params_file import load_params
from finops_nb.params.yaml_file import read_document

HEAD = 'period: "2025-12"\nusage: "sample:"\n'


def refused(home, lines: str) -> Refusal:
    home.params_file("2025-12").write_text(HEAD + lines)
    with pytest.raises(Refusal) as refusal:
        load_params(home, "2025-12")
    return refusal.value


@pytest.mark.parametrize(
    ("lines", "texts"),
    [
        ("organization_budgets: {org-alpha: 1,000, org-beta: 2,500}", ["1,000", "2,500"]),
        ("organization_budgets: {org-alpha: 1,000: 0}", ["1,000"]),
        ("organization_budgets: {org-alpha: 1,000,000}", ["1,000,000"]),
        ("organization_budgets: {org-alpha: $1,000.50}", ["$1,000.50"]),
        ("organization_budgets: {org-alpha: 1, 000}", ["1,000"]),
        ("organization_budgets: {org-alpha: 5000,50, org-beta: 1}", ["5000,50"]),
        ("product_budgets: {chat: 12,\n  500}", ["12,500"]),
        ("invoices: [{issuer: Big Cloud, amount: 9,463.09}]", ["9,463.09"]),
        ("invoices:\n  - {issuer: Big Cloud, number: A-1, amount: 9,463}", ["9,463"]),
        ("alert_thresholds: [1,000]", ["1,000"]),
    ],
)
def test_a_comma_in_a_number_is_named_with_what_to_write(home, lines, texts):
    """YAML ends a value at a comma inside { }; the rest of the number is never read as a name."""
    problems = refused(home, lines).problems
    named = [problem for problem in problems if "ends a value" in problem.rule]
    assert [problem.value for problem in named] == texts
    assert not [problem for problem in problems if "no value" in problem.rule]


def test_following_the_advice_gives_the_amount_that_was_meant(home):
    """1,000 becomes 1000, and 5000,50 becomes 5000.50."""
    line = "organization_budgets: {org-alpha: 1,000, org-beta: 5000,50}\n"
    for problem in refused(home, line).problems:
        assert problem.line == 3
        assert problem.column.startswith("organization_budgets.org-")
        line = line.replace(problem.value, re.match(r"Write ([\d.]+), ", problem.fix)[1])
    home.params_file("2025-12").write_text(HEAD + line)
    budgets = load_params(home, "2025-12").organization_budgets
    assert {name: str(amount) for name, amount in budgets.items()} == {
        "org-alpha": "1000",
        "org-beta": "5000.50",
    }


@given(st.dictionaries(st.sampled_from(["a", "100", "2", "007"]), st.integers(0, 10**6)))
def test_amounts_with_a_space_after_the_comma_are_read(tmp_path_factory, amounts):
    """`{a: 1, 100: 5}` is two budgets, whatever the names are."""
    file = tmp_path_factory.mktemp("params") / "a.yaml"
    inside = ", ".join(f"{name}: {amount}" for name, amount in amounts.items())
    file.write_text(f"budgets: {{{inside}}}\nlist: [5, 100]\n")
    document = read_document(file, "a.yaml")
    assert not document.problems
    assert document.data["budgets"] == {name: str(amount) for name, amount in amounts.items()}
