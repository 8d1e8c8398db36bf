"""Prose: the report's texts, from its heading and summary to its insights and recommendations."""

# A section of the report is a heading and cells of notebooks/organizational_alignment.ipynb. Its
# text is here, in one function and one file of report/templates/; its tables are named in
# report/tables.py. New prose also goes into:
# * commands/changed_figures.py: `SENTENCES` or `TEXT_TABLES`
# * findings/figure_difference.py: `OWN_KEYS`, unless `KEY_COLUMNS` there name its lines
# * report/summary_labels.py: `HEADINGS`, and `LABELS` for its figures, unless made from their names
# * report/templates/html_shell/finops.css: how it looks
# Words that a line has under a new key are in `SENTENCES` of read_back/printed_prose.py, in
# `SENTENCE_KEYS` of report/summary_labels.py and in `SPOKEN` of commands/changed_figures.py.

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from finops_nb.figures.concentration import concentration as shares_of_the_largest
from finops_nb.figures.efficiency import overall
from finops_nb.figures.forecast import outlook as outlook_ahead
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import WEEK, BacktestError, days_seen
from finops_nb.figures.variance import TotalVariance
from finops_nb.findings.concentration import concentration_sentence
from finops_nb.findings.insights import Insight, efficiency_gap, insight_sentence, materiality_rule
from finops_nb.findings.main_findings import MainFinding
from finops_nb.findings.outlook import next_month_sentence, outlook_sentences
from finops_nb.findings.recommendations import Horizon, Recommendation
from finops_nb.findings.rounding_note import rounding_note
from finops_nb.findings.sentence import Sentence, sentence
from finops_nb.findings.tense import Tense, tense_of
from finops_nb.money import minor_units, rounded
from finops_nb.outputs.artifacts import REPORT_NAME
from finops_nb.report.budget_tables import about
from finops_nb.report.format import Format, html_sentence, text_sentence
from finops_nb.report.headline import headlines
from finops_nb.report.jinja_environment import templates
from finops_nb.report.provenance import provenance, revision_changes, stamps
from finops_nb.report.table import bar, scalar
from finops_nb.usage.model import Usage

ONLY_PRINTED: Final = (
    *("distance", "after", "thresholds", "remaining", "least_off", "most_off"),
    "rounding",
)
"""Values of sentences that results.json has elsewhere: with their sign, or in its parameters."""

HOW_TO_SET_BUDGETS: Final = (
    "No budgets are set. To compare cost with budgets, add organization_budgets or "
    "product_budgets to the params file; finops-nb check suggests amounts."
)


@dataclass(frozen=True)
class Prose:
    """A piece of text of the report that shows itself.

    Args:
        name: its key in results.json, and its anchor.
        template: the file that renders it, with `prose`, `fmt`, `say` and `values`.
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
        """Its lines as JSON: figures unrounded, sentences as their values."""
        return [{key: _json(value) for key, value in line.items()} for line in self.lines]

    def __repr__(self) -> str:
        return f"<prose {self.name}>"

    def _repr_html_(self) -> str:
        fmt = Format(self.currency)

        def say(sentence: Any) -> str:
            return html_sentence(sentence, fmt)

        template = templates().get_template(self.template)
        return template.render(prose=self, fmt=fmt, say=say, **self.values)


def heading(data: ReportData) -> Prose:
    """The report's first lines: its period, its revision, and every stamp that it must bear."""
    values = {
        "report": REPORT_NAME,
        "label": data.params.window.label,
        "period": data.params.window,
        "timezone": data.params.timezone,
        "revision": data.manifest.revision,
        "reason": data.manifest.reason,
        "stamps": stamps(data),
    }
    return Prose("heading", "heading.html.j2", (), values, data.params.currency)


def executive_summary(data: ReportData, totals: TotalVariance) -> Prose:
    """Total spend, and its variance to the sum of the budgets, with the version of the budgets.

    Args:
        data: the report data.
        totals: what the report opens with, from `variance.headline`.
    """
    counts = overall(data.usage)
    line: dict[str, Any] = {
        "total_spend": totals.actual,
        "budget": totals.budget,
        "variance": totals.variance,
        "variance_ratio": totals.variance_ratio,
        "status": totals.status,
        "calls": counts["calls"],
        "customers": counts["customers"],
        "budget_version": data.budgets.version.label,
    }
    note = rounding_note(totals.actual, totals.budget, data.params.currency)
    values = line | {
        "rounding": sentence(note.text, rounding=note.rounding),
        "counted": _counted(data.usage, counts),
        "version": about(data.budgets.version),
        "label": tense_of(data.params).title("Total Spend"),
        "how_to_set_budgets": HOW_TO_SET_BUDGETS,
    }
    return Prose("executive_summary", "summary.html.j2", (line,), values, data.params.currency)


