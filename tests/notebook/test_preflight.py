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
    """What `check_notebook` says, a problem a line; nothing if all is well."""
    try:
        check_notebook(notebook, parameters, "n.ipynb")
    except Refusal as refusal:
        return [str(problem) for problem in refusal.problems]
    return []


def test_every_parameter_of_a_params_file_arrives():
    """It accepts a notebook whose `parameters` cell declares all the fields of `Params` but those of delivery."""
    assert refusals(make_notebook(), Params.model_fields.keys() - set(DELIVERY)) == []


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("empty", r"not a notebook: .*Restore the file"),
        ("cut_off", r"not a notebook: .*Restore the file"),
        ("not_utf8", r"not a notebook: .*Restore the file"),
        ("no_cells", r"not a notebook: .*Restore the file"),
        ("a_list", r"not a notebook: .*Restore the file"),
        ("in_r", r'not a Python notebook \(found "R"\)\. Choose a Python kernel'),
    ],
)
def test_a_file_that_is_no_python_notebook_is_refused(file, said):
    """It names the file and the way out, whatever is wrong with it."""
    with pytest.raises(Refusal, match=rf"^notebooks/x\.ipynb: {said}"):
        read_notebook((NOTEBOOKS / f"{file}.ipynb").read_bytes(), "notebooks/x.ipynb")


@pytest.mark.parametrize("file", ["good", "format_4_0", "no_kernelspec"])
def test_an_older_or_plainer_notebook_is_read(file):
    """It reads a notebook of an older format 4, or one that names no kernel."""
    notebook = read_notebook((NOTEBOOKS / f"{file}.ipynb").read_bytes(), "x.ipynb")
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert refusals(notebook, ["period"]) == []


@pytest.mark.parametrize(
    ("file", "count"), [("no_parameters", 0), ("two_parameters", 2), ("parameters_in_prose", 1)]
)
def test_one_cell_declares_the_parameters(file, count):
    """It refuses a notebook whose own values papermill would use, or put in twice."""
    notebook = read_notebook((NOTEBOOKS / f"{file}.ipynb").read_bytes(), "x.ipynb")
    (said,) = refusals(notebook, ["period"])
    assert said.startswith(
        f'n.ipynb: {count} cells with the tag "parameters" where there must be one, of code. Give that tag'
    )


def test_an_unknown_parameter_is_refused():
    """It asks for the nearest name that the notebook declares."""
    assert refusals(make_notebook([], TWO), ["perod", "budgets"]) == [
        'n.ipynb, cell 1 (`period = "2025-12"`): a parameter that the notebook does not declare (found "perod"). Did you mean "period"?'
    ]


@pytest.mark.parametrize(
    ("line", "said"),
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
        ("Other = 1", "a parameter's name with other than a-z, 0-9 and _"),
        ("größe = 1", "a parameter's name with other than a-z, 0-9 and _"),
        ("period = '2025-11'", "a parameter assigned twice"),
    ],
)
def test_parameters_are_literals(line, said):
    """It refuses a line of the cell that papermill would not see, or not see alone."""
    (found,) = refusals(make_notebook([], TWO + line))
    assert said in found


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
    """It accepts what `ast.literal_eval` does, with annotations and comments."""
    assert refusals(make_notebook([], TWO + line)) == []


@pytest.mark.parametrize(
    "source",
    [
        "period = '2025-11'", "period: str = 'x'", "period += 'x'", "print(period := 1)", "for period in 'ab': pass", "import os as period",
        "from os import path as period", "def period(): pass", "class period: pass", "del period", "with open('x') as period: pass",
        "try: pass\nexcept OSError as period: pass", "def f():\n    global period\n    period = 1", "[1 for a in 'b' if (period := a)]",
        "match 1:\n    case period: pass", "a, (b, *period) = 1, (2, 3)", "budgets['org-a'] = 1", "budgets |= {}", "del budgets['org-a']",
        "budgets['org-a'] += 1", "budgets.update({'a': 1})", "budgets.pop('org-a')", "await budgets.clear()",
    ],
)  # fmt: skip
def test_a_parameter_is_not_assigned_again(source):
    """It refuses every way to change a parameter after its cell, and names the cell; else the report were of other params."""
    name = "budgets" if "budgets" in source else "period"
    (said,) = refusals(make_notebook(["1 + 1", source], TWO))
    first = source.splitlines()[0]
    assert said.startswith(
        f'n.ipynb, cell 3 (`{first}`): a parameter is assigned again (found "{name}"). Give the new value another name'
    )


@pytest.mark.parametrize(
    "source",
    [
        "[period for period in 'ab']", "def f(period): period = 1", "lambda period: period", "x = period", "x.period = 1", "f(period=1)",
        "trial = budgets | {'org-a': 1}", "trial = dict(budgets); trial['org-a'] = 1", "budgets.get('a')", "print(budgets['org-a'])",
        "def f():\n    period = 1", "class A:\n    period = 1",
    ],
)  # fmt: skip
def test_a_name_of_another_scope_is_no_parameter(source):
    """It lets a cell read a parameter, and use its name where it means something else."""
    assert refusals(make_notebook([source], TWO)) == []


def test_the_cells_before_may_assign():
    """It does not mind what is assigned above the `parameters` cell, which is overwritten."""
    notebook = make_notebook([], TWO)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("period = 'x'"))
    assert refusals(notebook) == []


@pytest.mark.parametrize(
    "source", ["!ls", "%time 1", "%%bash\nls", "x = !ls", "len?", "def f(:", "x = (1", "\x00"]
)
def test_cells_are_plain_python(source):
    """It refuses shell lines and magics, whose failures stay unseen, and names all the cells that have them."""
    said = refusals(make_notebook([source, "1", source], TWO))
    assert [line.partition(": ")[0].partition(" (")[0] for line in said] == [
        "n.ipynb, cell 2",
        "n.ipynb, cell 4",
    ]
    assert all(
        "not plain Python: " in line and "Take out lines that start with ! or %" in line
        for line in said
    )


def test_all_problems_are_said_at_once():
    """It lists what is wrong with the declarations, the passed names and the later cells together."""
    said = refusals(
        make_notebook(["period = 1", "budgets = 2"], TWO + "x = y\n"), ["period", "budgts"]
    )
    assert [line.partition(": ")[2].partition(". ")[0] for line in said] == [
        'not a literal assigned to one name (found "x = y")',
        'a parameter that the notebook does not declare (found "budgts")',
        'a parameter is assigned again (found "period")',
        'a parameter is assigned again (found "budgets")',
    ]


def test_cells_are_called_by_number_and_first_line():
    """It counts the code cells that have something in them and that the analyst wrote, and cuts a long line at 60."""
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
