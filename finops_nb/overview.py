"""Overview: the figures of a period as one JSON object, for `check --json` and for results.json."""

from __future__ import annotations

from typing import Any

from finops_nb.edition import Kind
from finops_nb.money import plain
from finops_nb.params import Params
from finops_nb.usage.model import Usage


def overview(usage: Usage, params: Params, name: str, kind: Kind) -> dict[str, Any]:
    """What a report of this usage holds, in figures.

    Returns:
        `{name, kind, period: {start, end, complete}, currency, total, organizations, products, features, rows: {read,
        used, outside_period}, money: {outside_period, unallocated}, warnings}`; `end` is exclusive, money is unrounded
        decimal text, cost without a name stands under "(unallocated)".
    """
    return {
        "name": name,
        "kind": str(kind),
        "period": {"start": f"{usage.period.start}", "end": f"{usage.period.end}", "complete": usage.complete},
        "currency": params.currency,
        "total": plain(usage.cost),
        **{f"{by}s": _costs(usage, by) for by in ("organization", "product", "feature")},
        "rows": {"read": usage.rows_read, "used": usage.rows_used, "outside_period": usage.rows_outside},
        "money": {"outside_period": plain(usage.cost_outside), "unallocated": plain(usage.unallocated)},
        "warnings": warnings(usage, params),
    }


def warnings(usage: Usage, params: Params) -> list[str]:
    """What a reader of the figures should know, as sentences."""
    found = [f"{notice.text} ({notice.rows:,} rows, {plain(notice.money)} {params.currency})" for notice in usage.notices]
    if not usage.complete:
        found.append(f"PARTIAL: usage is known up to {params.as_of or usage.last_day}, the period ends with {usage.period.last_day}.")
    if usage.unallocated:
        found.append(f"{plain(usage.unallocated)} {params.currency} name no organization.")
    for key, budgets, by in (
        ("organization_budgets", params.organization_budgets, "organization"),
        ("product_budgets", params.product_budgets, "product"),
    ):
        absent = [each for each in budgets if each not in set(usage.groups[by,][by])]
        if absent:
            found.append(f"{key}: no usage in the period of {', '.join(absent)}.")
    return found


def _costs(usage: Usage, by: str) -> dict[str, str]:
    frame = usage.groups[by,]
    return {name: plain(cost) for name, cost in zip(frame[by], frame["cost"], strict=True)}
