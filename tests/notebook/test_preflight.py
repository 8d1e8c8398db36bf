"""The notebook is checked before it runs."""

from __future__ import annotations

import nbformat
import pytest
from support.checkout import SUPPORT
from support.homes import make_notebook

from finops_nb.errors import Refusal
from finops_nb.notebook.preflight import (
    INJECTED,
    cell_name,
    check_notebook,
    code_cells,
    read_notebook,
)
from finops_nb.params.model import DELIVERY, Params

NOTEBOOKS = SUPPORT / "notebooks"
TWO = 'period = "2025-12"\nbudgets: dict = {"org-a": "5000"}  # by name = amount\n'


def refusals(notebook, parameters=("period", "budgets")) -> list[str]:
    """The problems that `check_notebook` refuses."""
    try:
        check_notebook(notebook, parameters, "n.ipynb")
    except Refusal as refusal:
        return [str(problem) for problem in refusal.problems]
    return []


def test_every_parameter_of_a_params_file_arrives():
    """The `parameters` cell declares all fields of `Params` except those of delivery."""
    assert refusals(make_notebook(), Params.model_fields.keys() - set(DELIVERY)) == []


@pytest.mark.parametrize(
    ("file", "rule"),
    [
        ("empty", r"not a notebook: .*Restore the file"),
        ("cut_off", r"not a notebook: .*Restore the file"),
        ("not_utf8", r"not a notebook: .*Restore the file"),
        ("no_cells", r"not a notebook: .*Restore the file"),
        ("a_list", r"not a notebook: .*Restore the file"),
        ("in_r", r'not a Python notebook \(found "R"\)\. Choose a Python kernel'),
    ],
)
def test_a_file_that_is_not_a_python_notebook_is_refused(file, rule):
    """The refusal names the file and how to fix it."""
    with pytest.raises(Refusal, match=rf"^notebooks/x\.ipynb: {rule}"):
        read_notebook((NOTEBOOKS / f"{file}.ipynb").read_bytes(), "notebooks/x.ipynb")


@pytest.mark.parametrize("file", ["good", "format_4_0", "no_kernelspec"])
def test_an_older_or_plainer_notebook_is_read(file):
    """It may have an older format 4, or name no kernel."""
    notebook = read_notebook((NOTEBOOKS / f"{file}.ipynb").read_bytes(), "x.ipynb")
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert refusals(notebook, ["period"]) == []


@pytest.mark.parametrize(
    ("file", "cells"),
    [
        ("no_parameters", "no code cell has"),
        ("two_parameters", "2 cells have"),
        ("parameters_in_prose", "no code cell has"),
    ],
)
def test_one_cell_declares_the_parameters(file, cells):
    """Otherwise papermill would keep the notebook's values, or inject the parameters twice."""
    notebook = read_notebook((NOTEBOOKS / f"{file}.ipynb").read_bytes(), "x.ipynb")
    (problem,) = refusals(notebook, ["period"])
    assert problem.startswith(f'n.ipynb: {cells} the tag "parameters". Give that tag')


def test_an_unknown_parameter_is_refused():
    """The refusal suggests the nearest name that the notebook declares."""
    rule = 'a parameter that the notebook does not declare (found "perod")'
    expected = f'n.ipynb, cell 1 (`period = "2025-12"`): {rule}. Did you mean "period"?'
    assert refusals(make_notebook([], TWO), ["perod", "budgets"]) == [expected]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("import os", "not a literal assigned to one name"),
        ("other = period", "not a literal assigned to one name"),
        ("other = open('x')", "not a literal assigned to one name"),
        ("other = f'{period}'", "not a literal assigned to one name"),
        ("a = b = 1", "not a literal assigned to one name"),
        ("a, b = 1, 2", "not a literal assigned to one name"),
        ("other: int", "not a literal assigned to one name"),
        ("budgets['a'] = 1", "not a literal assigned to one name"),
        ("print(1)", "not a literal assigned to one name"),
        ("Other = 1", "a parameter name with characters other than a-z, 0-9 and _"),
        ("größe = 1", "a parameter name with characters other than a-z, 0-9 and _"),
        ("period = '2025-11'", "a parameter assigned twice"),
    ],
)
def test_parameters_are_literals(line, rule):
    """papermill could not replace another kind of line, or not that line alone."""
    (problem,) = refusals(make_notebook([], TWO + line))
    assert rule in problem


