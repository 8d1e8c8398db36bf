"""Forecast: what the next months are expected to cost, in total, by organization and by product.

Every pair of organization and product has an expected cost, rounded to three significant digits;
organizations, products and the total are sums of pairs. A pair without cost in the last known month
is expected to have none, and one that cost something is not expected to fall below zero; a pair of
credits goes on as in the last month.

One method serves the whole report: that with the smallest error in the known months, each forecast
from those before it. The error is the sum of what each organization was off, as a fraction of what
they cost (WAPE; Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 5.8). Of equals,
the simplest is taken; with fewer than three known months there is no test, and it is the run rate.

Events of the params change the pairs that they name from their day on. One up to the last known day
has no part in it: its cost is known. The run rate of a running month takes no account of events.

A gap ends the history: only consecutive months count. A running month counts as its run rate; where
it has none, it is the first month that is forecast.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from finops_nb.figures.forecast_events import Change, changes_of
from finops_nb.figures.forecast_methods import (
    Method,
    Month,
    Weights,
    following,
    forecast,
    weights,
)
from finops_nb.figures.forecast_range import (
    DIGITS,
    FEWEST_MISSES,
    probability_over,
    range_of,
    risk_of,
)
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import run_rates_of_pairs
from finops_nb.figures.variance import headline_dimension
from finops_nb.money import ZERO, minor_units, significant, total
from finops_nb.params.events import Event
from finops_nb.period import fiscal_year, parse_period
from finops_nb.schema import BUDGETED, Dimension

TOTAL: Final = "total"
DIMENSIONS: Final = (TOTAL, "organization", "product")
FEWEST_MONTHS: Final = 3
"""Known months from which the methods can be tested."""
Line: TypeAlias = tuple[str, str]
"""A dimension and a name."""
Pair: TypeAlias = tuple[str, str]
"""An organization and a product."""
Series: TypeAlias = Mapping[Line, Sequence[Decimal]]
"""The cost of each line in every known month."""


class Expected(NamedTuple):
    """What a line is expected to cost in a month.

    Args:
        dimension: total, organization or product.
        name: of the organization or product; `total` for the total.
        month: text like 2026-01.
        low: four in five months are to lie between it and `high`; None with too few months.
        expected: the sum of its pairs.
        high: see `low`.
        budget: of that month; None where none is set.
        risk: that the budget is overrun: likely (even expected is above it), possible (high is),
            unlikely (high is not); None without a budget or a range.
        probability: of an overrun, as a fraction in steps of 0.1; None with too few months.
    """

    dimension: str
    name: str
    month: str
    low: Decimal | None
    expected: Decimal
    high: Decimal | None
    budget: Decimal | None
    risk: str | None
    probability: Decimal | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """The forecast of a report.

    Args:
        method: by which it is made.
        known: the months it is made from, oldest first.
        months: those that are forecast, oldest first.
        through: the last day that is known.
        tested: the months that each method was tested on.
        errors: of each method on them, as a fraction of their cost; empty if none was tested.
        lines: by month, then total, organizations and products, each by name.
    """

    method: Method
    known: tuple[str, ...]
    months: tuple[str, ...]
    through: date
    tested: tuple[str, ...]
    errors: Mapping[Method, Decimal]
    lines: tuple[Expected, ...]

    def of(self, dimension: str, month: str) -> dict[str, Expected]:
        """The lines of a dimension in a month, by name."""
        return {
            line.name: line
            for line in self.lines
            if line.dimension == dimension and line.month == month
        }


class Known(NamedTuple):
    """A known month with the cost of each pair."""

    month: Month
    pairs: Mapping[Pair, Decimal]


@lru_cache(maxsize=4)  # tables, sentences and results.json ask for the same
def outlook(data: ReportData) -> Forecast | None:
    """What the months after a month are expected to cost.

    Args:
        data: for its usage, read by cells, its published months and the budgets ahead.

    Returns:
        Of the months to the end of the fiscal year; where the month is its last one, of the next
        month. None for a period that is no month, and where nothing is known to start from.
    """
    known = known_months(data)
    if not known:
        return None
    months = _months_ahead(data, known[-1].month.name)
    decimals, events = minor_units(data.params.currency), data.params.events
    by = headline_dimension(data.budgets)
    own: Mapping[str, Mapping[str, Decimal]] = {each: data.budgets.of(each) for each in BUDGETED}
    # A running month without a run rate is forecast, too.
    budgets = {data.usage.period.text: own, **data.budgets.ahead}
    return forecast_of(known, months, budgets, decimals, events, by)


def forecast_of(
    known: Sequence[Known],
    months: Sequence[str],
    budgets: Mapping[str, Mapping[str, Mapping[str, Decimal]]],
    decimals: int,
    events: Sequence[Event] = (),
    by: Dimension = "organization",
) -> Forecast | None:
    """The forecast from months that are known.

    Args:
        known: consecutive months, oldest first; at least one.
        months: those to forecast, from the next one on.
        budgets: amount by month, dimension and name.
        decimals: of the currency.
        events: what is supposed to change cost from its day on.
        by: the dimension whose budgets add up to that of the total.

    Returns:
        None where no method can be used. Of 100, 100 and 100, the last month: 100 is expected.
    """
    history, series = [each.month for each in known], _by_line(known)
    errors = backtest(history, series)
    method = min(errors, key=lambda each: errors[each]) if errors else Method.RUN_RATE
    misses = _misses(method, history, series)
    lines: list[Expected] = []
    for ahead, month in enumerate(months, 1):
        of_month = weights(method, history, ahead)
        if of_month is None:
            return None
        changes, of_budgets = changes_of(events, month, _through(history)), budgets.get(month, {})
        expected = _expected(known, of_month, decimals, changes, of_budgets)
        lines += (
            _line(line, month, amount, misses, ahead, _budget(line, of_budgets, by))
            for line, amount in expected.items()
        )
    names = tuple(month.name for month in history)
    tested = tuple(names[place] for place in _tested(history))
    return Forecast(method, names, tuple(months), _through(history), tested, errors, tuple(lines))


def backtest(known: Sequence[Month], series: Series) -> dict[Method, Decimal]:
    """The error of each method in the known months, each forecast from those before it.

    Args:
        known: consecutive months, oldest first.
        series: cost of each line in them.

    Returns:
        Σ |forecast − actual| ÷ Σ |actual| over organizations and tested months, the simplest method
        first; empty where no month can be tested. A method that can't be used in one of them is
        not there.

    Example:
        100, 100, 110 are known: the last month expects 100, and its error is 10 ÷ 110.
    """
    names = [amounts for (dimension, _), amounts in series.items() if dimension == "organization"]
    tested = _tested(known)
    spent = total(abs(amounts[place]) for amounts in names for place in tested)
    errors: dict[Method, Decimal] = {}
    for method in Method:
        of = [weights(method, known[:place], 1) for place in tested]
        if not spent or None in of:
            continue
        missed = (
            abs(_floored(weight, amounts[:place]) - amounts[place])
            for place, weight in zip(tested, of, strict=True)
            if weight is not None
            for amounts in names
        )
        errors[method] = total(missed) / spent
    return errors


def known_months(data: ReportData) -> tuple[Known, ...]:
    """The consecutive months up to a report's own, oldest first, with the cost of each pair.

    A running month is among them at its run rate, if it has one.

    Args:
        data: for its usage and its published months.

    Returns:
        Empty for a period that is no month, and in a what-if that changes usage: a supposed month
        after real ones is no history.
    """
    period = data.usage.period
    if not period.is_month or data.usage is not data.measured:
        return ()
    own = _own_month(data)
    known = [own] if own else []
    name = period.preceding().text
    published = {month.name: month for month in data.months}
    while (month := published.get(name)) and month.pairs:
        known.append(Known(Month(name, month.cost, month.days), month.pairs))
        name = following(name, -1)
    return tuple(reversed(known))


def _own_month(data: ReportData) -> Known | None:
    """The report's month with its cost by pair; of a running month, the run rate of each."""
    usage, name = data.usage, data.usage.period.text
    day = usage.groups["day",]
    days = dict(zip(day["day"], day["cost"], strict=True))
    if not usage.complete:
        rates = run_rates_of_pairs(usage)
        cost = total(rates.values())
        return Known(Month(name, cost, days, usage.complete_through), rates) if rates else None
    frame = usage.groups["organization", "product"]
    pairs = zip(frame["organization"], frame["product"], strict=True)
    costs = dict(zip(pairs, frame["cost"], strict=True))
    return Known(Month(name, usage.cost, days), costs)


