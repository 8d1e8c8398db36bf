"""Architecture: imports go down the floors, numbers touch no world, each thing has one place."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import networkx as nx
import pytest

import finops_nb

PACKAGE = Path(finops_nb.__file__).parent
SOURCES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
"""The file of each module by its name within the package; the package itself is "__init__"."""
TEXTS = {name: path.read_text(encoding="utf-8") for name, path in SOURCES.items()}
TREES = {name: ast.parse(text) for name, text in TEXTS.items()}
ROOMS = {path.parent.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("__init__.py")}

FLOORS = (
    {"ground"},
    {"params"},
    {"outputs", "usage/sources"},
    {"usage"},
    {"figures"},
    {"findings"},
    {"report"},
    {"notebook", "scenarios", "read_back"},
    {"run"},
    {"api", "mail"},
    {"workbench"},
    {"commands"},
    {"cli"},
    {"__main__"},
)
"""Lowest first. A room imports from lower floors; rooms on one floor do not know each other.

A module belongs to the folder it lies in, so a new module needs no line here. Beside the folders
stand the ground, which is flat, and the doors.
"""
DOORS = {"api", "workbench", "cli", "__main__"}
PURE = (
    *("__future__", "collections", "dataclasses", "datetime", "decimal", "enum"),
    *("fractions", "functools", "heapq", "itertools", "operator", "typing", "unicodedata"),
    *("csv", "io", "networkx", "pandas", "finops_nb"),
)
HEAVY = (
    *("papermill", "nbconvert", "nbclient", "matplotlib"),
    *("weasyprint", "xlsxwriter", "css_inline", "smtplib"),
)
LONGEST_MODULE = 400
LONGEST_FUNCTION = 40
BAGS = {"utils", "util", "common", "helpers", "helper", "misc", "core", "base"}


def room_of(name: str) -> str:
    """The folder of a module, `ground` for the flat ones, its own name for a door."""
    if name in DOORS:
        return name
    folder = SOURCES[name].parent.relative_to(PACKAGE).as_posix()
    return "ground" if folder == "." else folder


def floor_of(name: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room_of(name) in rooms)


def imports(tree: ast.AST) -> Iterator[str]:
    """The full name of every module that is imported, at the top or inside a function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports say the whole name"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                known = whole.removeprefix("finops_nb.") in SOURCES
                yield whole if known else str(node.module)


def imported(name: str) -> set[str]:
    """The modules of the package that a module imports."""
    own = {each for each in imports(TREES[name]) if each.split(".")[0] == "finops_nb"}
    return {each.removeprefix("finops_nb").removeprefix(".") or "__init__" for each in own}


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    yield from (node for node in ast.walk(tree) if isinstance(node, kinds))


@cache
def calls_of(function: str) -> set[str]:
    """The modules that call a built-in function."""
    return {
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == function
    }


def places(pattern: str) -> set[str]:
    return {name for name, text in TEXTS.items() if re.search(pattern, text)}


def test_every_folder_has_a_floor():
    """The floors name the rooms, and no others."""
    assert set().union(*FLOORS) == (ROOMS - {"."}) | DOORS | {"ground"}


@pytest.mark.parametrize("name", SOURCES)
def test_imports_go_down_only(name):
    """A module imports from its own room and from lower floors."""
    others = {each for each in imported(name) if room_of(each) != room_of(name)}

    assert not sorted(each for each in others if floor_of(each) >= floor_of(name))


def test_no_circle():
    """Within a room, too, no module needs another that needs it."""
    arrows = nx.DiGraph((name, each) for name in SOURCES for each in imported(name))
    circles = [sorted(each) for each in nx.strongly_connected_components(arrows) if len(each) > 1]

    assert not circles
    assert not list(nx.selfloop_edges(arrows))


@pytest.mark.parametrize("name", [name for name in SOURCES if room_of(name) == "figures"])
def test_figures_are_pure(name):
    """They take values and return values: no files, no clock, no environment, no engine."""
    assert not [each for each in imports(TREES[name]) if each.split(".")[0] not in PURE]
    assert name not in calls_of("open") | calls_of("print")
    assert not re.search(r"\.(now|today)\(", TEXTS[name])


@pytest.mark.parametrize("name", SOURCES)
def test_a_module_is_one_subject_of_a_length_to_read(name):
    """No bag of things, nothing longer than 400 lines, no function longer than 40."""
    assert not BAGS & set(name.split("."))
    assert len(TEXTS[name].splitlines()) <= LONGEST_MODULE
    long = {
        node.name: length
        for node in functions(TREES[name])
        if (length := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    }
    assert not long


@pytest.mark.parametrize("name", SOURCES)
def test_a_module_says_what_it_is_for(name):
    """The first line of each is its purpose, or begins to say it."""
    assert len((ast.get_docstring(TREES[name]) or "").split("\n")[0]) > 20


@pytest.mark.parametrize("room", sorted(ROOMS - {"."}))
def test_a_room_says_what_it_is_for_and_what_it_must_not_do(room):
    """Its `__init__` is that docstring and nothing else: it imports nothing."""
    tree = TREES[room.replace("/", ".")]

    assert len(tree.body) == 1
    assert re.search(r"\b(No|Nothing|nobody|not|no)\b", ast.get_docstring(tree) or "")


def test_figures_are_printed_in_one_place():
    """`:,.2f` and its kin stand in `report.format` alone."""
    assert places(r"[:%][-+,_ 0-9]*\.(\d+|\{\w+\})[efg%]") == {"report.format"}


def test_floats_are_for_axes():
    """Money is Decimal; only a chart's axis takes a float."""
    assert calls_of("float") == {"report.bars"}
    assert not places(r"\.mean\(|astype\(\"?float|pd\.to_numeric")


def test_rounding_is_done_in_one_place():
    """`money.rounded` rounds half away from zero, as usage's 13th decimal is; `round` would not."""
    assert calls_of("round") == set()
    assert places("ROUND_HALF_UP") == places("ROUND_HALF") == {"money", "usage.sources.values"}


def test_nothing_draws_on_pyplot():
    """Figures are built without global state."""
    assert not places("pyplot")


@pytest.mark.parametrize("module", ["params.model", "usage.reader", "commands.check", "cli"])
def test_it_starts_without_what_it_does_not_need(module):
    """Reading params and usage, checking and showing help execute nothing and draw nothing."""
    names = "{" + ", ".join(map(repr, HEAVY)) + "}"
    program = f"import sys, finops_nb.{module}; print(*sorted({names} & sys.modules.keys()))"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True
    )

    assert result.stdout.strip() == ""


def test_the_test_above_can_fail():
    """What executes notebooks does import what is heavy."""
    heavy = ("notebook.execute", "report.html_export", "report.theme", "notebook.kernel")

    assert set(HEAVY) & {each.split(".")[0] for name in heavy for each in imports(TREES[name])}
