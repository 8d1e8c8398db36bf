"""Narrative: facts as sentences, the heading and its stamps, the summary, insights and recommendations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pandas as pd

from finops_nb.figures.efficiency import overall
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import BacktestError, cost_after, days_seen
from finops_nb.figures.trend import PriorMonth, YearToDate, prior_month, year_to_date
from finops_nb.figures.variance import TotalVariance
from finops_nb.findings.insights import (
    Insight,
    insight_sentence,
)
from finops_nb.findings.main_findings import MainFinding
from finops_nb.findings.recommendations import Horizon, Recommendation
from finops_nb.findings.sentence import Sentence, sentence
from finops_nb.money import ZERO, rounded
from finops_nb.period import parse_period
from finops_nb.report.budget_tables import about
from finops_nb.report.format import Format, html_sentence, text_sentence
from finops_nb.report.provenance import provenance, revision_changes, stamps
from finops_nb.report.table import bar, scalar, templates
from finops_nb.schema import UNALLOCATED
from finops_nb.usage.model import Usage


@dataclass(frozen=True)
class Prose:
    """A piece of text of the report that shows itself.

    Args:
        name: its key in results.json, and its anchor.
        template: the file that renders it, with `prose`, `say` and `values`.
        lines: its figures, for results.json.
        values: what the template prints.
        currency: of its money.
    """

    name: str
    template: str
    lines: Sequence[Mapping[str, Any]] = field(repr=False)
    values: Mapping[str, Any] = field(repr=False)
    currency: str = "USD"

    def records(self) -> list[dict[str, Any]]:
        return [{key: _recorded(value) for key, value in line.items()} for line in self.lines]

    def __repr__(self) -> str:
        return f"<prose {self.name}>"

    def _repr_html_(self) -> str:
        fmt = Format(self.currency)
        return (
            templates()
            .get_template(self.template)
            .render(
                prose=self,
                fmt=fmt,
                say=lambda sentence: html_sentence(sentence, fmt),
                **self.values,
            )
        )


def heading(data: ReportData) -> Prose:
    """The report's first lines: what it is of, and every stamp it must bear."""
    values = {
        "label": data.params.window.label,
        "period": data.params.window,
        "timezone": data.params.timezone,
        "stamps": stamps(data),
    }
    return Prose("heading", "heading.html.j2", (), values, data.params.currency)


def executive_summary(data: ReportData, totals: TotalVariance) -> Prose:
    """Total spend, and its variance to the sum of the organizations' budgets, in the version that is named.

    Args:
        totals: of the organizations, from `total_variance`; of the products, where organizations have no budgets.
        usage: from `read_usage`.
        budgets: from `read_budgets`.
        params: for the currency.
    """
    whole = overall(data.usage)
    line: dict[str, Any] = {
        "total_spend": totals.actual,
        "budget": totals.budget,
        "variance": totals.variance,
        "variance_ratio": totals.variance_ratio,
        "status": totals.status,
        "calls": whole["calls"],
        "customers": whole["customers"],
        "budget_version": data.budgets.version.label,
    }
    counted = _counted(data.usage, whole)
    values = line | {"counted": counted, "version": about(data.budgets.version)}
    return Prose("executive_summary", "summary.html.j2", (line,), values, data.params.currency)


def _counted(usage: Usage, whole: Mapping[str, Any]) -> Sentence:
    """How many calls and customers there were, as far as the usage tells; of a bill, how many charges."""
    if "calls" in usage.missing_columns:
        return sentence("{charges:count charge}", charges=usage.rows_used)
    if "customer" in usage.missing_columns:
        return sentence("{calls:count call}", calls=whole["calls"])
    return sentence(
        "{calls:count call} of {customers:count customer}",
        calls=whole["calls"],
        customers=whole["customers"],
    )


def outlook(
    data: ReportData, totals: TotalVariance, backtest_errors: Sequence[BacktestError]
) -> Prose:
    """Where a running period is heading, with the error of that in the months before; nothing where the period is over.

    Args:
        totals: as for `executive_summary`.
        misses: from `run_rate.backtest_errors`.
        usage: from `read_usage`.
        params: for the currency.
    """
    said = () if data.usage.complete else tuple(_outlook(totals, backtest_errors, data.usage))
    lines = [
        {"text": text_sentence(each, Format(data.params.currency)), **each.values} for each in said
    ]
    return Prose("outlook", "outlook.html.j2", lines, {"said": said}, data.params.currency)


