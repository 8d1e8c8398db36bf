"""Overruns: which names are over budget, or are expected to be once a running period ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from finops_nb.figures.budget_status import Status, is_above
from finops_nb.figures.period_end import AtEnd, period_end
from finops_nb.figures.report_data import ReportData
from finops_nb.findings.materiality import VarianceLine, is_material, lines_with_status
from finops_nb.findings.tense import Tense, tense_of
from finops_nb.money import minor_units


def overruns(data: ReportData, variance: pd.DataFrame) -> tuple[VarianceLine, ...]:
    """The names that are materially over budget; in a running period, by what is expected.

    Args:
        data: of the report.
        variance: from `variance_by`.

    Returns:
        The most at stake (`VarianceLine.at_stake`) first. A name of a running period that is
        expected to stay within its budget is not there, whatever share of it is used.

    Example:
        Of a budget of 100.00, 70.00 in the first week: 310.00 is expected, and 210.00 at stake.
    """
    if data.usage.complete:
        over = lines_with_status(Status.OVER, variance, data.params)
        return tuple(line for line in over if line.material)
    ends, decimals = period_end(data, variance.columns[0]), minor_units(data.params.currency)
    lines = []
    for name, row in zip(variance.iloc[:, 0], variance.itertuples(), strict=True):
        if row.budget is None:
            continue
        figures = (row.cost, row.budget, row.variance, row.budget_used)
        line = VarianceLine(name, *figures, material=True, expected=ends.get(name))
        is_over = is_above(row.budget + line.at_stake, row.budget, decimals)
        if is_over and is_material(line.at_stake, row.budget, data.params):
            lines.append(line)
    return tuple(sorted(lines, key=lambda line: (-line.at_stake, line.name)))


def at_risk(data: ReportData, variance: pd.DataFrame) -> tuple[VarianceLine, ...]:
    """The names of a running period that are within budget, and may not stay so.

    They are those that are AT RISK, and those that a forecast expects above their budget while
    there is no run rate, by which the status goes.

    Args:
        data: of the report.
        variance: from `variance_by`.

    Returns:
        Material or not; `expected` only where that is above the budget, the furthest above first.
        Empty in a period that is over.

    Example:
        Of a budget of 100.00, 70.00 in the first week is AT RISK: 310.00 is expected.
    """
    if data.usage.complete:
        return ()
    ends, decimals = period_end(data, variance.columns[0]), minor_units(data.params.currency)
    lines = []
    for status in (Status.AT_RISK, Status.UNDER):
        for line in lines_with_status(status, variance, data.params):
            end = ends.get(line.name)
            if end is not None and is_above(end.expected, line.budget, decimals):
                lines.append(replace(line, expected=end))
            elif status == Status.AT_RISK:
                lines.append(line)
    # Within budget, what is at stake is below zero where no excess is expected.
    return tuple(sorted(lines, key=lambda line: (line.expected is None, -line.at_stake, line.name)))


def is_over(line: VarianceLine, data: ReportData) -> bool:
    """Whether a name is over its budget already, by an amount that prints above zero."""
    return is_above(line.cost, line.budget, minor_units(data.params.currency))


def expected_excess(line: VarianceLine, data: ReportData) -> AtEnd | None:
    """What a name is expected to cost, where that puts it further over its budget than it is.

    Args:
        line: from `overruns`.
        data: of the report.

    Returns:
        None in a period that is over, and where no more than is spent already is expected.
    """
    end, most = line.expected, max(line.cost, line.budget)
    if end is None or not is_above(end.expected, most, minor_units(data.params.currency)):
        return None
    return end


def excess_template(
    line: VarianceLine, data: ReportData, is_clause: bool, has_share: bool = True
) -> tuple[str, dict[str, Any]]:
    """How far a name is over its budget, or is expected to be, as a template and its values.

    Args:
        line: from `overruns`.
        data: of the report.
        is_clause: whether the text is to follow a verb, as in "Review spending with {who}, which".
        has_share: whether it also says which share of the budget is used.

    Example:
        "{who} is $15.00 over its $75.00 budget (120.0% used) and is expected to cost $310.00 at
        its run rate, $235.00 over"
    """
    tense, end = tense_of(data.params), expected_excess(line, data)
    who = "{who}, which " if is_clause else "{who} "
    values = {"excess": line.variance, "budget": line.budget, "used": line.budget_used}
    has_share = has_share and line.budget_used is not None
    text = f"{tense.verb('is', 'be')} {{excess:money}} over its {{budget:money}} budget"
    text += " ({used:share} used)" if has_share else ""
    if end is None:
        return who + text, values
    values |= {"expected": end.expected, "low": end.low, "high": end.high}
    values["expected_excess"] = end.expected - line.budget
    expected, distance = _expected(end, tense)
    if is_over(line, data):
        return f"{who}{text} and {expected}, {distance} over", values
    values.pop("excess")  # below zero: nothing is exceeded yet
    text = f"{expected}, {distance} over its {{budget:money}} budget"
    text += " ({used:share} used so far)" if has_share else ""
    return who + text, values


def _expected(end: AtEnd, tense: Tense) -> tuple[str, str]:
    """What is expected, and how far over that is; a forecast is an estimate and has a range."""
    verb = f"{tense.verb('is', 'be')} expected to cost"
    if end.is_rate:
        return f"{verb} {{expected:money}} at its run rate", "{expected_excess:money}"
    in_range = (
        "" if end.low is None else " ({low:estimate} to {high:estimate} in four of five cases)"
    )
    return f"{verb} {{expected:estimate}}{in_range}", "{expected_excess:estimate}"
