"""Notebooks are committed as source: no outputs, one cell of literal parameters, ids with a meaning, no path of a machine."""

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
    """A notebook of three cells with nothing wrong."""
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


def said(notebook: Notebook) -> list[str]:
    return [str(problem) for problem in problems_of(json.dumps(notebook).encode(), "n.ipynb")]


@pytest.mark.parametrize("file", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda file: file.stem)
def test_every_notebook_of_the_kit_is_clean(file):
    """Nothing is wrong with it."""
    assert problems_of(file.read_bytes(), file.name) == []


def test_a_clean_notebook_is_clean():
    """What the tests below break is whole before."""
    assert said(clean()) == []


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


@pytest.mark.parametrize(
    ("mutate", "problems"),
    [
        (
            with_output,
            [
                "cell 3: an output or an execution count. `.venv/bin/jupyter nbconvert --clear-output"
            ],
        ),
        (with_count, ["cell 3: an output or an execution count. `.venv/bin/"]),
        (
            with_time,
            [
                'cell 1: metadata of a run or of a screen (found "execution"). Delete it in JupyterLab\'s property inspector'
            ],
        ),
        (
            without_parameters,
            [
                '0 cells with the tag "parameters" where there must be one, of code. Give that tag to the one code cell'
            ],
        ),
        (
            with_two_parameters,
            [
                '2 cells with the tag "parameters" where there must be one, of code (found "cell 2, cell 4"). Give that'
            ],
        ),
        (
            with_parameters_in_prose,
            [
                '1 cells with the tag "parameters" where there must be one, of code (found "cell 2"). Give that tag'
            ],
        ),
        (
            without_id,
            [
                "cell 1: an id that is not words in small letters joined by hyphens. Open the file as text and name the cell"
            ],
        ),
        (
            with_random_id,
            [
                'cell 3: an id that is not words in small letters joined by hyphens (found "3f9ac2e1"). Open the file'
            ],
        ),
        (
            with_one_id_twice,
            [
                f'cell {number}: an id that another cell has too (found "title"). Open the file'
                for number in (1, 3)
            ],
        ),
        (
            in_an_old_format,
            [
                'not of notebook format 4.5, in which cells have ids (found "4.4"). Open it in JupyterLab and save it.'
            ],
        ),
        (
            with_another_kernel,
            [
                'metadata: a kernelspec other than python3 (found "finops-venv"). Choose the kernel Python 3'
            ],
        ),
        (
            without_a_kernel,
            ['metadata: a kernelspec other than python3 (found ""). Choose the kernel Python 3'],
        ),
        (
            with_widgets,
            [
                'metadata: more than kernel, language and the version (found "widgets"). Delete it in JupyterLab\'s property'
            ],
        ),
        (with_a_path_in_metadata, ['metadata: an absolute path (found "C:']),
        (
            with_a_path_in_a_cells_metadata,
            ['cell 1: an absolute path (found "/Users/ann/x.md"). Write it relative to the home.'],
        ),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_is_wrong_is_named_with_its_cell_and_the_way_out(
    mutate: Callable[[Notebook], None], problems: list[str]
):
    """It finds each thing that no commit may have, and nothing else."""
    notebook = clean()
    mutate(notebook)
    found = said(notebook)
    assert len(found) == len(problems)
    for line, problem in zip(found, problems, strict=True):
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
    """It refuses what papermill could not replace, or would have to guess the type of."""
    notebook = clean()
    notebook["cells"][1]["source"] = ['period: str = "2025-12"\n', line]
    (found,) = said(notebook)
    assert found.startswith(
        "n.ipynb, cell 2: not a literal assigned to one name with its type (found "
    )


def test_parameters_that_are_not_python_are_shown():
    """It names the line that cannot be read."""
    notebook = clean()
    notebook["cells"][1]["source"] = ["a: int = 1\n", "b: int = = 2\n"]
    (found,) = said(notebook)
    assert '(found "b: int = = 2")' in found


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
    """It is found in code and in prose, in its quotes or brackets."""
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
def test_other_texts_with_slashes_are_no_absolute_paths(source):
    """It lets relative paths, addresses of the web and plain prose be."""
    notebook = clean()
    notebook["cells"][0]["source"] = source
    assert said(notebook) == []


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"\xff", b"{}", b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}'],
)
def test_a_file_that_is_no_notebook_is_one_problem(raw):
    """It says so, and how to mend it."""
    (problem,) = problems_of(raw, "n.ipynb")
    assert str(problem).startswith("n.ipynb: not a notebook (")
    assert str(problem).endswith("Restore the file, or save it again from JupyterLab.")


def test_as_a_command_it_prints_a_line_a_problem_and_ends_with_1(tmp_path, capsys):
    """It ends with 0, and prints nothing, where nothing is wrong."""
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
    """Git hooks call the file itself."""
    files = map(str, sorted(NOTEBOOKS.glob("*.ipynb")))
    subprocess.run([sys.executable, notebook_hygiene.__file__, *files], check=True, timeout=60)
