"""Lab: JupyterLab on a home, so that links between notebooks, params and outputs work."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from finops_nb.atomic_files import write_file
from finops_nb.errors import Problem, Refusal
from finops_nb.home import Home, packaged_notebooks

NEEDED: Final = ("jupyterlab", "anywidget", "ipywidgets")
"""What the extra `[lab]` brings, by import name."""

NOTEBOOKS: Final = ("*.ipynb", "README.md")
"""The packaged files that a home may have copies of."""


def lab_command(home: Home, options: Sequence[str]) -> list[str]:
    """The command line that starts JupyterLab with the home as its root.

    Args:
        home: the home.
        options: further arguments for JupyterLab.

    Raises:
        Refusal: JupyterLab or its widgets are not installed, or the home has no notebooks.

    Example:
        `lab_command(home, ["--no-browser"])` ends with "--ServerApp.root_dir=/srv/finops" and
        "--no-browser".
    """
    if not all(map(find_spec, NEEDED)):
        rule = "JupyterLab or its widgets are not installed here"
        raise Refusal(Problem(rule, 'Install them with `pip install "finops-nb[lab]"`'))
    if not [*(home.root / "notebooks").glob("*.ipynb")]:
        rule = "this home has no notebooks of its own, so there is nothing to open"
        fix = "Copy the packaged ones with `finops-nb lab --copy-notebooks`"
        raise Refusal(Problem(rule, fix, file="notebooks/"))
    # -P: a file in the current folder must not replace a module.
    start = [sys.executable, "-P", "-m", "jupyterlab"]
    return [*start, f"--ServerApp.root_dir={home.root}", *options]


def copy_notebooks(home: Home) -> Iterator[str]:
    """Copy the packaged notebooks that the home has no copy of, and yield each one's path.

    From then on, the home's own copy is the notebook that runs.

    Raises:
        Refusal: a file can't be written.
    """
    folder = home.root / "notebooks"
    for source in sorted(path for form in NOTEBOOKS for path in packaged_notebooks().glob(form)):
        target = folder / source.name
        if not target.exists():
            _copy(source, target, home)
            yield home.shown(target)


def _copy(source: Path, target: Path, home: Home) -> None:
    try:
        target.parent.mkdir(exist_ok=True)
        write_file(target, source.read_bytes())
    except OSError as error:
        rule = f"cannot be written: {error.strerror}"
        raise Refusal(Problem(rule, "Fix this, then try again", home.shown(target))) from error
