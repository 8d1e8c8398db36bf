"""What if: a state that is edited, undone, saved as a scenario and reported; it reads usage once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd
from markupsafe import escape

from finops_nb.figures.projection import project
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.scenario_effect import check_names, scenario_difference
from finops_nb.figures.variance import TotalVariance, headline, total_variance, variance_by
from finops_nb.home import Home, find_home
from finops_nb.money import ZERO, ratio
from finops_nb.outputs.manifest import Manifest
from finops_nb.params.budgets import Budgets, changes_since, read_budgets, supposed
from finops_nb.params.model import load_params
from finops_nb.params.scenario import Scenario
from finops_nb.params.types import NO_BUDGET
from finops_nb.params.validation import validated
from finops_nb.report.budget_tables import driven, what_if_table
from finops_nb.report.format import Format, visible
from finops_nb.report.table import Table
from finops_nb.scenarios.edits import Edits, Key, edits_of
from finops_nb.schema import BUDGETED
from finops_nb.usage.model import Usage
from finops_nb.usage.reader import read_usage


@dataclass(frozen=True)
class Outcome:
    """What a supposition comes to: by organization and by product, with and without it, and in total."""

    growth: Mapping[str, Decimal]
    model_prices: Mapping[str, Mapping[str, Decimal]]
    variances: tuple[pd.DataFrame, pd.DataFrame]
    totals: tuple[TotalVariance, TotalVariance]
    before: tuple[pd.DataFrame, pd.DataFrame]


class WhatIf:
    """Budgets, growth and prices supposed on top of a base.

    Args:
        base: a NAME whose budgets to start from.
        scenario: a saved scenario's NAME to go on with; its base is taken then.
        home: where they are; found by `find_home` if None.

    Raises:
        Refusal: what `run` would refuse of the base or of the scenario.
    """

    def __init__(self, base: str, scenario: str = "", home: Home | None = None):
        self.home = home or find_home()
        self.name = self.home.check_name(scenario or base)
        loaded = load_params(self.home, self.name)
        self.base = loaded.scenario.base if loaded.scenario else self.name
        self.params = loaded.model_copy(update={"scenario": None})
        self.approved = read_budgets(self.params, self.home)
        self.measured = read_usage(self.params, self.home, detail=True)
        self.saved = loaded.scenario
        self.supposed = edits_of(loaded.scenario) if loaded.scenario else Edits()
        self.past: list[Edits] = []
        self.future: list[Edits] = []
        self.editing: Key | None = None
        self.projected: tuple[Any, Usage] | None = None
        check_names(self.measured, read_budgets(loaded, self.home), loaded)
        self.before = self._variances(self.measured, self.approved)

    def edit(self, key: Key, text: str) -> None:
        """Put a text into a field; edits of one field in a row are one step to undo."""
        if key != self.editing:
            self.past.append(self.supposed)
            self.future.clear()
        self.editing = key
        self.supposed = self.supposed.with_text(key, text)

    def leave(self) -> None:
        """The field was left: the next edit is another step."""
        self.editing = None

    def undo(self) -> None:
        """Take the last step back, if there is one."""
        self._step(self.past, self.future)

    def redo(self) -> None:
        """Take the last undone step again, if there is one."""
        self._step(self.future, self.past)

    def reset(self) -> None:
        """Back to what is approved; that can be undone too."""
        if self.supposed != Edits():
            self.past.append(self.supposed)
            self.future.clear()
            self.supposed = Edits()
        self.editing = None

    def changes(self) -> dict[str, Any]:
        """The keys of a scenario that says what is supposed: budgets that differ from the approved ones, rates above or below zero."""
        keys = self.supposed.as_keys()
        for by in BUDGETED:
            approved = {name: f"{amount:f}" for name, amount in self.approved.of(by).items()}
            given = keys.pop(f"{by}_budgets", {})
            differing = {
                name: text
                for name, text in given.items()
                if not same_amount(text, approved.get(name, NO_BUDGET))
            }
            keys |= {f"{by}_budgets": differing} if differing else {}
        return keys

    def notes(self) -> list[str]:
        """What a reader of the figures should know, as sentences."""
        found = list(self.approved.notices)
        if self.saved:
            found += changes_since(self.saved, self.params, self.approved)
        if not self.measured.complete:
            found.append(
                f"PARTIAL: usage is known up to {self.measured.complete_through}; costs are to date, budgets for the whole period."
            )
        return found

    def outcome(self) -> Outcome:
        """What is supposed now, reckoned through."""
        scenario = validated(
            Scenario,
            {"base": self.base, "author": "-", "date": "2000-01-01", "reason": "-"}
            | self.changes(),
        )
        usage = self._projected(scenario)
        budgets = supposed(self.approved, scenario)
        variances = self._variances(usage, budgets)
        by_organization, by_product = (
            total_variance(each, self.params.at_risk, usage.complete) for each in variances
        )
        return Outcome(
            scenario.growth,
            scenario.model_prices,
            variances,
            (by_organization, by_product),
            self.before,
        )

    def table(self, outcome: Outcome) -> Table:
        """The outcome as a table."""
        return what_if_table(*outcome.variances, outcome.totals, outcome.before, self.params)

    def sentence(self, outcome: Outcome) -> str:
        """The outcome as a line for a mail: "org-gamma +$800.00 → 96.3% used; total budget $10,800.00, 19.7% unspent"."""
        fmt = Format(self.params.currency)
        moved: list[str] = []
        sums: list[str] = []
        first = headline(*outcome.totals)
        for by, before, after, totals in zip(
            BUDGETED, outcome.before, outcome.variances, outcome.totals, strict=True
        ):
            differing = scenario_difference(before, after).to_dict("records")
            rows = [
                row
                for row in differing
                if row["budget_change"] or (row["budget"] is None) != (row["budget_before"] is None)
            ]
            moved += (_moved(row, by, fmt) for row in rows)
            if rows or totals is first:
                sums.append(_total(totals, "" if totals is first else f" by {by}", fmt))
        moved += driven(outcome.growth, outcome.model_prices, fmt)
        return "; ".join([", ".join(moved) or "No change", *sums])

    def _repr_html_(self) -> str:
        outcome = self.outcome()
        heading = f"<p><strong>What if?</strong> {escape(self.params.window.label)}, base {escape(self.base)}.</p>"
        said = "".join(
            f"<p>{escape(visible(text))}</p>" for text in (*self.notes(), self.sentence(outcome))
        )
        return f'<div class="finops prose tex2jax_ignore mathjax_ignore">{heading}{said}</div>{self.table(outcome)._repr_html_()}'

    def _variances(self, usage: Usage, budgets: Budgets) -> tuple[pd.DataFrame, pd.DataFrame]:
        data = ReportData(self.params, usage, self.measured, budgets, Manifest())
        # A budget that was taken away keeps its line: it may be given back.
        return tuple(variance_by(data, by, self.approved.of(by)) for by in BUDGETED)

    def _projected(self, scenario: Scenario) -> Usage:
        """The usage with the rates of a scenario; made again only where they are others than before."""
        rates = scenario.growth, scenario.model_prices
        if self.projected is None or self.projected[0] != rates:
            self.projected = rates, project(self.measured, *rates)
        return self.projected[1]

    def _step(self, from_: list[Edits], to: list[Edits]) -> None:
        if from_:
            to.append(self.supposed)
            self.supposed = from_.pop()
        self.editing = None


def _moved(row: Mapping[str, Any], by: str, fmt: Format) -> str:
    """A name's change: "org-gamma +$800.00 → 96.3% used"."""
    if row["budget"] is None:
        return f"{row[by]} no budget"
    used = (
        f"{fmt.share(row['budget_used'])} used"
        if row["budget_used"] is not None
        else str(row["status"])
    )
    return f"{row[by]} {fmt.change(row['budget_change'])} → {used}"


def same_amount(text: str, other: str) -> bool:
    """Whether two texts of a scenario's file say the same budget: 5000 and 5000.00 do."""
    return text == other or (NO_BUDGET not in (text, other) and Decimal(text) == Decimal(other))


def _total(totals: TotalVariance, by: str, fmt: Format) -> str:
    if totals.budget is None:
        return f"no budget is set{by}"
    rest = ratio(abs(totals.variance or ZERO), totals.budget)
    return f"total budget{by} {fmt.money(totals.budget)}, " + (
        f"{fmt.share(rest)} {'over' if (totals.variance or ZERO) > ZERO else 'unspent'}"
        if rest is not None
        else str(totals.status)
    )