def _months_ahead(data: ReportData, last: str) -> tuple[str, ...]:
    """The months after the last known one, to the end of the fiscal year or at least one."""
    year = fiscal_year(data.usage.period.text, data.params.fiscal_year_start)
    ahead = tuple(month for month in year if month > last)
    return ahead or fiscal_year(following(last, 1), data.params.fiscal_year_start)[:1]


def _tested(known: Sequence[Month]) -> range:
    """The places of the months that others can be tested on; a running one has no actual cost."""
    complete = len(known) - (known[-1].through is not None)
    return range(FEWEST_MONTHS - 1, complete)


def _through(known: Sequence[Month]) -> date:
    """The last day that is known."""
    last = known[-1]
    return last.through or parse_period(last.name).last_day


def _by_line(known: Sequence[Known]) -> dict[Line, list[Decimal]]:
    """The cost of each line in every known month, by name; 0 where it had none."""
    series: dict[Line, list[Decimal]] = defaultdict(lambda: [ZERO] * len(known))
    for place, each in enumerate(known):
        for pair, cost in each.pairs.items():
            for line in _lines(pair):
                series[line][place] += cost
    # Errors are sums of forecasts of 28 digits, the last of which depends on their order.
    return dict(sorted(series.items()))


def _lines(pair: Pair) -> tuple[Line, ...]:
    """The lines that a pair is part of."""
    return tuple(zip(DIMENSIONS, (TOTAL, *pair), strict=True))


