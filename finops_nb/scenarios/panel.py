"""Panel: the controls of the what-if, their actions, and the form that saves and reports it."""

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
from finops_nb.money import plain
from finops_nb.params.budgets import snapshot
from finops_nb.params.scenario import FOLDER, Scenario, save_scenario
from finops_nb.params.types import NO_BUDGET, Rate, parse_as
from finops_nb.params.validation import validated
from finops_nb.report.format import Format
from finops_nb.report.scenario_tables import rate_changes
from finops_nb.report.table import Row, Table
from finops_nb.scenarios.typed_values import Key
from finops_nb.scenarios.what_if import Figures, WhatIf, same_amount
from finops_nb.schema import ALL, BUDGETED, UNALLOCATED

GROWTH: Final = {"min": -50, "max": 100, "step": 1, "unit": "%"}
PRICE: Final = {"min": -90, "max": 100, "step": 1, "unit": "%"}
FORM: Final = ("name", "author", "reason")
FILE_CHANGED: Final = (
    "The scenario's file was changed or removed after it was saved here."
    " Save it under another name, or open it again."
)
UNSAVED: Final = "Save first: the report uses the saved scenario."


class Panel:
    """Everything that a person sees and does, without the widget: texts in, texts out.

    Args:
        what_if: the state behind the panel.
        author: the user's name, for the form.
    """

    def __init__(self, what_if: WhatIf, author: str = ""):
        self.what_if = what_if
        self.scope = ALL
        self.errors: dict[str, str] = {}
        self.message = ""
        self.report = ""
        self.form = {"name": "", "author": author, "reason": ""}
        self.saved: dict[str, Any] | None = None
        self.saved_as = ""
        self.written: dict[str, bytes] = {}
        if what_if.saved:
            self._continue(what_if.saved)
        self.actions: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "budget": self._edit,
            "driver": self._edit,
            "scope": self._choose_scope,
            "done": self._finish,
            "undo": lambda _: what_if.undo(),
            "redo": lambda _: what_if.redo(),
            "reset": lambda _: what_if.reset(),
            "save": self._save,
            "report": lambda _: self._report(),
        }

    def act(self, action: Mapping[str, Any]) -> None:
        """Do what a control asks for. The view shows invalid input; this does not raise for it.

        Args:
            action: `do`, a key of `actions`, and what that action needs.
        """
        if action["do"] not in ("done", "report"):
            self.errors, self.message, self.report = {}, "", ""
        self.actions[action["do"]](action)

    def view(self) -> dict[str, Any]:
        """What every control shows, as text."""
        what_if = self.what_if
        figures = what_if.figures()
        table = what_if.table(figures)
        return {
            "heading": f"What if? {what_if.params.window.label}",
            "notes": what_if.notes(),
            "columns": [
                _column(column.name, column.label, column.unit) for column in table.columns[1:]
            ],
            "sections": [
                self._section(by, table, position, variance[by].tolist())
                for position, (by, variance) in enumerate(
                    zip(BUDGETED, figures.variances, strict=True)
                )
            ],
            "drivers": self._drivers(figures),
            "sentence": what_if.sentence(figures),
            "to_finish": what_if.to_finish(),
            "can_undo": bool(what_if.past),
            "can_redo": bool(what_if.future),
            "changed": what_if.changes() != {},
            "scenario": {
                **self.form,
                "errors": self.errors,
                "message": self.message,
                "saved": self._is_saved(),
                "report": self.report,
            },
        }

    def _repr_html_(self) -> str:
        """A table that cannot be edited, for papermill and the exported page."""
        return self.what_if._repr_html_()

    # ---- what is shown

    def _section(self, by: str, table: Table, position: int, names: list[str]) -> dict[str, Any]:
        """The rows of a dimension; the keys `rounding` and `total` hold its sum rows."""
        rows = table.rows(table.blocks[position])
        sums = {row.kind: {"cells": _cells(table, row)} for row in rows if row.kind != "line"}
        lines = [_cells(table, row) for row in rows if row.kind == "line"]
        editable = [self._line(by, name, cells) for name, cells in zip(names, lines, strict=True)]
        return {"dimension": by, "title": by.title(), "rows": editable, **sums}

    def _line(self, by: str, name: str, cells: dict[str, str]) -> dict[str, Any]:
        key = (f"{by}_budgets", name)
        edits = self.what_if.edits
        amount = self.what_if.approved.of(by).get(name)
        approved = NO_BUDGET if amount is None else f"{amount:f}"
        valid = edits.valid.get(key)
        return {
            "name": name,
            "text": edits.typed.get(key, "" if amount is None else approved),
            "placeholder": "no budget",
            "error": edits.errors.get(key, ""),
            "unfinished": key in edits.unfinished,
            "cells": cells,
            "changed": valid is not None and not same_amount(valid, approved),
            "fixed": name == UNALLOCATED,
        }

    def _drivers(self, figures: Figures) -> dict[str, Any]:
        """The controls for growth and prices."""
        organizations = {*figures.variances[0]["organization"]} - {UNALLOCATED, ALL}
        scopes = [{"key": name, "label": name} for name in sorted(organizations)]
        models = [
            self._slider(("model_prices", model), f"Price of {model}", PRICE)
            for model in self.what_if.measured.models
        ]
        fmt = Format(self.what_if.params.currency)
        return {
            "scope": self.scope,
            "scopes": [{"key": ALL, "label": "all organizations"}, *scopes],
            "sliders": [self._slider(("growth",), "Growth of usage", GROWTH), *models],
            "summary": "; ".join(rate_changes(figures.growth, figures.model_prices, fmt)),
        }

    def _slider(self, key: Key, label: str, span: Mapping[str, Any]) -> dict[str, Any]:
        edits, own = self.what_if.edits, (*key, self.scope)
        # An organization without a rate of its own shows the rate for all organizations.
        shown = own if own in edits.typed else (*key, ALL)
        return {
            "key": " ".join(key),
            "label": label,
            **span,
            "text": edits.typed.get(shown, "0"),
            "error": edits.errors.get(shown, ""),
            "unfinished": shown in edits.unfinished,
            "position": plain(parse_as(Rate, edits.valid.get(shown, "0")) * 100),
            "changed": own in edits.valid,
        }

    # ---- what is done

    def _edit(self, action: Mapping[str, Any]) -> None:
        """Put a text into a field; one that a person is `typing` counts once it is finished."""
        put = self.what_if.type_in if action.get("typing") else self.what_if.edit
        put(self._key(action), str(action["text"]))

    def _finish(self, action: Mapping[str, Any]) -> None:
        """Read a field that was left; without a field, all of them."""
        has_field = "dimension" in action or "key" in action
        self.what_if.finish(*((self._key(action),) if has_field else ()))

    def _key(self, action: Mapping[str, Any]) -> Key:
        """The key of an action's field."""
        if "dimension" in action:
            return (f"{action['dimension']}_budgets", action["name"])
        # "model_prices gpt-4" in the view; the name of a model may contain spaces.
        return (*action["key"].split(" ", 1), self.scope)

    def _choose_scope(self, action: Mapping[str, Any]) -> None:
        self.scope = action["scope"]
        self.what_if.leave()

    def _continue(self, saved: Scenario) -> None:
        """Show the saved scenario that the what-if was opened with."""
        name = self.what_if.name.removeprefix(FOLDER)
        self.form = {"name": name, "author": saved.author, "reason": saved.reason}
        self._remember(name)

    def _remember(self, name: str) -> None:
        """Remember that the scenario's file holds what the panel shows."""
        self.written[name] = self.what_if.home.params_file(f"{FOLDER}{name}").read_bytes()
        self.saved = self.what_if.changes()
        self.saved_as = name

    def _save(self, action: Mapping[str, Any]) -> None:
        what_if = self.what_if
        what_if.leave()
        self.form = {field: str(action.get(field, "")).strip() for field in FORM}
        self.errors = {field: "Fill in this field." for field in FORM if not self.form[field]}
        if self.errors or what_if.edits.pending:
            advice = what_if.to_finish() or "Fill in the marked fields."
            self.message = f"Not saved. {advice}"
            return
        name = self.form["name"]
        is_own = self._is_unchanged(name)
        exists = what_if.home.params_file(f"{FOLDER}{name}").is_file()
        if name in self.written and exists and not is_own:
            self.message = FILE_CHANGED
            return
        try:
            file = save_scenario(what_if.home, name, self._scenario(), replace=is_own)
        except Refusal as refusal:
            self._show(refusal)
            return
        self.form["name"] = file.stem
        self._remember(file.stem)
        self.message = f"Saved as {what_if.home.shown(file)}."

    def _scenario(self) -> Scenario:
        what_if = self.what_if
        about = {
            "base": what_if.base,
            "author": self.form["author"],
            "date": date.fromisoformat(now()[:10]),
            "reason": self.form["reason"],
        }
        base_was = snapshot(what_if.params, what_if.approved)
        return validated(Scenario, about | what_if.changes() | {"base_was": base_was})

    def _show(self, refusal: Refusal) -> None:
        self.message = f"Not saved: {refusal}"
        self.errors = {
            problem.column: f"{problem.rule}. {problem.fix}."
            for problem in refusal.problems
            if problem.column in FORM
        }

    def _is_saved(self) -> bool:
        return self.saved == self.what_if.changes()

    def _is_unchanged(self, name: str) -> bool:
        """Whether the scenario's file is as this panel wrote or opened it."""
        file = self.what_if.home.params_file(f"{FOLDER}{name}")
        return name in self.written and file.is_file() and file.read_bytes() == self.written[name]

    def _report(self) -> None:
        if self.what_if.edits.pending:
            self.message = f"Not reported. {self.what_if.to_finish()}"
            return
        if not self._is_saved():
            self.message = UNSAVED
            return
        self.report = ""
        if not self._is_unchanged(self.saved_as):
            self.message = FILE_CHANGED
            return
        name = f"{FOLDER}{self.saved_as}"
        ended = self._run(name)
        if ended.returncode:
            reason = ended.stderr.strip() or f"exit code {ended.returncode}"
            self.message = f"Not reported: {reason}"
            return
        self.report = f"outputs/{name}/organizational_alignment.html"
        self.message = f"Report published: {self.report}"

    def _run(self, name: str) -> subprocess.CompletedProcess[str]:
        root = self.what_if.home.root
        return subprocess.run(
            # -P: a file in JupyterLab's working folder must not replace a module.
            [sys.executable, "-P", "-m", "finops_nb", "run", name],
            cwd=root,
            env=os.environ | {HOME_VARIABLE: str(root)},
            capture_output=True,
            text=True,
            check=False,
        )


