"""Notebooks of earlier versions, which import `finops_nb.workbench`, still run, with advice."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from support.checkout import CHECKOUT, SUPPORT
from support.homes import NAME, make_home, published
from support.made_usage import SIX, data_of, usage_of
from support.published import cells_of, text_of

from finops_nb.figures.run_rate import BacktestError
from finops_nb.home import Home
from finops_nb.notebook.old_imports import INSTEAD, imports_workbench
from finops_nb.outputs.manifest import VARIABLE, Kind, Manifest
from finops_nb.run.batch import run_batch
from finops_nb.run.run import run
from finops_nb.run.worker import Event, RunState

OLD = SUPPORT / "notebooks" / "workbench.ipynb"
CURRENT = CHECKOUT / "notebooks" / "organizational_alignment.ipynb"

NEWER = (
    "cost_bridge",
    "concentration",
    "cost_by_model",
    "forecast_summary",
    "next_month",
    "sources",
)
NEWER += ("months_ahead", "full_year", "anomalies", "change_by_name", "variance_from_budget")
NEWER += ("unit_costs",)
"""Tables and prose that the old notebook does not show."""


def home_with(root: Path, notebook: Path) -> Home:
    """A home with the sample's December and a notebook of its own."""
    for folder in ("params", "notebooks"):
        (root / folder).mkdir(parents=True)
    shutil.copy(CHECKOUT / "params" / f"{NAME}.yaml", root / "params")
    shutil.copy(notebook, root / "notebooks" / CURRENT.name)
    return Home(root.resolve())


@pytest.mark.slow
def test_an_old_notebook_makes_the_same_tables(tmp_path):
    """Its tables and its ledger are those of the current one, and the run says what to import."""
    old, current = home_with(tmp_path / "old", OLD), home_with(tmp_path / "current", CURRENT)
    notices: list[str] = []
    run(NAME, old, notice=notices.append)
    assert notices == [INSTEAD]
    notices.clear()
    run(NAME, current, notice=notices.append)
    assert notices == []
    by_old, by_current = published(old), published(current)
    assert by_old["chargeback.csv"] == by_current["chargeback.csv"]
    old_results, results = (json.loads(each["results.json"]) for each in (by_old, by_current))
    assert results["tables"]["cost_bridge"] == []
    for newer in NEWER:
        results["tables"].pop(newer, None)
    assert old_results["tables"] == results["tables"]


def test_old_arguments_keep_their_names(monkeypatch):
    """An edition is a manifest now, and misses are the errors of a backtest."""
    monkeypatch.setenv(VARIABLE, "")
    workbench = importlib.import_module("finops_nb.workbench")
    data = data_of(usage_of(SIX, complete=False))
    old = {"usage": data.usage, "params": data.params}
    heading = workbench.narrative.heading(**old, edition=Manifest(Kind.ANALYSIS))
    assert "NOT FOR BOOKING" in text_of(heading)
    errors = (BacktestError("2025-11", Decimal(97), Decimal(100), Decimal("-0.03")),)
    table = workbench.budget_tables.run_rate_misses(**old, misses=errors)
    assert cells_of(table)["November 2025"]["Error"] == "-3.0%"


@pytest.mark.slow
def test_a_batch_gives_the_advice_once(tmp_path):
    """Two months run with the same old notebook."""
    months = ("2025-11", NAME)
    for month in months:
        home = make_home(tmp_path, ["from finops_nb import workbench"], name=month, period=month)
    events: list[Event] = []
    run_batch(months, home, jobs=2, forked=False, force=False, reason="", tell=events.append)
    notices = [event.text for event in events if event.state is RunState.NOTICE]
    assert notices == [INSTEAD]


@pytest.mark.slow
@pytest.mark.parametrize("is_run", [False, True], ids=["draft", "run"])
def test_a_draft_prints_the_advice_on_import(tmp_path, is_run):
    """In JupyterLab the import says it on stderr; in a run it does not, since the runner does."""
    environment = {name: text for name, text in os.environ.items() if name != VARIABLE}
    if is_run:
        environment[VARIABLE] = str(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", "from finops_nb.workbench import *"],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        check=True,
    )
    assert done.stdout == ""
    assert done.stderr == ("" if is_run else f"{INSTEAD}\n")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("from finops_nb.workbench import *", True),
        ("from finops_nb.workbench import tables, charts", True),
        ("import finops_nb.workbench as nb", True),
        ("from finops_nb import workbench", True),
        ("x = 1\nfrom finops_nb.workbench import *", True),
        ("from finops_nb.api import *", False),
        ("# Before, finops_nb.workbench was imported here.", False),
        ("from finops_nb.workbench_of_mine import *", False),
    ],
)
def test_the_import_is_recognized(line, expected):
    """Each way to import the module counts, and its name in other text does not."""
    assert imports_workbench(json.dumps({"source": [f"{line}\n"]}).encode()) is expected
