"""Usage made by hand, in plain Python: six rows to add up by hand, and a second way to group."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import pandas as pd

from finops_nb.figures.allocation import allocate_within
from finops_nb.figures.crossings import budget_alerts
from finops_nb.figures.efficiency import rank_efficiency
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.variance import variance_by
from finops_nb.findings.evidence import Findings
from finops_nb.findings.insights import find_insights
from finops_nb.outputs.manifest import Manifest
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.budgets import Budgets, read_budgets
from finops_nb.params.drivers import DriverLine, Drivers
from finops_nb.params.model import Params, make_params
from finops_nb.period import parse_period
from finops_nb.schema import UNALLOCATED
from finops_nb.usage.model import CELLS, CUBE, DAYS, GROUPINGS, Usage
from finops_nb.usage.sources.dialects import TOKENS
from finops_nb.usage.sources.notice import InputFile


class Call(NamedTuple):
    """One call; an empty name means that the call has none."""

    organization: str
    product: str
    feature: str
    customer: str
    cost: str
    day: str = "2025-12-31"
    model: str = "gpt"
    calls: int = 1
    charge: str = ""
    source_key: str = ""
    provider: str = ""
    task_type: str = ""
    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None


SIX = (
    Call("org-a", "chat", "ask", "c1", "3.00"),
    Call("org-a", "chat", "ask", "c2", "1.00"),
    Call("org-a", "search", "find", "c1", "2.00"),
    Call("org-b", "search", "find", "c3", "1.50"),
    Call("org-b", "chat", "ask", "c3", "0.50"),
    Call("", "chat", "ask", "", "2.00"),
)
"""10.00 in all: org-a 6.00, org-b 2.00, without organization 2.00; chat 6.50, search 3.50."""


def usage_of(calls: Sequence[tuple], period: str = "2025-12", complete: bool = True) -> Usage:
    """The usage of some calls, all of them in the period.

    Args:
        calls: each in the order of `Call`.
        period: as in the params.
        complete: the period is over; else usage is known up to the last call's day.

    Example:
        `usage_of([("org-a", "chat", "ask", "c1", "3.00", "2025-12-05")], complete=False)`
    """
    calls = [Call(*call) for call in calls]
    last_day = max(date.fromisoformat(call.day) for call in calls)
    groups = {grouping: _group(calls, grouping) for grouping in (*GROUPINGS, CUBE, CELLS, DAYS)}
    return Usage(
        period=parse_period(period),
        groups=groups,
        rows_read=len(calls),
        rows_used=len(calls),
        rows_outside=0,
        cost_outside=Decimal(0),
        complete=complete,
        last_day=last_day,
        complete_through=parse_period(period).last_day if complete else last_day,
        inputs=(InputFile("usage/calls.csv", "0" * 64, len(calls)),),
        largest_customers=_largest_customers(calls),
    )


def _key(call: Call, column: str) -> str | date:
    if column == "day":
        return date.fromisoformat(call.day)
    if column == "month":
        return call.day[:7]
    name: str = getattr(call, column)
    return name if column in ("charge", "source_key") else name.strip() or UNALLOCATED


def _group(calls: Sequence[Call], grouping: tuple[str, ...]) -> pd.DataFrame:
    members: dict[tuple, list[Call]] = {} if grouping else {(): []}
    for call in calls:
        key = tuple(_key(call, column) for column in grouping)
        members.setdefault(key, []).append(call)
    rows = []
    for key, group in sorted(members.items()):
        cost = sum((Decimal(call.cost) for call in group), Decimal(0))
        customers = {call.customer for call in group if call.customer}
        rows.append((*key, cost, sum(call.calls for call in group), len(customers)))
    frame = pd.DataFrame(rows, columns=[*grouping, "cost", "calls", "customers"])
    frame = frame.astype({"cost": object})
    if grouping == CUBE:
        credits = (cost_below_zero(group) for _, group in sorted(members.items()))
        frame["credits"] = pd.Series(list(credits), dtype=object)
    if grouping == CELLS:
        for column in TOKENS:
            counts = (tokens(group, column) for _, group in sorted(members.items()))
            frame[column] = pd.Series(list(counts), dtype=object)
    # As in the engine: where a day is a key, and in cells, customers are not counted.
    return frame.drop(columns="customers") if "day" in grouping or grouping == CELLS else frame


def tokens(calls: Sequence[Call], column: str) -> int | None:
    """The sum of a column of tokens; None if a call does not say."""
    counts = [getattr(call, column) for call in calls]
    return None if None in counts else sum(counts)


def _largest_customers(calls: Sequence[Call]) -> tuple[Decimal, ...]:
    costs: dict[str, Decimal] = {}
    for call in calls:
        if call.customer:
            costs[call.customer] = costs.get(call.customer, Decimal(0)) + Decimal(call.cost)
    return tuple(sorted(costs.values(), reverse=True)[:10])


def cost_below_zero(calls: Sequence[Call]) -> Decimal:
    return sum((min(Decimal(call.cost), Decimal(0)) for call in calls), Decimal(0))


def data_of(
    usage: Usage | None = None,
    params: Params | None = None,
    budgets: Budgets | None = None,
    manifest: Manifest | None = None,
    months: Sequence[PublishedMonth] = (),
    drivers: Drivers | None = None,
) -> ReportData:
    """Report data with what a test is about.

    The rest is `SIX`, params of its period, their budgets, and the manifest of a draft.
    """
    usage = usage or usage_of(SIX)
    params = params or make_params({"period": "2025-12", "usage": "sample:"})
    params = params.model_copy(update={"period": usage.period.text})
    budgets = budgets or read_budgets(params)
    return ReportData(
        params, usage, usage, budgets, manifest or Manifest(), tuple(months), {}, drivers
    )


def drivers_of(*lines: tuple[str, str, str, str]) -> Drivers:
    """A drivers.csv of lines of month, organization, name and amount."""
    made = [DriverLine(place, *line[:3], Decimal(line[3])) for place, line in enumerate(lines, 2)]
    return Drivers(tuple(made), "drivers.csv", "d" * 64)


def findings_of(data: ReportData, book: pd.DataFrame | None = None) -> Findings:
    """What a report finds in its data, put together as the notebook does."""
    organizations, products = (variance_by(data, by) for by in ("organization", "product"))
    efficiency = rank_efficiency(organizations)
    return Findings(
        data,
        organizations,
        products,
        breakdown=allocate_within(data.usage, "organization", "product"),
        efficiency=efficiency,
        insights=find_insights(data, organizations, products, efficiency),
        alerts=budget_alerts(data),
        book=book,
    )
