"""The notebook as an analyst wrote it: read, and checked before it is run, so that no parameter is lost on the way.

papermill only warns of an unknown parameter, pastes its name into the cell as it stands, and puts its values in vain
where the notebook has no `parameters` cell or assigns them again further down.
"""

from __future__ import annotations

import ast
import re
import symtable
import warnings
from collections.abc import Iterable, Iterator
from typing import Final

import nbformat
from nbformat import NotebookNode

from finops_nb.errors import Problem, Refusal, did_you_mean

TAG: Final = "parameters"
INJECTED: Final = "injected-parameters"
NAME: Final = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)
CHANGERS: Final = (
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


def read_notebook(raw: bytes, shown: str) -> NotebookNode:
    """A notebook from a file's bytes.

    Args:
        raw: what the file holds.
        shown: what messages call it.

    Raises:
        Refusal: it is no notebook of format 4, or not one for Python.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            notebook: NotebookNode = nbformat.v4.upgrade(
                nbformat.reads(raw.decode("utf-8"), as_version=4)
            )
            nbformat.validate(notebook)
        except (ValueError, KeyError, AttributeError, nbformat.ValidationError) as error:
            reason = str(error).strip().splitlines()[0][:120]
            raise Refusal(
                Problem(
                    f"not a notebook: {reason}",
                    "Restore the file, or save it again from JupyterLab",
                    shown,
                )
            ) from error
    described = notebook.metadata
    language = (
        described.get("kernelspec", {}).get("language")
        or described.get("language_info", {}).get("name")
        or "python"
    )
    if language != "python":
        raise Refusal(
            Problem(
                "not a Python notebook",
                "Choose a Python kernel in JupyterLab and save it",
                shown,
                value=language,
            )
        )
    return notebook


def check_notebook(notebook: NotebookNode, parameters: Iterable[str], shown: str) -> None:
    """See that every parameter arrives: one `parameters` cell of literals declares it, and nothing assigns it again.

    Args:
        notebook: as read.
        parameters: the names that will be passed.
        shown: what messages call the notebook.

    Raises:
        Refusal: all that stands in the way, each with its cell.
    """
    problems = list(_syntax(notebook)) or list(_parameters(notebook, list(parameters)))
    if problems:
        raise Refusal(problem.in_file(shown) for problem in problems)


def code_cells(notebook: NotebookNode) -> list[tuple[int, NotebookNode]]:
    """Position and cell of each code cell that has something to run."""
    return [
        (index, cell)
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and cell.source.strip()
    ]


def cell_name(notebook: NotebookNode, index: int) -> str:
    """How messages call a cell: its number among the code cells that the analyst wrote, and its first line."""
    cell = notebook.cells[index]
    if INJECTED in _tags(cell):
        return "the injected parameters"
    number = sum(
        INJECTED not in _tags(other)
        for position, other in code_cells(notebook)
        if position <= index
    )
    first = next((line.strip() for line in cell.source.splitlines() if line.strip()), "")
    return f"cell {number} (`{first if len(first) <= 60 else first[:59] + '…'}`)"


def _tags(cell: NotebookNode) -> list[str]:
    tags: list[str] = cell.metadata.get("tags", [])
    return tags


def _syntax(notebook: NotebookNode) -> Iterator[Problem]:
    for index, cell in code_cells(notebook):
        try:
            symtable.symtable(cell.source, "cell", "exec")
        except (SyntaxError, ValueError) as error:
            line = str(getattr(error, "text", None) or "").strip() or None
            fix = "Take out lines that start with ! or %, whose failures nobody would see, and mend the rest"
            yield Problem(
                f"not plain Python: {getattr(error, 'msg', error)}",
                fix,
                column=cell_name(notebook, index),
                value=line,
            )


def _parameters(notebook: NotebookNode, passed: list[str]) -> Iterator[Problem]:
    tagged = [(index, cell) for index, cell in enumerate(notebook.cells) if TAG in _tags(cell)]
    if len(tagged) != 1 or tagged[0][1].cell_type != "code":
        fix = 'Give that tag to the one code cell that assigns them ("Add Tag" in JupyterLab\'s property inspector)'
        yield Problem(
            f'{len(tagged)} cells with the tag "{TAG}" where there must be one, of code', fix
        )
        return
    index, cell = tagged[0]
    here = cell_name(notebook, index)
    declared: list[str] = []
    for statement in ast.parse(cell.source).body:
        name = _literal_assignment(statement)
        if name is None:
            text = ast.unparse(statement).splitlines()[0]
            yield Problem(
                "not a literal assigned to one name",
                'Keep only lines like `period = "2025-12"` here',
                column=here,
                value=text,
            )
        elif not NAME.fullmatch(name):
            yield Problem(
                "a parameter's name with other than a-z, 0-9 and _",
                "Rename it",
                column=here,
                value=name,
            )
        elif name in declared:
            yield Problem(
                "a parameter assigned twice", "Keep one of the two lines", column=here, value=name
            )
        declared += [name] if name else []
    for name in passed:
        if name not in declared:
            yield Problem(
                "a parameter that the notebook does not declare",
                did_you_mean(name, declared),
                column=here,
                value=name,
            )
    for later, other in code_cells(notebook):
        if later > index:
            for name in sorted(_assigned(other.source) & {*declared, *passed}):
                fix = "Give the new value another name; else the report would not be of the params it was run with"
                yield Problem(
                    "a parameter is assigned again",
                    fix,
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
    """Names of the notebook that a cell assigns, or whose value it changes in place."""
    names: set[str] = set()
    tables = [(symtable.symtable(source, "cell", "exec"), True)]
    while tables:
        table, outermost = tables.pop()
        for symbol in table.get_symbols():
            if (symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()) and (
                outermost or symbol.is_declared_global()
            ):
                names.add(symbol.get_name())
        tables += ((child, False) for child in table.get_children())
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                names.add(name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) if (
                method in CHANGERS
            ):
                names.add(name)
    return names
