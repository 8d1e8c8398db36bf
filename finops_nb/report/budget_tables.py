"""The tables of budgets: of a period in progress, of alerts, of policies and of budget versions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from finops_nb import schema
from finops_nb.figures.crossings import Crossing, highest_crossing
from finops_nb.figures.named import names_of
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import (
    WEEK,
    BacktestError,
    cost_after,
    days_seen,
    total_to_date,
    with_run_rate,
)
from finops_nb.figures.used_up import used_up_days
from finops_nb.figures.variance import TotalVariance
from finops_nb.findings.sentence import Sentence, sentence
from finops_nb.findings.tense import tense_of
from finops_nb.params.budgets import Version
from finops_nb.period import parse_period, spelled_date, spelled_day
from finops_nb.report.alerts import CAPTION, CROSSED_MEANING, NO_BUDGETS, NO_THRESHOLDS
from finops_nb.report.footing import Line
from finops_nb.report.format import Format
from finops_nb.report.supposed_heads import heads
from finops_nb.report.table import Block, Table
from finops_nb.schema import Column
from finops_nb.usage.model import Usage
from finops_nb.words import listing

SHOWN: Final = 25
"""How many breaches of a policy are printed; the others are counted."""
RUNNING_COLUMNS: Final = (
    *(schema.NAME, schema.COST_TO_DATE, schema.BUDGET_TO_DATE, schema.BUDGET),
    *(schema.RUN_RATE, schema.RUN_RATE_VARIANCE, schema.USED_UP, schema.STATUS),
)

COST_ONLY: Final = (schema.NAME, schema.COST_TO_DATE, schema.RUN_RATE)
"""The same where no budgets are set."""


def running_period(
    data: ReportData,
    organizations: pd.DataFrame,
    products: pd.DataFrame,
    totals: Iterable[TotalVariance],
) -> Table:
    """Cost and budget to date, and the run rate to the period's end; empty if the period is over.

    Args:
        data: the report data.
        organizations: from `variance_by`.
        products: from `variance_by`.
        totals: of both, from `total_of`, in that order.
    """
    dimensions = list(zip((organizations, products), totals, strict=True))
    has_run_rate = any(sums.run_rate is not None for _, sums in dimensions)
    has_budgets = any(sums.budget is not None for _, sums in dimensions)
    blocks = [_running(data, *each) for each in dimensions] if not data.usage.complete else []
    columns: tuple[Column, ...] = RUNNING_COLUMNS if has_budgets else COST_ONLY
    if not any(line["used_up"] for block in blocks for line in block.lines):
        columns = tuple(column for column in columns if column != schema.USED_UP)
    return Table(
        "running_period",
        tense_of(data.params).caption(_running_caption(data.usage, has_budgets)),
        heads(columns, tense_of(data.params)),
        tuple(blocks),
        data.params.currency,
        title="Period to Date",
        intro=_how_much_is_known(data, has_run_rate),
    )


def run_rate_misses(data: ReportData, backtest_errors: Iterable[BacktestError]) -> Table:
    """How far off the run rate would have been in earlier months; empty if there is no run rate.

    Args:
        data: the report data.
        backtest_errors: from `run_rate.backtest_errors`.
    """
    lines = [
        asdict(error) | {"month": parse_period(error.month).label} for error in backtest_errors
    ]
    return Table(
        "run_rate_misses",
        f"Run rate after {len(days_seen(data.usage))} days in earlier months, against actual cost; "
        "error = (run rate − actual) ÷ actual",
        (schema.MONTH, schema.RUN_RATE, schema.ACTUAL, schema.ERROR),
        (Block(lines),),
        data.params.currency,
    )


def budget_alerts(data: ReportData, alerts: pd.DataFrame) -> Table:
    """The day on which each threshold of each budget was crossed.

    Args:
        data: the report data.
        alerts: from `crossings.budget_alerts`.

    Returns:
        Per dimension, the budgets with the highest threshold crossed come first, then those that
        crossed it earliest.
    """
    fmt = Format(data.params.currency)
    days = [
        Column(_crossed_key(fmt, threshold), fmt.percent(threshold), "day", CROSSED_MEANING)
        for threshold in dict.fromkeys(alerts["threshold"])
    ]
    blocks = []
    for dimension, rows in alerts.groupby("dimension", sort=True):
        highest = highest_crossing(alerts, dimension)
        lines = sorted(
            _alert_lines(rows, fmt),
            key=lambda line: _urgency(highest.get(line["name"]), line["budget"]),
        )
        names = names_of(data)[dimension]
        blocks.append(Block(lines, None, f"By {str(dimension).title()}", names=names))
    return Table(
        "budget_alerts",
        CAPTION,
        (schema.NAME, schema.BUDGET, *days),
        tuple(blocks),
        data.params.currency,
        empty=NO_BUDGETS if data.params.alert_thresholds else NO_THRESHOLDS,
    )


def policies(data: ReportData, breaches: pd.DataFrame) -> Table:
    """Every policy breach, the highest amount first.

    Args:
        data: the report data.
        breaches: from `policies.breaches`.
    """
    limit = _approval_limit(data)
    blocks = tuple(
        Block(lines.to_dict("records"), None, policy)
        for policy, lines in breaches.groupby("policy", sort=True)
    )
    return Table(
        "policies",
        f"Policy breaches; approval limit: {limit}" if limit else "Policy breaches",
        (schema.NAME, schema.MONTH, schema.AMOUNT, schema.ACTION),
        blocks,
        data.params.currency,
        intro=_breach_counts(blocks),
        empty=_no_breaches(data, limit),
        shown=SHOWN,
    )


def budget_versions(data: ReportData) -> Table:
    """The names whose budgets differ between approved versions; empty if there is one version."""
    versions = data.budgets.before.versions
    columns = [
        Column(version.label, version.label.capitalize(), "money", "this version's budget", True)
        for version in versions
    ]
    blocks = [_version_block(data, dimension) for dimension in schema.BUDGETED]
    return Table(
        "budget_versions",
        "Budgets that differ between versions",
        (schema.NAME, *columns),
        tuple(block for block in blocks if block.lines),
        data.params.currency,
        title="Budget Versions",
        intro=tuple(about(version) for version in versions if version.reason or version.author),
    )


def about(version: Version) -> Sentence:
    """A version of the budgets in a sentence: who set it, when and why.

    Example:
        revised 1 (by Ana; December 15, 2025; reason: two more regions).
    """
    day = _days_of(version)
    templates = {"by {author}": version.author, "{day}": day, "reason: {reason}": version.reason}
    known = [template for template, value in templates.items() if value]
    text = "{label}" + (f" ({'; '.join(known)})" if known else "")
    return sentence(
        f"{text}.",
        label=version.label,
        day=day,
        author=version.author,
        reason=version.reason.rstrip("."),
    )


def _days_of(version: Version) -> str:
    """The day of a version; of one whose lines in budgets.csv have several, the first and last."""
    days = sorted(filter(None, version.date.split(", ")))
    ends = dict.fromkeys((days[0], days[-1])) if days else ()
    return " to ".join(spelled_date(date.fromisoformat(day)) for day in ends)


def _running_caption(usage: Usage, has_budgets: bool) -> str:
    """What the table of a period in progress holds."""
    last = spelled_day(usage.period.last_day)
    compared = "Cost and budget" if has_budgets else "Cost"
    caption = f"{compared} to date, and run rate through {last}"
    if has_budgets and cost_after(usage):
        known = spelled_day(usage.complete_through)
        caption += f"; status is based on total cost, including cost after {known}"
    return caption


NO_RANGE: Final = (
    "A run rate has no range: what it missed in earlier months is known for the total only."
)


def _how_much_is_known(data: ReportData, has_run_rate: bool) -> tuple[Sentence, ...]:
    """On how many days of usage a run rate is based, or why there is none."""
    text = "Figures to date cover {seen:count} of {days:count day}, through {known:date}."
    if not data.params.as_of:
        text += " The last day counts as a whole day because no as_of is set."
    known = sentence(
        text,
        seen=len(days_seen(data.usage)),
        days=len(data.usage.period.days),
        known=data.usage.complete_through,
    )
    if has_run_rate:
        return known, sentence(NO_RANGE)
    reason = f"There is no run rate through {{end:date}} yet because it needs {WEEK} days of usage."
    return known, sentence(reason, end=data.usage.period.last_day)


def _running(data: ReportData, variance: pd.DataFrame, totals: TotalVariance) -> Block:
    """The lines of one dimension, and their sums."""
    by: schema.Dimension = variance.columns[0]
    frame = with_run_rate(data, variance).rename(columns={by: "name"})
    days = used_up_days(data, by)
    lines: list[Line] = [
        line | {"dimension": by, "used_up": days.get(line["name"])}
        for line in frame.to_dict("records")
    ]
    so_far = total_to_date(data, by)
    sums = totals._asdict() | {
        "cost": totals.actual,
        "cost_to_date": so_far.cost,
        "budget_to_date": so_far.budget,
        "run_rate_variance": totals.run_rate_variance,
    }
    return Block(lines, sums, f"By {by.title()}", names=names_of(data)[by])


def _crossed_key(fmt: Format, threshold: Decimal) -> str:
    """The key of a threshold's column: "crossed_80%"."""
    return f"crossed_{fmt.percent(threshold)}"


