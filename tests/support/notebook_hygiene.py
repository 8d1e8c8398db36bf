"""Notebook hygiene: what a notebook that is committed may hold, so that it can be read, compared and merged as source.

`python tests/support/notebook_hygiene.py FILE...` prints a line for each problem, and ends with 1 where there is one.
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

FORMAT: Final = (4, 5)
"""The first in which cells have ids."""

KERNEL: Final = "python3"
DESCRIBED: Final = {"finops_nb", "kernelspec", "language_info"}
"""All that a notebook says about itself."""

OF_A_RUN: Final = {"collapsed", "execution", "ExecuteTime", "papermill", "scrolled"}
"""Metadata of a cell that tell of a run or of a screen."""

DELETE: Final = "Delete it in JupyterLab's property inspector, under Advanced Tools"
TAG: Final = "parameters"
SLUG: Final = re.compile(r"[a-z]+(-[a-z]+)*")
ABSOLUTE: Final = re.compile(
    r"(?<![\w.~-])(?<!:/)"  # neither within a longer path nor the host of a web address
    r"(/(home|Users|tmp|root|private|var|mnt|media|opt|srv|data|Volumes)/|[A-Z]:[\\/]+(?=\w\w))"
    r"[^\s\"'`)\]]*"
)


def problems_of(raw: bytes, shown: str) -> list[Problem]:
    """All that is wrong with a notebook.

    Args:
        raw: what the file holds.
        shown: what messages call it.
    """
    try:
        notebook = json.loads(raw)
        found = [*_of_the_whole(notebook, shown), *_of_the_cells(notebook["cells"], shown)]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        return [
            Problem(
                f"not a notebook ({type(error).__name__}: {error})",
                "Restore the file, or save it again from JupyterLab",
                shown,
            )
        ]
    return found


def _of_the_whole(notebook: dict[str, Any], shown: str) -> Iterator[Problem]:
    version, described = (notebook["nbformat"], notebook["nbformat_minor"]), notebook["metadata"]
    if version != FORMAT:
        fix = "Open it in JupyterLab and save it"
        yield Problem(
            "not of notebook format 4.5, in which cells have ids",
            fix,
            shown,
            value="{}.{}".format(*version),
        )
    kernel = described.get("kernelspec", {}).get("name", "")
    if kernel != KERNEL:
        fix = "Choose the kernel Python 3 (ipykernel) in JupyterLab and save it"
        yield Problem(
            f"a kernelspec other than {KERNEL}", fix, shown, column="metadata", value=kernel
        )
    for key in sorted(described.keys() - DESCRIBED):
        yield Problem(
            "more than kernel, language and the version",
            DELETE,
            shown,
            column="metadata",
            value=key,
        )
    for path in _absolute(described):
        yield Problem(
            "an absolute path",
            "Write it relative to the home, or delete it",
            shown,
            column="metadata",
            value=path,
        )


def _of_the_cells(cells: list[dict[str, Any]], shown: str) -> Iterator[Problem]:
    ids = Counter(cell.get("id") for cell in cells)
    for number, cell in enumerate(cells, 1):
        here, name = f"cell {number}", cell.get("id")
        if cell.get("outputs") or cell.get("execution_count") is not None:
            fix = f"`.venv/bin/jupyter nbconvert --clear-output --inplace {shown}` clears it"
            yield Problem("an output or an execution count", fix, shown, column=here)
        for key in sorted(OF_A_RUN & cell["metadata"].keys()):
            yield Problem("metadata of a run or of a screen", DELETE, shown, column=here, value=key)
        if not SLUG.fullmatch(name or ""):
            fix = 'Open the file as text and name the cell for what it does, such as "cost-by-team"'
            yield Problem(
                "an id that is not words in small letters joined by hyphens",
                fix,
                shown,
                column=here,
                value=name,
            )
        elif ids[name] > 1:
            yield Problem(
                "an id that another cell has too",
                "Open the file as text and rename one of them",
                shown,
                column=here,
                value=name,
            )
        for path in _absolute("".join(cell["source"]), cell["metadata"]):
            yield Problem(
                "an absolute path", "Write it relative to the home", shown, column=here, value=path
            )
    tagged = [
        (number, cell)
        for number, cell in enumerate(cells, 1)
        if TAG in cell["metadata"].get("tags", ())
    ]
    if len(tagged) != 1 or tagged[0][1]["cell_type"] != "code":
        fix = 'Give that tag to the one code cell that assigns them ("Add Tag" in JupyterLab\'s property inspector)'
        found = ", ".join(f"cell {number}" for number, _ in tagged) or None
        yield Problem(
            f'{len(tagged)} cells with the tag "{TAG}" where there must be one, of code',
            fix,
            shown,
            value=found,
        )
        return
    number, cell = tagged[0]
    for text in _no_parameters("".join(cell["source"])):
        fix = 'Keep only lines like `period: str = "2025-12"` here'
        yield Problem(
            "not a literal assigned to one name with its type",
            fix,
            shown,
            column=f"cell {number}",
            value=text,
        )


def _absolute(*parts: Any) -> Iterator[str]:
    """The absolute paths in a text, or in the JSON of something else, each once."""
    texts = (
        part if isinstance(part, str) else json.dumps(part, ensure_ascii=False) for part in parts
    )
    yield from dict.fromkeys(match[0] for text in texts for match in ABSOLUTE.finditer(text))


def _no_parameters(source: str) -> Iterator[str]:
    """The first line of each statement that papermill could not replace, or whose type it would have to guess."""
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each problem of these files; 1 where there is one, else 0."""
    parser = argparse.ArgumentParser(
        description="Says what a notebook must not be committed with: one line a problem, exit 1."
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    found = [
        problem
        for file in parser.parse_args(arguments).files
        for problem in problems_of(file.read_bytes(), str(file))
    ]
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
