"""Days out of line: the anomalies that are material, in words."""

from __future__ import annotations

import calendar
from datetime import timedelta

from finops_nb.figures.anomalies import Anomaly, anomalies
from finops_nb.figures.day_costs import Scope
from finops_nb.figures.report_data import ReportData
from finops_nb.findings.materiality import least_material
from finops_nb.findings.sentence import Sentence, sentence
from finops_nb.schema import UNALLOCATED


def material_anomalies(data: ReportData) -> tuple[Anomaly, ...]:
    """The days that are out of line by an amount that is material to the month's cost.

    Args:
        data: of the report.

    Returns:
        As `anomalies`.
    """
    return anomalies(data, least_material(data.usage.cost, data.params))


def about(anomaly: Anomaly) -> Sentence:
    """A day that is out of line, as a sentence without a full stop.

    Example:
        "December 9: chat cost $412.00 more than on a usual Tuesday, mostly gpt-4"
    """
    last = anomaly.day + timedelta(days=anomaly.days - 1)
    more = "more" if anomaly.difference > 0 else "less"
    usual = f"a usual {calendar.day_name[anomaly.day.weekday()]}"
    text = "{day:date}: "
    if anomaly.days > 1:
        text, usual = "{day:date} to {last:date}: ", "usual days"
    text += f"{_who(anomaly.scope)} {{amount:money}} {more} than on {usual}"
    if anomaly.driver:
        text += ", mostly {driver}" + (" (new)" if anomaly.is_new else "")
    names = anomaly.scope._asdict() | {"driver": anomaly.driver}
    return sentence(text, day=anomaly.day, last=last, amount=abs(anomaly.difference), **names)


def _who(scope: Scope) -> str:
    """The subject and the verb."""
    organization, product, model = (name is not None for name in scope)
    if not (product or model):
        if scope.organization == UNALLOCATED:
            return "cost without an organization was"
        return "{organization} cost" if organization else "total cost was"
    whose = "unallocated " if scope.organization == UNALLOCATED else "{organization}'s "
    what = "{product} on {model}" if product and model else "{product}" if product else "{model}"
    return f"{whose if organization else ''}{what} cost"
