"""Immediate actions: what to do this week, where the figures ask for it; None where they do not."""

from __future__ import annotations

import pandas as pd

from finops_nb.figures.alerts import highest_crossing
from finops_nb.findings.sentence import Fact, fact, some
from finops_nb.findings.evidence import Findings, overrun_facts, owned
from finops_nb.money import total
from finops_nb.schema import BUDGETED, UNALLOCATED


def budget_review(found: Findings) -> Fact | None:
    reviews = _reviews(found, found.organizations)
    return fact("Meet to review spending with {reviews}", reviews=reviews) if reviews else None


def product_review(found: Findings) -> Fact | None:
    reviews = _reviews(found, found.products)
    return fact("Decide on price, use or budget of {reviews}", reviews=reviews) if reviews else None


def _reviews(found: Findings, variance: pd.DataFrame) -> tuple[Fact, ...]:
    over = overrun_facts(found, variance)
    return some((said for _, said in over), [line.variance for line, _ in over])


def chargeback(found: Findings) -> Fact | None:
    if found.book is None or not found.usage.complete:
        return None
    lines = found.book[found.book["organization"] != UNALLOCATED]
    rest = found.book[found.book["organization"] == UNALLOCATED]
    if lines.empty:
        return None
    return fact(
        "Book the {lines:count line} of the ledger, {amount:money} charged to {names:count organization}"
        + ("" if rest.empty else ", {rest:money} to none"),
        lines=len(found.book),
        amount=total(lines["amount"]),
        names=lines["organization"].nunique(),
        rest=total(rest["amount"]),
    )


def alerts(found: Findings) -> Fact | None:
    # Pairs, since an organization and a product may share a name.
    crossed = [each for dimension in BUDGETED for each in highest_crossing(found.alerts, dimension).items()]
    crossings = []
    for threshold in sorted({crossing.threshold for _, crossing in crossed}, reverse=True):
        here = [(name, at.day) for name, at in crossed if at.threshold == threshold]
        names = some(fact("{who} on {day:date}", who=owned(name, found.budgets), day=day) for name, day in here)
        crossings.append(fact("{threshold:percent} ({names})", threshold=threshold, names=names))
    return fact("Set up budget alerts; budgets crossed {crossings}", crossings=tuple(crossings)) if crossings else None
