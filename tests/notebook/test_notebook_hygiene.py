"""Notebooks are committed as source: no outputs, literal parameters, named cells, no local path."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from support import notebook_hygiene
from support.checkout import CHECKOUT
from support.notebook_hygiene import main, problems_of

NOTEBOOKS = CHECKOUT / "notebooks"
Notebook = dict[str, Any]
TAGGED = 'cells with the tag "parameters" instead of one code cell'
NO_SLUG = "an id that is not lowercase words joined by hyphens"


def code(name: str, source: str, *tags: str) -> Notebook:
    metadata = {"tags": list(tags)} if tags else {}
    return {
        "cell_type": "code",
        "id": name,
        "metadata": metadata,
        "source": [source],
        "outputs": [],
        "execution_count": None,
    }


def clean() -> Notebook:
    """A notebook of three cells without problems."""
    described = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    parameters = code(
        "parameters",
        'period: str = "2025-12"  # a month\nbudgets: dict = {"a": -1, "b": None}',
        "parameters",
    )
    title = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": ["# Title"]}
    return {
        "cells": [title, parameters, code("total-cost", "total")],
        "metadata": described,
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def texts(notebook: Notebook) -> list[str]:
    """The problems of a notebook, as printed."""
    return [str(problem) for problem in problems_of(json.dumps(notebook).encode(), "n.ipynb")]


def test_a_clean_notebook_is_clean():
    """The tests below start from it."""
    assert texts(clean()) == []


def with_output(notebook: Notebook) -> None:
    notebook["cells"][2]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "1"}]


def with_count(notebook: Notebook) -> None:
    notebook["cells"][2]["execution_count"] = 0


def with_time(notebook: Notebook) -> None:
    notebook["cells"][0]["metadata"]["execution"] = {"iopub.execute_input": "2026-01-01T00:00:00Z"}


def without_parameters(notebook: Notebook) -> None:
    notebook["cells"][1]["metadata"] = {}


def with_two_parameters(notebook: Notebook) -> None:
    notebook["cells"].append(code("more", 'currency: str = "USD"', "parameters"))


def with_parameters_in_prose(notebook: Notebook) -> None:
    notebook["cells"][1]["cell_type"] = "markdown"


def without_id(notebook: Notebook) -> None:
    del notebook["cells"][0]["id"]


def with_random_id(notebook: Notebook) -> None:
    notebook["cells"][2]["id"] = "3f9ac2e1"


def with_one_id_twice(notebook: Notebook) -> None:
    notebook["cells"][2]["id"] = "title"


def in_an_old_format(notebook: Notebook) -> None:
    notebook["nbformat_minor"] = 4


def with_another_kernel(notebook: Notebook) -> None:
    notebook["metadata"]["kernelspec"]["name"] = "finops-venv"


def without_a_kernel(notebook: Notebook) -> None:
    del notebook["metadata"]["kernelspec"]


def with_widgets(notebook: Notebook) -> None:
    notebook["metadata"]["widgets"] = {"state": {}}


def with_a_path_in_metadata(notebook: Notebook) -> None:
    notebook["metadata"]["language_info"]["file"] = "C:\\Users\\ann\\x.py"


def with_a_path_in_a_cells_metadata(notebook: Notebook) -> None:
    notebook["cells"][0]["metadata"]["source"] = "/Users/ann/x.md"


def with_a_long_cell(notebook: Notebook) -> None:
    notebook["cells"][2]["source"] = ["a\n", "b\n", "c\n", "d"]


def with_a_long_line(notebook: Notebook) -> None:
    notebook["cells"][0]["source"] = ["x" * 101]


@pytest.mark.parametrize(
    ("mutate", "problems"),
    [
        (
            with_output,
            ["cell 3: an output or an execution count. Run `.venv/bin/jupyter nbconvert --clear"],
        ),
        (with_count, ["cell 3: an output or an execution count. Run `.venv/bin/"]),
        (
            with_time,
            [
                'cell 1: metadata of a run or of a screen (found "execution").'
                " Delete it in JupyterLab's property inspector"
            ],
        ),
        (
            without_parameters,
            [f"0 {TAGGED}. Give that tag only to the code cell that assigns the parameters"],
        ),
        (with_two_parameters, [f'2 {TAGGED} (found "cell 2, cell 4"). Give that']),
        (with_parameters_in_prose, [f'1 {TAGGED} (found "cell 2"). Give that tag']),
        (without_id, [f"cell 1: {NO_SLUG}. Open the file as text and write what the cell does"]),
        (with_random_id, [f'cell 3: {NO_SLUG} (found "3f9ac2e1"). Open the file']),
        (
            with_one_id_twice,
            [
                f'cell {number}: an id that another cell also has (found "title"). Open the file'
                for number in (1, 3)
            ],
        ),
        (
            in_an_old_format,
            ['not notebook format 4.5 (found "4.4"). Open it in JupyterLab and save it.'],
        ),
        (
            with_another_kernel,
            ['metadata: a kernel other than python3 (found "finops-venv"). Choose the kernel Pyt'],
        ),
        (
            without_a_kernel,
            ['metadata: a kernel other than python3 (found ""). Choose the kernel Python 3'],
        ),
        (
            with_widgets,
            [
                'metadata: metadata other than kernel, language and version (found "widgets").'
                " Delete it in JupyterLab's property"
            ],
        ),
        (with_a_path_in_metadata, ['metadata: an absolute path (found "C:']),
        (
            with_a_path_in_a_cells_metadata,
            ['cell 1: an absolute path (found "/Users/ann/x.md"). Write it relative to the home.'],
        ),
        (
            with_a_long_cell,
            ["cell 3: a code cell of 4 lines; 3 are allowed. Split it, or move the code"],
        ),
        (
            with_a_long_line,
            ['cell 1: a line of 101 characters; 100 are allowed (found "xxxx'],
        ),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_each_problem_names_its_cell_and_how_to_fix_it(
    mutate: Callable[[Notebook], None], problems: list[str]
):
    """Each problem is found, and nothing else."""
    notebook = clean()
    mutate(notebook)
    lines = texts(notebook)
    assert len(lines) == len(problems)
    for line, problem in zip(lines, problems, strict=True):
        assert line.removeprefix("n.ipynb").lstrip(":, ").startswith(problem)


@pytest.mark.parametrize(
    "line",
    [
        'period = "2025-12"',
        "period: str",
        "period: str = other",
        'period: str = f"{year}-12"',
        "at_risk: float = 4 / 5",
        "params.period: str = '2025-12'",
        "import os",
        "print(1)",
    ],
)
def test_a_parameter_is_a_typed_literal(line):
    """papermill could not replace another line, or would have to guess its type."""
    notebook = clean()
    notebook["cells"][1]["source"] = ['period: str = "2025-12"\n', line]
    (problem,) = texts(notebook)
    rule = "not a literal assigned to one name with its type"
    assert problem.startswith(f"n.ipynb, cell 2: {rule} (found ")


def test_parameters_that_are_not_python_are_shown():
    """The problem shows the line with the syntax error."""
    notebook = clean()
    notebook["cells"][1]["source"] = ["a: int = 1\n", "b: int = = 2\n"]
    (problem,) = texts(notebook)
    assert '(found "b: int = = 2")' in problem


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ('read("/home/ann/usage.csv")', "/home/ann/usage.csv"),
        ("see file:///tmp/x.html there", "/tmp/x.html"),
        ("`/Users/ann/finops`", "/Users/ann/finops"),
        ("'C:\\\\Users\\\\ann'", "C:\\\\Users\\\\ann"),
        ("r'D:\\usage'", "D:\\usage"),
        ("[data](/mnt/share/a.csv)", "/mnt/share/a.csv"),
    ],
)
def test_an_absolute_path_is_found(source, path):
    """It is found in code and in prose, inside quotes or brackets."""
    for number in (0, 2):
        notebook = clean()
        notebook["cells"][number]["source"] = source
        (problem,) = problems_of(json.dumps(notebook).encode(), "n.ipynb")
        assert (problem.column, problem.value) == (f"cell {number + 1}", path)


@pytest.mark.parametrize(
    "source",
    [
        "usage/2025-12.csv",
        "https://example.com/home/x",
        "https://home/x",
        "../data/x",
        "calls/data/",
        "a / b",
        "{x}:\\n",
    ],
)
def test_other_texts_with_slashes_are_not_absolute_paths(source):
    """Relative paths, web addresses and plain prose are allowed."""
    notebook = clean()
    notebook["cells"][0]["source"] = source
    assert texts(notebook) == []


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"\xff", b"{}", b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}'],
)
def test_a_file_that_is_not_a_notebook_is_one_problem(raw):
    """The problem says how to fix it."""
    (problem,) = problems_of(raw, "n.ipynb")
    assert str(problem).startswith("n.ipynb: not a notebook (")
    assert str(problem).endswith("Restore the file, or save it again from JupyterLab.")


def test_the_command_prints_a_line_for_each_problem(tmp_path, capsys):
    """Its exit code is then 1; without problems it prints nothing, and the code is 0."""
    good, bad = tmp_path / "good.ipynb", tmp_path / "bad.ipynb"
    good.write_text(json.dumps(clean()), encoding="utf-8")
    broken = clean()
    with_output(broken)
    with_random_id(broken)
    bad.write_text(json.dumps(broken), encoding="utf-8")
    assert main([str(good)]) == 0
    assert capsys.readouterr().out == ""
    assert main([str(good), str(bad)]) == 1
    assert [line.split(": ")[0] for line in capsys.readouterr().out.splitlines()] == [
        f"{bad}, cell 3"
    ] * 2


def test_it_is_a_script():
    """The pre-commit hook runs the file itself."""
    files = map(str, sorted(NOTEBOOKS.glob("*.ipynb")))
    subprocess.run([sys.executable, notebook_hygiene.__file__, *files], check=True, timeout=60)
