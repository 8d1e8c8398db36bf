"""Notebook hygiene: what a committed notebook may contain, so that people can review and merge it.

`python tests/support/notebook_hygiene.py FILE...` prints a line for each problem. Its exit code is
1 if there is one, else 0.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from finops_nb.errors import Problem

Cell = dict[str, Any]

FORMAT: Final = (4, 5)
"""The first format in which cells have ids."""

KERNEL: Final = "python3"
DESCRIBED: Final = {"finops_nb", "kernelspec", "language_info"}
"""The only metadata that a notebook may have about itself."""

OF_A_RUN: Final = {"collapsed", "execution", "ExecuteTime", "papermill", "scrolled"}
"""Metadata of a cell that describes one run or one screen."""

CODE_LINES: Final = 3
"""Lines that a code cell may have; the `parameters` cell may have any number."""

LINE_LENGTH: Final = 100
DELETE: Final = "Delete it in JupyterLab's property inspector, under Advanced Tools"
ADD_TAG: Final = (
    "Give that tag only to the code cell that assigns the parameters"
    ' ("Add Tag" in JupyterLab\'s property inspector)'
)
TAG: Final = "parameters"
SLUG: Final = re.compile(r"[a-z]+(-[a-z]+)*")
ABSOLUTE: Final = re.compile(
    r"(?<![\w.~-])(?<!:/)"  # neither within a longer path nor the host of a web address
    r"(/(home|Users|tmp|root|private|var|mnt|media|opt|srv|data|Volumes)/|[A-Z]:[\\/]+(?=\w\w))"
    r"[^\s\"'`)\]]*"
)


def problems_of(raw: bytes, shown: str) -> list[Problem]:
    """All problems of a notebook.

    Args:
        raw: content of the file.
        shown: name of the file in messages.
    """
    try:
        notebook = json.loads(raw)
        cells = notebook["cells"]
        problems = [
            *_notebook_problems(notebook),
            *(problem for number, cell in enumerate(cells, 1) for problem in _cell(number, cell)),
            *_id_problems(cells),
            *_parameters(cells),
        ]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        rule = f"not a notebook ({type(error).__name__}: {error})"
        return [Problem(rule, "Restore the file, or save it again from JupyterLab", shown)]
    return [problem.in_file(shown) for problem in problems]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each problem of these files; 1 if there is one, else 0."""
    parser = argparse.ArgumentParser(
        description="Print the problems of notebooks, one a line; exit 1 if there is one."
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    problems = [
        problem
        for file in parser.parse_args(arguments).files
        for problem in problems_of(file.read_bytes(), str(file))
    ]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


def _notebook_problems(notebook: dict[str, Any]) -> Iterator[Problem]:
    version, metadata = (notebook["nbformat"], notebook["nbformat_minor"]), notebook["metadata"]
    if version != FORMAT:
        rule, fix = "not notebook format 4.5", "Open it in JupyterLab and save it"
        yield Problem(rule, fix, value="{}.{}".format(*version))
    kernel = metadata.get("kernelspec", {}).get("name", "")
    if kernel != KERNEL:
        rule = f"a kernel other than {KERNEL}"
        fix = "Choose the kernel Python 3 (ipykernel) in JupyterLab and save it"
        yield Problem(rule, fix, column="metadata", value=kernel)
    for key in sorted(metadata.keys() - DESCRIBED):
        rule = "metadata other than kernel, language and version"
        yield Problem(rule, DELETE, column="metadata", value=key)
    for path in _absolute(metadata):
        fix = "Write it relative to the home, or delete it"
        yield Problem("an absolute path", fix, column="metadata", value=path)


def _cell(number: int, cell: Cell) -> Iterator[Problem]:
    here = f"cell {number}"
    source = "".join(cell["source"])
    if cell.get("outputs") or cell.get("execution_count") is not None:
        fix = "Run `.venv/bin/jupyter nbconvert --clear-output --inplace` on the file"
        yield Problem("an output or an execution count", fix, column=here)
    for key in sorted(OF_A_RUN & cell["metadata"].keys()):
        yield Problem("metadata of a run or of a screen", DELETE, column=here, value=key)
    for path in _absolute(source, cell["metadata"]):
        fix = "Write it relative to the home"
        yield Problem("an absolute path", fix, column=here, value=path)
    lines = source.splitlines()
    is_code = cell["cell_type"] == "code" and TAG not in cell["metadata"].get("tags", ())
    if is_code and len(lines) > CODE_LINES:
        fix = "Split it, or move the code into the package"
        rule = f"a code cell of {len(lines)} lines; {CODE_LINES} are allowed"
        yield Problem(rule, fix, column=here)
    for line in lines:
        if len(line) > LINE_LENGTH:
            rule = f"a line of {len(line)} characters; {LINE_LENGTH} are allowed"
            yield Problem(rule, "Break the line", column=here, value=line)


def _id_problems(cells: list[Cell]) -> Iterator[Problem]:
    counts = Counter(cell.get("id") for cell in cells)
    for number, cell in enumerate(cells, 1):
        here, name = f"cell {number}", cell.get("id")
        if not SLUG.fullmatch(name or ""):
            rule = "an id that is not lowercase words joined by hyphens"
            fix = 'Open the file as text and write what the cell does, such as "cost-by-team"'
            yield Problem(rule, fix, column=here, value=name)
        elif counts[name] > 1:
            fix = "Open the file as text and rename one of them"
            yield Problem("an id that another cell also has", fix, column=here, value=name)


def _parameters(cells: list[Cell]) -> Iterator[Problem]:
    tagged = [
        (number, cell)
        for number, cell in enumerate(cells, 1)
        if TAG in cell["metadata"].get("tags", ())
    ]
    if len(tagged) != 1 or tagged[0][1]["cell_type"] != "code":
        rule = f'{len(tagged)} cells with the tag "{TAG}" instead of one code cell'
        places = ", ".join(f"cell {number}" for number, _ in tagged) or None
        yield Problem(rule, ADD_TAG, value=places)
        return
    number, cell = tagged[0]
    for text in _not_parameters("".join(cell["source"])):
        rule = "not a literal assigned to one name with its type"
        fix = 'Write lines like `period: str = "2025-12"`'
        yield Problem(rule, fix, column=f"cell {number}", value=text)


def _absolute(*parts: Any) -> Iterator[str]:
    """The absolute paths in texts or in other JSON values, each once."""
    texts = (
        part if isinstance(part, str) else json.dumps(part, ensure_ascii=False) for part in parts
    )
    yield from dict.fromkeys(match[0] for text in texts for match in ABSOLUTE.finditer(text))


def _not_parameters(source: str) -> Iterator[str]:
    """The first line of each statement that is not a typed parameter.

    papermill could not replace it, or would have to guess its type.
    """
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        yield (error.text or source).strip()
        return
    for statement in statements:
        match statement:
            case ast.AnnAssign(target=ast.Name(), value=ast.expr() as value) if _is_literal(value):
                continue
        yield ast.unparse(statement).splitlines()[0]


def _is_literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError):
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