def _outlook(
    totals: TotalVariance, backtest_errors: Sequence[BacktestError], usage: Usage
) -> Iterator[Sentence]:
    last = usage.period.last_day
    if totals.run_rate is None:
        yield sentence(
            "No run-rate to {last:date}: {seen:count day} seen, and it takes a week.",
            last=last,
            seen=len(days_seen(usage)),
        )
        return
    against = (
        "" if totals.budget is None else ", {over:change} against the budget of {budget:money}"
    )
    yield sentence(
        "Run-rate to {last:date}, by weekday from the {seen:count day} seen: {run_rate:money}"
        + against
        + ".",
        last=last,
        seen=len(days_seen(usage)),
        run_rate=totals.run_rate,
        over=totals.budget and totals.run_rate - totals.budget,
        budget=totals.budget,
    )
    errors = [miss.error for miss in backtest_errors if miss.error is not None]
    if errors:
        low, high = (rounded(each, 3) for each in (min(errors), max(errors)))
        off = "{low:signed share}" + ("" if low == high else " to {high:signed share}")
        said = f"After as many days, it would have been off by {off} in the {{months:count month}} before."
        yield sentence(said, months=len(errors), low=low, high=high)
    else:
        untried = (
            "no published month before it is long enough to try it on"
            if usage.period.is_month
            else "it is tried on months only"
        )
        yield sentence("How far off it may be is not known: " + untried + ".")


def efficiency_summary(data: ReportData, efficiency: pd.DataFrame) -> Prose:
    """Who gets most and who gets fewest calls for the money."""
    ranked = list(efficiency.loc[[rank is not None for rank in efficiency["rank"]], "organization"])
    line = {"most_efficient": ranked[0], "least_efficient": ranked[-1]} if len(ranked) > 1 else {}
    return Prose(
        "efficiency_summary",
        "efficiency.html.j2",
        (line,) if line else (),
        {"line": line},
        data.params.currency,
    )


def key_insights(data: ReportData, insights: Iterable[Insight]) -> Prose:
    """The insights as a numbered list."""
    said = [insight_sentence(insight) for insight in insights]
    lines = [
        {"title": title, "text": text_sentence(each, Format(data.params.currency)), **each.values}
        for title, each in said
    ]
    return Prose(
        "key_insights", "insights.html.j2", lines, {"insights": said}, data.params.currency
    )


def recommended(data: ReportData, recommendations: Iterable[Recommendation]) -> Prose:
    """The recommendations, numbered within their group."""
    groups = {
        horizon: [each for each in recommendations if each.horizon is horizon]
        for horizon in Horizon
    }
    lines = [
        {
            "horizon": each.horizon,
            "title": each.title,
            "text": text_sentence(each.action, Format(data.params.currency)),
            **each.action.values,
        }
        for group in groups.values()
        for each in group
    ]
    return Prose(
        "recommendations",
        "recommendations.html.j2",
        lines,
        {"groups": groups},
        data.params.currency,
    )


def origin(data: ReportData) -> Prose:
    """From what the report was made, for its foot."""
    made = provenance(data)
    said = [change.said for change in revision_changes(data)]
    return Prose(
        "provenance", "provenance.html.j2", (), made | {"changes": said}, data.params.currency
    )


def _recorded(value: Any) -> Any:
    """A value of a fact for results.json; a fact in it as its values."""
    if isinstance(value, tuple):
        return [_recorded(each) for each in value]
    return (
        {key: _recorded(each) for key, each in value.values.items()}
        if isinstance(value, Sentence)
        else scalar(value)
    )


def headline_figures(data: ReportData, totals: TotalVariance) -> Prose:
    """Spend against budget, against the month before, of the year so far, and how much of it is allocated.

    Args:
        totals: what the report opens with, from `variance.headline`.
        months: from `months_before`: history is what was published.
        usage: of the period.
        params: for the currency.

    Returns:
        A piece of prose whose lines are `{figure, label, value, detail}` as printed, and the figures they are made of.
    """
    fmt = Format(data.params.currency)
    figures = [_spend(totals, data.usage)]
    prior, year = prior_month(data), year_to_date(data, totals)
    figures += [_against_month_before(prior)] if prior else []
    figures += [_year(year, data.usage)] if year else []
    figures.append(_allocated(data.usage))
    lines = [_printed(fmt, *each) for each in figures]
    return Prose(
        "headline", "headline.html.j2", lines, {"figures": lines, "bar": bar}, data.params.currency
    )


