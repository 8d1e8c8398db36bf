"""Architecture: imports go down the floors, numbers touch no world, and each thing is done in one place."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import finops_nb

PACKAGE = Path(finops_nb.__file__).parent
SOURCES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path.read_text(encoding="utf-8")
    for path in sorted(PACKAGE.rglob("*.py"))
}
"""The text of each module by its name within the package; the package itself is "__init__"."""
TREES = {name: ast.parse(source) for name, source in SOURCES.items()}

FLOORS: dict[str, tuple[str, ...]] = {
    "ground": ("__init__", "errors", "money", "period", "schema", "fact", "apportionment", "futures", "beside"),
    "inputs": (
        *("home", "strict_yaml", "yaml_text", "validation", "param_types", "scenario", "budget_version", "phasing", "mail_list"),
        *("invoices", "params", "edition", "handover", "budget_line", "monthly_budgets", "strict_csv", "organization_map"),
        *("budget_file", "budgets", "published_months"),
        *(
            "usage.model",
            "usage.values",
            "usage.faults",
            "usage.dialects",
            "usage.columns",
            "usage.sources",
            "usage.tags",
            "usage.bill",
            "usage.table",
        ),
        *(
            "usage.remarks",
            "usage.facts",
            "usage.scan",
            "usage.repeats",
            "usage.audit",
            "usage.engine",
            "usage.csv_bytes",
            "usage.csv_shape",
            "usage.csv_text",
        ),
        *(
            "usage.csv_proof",
            "usage.csv_file",
            "usage.parquet",
            "usage.requests",
            "usage.mixture",
            "usage.reconciling",
            "usage.mojibake",
            "usage.gaps",
            "usage.checksums",
            "usage.reader",
            "usage",
        ),
    ),
    "numbers": (
        *(
            "projection",
            "allocation",
            "look_alikes",
            "run_rate",
            "variance",
            "trend",
            "alerts",
            "chargeback",
            "efficiency",
            "policies",
            "scenario_difference",
            "figure_difference",
            "revision",
        ),
        *(
            "insights",
            "findings",
            "main_findings",
            "immediate_actions",
            "process_improvements",
            "governance",
            "recommendations",
            "overview",
        ),
    ),
    "presentation": (
        *("format", "sentence", "theme", "sparkline", "excerpt", "cell", "table", "heat_map", "tables"),
        *("budget_tables", "data_tables", "what_if_table"),
        *("outline", "charts", "provenance", "stamps", "narrative", "opening", "suggestion"),
    ),
    "delivery": (
        *(
            "sheet",
            "spreadsheet",
            "results",
            "interruption",
            "lifeline",
            "forkserver",
            "forked_kernel",
            "kernel",
            "notebook",
            "execute",
            "export",
            "fair_copy",
            "gate",
        ),
        *(
            "publish",
            "history",
            "key",
            "lock",
            "job",
            "mail",
            "mail.settings",
            "mail.answer",
            "mail.smtp",
            "mail.journal",
            "published_reports",
            "index_page",
            "pdf",
            "lane",
            "trouble",
            "run",
            "coming_month",
            "worker",
            "batch",
            "selection",
            "display",
            "scaffold",
            "scenario_file",
            "params_text",
            "adoption",
        ),
        *("supposition", "what_if", "what_if_panel"),
        *("mail.wording", "mail.body", "mail.plain_text", "mail.pictures"),
        *("mail.letter", "mail.publication", "mail.advice", "mail.dispatch"),
        *("what_changed", "status", "doctor"),
    ),
    "door": ("what_if_widget", "workbench", "check", "command", "cli", "__main__"),
}
"""Lowest first; on one floor a module stands behind those that it may import."""

ORDER = [room for rooms in FLOORS.values() for room in rooms]
PURE = (
    *("__future__", "collections", "dataclasses", "datetime", "decimal", "enum", "operator", "typing", "unicodedata"),
    *("pandas", "finops_nb"),
)
HEAVY = ("papermill", "nbconvert", "nbclient", "matplotlib", "weasyprint", "xlsxwriter", "css_inline", "smtplib")
LONGEST = 250


def imports(tree: ast.AST) -> Iterator[str]:
    """The full name of every module that is imported, at the top or inside a function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports say the whole name"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole.removeprefix("finops_nb.") in SOURCES else str(node.module)


