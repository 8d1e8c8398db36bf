"""Overview: the figures of a period as one JSON object, for `check --json` and for results.json."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from finops_nb.errors import nearest
from finops_nb.figures.run_rate import cost_after
from finops_nb.findings.confusable_names import apart
from finops_nb.money import plain
from finops_nb.outputs.manifest import Kind
from finops_nb.params.budgets import Budgets
from finops_nb.params.model import Params
from finops_nb.schema import BUDGETED, UNALLOCATED
from finops_nb.usage.model import Usage


def overview(
    usage: Usage, budgets: Budgets, params: Params, name: str, kind: Kind
) -> dict[str, Any]:
    """What a report of this usage holds, in figures.

    Returns:
        `{name, kind, period: {start, end, complete}, currency, total, organizations, products, features, rows: {read,
        used, outside_period}, money: {outside_period, unallocated}, warnings}`; `end` is exclusive, money is unrounded
        decimal text, cost without a name stands under "(unallocated)".
    """
    return {
        "name": name,
        "kind": str(kind),
        "period": {
            "start": f"{usage.period.start}",
            "end": f"{usage.period.end}",
            "complete": usage.complete,
        },
        "currency": params.currency,
        "total": plain(usage.cost),
        **{f"{by}s": _costs(usage, by) for by in ("organization", "product", "feature")},
        "rows": {
            "read": usage.rows_read,
            "used": usage.rows_used,
            "outside_period": usage.rows_outside,
        },
        "money": {
            "outside_period": plain(usage.cost_outside),
            "unallocated": plain(usage.unallocated),
        },
        "warnings": warnings(usage, budgets, params),
    }


def warnings(usage: Usage, budgets: Budgets, params: Params) -> list[str]:
    """What a reader of the figures should know, as sentences."""
    found = [
        f"{notice.text} ({_rows(notice.rows)}, {plain(notice.money)} {params.currency})"
        for notice in usage.notices
    ]
    found += [
        f"{text} ({plain(cost)} {params.currency})"
        for by in BUDGETED
        for text, cost in apart(usage, by)
    ]
    found += budgets.notices
    if usage.reconciliation and not usage.reconciliation.reconciled:
        differing = (
            f"{each.name} {plain(each.difference)}" for each in usage.reconciliation.differing
        )
        found.append(
            f"NOT RECONCILED: stated less billed, in {params.currency}: {', '.join(differing)}."
        )
    if not usage.complete:
        found.append(
            f"PARTIAL: usage is known up to {usage.complete_through}, the period ends with {usage.period.last_day}."
        )
    if cost_after(usage):
        later = f"{plain(cost_after(usage))} {params.currency} of days after as_of, up to {usage.last_day}"
        found.append(
            f"{later}: in the cost, the statuses and the alerts, and neither in the run-rate nor in what is to date."
        )
    if usage.projected:
        found.append(
            f"WHAT-IF: growth and prices of the scenario change the cost by {plain(usage.projected)} {params.currency}."
        )
    if usage.unallocated:
        found.append(f"{plain(usage.unallocated)} {params.currency} name no organization.")
    return found + doubtful_names(usage, budgets, params)


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def doubtful_names(usage: Usage, budgets: Budgets, params: Params) -> list[str]:
    """Names of budgets, approvals, notes and owners that may be misspelt, as sentences with what may be meant."""
    found = [*_unknown_names(usage, budgets, params)]
    for by in BUDGETED:
        spent = list(usage.groups[by,][by])
        absent = [each for each in budgets.of(by) if each not in spent]
        if absent:
            unplanned = [
                name for name in spent if name not in budgets.of(by) and name != UNALLOCATED
            ]
            meant = ((each, nearest(each, unplanned)) for each in absent)
            said = (f'{each} (did you mean "{near}"?)' if near else each for each, near in meant)
            found.append(
                f"{f'{params.budgets}, {by}' if params.budgets else f'{by}_budgets'}: no usage in the period of {', '.join(said)}."
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