def _alert_lines(alerts: pd.DataFrame, fmt: Format) -> list[dict[str, Any]]:
    """A line for each name, with the day of each threshold, None where it was not crossed."""
    lines: dict[str, dict[str, Any]] = {}
    for alert in alerts.itertuples(index=False):
        new = {"name": alert.name, "dimension": alert.dimension, "budget": alert.budget}
        line = lines.setdefault(alert.name, new)
        line[_crossed_key(fmt, alert.threshold)] = alert.day
    return list(lines.values())


def _urgency(crossed: Crossing | None, budget: Decimal) -> tuple[Any, ...]:
    """The order of budgets: by the highest threshold, its day, the amount; none crossed: last."""
    if crossed is None:
        return (1, -budget)
    return (0, -crossed.threshold, crossed.day, -budget)


def _breach_counts(blocks: Iterable[Block]) -> tuple[Sentence, ...]:
    """How many breaches each policy has; nothing if there are none."""
    counts = []
    for block in blocks:
        heading = block.heading or ""
        policy = heading[:1].lower() + heading[1:]
        text = "{policy} ({breaches:count})"
        counts.append(sentence(text, policy=policy, breaches=len(block.lines)))
    return (sentence("Policy breaches: {policies}.", policies=tuple(counts)),) if counts else ()


