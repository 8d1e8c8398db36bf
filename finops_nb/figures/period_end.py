"""Period end: what a running period is expected to cost in all, name by name.

It is the run rate. Before a week is seen, there is none: then it is the forecast of the month, or
what is spent already where that is more. A name that neither of them knows is expected to cost no
more than it has.

A run rate has no range. It extends days that are known, and how far off it was after as many days
of earlier months is known for the total only (`run_rate.backtest_errors`): published months have
no days by name. A forecast has one where enough months are tested (`forecast_range`).
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from finops_nb.figures.forecast import Forecast, outlook
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import run_rates, to_date
from finops_nb.money import ZERO
from finops_nb.schema import Dimension


class AtEnd(NamedTuple):
    """What a name is expected to cost in the whole of a running period.

    Args:
        expected: never below what is spent, where it is a forecast.
        low: four in five months are to lie between it and `high`; None without a range.
        high: see `low`.
        is_rate: it is the run rate, and no forecast.
    """

    expected: Decimal
    low: Decimal | None
    high: Decimal | None
    is_rate: bool


@lru_cache(maxsize=8)  # the fiscal year, the findings and the recommendations ask for the same
def period_end(data: ReportData, by: Dimension) -> dict[str, AtEnd]:
    """What each name of a running period is expected to cost by its end.

    Args:
        data: for its usage, its published months and its budgets.
        by: organization or product.

    Returns:
        By name; empty for a period that is over, and where there is neither a run rate nor a
        forecast of it. A name with a budget and without usage has no run rate: it is not there.

    Example:
        2.00 a day in December: a run rate of 62.00 after a week, or the forecast of 60.00 before.
    """
    if data.usage.complete:
        return {}
    rates = run_rates(data.usage, by)
    if rates:
        return {name: AtEnd(rate, None, None, is_rate=True) for name, rate in rates.items()}
    forecast, own = outlook(data), data.usage.period.text
    return {} if forecast is None or own not in forecast.months else _forecast(data, by, forecast)


def _forecast(data: ReportData, by: Dimension, forecast: Forecast) -> dict[str, AtEnd]:
    lines = forecast.of(by, data.usage.period.text)
    spent = {name: each.cost for name, each in to_date(data, by).items()}
    found = {}
    for name in dict.fromkeys((*lines, *spent)):
        line, least = lines.get(name), spent.get(name, ZERO)
        if line is None:
            found[name] = AtEnd(least, None, None, is_rate=False)
            continue
        low, high = (None if each is None else max(each, least) for each in (line.low, line.high))
        found[name] = AtEnd(max(line.expected, least), low, high, is_rate=False)
    return found
