"""Which input files a revision has that the one before it had not."""

from __future__ import annotations

import pytest

from finops_nb.commands.changed_inputs import changed_inputs

USAGE = {"name": "usage/a.csv", "sha256": "a1", "rows": 1200}
BUDGETS = {"name": "budgets.csv", "sha256": "b1"}
BEFORE = {"inputs": [USAGE], "mapping": None, "budgets": {"inputs": [BUDGETS]}}


@pytest.mark.parametrize(
    ("after", "lines"),
    [
        ({}, []),
        (
            {"inputs": [USAGE | {"sha256": "a2", "rows": 1201}]},
            ["Usage files: usage/a.csv (changed, 1,200 → 1,201 rows)"],
        ),
        (
            {"inputs": [USAGE | {"sha256": "a2"}, {"name": "b", "sha256": "b", "rows": 1}]},
            ["Usage files: usage/a.csv (changed, still 1,200 rows) and b (new, 1 row)"],
        ),
        (
            {"inputs": [USAGE | {"name": "b"}]},
            ["Usage files: b (was usage/a.csv, 1,200 rows)"],
        ),
        ({"inputs": []}, ["Usage files: usage/a.csv (gone, 1,200 rows)"]),
        (
            {"mapping": {"name": "organizations.csv", "sha256": "m1", "rows": 3}},
            ["Mapping file: organizations.csv (new, 3 lines)"],
        ),
        (
            {"drivers": {"name": "drivers.csv", "sha256": "d1", "rows": 1}},
            ["Driver file: drivers.csv (new, 1 line)"],
        ),
        (
            {"budgets": {"inputs": [BUDGETS | {"sha256": "b2"}]}},
            ["Budget files: budgets.csv (changed)"],
        ),
    ],
)
def test_each_file_that_changed_is_named(after, lines):
    """New, changed, renamed or gone, with its rows; what is not known is left out."""
    assert list(changed_inputs(BEFORE, BEFORE | after)) == lines


def test_many_files_are_counted():
    """Five are named: 7 − 5 = 2 more."""
    files = [{"name": f"{n}.csv", "sha256": f"{n}", "rows": 1} for n in range(7)]
    [line] = changed_inputs({"inputs": []}, {"inputs": files})
    assert line.endswith("4.csv (new, 1 row) and 2 more")


def test_a_record_of_another_version_is_no_error():
    """What it does not say is not compared."""
    assert list(changed_inputs({}, {"inputs": ["x"], "budgets": "y"})) == []
