"""What if: budgets, growth and prices edited on top of a base; it reads the usage once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd
from markupsafe import escape

from finops_nb.figures.budget_status import Status
from finops_nb.figures.projection import project
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.scenario_effect import check_names, scenario_difference
from finops_nb.figures.variance import TotalVariance, headline, total_variance, variance_by
from finops_nb.findings.tense import tense_of_rates
from finops_nb.home import Home, find_home
from finops_nb.money import ZERO, ratio
from finops_nb.outputs.manifest import Manifest
from finops_nb.params.budgets import Budgets, changes_since, read_budgets, supposed
from finops_nb.params.params_file import load_params
from finops_nb.params.scenario import Scenario
from finops_nb.params.types import NO_BUDGET
from finops_nb.params.validation import validated
from finops_nb.period import spelled_date
from finops_nb.report.format import Format, visible
from finops_nb.report.scenario_tables import rate_changes, what_if_table
from finops_nb.report.table import Table
from finops_nb.scenarios.edits import PLACEHOLDERS, Edits, edits_of
from finops_nb.scenarios.typed_values import BUDGETS, Key, TypedValues
from finops_nb.schema import ALL, BUDGETED
from finops_nb.usage.model import CUBE, Usage
from finops_nb.usage.reader import read_usage
from finops_nb.words import listing


@dataclass(frozen=True)
class Figures:
    """The figures of a what-if, with the edits and without.

    Args:
        growth: rates of growth by organization, as fractions.
        model_prices: rates of change by model and organization, as fractions.
        variances: by organization and by product, with the edits; as from `variance_by`.
        totals: of both, in that order.
        before: by organization and by product, without the edits.
    """

    growth: Mapping[str, Decimal]
    model_prices: Mapping[str, Mapping[str, Decimal]]
    variances: tuple[pd.DataFrame, pd.DataFrame]
    totals: tuple[TotalVariance, TotalVariance]
    before: tuple[pd.DataFrame, pd.DataFrame]


class WhatIf:
    """A base with edits of its budgets, growth and prices, which can be undone.

    Args:
        base: the NAME of the params to start from.
        scenario: the NAME of a saved scenario to continue; its base replaces `base`.
        home: the home; found by `find_home` if None.

    Raises:
        Refusal: `run` would refuse the base or the scenario.

    Example:
        what_if = WhatIf("2025-12")
        what_if.edit(("organization_budgets", "org-gamma"), "2800")
        what_if.sentence(what_if.figures())
    """

    def __init__(self, base: str, scenario: str = "", home: Home | None = None):
        self.home = home or find_home()
        self.name = self.home.check_name(scenario or base)
        loaded = load_params(self.home, self.name)
        self.base = loaded.scenario.base if loaded.scenario else self.name
        self.params = loaded.model_copy(update={"scenario": None})
        self.approved = read_budgets(self.params, self.home)
        self.measured = read_usage(self.params, self.home, detail=CUBE)
        self.saved = loaded.scenario
        self.typed_values = _typed_values(self.params.currency, self.approved)
        self.edits = edits_of(loaded.scenario) if loaded.scenario else Edits()
        self.past: list[Edits] = []
        self.future: list[Edits] = []
        self.editing: Key | None = None
        self.projected: tuple[Any, Usage] | None = None
        file = f"params/{self.name}.yaml"
        check_names(self.measured, read_budgets(loaded, self.home), loaded, file)
        self.before = self._variances(self.measured, self.approved)

    def edit(self, key: Key, text: str) -> None:
        """Put a text into a field. Consecutive edits of one field are undone in one step."""
        self._start_step(key)
        self.edits = self.edits.with_text(key, text, self.typed_values)

    def type_in(self, key: Key, text: str) -> None:
        """Put the text that a field has so far into it; it counts once it is finished."""
        self._start_step(key)
        self.edits = self.edits.while_typing(key, text)

    def finish(self, *keys: Key) -> None:
        """Read what was typed into these fields, or into all; this ends the step."""
        self.edits = self.edits.finished(self.typed_values, *keys)
        self.leave()

    def leave(self) -> None:
        """End the step: the next edit, even of the same field, is undone separately."""
        self.editing = None

    def undo(self) -> None:
        """Undo the last step, if there is one."""
        self._step(self.past, self.future)

    def redo(self) -> None:
        """Redo the step that was undone last, if there is one."""
        self._step(self.future, self.past)

    def reset(self) -> None:
        """Remove all edits; this can be undone too."""
        if self.edits != Edits():
            self.past.append(self.edits)
            self.future.clear()
            self.edits = Edits()
        self.editing = None

    def changes(self) -> dict[str, Any]:
        """The edits as the keys of a scenario's file.

        Returns:
            Budgets that differ from the approved ones, and rates that are not zero.
        """
        keys = self.edits.as_keys()
        for by in BUDGETED:
            approved = {name: f"{amount:f}" for name, amount in self.approved.of(by).items()}
            differing = {
                name: text
                for name, text in keys.pop(f"{by}_budgets", {}).items()
                if not same_amount(text, approved.get(name, NO_BUDGET))
            }
            if differing:
                keys[f"{by}_budgets"] = differing
        return keys

    def notes(self) -> list[str]:
        """Sentences that a reader needs to understand the figures."""
        notes = list(self.approved.notices)
        if self.saved:
            notes += changes_since(self.saved, self.params, self.approved)
        if not self.measured.complete:
            known = spelled_date(self.measured.complete_through)
            notes.append(
                f"PARTIAL: usage is complete through {known}."
                " Costs are to date; budgets cover the whole period."
            )
        return notes

    def to_finish(self) -> str:
        """What stands in fields but is not in the figures, as a sentence; empty if nothing.

        Example:
            "Finish or fix the budget of org-gamma: the figures use its last valid value."
        """
        names = [_field_name(key) for key in self.edits.pending]
        if not names:
            return ""
        values = "its last valid value" if len(names) == 1 else "their last valid values"
        return f"Finish or fix {listing(names)}: the figures use {values}."

    def figures(self) -> Figures:
        """The figures with the valid edits."""
        scenario = validated(Scenario, PLACEHOLDERS | {"base": self.base} | self.changes())
        usage = self._projected(scenario)
        variances = self._variances(usage, supposed(self.approved, scenario))
        at_risk, currency = self.params.at_risk, self.params.currency
        by_organization, by_product = (
            total_variance(variance, at_risk, usage.complete, currency) for variance in variances
        )
        totals = (by_organization, by_product)
        return Figures(scenario.growth, scenario.model_prices, variances, totals, self.before)

    def table(self, figures: Figures) -> Table:
        """The figures as a table."""
        tense = tense_of_rates(figures.growth, figures.model_prices)
        return what_if_table(*figures.variances, figures.totals, figures.before, self.params, tense)

    def sentence(self, figures: Figures) -> str:
        """The changes and totals as one line for a mail.

        Example:
            org-gamma +$800.00 → 96.3% used; total budget $10,800.00, 19.7% unspent
        """
        fmt = Format(self.params.currency)
        main_totals = headline(*figures.totals)
        changes: list[str] = []
        sums: list[str] = []
        for by, before, after, totals in zip(
            BUDGETED, figures.before, figures.variances, figures.totals, strict=True
        ):
            rows = _budget_changes(before, after)
            changes += (_change_text(row, by, fmt) for row in rows)
            is_main = totals is main_totals
            if rows or is_main:
                sums.append(_total_text(totals, "" if is_main else f" by {by}", fmt))
        changes += rate_changes(figures.growth, figures.model_prices, fmt)
        return "; ".join([", ".join(changes) or "No change", *sums])

    def _repr_html_(self) -> str:
        figures = self.figures()
        period, base = escape(self.params.window.label), escape(self.base)
        heading = f"<p><strong>What if?</strong> {period}, base {base}.</p>"
        sentences = (*self.notes(), self.to_finish(), self.sentence(figures))
        paragraphs = "".join(f"<p>{escape(visible(text))}</p>" for text in sentences if text)
        prose = (
            f'<div class="finops prose tex2jax_ignore mathjax_ignore">{heading}{paragraphs}</div>'
        )
        return prose + self.table(figures)._repr_html_()

    def _variances(self, usage: Usage, budgets: Budgets) -> tuple[pd.DataFrame, pd.DataFrame]:
        data = ReportData(self.params, usage, self.measured, budgets, Manifest())
        # Names whose budget was removed keep their row, so that a budget can be entered again.
        return tuple(variance_by(data, by, self.approved.of(by)) for by in BUDGETED)

    def _projected(self, scenario: Scenario) -> Usage:
        """The usage with the rates of a scenario; computed again only if the rates changed."""
        rates = scenario.growth, scenario.model_prices
        if self.projected is None or self.projected[0] != rates:
            self.projected = rates, project(self.measured, *rates)
        return self.projected[1]

    def _start_step(self, key: Key) -> None:
        if key != self.editing:
            self.past.append(self.edits)
            self.future.clear()
        self.editing = key

    def _step(self, from_: list[Edits], to: list[Edits]) -> None:
        if from_:
            # What is done again counts at once: nobody is typing in its field then.
            to.append(self.edits.finished(self.typed_values))
            self.edits = from_.pop()
        self.editing = None


def _typed_values(currency: str, approved: Budgets) -> TypedValues:
    amounts: dict[Key, Decimal] = {
        (f"{by}_budgets", name): amount
        for by in BUDGETED
        for name, amount in approved.of(by).items()
    }
    return TypedValues(currency, amounts)


def _field_name(key: Key) -> str:
    """A field in a sentence: "the budget of org-a", "the growth of usage for org-a"."""
    if key[0] in BUDGETS:
        return f"the budget of {key[-1]}"
    scope = "" if key[-1] == ALL else f" for {key[-1]}"
    return f"the growth of usage{scope}" if key[0] == "growth" else f"the price of {key[1]}{scope}"


def same_amount(text: str, other: str) -> bool:
    """Whether two texts of a scenario's file mean the same budget.

    >>> same_amount("5000", "5000.00"), same_amount("none", "0")
    (True, False)
    """
    if NO_BUDGET in (text, other):
        return text == other
    return Decimal(text) == Decimal(other)


def _budget_changes(before: pd.DataFrame, after: pd.DataFrame) -> list[dict[Any, Any]]:
    """The rows of `scenario_difference` whose budget was changed, added or removed."""
    return [
        row
        for row in scenario_difference(before, after).to_dict("records")
        if row["budget_change"] or (row["budget"] is None) != (row["budget_before"] is None)
    ]


def _change_text(row: Mapping[Any, Any], by: str, fmt: Format) -> str:
    """The change of one name: "org-gamma +$800.00 → 96.3% used"."""
    if row["budget"] is None:
        return f"{row[by]} no budget"
    if row["budget_used"] is None:
        result = str(row["status"])
    else:
        result = f"{fmt.share(row['budget_used'])} used"
    return f"{row[by]} {fmt.change(row['budget_change'])} → {result}"


def _total_text(totals: TotalVariance, by: str, fmt: Format) -> str:
    """The total: "total budget $10,800.00, 19.7% unspent"; `by` is "" or " by product"."""
    if totals.budget is None:
        return f"no budget is set{by}"
    variance = totals.variance or ZERO
    rest = ratio(abs(variance), totals.budget)
    if rest is None:
        result = str(totals.status)
    else:
        result = f"{fmt.share(rest)} {'over' if totals.status == Status.OVER else 'unspent'}"
    return f"total budget{by} {fmt.money(totals.budget)}, {result}"
