"""Errors: a refusal names the place, the value, the rule and the way out, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.errors import (
    SHOWN,
    Busy,
    Failure,
    FinopsError,
    Interrupted,
    Problem,
    Refusal,
    did_you_mean,
)


def test_it_names_file_line_column_value_rule_and_fix():
    """A problem is one sentence with its place in front, and one with the way out."""
    problem = Problem(
        "not an amount", "Write digits", file="usage.csv", line=7, column="cost_usd", value="5,000"
    )

    assert (
        str(problem) == 'usage.csv, line 7, cost_usd: not an amount (found "5,000"). Write digits.'
    )


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("no home", "Lay one out"), "no home. Lay one out."),
        (Problem("empty", "Fill it", file="a.yaml"), "a.yaml: empty. Fill it."),
        (Problem("empty", "Fill it", column="period"), "period: empty. Fill it."),
        (Problem("unknown", 'Did you mean "period"?'), 'unknown. Did you mean "period"?'),
        (Problem("empty", "Fill it.", value=""), 'empty (found ""). Fill it.'),
        (
            Problem("line zero is a line", "Look there", file="a", line=0),
            "a, line 0: line zero is a line. Look there.",
        ),
    ],
)
def test_it_leaves_out_what_is_not_known(problem, text):
    """A part that is None is not printed; a fix that ends a sentence gets no second full stop."""
    assert str(problem) == text


def test_it_cuts_a_long_value():
    """Of a value of 500 characters 79 are shown, and a mark that there are more."""
    assert f'(found "{"x" * 79}…")' in str(Problem("too long", "Shorten it", value="x" * 500))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a\nb", r"a\nb"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("\u00a05", r"\xa05"),
        ("Zoë 日本", "Zoë 日本"),
    ],
)
def test_it_spells_out_what_would_not_print(value, shown):
    """What would break, colour or reorder the line of a terminal is spelled out, wherever it stands."""
    assert f'"{shown}"' in str(Problem("refused", "Mend it", value=value))
    assert f", {shown}: " in str(Problem("refused", "Mend it", file="a.yaml", column=value))


@given(st.text(), st.text())
def test_it_prints_one_line_a_problem(value, column):
    """Whatever is in a file, a problem stays one printable line."""
    assert str(Problem("refused", "Mend it", file="f", column=column, value=value)).isprintable()


def test_it_prints_the_first_problems_and_counts_the_rest():
    """Twenty are printed; a twenty-first line says how many there are."""
    refusal = Refusal([Problem(f"problem {n}", "Mend it") for n in range(1, 1235)])
    lines = str(refusal).splitlines()

    assert len(lines) == SHOWN + 1
    assert (lines[0], lines[19]) == ("problem 1. Mend it.", "problem 20. Mend it.")
    assert lines[20] == "… and 1,214 more of 1,234 problems."  # 1,234 - 20


def test_it_counts_problems_that_were_not_kept():
    """A reader of a large file keeps the first problems and only counts the others."""
    assert str(Refusal([Problem("bad", "Mend it")], count=3)).splitlines() == [
        "bad. Mend it.",
        "… and 2 more of 3 problems.",
    ]


def test_it_takes_a_single_problem():
    """One problem needs no list around it, and no count."""
    refusal = Refusal(Problem("bad", "Mend it"))

    assert (refusal.count, str(refusal)) == (1, "bad. Mend it.")


def test_it_gives_the_record_of_the_contract():
    """`check --json` prints each problem with six keys in this order."""
    record = Problem("rule", "fix", line=3, value="5k").in_file("p.yaml").as_record()

    assert list(record.items()) == [
        ("file", "p.yaml"),
        ("line", 3),
        ("column", None),
        ("value", "5k"),
        ("rule", "rule"),
        ("fix", "fix"),
    ]


@pytest.mark.parametrize(
    ("error", "code"),
    [(Refusal(Problem("a", "b")), 1), (Failure("a"), 1), (Busy("a"), 75), (Interrupted("a"), 130)],
)
def test_it_exits_with_the_code_of_the_contract(error, code):
    """Refused or failed is 1, held by another run 75, interrupted 130."""
    assert isinstance(error, FinopsError)
    assert error.exit_code == code


def test_it_shows_no_traceback_in_a_notebook():
    """Under a cell IPython shows the sentence alone."""
    assert Failure("The kernel died in cell 3.")._render_traceback_() == [
        "The kernel died in cell 3."
    ]


def test_it_asks_for_the_nearest_known_word():
    """A misspelt word is answered with the nearest one; one that is near to none, with them all."""
    known = ("organization_budgets", "period")

    assert did_you_mean("organisation_budgets", known) == 'Did you mean "organization_budgets"?'
    assert did_you_mean("xyz", known) == "Known: organization_budgets, period"


def test_a_place_is_printable_too():
    """It spells out a control character in the name of a file or of a column, which would reach the terminal."""
    assert (
        str(Problem("wrong", "Mend it", file="a\x1b[2Jb.csv", column="c\nd"))
        == "a\\x1b[2Jb.csv, c\\nd: wrong. Mend it."
    )