@dataclass(frozen=True)
class StaticPanel:
    """A what-if without the libraries that make it editable."""

    panel: Panel

    def __repr__(self) -> str:
        return '<what-if; to edit it, pip install "finops-nb[lab]">'

    def _repr_html_(self) -> str:
        command = '<code>pip install "finops-nb[lab]"</code>'
        advice = f"To edit budgets here, install JupyterLab and its widgets: {command}"
        return f"<p>{advice}, then restart the kernel.</p>{self.panel._repr_html_()}"


def open_what_if(base: str, scenario: str = "", author: str = "") -> Any:
    """The what-if panel of a base: editable in JupyterLab, elsewhere a plain table.

    Args:
        base: the NAME of the params to start from.
        scenario: the NAME of a saved scenario to continue.
        author: the user's name, for the form.

    Raises:
        Refusal: `run` would refuse the base or the scenario.

    Example:
        open_what_if("2025-12", "scenarios/more-for-gamma")
    """
    panel = Panel(WhatIf(base, scenario), author)
    try:
        from finops_nb.scenarios.widget import BudgetWhatIf
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("anywidget", "ipywidgets", "traitlets"):
            raise
        return StaticPanel(panel)
    return BudgetWhatIf(panel)


def _column(name: str, label: str, unit: str) -> dict[str, str]:
    if name == "budget":
        kind = "input"
    elif unit == "status":
        kind = "status"
    else:
        kind = "number"
    return {"key": name, "label": label, "kind": kind}


def _cells(table: Table, row: Row) -> dict[str, str]:
    """The texts of a row by column, without the name."""
    return {
        column.name: cell.text
        for column, cell in zip(table.columns[1:], row.cells[1:], strict=True)
    }
