"""The what-if's panel: what its controls show, what they do, and its form to save a scenario and to report it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from finops_nb.clock import now
from finops_nb.errors import Refusal
from finops_nb.home import VARIABLE as HOME_VARIABLE
from finops_nb.params.budgets import snapshot
from finops_nb.params.scenario import FOLDER, Scenario, save_scenario
from finops_nb.params.types import NO_BUDGET
from finops_nb.params.validation import validated
from finops_nb.report.budget_tables import driven
from finops_nb.report.format import Format
from finops_nb.report.table import Row, Table
from finops_nb.scenarios.what_if import Outcome, WhatIf, same_amount
from finops_nb.schema import ALL, BUDGETED, UNALLOCATED

GROWTH: Final = {"min": -50, "max": 100, "step": 1, "unit": "%"}
PRICE: Final = {"min": -90, "max": 100, "step": 1, "unit": "%"}
FORM: Final = ("name", "author", "reason")
EDITED: Final = "The scenario's file was changed, or removed, since it was saved here. Save it under another name, or open it anew."
UNSAVED: Final = "Save the scenario first; its report is of what was saved."


class Panel:
    """Everything that a person sees and does, without the widget: texts in, texts out.

    Args:
        what_if: the state behind it.
        author: who is at work, for the form.
    """

    def __init__(self, what_if: WhatIf, author: str = ""):
        self.what_if = what_if
        self.scope = ALL
        saved, name = what_if.saved, what_if.name.removeprefix(FOLDER) if what_if.saved else ""
        self.form = {
            "name": name,
            "author": saved.author if saved else author,
            "reason": saved.reason if saved else "",
        }
        self.errors: dict[str, str] = {}
        self.message = ""
        self.report = ""
        self.written: dict[str, bytes] = (
            {name: what_if.home.params_file(what_if.name).read_bytes()} if name else {}
        )
        self.saved = what_if.changes() if saved else None
        self.saved_as = name
        self.actions: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "budget": lambda said: self._edit(
                (f"{said['dimension']}_budgets", said["name"]), said["text"]
            ),
            "driver": lambda said: self._edit(
                (*said["key"].split(" ", 1), self.scope), said["text"]
            ),
            "scope": self._choose,
            "done": lambda _: what_if.leave(),
            "undo": lambda _: what_if.undo(),
            "redo": lambda _: what_if.redo(),
            "reset": lambda _: what_if.reset(),
            "save": self._save,
            "report": lambda _: self._report(),
        }

    def act(self, action: Mapping[str, Any]) -> None:
        """Do what a control asks for; what was typed wrongly is told in the view, never raised."""
        if action["do"] not in ("done", "report"):
            self.errors, self.message, self.report = {}, "", ""
        self.actions[action["do"]](action)

    def view(self) -> dict[str, Any]:
        """What every control shows, as text."""
        what_if = self.what_if
        outcome = what_if.outcome()
        table = what_if.table(outcome)
        return {
            "heading": f"What if? {what_if.params.window.label}",
            "notes": what_if.notes(),
            "columns": [
                _column(column.name, column.label, column.unit) for column in table.columns[1:]
            ],
            "sections": [
                self._section(by, table, position, frame[by].tolist())
                for position, (by, frame) in enumerate(
                    zip(BUDGETED, outcome.variances, strict=True)
                )
            ],
            "drivers": self._drivers(outcome),
            "sentence": what_if.sentence(outcome),
            "can_undo": bool(what_if.past),
            "can_redo": bool(what_if.future),
            "changed": what_if.changes() != {},
            "scenario": self.form
            | {
                "errors": self.errors,
                "message": self.message,
                "saved": self._is_saved(),
                "report": self.report,
            },
        }

    def _repr_html_(self) -> str:
        """The same, as a table that stands still: for papermill and the exported page."""
        return self.what_if._repr_html_()

    def _section(self, by: str, table: Table, position: int, names: list[str]) -> dict[str, Any]:
        rows = table.rows(table.blocks[position])
        lines = [row for row in rows if row.kind == "line"]
        others = {row.kind: {"cells": _cells(table, row)} for row in rows if row.kind != "line"}
        found = [
            self._line(by, name, _cells(table, row)) for name, row in zip(names, lines, strict=True)
        ]
        return {"dimension": by, "title": by.title(), "rows": found, **others}

    def _line(self, by: str, name: str, cells: dict[str, str]) -> dict[str, Any]:
        key = (f"{by}_budgets", name)
        supposed, approved = self.what_if.supposed, self.what_if.approved.of(by).get(name)
        text = supposed.typed.get(key, "" if approved is None else f"{approved:f}")
        valid = supposed.valid.get(key)
        line = {
            "name": name,
            "text": text,
            "placeholder": "no budget",
            "error": supposed.errors.get(key, ""),
            "cells": cells,
        }
        changed = valid is not None and not same_amount(
            valid, NO_BUDGET if approved is None else f"{approved:f}"
        )
        return line | {"changed": changed, "fixed": name == UNALLOCATED}

    def _drivers(self, outcome: Outcome) -> dict[str, Any]:
        names = [
            name for name in outcome.variances[0]["organization"] if name not in (UNALLOCATED, ALL)
        ]
        scopes = [
            {"key": ALL, "label": "all organizations"},
            *({"key": name, "label": name} for name in sorted(names)),
        ]
        models = [
            (("model_prices", model), f"Price of {model}", PRICE)
            for model in self.what_if.measured.models
        ]
        sliders = [
            self._slider(*each) for each in ((("growth",), "Growth of usage", GROWTH), *models)
        ]
        said = driven(outcome.growth, outcome.model_prices, Format(self.what_if.params.currency))
        return {
            "scope": self.scope,
            "scopes": scopes,
            "sliders": sliders,
            "summary": "; ".join(said),
        }

    def _slider(self, key: tuple[str, ...], label: str, span: Mapping[str, Any]) -> dict[str, Any]:
        supposed, place = self.what_if.supposed, (*key, self.scope)
        # An organization without a rate of its own has that of all.
        shown = place if place in supposed.typed else (*key, ALL)
        text, error = supposed.typed.get(shown, "0"), supposed.errors.get(shown, "")
        return {
            "key": " ".join(key),
            "label": label,
            **span,
            "text": text,
            "error": error,
            "changed": place in supposed.valid,
        }

    def _edit(self, key: tuple[str, ...], text: str) -> None:
        self.what_if.edit(key, str(text))

    def _choose(self, said: Mapping[str, Any]) -> None:
        self.scope = said["scope"]
        self.what_if.leave()

    def _is_saved(self) -> bool:
        return self.saved == self.what_if.changes()

    def _save(self, said: Mapping[str, Any]) -> None:
        what_if = self.what_if
        what_if.leave()
        self.form = {field: str(said.get(field, "")).strip() for field in FORM}
        self.errors = {field: "Fill this in." for field in FORM if not self.form[field]}
        if self.errors or what_if.supposed.errors:
            self.message = "Not saved: mend what is marked."
            return
        name = self.form["name"]
        if (
            name in self.written
            and what_if.home.params_file(f"{FOLDER}{name}").is_file()
            and not self._is_mine(name)
        ):
            self.message = EDITED
            return
        today = date.fromisoformat(now()[:10])
        about = {
            "base": what_if.base,
            "author": self.form["author"],
            "date": today,
            "reason": self.form["reason"],
        }
        keys = what_if.changes() | {"base_was": snapshot(what_if.params, what_if.approved)}
        try:
            file = save_scenario(
                what_if.home, name, validated(Scenario, about | keys), replace=self._is_mine(name)
            )
        except Refusal as refusal:
            self.errors = {
                problem.column: f"{problem.rule}. {problem.fix}."
                for problem in refusal.problems
                if problem.column in FORM
            }
            self.message = f"Not saved: {refusal}"
            return
        self.form["name"] = self.saved_as = file.stem
        self.written[file.stem] = file.read_bytes()
        self.saved = what_if.changes()
        self.message = f"Saved as {what_if.home.shown(file)}."

    def _is_mine(self, name: str) -> bool:
        """The scenario of that name stands as this panel wrote or opened it."""
        file = self.what_if.home.params_file(f"{FOLDER}{name}")
        return name in self.written and file.is_file() and file.read_bytes() == self.written[name]

    def _report(self) -> None:
        if not self._is_saved():
            self.message = UNSAVED
            return
        name = f"{FOLDER}{self.saved_as}"
        home = self.what_if.home
        self.report = ""
        if not self._is_mine(self.saved_as):
            self.message = EDITED
            return
        # -P: the folder that JupyterLab works in must not take the place of a module.
        command = [sys.executable, "-P", "-m", "finops_nb", "run", name]
        ended = subprocess.run(
            command,
            cwd=home.root,
            env=os.environ | {HOME_VARIABLE: str(home.root)},
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            self.message = f"Not reported: {ended.stderr.strip() or f'exit {ended.returncode}'}"
            return
        self.report = f"outputs/{name}/organizational_alignment.html"
        self.message = f"Reported as {self.report}."


def _column(name: str, label: str, unit: str) -> dict[str, str]:
    kind = "input" if name == "budget" else "status" if unit == "status" else "number"
    return {"key": name, "label": label, "kind": kind}


def _cells(table: Table, row: Row) -> dict[str, str]:
    return {
        column.name: cell.text
        for column, cell in zip(table.columns[1:], row.cells[1:], strict=True)
    }


def open_what_if(base: str, scenario: str = "", author: str = "") -> Any:
    """The what-if panel of a base: in JupyterLab a table to edit, elsewhere one that stands still.

    Args:
        base: a NAME whose budgets to start from.
        scenario: a saved scenario to go on with.
        author: who is at work.

    Raises:
        Refusal: what `run` would refuse of the base or of the scenario.
    """
    panel = Panel(WhatIf(base, scenario), author)
    try:
        from finops_nb.scenarios.widget import BudgetWhatIf
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("anywidget", "ipywidgets", "traitlets"):
            raise
        return StaticPanel(panel)
    return BudgetWhatIf(panel)


@dataclass(frozen=True)
class StaticPanel:
    """A what-if without the libraries that make it editable."""

    panel: Panel

    def __repr__(self) -> str:
        return '<what-if, which pip install "finops-nb[lab]" makes editable>'

    def _repr_html_(self) -> str:
        way = 'To edit budgets here, install JupyterLab and its widgets: <code>pip install "finops-nb[lab]"</code>'
        return f"<p>{way}, then restart the kernel.</p>{self.panel._repr_html_()}"
