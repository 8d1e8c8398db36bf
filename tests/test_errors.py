"""Errors: a refusal names the place, the value, the rule and the fix, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.errors import (
    SHOWN,
    BadValue,
    Busy,
    Failure,
    FinopsError,
    Interrupted,
    Problem,
    Refusal,
    did_you_mean,
    listed,
    nearest,
)


def test_it_names_file_line_column_value_rule_and_fix():
    """A problem is a sentence that starts with its place, and a sentence on how to fix it."""
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
            Problem("no such file", "Correct it", value="a.csv"),
            'no such file: "a.csv". Correct it.',
        ),
        (Problem("no value", "Write one", value=""), "no value. Write one."),
        (
            Problem("line zero is a line", "Look there", file="a", line=0),
            "a, line 0: line zero is a line. Look there.",
        ),
    ],
)
def test_it_leaves_out_what_is_not_known(problem, text):
    """A part that is None is not printed; a fix that ends a sentence gets no second period."""
    assert str(problem) == text


def test_it_cuts_a_long_value():
    """A value of 500 characters is cut to 79 and an ellipsis."""
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
    """Characters that break, color or reorder a terminal's line are spelled out anywhere."""
    assert f'"{shown}"' in str(Problem("refused", "Fix it", value=value))
    assert f", {shown}: " in str(Problem("refused", "Fix it", file="a.yaml", column=value))


@given(st.text(), st.text())
def test_it_prints_one_line_a_problem(value, column):
    """Whatever a file has, a problem is one printable line."""
    assert str(Problem("refused", "Fix it", file="f", column=column, value=value)).isprintable()


def test_it_prints_the_first_problems_and_counts_the_rest():
    """Twenty are printed; a line below them says how many there are."""
    refusal = Refusal([Problem(f"problem {n}", "Fix it") for n in range(1, 1235)])
    lines = str(refusal).splitlines()

    assert len(lines) == SHOWN + 1
    assert (lines[0], lines[19]) == ("problem 1. Fix it.", "problem 20. Fix it.")
    assert lines[20] == "… and 1,214 more of 1,234 problems."  # 1,234 - 20


def test_it_counts_problems_that_were_not_kept():
    """A reader of a large file collects the first problems and only counts the others."""
    assert str(Refusal([Problem("bad", "Fix it")], count=3)).splitlines() == [
        "bad. Fix it.",
        "… and 2 more of 3 problems.",
    ]


def test_it_takes_a_single_problem():
    """A single problem needs no list and no count."""
    refusal = Refusal(Problem("bad", "Fix it"))

    assert (refusal.count, str(refusal)) == (1, "bad. Fix it.")


def test_it_gives_the_record_of_the_contract():
    """`check --json` prints each problem with these six keys in this order."""
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
    """The exit code is 1 if refused or failed, 75 if another run holds the NAME, 130 if stopped."""
    assert isinstance(error, FinopsError)
    assert error.exit_code == code


def test_it_shows_no_traceback_in_a_notebook():
    """IPython shows only the sentence under a cell."""
    assert Failure("The kernel died in cell 3.")._render_traceback_() == [
        "The kernel died in cell 3."
    ]


def test_it_asks_for_the_nearest_known_word():
    """A misspelled word gets the nearest known word; a word unlike all of them gets the list."""
    known = ("organization_budgets", "period")

    assert did_you_mean("organisation_budgets", known) == 'Did you mean "organization_budgets"?'
    assert did_you_mean("xyz", known) == "Choose from: organization_budgets, period"
    assert nearest("xyz", known) is None


def test_it_lists_the_first_names_and_counts_the_rest():
    """Names come from files, so unprintable characters are spelled out here too."""
    names = ["a", "b\n", *"cd" * 1000]

    assert listed(names[:2], 2) == "a, b\\n"
    assert listed(names, 2) == "a, b\\n and 2,000 more"


def test_a_bad_value_becomes_a_problem_where_its_place_is_known():
    """Its rule and fix are kept apart, whatever characters they have."""
    error = BadValue("a; b", "Write c; d")

    assert isinstance(error, ValueError)
    assert str(error) == "a; b. Write c; d."
    assert error.problem("p.yaml", 3, "period", "x") == Problem(
        "a; b", "Write c; d", "p.yaml", 3, "period", "x"
    )


def test_a_place_is_printable_too():
    """A control character in the name of a file or column does not reach the terminal."""
    assert (
        str(Problem("wrong", "Fix it", file="a\x1b[2Jb.csv", column="c\nd"))
        == "a\\x1b[2Jb.csv, c\\nd: wrong. Fix it."
    )
