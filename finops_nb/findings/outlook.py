"""Outlook: what the months ahead are expected to cost, how sure that is, and for which budgets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from finops_nb.figures.forecast import FEWEST_MONTHS, TOTAL, Expected, Forecast, outlook
from finops_nb.figures.forecast_methods import Method
from finops_nb.figures.forecast_range import FEWEST_MISSES
from finops_nb.figures.full_year import FullYear, full_year
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.variance import headline_dimension
from finops_nb.findings.left_out import why_not_compared
from finops_nb.findings.sentence import Sentence, sentence
from finops_nb.money import total
from finops_nb.params.events import Event
from finops_nb.period import parse_period, spelled_date, spelled_months

METHODS: Final = {
    Method.LAST_MONTH: "repeats last month's cost",
    Method.RUN_RATE: "extends the run rate of the last four weeks",
    Method.DRIFT: "adds the average change per month",
    Method.DAMPED_TREND: "continues the trend of recent months, a little weaker each month",
}
"""What a forecast does, in words."""

MONTHS_FOR_RANGE: Final = FEWEST_MONTHS - 1 + FEWEST_MISSES
NO_RANGE: Final = f"A range from Low to High needs {MONTHS_FOR_RANGE} complete months of reports."
"""Why there is an expected cost without a range."""


def why_no_forecast(data: ReportData) -> str:
    """Why a report has no forecast, as a sentence."""
    if not data.usage.period.is_month:
        return "Only monthly reports have a forecast."
    if data.usage is not data.measured:
        return "A scenario that changes usage has no forecast."
    before = data.usage.period.preceding().text
    return f"There is too little to forecast from: {why_not_compared(data, before)}."


def outlook_sentences(data: ReportData) -> tuple[Sentence, ...]:
    """The next month, the fiscal year, how good the forecast is, and what it supposes.

    Args:
        data: of the report.

    Returns:
        Sentences with their periods; why there is no forecast, if there is none.

    Example:
        "January 2026 is expected to cost $11,200, between $9,410 and $13,000 in four of five
        cases. This report does not have that month's budget."
    """
    forecast = outlook(data)
    if forecast is None:
        return (sentence(why_no_forecast(data)),)
    year = full_year(data, headline_dimension(data.budgets))
    parts = [next_month_sentence(forecast)]
    if year and (year.ahead or not data.usage.complete):
        parts += _year(data, year)
    parts.append(_how_good(forecast))
    if len(forecast.tested) < FEWEST_MISSES:
        parts.append(sentence(NO_RANGE))
    parts += (_supposed(event, forecast) for event in data.params.events)
    return tuple(parts)


def next_month_sentence(forecast: Forecast) -> Sentence:
    """What the first month ahead is expected to cost, and whether its budget is enough."""
    line = forecast.of(TOTAL, forecast.months[0])[TOTAL]
    text = "{month} is expected to cost {expected:estimate}"
    if line.low is not None:
        text += ", between {low:estimate} and {high:estimate} in four of five cases"
    text += f". {_against_budget(line)}"
    return sentence(
        text,
        month=parse_period(line.month).label,
        expected=line.expected,
        low=line.low,
        high=line.high,
        budget=line.budget,
    )


def _against_budget(line: Expected) -> str:
    if line.budget is None:
        return "This report does not have that month's budget."
    if line.risk is None:
        side = "above" if line.expected > line.budget else "not above"
        return f"That is {side} its budget of {{budget:money}}."
    return f"An overrun of its {{budget:money}} budget is {line.risk}."


def _year(data: ReportData, year: FullYear) -> Iterator[Sentence]:
    """The fiscal year against its budget, or which months have none."""
    label = year_label(data)
    line_sums = {
        key: total(amount for line in year.lines if (amount := getattr(line, key)) is not None)
        for key in ("outlook", "year_budget", "outlook_variance")
    }
    of_months = f" ({_months_known(year)})" if year.missing else ""
    text = f"{label}{of_months} is expected to cost {{outlook:money}} in all"
    without = (*year.without_budget, *year.ahead_without_budget)
    if not without:
        over = line_sums["outlook_variance"]
        side = "over" if over > 0 else "under"
        text += f", {{distance:money}} {side} its {{year_budget:money}} budget."
        yield sentence(text, **line_sums, distance=abs(over))
        return
    yield sentence(text + ".", outlook=line_sums["outlook"])
    by = headline_dimension(data.budgets)
    yield sentence(f"This report has no {by} budgets for {spelled_months(without)}.")


def _months_known(year: FullYear) -> str:
    count = len(year.months) + len(year.ahead)
    return f"{count} of {count + len(year.missing)} months"


def year_label(data: ReportData) -> str:
    """2025, or FY2026 for a fiscal year that starts in another month than January."""
    start, period = data.params.fiscal_year_start, data.usage.period.start
    ends_next = start > 1 and period.month >= start
    return f"{period.year}" if start == 1 else f"FY{period.year + ends_next}"


def _how_good(forecast: Forecast) -> Sentence:
    """The method, and what it missed in the known months."""
    does = METHODS[forecast.method]
    if not forecast.errors:
        text = f"The forecast {does}; it can't be tested until there are three months of reports."
        return sentence(text)
    naive = forecast.errors.get(Method.LAST_MONTH)
    months = "{months:count month}"
    if forecast.method is Method.LAST_MONTH:
        text = (
            f"The forecast {does}. Tested on {months}, it was off by {{naive:share}} of cost; "
            "no other method was closer."
        )
        return sentence(text, months=len(forecast.tested), naive=naive)
    text = f"The forecast {does}. Tested on {months}, it was off by {{error:share}} of cost"
    if naive is not None:
        text += "; taking the cost of the month before would have been off by {naive:share}"
    text += "."
    error = forecast.errors[forecast.method]
    return sentence(text, months=len(forecast.tested), error=error, naive=naive)


def _supposed(event: Event, forecast: Forecast) -> Sentence:
    """What an event supposes, or that the costs have it already."""
    day = spelled_date(event.date)
    if event.date <= forecast.through:
        return sentence("Not used, since costs include it: {what}.", what=event.what)
    where = " in ".join(filter(None, (event.product, event.organization))) or "all cost"
    if event.change is not None:
        side = "more" if event.change > 0 else "less"
        text = f"Assumed: {{what}}, {{change:share}} {side} for {{where}} from {day} on."
        return sentence(text, what=event.what, where=where, change=abs(event.change))
    text = f"Assumed: {{what}}, {{amount:money}} a month for {{where}} from {day} on."
    return sentence(text, what=event.what, where=where, amount=event.amount)
