"""Budget status: UNDER, OVER, AT RISK or NO BUDGET, from a cost, its budget and the run-rate."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from finops_nb.money import rounded


class Status(StrEnum):
    """Where a cost stands against its budget.

    A new or renamed one, of capitals and blanks (`schema.ADDED_UP`), also needs: its meaning in
    `schema.STATUS` and in `_statuses` of `report/table_columns.py`; color and mark in
    `report/templates/html_shell/finops.css` and `report.css` beside it (a color for light, dark and
    print), `mail/templates/message.css` and `scenarios/assets/what_if.css`; its bar in
    `report/charts.py` and, for a color of its own, `report/theme.py`; its subject line in
    `mail/body.py`; its sentences in `findings/insights.py` and `findings/overruns.py`; and if it is
    urgent, a place in `MARKS` of `figures/named.py`.

    Some are written out elsewhere: OVER in `outputs/months.py`, which can't import figures; NO
    BUDGET in `mail/templates/message.html.j2`; AT RISK in `params/model.py`, the README of the
    folder `params` and the parameters of the notebook. A threshold goes there, too, and through
    `figures/variance.py` and `scenarios/what_if.py` to `budget_status` below; the order of its
    lines is in `findings/materiality.py`.
    """

    UNDER = "UNDER"
    OVER = "OVER"
    AT_RISK = "AT RISK"
    NO_BUDGET = "NO BUDGET"


def budget_status(
    actual: Decimal,
    budget: Decimal | None,
    run_rate: Decimal | None,
    at_risk: Decimal,
    complete: bool,
    decimals: int,
) -> Status:
    """The status of a cost.

    Args:
        actual: the cost.
        budget: None where none is set.
        run_rate: the cost at the end of a running period; None where there is no run-rate.
        at_risk: share of the budget, as a fraction, from which a running period is AT RISK.
        complete: the period is over.
        decimals: of the currency; what is above by less than half a minor unit is not above.

    Returns:
        NO BUDGET without a budget; OVER above it, also above a budget of zero; AT RISK while the
        period is running, from `at_risk` of the budget or with a run-rate above it; else UNDER.

    Example:
        With `at_risk: 0.8`, a cost of 4.10 of 5.00 is AT RISK in a running month, UNDER after it.
        5.004 of 5.00 is UNDER in dollars, as its variance prints as $0.00; 5.005 is OVER.
    """
    if budget is None:
        return Status.NO_BUDGET
    if is_above(actual, budget, decimals):
        return Status.OVER
    # Compared as products: a quotient would be rounded at its 28th digit.
    near_budget = budget > 0 and actual >= at_risk * budget
    heading_over = run_rate is not None and is_above(run_rate, budget, decimals)
    if not complete and (near_budget or heading_over):
        return Status.AT_RISK
    return Status.UNDER


def is_above(amount: Decimal, limit: Decimal, decimals: int) -> bool:
    """Whether the printed difference of an amount and a limit is above zero.

    Every word that says "over" or "more than" follows this, so that it never stands beside $0.00.

    Args:
        amount: a cost, or a run-rate.
        limit: what it is compared with.
        decimals: of the currency, to which the difference is rounded half away from zero.

    >>> is_above(Decimal("10.004"), Decimal(10), 2), is_above(Decimal("10.005"), Decimal(10), 2)
    (False, True)
    """
    return rounded(amount - limit, decimals) > 0
