"""Inputs: the parameters of a notebook, and the data that they name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from finops_nb.errors import Problem, Refusal
from finops_nb.figures.projection import project
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.scenario_effect import check_names
from finops_nb.outputs.manifest import current_manifest
from finops_nb.outputs.months import months_before, months_left_out
from finops_nb.params.budgets import read_budgets
from finops_nb.params.drivers import read_drivers
from finops_nb.params.model import PARAMETERS, Params, make_params
from finops_nb.params.organizations import read_mapping
from finops_nb.params.validation import SHAPES
from finops_nb.usage.model import CELLS_BY_DAY
from finops_nb.usage.reader import read_usage


def read_parameters(namespace: Mapping[str, Any]) -> Params:
    """The parameters of a notebook, checked like those of a params file.

    Args:
        namespace: the notebook's variables; only those named like a parameter are read.

    Returns:
        The params; a parameter that the notebook leaves out has its default.

    Raises:
        Refusal: all problems of the parameters, by key.

    Example:
        params = read_parameters(globals())
    """
    values = {name: namespace[name] for name in PARAMETERS if name in namespace}
    try:
        return make_params(values)
    except Refusal as refusal:
        problems = [_as_in_a_notebook(problem, values) for problem in refusal.problems]
        raise Refusal(problems, refusal.count) from None


def _as_in_a_notebook(problem: Problem, values: Mapping[str, Any]) -> Problem:
    """The problem; of a number in the place of text, with how a cell or papermill gives text."""
    key = problem.column or ""
    value = values.get(key)
    if problem.rule != SHAPES["string_type"] or not isinstance(value, (int, float)):
        return problem
    fix = f'Write it in quotes, {key} = "{value}"; with papermill, write -r {key} {value}, not -p'
    return replace(problem, fix=fix)


def read_report_data(params: Params) -> ReportData:
    """Everything a report is computed from: usage, budgets, drivers and earlier published months.

    Args:
        params: from `read_parameters`.

    Returns:
        The data; `usage` includes the growth and price changes of a what-if, `measured` does not.

    Raises:
        Refusal: all problems of the usage, of the budgets or of the drivers, and names in a
            what-if that neither usage nor budgets have.

    Example:
        data = read_report_data(params)
    """
    mapping = read_mapping(params)
    budgets, drivers = read_budgets(params, mapping=mapping), read_drivers(params)
    measured = read_usage(params, mapping=mapping, detail=CELLS_BY_DAY)
    manifest = current_manifest()
    file = f"params/{manifest.name}.yaml" if manifest.name else None
    check_names(measured, budgets, params, file)
    usage = project(measured, params.growth, params.model_prices)
    months = months_before(params)
    left_out = months_left_out(params)
    return ReportData(params, usage, measured, budgets, manifest, months, left_out, drivers)
