"""Overview: the figures of a period as one JSON object, for `check --json` and results.json."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, Final

from finops_nb.errors import nearest
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import cost_after
from finops_nb.findings.confusable_names import confusable_sentences
from finops_nb.findings.money_text import change_text, money_text
from finops_nb.findings.tense import tense_of
from finops_nb.findings.unit_costs import doubtful_drivers
from finops_nb.money import plain
from finops_nb.outputs.artifacts import NOT_RECONCILED
from finops_nb.params.budgets import Budgets
from finops_nb.params.model import Params
from finops_nb.period import spelled_date, spelled_day, spelled_months
from finops_nb.schema import BUDGETED, UNALLOCATED
from finops_nb.usage.model import Usage

LATER_USAGE: Final = "Total costs also include "
"""The warning on usage after the last complete day begins so; the mail finds it by these words."""

INVOICES_DIFFER: Final = "Invoice amounts differ from the usage data (invoice − usage)"


def overview(data: ReportData) -> dict[str, Any]:
    """What a report of this usage holds, in figures.

    Returns:
        `{name, kind, period: {start, end, complete}, currency, total, organizations, products,
        features, rows: {read, used, outside_period}, money: {outside_period, unallocated},
        warnings}`; `end` is exclusive, money is unrounded decimal text, and cost without a name
        is under "(unallocated)".
    """
    usage = data.usage
    return {
        "name": data.manifest.name,
        "kind": str(data.manifest.kind),
        "period": {
            "start": f"{usage.period.start}",
            "end": f"{usage.period.end}",
            "complete": usage.covers_period,
        },
        "currency": data.params.currency,
        "total": plain(usage.cost),
        **{f"{by}s": _costs(usage, by) for by in ("organization", "product", "feature")},
        "rows": {
            "read": usage.rows_read,
            "used": usage.rows_used,
            "outside_period": usage.rows_outside,
            # Only sources of the params drop rows.
            **({"dropped": usage.rows_dropped} if usage.rows_dropped else {}),
        },
        "money": {
            "outside_period": plain(usage.cost_outside),
            "unallocated": plain(usage.unallocated),
        },
        "warnings": warnings(data),
    }


def warnings(data: ReportData) -> list[str]:
    """What a reader of the figures should know, as sentences; their money is rounded.

    Example:
        `["$0.41 is not assigned to an organization."]`
    """
    return [
        *_usage_notices(data),
        *_confusable_names(data),
        *data.budgets.notices,
        *_reconciliation_warnings(data),
        *_period_warnings(data),
        *_cost_warnings(data),
        *doubtful_names(data),
    ]


def doubtful_names(data: ReportData) -> list[str]:
    """Names of budgets, approvals, notes, owners and drivers that may be misspelled, as sentences.

    Example:
        `['organization_budgets: no usage in the period for orgb (did you mean "org-b"?).']`
    """
    return [
        *_unknown_names(data.usage, data.budgets, data.params),
        *_idle_budgets(data),
        *doubtful_drivers(data),
    ]


def how_far_known(usage: Usage) -> str:
    """How far usage of a period is complete, in sentences; empty if it covers the period.

    Example:
        "Usage is complete through December 18, 2025; the period ends December 31, 2025."
    """
    sentences = []
    if usage.months_missing:
        months = spelled_months(usage.months_missing)
        sentences.append(f"There is no usage for {months}.")
    if not usage.complete:
        known, last = spelled_date(usage.complete_through), spelled_date(usage.period.last_day)
        sentences.append(f"Usage is complete through {known}; the period ends {last}.")
    return " ".join(sentences)


def later_usage(usage: Usage, currency: str) -> str:
    """A sentence on the usage after the last complete day; empty if there is none.

    Example:
        "Total costs also include $1.00 dated December 19 to December 20; the run rate and the
        figures to date exclude it."
    """
    later = cost_after(usage)
    if not later:
        return ""
    first, last = usage.complete_through + timedelta(days=1), usage.last_day
    spelled = spelled_day if first.year == last.year else spelled_date
    days = spelled(first) if first == last else f"{spelled(first)} to {spelled(last)}"
    amount = money_text(later, currency)
    return f"{LATER_USAGE}{amount} dated {days}; the run rate and the figures to date exclude it."


def invoice_differences(data: ReportData) -> tuple[str, ...]:
    """The invoices that differ from the usage, each with its difference; none if all agree.

    Example:
        `("AWS INV-1 +$0.01",)`
    """
    reconciliation = data.usage.reconciliation
    if reconciliation is None or reconciliation.reconciled:
        return ()
    return tuple(
        f"{invoice.name} {change_text(invoice.difference, data.params.currency)}"
        for invoice in reconciliation.differing
    )


def _usage_notices(data: ReportData) -> Iterator[str]:
    for notice in data.usage.notices:
        if not notice.rows and not notice.money:
            yield notice.text
            continue
        rows = f"{notice.rows:,} row{'' if notice.rows == 1 else 's'}"
        yield f"{notice.text} ({rows}, {money_text(notice.money, data.params.currency)})"


def _confusable_names(data: ReportData) -> Iterator[str]:
    for by in BUDGETED:
        for text, cost in confusable_sentences(data.usage, by):
            yield f"{text} ({money_text(cost, data.params.currency)})"


def _reconciliation_warnings(data: ReportData) -> Iterator[str]:
    differences = invoice_differences(data)
    if differences:
        yield f"{NOT_RECONCILED}: {INVOICES_DIFFER}: {', '.join(differences)}."


def _period_warnings(data: ReportData) -> Iterator[str]:
    usage = data.usage
    if not usage.covers_period:
        yield f"PARTIAL: {how_far_known(usage)}"
    later = later_usage(usage, data.params.currency)
    if later:
        yield later


def _cost_warnings(data: ReportData) -> Iterator[str]:
    usage, currency = data.usage, data.params.currency
    if usage.projected:
        change = change_text(usage.projected, currency)
        yield f"WHAT-IF: the scenario's growth and prices would change the cost by {change}."
    if usage.unallocated:
        is_not = tense_of(data.params).negated("is not", "be")
        amount = money_text(usage.unallocated, currency)
        yield f"{amount} {is_not} assigned to an organization."


def _idle_budgets(data: ReportData) -> Iterator[str]:
    """Budgeted names without usage, each with the name that may be meant."""
    for by in BUDGETED:
        used = dict.fromkeys(data.usage.groups[by,][by])
        budgets = data.budgets.of(by)
        idle = [name for name in budgets if name not in used]
        unplanned = [name for name in used if name not in budgets and name != UNALLOCATED]
        if idle:
            place = f"{data.params.budgets}, {by}" if data.params.budgets else f"{by}_budgets"
            names = ", ".join(_with_nearest(name, unplanned) for name in idle)
            yield f"{place}: no usage in the period for {names}."


def _with_nearest(name: str, known: Iterable[str]) -> str:
    """The name, and in brackets the known name that may be meant."""
    near = nearest(name, known)
    return f'{name} (did you mean "{near}"?)' if near else name


def _unknown_names(usage: Usage, budgets: Budgets, params: Params) -> Iterator[str]:
    """Names of approvals, notes and owners that are close to a known name, but not one."""
    known = {by: {*usage.groups[by,][by], *budgets.of(by)} for by in BUDGETED}
    every = known["organization"] | known["product"]
    for key, names, candidates in (
        ("approvals", budgets.commentary.approvals, known["product"]),
        ("notes", budgets.commentary.notes, every),
        ("owners", params.owners, every),
    ):
        for name in names:
            near = None if name in candidates else nearest(name, sorted(candidates))
            if near:
                yield f'{key}: {name} is not in usage or budgets; did you mean "{near}"?'


def _costs(usage: Usage, by: str) -> dict[str, str]:
    frame = usage.groups[by,]
    return {name: plain(cost) for name, cost in zip(frame[by], frame["cost"], strict=True)}