def _approval_limit(data: ReportData) -> str:
    """The limit above which spend requires approval, in words; empty if none is set."""
    limit = data.params.approval_limit
    if limit is None:
        return ""
    return f"{Format(data.params.currency).money(limit)} per product per calendar month"


def _no_breaches(data: ReportData, limit: str) -> str:
    """What was checked, where nothing breaches a policy."""
    params, checks, unset = data.params, [], []
    if limit:
        checks.append(f"approval of spend above {limit}")
    else:
        unset.append("approval limit")
    if params.organization_budgets or params.product_budgets or params.budgets:
        checks += ["an owner for each budget", "a budget for all spend"]
    else:
        unset.append("budget")
    is_set = "" if not unset else f" No {' and no '.join(unset)} is set."
    if not checks:
        return is_set.strip()
    return f"No policy is breached. The policies require {listing(checks)}.{is_set}"


def _version_block(data: ReportData, dimension: schema.Dimension) -> Block:
    """The budgets of each version, for the names whose budgets differ."""
    versions = data.budgets.before.versions
    amounts = {version.label: version.of(dimension) for version in versions}
    names = {name for budgets in amounts.values() for name in budgets}
    lines: list[Line] = []
    for name in sorted(names):
        line = {label: budgets.get(name) for label, budgets in amounts.items()}
        if len(set(line.values())) > 1:
            lines.append({"name": name, "dimension": dimension} | line)
    return Block(lines, None, f"By {dimension.title()}", names=names_of(data)[dimension])
