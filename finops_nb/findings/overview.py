"""Overview: the figures of a period as one JSON object, for `check --json` and for results.json."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from finops_nb.errors import nearest
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import cost_after
from finops_nb.findings.confusable_names import apart
from finops_nb.money import plain
from finops_nb.params.budgets import Budgets
from finops_nb.params.model import Params
from finops_nb.schema import BUDGETED, UNALLOCATED
from finops_nb.usage.model import Usage


def overview(data: ReportData) -> dict[str, Any]:
    """What a report of this usage holds, in figures.

    Returns:
        `{name, kind, period: {start, end, complete}, currency, total, organizations, products, features, rows: {read,
        used, outside_period}, money: {outside_period, unallocated}, warnings}`; `end` is exclusive, money is unrounded
        decimal text, cost without a name stands under "(unallocated)".
    """
    return {
        "name": data.manifest.name,
        "kind": str(data.manifest.kind),
        "period": {
            "start": f"{data.usage.period.start}",
            "end": f"{data.usage.period.end}",
            "complete": data.usage.complete,
        },
        "currency": data.params.currency,
        "total": plain(data.usage.cost),
        **{f"{by}s": _costs(data.usage, by) for by in ("organization", "product", "feature")},
        "rows": {
            "read": data.usage.rows_read,
            "used": data.usage.rows_used,
            "outside_period": data.usage.rows_outside,
        },
        "money": {
            "outside_period": plain(data.usage.cost_outside),
            "unallocated": plain(data.usage.unallocated),
        },
        "warnings": warnings(data),
    }


def warnings(data: ReportData) -> list[str]:
    """What a reader of the figures should know, as sentences."""
    found = [
        f"{notice.text} ({_rows(notice.rows)}, {plain(notice.money)} {data.params.currency})"
        for notice in data.usage.notices
    ]
    found += [
        f"{text} ({plain(cost)} {data.params.currency})"
        for by in BUDGETED
        for text, cost in apart(data.usage, by)
    ]
    found += data.budgets.notices
    if data.usage.reconciliation and not data.usage.reconciliation.reconciled:
        differing = (
            f"{each.name} {plain(each.difference)}" for each in data.usage.reconciliation.differing
        )
        found.append(
            f"NOT RECONCILED: stated less billed, in {data.params.currency}: {', '.join(differing)}."
        )
    if not data.usage.complete:
        found.append(
            f"PARTIAL: usage is known up to {data.usage.complete_through}, the period ends with {data.usage.period.last_day}."
        )
    if cost_after(data.usage):
        later = f"{plain(cost_after(data.usage))} {data.params.currency} of days after as_of, up to {data.usage.last_day}"
        found.append(
            f"{later}: in the cost, the statuses and the alerts, and neither in the run-rate nor in what is to date."
        )
    if data.usage.projected:
        found.append(
            f"WHAT-IF: growth and prices of the scenario change the cost by {plain(data.usage.projected)} {data.params.currency}."
        )
    if data.usage.unallocated:
        found.append(
            f"{plain(data.usage.unallocated)} {data.params.currency} name no organization."
        )
    return found + doubtful_names(data)


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def doubtful_names(data: ReportData) -> list[str]:
    """Names of budgets, approvals, notes and owners that may be misspelt, as sentences with what may be meant."""
    found = [*_unknown_names(data.usage, data.budgets, data.params)]
    for by in BUDGETED:
        spent = list(data.usage.groups[by,][by])
        absent = [each for each in data.budgets.of(by) if each not in spent]
        if absent:
            unplanned = [
                name for name in spent if name not in data.budgets.of(by) and name != UNALLOCATED
            ]
            meant = ((each, nearest(each, unplanned)) for each in absent)
            said = (f'{each} (did you mean "{near}"?)' if near else each for each, near in meant)
            found.append(
                f"{f'{data.params.budgets}, {by}' if data.params.budgets else f'{by}_budgets'}: no usage in the period of {', '.join(said)}."
            )
    return found


def _unknown_names(usage: Usage, budgets: Budgets, params: Params) -> Iterator[str]:
    """Names of approvals, notes and owners that are much like a name of usage or budgets, and are none."""
    known = {by: {*usage.groups[by,][by], *budgets.of(by)} for by in BUDGETED}
    every = known["organization"] | known["product"]
    for key, names, those in (
        ("approvals", params.approvals, known["product"]),
        ("notes", params.notes, every),
        ("owners", params.owners, every),
    ):
        for name in names:
            near = None if name in those else nearest(name, sorted(those))
            if near:
                yield f'{key}: {name} is no name of usage or budgets; did you mean "{near}"?'


def _costs(usage: Usage, by: str) -> dict[str, str]:
    frame = usage.groups[by,]
    return {name: plain(cost) for name, cost in zip(frame[by], frame["cost"], strict=True)}
