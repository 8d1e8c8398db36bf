"""The names that notebooks imported before `finops_nb.api`, so that old notebooks still run.

Nothing else in the package uses this module. Each old function takes its old arguments, gathers
those that are now one `ReportData`, and calls the function that replaced it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from inspect import Parameter, Signature
from types import SimpleNamespace
from typing import Any, Final

from finops_nb import api
from finops_nb.figures import variance as variances
from finops_nb.figures.projection import project
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.scenario_effect import check_names, scenario_difference
from finops_nb.notebook.old_imports import INSTEAD
from finops_nb.notebook.results import Marker, Part, Parts
from finops_nb.outputs.manifest import VARIABLE, current_manifest
from finops_nb.outputs.months import months_before
from finops_nb.params.budgets import read_budgets
from finops_nb.params.model import Params, make_params
from finops_nb.report import prose
from finops_nb.report import tables as _tables
from finops_nb.usage import reader
from finops_nb.usage.model import CELLS_BY_DAY

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
    "current_edition",
    "data_tables",
    "find_insights",
    "hand_over",
    "headline",
    "ledger_of",
    "main_findings",
    "misses",
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

DATA: Final = ("usage", "budgets", "params", "manifest", "months")
"""Old arguments that are fields of `ReportData`."""

PASSED: Final[dict[str, Any]] = dict.fromkeys(DATA[:-1]) | {"months": ()}
"""The last value of each that the notebook passed."""

RENAMED: Final = {"edition": "manifest", "misses": "backtest_errors"}
"""Old arguments that have another name now."""

Style = api.Style
allocate = api.allocate
allocate_within = api.allocate_within
charges = api.charges
charts = api.charts
cross_usage = api.cross_usage
current_edition = current_manifest
headline = api.headline
open_what_if = api.open_what_if
rank_efficiency = api.rank_efficiency
unit_costs = api.unit_costs


def _data(**given: Any) -> ReportData:
    """Report data of the arguments of an old call, and of what earlier calls passed.

    A table needs more of the report now than its old arguments: which names are printed by name
    follows from usage and budgets, and so do the notes on them.
    """
    PASSED.update(given)
    return ReportData(measured=PASSED["usage"], **PASSED)


def _adapted(function: Callable[..., Any], old: str) -> Callable[..., Any]:
    """A function that takes the old arguments.

    Args:
        function: the function to call; its first argument is `ReportData`.
        old: the names of the old arguments, in their order.

    Example:
        _adapted(api.cost_by_month, "usage by months")(usage, "product", months)
    """
    kind = Parameter.POSITIONAL_OR_KEYWORD
    signature = Signature([Parameter(name, kind) for name in old.split()])

    def adapter(*positional: Any, **named: Any) -> Any:
        arguments = signature.bind_partial(*positional, **named).arguments
        given = {RENAMED.get(name, name): value for name, value in arguments.items()}
        data = _data(**{name: given.pop(name) for name in DATA if name in given})
        return function(data, **given)

    return adapter


def set_params(**values: Any) -> Params:
    """`read_parameters`, with each value as an argument."""
    return make_params(values)


def read_usage(params: Params) -> Any:
    """The usage as `api.read_report_data` reads it."""
    return reader.read_usage(params, detail=CELLS_BY_DAY)


def total_variance(variance: Any, at_risk: Any, complete: bool) -> Any:
    """`api.total_of`, with its old arguments."""
    currency = PASSED["params"].currency
    return variances.total_variance(variance, at_risk, complete, currency)


def _findings(months: Any = (), **given: Any) -> api.Findings:
    fields = {name: given.pop(name) for name in DATA if name in given}
    return api.Findings(_data(**fields, months=months), **given)


def main_findings(months: Any, **given: Any) -> Any:
    """`api.main_findings`, with each finding as an argument."""
    return api.main_findings(_findings(months, **given))


def recommend(**given: Any) -> Any:
    """`api.recommend`, with each finding as an argument."""
    return api.recommend(_findings(**given))


def hand_over(
    parts: Sequence[Part], usage: Any, budgets: Any, params: Params, edition: Any, book: Any
) -> Marker:
    """`api.write_results`, with the parts listed by hand."""
    show = Parts(_data(usage=usage, budgets=budgets, params=params, manifest=edition), book)
    for part in parts:
        show(part)
    return api.write_results(show)


def ledger_of(usage: Any, currency: str, edition: Any) -> Any:
    """`api.ledger_of`, with its old arguments."""
    params = Params(period=usage.period.text, usage=("sample:",), currency=currency)
    return api.ledger_of(replace(_data(usage=usage, manifest=edition), params=params))


breaches = _adapted(api.breaches, "usage organizations products budgets params")
budget_alerts = _adapted(api.budget_alerts, "usage budgets params")
cost_by_month = _adapted(api.cost_by_month, "usage by months")
find_insights = _adapted(api.find_insights, "usage organizations products efficiency params")
misses = _adapted(api.backtest_errors, "usage months")
variance_by = _adapted(api.variance_by, "usage by budgets params also")
with_trend = _adapted(api.with_trend, "variance usage months")

tables = SimpleNamespace(
    budget_tracking=_adapted(_tables.budget_tracking, "organizations products params"),
    chargeback_by=_adapted(_tables.chargeback_by, "charges totals budgets params"),
    cost_by=_adapted(_tables.cost_by, "variance totals usage budgets params"),
    cost_by_feature=_adapted(_tables.cost_by_feature, "features usage params"),
    cost_by_month=_adapted(_tables.cost_by_month, "organizations products usage params"),
    cross_organization_usage=_adapted(_tables.cross_organization_usage, "lines params"),
    efficiency=_adapted(_tables.efficiency, "ranked usage params"),
    product_breakdown=_adapted(_tables.product_breakdown, "breakdown params"),
    spend_by_day=_adapted(_tables.spend_by_day, "usage params"),
)
budget_tables = SimpleNamespace(
    budget_alerts=_adapted(_tables.budget_alerts, "alerts params"),
    budget_versions=_adapted(_tables.budget_versions, "budgets params"),
    policies=_adapted(_tables.policies, "breaches params"),
    run_rate_misses=_adapted(_tables.run_rate_misses, "misses usage params"),
    running_period=_adapted(
        _tables.running_period, "organizations products totals usage budgets params"
    ),
    scenario_changes=_adapted(_tables.scenario_changes, "organizations products budgets params"),
)
data_tables = SimpleNamespace(
    charges_by_kind=_adapted(_tables.charges_by_kind, "usage params"),
    data_quality=_adapted(_tables.data_quality, "usage budgets params"),
    invoices=_adapted(_tables.invoices, "usage params"),
    parameters=_adapted(_tables.parameters, "params"),
    rows_account=_adapted(_tables.rows_account, "usage params"),
    unallocated_by_key=_adapted(_tables.unallocated_by_key, "usage params"),
)
opening = SimpleNamespace(
    findings_that_matter=_adapted(prose.findings_that_matter, "findings budgets params"),
    headline_figures=_adapted(prose.headline_figures, "totals months usage params"),
)
narrative = SimpleNamespace(
    efficiency_summary=_adapted(prose.efficiency_summary, "efficiency params"),
    executive_summary=_adapted(prose.executive_summary, "totals usage budgets params"),
    heading=_adapted(prose.heading, "usage params edition"),
    key_insights=_adapted(prose.key_insights, "insights params"),
    origin=_adapted(prose.origin, "usage budgets params edition"),
    outlook=_adapted(prose.outlook, "totals misses usage params"),
    recommended=_adapted(prose.recommended, "recommendations params"),
)

if VARIABLE not in os.environ:  # in a run, the runner says so
    print(INSTEAD, file=sys.stderr)
