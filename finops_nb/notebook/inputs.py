"""Inputs: what a notebook starts from, its parameters and the data that they name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from finops_nb.figures.projection import project
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.scenario_effect import check_names
from finops_nb.outputs.manifest import current_manifest
from finops_nb.outputs.months import months_before
from finops_nb.params.budgets import read_budgets
from finops_nb.params.model import PARAMETERS, Params, make_params
from finops_nb.usage.reader import read_usage


def read_parameters(namespace: Mapping[str, Any]) -> Params:
    """The parameters of a notebook's cell, checked as those of a params file are.

    Args:
        namespace: the notebook's variables; only those that are called like a parameter are read.

    Returns:
        The params; a parameter that the cell leaves out has its default.

    Raises:
        Refusal: everything that is wrong with them, by key.

    Example:
        params = read_parameters(globals())
    """
    return make_params({name: namespace[name] for name in PARAMETERS if name in namespace})


def read_report_data(params: Params) -> ReportData:
    """Everything a report is computed from: usage, budgets and the published months before it.

    Args:
        params: from `read_parameters`.

    Raises:
        Refusal: every problem of the usage, or of the budgets; names of a what-if that nothing has.

    Example:
        data = read_report_data(params)
    """
    budgets = read_budgets(params)
    measured = read_usage(params)
    check_names(measured, budgets, params)
    usage = project(measured, params.growth, params.model_prices)
    months = months_before(params)
    return ReportData(params, usage, measured, budgets, current_manifest(), months)
