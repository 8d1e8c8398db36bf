"""Unpacked files: what the reader of CSV finds is told at the place where a person finds it."""

from __future__ import annotations

import pytest

from finops_nb.errors import Problem
from finops_nb.usage.sources.unpacked import RowPlace, RowsFile


def test_a_problem_of_the_csv_becomes_one_of_the_exported_file(tmp_path):
    """A line stays a line; a path stands before the name of the column."""
    problem = Problem("not an amount", "Write digits", "u.json", 3, "amount.value", "x")

    in_lines = RowPlace(7).problem(problem)
    in_page = RowPlace(path="data[3].results[0]").problem(problem)
    in_sheet = RowPlace(path="row 7 of sheet Costs", joint=", ").problem(problem)

    assert str(in_lines).startswith("u.json, line 7, amount.value: not an amount")
    assert str(in_page).startswith("u.json, data[3].results[0].amount.value: not an amount")
    assert str(in_sheet).startswith("u.json, row 7 of sheet Costs, amount.value: not an amount")
    assert (in_lines.line, in_page.line, in_sheet.line) == (7, None, None)


def test_a_problem_without_a_line_stays_as_it_is(tmp_path):
    """It is of the file as a whole; one of the header has the place of the header."""
    with RowsFile(tmp_path / "u.csv", lambda row: RowPlace(path=f"row {row + 3}")) as rows:
        rows.column(("a",))
        rows.column(("b\nc",))
        rows.add(["1", "2"])
        unpacked = rows.finished()
    problem = Problem("no column for cost", "Name it", "u.xlsx")

    assert unpacked.placed(problem) == problem
    assert [str(unpacked.place(line)) for line in (1, 2, 3)] == ["row 2", "row 2", "row 3"]


def test_nothing_is_left_beside_the_csv_file(tmp_path):
    """Also where unpacking ended early."""
    for fails in (False, True):
        with (
            pytest.raises(ZeroDivisionError),
            RowsFile(tmp_path / "u.csv", lambda row: RowPlace(row + 1)) as rows,
        ):
            rows.column(("a",))
            rows.add(["1"])
            if not fails:
                rows.finished()
            raise ZeroDivisionError

    assert [path.name for path in tmp_path.iterdir()] == ["u.csv"]