@pytest.mark.parametrize(
    "line",
    [
        "a = 1",
        "a = -1.5",
        'a = """x\ny"""',
        "a: list = [1, {'b': None}]  # c = d",
        "a = True",
        "# a = 1",
        "a = 'x' 'y'",
    ],
)
def test_any_literal_may_be_a_parameter(line):
    """What `ast.literal_eval` accepts is allowed, with annotations and comments."""
    assert refusals(make_notebook([], TWO + line)) == []


@pytest.mark.parametrize(
    "source",
    [
        "period = '2025-11'",
        "period: str = 'x'",
        "period += 'x'",
        "print(period := 1)",
        "for period in 'ab': pass",
        "import os as period",
        "from os import path as period",
        "def period(): pass",
        "class period: pass",
        "del period",
        "with open('x') as period: pass",
        "try: pass\nexcept OSError as period: pass",
        "def f():\n    global period\n    period = 1",
        "[1 for a in 'b' if (period := a)]",
        "match 1:\n    case period: pass",
        "a, (b, *period) = 1, (2, 3)",
        "budgets['org-a'] = 1",
        "budgets |= {}",
        "del budgets['org-a']",
        "budgets['org-a'] += 1",
        "budgets.update({'a': 1})",
        "budgets.pop('org-a')",
        "await budgets.clear()",
    ],
)
def test_a_parameter_is_not_assigned_again(source):
    """Any change of a parameter below its cell is refused, and the cell is named.

    Otherwise the report would have other parameters than it says.
    """
    name = "budgets" if "budgets" in source else "period"
    (problem,) = refusals(make_notebook(["1 + 1", source], TWO))
    place = f"n.ipynb, cell 3 (`{source.splitlines()[0]}`)"
    rule = f'a parameter is assigned again (found "{name}")'
    assert problem.startswith(f"{place}: {rule}. Give the new value another name")


@pytest.mark.parametrize(
    "source",
    [
        "[period for period in 'ab']",
        "def f(period): period = 1",
        "lambda period: period",
        "x = period",
        "x.period = 1",
        "f(period=1)",
        "trial = budgets | {'org-a': 1}",
        "trial = dict(budgets); trial['org-a'] = 1",
        "budgets.get('a')",
        "print(budgets['org-a'])",
        "def f():\n    period = 1",
        "class A:\n    period = 1",
    ],
)
def test_a_name_of_another_scope_is_not_a_parameter(source):
    """A cell may read a parameter, and use its name where it means something else."""
    assert refusals(make_notebook([source], TWO)) == []


def test_earlier_cells_may_assign():
    """The `parameters` cell overwrites what is assigned above it."""
    notebook = make_notebook([], TWO)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("period = 'x'"))
    assert refusals(notebook) == []


@pytest.mark.parametrize(
    "source", ["!ls", "%time 1", "%%bash\nls", "x = !ls", "len?", "def f(:", "x = (1", "\x00"]
)
def test_cells_are_plain_python(source):
    """Shell lines and magics are refused, because they hide failures; each cell is named."""
    problems = refusals(make_notebook([source, "1", source], TWO))
    places = [problem.partition(": ")[0].partition(" (")[0] for problem in problems]
    assert places == ["n.ipynb, cell 2", "n.ipynb, cell 4"]
    assert all("not plain Python: " in problem for problem in problems)
    assert all("remove it if it starts with ! or %" in problem for problem in problems)


def test_all_problems_are_reported_together():
    """They are in the declarations, the passed names and the later cells."""
    problems = refusals(
        make_notebook(["period = 1", "budgets = 2"], TWO + "x = y\n"), ["period", "budgts"]
    )
    assert [line.partition(": ")[2].partition(". ")[0] for line in problems] == [
        'not a literal assigned to one name (found "x = y")',
        'a parameter that the notebook does not declare (found "budgts")',
        'a parameter is assigned again (found "period")',
        'a parameter is assigned again (found "budgets")',
    ]


def test_cells_are_named_by_number_and_first_line():
    """Only the analyst's code cells with content count; a long line is cut at 60 characters."""
    notebook = make_notebook(["\n\n  x = 1\ny = 2", "a" * 61], TWO)
    notebook.cells.insert(1, nbformat.v4.new_code_cell("period = 1", metadata={"tags": [INJECTED]}))
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell("# Title"))
    notebook.cells.insert(3, nbformat.v4.new_code_cell("  \n"))
    names = [cell_name(notebook, index) for index, _ in code_cells(notebook)]
    assert names[:4] == [
        'cell 1 (`period = "2025-12"`)',
        "the injected parameters",
        "cell 2 (`x = 1`)",
        f"cell 3 (`{'a' * 59}…`)",
    ]
