"""Budget status: UNDER, OVER, AT RISK or NO BUDGET, of a cost, its budget and how far the period has run."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum


class Status(StrEnum):
    """Where a cost stands against its budget."""

    UNDER = "UNDER"
    OVER = "OVER"
    AT_RISK = "AT RISK"
    NO_BUDGET = "NO BUDGET"


def _status(
    actual: Decimal,
    budget: Decimal | None,
    run_rate: Decimal | None,
    at_risk: Decimal,
    complete: bool,
) -> Status:
    if budget is None:
        return Status.NO_BUDGET
    if actual > budget:
        return Status.OVER
    # Compared as products: a quotient would be rounded at its 28th digit.
    near = budget > 0 and actual >= at_risk * budget
    heading_over = run_rate is not None and run_rate > budget
    return Status.AT_RISK if not complete and (near or heading_over) else Status.UNDER