def headline_figures(data: ReportData, totals: TotalVariance) -> Prose:
    """Spend against budget, against the month before, of the year to date, and the allocated share.

    Args:
        data: the report data; its months are the history, as published.
        totals: what the report opens with, from `variance.headline`.

    Returns:
        Prose whose lines are `{figure, label, value, detail}` as printed, and the figures they are
        made of.
    """
    fmt = Format(data.params.currency)
    lines = [
        {
            "figure": headline.key,
            "label": headline.label,
            "value": text_sentence(headline.value, fmt),
            "detail": text_sentence(headline.detail, fmt),
            **headline.record,
        }
        for headline in headlines(data, totals)
    ]
    values = {"figures": lines, "bar": bar}
    return Prose("headline", "headline.html.j2", lines, values, data.params.currency)


def outlook(
    data: ReportData, totals: TotalVariance, backtest_errors: Sequence[BacktestError]
) -> Prose:
    """Where a period in progress is heading, and how good that estimate is; else the next month.

    Args:
        data: the report data.
        totals: what the report opens with, from `variance.headline`.
        backtest_errors: from `run_rate.backtest_errors`.
    """
    sentences = []
    if not data.usage.complete:
        sentences.append(_run_rate(totals, data.usage, data.params.currency, tense_of(data.params)))
        if totals.run_rate is not None:
            sentences.append(_run_rate_error(backtest_errors, data.usage))
    elif forecast := outlook_ahead(data):
        sentences.append(next_month_sentence(forecast))
    fmt = Format(data.params.currency)
    lines = []
    for each in sentences:
        lines.append({"text": text_sentence(each, fmt)} | _recorded(each))
    values = {"sentences": sentences}
    return Prose("outlook", "sentences.html.j2", lines, values, data.params.currency)


def forecast_summary(data: ReportData) -> Prose:
    """The next month, the fiscal year, how good the forecast is, and what it supposes.

    Args:
        data: the report data.
    """
    fmt, sentences = Format(data.params.currency), outlook_sentences(data)
    lines = [{"text": text_sentence(each, fmt), **_recorded(each)} for each in sentences]
    values = {"sentences": sentences}
    return Prose("forecast_summary", "sentences.html.j2", lines, values, data.params.currency)


def findings_that_matter(data: ReportData, findings: Iterable[MainFinding]) -> Prose:
    """The main findings as a list, each with the commentary on its names.

    Args:
        data: the report data; the notes of its budgets are the commentary.
        findings: from `main_findings`.
    """
    fmt, notes = Format(data.params.currency), data.budgets.commentary.notes
    items, lines = [], []
    for finding in findings:
        comments = [(name, notes[name]) for name in finding.names if name in notes]
        items.append((finding, comments))
        line = {
            "title": finding.title,
            "text": text_sentence(finding.sentence, fmt),
            "money": finding.money,
            "note": "; ".join(f"{name}: {note}" for name, note in comments),
        }
        lines.append(line)
    values = {"findings": items}
    return Prose("findings", "findings.html.j2", lines, values, data.params.currency)


def efficiency_summary(data: ReportData, efficiency: pd.DataFrame) -> Prose:
    """The most and the least efficient organization, if they differ; empty without calls.

    Args:
        data: the report data.
        efficiency: from `rank_efficiency`.
    """
    gap = efficiency_gap(data, efficiency)
    line = {}
    if gap and gap.material:
        line = {"most_efficient": gap.most, "least_efficient": gap.least}
    has_calls = bool(efficiency["calls"].notna().any())
    values = {"line": line, "gap": gap, "has_calls": has_calls}
    lines = (line,) if line else ()
    return Prose("efficiency_summary", "efficiency.html.j2", lines, values, data.params.currency)


def concentration(data: ReportData, models: pd.DataFrame) -> Prose:
    """How much of the cost is due to the largest customers, unnamed, and to the largest names.

    Args:
        data: the report data.
        models: from `models.cost_by_model`.
    """
    found = concentration_sentence(shares_of_the_largest(data, models), tense_of(data.params))
    sentences = (found,) if found else ()
    fmt = Format(data.params.currency)
    lines = [{"text": text_sentence(each, fmt), **_recorded(each)} for each in sentences]
    values = {"sentences": sentences}
    return Prose("concentration", "sentences.html.j2", lines, values, data.params.currency)


def key_insights(data: ReportData, insights: Iterable[Insight]) -> Prose:
    """The insights as a numbered list, with the rule of materiality if one is not material.

    Args:
        data: the report data.
        insights: from `find_insights`.
    """
    fmt = Format(data.params.currency)
    insights = tuple(insights)
    items = [insight_sentence(insight, tense_of(data.params)) for insight in insights]
    lines = [
        {"title": title, "text": text_sentence(text, fmt), **_recorded(text)}
        for title, text in items
    ]
    values = {"insights": items, "rule": materiality_rule(insights, data.params)}
    return Prose("key_insights", "insights.html.j2", lines, values, data.params.currency)


