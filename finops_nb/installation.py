"""Installation: files that Python would import in place of an installed package.

A folder of `PYTHONPATH`, or the one where a command was started, comes before the installed
packages. A `pandas.py` there would compute the figures, or end the command with a traceback. This
module imports as little as possible, because it runs before everything that it protects.
"""

# pathlib, and what it imports, could come from the very folders that are searched.
# ruff: noqa: PTH112, PTH118, PTH120, PTH208

from __future__ import annotations

import os
import sys

# The import names of what is required, and of what that brings along.
PACKAGES = frozenset(
    (
        *("IPython", "PIL", "attr", "click", "css_inline", "dateutil", "duckdb", "fastjsonschema"),
        *("ipykernel", "jinja2", "jsonschema", "jupyter_client", "jupyter_core", "markupsafe"),
        *("matplotlib", "mistune", "nbclient", "nbconvert", "nbformat", "networkx", "numpy"),
        *("packaging", "pandas", "papermill", "psutil", "pydantic", "pydantic_core", "pygments"),
        *("pypdf", "rich", "tornado", "traitlets", "weasyprint", "xlsxwriter", "yaml", "zmq"),
    )
)

# Of packages whose metadata has another name.
DISTRIBUTIONS = {"PIL": "pillow", "attr": "attrs", "dateutil": "python_dateutil", "yaml": "pyyaml"}

CODE = (".py", ".pyc", ".so")


HARMLESS = frozenset(("test", "this", "antigravity", "idlelib", "turtle"))
"""Modules of Python that nothing here imports, and that projects have under the same name."""


def shadows(folders: list[str]) -> list[tuple[str, str]]:
    """Modules in folders that come before the installed packages.

    Args:
        folders: from `early_folders`.

    Returns:
        The name of an installed module, and the path of the file or folder in its place. A folder
        that holds a package with its metadata, as `pip install --target` leaves it, is no shadow.
    """
    found = []
    guarded = sys.stdlib_module_names - HARMLESS
    for folder in folders:
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue
        installed = {name.split("-")[0].lower() for name in names if name.endswith("-info")}
        for name in names:
            module = name.split(".")[0]
            path = os.path.join(folder, name)
            distribution = DISTRIBUTIONS.get(module, module).lower()
            is_package = module in PACKAGES and distribution not in installed
            if (is_package or module in guarded) and _is_code(path):
                found.append((module, path))
    return found


def early_folders() -> list[str]:
    """The folders that Python searches before the installed packages, without its own."""
    folders = [] if sys.flags.safe_path else sys.path[:1]
    if not sys.flags.ignore_environment:
        folders += os.environ.get("PYTHONPATH", "").split(os.pathsep)
    own = os.path.dirname(os.__file__)
    searched = {os.path.realpath(path) for path in sys.path}
    found = dict.fromkeys(os.path.realpath(folder) for folder in folders if folder)
    return [path for path in found if path in searched and path != os.path.realpath(own)]


def refuse_shadows() -> None:
    """End the process with a sentence if a file stands in the place of an installed module."""
    found = shadows(early_folders())
    for module, path in found:
        print(
            f"{path}: in the place of the installed {module}, so figures could be wrong. "
            "Rename it, or take its folder off PYTHONPATH.",
            file=sys.stderr,
        )
    if found:
        sys.exit(1)


def _is_code(path: str) -> bool:
    """Whether Python would import this path as a module."""
    if os.path.isdir(path):
        return any(name.startswith("__init__.") for name in os.listdir(path))
    return path.endswith(CODE)
