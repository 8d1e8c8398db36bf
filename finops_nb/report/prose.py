"""Prose: the report's texts, from its heading and summary to its insights and recommendations."""

# A section of the report is a heading and cells of notebooks/organizational_alignment.ipynb. Its
# text is here, in one function and one file of report/templates/; its tables are named in
# report/tables.py.

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from finops_nb.figures.efficiency import overall
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import WEEK, BacktestError, days_seen
from finops_nb.figures.variance import TotalVariance
from finops_nb.findings.insights import Insight, insight_sentence, materiality_rule
from finops_nb.findings.main_findings import MainFinding
from finops_nb.findings.recommendations import Horizon, Recommendation
from finops_nb.findings.sentence import Sentence, sentence
from finops_nb.money import rounded
from finops_nb.report.budget_tables import about
from finops_nb.report.format import Format, html_sentence, text_sentence
from finops_nb.report.headline import headlines
from finops_nb.report.provenance import REPORT_NAME, provenance, revision_changes, stamps
from finops_nb.report.table import bar, scalar, templates
from finops_nb.usage.model import Usage

ONLY_PRINTED: Final = ("distance", "after", "thresholds")
"""Values of sentences that results.json has elsewhere: with their sign, or in its parameters."""


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
    """The report's first lines: its period, and every stamp that it must bear."""
    values = {
        "report": REPORT_NAME,
        "label": data.params.window.label,
        "period": data.params.window,
        "timezone": data.params.timezone,
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
    values = line | {
        "counted": _counted(data.usage, counts),
        "version": about(data.budgets.version),
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
    """Where a period in progress is heading, and how good that estimate is; empty if it is over.

    Args:
        data: the report data.
        totals: what the report opens with, from `variance.headline`.
        backtest_errors: from `run_rate.backtest_errors`.
    """
    sentences = []
    if not data.usage.complete:
        sentences.append(_run_rate(totals, data.usage))
        if totals.run_rate is not None:
            sentences.append(_run_rate_error(backtest_errors, data.usage))
    fmt = Format(data.params.currency)
    lines = []
    for each in sentences:
        lines.append({"text": text_sentence(each, fmt)} | _recorded(each))
    values = {"sentences": sentences}
    return Prose("outlook", "outlook.html.j2", lines, values, data.params.currency)


def findings_that_matter(data: ReportData, findings: Iterable[MainFinding]) -> Prose:
    """The main findings as a list, each with the commentary on its names.

    Args:
        data: the report data; `notes` of its params are the commentary.
        findings: from `main_findings`.
    """
    fmt, notes = Format(data.params.currency), data.params.notes
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
    """The most and the least efficient organization; empty if the usage has no calls.

    Args:
        data: the report data.
        efficiency: from `rank_efficiency`.
    """
    has_rank = [rank is not None for rank in efficiency["rank"]]
    ranked = list(efficiency.loc[has_rank, "organization"])
    line = {"most_efficient": ranked[0], "least_efficient": ranked[-1]} if len(ranked) > 1 else {}
    has_calls = bool(efficiency["calls"].notna().any())
    values = {"line": line, "has_calls": has_calls}
    lines = (line,) if line else ()
    return Prose("efficiency_summary", "efficiency.html.j2", lines, values, data.params.currency)


def key_insights(data: ReportData, insights: Iterable[Insight]) -> Prose:
    """The insights as a numbered list, with the rule of materiality if one is not material.

    Args:
        data: the report data.
        insights: from `find_insights`.
    """
    fmt = Format(data.params.currency)
    insights = tuple(insights)
    items = [insight_sentence(insight) for insight in insights]
    lines = [
        {"title": title, "text": text_sentence(text, fmt), **text.values} for title, text in items
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


def _run_rate(totals: TotalVariance, usage: Usage) -> Sentence:
    """The cost at the period's end against its budget, or why there is no run rate yet."""
    last, seen = usage.period.last_day, len(days_seen(usage))
    if totals.run_rate is None:
        text = f"There is no run rate to {{last:date}} yet because it needs {WEEK} days of usage "
        return sentence(text + "({seen:count day} so far).", last=last, seen=seen)
    text = "At the current run rate, the period will cost {run_rate:money} by {last:date}"
    over = totals.run_rate_variance
    values: dict[str, Any] = {"over": over, "budget": totals.budget}
    if over is not None:
        side = "over" if over > 0 else "under"
        text += f", {{distance:money}} {side} the {{budget:money}} budget"
        values["distance"] = abs(over)
    text += ". This extrapolates the first {seen:count day} by day of the week."
    return sentence(text, last=last, seen=seen, run_rate=totals.run_rate, **values)


def _run_rate_error(backtest_errors: Iterable[BacktestError], usage: Usage) -> Sentence:
    """How far off the run rate would have been in earlier months, after as many days."""
    errors = [backtest.error for backtest in backtest_errors if backtest.error is not None]
    if errors:
        low, high = rounded(min(errors), 3), rounded(max(errors), 3)
        error = "{low:signed share}"
        error += "" if low == high else " to {high:signed share}"
        text = (
            "In the {months:count earlier month}, the same method after {after:count day} "
            f"was off by {error}."
        )
        after = len(days_seen(usage))
        return sentence(text, months=len(errors), low=low, high=high, after=after)
    if usage.period.is_month:
        reason = "there is no earlier month to test against"
        return sentence(f"There is no error estimate yet because {reason}.")
    reason = "run rates are tested on calendar months only"
    return sentence(f"There is no error estimate because {reason}.")


def _recorded(sentence: Sentence) -> dict[str, Any]:
    """The values of a sentence that results.json has under their names."""
    return {key: value for key, value in sentence.values.items() if key not in ONLY_PRINTED}


def _json(value: Any) -> Any:
    """A value of a sentence as JSON; a sentence in it as its values."""
    if isinstance(value, tuple):
        return [_json(item) for item in value]
    if isinstance(value, Sentence):
        return {key: _json(item) for key, item in value.values.items()}
    return scalar(value)
