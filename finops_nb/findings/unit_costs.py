"""Unit costs in words: the cost per unit that changed most, and what is doubtful in drivers.csv."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from decimal import Decimal

from finops_nb.errors import nearest
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.unit_costs import UnitCost, unit_costs_by_driver
from finops_nb.findings.sentence import Sentence, sentence
from finops_nb.money import ZERO
from finops_nb.outputs.looked_back import compared_period
from finops_nb.params.drivers import COMPANY
from finops_nb.schema import UNALLOCATED
from finops_nb.words import singular


def changed_unit_cost(data: ReportData) -> UnitCost | None:
    """The cost per unit whose change from the period before is worth the most money.

    Args:
        data: of the report. A change is material if it is `materiality` or more of the cost per
            unit before, and worth `materiality_amount` or more; if no such amount is set, that
            fraction of the total cost.

    Returns:
        An organization's; the whole company's only where no organization's is material. None where
        none is.
    """
    params = data.params
    least = params.materiality_amount
    if least is None:
        least = params.materiality * abs(data.usage.cost)
    material = [
        line
        for line in unit_costs_by_driver(data)
        if line.change and abs(line.change) >= params.materiality and _money(line) >= least
    ]
    of_organizations = [line for line in material if line.organization != COMPANY]
    return max(of_organizations or material, key=_money, default=None)


def unit_cost_sentence(line: UnitCost, data: ReportData) -> Sentence:
    """A cost per unit that changed, as a sentence without a full stop.

    Args:
        line: from `changed_unit_cost`.
        data: of the report.

    Example:
        "cost per order of org-beta rose 12.0%, from $0.5000 to $0.5600; at November's cost per
        order, December would have cost $720.00 less"
    """
    rose = _moved(line) > 0
    period, before = _period_names(data)
    whose = "{organization}" if line.organization else "the whole company"
    return sentence(
        f"cost per {{unit}} of {whose} {'rose' if rose else 'fell'} {{ratio:share}}, from "
        "{before:unit cost} to {now:unit cost}; "
        f"at {before}'s cost per {{unit}}, {period} would have cost {{moved:money}} "
        f"{'less' if rose else 'more'}",
        unit=singular(line.driver),
        organization=line.organization,
        ratio=abs(line.change or ZERO),
        before=line.before,
        now=line.unit_cost,
        moved=_money(line),
    )


def doubtful_drivers(data: ReportData) -> Iterator[str]:
    """Organizations of drivers.csv without usage, and a period that it does not state.

    Example:
        'drivers.csv: no usage in the period for org-bta (did you mean "org-beta"?).'
    """
    drivers, period = data.drivers, data.usage.period
    if drivers is None or not period.months:
        return
    lines = [line for line in drivers.lines if line.month in period.months]
    if not lines:
        yield f"{drivers.file} has no amount for {period.label}."
    stated = dict.fromkeys(line.organization for line in lines if line.organization)
    used = list(data.usage.groups["organization",]["organization"])
    others = [name for name in used if name not in stated and name != UNALLOCATED]
    idle = [name for name in stated if name not in used]
    if idle:
        names = ", ".join(_with_nearest(name, others) for name in idle)
        yield f"{drivers.file}: no usage in the period for {names}."


def _period_names(data: ReportData) -> tuple[str, str]:
    """What the period and the one before are called; a month after a month needs no year."""
    period, before = data.usage.period, compared_period(data.params)
    assert before is not None, "there is a change"
    if period.is_month and before == period.preceding():
        return calendar.month_name[period.start.month], calendar.month_name[before.start.month]
    return period.label, before.label


def _with_nearest(name: str, known: list[str]) -> str:
    near = nearest(name, known)
    return f'{name} (did you mean "{near}"?)' if near else name


def _moved(line: UnitCost) -> Decimal:
    return line.moved or ZERO


def _money(line: UnitCost) -> Decimal:
    """The money at stake, of either sign."""
    return abs(_moved(line))
