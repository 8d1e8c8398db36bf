"""Everything that a notebook of the kit uses, in one import: `from finops_nb.api import *`."""

from __future__ import annotations

from finops_nb.figures.allocation import allocate, allocate_within
from finops_nb.figures.chargeback import charges, cross_usage, ledger_of
from finops_nb.figures.crossings import budget_alerts
from finops_nb.figures.efficiency import rank_efficiency, unit_costs
from finops_nb.figures.models import cost_by_model
from finops_nb.figures.policies import breaches
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import backtest_errors
from finops_nb.figures.scenario_effect import scenario_effect
from finops_nb.figures.trend import cost_by_month, with_trend
from finops_nb.figures.variance import headline, total_of, variance_by
from finops_nb.findings.evidence import Findings
from finops_nb.findings.insights import find_insights
from finops_nb.findings.main_findings import main_findings
from finops_nb.findings.recommendations import recommend
from finops_nb.notebook.inputs import read_parameters, read_report_data
from finops_nb.notebook.results import Parts, write_results
from finops_nb.report import charts, prose, tables
from finops_nb.report.theme import Style
from finops_nb.scenarios.panel import open_what_if

__all__ = [  # noqa: RUF022 (by subject, in the order of a report)
    # what a report starts from
    "read_parameters",
    "read_report_data",
    "ReportData",
    # cost by organization, product, feature, model and month
    "allocate",
    "allocate_within",
    "unit_costs",
    "cost_by_model",
    "cost_by_month",
    "with_trend",
    # against budget
    "variance_by",
    "total_of",
    "headline",
    "budget_alerts",
    "backtest_errors",
    "scenario_effect",
    # charged
    "ledger_of",
    "charges",
    "cross_usage",
    # compared and judged
    "rank_efficiency",
    "breaches",
    "find_insights",
    "Findings",
    "main_findings",
    "recommend",
    # shown
    "tables",
    "charts",
    "prose",
    "Style",
    "Parts",
    "write_results",
    # what if
    "open_what_if",
]