def recommended(data: ReportData, recommendations: Iterable[Recommendation]) -> Prose:
    """The recommendations, numbered within their group.

    Args:
        data: the report data.
        recommendations: from `recommend`.
    """
    fmt = Format(data.params.currency)
    groups: dict[Horizon, list[Recommendation]] = {horizon: [] for horizon in Horizon}
    for recommendation in recommendations:
        groups[recommendation.horizon].append(recommendation)
    lines = [
        {
            "horizon": recommendation.horizon,
            "title": recommendation.title,
            "text": text_sentence(recommendation.action, fmt),
            **_recorded(recommendation.action),
        }
        for group in groups.values()
        for recommendation in group
    ]
    values = {"groups": groups}
    return Prose("recommendations", "recommendations.html.j2", lines, values, data.params.currency)


def origin(data: ReportData) -> Prose:
    """What the report was made from, for its end."""
    changes = [change.sentence for change in revision_changes(data)]
    values = provenance(data) | {"changes": changes}
    return Prose("provenance", "provenance.html.j2", (), values, data.params.currency)


def _counted(usage: Usage, counts: Mapping[str, Any]) -> Sentence:
    """How many calls and customers there were, or lines of a bill, which has no calls."""
    if "calls" in usage.missing_columns:
        return sentence("{lines:count bill line}", lines=usage.rows_used)
    if "customer" in usage.missing_columns:
        return sentence("{calls:count call}", calls=counts["calls"])
    text = "{calls:count call} from {customers:count customer}"
    return sentence(text, calls=counts["calls"], customers=counts["customers"])


def _run_rate(totals: TotalVariance, usage: Usage, currency: str, tense: Tense) -> Sentence:
    """The cost at the period's end against its budget, or why there is no run rate yet."""
    last, seen = usage.period.last_day, len(days_seen(usage))
    if totals.run_rate is None:
        text = f"There is no run rate through {{last:date}} yet because it needs {WEEK} days of "
        return sentence(text + "usage ({seen:count day} so far).", last=last, seen=seen)
    reach = "would reach" if tense.supposed else "will reach"
    text = f"At the current run rate, cost {reach} {{run_rate:money}} by {{last:date}}"
    over = totals.run_rate_variance
    values: dict[str, Any] = {"over": over, "budget": totals.budget}
    if over is not None:
        side = "over" if rounded(over, minor_units(currency)) > 0 else "under"
        note = rounding_note(totals.run_rate, totals.budget, currency)
        text += f", {{distance:money}} {side} the {{budget:money}} budget{note.text}"
        values |= {"distance": abs(over), "rounding": note.rounding}
    remaining = len(usage.period.days) - seen
    rest = "remaining day is" if remaining == 1 else "remaining {remaining:count} days are"
    text += f". The {rest} projected from the first {{seen:count}}, by day of the week."
    values |= {"run_rate": totals.run_rate, "remaining": remaining}
    return sentence(text, last=last, seen=seen, **values)


def _run_rate_error(backtest_errors: Iterable[BacktestError], usage: Usage) -> Sentence:
    """How far off the run rate would have been in earlier months, after as many days."""
    errors = [backtest.error for backtest in backtest_errors if backtest.error is not None]
    if errors:
        return _tested(len(errors), min(errors), max(errors), len(days_seen(usage)))
    if usage.period.is_month:
        reason = "there is no earlier month to test against"
        return sentence(f"There is no error estimate yet because {reason}.")
    reason = "run rates are tested on calendar months only"
    return sentence(f"There is no error estimate because {reason}.")


def _tested(months: int, least: Decimal, greatest: Decimal, after: int) -> Sentence:
    """How far the run rate after so many days was below or above the actual cost.

    Example:
        "In the 2 earlier months, the run rate after 18 days was between 0.3% below and 0.1% above
        actual cost."
    """
    low, high = rounded(least, 3), rounded(greatest, 3)
    earlier = "one earlier month" if months == 1 else "{months:count} earlier months"
    text = f"In the {earlier}, the run rate after {{after:count day}} was {_off(low, high)}."
    # Both on one side of the actual cost: the smaller distance is named first.
    least_off, most_off = sorted((abs(low), abs(high))) if low * high >= 0 else (abs(low), high)
    values = {"low": low, "high": high, "least_off": least_off, "most_off": most_off}
    return sentence(text, months=months, after=after, **values)


def _off(low: Decimal, high: Decimal) -> str:
    """The words for errors from `low` to `high`, as fractions of the actual cost."""
    if low == high == 0:
        return "within 0.1% of actual cost"
    side = "above" if high > 0 else "below"
    if low == high:
        return f"{{most_off:share}} {side} actual cost"
    if low < 0 < high:
        return "between {least_off:share} below and {most_off:share} above actual cost"
    return f"between {{least_off:share}} and {{most_off:share}} {side} actual cost"


def _recorded(sentence: Sentence) -> dict[str, Any]:
    """The values of a sentence that results.json has under their names."""
    return {key: value for key, value in sentence.values.items() if key not in ONLY_PRINTED}


def _json(value: Any) -> Any:
    """A value of a sentence as JSON; a sentence in it as its values."""
    if isinstance(value, tuple):
        return [_json(item) for item in value]
    if isinstance(value, Sentence):
        return {key: _json(item) for key, item in _recorded(value).items()}
    return scalar(value)
