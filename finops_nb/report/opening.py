"""The opening of a report: its headline figures, and the findings that matter most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from finops_nb.params.budgets import Budgets
from finops_nb.report.cell import bar
from finops_nb.findings.sentence import Fact, fact
from finops_nb.report.format import Format
from finops_nb.findings.main_findings import MainFinding
from finops_nb.money import ZERO
from finops_nb.report.narrative import Prose
from finops_nb.params.model import Params
from finops_nb.period import parse_period
from finops_nb.outputs.months import PublishedMonth
from finops_nb.figures.run_rate import cost_after
from finops_nb.schema import UNALLOCATED
from finops_nb.report.sentence import plain_sentence
from finops_nb.figures.trend import PriorMonth, YearToDate, prior_month, year_to_date
from finops_nb.usage.model import Usage
from finops_nb.figures.variance import TotalVariance


def headline_figures(totals: TotalVariance, months: Sequence[PublishedMonth], usage: Usage, params: Params) -> Prose:
    """Spend against budget, against the month before, of the year so far, and how much of it is allocated.

    Args:
        totals: what the report opens with, from `variance.headline`.
        months: from `months_before`: history is what was published.
        usage: of the period.
        params: for the currency.

    Returns:
        A piece of prose whose lines are `{figure, label, value, detail}` as printed, and the figures they are made of.
    """
    fmt = Format(params.currency)
    figures = [_spend(totals, usage)]
    prior, year = prior_month(usage, months), year_to_date(usage, totals, months)
    figures += [_against_month_before(prior)] if prior else []
    figures += [_year(year, usage)] if year else []
    figures.append(_allocated(usage))
    lines = [_printed(fmt, *each) for each in figures]
    return Prose("headline", "headline.html.j2", lines, {"figures": lines, "bar": bar}, params.currency)


def findings_that_matter(findings: Iterable[MainFinding], budgets: Budgets, params: Params) -> Prose:
    """The main findings as a list, each with the commentary on its names.

    Args:
        findings: from `main_findings`.
        budgets: for the owners.
        params: for `notes` and the currency.
    """
    fmt = Format(params.currency)
    said = [(each, [(name, params.notes[name]) for name in each.names if name in params.notes]) for each in findings]
    lines = [
        {"title": each.title, "text": plain_sentence(each.said, fmt), "money": each.money, "note": "; ".join(f"{n}: {t}" for n, t in notes)}
        for each, notes in said
    ]
    return Prose("findings", "findings.html.j2", lines, {"findings": said}, params.currency)


Figure = tuple[str, str, Fact, Fact, dict[str, Any]]
"""Its key, its label, its value and its detail as facts, and what else belongs to it."""


def _spend(totals: TotalVariance, usage: Usage) -> Figure:
    label = "Spend against budget" if usage.complete else "Spend to date against budget"
    values = {"cost": totals.actual, "budget": totals.budget, "variance": totals.variance, "budget_used": totals.budget_used}
    over = totals.variance is not None and totals.variance > 0
    apart = {"apart": abs(totals.variance or ZERO)}
    detail = (
        fact("no budget is set")
        if totals.budget is None
        else fact("of {budget:money}; {apart:money} " + ("above it" if over else "below it"), **values, **apart)
    )
    return "spend", label, fact("{cost:money}", **values), detail, values | {"status": totals.status}


def _against_month_before(prior: PriorMonth) -> Figure:
    month = parse_period(prior.month).label
    values = prior._asdict()
    if prior.cost is None:
        return "prior_month", f"Against {month}", fact("{change:change}", **values), fact("it is not published"), values
    value = fact("{change:change}" + (" ({change_ratio:signed share})" if prior.change_ratio is not None else ""), **values)
    alike = "{compared:money} against {cost:money} as published, in the first {days:count day} of each"
    detail = fact("{cost:money} as published" if prior.days is None else alike, **values)
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
        detail = "of {budget:money}" + whose + "; {apart:money} " + ("above it" if over else "below it")
    after = cost_after(usage)
    if after:
        detail += "; without {after:money} after {known:date}"
    if missing:
        detail += "; not published: " + ("{first} to {last}" if len(missing) > 2 and _in_a_row(year.missing) else "{missing}")
    ends = {"first": missing[0], "last": missing[-1]} if missing else {}
    said = fact(detail, **values | ends | {"missing": missing, "after": after, "known": usage.known_to})
    return "year_to_date", label, fact("{cost:money}", **values), said, year._asdict()


def _allocated(usage: Usage) -> Figure:
    values = {"share": usage.allocated, "unallocated": usage.unallocated}
    nameless = UNALLOCATED in set(usage.groups["organization",]["organization"])
    detail = "{unallocated:money} name no organization" if nameless else "every row names an organization"
    detail += ", {credits:money} of credits in it" if usage.credits[1] else ""
    said = fact(detail, **values, credits=-usage.credits[1])
    return "allocated", "Allocated share", fact("{share:share}", **values), said, values


def _printed(fmt: Format, figure: str, label: str, value: Fact, detail: Fact, values: dict[str, Any]) -> dict[str, Any]:
    printed = {"figure": figure, "label": label, "value": plain_sentence(value, fmt), "detail": plain_sentence(detail, fmt)}
    return printed | values


def _in_a_row(months: Sequence[str]) -> bool:
    return all(parse_period(one).following().text == other for one, other in pairwise(months))