def rooms_of(name: str) -> set[str]:
    """The modules of the package that a module imports."""
    found = {
        each.removeprefix("finops_nb").removeprefix(".") or "__init__" for each in imports(TREES[name]) if each.split(".")[0] == "finops_nb"
    }
    return found - {name}


def test_every_module_has_a_floor():
    """A new module is given its floor here, and only here; one that is gone leaves it."""
    assert sorted(ORDER) == sorted(SOURCES)


@pytest.mark.parametrize("name", SOURCES)
def test_imports_go_down_only(name):
    """A module imports what lies below it."""
    below = ORDER[: ORDER.index(name)]

    assert not sorted(rooms_of(name) - set(below))


@pytest.mark.parametrize("name", FLOORS["numbers"])
def test_numbers_are_pure(name):
    """They take values and return values: no files, no clock, no environment, no engine."""
    assert not [each for each in imports(TREES[name]) if each.split(".")[0] not in PURE]
    assert not [node for node in ast.walk(TREES[name]) if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("open", "print")]
    assert not re.search(r"\.(now|today)\(", SOURCES[name])


@pytest.mark.parametrize("name", SOURCES)
def test_a_module_is_one_noun_of_a_length_to_read(name):
    """No bag of things, and nothing longer than 250 lines."""
    assert not {"utils", "util", "common", "helpers", "helper", "misc", "core", "base"} & set(name.split("."))
    assert len(SOURCES[name].splitlines()) <= LONGEST


@pytest.mark.parametrize("name", [name for name, source in SOURCES.items() if source])
def test_a_module_says_what_it_is_for(name):
    """The first line of each is its purpose, or begins to say it."""
    assert len((ast.get_docstring(TREES[name]) or "").split("\n")[0]) > 20


def places(pattern: str) -> set[str]:
    return {name for name, source in SOURCES.items() if re.search(pattern, source)}


def test_figures_are_printed_in_one_place():
    """`:,.2f` and its kin stand in `format` alone."""
    assert places(r"[:%][-+,_ 0-9]*\.(\d+|\{\w+\})[efg%]") == {"format"}


def test_floats_are_for_axes():
    """Money is Decimal; only a chart's axis takes a float."""
    calls = {
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "float"
    }

    assert calls == {"charts"}
    assert not places(r"\.mean\(|astype\(\"?float|pd\.to_numeric")


def test_rounding_is_done_in_one_place():
    """What is printed, by `money.rounded`, half away from zero as the usage's 13th decimal is; `round` goes to the even neighbour."""
    calls = {
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "round"
    }

    assert calls == set()
    assert places("ROUND_HALF_UP") == places("ROUND_HALF") == {"money", "usage.values"}


def test_nothing_draws_on_pyplot():
    """Figures are built without global state."""
    assert not places("pyplot")


@pytest.mark.parametrize("module", ["params", "usage", "check", "cli"])
def test_it_starts_without_what_it_does_not_need(module):
    """To read params and usage, to check and to show help, no notebook is executed and no chart drawn."""
    program = f"import sys, finops_nb.{module}; print(*sorted({HEAVY!r} & sys.modules.keys()))".replace("('", "{'").replace("')", "'}")
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)

    assert result.stdout.strip() == ""


def test_the_test_above_can_fail():
    """What executes notebooks does import what is heavy."""
    assert set(HEAVY) & {each.split(".")[0] for name in ("execute", "export", "theme", "kernel") for each in imports(TREES[name])}
