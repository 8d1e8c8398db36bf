"""The workbench: what a notebook of the kit works with, in one import; each name is explained where it is defined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from finops_nb.figures.alerts import budget_alerts
from finops_nb.figures.allocation import allocate, allocate_within
from finops_nb.figures.chargeback import charges, cross_usage, ledger_of
from finops_nb.figures.efficiency import rank_efficiency, unit_costs
from finops_nb.figures.policies import breaches
from finops_nb.figures.projection import project
from finops_nb.figures.scenario_effect import check_names, scenario_difference
from finops_nb.figures.trend import cost_by_month, with_trend
from finops_nb.figures.variance import headline, total_variance, variance_by
from finops_nb.findings.insights import find_insights
from finops_nb.findings.main_findings import main_findings
from finops_nb.findings.recommendations import recommend
from finops_nb.outputs.months import months_before
from finops_nb.params.budgets import read_budgets
from finops_nb.params.model import Params, make_params
from finops_nb.report import (
    budget_tables,
    charts,
    data_tables,
    narrative,
)
from finops_nb.report import (
    cost_tables as tables,
)
from finops_nb.report import (
    narrative as opening,
)
from finops_nb.report.theme import style_sheet
from finops_nb.usage.reader import read_usage

__all__ = [
    "Style",
    "allocate",
    "allocate_within",
    "breaches",
    "budget_alerts",
    "budget_tables",
    "charges",
    "charts",
    "check_names",
    "cost_by_month",
    "cross_usage",
    "current_manifest",
    "data_tables",
    "find_insights",
    "write_results",
    "headline",
    "ledger_of",
    "main_findings",
    "backtest_errors",
    "months_before",
    "narrative",
    "open_what_if",
    "opening",
    "project",
    "rank_efficiency",
    "read_budgets",
    "read_usage",
    "recommend",
    "scenario_difference",
    "set_params",
    "tables",
    "total_variance",
    "unit_costs",
    "variance_by",
    "with_trend",
]


def set_params(**values: Any) -> Params:
    """The parameters of a notebook's cell, checked as those of a params file are.

    Raises:
        Refusal: everything that is wrong with them, by key.
    """
    return make_params(values)


def open_what_if(base: str, scenario: str = "", author: str = "") -> Any:
    """The what-if panel of a base: in JupyterLab a table to edit, elsewhere one that stands still.

    Args:
        base: a NAME whose budgets to start from.
        scenario: a saved scenario to go on with.
        author: who is at work.

    Raises:
        Refusal: what `run` would refuse of the base or of the scenario.
    """
    from finops_nb.scenarios.panel import Panel
    from finops_nb.scenarios.what_if import WhatIf

    panel = Panel(WhatIf(base, scenario), author)
    try:
        from finops_nb.scenarios.widget import BudgetWhatIf
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("anywidget", "ipywidgets", "traitlets"):
            raise
        return Still(panel)
    return BudgetWhatIf(panel)


@dataclass(frozen=True)
class Still:
    """A what-if without the libraries that make it editable."""

    panel: Any

    def __repr__(self) -> str:
        return '<what-if, which pip install "finops-nb[lab]" makes editable>'

    def _repr_html_(self) -> str:
        way = 'To edit budgets here, install JupyterLab and its widgets: <code>pip install "finops-nb[lab]"</code>'
        return f"<p>{way}, then restart the kernel.</p>{self.panel._repr_html_()}"


@dataclass(frozen=True)
class Style:
    """The looks of tables and prose in JupyterLab; the report has them in its head."""

    def __repr__(self) -> str:
        return "<style>"

    def _repr_html_(self) -> str:
        return f"<style>{style_sheet()}</style>"
