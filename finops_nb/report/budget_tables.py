"""The tables of budgets: of a running period, of alerts, of versions and of policies; most are there only where they say something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from finops_nb import schema
from finops_nb.figures.alerts import Crossing, highest_crossing
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import BacktestError, days_seen, with_run_rate
from finops_nb.figures.variance import TotalVariance
from finops_nb.findings.sentence import Sentence, sentence
from finops_nb.money import ZERO, total
from finops_nb.params.budgets import Budgets, Version
from finops_nb.params.model import Params
from finops_nb.period import parse_period
from finops_nb.report.cost_tables import SHOWN
from finops_nb.report.format import Format
from finops_nb.report.table import Block, Line, Table
from finops_nb.schema import Column

RUNNING: Final = (
    *(schema.NAME, schema.COST_TO_DATE, schema.BUDGET_TO_DATE, schema.BUDGET),
    *(schema.RUN_RATE, schema.RUN_RATE_VARIANCE, schema.STATUS),
)


def running_period(
    data: ReportData,
    organizations: pd.DataFrame,
    products: pd.DataFrame,
    totals: Iterable[TotalVariance],
) -> Table:
    """Cost and budget to date, and the run-rate to the period's end; nothing where the period is over.

    Args:
        organizations: from `budget_variance`.
        products: from `budget_variance`.
        totals: of both, in that order.
        usage: from `read_usage`.
        budgets: from `read_budgets`.
        params: for the currency.
    """
    blocks = (
        []
        if data.usage.complete
        else [_running(data, *each) for each in zip((organizations, products), totals, strict=True)]
    )
    last_day = sentence("{day:date}", day=data.usage.period.last_day)
    seen = sentence(
        "{seen:count} of {days:count day} seen, up to {known:date}.",
        seen=len(days_seen(data.usage)),
        days=len(data.usage.period.days),
        known=data.usage.complete_through,
    )
    more = (
        ""
        if data.params.as_of
        else " The last of them counts as a whole day, since no as_of says otherwise."
    )
    seen = sentence(seen.text + more, **seen.values)
    none = sentence("No run-rate to {end}: less than a week of days is seen.", end=last_day)
    rated = any(total.run_rate is not None for total in totals)
    caption = f"Cost and budget to date, and run-rate to {Format(data.params.currency).of('date', data.usage.period.last_day)} by weekday"
    intro = (seen,) if rated else (seen, none)
    return Table(
        "running_period",
        caption,
        RUNNING,
        tuple(blocks),
        data.params.currency,
        title="Running Period",
        intro=intro,
        shown=SHOWN,
    )


def run_rate_misses(data: ReportData, backtest_errors: Iterable[BacktestError]) -> Table:
    """How far off the run-rate would have been in the months before; nothing where there is no run-rate."""
    lines = [asdict(miss) | {"month": parse_period(miss.month).label} for miss in backtest_errors]
    columns = (schema.MONTH, schema.RUN_RATE, schema.ACTUAL, schema.ERROR)
    caption = f"The same run-rate in the months before, after {len(days_seen(data.usage))} days, against what they cost in the end"
    return Table("run_rate_misses", caption, columns, (Block(lines),), data.params.currency)


def budget_alerts(data: ReportData, alerts: pd.DataFrame) -> Table:
    """The day on which each threshold of each budget was crossed, the highest first, then the earliest; from `alerts.budget_alerts`.

    Whoever used a whole budget is printed, however many there are.
    """
    fmt = Format(data.params.currency)
    thresholds = list(dict.fromkeys(alerts["threshold"]))
    days = tuple(
        Column(
            f"crossed_{fmt.percent(each)}",
            fmt.percent(each),
            "day",
            "the first day the cost to date reached it",
        )
        for each in thresholds
    )
    blocks, full = [], 0
    for dimension, rows in alerts.groupby("dimension", sort=True):
        highest = highest_crossing(alerts, dimension)
        full = max(full, sum(crossing.threshold >= 1 for crossing in highest.values()))
        lines: dict[str, dict[str, Any]] = {}
        for row in rows.itertuples(index=False):
            line = lines.setdefault(
                row.name, {"name": row.name, "dimension": dimension, "budget": row.budget}
            )
            line[f"crossed_{fmt.percent(row.threshold)}"] = row.day
        ordered = sorted(
            lines.values(), key=lambda line: _urgency(highest.get(line["name"]), line["budget"])
        )
        blocks.append(Block(ordered, None, f"By {dimension}"))
    caption = "The day on which each share of a budget was reached, the highest first; n/a: not reached in the period"
    empty = "No budgets are set, or no thresholds."
    columns = (schema.NAME, schema.BUDGET, *days)
    return Table(
        "budget_alerts",
        caption,
        columns,
        tuple(blocks),
        data.params.currency,
        empty=empty,
        shown=max(SHOWN, full + 1),
        keep="first",
    )


def _urgency(crossed: Crossing | None, budget: Decimal) -> tuple[Any, ...]:
    """What budgets are ordered by: the highest threshold, then the day it was crossed, then the amount; those that crossed none last."""
    return (0, -crossed.threshold, crossed.day, -budget) if crossed else (1, -budget)


def policies(data: ReportData, breaches: pd.DataFrame) -> Table:
    """Every breach of each policy, the highest amount first; from `policies.breaches`."""
    columns = (schema.NAME, schema.MONTH, schema.AMOUNT, schema.ACTION)
    limit = Format(data.params.currency).money(data.params.approval_limit)
    caption = f"What breaks a policy; the approval limit is {limit} a product and calendar month"
    blocks = tuple(
        Block(lines.to_dict("records"), None, policy)
        for policy, lines in breaches.groupby("policy", sort=True)
    )
    counts = tuple(
        sentence("{policy} ({n:count line})", policy=block.heading, n=len(block.lines))
        for block in blocks
    )
    intro = (sentence("Not kept: {policies}.", policies=counts),) if blocks else ()
    budgeted = (
        data.params.organization_budgets or data.params.product_budgets or data.params.budgets
    )
    more = (
        ", an owner for each budget, a budget for each spend" if budgeted else "; no budget is set"
    )
    empty = f"Every policy is kept: approvals above {limit} a product and month{more}."
    return Table(
        "policies",
        caption,
        columns,
        blocks,
        data.params.currency,
        intro=intro,
        empty=empty,
        shown=SHOWN,
        keep="first",
    )


def scenario_changes(
    data: ReportData, organizations: pd.DataFrame, products: pd.DataFrame
) -> Table:
    """What a scenario changes; nothing where there is none.

    Args:
        organizations: from `scenario_difference`.
        products: likewise.
        budgets: from `read_budgets`.
        params: for the scenario and the currency.
    """
    moved = (schema.COST_CHANGE,) if data.params.growth or data.params.model_prices else ()
    columns = (
        schema.NAME,
        schema.BUDGET_BEFORE,
        schema.BUDGET,
        schema.BUDGET_CHANGE,
        *moved,
        schema.VARIANCE,
        schema.STATUS,
    )
    frames = (
        {frame.columns[0]: frame for frame in (organizations, products) if len(frame)}
        if data.params.scenario
        else {}
    )
    blocks = [
        Block(
            frame.rename(columns={by: "name"}).assign(dimension=by).to_dict("records"),
            None,
            f"By {by}",
        )
        for by, frame in frames.items()
    ]
    intro = tuple(_changes(data.budgets, data.params)) if data.params.scenario else ()
    return Table(
        "scenario_changes",
        "Names that the scenario changes",
        columns,
        tuple(blocks),
        data.params.currency,
        title="What This Scenario Changes",
        intro=intro,
        empty="This scenario changes nothing." if data.params.scenario else "",
    )


def _changes(budgets: Budgets, params: Params) -> Iterator[Sentence]:
    for by in schema.BUDGETED:
        now, was = (total(each.of(by).values()) for each in (budgets, budgets.before))
        if budgets.before.of(by) and not budgets.of(by):
            yield sentence("No budget by {by} is left of {was:money}.", by=by, was=was)
        elif now != was:
            yield sentence(
                "Budgets by {by} sum to {now:money}, {change:change} against what is approved.",
                by=by,
                now=now,
                change=now - was,
            )
    supposed = driven(params.growth, params.model_prices, Format(params.currency))
    yield from (sentence("{said}.", said=f"{each[0].upper()}{each[1:]}") for each in supposed)
    yield from (
        sentence("{said}", said=notice)
        for notice in budgets.notices
        if notice not in budgets.before.notices
    )


def driven(
    growth: Mapping[str, Decimal], prices: Mapping[str, Mapping[str, Decimal]], fmt: Format
) -> list[str]:
    """What a scenario supposes of usage and prices, as texts: "usage of all organizations +10%"."""
    rates = [(f"usage of {who}", rate) for who, rate in _scopes(growth)]
    rates += [
        (f"price of {model} for {who}", rate)
        for model, of in prices.items()
        for who, rate in _scopes(of)
    ]
    return [f"{what} {fmt.signed_percent(rate)}" for what, rate in rates]


def _scopes(rates: Mapping[str, Decimal]) -> Iterator[tuple[str, Decimal]]:
    """Whom each rate is for, in words; a rate of zero is said only where it is an exception."""
    for scope, rate in rates.items():
        if rate or len(rates) > 1:
            yield (
                (
                    scope
                    if scope != schema.ALL
                    else "all organizations"
                    if len(rates) == 1
                    else "all other organizations"
                ),
                rate,
            )


def budget_versions(data: ReportData) -> Table:
    """Every approved version of the budgets side by side, where there are several: the names whose amounts differ."""
    versions = data.budgets.before.versions
    columns = tuple(
        Column(
            version.label, version.label.capitalize(), "money", "the budget in this version", True
        )
        for version in versions
    )
    blocks = []
    for dimension in schema.BUDGETED:
        amounts = [version.of(dimension) for version in versions]
        names = sorted(
            {name for of in amounts for name in of if len({each.get(name) for each in amounts}) > 1}
        )
        lines = [
            {"name": name, "dimension": dimension} | _by_label(versions, amounts, name)
            for name in names
        ]
        blocks += [Block(lines, None, f"By {dimension}")] if lines else []
    intro = tuple(about(version) for version in versions if version.reason or version.author)
    caption, columns = "Budgets that a version changed", (schema.NAME, *columns)
    return Table(
        "budget_versions",
        caption,
        columns,
        tuple(blocks),
        data.params.currency,
        title="Budget Versions",
        intro=intro,
        shown=SHOWN,
    )


def about(version: Version) -> Sentence:
    """A version in a sentence: who set it, when and why."""
    said = [f"{{{key}}}" for key in ("date", "author") if getattr(version, key)]
    text = (
        "{label}"
        + (f" ({', '.join(said)})" if said else "")
        + (": {reason}" if version.reason else "")
        + "."
    )
    return sentence(
        text,
        label=version.label,
        date=version.date,
        author=version.author,
        reason=version.reason.rstrip("."),
    )


def _running(data: ReportData, variance: pd.DataFrame, totals: TotalVariance) -> Block:
    name = variance.columns[0]
    frame = with_run_rate(data, variance).rename(columns={name: "name"})
    lines: list[Line] = [line | {"dimension": name} for line in frame.to_dict("records")]
    dates = [line["budget_to_date"] for line in lines if line["budget_to_date"] is not None]
    sums = {
        "cost_to_date": total(line["cost_to_date"] for line in lines),
        "budget_to_date": total(dates) if dates else None,
    }
    foot = totals._asdict() | {"cost": totals.actual} | sums
    run_rate = totals.run_rate
    foot["run_rate_variance"] = (
        None if run_rate is None or totals.budget is None else run_rate - totals.budget
    )
    return Block(lines, foot, f"By {name}")


def _by_label(
    versions: Iterable[Version], amounts: Iterable[Mapping[str, Decimal]], name: str
) -> dict[str, Decimal | None]:
    return {version.label: of.get(name) for version, of in zip(versions, amounts, strict=True)}


BUDGET: Final = Column("budget", "Budget", "money", "the amount supposed; change it", additive=True)
COLUMNS: Final = (
    schema.NAME,
    schema.COST,
    schema.BUDGET_BEFORE,
    BUDGET,
    schema.BUDGET_CHANGE,
    schema.VARIANCE,
    schema.BUDGET_USED,
)


def what_if_table(
    organizations: pd.DataFrame,
    products: pd.DataFrame,
    totals: tuple[TotalVariance, TotalVariance],
    before: tuple[pd.DataFrame, pd.DataFrame],
    params: Params,
) -> Table:
    """Every organization and product with its budget before and now.

    Args:
        organizations: from `variance_by`, with the budgets supposed.
        products: likewise.
        totals: of both, in that order.
        before: both with the approved budgets, in that order.
        params: for the currency.
    """
    rated = any(each.run_rate is not None for each in totals)
    columns = (*COLUMNS, *((schema.RUN_RATE,) if rated else ()), schema.STATUS)
    blocks = tuple(
        _block(*each) for each in zip((organizations, products), totals, before, strict=True)
    )
    return Table(
        "what_if",
        "Budgets as supposed, against what is approved and what was spent",
        columns,
        blocks,
        params.currency,
    )


def _block(variance: pd.DataFrame, totals: TotalVariance, before: pd.DataFrame) -> Block:
    name = variance.columns[0]
    approved = dict(zip(before[name], before["budget"], strict=True))
    lines = [
        row
        | {"name": row[name], "budget_before": approved.get(row[name])}
        | _change(row["budget"], approved.get(row[name]))
        for row in variance.to_dict("records")
    ]
    sums = [amount for amount in approved.values() if amount is not None]
    was = total(sums) if sums else None
    foot = (
        totals._asdict()
        | {"cost": totals.actual, "budget_before": was}
        | _change(totals.budget, was)
    )
    return Block(lines, foot, name.title())


def _change(budget: Decimal | None, approved: Decimal | None) -> dict[str, Decimal]:
    return {"budget_change": (budget or ZERO) - (approved or ZERO)}