def _floored(of: Weights, amounts: Sequence[Decimal]) -> Decimal:
    """The forecast of one series, by the rules for what ended and for credits."""
    last = amounts[-1]
    return max(forecast(of, amounts), ZERO) if last > 0 else last


def _expected(
    known: Sequence[Known],
    of: Weights,
    decimals: int,
    changes: Sequence[Change],
    budgets: Mapping[str, Mapping[str, Decimal]],
) -> dict[Line, Decimal]:
    """The expected cost of each line with cost in the last month, or with a budget.

    It is the sum of the rounded pairs.
    """
    sums: dict[Line, Decimal] = {
        (dimension, name): ZERO for dimension, names in budgets.items() for name in names
    }
    added = [(each.event.organization, each.event.product) for each in changes if each.amount]
    for pair in dict.fromkeys((*known[-1].pairs, *added)):
        amounts = [each.pairs.get(pair, ZERO) for each in known]
        amount = _floored(of, amounts)
        for change in changes:
            amount = change.applied(pair, amount)
        amount = significant(amount, DIGITS, decimals)
        for line in _lines(pair):
            sums[line] = sums.get(line, ZERO) + amount
    order = {dimension: place for place, dimension in enumerate(DIMENSIONS)}
    return dict(sorted(sums.items(), key=lambda item: (order[item[0][0]], item[0][1])))


def _misses(
    method: Method, known: Sequence[Month], series: Series
) -> dict[Line | str, list[Decimal]]:
    """By line, how far off each tested forecast was, as a fraction of it; above zero, too low.

    By dimension, the same of all its names.
    """
    found: dict[Line | str, list[Decimal]] = defaultdict(list)
    for place in _tested(known):
        of = weights(method, known[:place], 1)
        for line, amounts in series.items():
            expected = ZERO if of is None else _floored(of, amounts[:place])
            if expected > 0:
                miss = amounts[place] / expected - 1
                found[line].append(miss)
                found[line[0]].append(miss)
    return dict(found)


def _line(
    line: Line,
    month: str,
    expected: Decimal,
    misses: Mapping[Line | str, Sequence[Decimal]],
    ahead: int,
    budget: Decimal | None,
) -> Expected:
    """One line of a month, with its range and its budget."""
    own = misses.get(line, ())
    low = high = None
    if len(misses.get((TOTAL, TOTAL), ())) >= FEWEST_MISSES and expected >= 0:
        used = own if len(own) >= FEWEST_MISSES else misses[line[0]]
        low, high = range_of(expected, used, ahead)
    return Expected(
        *line,
        month,
        low,
        expected,
        high,
        budget,
        risk_of(expected, high, budget),
        probability_over(expected, own, ahead, budget),
    )


def _budget(
    line: Line, budgets: Mapping[str, Mapping[str, Decimal]], by: Dimension
) -> Decimal | None:
    """The budget of a line in a month; the total's is the sum of those of one dimension."""
    dimension, name = line
    if dimension != TOTAL:
        return budgets.get(dimension, {}).get(name)
    of_names = budgets.get(by, {})
    return total(of_names.values()) if of_names else None
