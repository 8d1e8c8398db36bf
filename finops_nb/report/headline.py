"""Headline figures: spend, the period before, the year to date, and how much cost is allocated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from finops_nb.figures.budget_status import is_above
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import cost_after
from finops_nb.figures.trend import PriorPeriod, YearToDate, prior_period, year_to_date
from finops_nb.figures.variance import TotalVariance
from finops_nb.findings.left_out import why_not_compared
from finops_nb.findings.no_share import why_no_share
from finops_nb.findings.outlook import year_label
from finops_nb.findings.rounding_note import rounding_note
from finops_nb.findings.sentence import Sentence, sentence
from finops_nb.findings.tense import Tense, tense_of
from finops_nb.money import minor_units
from finops_nb.period import month_runs, parse_period, spelled_months
from finops_nb.schema import UNALLOCATED
from finops_nb.usage.model import Usage
from finops_nb.words import listing


class Headline(NamedTuple):
    """One headline figure.

    Args:
        key: its name in results.json.
        label: its heading.
        value: the figure.
        detail: a few words on it.
        record: the unrounded figures, for results.json.
    """

    key: str
    label: str
    value: Sentence
    detail: Sentence
    record: Mapping[str, Any]


def headlines(data: ReportData, totals: TotalVariance) -> Iterator[Headline]:
    """The figures that the report opens with.

    Args:
        data: the report data; its months are the history, as published.
        totals: what the report opens with, from `variance.headline`.

    Returns:
        Spend, the period before, the year to date (of a calendar month only), and the allocated
        share.
    """
    currency, tense = data.params.currency, tense_of(data.params)
    yield _spend(totals, data.usage, currency, tense)
    prior = prior_period(data)
    if prior:
        yield _change_from_period_before(prior, data, tense)
    year = year_to_date(data)
    if year:
        yield _year_to_date(year, data, tense)
    yield _allocated(data.usage, data.params.allocation_target, tense)


def _spend(totals: TotalVariance, usage: Usage, currency: str, tense: Tense) -> Headline:
    after = cost_after(usage)
    to_date = "" if usage.complete or after else " to Date"
    label, details = f"Spend{to_date}" if to_date else "Total Spend", []
    if totals.budget is not None:
        label = f"Spend{to_date} Against Budget"
        details.append(_distance(totals.actual, totals.budget, "budget", currency))
    if after:
        details.append(_dated_after("Includes", after, usage))
    record = {
        "cost": totals.actual,
        "budget": totals.budget,
        "variance": totals.variance,
        "budget_used": totals.budget_used,
        "status": totals.status,
    }
    value = sentence("{cost:money}", cost=totals.actual)
    return Headline("spend", tense.title(label), value, _joined(details), record)


def _dated_after(verb: str, after: Decimal, usage: Usage) -> Sentence:
    """What a figure includes, or excludes, of the usage after the last complete day."""
    text = verb + " {after:money} dated after {known:date}"
    return sentence(text, after=after, known=usage.complete_through)


def _change_from_period_before(prior: PriorPeriod, data: ReportData, tense: Tense) -> Headline:
    record = prior._asdict()
    earlier = parse_period(prior.period)
    note = rounding_note(prior.compared, prior.cost, data.params.currency)
    # The month before needs no year.
    is_month_before = data.usage.period.is_month and earlier == data.usage.period.preceding()
    label = earlier.label
    name = _month_name(prior.period) if is_month_before else label
    key = "prior_month" if is_month_before else "prior_period"
    if is_month_before:
        record = {"month": record.pop("period"), **record}
    change = "{change:change}"
    if prior.change_ratio is not None:
        change += " ({change_ratio:signed share})"
    if prior.cost is None:
        missing = data.usage.months_missing
        detail = why_not_compared(data, prior.period)
        if missing:
            detail = f"There is no usage for {spelled_months(missing)}"
    elif prior.days is None:
        detail = f"{name}, as published: {{cost:money}}{note.text}"
    else:
        first, preposition = "first {days:count day}", "in"
        if prior.days == 1:
            first, preposition = "first day", "on"
        detail = (
            f"{first.capitalize()}: {{compared:money}}, against {{cost:money}} "
            f"{preposition} the {first} of {name} (from its published daily costs){note.text}"
        )
    return Headline(
        key,
        tense.title(f"Change from {label}"),
        sentence(change, **record),
        sentence(detail, **record, rounding=note.rounding),
        record,
    )


def _year_to_date(year: YearToDate, data: ReportData, tense: Tense) -> Headline:
    usage = data.usage
    details = list(_year_against_budget(year, usage.complete, data.params.currency))
    after = cost_after(usage)
    if after:
        details.append(_dated_after("Excludes", after, usage))
    if year.missing:
        details.append(sentence(_not_included(year, data)))
    return Headline(
        "year_to_date",
        tense.title(f"Year to Date, {year_label(data)}"),
        sentence("{cost:money}", cost=year.cost),
        _joined(details),
        year._asdict(),
    )


def _year_against_budget(year: YearToDate, complete: bool, currency: str) -> Iterator[Sentence]:
    """How far the year is from its budget, or which months lack one; nothing if all do."""
    if year.budget is None:
        if year.without_budget != year.months:
            months = _months_in_words(year.without_budget)
            yield sentence(f"No budget is set for {months}")
        return
    yield _distance(year.cost, year.budget, "budget" if complete else "budget to date", currency)


def _distance(cost: Decimal, budget: Decimal, label: str, currency: str) -> Sentence:
    """How far a cost is over or under a budget.

    Example:
        "$2.00 over the $8.00 budget"
    """
    side = "over" if is_above(cost, budget, minor_units(currency)) else "under"
    note = rounding_note(cost, budget, currency)
    return sentence(
        f"{{distance:money}} {side} the {{budget:money}} {label}{note.text}",
        distance=abs(cost - budget),
        budget=budget,
        rounding=note.rounding,
    )


def _not_included(year: YearToDate, data: ReportData) -> str:
    """Which months are missing and why, and which the figure is of if these are fewer."""
    unpublished = tuple(month for month in year.missing if month not in data.left_out)
    reasons = []
    if unpublished:
        reports = "report was" if len(unpublished) == 1 else "reports were"
        reasons.append(f"no {reports} published for {_months_in_words(unpublished)}")
    for reason in dict.fromkeys(data.left_out.values()):
        months = tuple(month for month in year.missing if data.left_out.get(month) == reason)
        if months:
            verb = "is" if len(months) == 1 else "are"
            reasons.append(f"{_months_in_words(months)} {verb} {reason} and not included")
    missing = "; ".join(reasons)
    if len(year.missing) < len(year.months):
        return missing[0].upper() + missing[1:]
    return f"Includes {_months_in_words(year.months)} only; {missing}"


def _allocated(usage: Usage, target: Decimal | None, tense: Tense) -> Headline:
    record = {"share": usage.allocated, "unallocated": usage.unallocated}
    credits = -usage.unallocated_credits
    organizations = set(usage.groups["organization",]["organization"])
    if UNALLOCATED not in organizations:
        detail = f"All cost {tense.verb('is', 'be')} assigned to an organization"
    else:
        is_not = tense.negated("is not", "be")
        detail = f"{{unallocated:money}} {is_not} assigned to an organization"
        detail += " (after {credits:money} of credits)" if credits else ""
    detail += why_no_share(usage)
    if usage.allocated is not None and target is not None:
        side = "At or above" if usage.allocated >= target else "Below"
        detail += f". {side} the {{target:percent}} target."
    return Headline(
        "allocated",
        "Allocated Share",
        sentence("{share:share}", **record),
        sentence(detail, **record, credits=credits, target=target),
        record,
    )


def _joined(sentences: Sequence[Sentence]) -> Sentence:
    """Sentences as one, each with values of other names; a single one gets no full stop."""
    values = {name: value for each in sentences for name, value in each.values.items()}
    stop = "." if len(sentences) > 1 else ""
    return Sentence(". ".join(each.text for each in sentences) + stop, values)


def _month_name(month: str) -> str:
    """2025-11 as "November"."""
    return parse_period(month).label.split()[0]


def _months_in_words(months: Sequence[str]) -> str:
    """Months of one year: "January to March and May"; three or more in a row are a range."""
    words: list[str] = []
    for run in month_runs(months):
        names = [_month_name(month) for month in run]
        words += [f"{names[0]} to {names[-1]}"] if len(names) > 2 else names
    return listing(words)
