"""Usage made by hand, in plain Python: six rows that a reader can add up, and an oracle beside the engine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import pandas as pd

from finops_nb.figures.report_data import ReportData
from finops_nb.outputs.manifest import Manifest
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.budgets import Budgets, read_budgets
from finops_nb.params.model import Params, make_params
from finops_nb.period import parse_period
from finops_nb.schema import UNALLOCATED
from finops_nb.usage.model import CUBE, GROUPINGS, Usage
from finops_nb.usage.sources.notice import InputFile


class Call(NamedTuple):
    """One call; empty text is no name."""

    organization: str
    product: str
    feature: str
    customer: str
    cost: str
    day: str = "2025-12-31"
    model: str = "gpt"


def usage_of(calls: Sequence[tuple], period: str = "2025-12", complete: bool = True) -> Usage:
    """The usage of these calls, each in the order of `Call`, all of them in the period."""
    calls = [Call(*call) for call in calls]
    last_day = max(date.fromisoformat(call.day) for call in calls)
    groups = {grouping: _group(calls, grouping) for grouping in (*GROUPINGS, CUBE)}
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
    )


def _key(call: Call, column: str) -> str | date:
    if column == "day":
        return date.fromisoformat(call.day)
    return call.day[:7] if column == "month" else getattr(call, column).strip() or UNALLOCATED


def _group(calls: Sequence[Call], grouping: tuple[str, ...]) -> pd.DataFrame:
    members: dict[tuple, list[Call]] = {} if grouping else {(): []}
    for call in calls:
        members.setdefault(tuple(_key(call, column) for column in grouping), []).append(call)
    rows = [
        (
            *key,
            sum((Decimal(call.cost) for call in of), Decimal(0)),
            len(of),
            len({call.customer for call in of if call.customer}),
        )
        for key, of in sorted(members.items())
    ]
    frame = pd.DataFrame(rows, columns=[*grouping, "cost", "calls", "customers"]).astype(
        {"cost": object}
    )
    return frame.drop(columns="customers") if "day" in grouping or "model" in grouping else frame


def data_of(
    usage: Usage | None = None,
    params: Params | None = None,
    budgets: Budgets | None = None,
    manifest: Manifest | None = None,
    months: Sequence[PublishedMonth] = (),
) -> ReportData:
    """Report data of what a test is about; the rest is six rows of December 2025, as a draft."""
    usage = usage or usage_of(SIX)
    params = params or make_params({"period": "2025-12", "usage": "sample:"})
    made = manifest or Manifest()
    return ReportData(params, usage, usage, budgets or read_budgets(params), made, tuple(months))


SIX = (
    Call("org-a", "chat", "ask", "c1", "3.00"),
    Call("org-a", "chat", "ask", "c2", "1.00"),
    Call("org-a", "search", "find", "c1", "2.00"),
    Call("org-b", "search", "find", "c3", "1.50"),
    Call("org-b", "chat", "ask", "c3", "0.50"),
    Call("", "chat", "ask", "", "2.00"),
)
"""10.00 in all: org-a 6.00, org-b 2.00, without organization 2.00; chat 6.50, search 3.50."""
