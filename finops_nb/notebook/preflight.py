"""Preflight: reads the notebook and checks it before it runs, so that no parameter gets lost.

papermill only warns of an unknown parameter, and writes its name into the cell without a check.
Its values have no effect if the notebook has no `parameters` cell, or assigns them again below it.
"""

from __future__ import annotations

import ast
import re
import symtable
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

import nbformat
from nbformat import NotebookNode

from finops_nb.errors import Problem, Refusal, did_you_mean
from finops_nb.words import shortened

TAG: Final = "parameters"
INJECTED: Final = "injected-parameters"
NAME: Final = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)
MUTATORS: Final = (
    "append",
    "clear",
    "extend",
    "insert",
    "pop",
    "popitem",
    "remove",
    "setdefault",
    "update",
)
"""Methods that change a list or a dictionary in place."""


def read_notebook(raw: bytes, shown: str) -> NotebookNode:
    """A notebook from a file's bytes, upgraded to format 4.5.

    Args:
        raw: content of the file.
        shown: name of the file in messages.

    Raises:
        Refusal: it is not a notebook of format 4, or not one for Python.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            read = nbformat.reads(raw.decode("utf-8"), as_version=4)
            notebook: NotebookNode = nbformat.v4.upgrade(read)
            nbformat.validate(notebook)
        except (ValueError, KeyError, AttributeError, nbformat.ValidationError) as error:
            reason = str(error).strip().splitlines()[0][:120]
            fix = "Restore the file, or save it again from JupyterLab"
            raise Refusal(Problem(f"not a notebook: {reason}", fix, shown)) from error
    language = _language(notebook)
    if language != "python":
        fix = "Choose a Python kernel in JupyterLab and save it"
        raise Refusal(Problem("not a Python notebook", fix, shown, value=language))
    return notebook


def check_notebook(notebook: NotebookNode, parameters: Iterable[str], shown: str) -> None:
    """Check that every parameter reaches the notebook's code.

    One `parameters` cell of literals must declare it, and no cell below may assign it again.

    Args:
        notebook: from `read_notebook`.
        parameters: names of the parameters that will be passed.
        shown: name of the notebook in messages.

    Raises:
        Refusal: all problems, each with its cell.

    Example:
        This `parameters` cell takes the two parameters that a params file may set:

        period: str = "2025-12"  # a month
        organization_budgets: dict = {}
    """
    problems = list(_syntax(notebook)) or list(_parameters(notebook, list(parameters)))
    if problems:
        raise Refusal(problem.in_file(shown) for problem in problems)


def code_cells(notebook: NotebookNode) -> list[tuple[int, NotebookNode]]:
    """Position and cell of each code cell that is not empty."""
    return [
        (index, cell)
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and cell.source.strip()
    ]


def declared_parameters(notebook: NotebookNode) -> set[str]:
    """The names that the first `parameters` cell assigns."""
    for _, cell in code_cells(notebook):
        if TAG in _tags(cell):
            with suppress(SyntaxError):  # `check_notebook` says where
                return {*filter(None, map(_literal_assignment, ast.parse(cell.source).body))}
    return set()


def cell_name(notebook: NotebookNode, index: int) -> str:
    """The name of a cell in messages: its number among the analyst's code cells, and first line.

    >>> cell_name(notebook, 4)
    'cell 3 (`params = read_parameters(globals())`)'
    """
    cell = notebook.cells[index]
    if INJECTED in _tags(cell):
        return "the injected parameters"
    number = sum(
        INJECTED not in _tags(other)
        for position, other in code_cells(notebook)
        if position <= index
    )
    first = next((line.strip() for line in cell.source.splitlines() if line.strip()), "")
    return f"cell {number} (`{shortened(first, 60)}`)"


def _language(notebook: NotebookNode) -> str:
    metadata = notebook.metadata
    of_kernel: str | None = metadata.get("kernelspec", {}).get("language")
    of_notebook: str | None = metadata.get("language_info", {}).get("name")
    return of_kernel or of_notebook or "python"


def _tags(cell: NotebookNode) -> list[str]:
    tags: list[str] = cell.metadata.get("tags", [])
    return tags


def _syntax(notebook: NotebookNode) -> Iterator[Problem]:
    for index, cell in code_cells(notebook):
        try:
            symtable.symtable(cell.source, "cell", "exec")
        except (SyntaxError, ValueError) as error:
            line = str(getattr(error, "text", None) or "").strip() or None
            yield Problem(
                f"not plain Python: {getattr(error, 'msg', error)}",
                "Fix the line; remove it if it starts with ! or %, because its failures are hidden",
                column=cell_name(notebook, index),
                value=line,
            )


def _parameters(notebook: NotebookNode, passed: list[str]) -> Iterator[Problem]:
    tagged = [(index, cell) for index, cell in enumerate(notebook.cells) if TAG in _tags(cell)]
    if len(tagged) != 1 or tagged[0][1].cell_type != "code":
        rule = f'{len(tagged)} cells have the tag "{TAG}"'
        if len(tagged) < 2:
            rule = f'no code cell has the tag "{TAG}"'
        fix = (
            "Give that tag only to the code cell that assigns the parameters"
            ' ("Add Tag" in JupyterLab\'s property inspector)'
        )
        yield Problem(rule, fix)
        return
    index, cell = tagged[0]
    here = cell_name(notebook, index)
    statements = ast.parse(cell.source).body
    declared = [name for name in map(_literal_assignment, statements) if name]
    yield from _not_declarations(statements, here)
    for parameter in passed:
        if parameter not in declared:
            rule = "a parameter that the notebook does not declare"
            fix = did_you_mean(parameter, declared)
            yield Problem(rule, fix, column=here, value=parameter)
    yield from _assigned_again(notebook, index, {*declared, *passed})


def _not_declarations(statements: list[ast.stmt], cell: str) -> Iterator[Problem]:
    """The lines of the `parameters` cell that do not declare one new parameter."""
    declared: set[str] = set()
    for statement in statements:
        name = _literal_assignment(statement)
        if name is None:
            rule, fix = (
                "not a literal assigned to one name",
                'Write lines like `period = "2025-12"`',
            )
            text = ast.unparse(statement).splitlines()[0]
            yield Problem(rule, fix, column=cell, value=text)
            continue
        if not NAME.fullmatch(name):
            rule, fix = "a parameter name with characters other than a-z, 0-9 and _", "Rename it"
            yield Problem(rule, fix, column=cell, value=name)
        elif name in declared:
            rule, fix = "a parameter assigned twice", "Remove one of the two lines"
            yield Problem(rule, fix, column=cell, value=name)
        declared.add(name)


def _assigned_again(notebook: NotebookNode, index: int, names: set[str]) -> Iterator[Problem]:
    """The parameters that a cell after position `index` assigns or changes in place."""
    for later, cell in code_cells(notebook):
        if later <= index:
            continue
        for name in sorted(_assigned(cell.source) & names):
            yield Problem(
                "a parameter is assigned again",
                "Give the new value another name; otherwise the report would ignore its params",
                column=cell_name(notebook, later),
                value=name,
            )


def _literal_assignment(statement: ast.stmt) -> str | None:
    """The one name to which a statement assigns a literal, or None."""
    match statement:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=value)
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
        ):
            try:
                ast.literal_eval(value)
            except (ValueError, TypeError):
                return None
            return name
    return None


def _assigned(source: str) -> set[str]:
    """The notebook's names that a cell assigns, or whose value it changes in place."""
    return _bound_names(source) | _mutated_names(source)


def _bound_names(source: str) -> set[str]:
    names: set[str] = set()
    tables = [symtable.symtable(source, "cell", "exec")]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            is_bound = symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
            # Within a function or class, only a name declared global is the notebook's.
            is_notebooks = table.get_type() == "module" or symbol.is_declared_global()
            if is_bound and is_notebooks:
                names.add(symbol.get_name())
    return names


def _mutated_names(source: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                names.add(name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)):
                if method in MUTATORS:
                    names.add(name)
    return names