def findings_that_matter(data: ReportData, findings: Iterable[MainFinding]) -> Prose:
    """The main findings as a list, each with the commentary on its names.

    Args:
        findings: from `main_findings`.
        budgets: for the owners.
        params: for `notes` and the currency.
    """
    fmt = Format(data.params.currency)
    said = [
        (
            each,
            [(name, data.params.notes[name]) for name in each.names if name in data.params.notes],
        )
        for each in findings
    ]
    lines = [
        {
            "title": each.title,
            "text": text_sentence(each.said, fmt),
            "money": each.money,
            "note": "; ".join(f"{n}: {t}" for n, t in notes),
        }
        for each, notes in said
    ]
    return Prose("findings", "findings.html.j2", lines, {"findings": said}, data.params.currency)


Figure = tuple[str, str, Sentence, Sentence, dict[str, Any]]
"""Its key, its label, its value and its detail as facts, and what else belongs to it."""


def _spend(totals: TotalVariance, usage: Usage) -> Figure:
    label = "Spend against budget" if usage.complete else "Spend to date against budget"
    values = {
        "cost": totals.actual,
        "budget": totals.budget,
        "variance": totals.variance,
        "budget_used": totals.budget_used,
    }
    over = totals.variance is not None and totals.variance > 0
    apart = {"apart": abs(totals.variance or ZERO)}
    detail = (
        sentence("no budget is set")
        if totals.budget is None
        else sentence(
            "of {budget:money}; {apart:money} " + ("above it" if over else "below it"),
            **values,
            **apart,
        )
    )
    return (
        "spend",
        label,
        sentence("{cost:money}", **values),
        detail,
        values | {"status": totals.status},
    )


def _against_month_before(prior: PriorMonth) -> Figure:
    month = parse_period(prior.month).label
    values = prior._asdict()
    if prior.cost is None:
        return (
            "prior_month",
            f"Against {month}",
            sentence("{change:change}", **values),
            sentence("it is not published"),
            values,
        )
    value = sentence(
        "{change:change}"
        + (" ({change_ratio:signed share})" if prior.change_ratio is not None else ""),
        **values,
    )
    alike = (
        "{compared:money} against {cost:money} as published, in the first {days:count day} of each"
    )
    detail = sentence("{cost:money} as published" if prior.days is None else alike, **values)
    return "prior_month", f"Against {month}", value, detail, values


def _year(year: YearToDate, usage: Usage) -> Figure:
    values = year._asdict()
    label = f"Year to date, {year.months[0][:4]}"
    missing = tuple(parse_period(month).label for month in year.missing)
    if year.budget is None:
        detail = "no budget is set in {without}"
        values |= {"without": tuple(parse_period(month).label for month in year.without_budget)}
    else:
        over = (year.variance or ZERO) > 0
        values |= {"apart": abs(year.variance or ZERO)}
        whose = "" if usage.complete else " budget to date"
        detail = (
            "of {budget:money}" + whose + "; {apart:money} " + ("above it" if over else "below it")
        )
    after = cost_after(usage)
    if after:
        detail += "; without {after:money} after {known:date}"
    if missing:
        detail += "; not published: " + (
            "{first} to {last}" if len(missing) > 2 and _in_a_row(year.missing) else "{missing}"
        )
    ends = {"first": missing[0], "last": missing[-1]} if missing else {}
    said = sentence(
        detail,
        **values | ends | {"missing": missing, "after": after, "known": usage.complete_through},
    )
    return "year_to_date", label, sentence("{cost:money}", **values), said, year._asdict()


def _allocated(usage: Usage) -> Figure:
    values = {"share": usage.allocated, "unallocated": usage.unallocated}
    nameless = UNALLOCATED in set(usage.groups["organization",]["organization"])
    detail = (
        "{unallocated:money} name no organization"
        if nameless
        else "every row names an organization"
    )
    detail += ", {credits:money} of credits in it" if usage.credits[1] else ""
    said = sentence(detail, **values, credits=-usage.credits[1])
    return "allocated", "Allocated share", sentence("{share:share}", **values), said, values


def _printed(
    fmt: Format, figure: str, label: str, value: Sentence, detail: Sentence, values: dict[str, Any]
) -> dict[str, Any]:
    printed = {
        "figure": figure,
        "label": label,
        "value": text_sentence(value, fmt),
        "detail": text_sentence(detail, fmt),
    }
    return printed | values


def _in_a_row(months: Sequence[str]) -> bool:
    return all(parse_period(one).following().text == other for one, other in pairwise(months))
